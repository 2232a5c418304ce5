//! The app's settings as they stand in objects, whole ones or parts of them. Pure.

use app::model::{AppSettings, Setting};
use autoscaling::CpuMillis;
use serde_json::Value;

use crate::check::quantity;

/// What a ScaledObject sets.
pub fn of_scaled_object(object: &Value) -> AppSettings {
    let spec = &object["spec"];
    let whole = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
    let mut all = AppSettings::default();
    let target = cpu_trigger(object).and_then(|trigger| {
        let value = &trigger["metadata"]["value"];
        value.as_str()?.parse().ok()
    });
    let behavior = &spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"];
    all.set(Setting::Target, target);
    all.set(Setting::Minimum, whole(&spec["minReplicaCount"]));
    all.set(Setting::Maximum, whole(&spec["maxReplicaCount"]));
    all.set(
        Setting::Window,
        whole(&behavior["scaleDown"]["stabilizationWindowSeconds"]),
    );
    all
}

/// The trigger by CPU utilisation; KEDA before 2.18 knew `metadata.type`, too.
pub fn cpu_trigger(object: &Value) -> Option<&Value> {
    let triggers = object["spec"]["triggers"].as_array()?;
    triggers.iter().find(|trigger| is_cpu(trigger))
}

/// Whether a trigger is the one of [`cpu_trigger`].
pub fn is_cpu(trigger: &Value) -> bool {
    let kind = trigger["metricType"]
        .as_str()
        .or_else(|| trigger["metadata"]["type"].as_str());
    trigger["type"] == "cpu" && kind == Some("Utilization")
}

/// What a Deployment's container of this name asks for.
pub fn of_deployment(object: &Value, container: &str) -> AppSettings {
    let containers = object["spec"]["template"]["spec"]["containers"].as_array();
    let found = containers
        .into_iter()
        .flatten()
        .find(|found| found["name"] == container);
    let resources = found.map_or(&Value::Null, |found| &found["resources"]);
    let cpu = |which: &str| {
        let millis = CpuMillis::parse(resources[which]["cpu"].as_str()?)?;
        u32::try_from(millis.0).ok()
    };
    let memory = |which: &str| {
        let bytes = quantity::whole(resources[which]["memory"].as_str()?)?;
        u32::try_from(bytes >> 20).ok()
    };
    let mut all = AppSettings::default();
    all.set(Setting::CpuRequest, cpu("requests"));
    all.set(Setting::CpuLimit, cpu("limits"));
    all.set(Setting::MemoryRequest, memory("requests"));
    all.set(Setting::MemoryLimit, memory("limits"));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::super::{APP, Settings, deployment, scaled_object};
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let settings = Settings::default();
        let scaled = to_value(scaled_object(&settings, APP)).unwrap();
        let app = to_value(deployment(&settings)).unwrap();
        let read = of_scaled_object(&scaled).or(&of_deployment(&app, APP));
        assert_eq!(read, settings.app());
        assert_eq!(read.to_list(), "60,1,10,80,50,100,64,256");
        let mut other = AppSettings::default();
        other.set(Setting::Maximum, Some(4));
        assert_eq!(settings.with(&other).max_replicas, 4);
        assert_eq!(settings.with(&other).target_percent, 60);
    }

    #[test]
    fn what_is_not_set_is_unknown() {
        let trigger =
            json!({ "type": "cpu", "metricType": "AverageValue", "metadata": { "value": "60" } });
        let object = json!({ "spec": { "maxReplicaCount": 3, "triggers": [trigger] } });
        assert_eq!(of_scaled_object(&object).to_list(), ",,3,,,,,");
        assert_eq!(of_deployment(&json!({}), APP), AppSettings::default());
    }

    #[test]
    fn other_ways_to_write_a_quantity_are_read() {
        let resources = json!({
            "requests": { "cpu": "0.5", "memory": "134217728" },
            "limits": { "cpu": "1", "memory": "1Gi" },
        });
        let container = json!({ "name": "web", "resources": resources });
        let object = json!({ "spec": { "template": { "spec": { "containers": [container] } } } });
        assert_eq!(
            of_deployment(&object, "web").to_list(),
            ",,,,500,1000,128,1024"
        );
    }
}
