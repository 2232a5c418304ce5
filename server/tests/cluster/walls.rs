//! The walls between attendees, proved by the API server itself: the panel's own checks are left out here.

use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, Request, StatusCode};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, ServiceAccount};
use kube::api::{DeleteParams, ListParams, LogParams, PostParams};
use kube::{Api, Client};
use server::cluster::Clients;
use server::seats::{SeatNumber, SeatStore};

use crate::browser::Browser;
use crate::panel::{Installed, NAMESPACE};

/// How soon an open stream must end, wherever its session was ended.
const STREAM_ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Nobody gets anywhere without a right of their own.
pub(crate) async fn hold(installed: &Installed, address: &str) {
    strangers_get_nothing(address).await;
    let panel = installed.client().await;
    a_bug_that_mixes_two_seats_is_refused(&panel, installed).await;
    the_panel_itself_may_not(&panel, installed).await;
    the_panel_impersonates_nobody_else(&panel).await;
    what_the_instructor_ends_has_ended(installed, address).await;
}

async fn strangers_get_nothing(address: &str) {
    let nobody = Browser::anonymous(address);
    for (method, path) in [("GET", "/events"), ("POST", "/api/deploy")] {
        let status = nobody.status(method, path).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

/// The client that acts for seat 1, pointed at seat 2's namespace: what the panel would send if its own check were
/// missing.
async fn a_bug_that_mixes_two_seats_is_refused(panel: &Client, installed: &Installed) {
    let (one, two) = (&installed.seats[0].namespace, &installed.seats[1].namespace);
    let clients = Clients::new(panel.clone());
    let attendee = clients.attendee(one, Some(SeatNumber(1)));
    let own: Api<Pod> = Api::namespaced(attendee.clone(), one);
    own.list(&ListParams::default())
        .await
        .expect("an attendee reads their own namespace");

    let account = format!("system:serviceaccount:{one}:attendee");
    let pods: Api<Pod> = Api::namespaced(attendee.clone(), two);
    let maps: Api<ConfigMap> = Api::namespaced(attendee.clone(), two);
    let deployments: Api<Deployment> = Api::namespaced(attendee.clone(), two);
    let secrets: Api<Secret> = Api::namespaced(attendee.clone(), one);
    let seats: Api<Secret> = Api::namespaced(attendee, NAMESPACE);
    let list = ListParams::default();
    let delete = DeleteParams::default();
    let create = PostParams::default();
    let mut map = ConfigMap::default();
    map.metadata.name = Some("webapp-code".to_owned());
    for (what, answer) in [
        ("list pods", pods.list(&list).await.map(drop)),
        (
            "read a log",
            pods.logs("any", &LogParams::default()).await.map(drop),
        ),
        ("delete a pod", pods.delete("any", &delete).await.map(drop)),
        ("list ConfigMaps", maps.list(&list).await.map(drop)),
        (
            "create a ConfigMap",
            maps.create(&create, &map).await.map(drop),
        ),
        ("list Deployments", deployments.list(&list).await.map(drop)),
        (
            "delete a Deployment",
            deployments.delete("webapp", &delete).await.map(drop),
        ),
        (
            "list their own Secrets",
            secrets.list(&list).await.map(drop),
        ),
        ("list the seats", seats.list(&list).await.map(drop)),
    ] {
        let said = forbidden(what, answer);
        assert!(said.contains(&account), "{what}: {said}");
    }
}

/// The panel's own account.
async fn the_panel_itself_may_not(panel: &Client, installed: &Installed) {
    let one = &installed.seats[0].namespace;
    let pods: Api<Pod> = Api::namespaced(panel.clone(), one);
    let maps: Api<ConfigMap> = Api::namespaced(panel.clone(), one);
    let deployments: Api<Deployment> = Api::namespaced(panel.clone(), one);
    let secrets: Api<Secret> = Api::namespaced(panel.clone(), one);
    let all_secrets: Api<Secret> = Api::all(panel.clone());
    let system: Api<Secret> = Api::namespaced(panel.clone(), "kube-system");
    let seats: Api<Secret> = Api::namespaced(panel.clone(), NAMESPACE);
    let accounts: Api<ServiceAccount> = Api::namespaced(panel.clone(), one);
    pods.list(&ListParams::default())
        .await
        .expect("the panel reads pods");
    let list = ListParams::default();
    let delete = DeleteParams::default();
    let create = PostParams::default();
    let mut map = ConfigMap::default();
    map.metadata.name = Some("webapp-code".to_owned());
    let mut secret = Secret::default();
    secret.metadata.name = Some("seat-99".to_owned());
    let token = k8s_openapi::api::authentication::v1::TokenRequest::default();
    for (what, answer) in [
        (
            "read a log",
            pods.logs("any", &LogParams::default()).await.map(drop),
        ),
        ("delete a pod", pods.delete("any", &delete).await.map(drop)),
        ("list ConfigMaps", maps.list(&list).await.map(drop)),
        (
            "create a ConfigMap",
            maps.create(&create, &map).await.map(drop),
        ),
        (
            "delete a Deployment",
            deployments.delete("webapp", &delete).await.map(drop),
        ),
        (
            "list Secrets of a seat",
            secrets.list(&list).await.map(drop),
        ),
        (
            "list Secrets of all",
            all_secrets.list(&list).await.map(drop),
        ),
        (
            "list Secrets of the system",
            system.list(&list).await.map(drop),
        ),
        (
            "make a seat",
            seats.create(&create, &secret).await.map(drop),
        ),
        (
            "delete a seat",
            seats.delete("seat-01", &delete).await.map(drop),
        ),
        (
            "make a token",
            accounts
                .create_token_request("attendee", &create, &token)
                .await
                .map(drop),
        ),
    ] {
        forbidden(what, answer);
    }
}

/// Only accounts `attendee` of seats.
async fn the_panel_impersonates_nobody_else(panel: &Client) {
    for (header, value) in [
        ("impersonate-user", "admin"),
        (
            "impersonate-user",
            "system:serviceaccount:kube-system:default",
        ),
        ("impersonate-user", "system:serviceaccount:default:attendee"),
        ("impersonate-user", "system:serviceaccount:workshop:panel"),
    ] {
        let mut request = Request::get("/api/v1/namespaces/default/pods")
            .body(Vec::new())
            .expect("it is a request");
        let name = HeaderName::from_static(header);
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
        let answer = panel.request_text(request).await;
        let said = forbidden(value, answer.map(drop));
        assert!(said.contains("impersonate"), "{said}");
    }
}

/// By another process than the one that holds the stream.
async fn what_the_instructor_ends_has_ended(installed: &Installed, address: &str) {
    let browser = Browser::sign_in(address, &installed.seats[1].code).await;
    let events = browser.events().await;
    let administrator = Client::try_from(
        kube::Config::infer()
            .await
            .expect("KUBECONFIG is the administrator's"),
    )
    .expect("it makes a client");
    let store = SeatStore::new(administrator, NAMESPACE.to_owned());
    let ended = Instant::now();
    store
        .sign_out(SeatNumber(2))
        .await
        .expect("the Secret can be written");
    let end = tokio::time::timeout(Duration::from_secs(20), events.end());
    let end = end.await.expect("the stream ends at all");
    let took = ended.elapsed();
    assert_eq!(end, app::model::SessionEnd::SignedOutByInstructor);
    println!("a stream ended {took:?} after another process signed its seat out");
    assert!(took < STREAM_ENDS_WITHIN, "only after {took:?}");
    let status = browser.status("GET", "/session").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

/// What the cluster's own audit log says of the panel's writes, if `WORKSHOP_TEST_AUDIT_LOG` names it.
pub(crate) fn audit_names_the_attendee(installed: &Installed) {
    let Some(file) = std::env::var_os("WORKSHOP_TEST_AUDIT_LOG") else {
        println!("WORKSHOP_TEST_AUDIT_LOG is not set: the cluster's audit log is not read");
        return;
    };
    let log = std::fs::read_to_string(file).expect("the audit log can be read");
    let one = &installed.seats[0].namespace;
    let attendee = format!("system:serviceaccount:{one}:attendee");
    let mut agents = std::collections::BTreeSet::new();
    let mut deploys = 0;
    for line in log.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        let is_panels = entry["user"]["username"] == "system:serviceaccount:workshop:panel";
        if !is_panels || entry["objectRef"]["namespace"] != one.as_str() {
            continue;
        }
        let verb = entry["verb"].as_str().unwrap_or_default();
        if ["get", "list", "watch"].contains(&verb) && entry["impersonatedUser"].is_null() {
            continue;
        }
        let refused = entry["responseStatus"]["code"].as_i64() == Some(403);
        if refused {
            continue;
        }
        // Whatever it wrote, and every log that it read, is the attendee's.
        assert_eq!(
            entry["impersonatedUser"]["username"],
            attendee.as_str(),
            "{line}"
        );
        let agent = entry["userAgent"].as_str().unwrap_or_default();
        agents.insert(agent.to_owned());
        deploys += u32::from(verb == "patch" && entry["objectRef"]["resource"] == "deployments");
    }
    assert!(deploys > 0, "the Deployment was applied as {attendee}");
    println!("the cluster's audit log: as {attendee}, by {agents:?}");
    for who in ["(seat 01)", "(instructor)"] {
        let named = agents.iter().any(|agent| agent.contains(who));
        assert!(named, "{who} is not in {agents:?}");
    }
}

fn forbidden(what: &str, answer: kube::Result<()>) -> String {
    match answer {
        Err(kube::Error::Api(status)) if status.code == 403 => status.message.clone(),
        Err(error) => panic!("{what} should have been refused with 403, but: {error}"),
        Ok(()) => panic!("{what} should have been refused, but was done"),
    }
}
