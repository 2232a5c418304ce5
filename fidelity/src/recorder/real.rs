//! A scenario on a real cluster: its namespace, and the kubectl of this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, DeleteParams, ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::await_condition;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::player::{Answer, Kubectl, play};
use super::{Recorder, WATCHED};
use crate::error::{Error, Result};
use crate::line::Line;
use crate::scenario::Scenario;

/// How long the namespace may take to be usable or to be gone.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between the opening of the watches and the first step.
const SETTLE: Duration = Duration::from_millis(500);

/// The kubectl on PATH, with the recording's namespace as its default.
struct Binary<'a> {
    folder: &'a Path,
    kubeconfig: PathBuf,
}

impl Kubectl for Binary<'_> {
    async fn run(&self, _number: usize, step: &str) -> Result<Answer> {
        let failed = |what| Error::Kubectl {
            command: step.to_owned(),
            what,
        };
        let words = shlex::split(step).ok_or_else(|| failed("unbalanced quotes".to_owned()))?;
        let mut words = words.iter();
        let done = Command::new(words.next().map_or("kubectl", String::as_str))
            .args(words)
            .current_dir(self.folder)
            .env("KUBECONFIG", &self.kubeconfig)
            .output()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let output = [done.stdout, done.stderr].concat();
        Ok(Answer {
            exit: done.status.code().unwrap_or(-1),
            output: String::from_utf8_lossy(&output).trim().to_owned(),
        })
    }
}

/// Plays the scenario in a namespace of its own, which is deleted at the end, and returns what happened.
///
/// # Errors
/// When the cluster cannot be reached, the namespace exists already, or kubectl cannot be run.
pub async fn record(
    scenario: &Scenario,
    kubeconfig: Option<&Path>,
    progress: impl Fn(f64, &str),
) -> Result<Vec<Line>> {
    let mut config = match kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    }
    .map_err(Error::Kubeconfig)?;
    let current = config.current_context.clone();
    for named in &mut config.contexts {
        if Some(&named.name) == current.as_ref()
            && let Some(context) = &mut named.context
        {
            context.namespace = Some(scenario.namespace.clone());
        }
    }
    let file = std::env::temp_dir().join(format!("record-{}.kubeconfig", std::process::id()));
    write_private(&file, &config)?;
    let recorded = in_namespace(scenario, config, &file, progress).await;
    // It is only a copy, and the system empties the folder at last.
    let _ = std::fs::remove_file(&file);
    recorded
}

async fn in_namespace(
    scenario: &Scenario,
    config: Kubeconfig,
    kubeconfig: &Path,
    progress: impl Fn(f64, &str),
) -> Result<Vec<Line>> {
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(config, &options).await;
    let client = config.map_err(Error::Kubeconfig).and_then(|config| {
        kube::Client::try_from(config).map_err(Error::api("make a client of the kubeconfig"))
    })?;
    let version = client.apiserver_version().await;
    let version = version.map_err(Error::api("ask for the API server's version"))?;
    make_namespace(&client, &scenario.namespace).await?;
    let mut recorder = Recorder::begin(client.clone(), &scenario.namespace).await?;
    sleep(SETTLE).await;
    let now = jiff::Timestamp::now();
    recorder.start(now, version.git_version).await?;
    let binary = Binary {
        folder: &scenario.folder,
        kubeconfig: kubeconfig.to_owned(),
    };
    let played = play(&recorder, scenario, &binary, progress).await;
    let lines = recorder.end().await;
    delete_namespace(&client, &scenario.namespace).await?;
    played.map(|()| lines)
}

async fn make_namespace(client: &kube::Client, name: &str) -> Result<()> {
    let namespace = Namespace {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    };
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let made = namespaces.create(&PostParams::default(), &namespace).await;
    made.map_err(Error::api(format!("create namespace {name}")))?;
    // Pods are refused before it is there.
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), name);
    let is_there = |account: Option<&ServiceAccount>| account.is_some();
    let waited = timeout(PATIENCE, await_condition(accounts, "default", is_there)).await;
    waited
        .is_ok_and(|found| found.is_ok())
        .then_some(())
        .ok_or_else(|| Error::Kubectl {
            command: format!("kubectl create namespace {name}"),
            what: "the ServiceAccount `default` did not appear in it".to_owned(),
        })
}

/// ScaledObjects first: their finalizer needs the operator, and the HPA should not scale what is being deleted.
async fn delete_namespace(client: &kube::Client, name: &str) -> Result<()> {
    for (api_version, kind, plural) in WATCHED {
        if kind == "ScaledObject" {
            let resource = super::api_resource(api_version, kind, plural);
            let api: Api<kube::api::DynamicObject> =
                Api::namespaced_with(client.clone(), name, &resource);
            let deleted = api
                .delete_collection(&DeleteParams::default(), &Default::default())
                .await;
            deleted.map_err(Error::api("delete the ScaledObjects"))?;
        }
    }
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let deleted = namespaces
        .delete(name, &DeleteParams::background())
        .await
        .map_err(Error::api(format!("delete namespace {name}")))?;
    drop(deleted);
    let gone = |namespace: Option<&Namespace>| namespace.is_none();
    // What is left of it goes by itself; the recording is complete.
    let _ = timeout(PATIENCE, await_condition(namespaces, name, gone)).await;
    Ok(())
}

/// Only its owner may read it: it holds a key.
fn write_private(path: &Path, config: &Kubeconfig) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let failed = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    // JSON is YAML.
    let text = serde_json::to_vec(config).map_err(|error| failed(error.into()))?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(&text).map_err(failed)
}
