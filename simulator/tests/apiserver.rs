//! What only the simulator can show: identities, faults, logs, the audit, HTTP.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use futures::{AsyncBufReadExt, StreamExt, TryStreamExt, pin_mut};
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Node, Pod, ServiceAccount};
use kube::api::{Api, ListParams, LogParams, PostParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, Config, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use simulator::store::pod_log::LogKey;
use simulator::{Identity, MetricsApi, Options, Simulator};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

fn from_json<K: DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).unwrap()
}

/// A cluster with the namespaces `ws` and `other`, where `ws:attendee` may read pods and their logs in `ws`, and
/// `panel:panel` may act as that account.
fn mk_simulator(options: Options) -> Simulator {
    let simulator = Simulator::new(options).unwrap();
    let store = simulator.store();
    for name in ["ws", "other", "panel"] {
        let namespace: Namespace = from_json(json!({"metadata": {"name": name}}));
        store.create(&namespace).unwrap();
    }
    let attendee: ServiceAccount =
        from_json(json!({"metadata": {"name": "attendee", "namespace": "ws"}}));
    store.create(&attendee).unwrap();
    for (name, rule, account) in [
        (
            "attendee",
            json!({"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]}),
            ("ws", "attendee"),
        ),
        (
            "panel",
            json!({"verbs": ["impersonate"], "apiGroups": [""], "resources": ["serviceaccounts"], "resourceNames": ["attendee"]}),
            ("panel", "panel"),
        ),
    ] {
        let role: k8s_openapi::api::rbac::v1::Role =
            from_json(json!({"metadata": {"name": name, "namespace": "ws"}, "rules": [rule]}));
        store.create(&role).unwrap();
        let binding: k8s_openapi::api::rbac::v1::RoleBinding = from_json(json!({
            "metadata": {"name": name, "namespace": "ws"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "namespace": account.0, "name": account.1}],
        }));
        store.create(&binding).unwrap();
    }
    simulator
}

fn mk_pod() -> Pod {
    from_json(json!({
        "metadata": {"name": "locust", "namespace": "ws"},
        "spec": {"nodeName": "node-1", "containers": [{"name": "locust", "image": "locust:1"}]},
    }))
}

fn message<T: std::fmt::Debug>(result: kube::Result<T>) -> String {
    match result.unwrap_err() {
        kube::Error::Api(status) => format!("{} {}", status.code, status.message),
        other => panic!("no answer of the API: {other}"),
    }
}

/// A client that impersonates, over the identity of another.
fn acting_as(simulator: &Simulator, caller: Identity, user: &'static str) -> Client {
    let service = simulator.service(caller);
    let service = tower::ServiceBuilder::new()
        .map_request(move |mut request: http::Request<kube::client::Body>| {
            let user = http::HeaderValue::from_static(user);
            request.headers_mut().insert("impersonate-user", user);
            request
        })
        .service(service);
    Client::new(service, "ws")
}

#[tokio::test(start_paused = true)]
async fn account_without_a_role_is_told_what_it_lacks() {
    let simulator = mk_simulator(Options::default());
    let client = simulator.client(Identity::service_account("ws", "attendee"));
    let own: Api<Pod> = Api::namespaced(client.clone(), "ws");
    own.list(&ListParams::default()).await.unwrap();
    let other: Api<Pod> = Api::namespaced(client.clone(), "other");
    assert_eq!(
        message(other.list(&ListParams::default()).await),
        "403 pods is forbidden: User \"system:serviceaccount:ws:attendee\" cannot list resource \"pods\" in API group \"\" in the namespace \"other\""
    );
    let nodes: Api<Node> = Api::all(client);
    assert_eq!(
        message(nodes.get("node-1").await),
        "403 nodes \"node-1\" is forbidden: User \"system:serviceaccount:ws:attendee\" cannot get resource \"nodes\" in API group \"\" at the cluster scope"
    );
}

#[tokio::test(start_paused = true)]
async fn panel_acts_as_exactly_the_account_of_its_role() {
    let simulator = mk_simulator(Options::default());
    let panel = Identity::service_account("panel", "panel");
    let attendee = acting_as(
        &simulator,
        panel.clone(),
        "system:serviceaccount:ws:attendee",
    );
    simulator.audit().clear();
    Api::<Pod>::namespaced(attendee, "ws")
        .list(&ListParams::default())
        .await
        .unwrap();
    let event = simulator.audit().events().remove(0);
    assert_eq!(event.user, "system:serviceaccount:panel:panel");
    assert_eq!(
        event.impersonated_user.as_deref(),
        Some("system:serviceaccount:ws:attendee")
    );
    assert_eq!(
        (event.verb.as_str(), event.resource.as_str(), event.code),
        ("list", "pods", 200)
    );

    let default = acting_as(
        &simulator,
        panel.clone(),
        "system:serviceaccount:ws:default",
    );
    assert_eq!(
        message(
            Api::<Pod>::namespaced(default, "ws")
                .list(&ListParams::default())
                .await
        ),
        "403 serviceaccounts \"default\" is forbidden: User \"system:serviceaccount:panel:panel\" cannot impersonate resource \"serviceaccounts\" in API group \"\" in the namespace \"ws\""
    );
    let elsewhere = acting_as(&simulator, panel, "system:serviceaccount:other:attendee");
    assert!(
        message(
            Api::<Pod>::namespaced(elsewhere, "ws")
                .list(&ListParams::default())
                .await
        )
        .starts_with("403 ")
    );
}

#[tokio::test(start_paused = true)]
async fn watcher_of_kube_follows_through_a_cut_and_an_expired_version() {
    let simulator = mk_simulator(Options::default());
    let client = simulator.client(Identity::admin());
    let api: Api<ConfigMap> = Api::namespaced(client, "ws");
    let create = |name: &str| {
        let map: ConfigMap = from_json(json!({"metadata": {"name": name, "namespace": "ws"}}));
        simulator.store().create(&map).unwrap();
    };
    create("a");
    let events = watcher(api, watcher::Config::default()).default_backoff();
    pin_mut!(events);
    let mut seen = Vec::new();
    let mut read_until = async |wanted: &str| {
        loop {
            match events.next().await.unwrap() {
                Ok(Event::InitApply(map) | Event::Apply(map)) => seen.push(map.name_any()),
                Ok(Event::Init | Event::InitDone | Event::Delete(_)) | Err(_) => {}
            }
            if seen.last().is_some_and(|last| last == wanted) {
                return seen.clone();
            }
        }
    };
    read_until("a").await;
    create("b");
    read_until("b").await;
    simulator.faults().cut_watches();
    create("c");
    read_until("c").await;
    simulator
        .faults()
        .expire_versions_before(simulator.store().resource_version() + 1);
    simulator.faults().cut_watches();
    create("d");
    let seen = read_until("d").await;
    assert_eq!(
        seen,
        ["a", "b", "c", "a", "b", "c", "d"],
        "after 410 everything is listed again"
    );
}

#[tokio::test(start_paused = true)]
async fn log_is_followed_to_its_end() {
    let simulator = mk_simulator(Options::default());
    let pod = simulator.store().create(&mk_pod()).unwrap();
    let client = simulator.client(Identity::service_account("ws", "attendee"));
    let api: Api<Pod> = Api::namespaced(client, "ws");
    assert_eq!(
        message(api.logs("locust", &LogParams::default()).await),
        "400 container \"locust\" in pod \"locust\" is waiting to start: ContainerCreating"
    );
    let logs = simulator.store().logs();
    let key = LogKey::new(pod.uid().unwrap(), "locust");
    let write = |text: &str| logs.append(&key, simulator.clock().now(), text);
    write("one");
    tokio::time::advance(Duration::from_secs(10)).await;
    write("two");
    let params = LogParams {
        follow: true,
        timestamps: true,
        since_seconds: Some(5),
        ..LogParams::default()
    };
    let mut lines = api.log_stream("locust", &params).await.unwrap().lines();
    assert_eq!(
        lines.try_next().await.unwrap().unwrap(),
        "1970-01-01T00:00:10.000000000Z two"
    );
    write("three");
    assert_eq!(
        lines.try_next().await.unwrap().unwrap(),
        "1970-01-01T00:00:10.000000000Z three"
    );
    logs.close(&key);
    assert!(lines.try_next().await.unwrap().is_none());
    let tail = LogParams {
        tail_lines: Some(1),
        ..LogParams::default()
    };
    assert_eq!(api.logs("locust", &tail).await.unwrap(), "three\n");
}

#[tokio::test(start_paused = true)]
async fn faults_are_answered_as_a_cluster_answers_them() {
    let simulator = mk_simulator(Options::default());
    let client = simulator.client(Identity::admin());
    let metrics: Api<simulator::api::PodMetrics> = Api::namespaced(client.clone(), "ws");
    assert!(
        metrics
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    simulator.faults().set_metrics_api(MetricsApi::Absent);
    assert_eq!(
        message(metrics.list(&ListParams::default()).await),
        "404 the server could not find the requested resource"
    );
    simulator.faults().set_metrics_api(MetricsApi::Unavailable);
    assert_eq!(
        message(metrics.list(&ListParams::default()).await),
        "503 the server is currently unable to handle the request"
    );
    simulator.faults().set_keda_absent(true);
    let scaled: Api<simulator::api::ScaledObject> = Api::namespaced(client.clone(), "ws");
    assert!(message(scaled.list(&ListParams::default()).await).starts_with("404 "));
    simulator.faults().set_api_server_down(true);
    let pods: Api<Pod> = Api::namespaced(client, "ws");
    assert!(message(pods.list(&ListParams::default()).await).starts_with("503 "));
    simulator.faults().set_api_server_down(false);
    pods.list(&ListParams::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn answers_carry_the_simulated_date_and_warnings() {
    let simulator = mk_simulator(Options {
        start: "2026-01-01T09:00:00Z".parse().unwrap(),
        ..Options::default()
    });
    let job: k8s_openapi::api::batch::v1::Job = from_json(json!({
        "metadata": {"name": "load", "namespace": "ws"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "locust", "image": "locust:1"}]}}},
    }));
    simulator.store().create(&job).unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    let request = http::Request::delete("/apis/batch/v1/namespaces/ws/jobs/load")
        .body(kube::client::Body::empty())
        .unwrap();
    let response = simulator
        .service(Identity::admin())
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(response.headers()["date"], "Thu, 01 Jan 2026 09:01:00 GMT");
    let warning = response.headers()["warning"].to_str().unwrap();
    assert!(
        warning.starts_with("299 - \"child pods are preserved by default when jobs are deleted; "),
        "{warning}"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let job: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(job["metadata"]["finalizers"], json!(["orphan"]));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_says_so() {
    let simulator = mk_simulator(Options::default());
    let client = simulator.client(Identity::admin());
    let path = "/api/v1/namespaces/ws/pods/locust/exec";
    let request = http::Request::post(path).body(Vec::new()).unwrap();
    assert_eq!(
        message(client.request::<Value>(request).await),
        "501 the simulator does not serve pods/exec"
    );
}

/// The one test with a socket, and so with the real clock.
#[tokio::test]
async fn account_signs_in_over_http_with_its_token() {
    let simulator = mk_simulator(Options::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn({
        let (simulator, shutdown) = (simulator.clone(), shutdown.clone());
        async move { simulator.serve(listener, shutdown).await }
    });
    let admin = simulator.client(Identity::admin());
    let accounts: Api<ServiceAccount> = Api::namespaced(admin, "ws");
    let token = accounts
        .create_token_request(
            "attendee",
            &PostParams::default(),
            &from_json(json!({"metadata": {}, "spec": {"audiences": []}})),
        )
        .await
        .unwrap()
        .status
        .unwrap()
        .token;
    let connect = |token: Option<String>| {
        let mut config = Config::new(format!("http://{address}").parse().unwrap());
        config.auth_info.token = token.map(Into::into);
        config.default_retry = false;
        Api::<Pod>::namespaced(Client::try_from(config).unwrap(), "ws")
    };
    connect(Some(token))
        .list(&ListParams::default())
        .await
        .unwrap();
    let wrong = connect(Some("wrong".to_owned()))
        .list(&ListParams::default())
        .await;
    assert_eq!(message(wrong), "401 Unauthorized");
    let anonymous = connect(None).list(&ListParams::default()).await;
    assert!(message(anonymous).starts_with("403 pods is forbidden: User \"system:anonymous\""));
    shutdown.cancel();
    server.await.unwrap();
}
