//! Gathers everything that the rules look at, all at once and within a time limit. Called by `check`.
//! Reads only, but for the dry run of `webhook.rs`. Judges nothing.

mod ask;
mod discover;
mod rights;
mod webhook;

use std::time::Duration;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::ListParams;
use kube::{Api, Client};
use tokio::time::Instant;

use super::Wanted;
use super::observed::{Keda, Metrics, Observed, PullSecret, Reading, ScaledObject, Seat, Unread};
use crate::names::{PANEL_LABEL, SEAT_LABEL};
use crate::seats::{Person, SeatStore};
use crate::workshop::manifests::scaled_object_resource;
use ask::Reader;

/// All reading together. What takes longer is not known.
const LIMIT: Duration = Duration::from_secs(16);

/// Calls at the same time where there is one for each seat.
const AT_ONCE: usize = 16;

/// The name of the lease by which KEDA's operators choose their leader (kedacore/keda `cmd/operator/main.go`,
/// `leader-election-id`).
const KEDA_LEASE: &str = "operator.keda.sh";

/// Everything that can be known of the cluster.
///
/// # Errors
/// A sentence, if no API server answers, or not to this account.
pub(super) async fn read(
    client: &Client,
    wanted: &Wanted,
    machine_clock: impl Fn() -> Timestamp + Sync,
) -> Result<Observed, String> {
    let begun = Instant::now();
    let reader = Reader::new(client.clone(), begun + LIMIT);
    let server = discover::server(&reader, &machine_clock).await?;

    // What is asked for each seat needs to know the seats; all else does not wait for it.
    let ((seats, namespaces, of_seats), everything) = tokio::join!(
        async {
            let (seats, namespaces) =
                tokio::join!(seats(&reader, wanted), namespaces(&reader, wanted));
            let names = names(&seats, &namespaces);
            let of_seats = of_seats(&reader, wanted, &names).await;
            (seats, namespaces, of_seats)
        },
        everything(&reader),
    );
    let elapsed = SignedDuration::try_from(begun.elapsed()).unwrap_or_default();
    Ok(Observed {
        now: server.time.saturating_add(elapsed).unwrap_or(server.time),
        version: server.version,
        ahead_ms: server.ahead_ms,
        seats,
        namespaces,
        rights: of_seats.rights,
        pull_secrets: of_seats.pull_secrets,
        keda: Keda {
            mistake: of_seats.mistake,
            ..everything.keda
        },
        apis: everything.apis,
        metrics: everything.metrics,
        nodes: everything.nodes,
        pods: everything.pods,
        quotas: everything.quotas,
        limit_ranges: everything.limit_ranges,
        deployments: everything.deployments,
        jobs: everything.jobs,
        autoscalers: everything.autoscalers,
        scaled_objects: everything.scaled_objects,
    })
}

/// What is the same whichever seats there are.
struct Everything {
    apis: Vec<(&'static str, Reading<()>)>,
    keda: Keda,
    metrics: Metrics,
    nodes: Reading<Vec<k8s_openapi::api::core::v1::Node>>,
    pods: Reading<Vec<k8s_openapi::api::core::v1::Pod>>,
    quotas: Reading<Vec<k8s_openapi::api::core::v1::ResourceQuota>>,
    limit_ranges: Reading<Vec<k8s_openapi::api::core::v1::LimitRange>>,
    deployments: Reading<Vec<k8s_openapi::api::apps::v1::Deployment>>,
    jobs: Reading<Vec<k8s_openapi::api::batch::v1::Job>>,
    autoscalers: Reading<Vec<k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler>>,
    scaled_objects: Reading<Vec<ScaledObject>>,
}

async fn everything(reader: &Reader) -> Everything {
    let lease = ListParams::default().fields(&format!("metadata.name={KEDA_LEASE}"));
    let keda = async {
        let (api, definition, leases, webhooks) = tokio::join!(
            discover::served(reader, "keda.sh/v1alpha1"),
            discover::keda_version(reader),
            reader.list::<Lease>(reader.all(), lease),
            reader.list(reader.all(), ListParams::default()),
        );
        Keda {
            api,
            definition,
            leases,
            webhooks,
            mistake: super::observed::WebhookAnswer::Unknown("not asked".to_owned()),
        }
    };
    let (apis, keda, metrics, nodes, pods, quotas, limit_ranges) = tokio::join!(
        discover::apis(reader),
        keda,
        discover::metrics(reader),
        reader.list(reader.all(), ListParams::default()),
        reader.list(reader.all(), ListParams::default()),
        reader.list(reader.all(), ListParams::default()),
        reader.list(reader.all(), ListParams::default()),
    );
    let (deployments, jobs, autoscalers, scaled_objects) = tokio::join!(
        reader.list(reader.all(), ListParams::default()),
        reader.list(reader.all(), ListParams::default()),
        reader.list(reader.all(), ListParams::default()),
        scaled_objects(reader),
    );
    Everything {
        apis,
        keda,
        metrics,
        nodes,
        pods,
        quotas,
        limit_ranges,
        deployments,
        jobs,
        autoscalers,
        scaled_objects,
    }
}

async fn scaled_objects(reader: &Reader) -> Reading<Vec<ScaledObject>> {
    let api = Api::all_with(reader.client(), &scaled_object_resource());
    let objects = reader
        .list::<kube::api::DynamicObject>(api, ListParams::default())
        .await?;
    let read = |object: kube::api::DynamicObject| ScaledObject {
        namespace: object.metadata.namespace.unwrap_or_default(),
        last_active: object.data["status"]["lastActiveTime"]
            .as_str()
            .and_then(|time| time.parse().ok()),
    };
    Ok(objects.into_iter().map(read).collect())
}

async fn namespaces(reader: &Reader, wanted: &Wanted) -> Reading<Vec<Namespace>> {
    let panel = &wanted.panel_namespace;
    let labelled = ListParams::default().labels(&format!("{SEAT_LABEL},{PANEL_LABEL}={panel}"));
    reader.list(reader.all(), labelled).await
}

async fn seats(reader: &Reader, wanted: &Wanted) -> Reading<Vec<Seat>> {
    let store = SeatStore::new(reader.client(), wanted.panel_namespace.clone());
    let listed = reader.within(store.list()).await?;
    let seats = listed.map_err(|error| match error.status() {
        Some(status) if status.is_forbidden() => Unread::Forbidden,
        _ => Unread::Failed(crate::error::chain(&error)),
    })?;
    let read = |seat: &crate::seats::Seat| Seat {
        namespace: match &seat.person {
            Person::Attendee { namespace } => Some(namespace.clone()),
            Person::Instructor => None,
        },
        revoked: seat.is_revoked(),
    };
    Ok(seats.iter().map(read).collect())
}

/// The seats' namespaces: those that the Secrets name, or else those with the label.
pub(super) fn names(
    seats: &Reading<Vec<Seat>>,
    namespaces: &Reading<Vec<Namespace>>,
) -> Vec<String> {
    match (seats, namespaces) {
        (Ok(seats), _) => {
            let names = seats.iter();
            names.filter_map(|seat| seat.namespace.clone()).collect()
        }
        (Err(_), Ok(namespaces)) => {
            let names = namespaces.iter();
            names
                .filter_map(|namespace| namespace.metadata.name.clone())
                .collect()
        }
        (Err(_), Err(_)) => Vec::new(),
    }
}

/// What is asked for the seats.
struct OfSeats {
    rights: super::observed::Rights,
    mistake: super::observed::WebhookAnswer,
    pull_secrets: Vec<PullSecret>,
}

async fn of_seats(reader: &Reader, wanted: &Wanted, names: &[String]) -> OfSeats {
    let (rights, mistake, pull_secrets) = tokio::join!(
        rights::read(reader, wanted, names),
        webhook::ask(reader, names.first().map(String::as_str)),
        pull_secrets(reader, wanted, names),
    );
    OfSeats {
        rights,
        mistake,
        pull_secrets,
    }
}

/// Whether each Secret for the images is there. Of its contents nothing is read.
async fn pull_secrets(reader: &Reader, wanted: &Wanted, names: &[String]) -> Vec<PullSecret> {
    let secrets = &wanted.settings.image_pull_secrets;
    let pairs = names
        .iter()
        .flat_map(|namespace| secrets.iter().map(move |name| (namespace, name)));
    let read = |(namespace, name): (&String, &String)| {
        let (namespace, name) = (namespace.clone(), name.clone());
        async move {
            let api = Api::<Secret>::namespaced(reader.client(), &namespace);
            let found = reader.ask(api.get_metadata(&name)).await.map(|_| ());
            PullSecret {
                namespace,
                name,
                found,
            }
        }
    };
    // Collected first, as a stream of borrowing closures is not `Send` for every lifetime.
    let calls: Vec<_> = pairs.map(read).map(Box::pin).collect();
    futures::stream::iter(calls)
        .buffered(AT_ONCE)
        .collect()
        .await
}
