//! What a Kubernetes API does, as the workshop relies on it: one suite, written only against `kube::Client`.
//! Every behaviour runs on the simulator, and as an ignored test on the real cluster that `CONTRACT_KUBECONFIG`
//! names, each in a namespace of its own: `cargo test -p simulator --test contract -- --ignored`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod apply;
mod delete;
mod keda;
mod life;
mod life_autoscaler;
mod life_deployment;
mod life_job;
mod life_namespace;
mod life_pod;
mod objects;
mod refusals;
mod watch;

use std::collections::BTreeMap;
use std::future::Future;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ServiceAccount};
use kube::api::{Api, DeleteParams, PostParams};
use kube::core::Status;
use kube::{Client, Config};
use serde_json::json;
use simulator::{Identity, Options, Simulator};
use tokio_util::sync::CancellationToken;

/// A namespace to try things in, and whose it is.
pub(crate) struct Place {
    client: Client,
    namespace: String,
}

impl Place {
    /// The objects of a kind in this namespace.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }
}

/// Reads an object from JSON.
pub(crate) fn from_json<K: serde::de::DeserializeOwned>(value: serde_json::Value) -> K {
    serde_json::from_value(value).unwrap()
}

/// A ConfigMap with one entry.
pub(crate) fn mk_config_map(name: &str, value: &str) -> ConfigMap {
    let mut map: ConfigMap = from_json(json!({"metadata": {"name": name}}));
    map.data = Some(BTreeMap::from([("key".to_owned(), value.to_owned())]));
    map
}

/// The refusal that a call must end in.
pub(crate) fn refusal<T: std::fmt::Debug>(result: kube::Result<T>) -> Status {
    match result.unwrap_err() {
        kube::Error::Api(status) => *status,
        other => panic!("no answer of the API: {other}"),
    }
}

async fn on_simulator<F: Future<Output = ()>>(behaviour: impl FnOnce(Place) -> F) {
    let simulator = Simulator::new(Options::default()).unwrap();
    let running = simulator.clone();
    tokio::spawn(async move { running.run(CancellationToken::new()).await });
    let client = simulator.client(Identity::admin());
    let namespace: Namespace = from_json(json!({"metadata": {"name": "contract"}}));
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .unwrap();
    behaviour(Place {
        client,
        namespace: "contract".to_owned(),
    })
    .await;
}

async fn on_cluster<F: Future<Output = ()>>(behaviour: impl FnOnce(Place) -> F) {
    let path = std::env::var("CONTRACT_KUBECONFIG").expect("CONTRACT_KUBECONFIG names no file");
    let kubeconfig = kube::config::Kubeconfig::read_from(path).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &Default::default())
        .await
        .unwrap();
    config.default_retry = false;
    let client = Client::try_from(config).unwrap();
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let wanted: Namespace = from_json(json!({"metadata": {"generateName": "contract-"}}));
    let made = namespaces
        .create(&PostParams::default(), &wanted)
        .await
        .unwrap();
    let namespace = made.metadata.name.unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), &namespace);
    kube::runtime::wait::await_condition(
        accounts,
        "default",
        |account: Option<&ServiceAccount>| account.is_some(),
    )
    .await
    .unwrap();
    behaviour(Place {
        client,
        namespace: namespace.clone(),
    })
    .await;
    namespaces
        .delete(&namespace, &DeleteParams::background())
        .await
        .unwrap();
}

/// Makes two tests of each behaviour: one on the simulator, one on a real cluster.
macro_rules! contract {
    ($($module:ident::$behaviour:ident),+ $(,)?) => {
        mod simulated {
            $(
                #[tokio::test(start_paused = true)]
                async fn $behaviour() {
                    $crate::on_simulator($crate::$module::$behaviour).await;
                }
            )+
        }

        mod real {
            $(
                #[tokio::test]
                #[ignore = "needs the cluster that CONTRACT_KUBECONFIG names"]
                async fn $behaviour() {
                    $crate::on_cluster($crate::$module::$behaviour).await;
                }
            )+
        }
    };
}

contract! {
    objects::created_object_is_completed,
    objects::generation_counts_changes_of_the_spec,
    objects::name_can_be_generated,
    objects::same_name_twice_is_refused,
    objects::missing_object_is_not_found,
    objects::stale_replace_conflicts,
    objects::unchanged_patch_keeps_the_version,
    objects::lists_come_in_pages,
    objects::selectors_select,
    objects::scale_is_a_view_of_the_deployment,
    objects::quantities_are_canonical,
    apply::apply_creates_and_owns,
    apply::conflict_names_the_other_manager,
    apply::force_takes_the_field,
    apply::field_left_out_is_removed,
    apply::scaled_replicas_conflict_with_an_apply,
    apply::apply_needs_no_replicas,
    delete::job_without_policy_is_orphaned,
    delete::deleting_object_keeps_its_name,
    delete::precondition_guards_a_deletion,
    delete::collection_is_deleted_by_selector,
    refusals::deployment_needs_a_selector,
    refusals::selector_must_match_the_template,
    refusals::replicas_are_not_negative,
    refusals::name_must_be_a_subdomain,
    refusals::job_template_is_immutable,
    refusals::job_restarts_never_or_on_failure,
    refusals::quota_refuses_what_exceeds_it,
    refusals::quota_refuses_what_does_not_say_how_much,
    refusals::limit_range_fills_in_and_bounds,
    refusals::pod_without_a_node_has_an_empty_log,
    refusals::field_selector_knows_its_fields,
    keda::minimum_zero_is_refused_for_cpu,
    keda::container_without_request_is_refused,
    keda::second_scaled_object_is_refused,
    keda::minimum_above_maximum_is_refused,
    watch::watch_tells_changes_in_order,
    watch::selector_turns_changes_into_additions_and_deletions,
}

/// What lives: `cargo test -p simulator --test contract -- --ignored life`.
mod life_of {
    contract! {
        life_deployment::deployment_becomes_available,
        life_deployment::new_template_is_rolled_out_and_back,
        life_deployment::rollout_without_progress_misses_its_deadline,
        life_deployment::scaling_in_a_rollout_is_shared_out,
        life_deployment::paused_deployment_is_sized_but_not_rolled,
        life_deployment::recreate_waits_for_the_old_pods,
        life_deployment::cheapest_pod_goes_first,
        life_deployment::relabelled_pod_is_released_and_taken_back,
        life_deployment::full_quota_shows_on_replica_set_and_deployment,
        life_deployment::foreground_deletion_waits_for_the_dependents,
        life_deployment::orphaned_replica_set_is_adopted_again,
        life_job::job_completes,
        life_job::job_fails_at_its_backoff_limit,
        life_job::job_fails_at_its_deadline,
        life_job::job_is_suspended_and_resumed,
        life_job::finished_job_lives_as_long_as_it_may,
        life_job::restarts_in_place_count_against_the_limit,
        life_namespace::namespace_that_cannot_be_emptied_says_why,
        life_pod::pod_starts_and_ends,
        life_pod::crashing_container_is_restarted_later_each_time,
        life_pod::pull_is_tried_later_each_time,
        life_pod::image_that_nobody_pulls_is_refused,
        life_pod::container_waits_for_its_config_map,
        life_pod::pod_waits_for_its_volume,
        life_pod::failed_probes_are_told_and_kill,
        life_pod::pod_is_ended_at_its_deadline,
        life_pod::deleted_pod_has_its_grace,
        life_pod::pod_that_fits_nowhere_says_why,
        life_autoscaler::autoscaler_is_made_of_the_scaled_object,
        life_autoscaler::autoscaler_gets_its_first_value,
        life_autoscaler::edited_or_deleted_autoscaler_is_put_back,
        life_autoscaler::pause_takes_the_autoscaler_away,
        life_autoscaler::paused_scale_in_disables_one_direction,
        life_autoscaler::deleted_scaled_object_takes_its_autoscaler_along,
        life_autoscaler::missing_target_is_told_at_the_next_poll,
    }
}
