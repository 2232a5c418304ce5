//! A simulated cluster with seats, and the check of it. Shared by the tests of `workshop check`.

use std::time::Duration;

use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::Value;
use server::check::{Check, Outcome, Report, Wanted, check};
use server::cluster::Watching;
use server::names::PANEL_NAMESPACE;
use server::seats::provision::{self, Extras};
use server::workshop::manifests::Settings;
use simulator::{Identity, NodeSpec, Simulator};
use tokio_util::sync::CancellationToken;

pub(crate) const SEATS: u16 = 3;
pub(crate) const SEAT: &str = "workshop-user-1";

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) shutdown: CancellationToken,
}

impl World {
    /// Seats on nodes of so many cores each.
    pub(crate) async fn new(cores: u32) -> Self {
        Self::with(cores, |_| {}).await
    }

    pub(crate) async fn with(cores: u32, prepare: impl FnOnce(&Simulator)) -> Self {
        let shutdown = CancellationToken::new();
        let nodes = (1..=2).map(|number| NodeSpec {
            name: format!("node-{number}"),
            cpu_millis: cores * 1000,
            memory_mi: 32 * 1024,
        });
        let simulator = Simulator::new(simulator::Options {
            start: "2026-11-23T09:00:00Z".parse().unwrap(),
            nodes: nodes.collect(),
            ..simulator::Options::default()
        })
        .unwrap();
        prepare(&simulator);
        let (controllers, ended) = (simulator.clone(), shutdown.clone());
        tokio::spawn(async move { controllers.run(ended).await });
        let world = Self {
            simulator,
            shutdown,
        };
        let admin = world.admin();
        provision::apply_panel_rights(&admin, PANEL_NAMESPACE, Watching::default())
            .await
            .unwrap();
        world.make_seats(Extras::default()).await;
        // metrics-server needs a scrape before it has samples.
        tokio::time::sleep(Duration::from_secs(40)).await;
        world
    }

    /// Makes the seats, or brings them up to date.
    pub(crate) async fn make_seats(&self, extras: Extras) {
        let options = provision::Options {
            count: SEATS,
            prefix: "workshop-user-".to_owned(),
            panel_namespace: PANEL_NAMESPACE.to_owned(),
        };
        provision::create(&self.admin(), &options, &Settings::default(), extras)
            .await
            .unwrap();
    }

    pub(crate) fn admin(&self) -> Client {
        self.simulator.client(Identity::admin())
    }

    pub(crate) async fn check_with(&self, client: &Client, wanted: Wanted) -> Report {
        let clock = self.simulator.clock();
        let begun = tokio::time::Instant::now();
        let report = check(client, &wanted, || clock.now()).await;
        assert!(begun.elapsed() < Duration::from_secs(20));
        report
    }

    pub(crate) async fn check(&self) -> Report {
        self.check_with(&self.admin(), wanted()).await
    }

    /// Merges a patch into an object of a seat.
    pub(crate) async fn patch<K>(&self, name: &str, patch: Value)
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
    {
        let api: Api<K> = Api::namespaced(self.admin(), SEAT);
        let params = PatchParams::default();
        api.patch(name, &params, &Patch::Merge(patch))
            .await
            .unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) fn wanted() -> Wanted {
    Wanted {
        count: None,
        panel_namespace: PANEL_NAMESPACE.to_owned(),
        watching: Watching::default(),
        settings: Settings::default(),
    }
}

/// The one line that fails, with everything else in order.
pub(crate) fn only_failure(report: &Report) -> &Check {
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Fail)
        .collect();
    assert_eq!(failed.len(), 1, "{}", report.text());
    assert_eq!(report.exit_code(), 1);
    failed[0]
}

pub(crate) fn assert_cure(check: &Check, name: &str, cure: &str) {
    assert_eq!(check.name, name);
    let told = check.cure.as_deref().unwrap_or_default();
    assert!(told.contains(cure), "{name}: {told}");
}
