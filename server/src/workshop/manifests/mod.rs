//! Settings → the workshop's objects, for the panel to apply and for people to read as YAML. Pure.
//!
//! Called by `commands/`; one object a file, and `read.rs`, `prune.rs` and `files.rs` for the way back. The names
//! are the handout's; what is written here must work word for word with `kubectl apply`.

mod deployment;
mod files;
mod job;
mod prune;
pub mod read;
mod scaled_object;
mod service;

use app::model::{AppSettings, Setting};
use kube::api::{ApiResource, DynamicObject};
use serde_json::{Value, json};

pub use deployment::{deployment, webapp_code};
pub use files::{Live, files, mounted};
pub use job::{job, locustfile};
pub use prune::prune;
pub use scaled_object::{scaled_object, scaled_object_resource};
pub use service::service;

use crate::names::{PART_OF, PART_OF_LABEL};

/// Name of the Deployment, the Service and the ScaledObject, and value of the label `app`.
pub const APP: &str = "webapp";
/// ConfigMap with the web app's `main.py`.
pub const CODE: &str = "webapp-code";
/// ConfigMap with `locustfile.py`.
pub const LOCUSTFILE: &str = "locustfile";
/// The load's Job.
pub const LOAD: &str = "locust-headless";

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

    /// Those that an attendee may change.
    pub fn app(&self) -> AppSettings {
        let mut all = AppSettings::default();
        for (setting, value) in [
            (Setting::Target, self.target_percent),
            (Setting::Minimum, self.min_replicas),
            (Setting::Maximum, self.max_replicas),
            (Setting::Window, self.window_s),
            (Setting::CpuRequest, self.app_cpu_request_m),
            (Setting::CpuLimit, self.app_cpu_limit_m),
            (Setting::MemoryRequest, self.app_memory_request_mi),
            (Setting::MemoryLimit, self.app_memory_limit_mi),
        ] {
            all.set(setting, Some(value));
        }
        all
    }

    /// With other values where there are some.
    #[must_use]
    pub fn with(&self, other: &AppSettings) -> Self {
        let mut all = self.clone();
        for (setting, value) in other.known() {
            let own = match setting {
                Setting::Target => &mut all.target_percent,
                Setting::Minimum => &mut all.min_replicas,
                Setting::Maximum => &mut all.max_replicas,
                Setting::Window => &mut all.window_s,
                Setting::CpuRequest => &mut all.app_cpu_request_m,
                Setting::CpuLimit => &mut all.app_cpu_limit_m,
                Setting::MemoryRequest => &mut all.app_memory_request_mi,
                Setting::MemoryLimit => &mut all.app_memory_limit_mi,
            };
            *own = value;
        }
        all
    }
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

#[cfg(test)]
mod tests {
    use app::model::LoadSettings;
    use k8s_openapi::api::apps::v1::Deployment;
    use k8s_openapi::api::batch::v1::Job;
    use k8s_openapi::api::core::v1::{ConfigMap, Service};

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
        assert_eq!(guess(Some(6)).unwrap()[crate::names::GUESS_ANNOTATION], "6");
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
