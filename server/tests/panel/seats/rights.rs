//! Who may do what: the attendee's account, the panel's account, and what sessions are left after a change.

use app::model::SessionEnd;
use http::StatusCode;
use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::json;
use server::cluster::Watching;
use server::error::Error;
use server::names::{ATTENDEE_ACCOUNT, PANEL_ACCOUNT, PANEL_NAMESPACE};
use server::seats::provision::{self, Extras, Verdict};
use server::seats::{SeatNumber, SeatStore};

use super::cluster::{Cluster, look, make};
use crate::world::{self, World};

const OWN: &str = "workshop-user-1";

/// Whether an account may do this; `resource` as `deployments.apps/scale`.
async fn may(client: &Client, verb: &str, resource: &str, namespace: &str) -> bool {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    let review = json!({ "spec": { "resourceAttributes": {
        "verb": verb, "group": group, "resource": resource, "subresource": subresource,
        "namespace": namespace,
        "name": if verb == "impersonate" { ATTENDEE_ACCOUNT } else { "" },
    } } });
    let review: SelfSubjectAccessReview = serde_json::from_value(review).unwrap();
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let answer = api.create(&PostParams::default(), &review).await.unwrap();
    answer.status.unwrap().allowed
}

/// What an attendee may do in their namespace: the four files, the commands of the handout, and the panel's buttons.
const ALLOWED: &[(&str, &str)] = &[
    ("configmaps", "get list watch create update patch delete"),
    ("services", "get list watch create update patch delete"),
    (
        "deployments.apps",
        "get list watch create update patch delete",
    ),
    ("deployments.apps/scale", "get update patch"),
    ("jobs.batch", "get list watch create update patch delete"),
    (
        "scaledobjects.keda.sh",
        "get list watch create update patch delete",
    ),
    ("pods", "get list watch delete"),
    ("pods/log", "get"),
    ("replicasets.apps", "get list watch"),
    ("horizontalpodautoscalers.autoscaling", "get list watch"),
    ("events", "get list watch"),
    ("resourcequotas", "get list watch"),
    ("limitranges", "get list watch"),
    ("pods.metrics.k8s.io", "get list"),
];

const VERBS: &str =
    "get list watch create update patch delete deletecollection impersonate bind escalate";

/// What an attendee may do nothing with.
const FORBIDDEN: &[&str] = &[
    "secrets",
    "serviceaccounts",
    "serviceaccounts/token",
    "roles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "pods/ephemeralcontainers",
    "namespaces",
    "nodes",
    "daemonsets.apps",
    "statefulsets.apps",
    "triggerauthentications.keda.sh",
    "persistentvolumeclaims",
];

#[tokio::test(start_paused = true)]
async fn attendee_may_do_exactly_this() {
    let cluster = Cluster::new();
    make(&cluster.admin(), 2, Extras::default()).await;
    let attendee = cluster.account(OWN, ATTENDEE_ACCOUNT);
    let all = ALLOWED.iter().copied();
    for (resource, allowed) in all.chain(FORBIDDEN.iter().map(|resource| (*resource, ""))) {
        for verb in VERBS.split(' ') {
            let expected = allowed.split(' ').any(|allowed| allowed == verb);
            let own = may(&attendee, verb, resource, OWN).await;
            assert_eq!(own, expected, "{verb} {resource}");
            for other in ["workshop-user-2", PANEL_NAMESPACE, "kube-system", ""] {
                let other_too = may(&attendee, verb, resource, other).await;
                assert!(!other_too, "{verb} {resource} in {other:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn panel_may_be_each_attendee_and_nobody_else() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    make(&admin, 2, Extras::default()).await;
    provision::apply_panel_rights(&admin, PANEL_NAMESPACE, Watching::default())
        .await
        .unwrap();
    let panel = cluster.account(PANEL_NAMESPACE, PANEL_ACCOUNT);
    for (namespace, expected) in [
        (OWN, true),
        ("workshop-user-2", true),
        (PANEL_NAMESPACE, false),
        ("kube-system", false),
    ] {
        let may = may(&panel, "impersonate", "serviceaccounts", namespace).await;
        assert_eq!(may, expected, "{namespace}");
    }
    // A panel in another namespace of the same cluster is no attendee of this one.
    provision::apply_panel_rights(&admin, "workshop-b", Watching::default())
        .await
        .unwrap();
    let other = cluster.account("workshop-b", PANEL_ACCOUNT);
    assert!(may(&other, "list", "pods", OWN).await);
    assert!(!may(&other, "impersonate", "serviceaccounts", OWN).await);
    assert!(!may(&other, "get", "secrets", PANEL_NAMESPACE).await);
}

#[tokio::test(start_paused = true)]
async fn panel_of_namespaces_reads_its_seats_alone_and_a_class_changes_over_and_back() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    let panel = cluster.account(PANEL_NAMESPACE, PANEL_ACCOUNT);
    let extras = |watching| Extras {
        watching,
        ..Extras::default()
    };
    let role = async |watching, verdict| {
        let maker = look(&admin, 1, extras(watching)).await;
        let planned = maker.plan(Some(SeatNumber(1))).await.unwrap();
        let mut roles = planned.iter().filter(|planned| planned.kind == "Role");
        let role = roles.find(|role| role.name != ATTENDEE_ACCOUNT).unwrap();
        assert_eq!(role.verdict, verdict);
    };
    let namespaces = Watching::Namespaces;
    provision::apply_panel_rights(&admin, PANEL_NAMESPACE, namespaces)
        .await
        .unwrap();
    make(&admin, 1, extras(Watching::Cluster)).await;
    assert!(!may(&panel, "watch", "pods", OWN).await);

    role(namespaces, Verdict::Change).await;
    make(&admin, 1, extras(namespaces)).await;
    role(namespaces, Verdict::Exists).await;
    for (resource, verbs) in [
        ("pods", "get list watch"),
        ("events", "get list watch"),
        ("deployments.apps", "get list watch"),
        ("scaledobjects.keda.sh", "get list watch"),
        ("pods.metrics.k8s.io", "get list"),
        ("pods/log", ""),
        ("secrets", ""),
        ("configmaps", ""),
    ] {
        for verb in VERBS.split(' ') {
            let expected = verbs.split(' ').any(|allowed| allowed == verb);
            let own = may(&panel, verb, resource, OWN).await;
            assert_eq!(own, expected, "{verb} {resource}");
            let everywhere = may(&panel, verb, resource, "").await;
            assert!(!everywhere, "{verb} {resource}");
        }
    }
    assert!(may(&panel, "impersonate", "serviceaccounts", OWN).await);

    role(Watching::Cluster, Verdict::Change).await;
    make(&admin, 1, extras(Watching::Cluster)).await;
    assert!(!may(&panel, "watch", "pods", OWN).await);
    assert!(may(&panel, "impersonate", "serviceaccounts", OWN).await);
}

#[tokio::test(start_paused = true)]
async fn panels_account_changes_seats_and_makes_none() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    make(&admin, 1, Extras::default()).await;
    provision::apply_panel_rights(&admin, PANEL_NAMESPACE, Watching::default())
        .await
        .unwrap();
    let panel = cluster.account(PANEL_NAMESPACE, PANEL_ACCOUNT);
    let store = SeatStore::new(panel.clone(), PANEL_NAMESPACE.to_owned());
    let number = SeatNumber(1);
    store.rename(number, Some("Ana")).await.unwrap();
    store.revoke(number).await.unwrap();
    store.renew(number).await.unwrap();
    store.sign_out(number).await.unwrap();
    store.open_free_seats().await.unwrap();
    assert_eq!(store.list().await.unwrap().len(), 2);

    let refused = look(&panel, 2, Extras::default()).await.begin().await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, Error::NoRight { .. }), "{refused}");
    assert!(
        refused
            .to_string()
            .contains("create Secrets in namespace workshop"),
        "{refused}"
    );
}

#[tokio::test(start_paused = true)]
async fn renewed_revoked_and_signed_out_seats_end_their_sessions() {
    let world = World::new(3).await;
    let store = SeatStore::new(world.admin(), PANEL_NAMESPACE.to_owned());
    let mut browsers = Vec::new();
    for seat in &world.seats {
        browsers.push(world.sign_in(&seat.code).await);
    }
    store.renew(SeatNumber(1)).await.unwrap();
    store.revoke(SeatNumber(2)).await.unwrap();
    store.sign_out(SeatNumber(3)).await.unwrap();
    world::settle().await;
    let reasons = [
        SessionEnd::NewCode,
        SessionEnd::Revoked,
        SessionEnd::SignedOutByInstructor,
    ];
    for (browser, reason) in browsers.iter().zip(reasons) {
        let told = browser.get("/session").await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED);
        assert_eq!(told.json()["reason"], serde_json::to_value(reason).unwrap());
    }
    // A code goes on working after a sign-out, and not after the others.
    world.sign_in(&world.seats[2].code).await;
    for seat in &world.seats[..2] {
        let form = format!("code={}", seat.code);
        let answer = world.stranger().post("/session", &form).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let (_, code) = store.renew(SeatNumber(2)).await.unwrap();
    world::settle().await;
    world.sign_in(&code.to_string()).await;
}

#[tokio::test(start_paused = true)]
async fn token_is_the_attendees_and_ends_with_the_class() {
    let cluster = Cluster::new();
    let admin = cluster.admin();
    make(&admin, 1, Extras::default()).await;
    let token = provision::token(&admin, OWN, 12).await.unwrap();
    assert!(!token.token.is_empty());
    let hours = (token.expires.as_second() - cluster.simulator.clock().now().as_second()) / 3600;
    assert_eq!(hours, 12);
    let attendee = cluster.account(OWN, ATTENDEE_ACCOUNT);
    let refused = provision::token(&attendee, OWN, 12).await;
    let refused = refused.err().unwrap();
    assert!(
        refused
            .status()
            .is_some_and(kube::core::Status::is_forbidden),
        "{refused}"
    );
}
