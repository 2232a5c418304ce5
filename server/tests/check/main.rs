//! `workshop check` on the simulator: a cluster on which all is well, and each broken in one way.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod world;

use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{LimitRange, Namespace, ResourceQuota, Secret};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use server::check::{Outcome, Wanted};
use server::cluster::Watching;
use server::names::{PANEL_ACCOUNT, PANEL_NAMESPACE};
use server::seats::provision::{self, Extras};
use server::workshop::manifests::Settings;
use simulator::{Identity, MetricsApi};
use tower::ServiceExt;
use world::{SEAT, SEATS, World, assert_cure, only_failure, wanted};

#[tokio::test(start_paused = true)]
async fn healthy_cluster_is_ready() {
    let world = World::new(8).await;
    let before = world.simulator.audit().events().len();
    let report = world.check().await;
    assert_eq!(
        report.verdict,
        "Ready for 3 seats × 10 pods",
        "{}",
        report.text()
    );
    assert_eq!(report.exit_code(), 0);
    insta::assert_snapshot!("healthy", report.text());

    // It wrote nothing: access reviews and the dry run of a ScaledObject leave no object.
    let audit = world.simulator.audit().events();
    for event in &audit[before..] {
        let reads = matches!(event.verb.as_str(), "get" | "list");
        let reviews = event.resource.contains("reviews");
        let refused = event.resource == "scaledobjects" && event.code == 403;
        assert!(reads || reviews || refused, "{event:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn report_is_one_json_object() {
    let world = World::new(8).await;
    let report = serde_json::to_value(world.check().await).unwrap();
    assert_eq!(report["ready"], json!(true));
    assert_eq!((&report["seats"], &report["pods"]), (&json!(3), &json!(10)));
    assert_eq!(report["verdict"], "Ready for 3 seats × 10 pods");
    let first = &report["checks"][0];
    assert_eq!(
        first,
        &json!({ "name": "API server", "outcome": "pass", "found": "v1.35.4" })
    );
}

#[tokio::test(start_paused = true)]
async fn panels_own_account_can_run_it_too() {
    let world = World::new(8).await;
    let panel = Identity::service_account(PANEL_NAMESPACE, PANEL_ACCOUNT);
    let report = world
        .check_with(&world.simulator.client(panel), wanted())
        .await;
    // What it may not read is not known, and says so; what it may ask is answered.
    for name in ["Node capacity", "Limit ranges"] {
        let check = report.get(name).unwrap();
        assert_eq!(check.outcome, Outcome::Warn, "{name}");
        assert!(
            check
                .found
                .starts_with("not known: this account may not read")
        );
    }
    for name in [
        "Panel's rights",
        "Panel's limits",
        "Acting as attendees",
        "Attendees' rights",
        "KEDA webhook",
        "Seats",
        "Quotas",
    ] {
        let check = report.get(name).unwrap();
        assert_eq!(check.outcome, Outcome::Pass, "{name}: {}", check.found);
    }
    assert_eq!(report.exit_code(), 0, "{}", report.text());
}

#[tokio::test(start_paused = true)]
async fn stranger_learns_that_nothing_may_be_read() {
    let world = World::new(8).await;
    let nobody = Identity::service_account("default", "default");
    let report = world
        .check_with(&world.simulator.client(nobody), wanted())
        .await;
    let warnings = report
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Warn);
    assert!(warnings.count() > 5, "{}", report.text());
}

#[tokio::test(start_paused = true)]
async fn cluster_that_is_away_could_not_be_checked() {
    let world = World::new(8).await;
    world.simulator.faults().set_api_server_down(true);
    let report = world.check().await;
    assert_eq!(report.exit_code(), 2);
    assert!(!report.ready);
    assert_eq!(report.checks.len(), 1);
}

/// An API server behind which everything hangs.
#[tokio::test(start_paused = true)]
async fn cluster_that_answers_nothing_but_its_version_ends_in_time() {
    let world = World::new(8).await;
    let service = world.simulator.service(Identity::admin());
    let hanging = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let answer = (request.uri().path() == "/version").then(|| service.clone().oneshot(request));
        async move {
            match answer {
                Some(answer) => answer.await,
                None => std::future::pending().await,
            }
        }
    });
    // `check_with` sees to the time.
    let report = world
        .check_with(&Client::new(hanging, "default"), wanted())
        .await;
    assert!(
        report
            .get("Seats")
            .unwrap()
            .found
            .contains("no answer in time")
    );
    assert_eq!(report.get("API server").unwrap().outcome, Outcome::Pass);
}

#[tokio::test(start_paused = true)]
async fn metrics_that_are_down_or_absent_fail_with_their_cure() {
    let world = World::new(8).await;
    let faults = world.simulator.faults();
    faults.set_metrics_api(MetricsApi::Unavailable);
    let report = world.check().await;
    assert_cure(
        only_failure(&report),
        "Metrics API",
        "kubectl describe apiservice",
    );
    faults.set_metrics_api(MetricsApi::Absent);
    let report = world.check().await;
    let check = only_failure(&report);
    assert_eq!(check.name, "Metrics API");
}

#[tokio::test(start_paused = true)]
async fn samples_that_grow_old_fail() {
    let world = World::new(8).await;
    world.shutdown.cancel();
    tokio::time::sleep(Duration::from_secs(180)).await;
    let report = world.check().await;
    let samples = report.get("Metrics samples").unwrap();
    assert_eq!(samples.outcome, Outcome::Fail);
    // KEDA's operator is gone with everything else.
    let operator = report.get("KEDA operator").unwrap();
    assert_eq!(operator.outcome, Outcome::Fail, "{}", operator.found);
}

#[tokio::test(start_paused = true)]
async fn absent_keda_fails_with_its_cure() {
    let world = World::with(8, |simulator| simulator.faults().set_keda_absent(true)).await;
    let report = world.check().await;
    assert_cure(only_failure(&report), "KEDA", "helm install keda");
}

#[tokio::test(start_paused = true)]
async fn too_small_nodes_say_how_many_seats_fit() {
    let world = World::new(1).await;
    let report = world.check().await;
    assert_eq!(report.exit_code(), 0, "{}", report.text());
    let many = Wanted {
        count: Some(SEATS),
        settings: Settings {
            app_cpu_request_m: 100,
            ..Settings::default()
        },
        ..wanted()
    };
    let report = world.check_with(&world.admin(), many).await;
    let nodes = report.get("Node capacity").unwrap();
    assert_eq!(nodes.outcome, Outcome::Fail, "{}", report.text());
    assert!(
        nodes
            .found
            .starts_with("room for 1 of 3 seats, too little CPU"),
        "{}",
        nodes.found
    );
    assert_cure(nodes, "Node capacity", "--app-cpu-request");
}

#[tokio::test(start_paused = true)]
async fn too_small_a_quota_fails_with_its_cure() {
    let world = World::new(8).await;
    let hard = json!({ "spec": { "hard": { "pods": "5" } } });
    world.patch::<ResourceQuota>("workshop", hard).await;
    let report = world.check().await;
    let check = only_failure(&report);
    assert_cure(check, "Quotas", "workshop seats create --count 3");
    assert!(
        check.found.contains("workshop-user-1: pods is 5"),
        "{}",
        check.found
    );
}

#[tokio::test(start_paused = true)]
async fn missing_rights_fail_with_their_cure() {
    let world = World::new(8).await;
    let roles: Api<ClusterRole> = Api::all(world.admin());
    let rules =
        json!({ "rules": [{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] }] });
    roles
        .patch(
            "workshop-panel-workshop",
            &PatchParams::default(),
            &Patch::Merge(rules),
        )
        .await
        .unwrap();
    let report = world.check().await;
    assert_cure(only_failure(&report), "Panel's rights", "--panel-rights");
}

#[tokio::test(start_paused = true)]
async fn seat_in_which_the_panel_may_not_act_is_named() {
    let world = World::new(8).await;
    let roles: Api<Role> = Api::namespaced(world.admin(), SEAT);
    roles
        .delete("workshop-panel-acts-as-attendee", &DeleteParams::default())
        .await
        .unwrap();
    world
        .patch::<Role>("attendee", json!({ "rules": [] }))
        .await;
    let report = world.check().await;
    let acting = report.get("Acting as attendees").unwrap();
    assert!(acting.found.ends_with(SEAT), "{}", acting.found);
    let attendees = report.get("Attendees' rights").unwrap();
    assert_eq!(attendees.outcome, Outcome::Fail);
    assert_cure(attendees, "Attendees' rights", "workshop seats create");
}

#[tokio::test(start_paused = true)]
async fn panel_that_may_too_much_is_a_warning() {
    let world = World::new(8).await;
    let binding: ClusterRoleBinding = serde_json::from_value(json!({
        "metadata": { "name": "too-much" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
        "subjects": [{ "kind": "ServiceAccount", "name": PANEL_ACCOUNT, "namespace": PANEL_NAMESPACE }],
    }))
    .unwrap();
    let bindings: Api<ClusterRoleBinding> = Api::all(world.admin());
    bindings
        .create(&PostParams::default(), &binding)
        .await
        .unwrap();
    let report = world.check().await;
    assert_eq!(report.exit_code(), 0, "{}", report.text());
    let limits = report.get("Panel's limits").unwrap();
    assert_eq!(limits.outcome, Outcome::Warn);
    assert!(
        limits.found.contains("create deployments.apps"),
        "{}",
        limits.found
    );
}

#[tokio::test(start_paused = true)]
async fn restricted_namespace_fails_with_its_command() {
    let world = World::new(8).await;
    let namespaces: Api<Namespace> = Api::all(world.admin());
    let label =
        json!({ "metadata": { "labels": { "pod-security.kubernetes.io/enforce": "restricted" } } });
    namespaces
        .patch(SEAT, &PatchParams::default(), &Patch::Merge(label))
        .await
        .unwrap();
    let report = world.check().await;
    assert_cure(
        only_failure(&report),
        "Pod Security",
        "kubectl label namespace workshop-user-1",
    );
}

#[tokio::test(start_paused = true)]
async fn limit_range_below_our_limits_fails() {
    let world = World::new(8).await;
    let range: LimitRange = serde_json::from_value(json!({
        "metadata": { "name": "small" },
        "spec": { "limits": [{ "type": "Container", "max": { "cpu": "200m" } }] },
    }))
    .unwrap();
    let ranges: Api<LimitRange> = Api::namespaced(world.admin(), SEAT);
    ranges.create(&PostParams::default(), &range).await.unwrap();
    let report = world.check().await;
    assert_cure(
        only_failure(&report),
        "Limit ranges",
        "kubectl edit limitrange",
    );
}

#[tokio::test(start_paused = true)]
async fn autoscaler_of_somebody_else_fails_with_its_command() {
    let world = World::new(8).await;
    let autoscaler: HorizontalPodAutoscaler = serde_json::from_value(json!({
        "metadata": { "name": "by-hand" },
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "webapp" },
        },
    }))
    .unwrap();
    let autoscalers: Api<HorizontalPodAutoscaler> = Api::namespaced(world.admin(), SEAT);
    autoscalers
        .create(&PostParams::default(), &autoscaler)
        .await
        .unwrap();
    let report = world.check().await;
    assert_cure(
        only_failure(&report),
        "Autoscalers",
        "kubectl delete hpa by-hand -n workshop-user-1",
    );
}

#[tokio::test(start_paused = true)]
async fn panel_of_namespaces_needs_its_roles_and_nothing_everywhere() {
    let world = World::new(8).await;
    let namespaced = || Wanted {
        watching: Watching::Namespaces,
        ..wanted()
    };
    // Made for the other kind: the seats' Roles let it read nothing there, the ClusterRole everything everywhere.
    let bindings: Api<ClusterRoleBinding> = Api::all(world.admin());
    let params = DeleteParams::default();
    bindings
        .delete("workshop-panel-workshop", &params)
        .await
        .unwrap();
    let report = world.check_with(&world.admin(), namespaced()).await;
    assert_cure(
        only_failure(&report),
        "Reading the seats",
        "workshop seats create --count 3 --namespaced",
    );
    let extras = Extras {
        watching: Watching::Namespaces,
        ..Extras::default()
    };
    world.make_seats(extras).await;
    let report = world.check_with(&world.admin(), namespaced()).await;
    assert_eq!(report.exit_code(), 0, "{}", report.text());

    provision::apply_panel_rights(&world.admin(), PANEL_NAMESPACE, Watching::Cluster)
        .await
        .unwrap();
    let report = world.check_with(&world.admin(), namespaced()).await;
    assert_eq!(report.exit_code(), 0, "{}", report.text());
    assert!(report.text().contains("list pods in all namespaces"));
}

#[tokio::test(start_paused = true)]
async fn missing_seats_and_secrets_fail_with_their_cure() {
    let world = World::new(8).await;
    let more = Wanted {
        count: Some(5),
        ..wanted()
    };
    let report = world.check_with(&world.admin(), more).await;
    assert_cure(
        only_failure(&report),
        "Seats",
        "workshop seats create --count 5",
    );

    let with_secrets = || Wanted {
        settings: Settings {
            image_pull_secrets: vec!["registry".to_owned()],
            ..Settings::default()
        },
        ..wanted()
    };
    let report = world.check_with(&world.admin(), with_secrets()).await;
    assert_cure(
        only_failure(&report),
        "Image pull secrets",
        "kubectl get secret",
    );
    for number in 1..=SEATS {
        let namespace = format!("workshop-user-{number}");
        let secrets: Api<Secret> = Api::namespaced(world.admin(), &namespace);
        let secret = json!({ "metadata": { "name": "registry" } });
        let secret = serde_json::from_value(secret).unwrap();
        secrets
            .create(&PostParams::default(), &secret)
            .await
            .unwrap();
    }
    let report = world.check_with(&world.admin(), with_secrets()).await;
    assert_eq!(report.exit_code(), 0, "{}", report.text());
}
