//! Takes seats away: the namespace with all that is in it, or, where it was there before the seat, what made it a seat;
//! and the records of its runs. The seat's Secret goes last, so that an interrupted deletion is found and ended by the next one.

use std::time::Duration;

use k8s_openapi::api::core::v1::{LimitRange, Namespace, ResourceQuota, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::DynamicObject;
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::Instant;

use super::super::code::SeatNumber;
use super::super::record::Person;
use super::super::store::SeatStore;
use super::holding::{Holding, holding};
use crate::call::Calls;
use crate::error::{Error, Result};
use crate::names::{ADOPTED_ANNOTATION, PANEL_LABEL, PART_OF, PART_OF_LABEL, SEAT_LABEL};
use crate::runs;
use crate::workshop::manifests::scaled_object_resource;

/// How long KEDA may take for its finalizer.
const SCALED_OBJECT_WITHIN: Duration = Duration::from_secs(30);
/// How long a namespace may take: a pod has 30 s to end.
const NAMESPACE_WITHIN: Duration = Duration::from_secs(180);
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// A seat that is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doomed {
    pub number: SeatNumber,
    /// `None` for the instructor.
    pub namespace: Option<String>,
}

/// What became of the seat's namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone, or was before.
    Gone,
    /// It was there before the seat, and stays.
    Kept,
    /// It is not this seat's any more, and was left alone.
    NotOurs,
    /// The instructor's seat has none.
    None,
}

/// All seats of the panel: those with a Secret, and namespaces whose seat was never finished. The instructor's is the last.
///
/// # Errors
/// The API server does not tell.
pub async fn doomed(client: &Client, panel_namespace: &str) -> Result<Vec<Doomed>> {
    let store = SeatStore::new(client.clone(), panel_namespace.to_owned());
    let seats = store.list().await?.into_iter().map(|seat| Doomed {
        number: seat.number,
        namespace: match seat.person {
            Person::Attendee { namespace } => Some(namespace),
            Person::Instructor => None,
        },
    });
    let mut seats: Vec<_> = seats.collect();
    let namespaces = Calls::<Namespace>::new(Api::all(client.clone()));
    let ours = format!("{SEAT_LABEL},{PANEL_LABEL}={panel_namespace}");
    for namespace in namespaces.list(Some(&ours)).await? {
        let name = namespace.name_any();
        let number = namespace.labels().get(SEAT_LABEL);
        if let Some(Ok(number)) = number.map(|number| number.parse())
            && !seats.iter().any(|seat| seat.number == number)
        {
            seats.push(Doomed {
                number,
                namespace: Some(name),
            });
        }
    }
    seats.sort_by_key(|seat| (seat.namespace.is_none(), seat.number));
    Ok(seats)
}

/// Deletes a seat and waits until it is gone.
///
/// # Errors
/// A call that the API server refused; something that does not go, and why. Doing it again goes on.
pub async fn delete(client: &Client, panel_namespace: &str, seat: &Doomed) -> Result<Deleted> {
    let store = SeatStore::new(client.clone(), panel_namespace.to_owned());
    let deleted = match &seat.namespace {
        Some(name) => namespace(client, panel_namespace, seat.number, name).await?,
        None => Deleted::None,
    };
    // After the namespace: a panel writes no run of a namespace that is gone.
    runs::delete_of_seat(client, panel_namespace, seat.number).await?;
    store.delete(seat.number).await?;
    Ok(deleted)
}

async fn namespace(
    client: &Client,
    panel_namespace: &str,
    number: SeatNumber,
    name: &str,
) -> Result<Deleted> {
    let namespaces = Calls::<Namespace>::new(Api::all(client.clone()));
    let Some(found) = namespaces.get(name).await? else {
        return Ok(Deleted::Gone);
    };
    match holding(&found, number, panel_namespace) {
        Holding::NotOurs => Ok(Deleted::NotOurs),
        Holding::Adopted => {
            release(client, name).await?;
            Ok(Deleted::Kept)
        }
        Holding::Own => {
            scaled_objects(client, name).await?;
            namespaces.delete(name).await?;
            gone(&namespaces, name).await?;
            Ok(Deleted::Gone)
        }
    }
}

/// ScaledObjects have a finalizer of KEDA's, which wants to put the Deployment's replicas back: while the Deployment is
/// there it does so at once, in a namespace that is going it may never.
async fn scaled_objects(client: &Client, namespace: &str) -> Result<()> {
    let resource = scaled_object_resource();
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let calls = Calls::dynamic(api, &resource.kind);
    let objects = calls.list(None).await?;
    for object in &objects {
        calls.delete(&object.name_any()).await?;
    }
    for object in &objects {
        let name = object.name_any();
        let uid = object.metadata.uid.as_deref();
        let gone = calls.gone(&name, uid, SCALED_OBJECT_WITHIN).await;
        gone.map_err(|error| match error.status() {
            Some(_) => error,
            None => Error::Hangs {
                kind: "ScaledObject",
                name: format!("{name} in namespace {namespace}"),
                why: "KEDA does not let it go; see that KEDA's operator runs, then delete the seat again"
                    .to_owned(),
            },
        })?;
    }
    Ok(())
}

/// Waits until a namespace is gone; says what it waits for if it takes too long.
async fn gone(namespaces: &Calls<Namespace>, name: &str) -> Result<()> {
    let until = Instant::now() + NAMESPACE_WITHIN;
    loop {
        let Some(found) = namespaces.get(name).await? else {
            return Ok(());
        };
        if Instant::now() >= until {
            return Err(Error::Hangs {
                kind: "Namespace",
                name: name.to_owned(),
                why: waits_for(&found),
            });
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// What the namespace controller says is left in it.
/// kubernetes `pkg/controller/namespace/deletion/status_condition_utils.go`
fn waits_for(namespace: &Namespace) -> String {
    let conditions = namespace
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let messages: Vec<_> = conditions
        .filter(|condition| condition.status == "True")
        .filter_map(|condition| condition.message.clone())
        .collect();
    if messages.is_empty() {
        return "it is still being deleted; its pods may need longer to end".to_owned();
    }
    messages.join(" ")
}

/// Takes away what made somebody's namespace a seat. What the attendee deployed there stays.
async fn release(client: &Client, namespace: &str) -> Result<()> {
    // Rights first: from then on nobody acts there as the attendee.
    remove::<RoleBinding>(client, namespace).await?;
    remove::<Role>(client, namespace).await?;
    remove::<ServiceAccount>(client, namespace).await?;
    remove::<ResourceQuota>(client, namespace).await?;
    remove::<LimitRange>(client, namespace).await?;
    remove::<Secret>(client, namespace).await?;
    let namespaces = Calls::<Namespace>::new(Api::all(client.clone()));
    // What the panel applied to the namespace goes with the apply of nothing: the pod security, if it is ours.
    let nothing =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
    namespaces.apply(namespace, &nothing, true).await?;
    // And what kubectl applied from a review.
    let patch = json!({ "metadata": {
        "labels": { SEAT_LABEL: null, PANEL_LABEL: null },
        "annotations": { ADOPTED_ANNOTATION: null },
    } });
    namespaces.merge(namespace, &patch).await.map(|_| ())
}

/// Removes the panel's objects of one kind from a namespace.
async fn remove<K>(client: &Client, namespace: &str) -> Result<()>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    K: Clone + std::fmt::Debug + DeserializeOwned,
{
    let calls = Calls::<K>::new(Api::namespaced(client.clone(), namespace));
    let ours = format!("{PART_OF_LABEL}={PART_OF}");
    for object in calls.list(Some(&ours)).await? {
        calls.delete(&object.name_any()).await?;
    }
    Ok(())
}
