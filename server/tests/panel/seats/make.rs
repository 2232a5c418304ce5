//! Seats made: from nothing, after an interruption, by an administrator's hands, and as a dry run.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Request;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, PostParams};
use kube::client::Body;
use kube::{Api, Client};
use serde_json::json;
use server::cluster::Watching;
use server::error::Error;
use server::names::{PANEL_ACCOUNT, PANEL_LABEL, PANEL_NAMESPACE, SEAT_LABEL};
use server::seats::provision::{self, Extras, Provisioned, SeatMaker, Verdict, apply_panel_rights};
use server::seats::{SeatNumber, SeatStore};
use server::workshop::manifests::Settings;
use simulator::{Identity, Simulator};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::cluster::{Cluster, apply, codes, error, look, make, wanted};

/// The administrator's client, whose connection breaks after so many calls.
fn breaking(simulator: &Simulator, calls: usize) -> Client {
    let service = simulator.service(Identity::admin());
    let left = Arc::new(AtomicUsize::new(calls));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (service, left) = (service.clone(), Arc::clone(&left));
        async move {
            let some = |left: usize| left.checked_sub(1);
            if left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, some)
                .is_err()
            {
                return Err(tower::BoxError::from("the connection broke"));
            }
            service
                .oneshot(request)
                .await
                .map_err(tower::BoxError::from)
        }
    });
    Client::new(service, "default")
}

#[tokio::test(start_paused = true)]
async fn run_that_breaks_anywhere_is_resumed_and_loses_no_code() {
    // Three seats take some 30 calls.
    for calls in 0..40 {
        let cluster = Cluster::new();
        let client = breaking(&cluster.simulator, calls);
        let mut shown = Vec::new();
        let settings = Settings::default();
        let maker = SeatMaker::look(&client, &wanted(3), &settings, Extras::default()).await;
        if let Ok(maker) = maker
            && maker.begin().await.is_ok()
        {
            let stop = CancellationToken::new();
            let tell = |_, seat: Result<Provisioned, Error>| {
                shown.extend(
                    seat.ok()
                        .and_then(|seat| Some((seat.number.0, seat.code?.to_string()))),
                );
            };
            maker.create(&stop, tell).await;
        }
        let there = cluster.store().list().await.unwrap().len();
        assert_eq!(
            there,
            shown.len(),
            "each code that exists was shown: {calls}"
        );
        let again = make(&cluster.admin(), 3, Extras::default()).await;
        assert!(again.values().all(Result::is_ok), "{calls}");
        shown.extend(codes(&again));
        let numbers: BTreeSet<_> = shown.iter().map(|(number, _)| *number).collect();
        assert_eq!(shown.len(), 4, "each code was shown once: {calls}");
        assert_eq!(numbers, BTreeSet::from([0, 1, 2, 3]), "{calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn stop_ends_between_two_seats() {
    let cluster = Cluster::new();
    let maker = look(&cluster.admin(), 20, Extras::default()).await;
    maker.begin().await.unwrap();
    let stop = CancellationToken::new();
    let mut told = 0;
    let tell = |_, seat: Result<Provisioned, Error>| {
        assert!(seat.unwrap().code.is_some());
        told += 1;
        if told == 5 {
            stop.cancel();
        }
    };
    maker.create(&stop, tell).await;
    assert_eq!(told, 5);
    assert_eq!(cluster.store().list().await.unwrap().len(), 5);
    let again = make(&cluster.admin(), 20, Extras::default()).await;
    assert_eq!(codes(&again).len(), 16, "15 attendees and the instructor");
}

#[tokio::test(start_paused = true)]
async fn seats_are_made_before_or_after_the_panels_rights() {
    for rights_first in [true, false] {
        let cluster = Cluster::new();
        let admin = cluster.admin();
        if rights_first {
            apply_panel_rights(&admin, PANEL_NAMESPACE, Watching::default())
                .await
                .unwrap();
        }
        let told = make(&admin, 2, Extras::default()).await;
        assert_eq!(codes(&told).len(), 3);
        if !rights_first {
            apply_panel_rights(&admin, PANEL_NAMESPACE, Watching::default())
                .await
                .unwrap();
        }
        let panel = cluster.account(PANEL_NAMESPACE, PANEL_ACCOUNT);
        let seats = SeatStore::new(panel, PANEL_NAMESPACE.to_owned());
        assert_eq!(seats.list().await.unwrap().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn one_seat_that_fails_does_not_stop_the_others() {
    let cluster = Cluster::new();
    cluster
        .theirs("workshop-user-2", json!({ SEAT_LABEL: "07" }))
        .await;
    let other_panel = json!({ SEAT_LABEL: "03", PANEL_LABEL: "workshop-b" });
    cluster.theirs("workshop-user-3", other_panel).await;
    let told = make(&cluster.admin(), 4, Extras::default()).await;
    let made: Vec<_> = codes(&told).into_iter().map(|(number, _)| number).collect();
    assert_eq!(made, [0, 1, 4]);
    let other_seat = error(&told[&SeatNumber(2)]);
    assert!(other_seat.contains("it is seat 07 already"), "{other_seat}");
    let other_panel = error(&told[&SeatNumber(3)]);
    assert!(
        other_panel.contains("panel in namespace workshop-b"),
        "{other_panel}"
    );
}

#[tokio::test(start_paused = true)]
async fn seat_keeps_its_namespace_under_another_prefix() {
    let cluster = Cluster::new();
    make(&cluster.admin(), 1, Extras::default()).await;
    let mut options = wanted(1);
    options.prefix = "other-".to_owned();
    let settings = Settings::default();
    let again = provision::create(&cluster.admin(), &options, &settings, Extras::default()).await;
    let error = again.err().unwrap().to_string();
    assert!(
        error.contains("that seat is namespace workshop-user-1"),
        "{error}"
    );
    assert!(cluster.namespace("other-1").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn names_are_given_and_changed_by_running_it_again() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    let named = |list: &str| Extras {
        names: provision::read_names(list, 3).unwrap(),
        ..Extras::default()
    };
    make(&admin, 3, named("seat,name\n1,Ana\n2,Bo\n")).await;
    let again = make(&admin, 3, named("seat,name\n2,Boris\n3,Cem\n")).await;
    assert_eq!(codes(&again), []);
    let told: Vec<_> = again
        .values()
        .map(|seat| seat.as_ref().ok().unwrap().name.clone())
        .collect();
    let expected = [None, Some("Ana"), Some("Boris"), Some("Cem")];
    assert_eq!(told, expected.map(|name| name.map(str::to_owned)));
    let seats = cluster.store().list().await.unwrap();
    let names: Vec<_> = seats.iter().map(|seat| seat.name.as_deref()).collect();
    assert_eq!(names, expected);
}

#[tokio::test(start_paused = true)]
async fn dry_run_tells_and_writes_nothing() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    make(&admin, 1, Extras::default()).await;
    let before = cluster.simulator.store().resource_version();
    let extras = Extras {
        names: provision::read_names("Ana\n", 2).unwrap(),
        ..Extras::default()
    };
    let maker = look(&admin, 2, extras).await;
    let verdicts = async |number| {
        let planned = maker.plan(number).await.unwrap();
        let planned = planned
            .into_iter()
            .map(|planned| (planned.kind, planned.verdict));
        planned.collect::<Vec<_>>()
    };
    let first = verdicts(Some(SeatNumber(1))).await;
    let (secret, rest) = first.split_last().unwrap();
    assert_eq!(
        *secret,
        ("Secret".to_owned(), Verdict::Change),
        "it gets a name"
    );
    assert!(
        rest.iter().all(|(_, verdict)| *verdict == Verdict::Exists),
        "{rest:?}"
    );
    let second = verdicts(Some(SeatNumber(2))).await;
    assert_eq!(second.len(), 9);
    assert!(
        second
            .iter()
            .all(|(_, verdict)| *verdict == Verdict::Create),
        "{second:?}"
    );
    let panel = verdicts(None).await;
    assert_eq!(panel.last().unwrap().1, Verdict::Create);
    assert_eq!(cluster.simulator.store().resource_version(), before);
}

#[tokio::test(start_paused = true)]
async fn administrator_applies_the_review_and_the_instructor_makes_the_codes() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    let maker = look(&admin, 2, Extras::default()).await;
    apply(&admin, &maker.panel_namespace()).await;
    for number in maker.numbers() {
        for object in maker.objects(number).await.unwrap() {
            apply(&admin, &object).await;
        }
    }
    // Somebody who may write Secrets in the panel's namespace and nothing else.
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": { "name": "codes", "namespace": PANEL_NAMESPACE },
        "rules": [{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "create", "patch"] }],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": "codes", "namespace": PANEL_NAMESPACE },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "codes" },
        "subjects": [{ "kind": "ServiceAccount", "name": "instructor", "namespace": PANEL_NAMESPACE }],
    });
    for object in [role, binding] {
        apply(&admin, &serde_json::from_value(object).unwrap()).await;
    }
    let instructor = cluster.account(PANEL_NAMESPACE, "instructor");
    let secrets_only = true;
    let extras = Extras {
        secrets_only,
        ..Extras::default()
    };
    let told = make(&instructor, 2, extras).await;
    assert_eq!(codes(&told).len(), 3);
    // The administrator's objects are as `create` would have made them.
    let again = look(&admin, 2, Extras::default()).await;
    for number in again.numbers() {
        let planned = again.plan(Some(number)).await.unwrap();
        assert!(
            planned
                .iter()
                .all(|planned| planned.verdict == Verdict::Exists),
            "{planned:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn administrator_applies_the_review_and_the_panels_own_account_gives_the_codes() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    apply_panel_rights(&admin, PANEL_NAMESPACE, Watching::Cluster)
        .await
        .unwrap();
    let panel = cluster.account(PANEL_NAMESPACE, PANEL_ACCOUNT);
    let extras = || Extras {
        secrets_only: true,
        ..Extras::default()
    };
    // It may change Secrets and make none.
    let early = look(&panel, 2, extras()).await.begin().await;
    let early = early.unwrap_err();
    assert!(matches!(early, Error::NoRight { .. }), "{early}");

    // What its own `-o yaml` prints, applied with other rights.
    let applied = look(&panel, 2, Extras::default()).await;
    let mut objects = applied.secrets_without_codes();
    assert_eq!(
        objects.len(),
        4,
        "the key's, two seats' and the instructor's"
    );
    for number in applied.numbers() {
        objects.extend(applied.objects(number).await.unwrap());
    }
    for object in &objects {
        apply(&admin, object).await;
    }
    assert!(
        cluster
            .store()
            .list()
            .await
            .unwrap()
            .iter()
            .all(|seat| seat.awaits_code())
    );

    assert_eq!(codes(&make(&panel, 2, extras()).await).len(), 3);
    // A seat that was closed is not one that awaits its code, and an old review changes no code.
    cluster.store().revoke(SeatNumber(1)).await.unwrap();
    for object in &objects {
        apply(&admin, object).await;
    }
    assert_eq!(codes(&make(&panel, 2, extras()).await).len(), 0);
    let seats = cluster.store().list().await.unwrap();
    let revoked: Vec<_> = seats.iter().filter(|seat| seat.is_revoked()).collect();
    assert_eq!(revoked.len(), 1);
    // Two more: only theirs are among the objects now.
    let more = look(&panel, 4, Extras::default())
        .await
        .secrets_without_codes();
    assert_eq!(more.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn image_pull_secret_is_copied_or_missed_before_anything_is_made() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    cluster.theirs(PANEL_NAMESPACE, json!({})).await;
    let extras = || Extras {
        image_pull_secret: Some("registry".to_owned()),
        ..Extras::default()
    };
    let settings = Settings::default();
    let missing = SeatMaker::look(&admin, &wanted(1), &settings, extras()).await;
    let error = missing.err().unwrap().to_string();
    assert!(error.contains("not in the panel's namespace"), "{error}");

    let api: Api<Secret> = Api::namespaced(admin.clone(), PANEL_NAMESPACE);
    let mk_secret = |kind: &str| {
        let key = if kind == "Opaque" {
            "a"
        } else {
            ".dockerconfigjson"
        };
        serde_json::from_value(json!({
            "metadata": { "name": "registry" }, "type": kind, "data": { key: "e30=" },
        }))
        .unwrap()
    };
    api.create(&PostParams::default(), &mk_secret("Opaque"))
        .await
        .unwrap();
    let unfit = SeatMaker::look(&admin, &wanted(1), &settings, extras()).await;
    let error = unfit.err().unwrap().to_string();
    assert!(error.contains("its type is not"), "{error}");
    assert!(cluster.namespace("workshop-user-1").await.is_none());

    api.delete("registry", &DeleteParams::default())
        .await
        .unwrap();
    let secret = mk_secret("kubernetes.io/dockerconfigjson");
    api.create(&PostParams::default(), &secret).await.unwrap();
    make(&admin, 1, extras()).await;
    let copies: Api<Secret> = Api::namespaced(admin, "workshop-user-1");
    let copy = copies.get("registry").await.unwrap();
    assert_eq!((copy.type_, copy.data), (secret.type_, secret.data));
}
