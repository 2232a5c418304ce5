//! Settings → the workshop's objects, for the panel to apply and for people to read as YAML. Pure.
//!
//! Called by `commands/`. The names are the handout's; what is written here must work word for word with `kubectl apply`.

use app::model::LoadSettings;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use kube::api::{ApiResource, DynamicObject};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::names::{GUESS_ANNOTATION, PART_OF, PART_OF_LABEL};

/// Name of the Deployment, the Service and the ScaledObject, and value of the label `app`.
pub const APP: &str = "webapp";
/// ConfigMap with the web app's `main.py`.
pub const CODE: &str = "webapp-code";
/// ConfigMap with `locustfile.py`.
pub const LOCUSTFILE: &str = "locustfile";
/// The load's Job.
pub const LOAD: &str = "locust-headless";

const MAIN_PY: &str = include_str!("main.py");
const LOCUSTFILE_PY: &str = include_str!("locustfile.py");

/// How long a Job may take beside its run time: pulling the image, start and end.
const JOB_MARGIN_S: u32 = 120;

/// Memory of the load generator: 500 users with their greenlets and statistics stay far below.
const LOAD_MEMORY_REQUEST_MI: u32 = 128;
const LOAD_MEMORY_LIMIT_MI: u32 = 512;

/// What the instructor may choose about the objects. CPU in milli-cores, memory in MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub app_image: String,
    pub load_image: String,
    pub image_pull_secrets: Vec<String>,
    pub app_cpu_request_m: u32,
    pub app_cpu_limit_m: u32,
    pub app_memory_request_mi: u32,
    pub app_memory_limit_mi: u32,
    pub load_cpu_request_m: u32,
    pub load_cpu_limit_m: u32,
    /// Target CPU utilisation in percent of the request.
    pub target_percent: u32,
    pub min_replicas: u32,
    pub max_replicas: u32,
    /// Scale-down stabilisation window.
    pub window_s: u32,
}

impl Settings {
    pub const APP_IMAGE: &str = "tiangolo/uvicorn-gunicorn-fastapi:python3.11";
    pub const LOAD_IMAGE: &str = "locustio/locust:2.32.2";
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            app_image: Self::APP_IMAGE.to_owned(),
            load_image: Self::LOAD_IMAGE.to_owned(),
            image_pull_secrets: Vec::new(),
            app_cpu_request_m: 50,
            app_cpu_limit_m: 100,
            app_memory_request_mi: 64,
            app_memory_limit_mi: 256,
            load_cpu_request_m: 100,
            load_cpu_limit_m: 500,
            target_percent: 60,
            min_replicas: 1,
            max_replicas: 10,
            // Not 60: `cooldownPeriod: 60` beside it would seem to be the cause. No multiple of the HPA's 15 s either,
            // so that the window ends between two looks and the next look is known.
            window_s: 80,
        }
    }
}

/// The API of ScaledObjects, which k8s-openapi has no type for.
pub fn scaled_object_resource() -> ApiResource {
    ApiResource {
        group: "keda.sh".to_owned(),
        version: "v1alpha1".to_owned(),
        api_version: "keda.sh/v1alpha1".to_owned(),
        kind: "ScaledObject".to_owned(),
        plural: "scaledobjects".to_owned(),
    }
}

/// ConfigMap with the web app's code.
pub fn webapp_code() -> DynamicObject {
    let data = json!({ "data": { "main.py": MAIN_PY } });
    object::<ConfigMap>(CODE, data)
}

/// The web app. It has no `spec.replicas`: those are the autoscaler's, and every apply would set them back.
pub fn deployment(settings: &Settings) -> DynamicObject {
    let container = json!({
        "name": APP,
        "image": settings.app_image,
        "imagePullPolicy": "IfNotPresent",
        // The image starts one worker per core of the node, whatever the limit says.
        // https://github.com/tiangolo/uvicorn-gunicorn-docker/issues/43
        "env": [{ "name": "WEB_CONCURRENCY", "value": "1" }],
        "ports": [{ "containerPort": 80, "name": "http" }],
        "resources": resources(
            (settings.app_cpu_request_m, settings.app_cpu_limit_m),
            (settings.app_memory_request_mi, settings.app_memory_limit_mi),
        ),
        "startupProbe": {
            "httpGet": { "path": "/health", "port": 80 },
            "periodSeconds": 2,
            "timeoutSeconds": 5,
            "failureThreshold": 60,
        },
        // A saturated pod answers no HTTP probe in time. It would lose Ready, and the HPA would set it aside.
        "readinessProbe": { "tcpSocket": { "port": 80 }, "periodSeconds": 5 },
        "volumeMounts": [{ "name": "code", "mountPath": "/app/main.py", "subPath": "main.py" }],
    });
    let labels = json!({ "app": APP, PART_OF_LABEL: PART_OF });
    // A file mounted by subPath is never updated in a running pod; a changed file makes new pods.
    let annotations = json!({ "autoscaling-workshop/code": checksum(MAIN_PY) });
    let data = json!({
        "spec": {
            "selector": { "matchLabels": { "app": APP } },
            "template": {
                "metadata": { "labels": labels, "annotations": annotations },
                "spec": pod_spec(settings, &container, CODE, json!({})),
            },
        },
    });
    labelled(object::<Deployment>(APP, data), &[("app", APP)])
}

/// The Service in front of the pods that `selector` (label, value) picks.
pub fn service<'a>(selector: impl IntoIterator<Item = (&'a str, &'a str)>) -> DynamicObject {
    let selector: serde_json::Map<String, Value> = selector
        .into_iter()
        .map(|(label, value)| (label.to_owned(), value.into()))
        .collect();
    let data = json!({
        "spec": {
            "selector": selector,
            "ports": [{ "name": "http", "port": 80, "targetPort": 80 }],
        },
    });
    labelled(object::<Service>(APP, data), &[("app", APP)])
}

/// The ScaledObject for the Deployment `target`, from which KEDA makes the HPA.
pub fn scaled_object(settings: &Settings, target: &str) -> DynamicObject {
    let data = json!({
        "spec": {
            "scaleTargetRef": { "name": target },
            "minReplicaCount": settings.min_replicas,
            "maxReplicaCount": settings.max_replicas,
            // Both as in the handout. They have no effect with a CPU trigger and a minimum of 1:
            // https://keda.sh/docs/2.20/reference/scaledobject-spec/
            "pollingInterval": 5,
            "cooldownPeriod": 60,
            "advanced": {
                "horizontalPodAutoscalerConfig": {
                    "behavior": {
                        "scaleDown": { "stabilizationWindowSeconds": settings.window_s },
                    },
                },
            },
            // `metricType` here, since `metadata.type` was removed in KEDA 2.18; the value is a string.
            // https://keda.sh/docs/2.20/scalers/cpu/
            "triggers": [{
                "type": "cpu",
                "metricType": "Utilization",
                "metadata": { "value": settings.target_percent.to_string() },
            }],
        },
    });
    let object = DynamicObject::new(APP, &scaled_object_resource()).data(data);
    labelled(object, &[])
}

/// ConfigMap with the locustfile for `GET /fib?n=…` on `service`.
pub fn locustfile(service: &str, n: u32) -> DynamicObject {
    let text = LOCUSTFILE_PY
        .replace("SERVICE", service)
        .replace("?n=35", &format!("?n={n}"));
    let data = json!({ "data": { "locustfile.py": text } });
    object::<ConfigMap>(LOCUSTFILE, data)
}

/// The load.
pub fn job(settings: &Settings, load: &LoadSettings) -> DynamicObject {
    let container = json!({
        "name": "locust",
        "image": settings.load_image,
        "imagePullPolicy": "IfNotPresent",
        "args": [
            "-f", "/mnt/locust/locustfile.py",
            "--headless",
            "-u", load.users.to_string(),
            "-r", load.spawn_rate.to_string(),
            "--run-time", format!("{}s", load.run_time_s),
        ],
        "env": [
            { "name": "NAMESPACE", "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } },
            // One failed request would otherwise make the whole run a failed Job (locust/main.py, `shutdown`).
            { "name": "LOCUST_EXIT_CODE_ON_ERROR", "value": "0" },
        ],
        "resources": resources(
            (settings.load_cpu_request_m, settings.load_cpu_limit_m),
            (LOAD_MEMORY_REQUEST_MI, LOAD_MEMORY_LIMIT_MI),
        ),
        "volumeMounts": [{ "name": "code", "mountPath": "/mnt/locust" }],
    });
    let data = json!({
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": load.run_time_s + JOB_MARGIN_S,
            // The pod's log goes with the Job: an hour leaves time to read it.
            "ttlSecondsAfterFinished": 3600,
            "template": {
                "metadata": { "labels": { "app": "locust", PART_OF_LABEL: PART_OF } },
                "spec": pod_spec(settings, &container, LOCUSTFILE, json!({ "restartPolicy": "Never" })),
            },
        },
    });
    let mut job = labelled(object::<Job>(LOAD, data), &[("app", "locust")]);
    if let Some(guess) = load.guess {
        let annotations = job.metadata.annotations.get_or_insert_default();
        annotations.insert(GUESS_ANNOTATION.to_owned(), guess.to_string());
    }
    job
}

/// The object as a file for `kubectl apply -f`.
///
/// # Errors
/// Never for objects of this file: they hold only what YAML can say.
pub fn to_yaml(object: &DynamicObject) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(object)
}

fn object<K>(name: &str, data: Value) -> DynamicObject
where
    K: kube::Resource<DynamicType = ()>,
{
    let object = DynamicObject::new(name, &ApiResource::erase::<K>(&())).data(data);
    labelled(object, &[])
}

fn labelled(mut object: DynamicObject, labels: &[(&str, &str)]) -> DynamicObject {
    let own = object.metadata.labels.get_or_insert_default();
    own.insert(PART_OF_LABEL.to_owned(), PART_OF.to_owned());
    for (label, value) in labels {
        own.insert((*label).to_owned(), (*value).to_owned());
    }
    object
}

/// What both pods have in common. A quota refuses pods whose containers lack requests or limits.
fn pod_spec(settings: &Settings, container: &Value, config_map: &str, more: Value) -> Value {
    let mut spec = json!({
        // A Service named `locust-web` would set LOCUST_WEB_PORT to a URL, and Locust would not start.
        "enableServiceLinks": false,
        "automountServiceAccountToken": false,
        "containers": [container],
        "volumes": [{ "name": "code", "configMap": { "name": config_map } }],
    });
    if !settings.image_pull_secrets.is_empty() {
        let names = settings.image_pull_secrets.iter();
        spec["imagePullSecrets"] = names.map(|name| json!({ "name": name })).collect();
    }
    if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
        spec.extend(more);
    }
    spec
}

/// Request and limit of CPU (milli-cores) and memory (MiB).
fn resources(cpu: (u32, u32), memory: (u32, u32)) -> Value {
    json!({
        "requests": { "cpu": format!("{}m", cpu.0), "memory": format!("{}Mi", memory.0) },
        "limits": { "cpu": format!("{}m", cpu.1), "memory": format!("{}Mi", memory.1) },
    })
}

/// The first 12 hex digits of the text's SHA-256.
fn checksum(text: &str) -> String {
    let mut digest = format!("{:x}", Sha256::digest(text.as_bytes()));
    digest.truncate(12);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(object: &DynamicObject) -> String {
        to_yaml(object).unwrap()
    }

    #[test]
    fn files_read_as_in_the_handout() {
        let settings = Settings::default();
        insta::assert_snapshot!("webapp-deployment", yaml(&deployment(&settings)));
        insta::assert_snapshot!("webapp-service", yaml(&service([("app", APP)])));
        insta::assert_snapshot!("keda-scaledobject", yaml(&scaled_object(&settings, APP)));
        insta::assert_snapshot!("locust-job", yaml(&job(&settings, &LoadSettings::DEFAULT)));
        insta::assert_snapshot!("webapp-code", yaml(&webapp_code()));
        insta::assert_snapshot!("locustfile", yaml(&locustfile(APP, 26)));
    }

    #[test]
    fn file_is_the_object_that_is_applied() {
        let settings = Settings::default();
        for object in [
            webapp_code(),
            deployment(&settings),
            service([("app", APP)]),
            scaled_object(&settings, APP),
            locustfile(APP, 26),
            job(&settings, &LoadSettings::HANDOUT),
        ] {
            let read: Value = serde_saphyr::from_str(&yaml(&object)).unwrap();
            assert_eq!(read, serde_json::to_value(&object).unwrap());
        }
    }

    #[test]
    fn objects_have_the_types_of_their_kinds() {
        let settings = Settings::default();
        let deployment: Deployment = deployment(&settings).try_parse().unwrap();
        assert_eq!(deployment.spec.unwrap().replicas, None);
        let job: Job = job(&settings, &LoadSettings::HANDOUT).try_parse().unwrap();
        assert_eq!(job.spec.unwrap().active_deadline_seconds, Some(420));
        let _: Service = service([("app", APP)]).try_parse().unwrap();
        let _: ConfigMap = locustfile(APP, 35).try_parse().unwrap();
    }

    #[test]
    fn locustfile_asks_for_the_given_n_of_the_given_service() {
        let locustfile: ConfigMap = locustfile("my-service", 26).try_parse().unwrap();
        let text = &locustfile.data.unwrap()["locustfile.py"];
        assert!(text.contains("/fib?n=26"), "{text}");
        assert!(text.contains("http://my-service."), "{text}");
        assert!(text.contains(r#""Connection": "close""#), "{text}");
        assert!(
            !text.contains("SERVICE") && !text.contains("n=35"),
            "{text}"
        );
    }

    #[test]
    fn every_container_has_requests_and_limits() {
        let settings = Settings::default();
        for object in [
            deployment(&settings),
            job(&settings, &LoadSettings::DEFAULT),
        ] {
            let containers = &object.data["spec"]["template"]["spec"]["containers"];
            for container in containers.as_array().unwrap() {
                for which in ["requests", "limits"] {
                    for resource in ["cpu", "memory"] {
                        assert!(container["resources"][which][resource].is_string());
                    }
                }
            }
        }
    }

    #[test]
    fn guess_stands_at_the_job_alone() {
        let settings = Settings::default();
        let guess = |guess| {
            let load = LoadSettings {
                guess,
                ..LoadSettings::DEFAULT
            };
            job(&settings, &load).metadata.annotations
        };
        assert_eq!(guess(None), None);
        assert_eq!(guess(Some(6)).unwrap()[GUESS_ANNOTATION], "6");
    }

    #[test]
    fn image_pull_secrets_reach_both_pods() {
        let settings = Settings {
            image_pull_secrets: vec!["registry".to_owned()],
            ..Settings::default()
        };
        for object in [
            deployment(&settings),
            job(&settings, &LoadSettings::DEFAULT),
        ] {
            let secrets = &object.data["spec"]["template"]["spec"]["imagePullSecrets"];
            assert_eq!(secrets, &json!([{ "name": "registry" }]));
        }
    }
}
