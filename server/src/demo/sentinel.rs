//! A pod's `spec` with a sentinel of the simulator in it. Pure.

use app::model::Sentinel;
use serde_json::{Value, json};

/// A label that no node has.
const NO_NODE: &str = "autoscaling-workshop/no-such-node";
/// A port that the web app does not serve.
const NO_PORT: u16 = 81;

/// The pods' `spec`, broken; `None` if the sentinel is none of pods, or the spec has not what it breaks.
pub(super) fn broken(spec: &Value, sentinel: Sentinel) -> Option<Value> {
    let mut spec = spec.clone();
    match sentinel {
        Sentinel::ImageMissing => tag(&mut spec, "missing")?,
        Sentinel::CrashLoop => tag(&mut spec, "crash")?,
        Sentinel::OutOfMemory => tag(&mut spec, "oom")?,
        Sentinel::NoNode => spec["nodeSelector"][NO_NODE] = json!("true"),
        Sentinel::ConfigMapMissing => {
            let volumes = spec["volumes"].as_array_mut()?;
            let mounted = volumes
                .iter_mut()
                .find(|volume| volume["configMap"].is_object())?;
            let name = mounted["configMap"]["name"].as_str()?;
            mounted["configMap"]["name"] = json!(format!("{name}-missing"));
        }
        Sentinel::NeverReady => {
            let container = spec["containers"].get_mut(0)?;
            container["readinessProbe"] =
                json!({ "tcpSocket": { "port": NO_PORT }, "periodSeconds": 5 });
        }
        Sentinel::QuotaFull | Sentinel::LoadFails => return None,
    }
    Some(spec)
}

fn tag(spec: &mut Value, tag: &str) -> Option<()> {
    let container = spec["containers"].get_mut(0)?;
    let image = tagged(container["image"].as_str()?, tag);
    container["image"] = json!(image);
    Some(())
}

/// The image with another tag, without a digest.
pub(super) fn tagged(image: &str, tag: &str) -> String {
    let image = image.split('@').next().unwrap_or(image);
    let repository = match image.rsplit_once(':') {
        // What follows the last colon may be a registry's port.
        Some((repository, old)) if !old.contains('/') => repository,
        _ => image,
    };
    format!("{repository}:{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_is_replaced_and_a_port_is_none() {
        for (image, with) in [
            ("locustio/locust:2.32.2", "locustio/locust:crash"),
            (
                "registry.example:5000/a/webapp",
                "registry.example:5000/a/webapp:crash",
            ),
            (
                "registry.example:5000/a:1@sha256:00",
                "registry.example:5000/a:crash",
            ),
        ] {
            assert_eq!(tagged(image, "crash"), with);
        }
    }

    #[test]
    fn each_sentinel_of_pods_changes_their_spec_and_nothing_is_made_up() {
        let spec = json!({
            "containers": [{ "name": "webapp", "image": "webapp:1" }],
            "volumes": [{ "name": "code", "configMap": { "name": "webapp-code" } }],
        });
        for sentinel in Sentinel::ALL {
            let of_pods = !matches!(sentinel, Sentinel::QuotaFull | Sentinel::LoadFails);
            let broken = broken(&spec, sentinel);
            assert_eq!(broken.is_some(), of_pods, "{sentinel:?}");
            assert_ne!(broken, Some(spec.clone()), "{sentinel:?}");
        }
        let empty = json!({ "containers": [] });
        assert_eq!(broken(&empty, Sentinel::ImageMissing), None);
        assert_eq!(broken(&empty, Sentinel::ConfigMapMissing), None);
    }
}
