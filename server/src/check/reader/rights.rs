//! Asks what the panel's account and the attendees may do. Someone else's rights by `SubjectAccessReview`; inside the
//! panel's pod, whose account may not make those, by the panel's own reviews and those of the accounts that it acts as.

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec, SubjectAccessReview,
    SubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;

use super::AT_ONCE;
use super::ask::Reader;
use crate::check::Wanted;
use crate::check::access::{self, Access, Account};
use crate::check::observed::{Reading, Right, Rights, Unread};
use crate::cluster::{Clients, Watching};
use crate::names::{ATTENDEE_ACCOUNT, PANEL_ACCOUNT};

/// Seats whose attendees' rights are asked for: all were made by the same command.
const SAMPLE: usize = 3;

pub(super) async fn read(reader: &Reader, wanted: &Wanted, seats: &[String]) -> Rights {
    let panel_namespace = &wanted.panel_namespace;
    let panel = Account::new(panel_namespace, PANEL_ACCOUNT);
    // A cluster without the API is one below 1.28; the panel's account is then treated as someone else's.
    let is_panel = whoami(reader).await.is_ok_and(|user| user == panel.user);
    let clients = Clients::new(reader.client());
    let panel = if is_panel { None } else { Some(&panel) };

    let own = of_panel(wanted, seats).map_err(Unread::Failed);
    let impersonation = seats.iter().map(|seat| access::impersonation(seat));
    let mut excess = access::excess(seats.first().map(String::as_str));
    if wanted.watching == Watching::Namespaces {
        excess.extend(access::reading_everywhere());
    }
    let attendees = async {
        let mut rights = Vec::new();
        for seat in sample(seats) {
            let account = Account::new(seat, ATTENDEE_ACCOUNT);
            let accesses = access::of_attendee(seat).map_err(Unread::Failed)?;
            rights.extend(if is_panel {
                let attendee = reader.with(clients.attendee(seat, None));
                review(&attendee, None, accesses).await?
            } else {
                review(reader, Some(&account), accesses).await?
            });
        }
        Ok(rights)
    };
    let (panel, excess, impersonation, attendees) = tokio::join!(
        async { review(reader, panel, own?).await },
        review(reader, panel, excess),
        review(reader, panel, impersonation.collect()),
        attendees,
    );
    Rights {
        panel,
        excess,
        impersonation,
        attendees,
    }
}

/// What the panel itself needs. Where it reads by a Role in each seat, one right of each tells whether the Role is up to
/// date, and all rights of a few whether it is whole.
fn of_panel(wanted: &Wanted, seats: &[String]) -> Result<Vec<Access>, String> {
    let mut accesses = access::of_panel(&wanted.panel_namespace, wanted.watching)?;
    if wanted.watching == Watching::Namespaces {
        let sample = sample(seats);
        for seat in seats {
            let mut reading = access::reading(seat)?;
            if !sample.contains(&seat) {
                reading.truncate(1);
            }
            accesses.extend(reading);
        }
    }
    Ok(accesses)
}

/// The first, the last, and one between.
fn sample(seats: &[String]) -> Vec<&String> {
    if seats.len() <= SAMPLE {
        return seats.iter().collect();
    }
    [0, seats.len() / 2, seats.len() - 1]
        .into_iter()
        .filter_map(|index| seats.get(index))
        .collect()
}

async fn whoami(reader: &Reader) -> Reading<String> {
    let reviews = reader.all::<SelfSubjectReview>();
    let review = SelfSubjectReview::default();
    let params = PostParams::default();
    let answer = reader.ask(reviews.create(&params, &review)).await?;
    let user = answer.status.and_then(|status| status.user_info);
    Ok(user.and_then(|user| user.username).unwrap_or_default())
}

/// What `account` may do of this, or whoever asks. One that is not answered makes all unknown: part of an answer
/// would look like the whole.
async fn review(
    reader: &Reader,
    account: Option<&Account>,
    accesses: Vec<Access>,
) -> Reading<Vec<Right>> {
    let account = account.cloned();
    let calls = accesses.into_iter().map(|access| {
        let account = account.clone();
        Box::pin(async move {
            let attributes = attributes(&access);
            let allowed = match account {
                Some(account) => of_another(reader, account, attributes).await?,
                None => of_self(reader, attributes).await?,
            };
            Ok(Right { access, allowed })
        })
    });
    let calls: Vec<_> = calls.collect();
    futures::stream::iter(calls)
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

async fn of_another(
    reader: &Reader,
    account: Account,
    attributes: ResourceAttributes,
) -> Reading<bool> {
    let reviews: Api<SubjectAccessReview> = reader.all();
    let review = SubjectAccessReview {
        spec: SubjectAccessReviewSpec {
            user: Some(account.user),
            groups: Some(account.groups),
            resource_attributes: Some(attributes),
            ..SubjectAccessReviewSpec::default()
        },
        ..SubjectAccessReview::default()
    };
    let params = PostParams::default();
    let answer = reader.ask(reviews.create(&params, &review)).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

async fn of_self(reader: &Reader, attributes: ResourceAttributes) -> Reading<bool> {
    let reviews: Api<SelfSubjectAccessReview> = reader.all();
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let params = PostParams::default();
    let answer = reader.ask(reviews.create(&params, &review)).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

fn attributes(access: &Access) -> ResourceAttributes {
    ResourceAttributes {
        verb: Some(access.verb.clone()),
        group: Some(access.group.clone()),
        resource: Some(access.resource.clone()),
        subresource: access.subresource.clone(),
        namespace: access.namespace.clone(),
        name: access.name.clone(),
        ..ResourceAttributes::default()
    }
}
