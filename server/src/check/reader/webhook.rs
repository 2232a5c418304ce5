//! Asks whether KEDA's webhook works, by the dry run of a ScaledObject with a mistake that only the webhook sees.
//!
//! The registration alone does not tell: its failurePolicy is Ignore, so a dead webhook refuses nothing and, worse,
//! lets each write wait for its time limit. A dry run keeps nothing, whatever the answer. The mistake is two triggers of
//! one name: under a dry run the webhook skips its check for CPU requests, but not this one
//! (kedacore/keda `apis/keda/v1alpha1/scaledobject_webhook.go`, `verifyTriggers`), and no rule of the CRD sees it.

use kube::Api;
use kube::api::{DynamicObject, PostParams};
use serde_json::json;

use super::ask::Reader;
use crate::check::observed::{Unread, WebhookAnswer};
use crate::cluster::Clients;
use crate::names::FIELD_MANAGER;
use crate::workshop::manifests::scaled_object_resource;

/// Also the target, which need not exist.
const NAME: &str = "workshop-check";

/// Asks in the namespace of one seat: as whoever runs the check, or else as the seat's attendee.
pub(super) async fn ask(reader: &Reader, seat: Option<&str>) -> WebhookAnswer {
    let Some(seat) = seat else {
        return WebhookAnswer::Unknown("there is no seat to ask in".to_owned());
    };
    match ask_as(reader, seat).await {
        Err(Unread::Forbidden) => {
            let attendee = reader.with(Clients::new(reader.client()).attendee(seat, None));
            let answer = ask_as(&attendee, seat).await;
            answer.unwrap_or_else(|unread| WebhookAnswer::Unknown(sentence(unread)))
        }
        answer => answer.unwrap_or_else(|unread| WebhookAnswer::Unknown(sentence(unread))),
    }
}

fn sentence(unread: Unread) -> String {
    match unread {
        Unread::Forbidden => "this account may not create ScaledObjects".to_owned(),
        Unread::Absent => "the seat's namespace does not exist".to_owned(),
        Unread::Failed(cause) => cause,
    }
}

async fn ask_as(reader: &Reader, seat: &str) -> Result<WebhookAnswer, Unread> {
    let resource = scaled_object_resource();
    let api: Api<DynamicObject> = Api::namespaced_with(reader.client(), seat, &resource);
    let trigger = json!({
        "type": "cpu", "name": "twice", "metricType": "Utilization", "metadata": { "value": "60" },
    });
    let object = DynamicObject::new(NAME, &resource).data(json!({
        "spec": {
            "scaleTargetRef": { "name": NAME },
            "minReplicaCount": 1,
            "maxReplicaCount": 2,
            "triggers": [trigger, trigger],
        },
    }));
    let params = PostParams {
        dry_run: true,
        field_manager: Some(FIELD_MANAGER.to_owned()),
    };
    let Ok(answer) = reader.within(api.create(&params, &object)).await else {
        return Ok(WebhookAnswer::Silent);
    };
    match answer {
        Ok(_) => Ok(WebhookAnswer::Accepted),
        // A missing right is a 403, too, in other words.
        Err(kube::Error::Api(status)) if status.message.contains("admission webhook") => {
            Ok(WebhookAnswer::Refused)
        }
        Err(error) => Err(super::ask::unread(&error)),
    }
}
