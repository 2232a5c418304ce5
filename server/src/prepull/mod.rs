//! Pulls both images onto every node the day before a class, so that nobody waits for them in it. Called by
//! `workshop prepull`, with the rights of the person at the keyboard; the running panel never does this.
//!
//! One pod for each node, with one container for each image, that ends at once. It is bound to its node by name, so a
//! full or unwell node answers at once instead of leaving the pod pending. No `DaemonSet`: it would start the containers
//! again and again, has no end to wait for, and goes on to nodes that come later.

mod pod;
mod tally;

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{Node, Pod, Secret};
use kube::runtime::watcher;
use kube::runtime::watcher::Event;
use kube::{Api, Client, ResourceExt};
use tokio_util::sync::CancellationToken;

pub use tally::{Summary, Told};

use crate::call::Calls;
use crate::error::{Error as CallError, chain};
use crate::names::PREPULL_LABEL;
use crate::workshop::manifests::Settings;
use tally::Tally;

/// A result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why nothing was pulled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Call(#[from] CallError),
    /// A Secret with which the images are pulled is missing.
    #[error(
        "there is no Secret {name} in {namespace}, with which the images are pulled: copy it there, or name another namespace with --namespace"
    )]
    NoPullSecret { name: String, namespace: String },
}

/// Pods made or removed at the same time.
const AT_ONCE: usize = 8;

/// What is pulled, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the pods are made, and where the Secrets for the images are.
    pub namespace: String,
    /// How long all nodes together may take.
    pub timeout: Duration,
    pub settings: Settings,
}

/// Pulls until each node has both images or could not get one, until the timeout or `shutdown`. `tell` hears of each
/// image on each node once. The pods are removed in every case, and before them those of an interrupted run.
///
/// # Errors
/// A call that the API server refused or did not answer, before any pod was made.
pub async fn prepull(
    client: &Client,
    options: &Options,
    shutdown: &CancellationToken,
    mut tell: impl FnMut(&Told),
) -> Result<Summary> {
    let api: Api<Pod> = Api::namespaced(client.clone(), &options.namespace);
    let pods = Calls::new(api.clone());
    secrets_are_there(client, options).await?;
    let nodes = Calls::<Node>::new(Api::all(client.clone()))
        .list(None)
        .await?;
    remove(&pods, PREPULL_LABEL).await?;

    let run = run()?;
    let label = format!("{PREPULL_LABEL}={run}");
    let mut tally = Tally::new(&nodes, &options.settings, &mut tell);
    let pulled = async {
        make(&pods, options, &run, shutdown, &mut tally, &mut tell).await;
        watch(api, &label, &mut tally, &mut tell).await;
    };
    let ended = tokio::time::timeout(options.timeout, shutdown.run_until_cancelled(pulled)).await;
    // A pod that the API server was making when this run was interrupted may be missed: it ends by its own deadline,
    // and the next run removes it.
    if let Err(error) = remove(&pods, &label).await {
        tracing::warn!(error = %chain(&error), "failed to remove the pods that pulled");
    }
    if matches!(ended, Ok(None)) {
        return Ok(tally.interrupted());
    }
    Ok(tally.end(options.timeout, &mut tell))
}

/// A pull without its Secret fails as if the image did not exist.
async fn secrets_are_there(client: &Client, options: &Options) -> Result<()> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &options.namespace);
    for name in &options.settings.image_pull_secrets {
        let found = tokio::time::timeout(crate::call::TIME_LIMIT, secrets.get_metadata_opt(name));
        // Who may make pods need not be one who may read Secrets: only what is surely missing ends it.
        if let Ok(Ok(None)) = found.await {
            return Err(Error::NoPullSecret {
                name: name.clone(),
                namespace: options.namespace.clone(),
            });
        }
    }
    Ok(())
}

/// Names this run's pods apart from those of earlier ones.
fn run() -> Result<String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(CallError::Random)?;
    Ok(format!("{:08x}", u32::from_be_bytes(bytes)))
}

/// Makes a pod for each node. One that is refused counts as a node that could not.
async fn make(
    pods: &Calls<Pod>,
    options: &Options,
    run: &str,
    shutdown: &CancellationToken,
    tally: &mut Tally,
    tell: &mut impl FnMut(&Told),
) {
    let nodes = tally.nodes();
    let make = |node: String| async move {
        let made = pods
            .create(&node, &pod::manifest(&node, run, options))
            .await;
        (node, made)
    };
    let calls: Vec<_> = nodes.into_iter().map(make).map(Box::pin).collect();
    // An interruption waits for what is being made, so that it can be removed.
    let mut calls = futures::stream::iter(calls)
        .take_while(|_| std::future::ready(!shutdown.is_cancelled()))
        .buffer_unordered(AT_ONCE);
    while let Some((node, made)) = calls.next().await {
        match made {
            Ok(pod) => tally.made(&node, pod.name_any()),
            Err(error) => tally.refused(&node, &chain(&error), tell),
        }
    }
}

/// Watches until every image on every node is decided.
async fn watch(api: Api<Pod>, label: &str, tally: &mut Tally, tell: &mut impl FnMut(&Told)) {
    use kube::runtime::WatchStreamExt as _;
    let config = watcher::Config::default().labels(label);
    let mut events = std::pin::pin!(watcher::watcher(api, config).default_backoff());
    while !tally.is_decided() {
        match events.next().await {
            Some(Ok(Event::Apply(pod) | Event::InitApply(pod))) => tally.observe(&pod, tell),
            Some(Ok(Event::Delete(pod))) => tally.deleted(&pod, tell),
            Some(Ok(Event::Init | Event::InitDone)) => {}
            Some(Err(error)) => tracing::warn!(error = %chain(&error), "the watch of pods failed"),
            None => return,
        }
    }
}

/// Removes the pods with this label.
async fn remove(pods: &Calls<Pod>, label: &str) -> Result<()> {
    let left = pods.list(Some(label)).await?;
    let names: Vec<_> = left.iter().map(ResourceExt::name_any).collect();
    let calls: Vec<_> = names
        .iter()
        .map(|name| Box::pin(pods.delete(name)))
        .collect();
    futures::stream::iter(calls)
        .buffer_unordered(AT_ONCE)
        .try_for_each(|_| std::future::ready(Ok(())))
        .await?;
    Ok(())
}
