//! Which images the nodes can pull, and the container runtime's words where they cannot. Called by the kubelet; pure.

use crate::controllers::runtime::{Program, split_image};

/// Sentinel: an image with this tag is not in its registry.
const MISSING_TAG: &str = "missing";

/// Why the image cannot be pulled; `None` if it can.
///
/// Known programs can be pulled from anywhere, unless their tag is [`MISSING_TAG`]. Of others, a registry that is
/// named by an address refuses connections, and all else does not exist.
pub(super) fn problem(image: &str) -> Option<String> {
    let (repository, tag) = split_image(image);
    if Program::of(image).is_some() && tag != MISSING_TAG {
        return None;
    }
    let (registry, path) = match repository.split_once('/') {
        Some((registry, path)) if registry.contains(['.', ':']) => (Some(registry), path),
        _ => (None, repository),
    };
    if let Some(registry) = registry
        && registry.contains(':')
    {
        return Some(format!(
            "failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": failed to do request: Head \"https://{registry}/v2/{path}/manifests/{tag}\": dial tcp {registry}: connect: connection refused"
        ));
    }
    let full = match registry {
        Some(registry) => format!("{registry}/{path}:{tag}"),
        None if path.contains('/') => format!("docker.io/{path}:{tag}"),
        None => format!("docker.io/library/{path}:{tag}"),
    };
    Some(format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": {full}: not found"
    ))
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn workshop_images_can_be_pulled_from_any_registry() {
        for image in [
            "tiangolo/uvicorn-gunicorn-fastapi:python3.11",
            "locustio/locust:2.32.2",
            "registry.example:5000/mirror/locustio/locust:2.32.2",
        ] {
            assert_eq!(problem(image), None);
        }
    }

    #[test]
    fn refused_registry_has_the_recorded_words() {
        assert_eq!(
            problem("10.99.0.1:5000/workshop/webapp:v2").unwrap(),
            "failed to pull and unpack image \"10.99.0.1:5000/workshop/webapp:v2\": failed to resolve reference \"10.99.0.1:5000/workshop/webapp:v2\": failed to do request: Head \"https://10.99.0.1:5000/v2/workshop/webapp/manifests/v2\": dial tcp 10.99.0.1:5000: connect: connection refused"
        );
    }

    #[test]
    fn missing_tag_and_unknown_images_are_not_found() {
        for image in ["tiangolo/uvicorn-gunicorn-fastapi:missing", "nginx"] {
            assert!(problem(image).unwrap().ends_with(": not found"));
        }
    }
}
