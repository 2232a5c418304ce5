//! The one client, from a kubeconfig or the pod's own account.

use anyhow::{Context, Result};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use server::config::ClusterOptions;

/// The one client.
pub(super) async fn client(options: &ClusterOptions) -> Result<Client> {
    connect(&config(options).await?)
}

/// How to reach the cluster. kube's own retry is off: it would hold a call for minutes while an API answers 503.
pub(super) async fn config(options: &ClusterOptions) -> Result<Config> {
    let mut config = match &options.kubeconfig {
        Some(file) => {
            let kubeconfig = Kubeconfig::read_from(file)
                .with_context(|| format!("failed to read {}", file.display()))?;
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?
        }
        None => Config::infer()
            .await
            .context("found no cluster: neither a kubeconfig nor a pod's own account")?,
    };
    config.default_retry = false;
    Ok(config)
}

/// A client for a cluster that is known how to reach.
pub(super) fn connect(config: &Config) -> Result<Client> {
    Client::try_from(config.clone())
        .context("failed to make a client from the cluster's configuration")
}
