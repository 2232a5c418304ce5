//! A simulated cluster, and what an administrator does there.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{
    ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams,
};
use kube::{Api, Client};
use serde_json::{Value, json};
use server::error::Error;
use server::names::PANEL_NAMESPACE;
use server::seats::provision::{Extras, Options, Provisioned, SeatMaker};
use server::seats::{SeatNumber, SeatStore};
use server::workshop::manifests::{Settings, to_yaml};
use simulator::{Identity, Simulator};
use tokio_util::sync::CancellationToken;

/// A cluster without seats.
pub(crate) struct Cluster {
    pub(crate) simulator: Simulator,
    shutdown: CancellationToken,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let options = simulator::Options {
            start: "2026-11-23T09:00:00Z".parse().unwrap(),
            ..simulator::Options::default()
        };
        let simulator = Simulator::new(options).unwrap();
        let shutdown = CancellationToken::new();
        let (controllers, ended) = (simulator.clone(), shutdown.clone());
        tokio::spawn(async move { controllers.run(ended).await });
        Self {
            simulator,
            shutdown,
        }
    }

    pub(crate) fn admin(&self) -> Client {
        self.simulator.client(Identity::admin())
    }

    pub(crate) fn account(&self, namespace: &str, name: &str) -> Client {
        self.simulator
            .client(Identity::service_account(namespace, name))
    }

    pub(crate) fn store(&self) -> SeatStore {
        SeatStore::new(self.admin(), PANEL_NAMESPACE.to_owned())
    }

    /// Makes a namespace as somebody else would.
    pub(crate) async fn theirs(&self, name: &str, labels: Value) {
        let namespace = json!({ "metadata": { "name": name, "labels": labels } });
        let api: Api<Namespace> = Api::all(self.admin());
        let namespace = serde_json::from_value(namespace).unwrap();
        api.create(&PostParams::default(), &namespace)
            .await
            .unwrap();
    }

    pub(crate) async fn namespace(&self, name: &str) -> Option<Namespace> {
        let api: Api<Namespace> = Api::all(self.admin());
        api.get_opt(name).await.unwrap()
    }

    /// Names of the objects of a kind in a namespace.
    pub(crate) async fn names<K>(&self, namespace: &str) -> Vec<String>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
        K: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
    {
        let api: Api<K> = Api::namespaced(self.admin(), namespace);
        let list = api.list(&ListParams::default()).await.unwrap();
        let names = list
            .items
            .iter()
            .map(|object| object.meta().name.clone().unwrap());
        names.filter(|name| name != "default").collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) fn wanted(count: u16) -> Options {
    Options {
        count,
        prefix: "workshop-user-".to_owned(),
        panel_namespace: PANEL_NAMESPACE.to_owned(),
    }
}

pub(crate) async fn look(client: &Client, count: u16, extras: Extras) -> SeatMaker {
    let settings = Settings::default();
    SeatMaker::look(client, &wanted(count), &settings, extras)
        .await
        .unwrap()
}

/// Makes seats; what was told of each.
pub(crate) async fn make(
    client: &Client,
    count: u16,
    extras: Extras,
) -> BTreeMap<SeatNumber, Result<Provisioned, Error>> {
    let maker = look(client, count, extras).await;
    maker.begin().await.unwrap();
    let mut told = BTreeMap::new();
    let stop = CancellationToken::new();
    maker
        .create(&stop, |number, seat| drop(told.insert(number, seat)))
        .await;
    told
}

pub(crate) fn codes(told: &BTreeMap<SeatNumber, Result<Provisioned, Error>>) -> Vec<(u16, String)> {
    let seats = told.values().filter_map(|seat| seat.as_ref().ok());
    let codes = seats.filter_map(|seat| Some((seat.number.0, seat.code.as_ref()?.to_string())));
    codes.collect()
}

pub(crate) fn error(seat: &Result<Provisioned, Error>) -> String {
    match seat {
        Ok(_) => panic!("it was made"),
        Err(error) => error.to_string(),
    }
}

/// As `kubectl apply --server-side -f -` does.
pub(crate) async fn apply(client: &Client, object: &DynamicObject) {
    let text = to_yaml(object).unwrap();
    let object: DynamicObject = serde_saphyr::from_str(&text).unwrap();
    let types = object.types.clone().unwrap();
    let (group, version) = types
        .api_version
        .split_once('/')
        .unwrap_or(("", &types.api_version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &types.kind));
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let name = object.metadata.name.clone().unwrap();
    let params = PatchParams::apply("kubectl");
    api.patch(&name, &params, &Patch::Apply(&object))
        .await
        .unwrap();
}
