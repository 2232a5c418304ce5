//! The changed fields of the app's objects, alone and within what the panel owns already.

use app::model::{AppSettings, Setting};
use serde_json::{Value, json};

use crate::workshop::manifests::read;

/// The changed part of a ScaledObject; null if nothing of it changes. The triggers are one list in KEDA's schema, so all
/// of them go along.
pub(super) fn of_scaled_object(live: &Value, wanted: &AppSettings) -> Value {
    let mut spec = json!({});
    if let Some(minimum) = wanted.get(Setting::Minimum) {
        spec["minReplicaCount"] = minimum.into();
    }
    if let Some(maximum) = wanted.get(Setting::Maximum) {
        spec["maxReplicaCount"] = maximum.into();
    }
    if let Some(window) = wanted.get(Setting::Window) {
        spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] =
            window.into();
    }
    if let Some(target) = wanted.get(Setting::Target) {
        let mut triggers = live["spec"]["triggers"].clone();
        let all = triggers.as_array_mut().into_iter().flatten();
        for trigger in all.filter(|trigger| read::is_cpu(trigger)) {
            trigger["metadata"]["value"] = target.to_string().into();
        }
        spec["triggers"] = triggers;
    }
    changed(spec)
}

/// The changed part of a Deployment; null if nothing of it changes.
pub(super) fn of_deployment(container: &str, wanted: &AppSettings) -> Value {
    let mut resources = json!({});
    for (which, resource, setting) in RESOURCES {
        if let Some(value) = wanted.get(setting) {
            resources[which][resource] = quantity(setting, value).into();
        }
    }
    if resources == json!({}) {
        return Value::Null;
    }
    let containers = json!([{ "name": container, "resources": resources }]);
    json!({ "spec": { "template": { "spec": { "containers": containers } } } })
}

/// Where each setting of a container stands in its resources.
pub(super) const RESOURCES: [(&str, &str, Setting); 4] = [
    ("requests", "cpu", Setting::CpuRequest),
    ("requests", "memory", Setting::MemoryRequest),
    ("limits", "cpu", Setting::CpuLimit),
    ("limits", "memory", Setting::MemoryLimit),
];

/// As it stands in a manifest, such as `80m`.
pub(super) fn quantity(setting: Setting, value: u32) -> String {
    format!("{value}{}", setting.unit())
}

fn changed(spec: Value) -> Value {
    match spec {
        Value::Object(fields) if fields.is_empty() => Value::Null,
        spec => Value::Object([("spec".to_owned(), spec)].into_iter().collect()),
    }
}

/// Puts `patch` into a configuration: maps are merged, containers by their names, all else is replaced.
pub(super) fn merge(config: &mut Value, patch: &Value) {
    match (config, patch) {
        (Value::Object(config), Value::Object(patch)) => {
            for (key, value) in patch {
                match config.get_mut(key) {
                    Some(present) if key == "containers" => merge_by_name(present, value),
                    Some(present) => merge(present, value),
                    None => drop(config.insert(key.clone(), value.clone())),
                }
            }
        }
        (config, patch) => config.clone_from(patch),
    }
}

fn merge_by_name(list: &mut Value, patch: &Value) {
    let (Some(list), Some(patch)) = (list.as_array_mut(), patch.as_array()) else {
        return;
    };
    for item in patch {
        match list
            .iter_mut()
            .find(|present| present["name"] == item["name"])
        {
            Some(present) => merge(present, item),
            None => list.push(item.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(list: &str) -> AppSettings {
        AppSettings::from_list(list)
    }

    #[test]
    fn only_what_changes_is_in_the_patch() {
        let live = json!({
            "metadata": { "name": "webapp-scaler" },
            "spec": { "triggers": [
                { "type": "memory", "metricType": "Utilization", "metadata": { "value": "80" } },
                { "type": "cpu", "metricType": "Utilization", "metadata": { "value": "60", "containerName": "web" } },
            ] },
        });
        assert_eq!(
            of_scaled_object(&live, &wanted(",,4,,,,,")),
            json!({ "spec": { "maxReplicaCount": 4 } })
        );
        let patch = of_scaled_object(&live, &wanted("40,,,120,,,,"));
        let triggers = &patch["spec"]["triggers"];
        assert_eq!(triggers[0], live["spec"]["triggers"][0]);
        assert_eq!(
            triggers[1]["metadata"],
            json!({ "value": "40", "containerName": "web" })
        );
        assert_eq!(of_scaled_object(&live, &wanted(",,,,80,,,")), Value::Null);
        assert_eq!(
            of_deployment("web", &wanted(",,,,80,,,512")),
            json!({ "spec": { "template": { "spec": { "containers": [{
                "name": "web",
                "resources": { "requests": { "cpu": "80m" }, "limits": { "memory": "512Mi" } },
            }] } } } })
        );
        assert_eq!(of_deployment("web", &wanted("40")), Value::Null);
    }

    #[test]
    fn change_goes_into_the_panels_own_fields() {
        let mut config = json!({ "spec": { "template": { "spec": { "containers": [
            { "name": "webapp", "image": "x", "resources": { "requests": { "cpu": "50m", "memory": "64Mi" } } },
        ] } } } });
        merge(&mut config, &of_deployment("webapp", &wanted(",,,,80,,,")));
        let container = &config["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["image"], "x");
        assert_eq!(
            container["resources"]["requests"],
            json!({ "cpu": "80m", "memory": "64Mi" })
        );
        let mut nothing = json!({ "metadata": { "name": "w" } });
        merge(&mut nothing, &of_deployment("web", &wanted(",,,,80,,,")));
        assert_eq!(
            nothing["spec"]["template"]["spec"]["containers"][0]["name"],
            "web"
        );
    }
}
