//! The kubectl commands that make the same change.

use app::model::AppSettings;
use serde_json::Value;

use super::patch::{RESOURCES, quantity};

/// `kubectl patch …`, as one word each.
pub(super) fn patch(namespace: &str, object: &Value, patch: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    // A quote inside a quoted word of a shell.
    let patch = patch.to_string().replace('\'', r"'\''");
    format!("kubectl patch scaledobject {name} -n {namespace} --type merge -p '{patch}'")
}

/// `kubectl set resources …`
pub(super) fn set_resources(
    namespace: &str,
    object: &Value,
    container: &str,
    wanted: &AppSettings,
) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let mut command =
        format!("kubectl set resources deployment {name} -n {namespace} -c {container}");
    for which in ["requests", "limits"] {
        let of_which = RESOURCES.iter().filter(|(of, ..)| *of == which);
        let values: Vec<_> = of_which
            .filter_map(|(_, resource, setting)| {
                let value = wanted.get(*setting)?;
                Some(format!("{resource}={}", quantity(*setting, value)))
            })
            .collect();
        if !values.is_empty() {
            command.push_str(&format!(" --{which}={}", values.join(",")));
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(list: &str) -> AppSettings {
        AppSettings::from_list(list)
    }

    #[test]
    fn commands_do_the_same_by_hand() {
        let object = json!({ "metadata": { "name": "webapp" } });
        let change = json!({ "spec": { "maxReplicaCount": 4 } });
        assert_eq!(
            patch("workshop-user-7", &object, &change),
            r#"kubectl patch scaledobject webapp -n workshop-user-7 --type merge -p '{"spec":{"maxReplicaCount":4}}'"#
        );
        assert_eq!(
            set_resources(
                "workshop-user-7",
                &object,
                "web",
                &wanted(",,,,80,200,,512")
            ),
            "kubectl set resources deployment webapp -n workshop-user-7 -c web --requests=cpu=80m --limits=cpu=200m,memory=512Mi"
        );
    }
}
