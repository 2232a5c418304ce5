//! What a container starts, by its image, its command and its limits. Asked by the kubelet.

use autoscaling::CpuMillis;
use k8s_openapi::api::core::v1::Container;

use super::shell;

/// Resident memory of the web app, about what the recordings show.
pub(super) const WEB_APP_BYTES: i64 = 58_400 << 10;

/// What an image does when it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::controllers) enum Program {
    WebApp,
    Locust,
    /// Sentinel for a container that ends with an error soon after its start.
    Crash,
    /// A container whose program needs more memory than its limit: it is killed soon after its start.
    OutOfMemory,
    /// A shell in place of the image's own program.
    Shell,
}

impl Program {
    /// By the image's repository, so that mirrors work as well; `None` for images that the simulator does not know.
    pub(in crate::controllers) fn of(image: &str) -> Option<Self> {
        let (repository, tag) = split_image(image);
        match repository.rsplit('/').next()? {
            _ if tag == "crash" => Some(Self::Crash),
            _ if tag == "oom" => Some(Self::OutOfMemory),
            "uvicorn-gunicorn-fastapi" => Some(Self::WebApp),
            "locust" => Some(Self::Locust),
            _ => None,
        }
    }

    /// What a container starts: the program of its image, unless its `command` is a shell.
    pub(in crate::controllers) fn of_container(container: &Container) -> Option<Self> {
        let own = Self::of(container.image.as_deref().unwrap_or(""))?;
        Some(match own {
            _ if script(container).is_some() => Self::Shell,
            Self::WebApp if memory_limit(container).is_some_and(|limit| limit < WEB_APP_BYTES) => {
                Self::OutOfMemory
            }
            own => own,
        })
    }
}

/// `registry:5000/name:tag` in repository and tag, `latest` if there is none.
pub(in crate::controllers) fn split_image(image: &str) -> (&str, &str) {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (image, "latest"),
    }
}

/// The container's CPU limit.
pub(super) fn cpu_limit(container: &Container) -> Option<CpuMillis> {
    let limits = container.resources.as_ref()?.limits.as_ref()?;
    CpuMillis::parse(&limits.get("cpu")?.0)
}

/// The script that a container's command is, if it is one.
pub(super) fn script(container: &Container) -> Option<shell::Script> {
    let command = container.command.as_ref()?;
    let words = command.iter().chain(container.args.iter().flatten());
    shell::run(&words.map(String::as_str).collect::<Vec<_>>())
}

/// The container's memory limit in bytes.
fn memory_limit(container: &Container) -> Option<i64> {
    let limits = container.resources.as_ref()?.limits.as_ref()?;
    let bytes = crate::controllers::scheduler::bytes(&limits.get("memory")?.0);
    (bytes > 0).then_some(bytes)
}
