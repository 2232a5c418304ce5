//! Which images the nodes have and can pull, and the container runtime's words where they cannot. Called by the
//! kubelet; pure.
//!
//! Upstream: `EnsureImageExists` in `pkg/kubelet/images/image_manager.go`.

use crate::controllers::runtime::{Program, split_image};

/// Sentinel: an image with this tag is not in its registry.
const MISSING_TAG: &str = "missing";
/// Size of every image, in bytes.
pub(super) const SIZE: u64 = 372_431_102;

/// What the kubelet finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Image {
    /// On the node already.
    Present,
    /// In its registry.
    Pulled,
    /// The pull fails, for this reason.
    Unreachable(String),
    /// Nobody tries to pull it.
    Refused {
        event: &'static str,
        reason: &'static str,
        message: String,
    },
}

/// Looks for an image as its policy says.
///
/// Known programs are on every node and can be pulled from anywhere, unless their tag is [`MISSING_TAG`]. Of others,
/// a registry that is named by an address refuses connections, and all else does not exist.
pub(super) fn look(image: &str, policy: &str) -> Image {
    if let Some(problem) = misspelt(image) {
        return Image::Refused {
            event: "InspectFailed",
            reason: "InvalidImageName",
            message: format!(
                "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": invalid reference format{problem}"
            ),
        };
    }
    match (problem(image), policy) {
        (None, "Always") => Image::Pulled,
        (None, _) => Image::Present,
        (Some(_), "Never") => Image::Refused {
            event: "ErrImageNeverPull",
            reason: "ErrImageNeverPull",
            message: format!(
                "Container image \"{image}\" is not present with pull policy of Never"
            ),
        },
        (Some(problem), _) => Image::Unreachable(problem),
    }
}

/// Of the grammar of references (distribution/reference `regexp.go`) only what a typing error breaks: capitals,
/// spaces, an empty part.
fn misspelt(image: &str) -> Option<String> {
    let (repository, tag) = split_image(image);
    let path = match repository.split_once('/') {
        Some((registry, path)) if registry.contains(['.', ':']) || registry == "localhost" => path,
        // What looks like a registry may have capitals.
        Some((registry, path)) if registry.contains(|letter: char| letter.is_ascii_uppercase()) => {
            path
        }
        _ => repository,
    };
    if path.contains(|letter: char| letter.is_ascii_uppercase()) {
        return Some(format!(": repository name ({path}) must be lowercase"));
    }
    let part_ok = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
    };
    let tag_ok = !tag.is_empty()
        && tag
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    (!path.split('/').all(part_ok) || !tag_ok).then(String::new)
}

/// Why the image cannot be pulled; `None` if it can.
fn problem(image: &str) -> Option<String> {
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
    use super::*;

    #[test]
    fn workshop_images_are_there_and_can_be_pulled_from_any_registry() {
        for image in [
            "tiangolo/uvicorn-gunicorn-fastapi:python3.11",
            "locustio/locust:2.32.2",
            "registry.example:5000/mirror/locustio/locust:2.32.2",
        ] {
            assert_eq!(look(image, "IfNotPresent"), Image::Present);
            assert_eq!(look(image, "Never"), Image::Present);
            assert_eq!(look(image, "Always"), Image::Pulled);
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

    #[test]
    fn image_that_is_never_pulled_or_misspelt_is_refused_in_the_real_words() {
        let words = |image, policy| match look(image, policy) {
            Image::Refused { message, .. } => message,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            words("example.invalid/a/b:1", "Never"),
            "Container image \"example.invalid/a/b:1\" is not present with pull policy of Never"
        );
        assert_eq!(
            words("UPPER/Case:1", "IfNotPresent"),
            "Failed to apply default image tag \"UPPER/Case:1\": couldn't parse image name \"UPPER/Case:1\": invalid reference format: repository name (Case) must be lowercase"
        );
        assert!(words("web app:1", "Always").ends_with("invalid reference format"));
    }
}
