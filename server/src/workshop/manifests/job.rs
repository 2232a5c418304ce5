//! The load: its locustfile and its Job.

use app::model::LoadSettings;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::DynamicObject;
use serde_json::json;

use super::{LOAD, LOCUSTFILE, Settings, labelled, object, pod_spec, resources};
use crate::names::{GUESS_ANNOTATION, PART_OF, PART_OF_LABEL};

const LOCUSTFILE_PY: &str = include_str!("../locustfile.py");

/// How long a Job may take beside its run time: pulling the image, start and end.
const JOB_MARGIN_S: u32 = 120;

/// Memory of the load generator: 500 users with their greenlets and statistics stay far below.
const LOAD_MEMORY_REQUEST_MI: u32 = 128;
const LOAD_MEMORY_LIMIT_MI: u32 = 512;

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
