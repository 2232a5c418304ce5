//! What a Kubernetes API does, as the workshop relies on it: one suite, written only against `kube::Client`.
//! Every behaviour runs on the simulator, and as an ignored test on the real cluster that `CONTRACT_KUBECONFIG`
//! names, each in a namespace of its own: `cargo test -p simulator --test contract -- --ignored`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod access;
mod apply;
mod bodies;
mod delete;
mod keda;
mod life;
mod life_autoscaler;
mod life_deployment;
mod life_job;
mod life_namespace;
mod life_pod;
mod limits;
mod logs;
mod metadata;
mod objects;
mod options;
mod patches;
mod paths;
mod raw;
mod refusals;
mod reviews;
mod roles;
mod selectors;
mod table;
mod versions;
mod watch;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

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

/// No behaviour takes longer, not even one that waits for a young cluster to forget.
const LIMIT: Duration = Duration::from_secs(720);

async fn in_time<F: Future<Output = ()>>(behaviour: F) {
    let done = tokio::time::timeout(LIMIT, behaviour).await;
    done.expect("the behaviour was not seen in time");
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
    in_time(behaviour(Place {
        client,
        namespace: "contract".to_owned(),
    }))
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
    in_time(behaviour(Place {
        client,
        namespace: namespace.clone(),
    }))
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
    reviews::account_can_ask_what_it_may,
    reviews::account_can_list_its_rules,
    reviews::admin_can_ask_for_others,
    access::refusal_names_who_what_and_where,
    access::who_acts_as_another_has_the_others_rights,
    roles::nobody_grants_what_he_lacks,
    roles::roles_and_bindings_are_checked,
    reviews::account_gets_tokens_for_a_while,
    apply::every_write_is_recorded_with_its_fields,
    apply::applied_deployment_owns_what_was_sent,
    apply::same_value_is_owned_together,
    apply::apply_can_demand_a_version,
    apply::apply_must_be_complete_and_fit_the_schema,
    bodies::malformed_json_is_refused,
    bodies::yaml_is_read_where_it_is_announced,
    bodies::value_of_another_type_is_refused,
    bodies::body_of_another_kind_is_refused,
    bodies::media_type_must_be_known,
    bodies::body_must_fit_its_path,
    bodies::huge_body_is_refused,
    delete::delete_options_are_checked_before_the_object,
    delete::delete_options_come_in_the_body_or_the_query,
    delete::precondition_can_be_a_version,
    delete::foreground_deletion_waits_for_what_blocks_it,
    delete::background_deletion_takes_dependents_afterwards,
    delete::orphans_lose_their_owner,
    delete::terminating_namespace_takes_nothing_new,
    keda::settings_without_meaning_are_warned_of,
    keda::webhook_names_what_it_misses,
    keda::schema_of_the_custom_resource_is_enforced,
    keda::unknown_fields_of_a_custom_resource_are_pruned,
    limits::quota_counts_what_is_used,
    limits::quota_of_a_scope_counts_only_its_pods,
    limits::limit_range_bounds_sizes_and_ratios,
    limits::limit_range_must_not_contradict_itself,
    logs::log_options_are_checked,
    logs::container_without_a_log_says_why,
    metadata::names_have_a_length,
    metadata::generated_name_keeps_what_fits_of_its_base,
    metadata::labels_and_references_are_checked,
    metadata::created_object_gets_the_servers_metadata,
    metadata::replace_leaves_the_servers_metadata,
    metadata::nothing_is_added_while_an_object_is_deleted,
    options::dry_run_answers_in_full_and_keeps_nothing,
    options::options_have_few_values,
    options::unknown_fields_are_refused_warned_of_or_ignored,
    options::duplicate_fields_are_refused_or_warned_of,
    options::yaml_with_a_key_twice_keeps_the_last,
    options::unknown_fields_of_patches_are_told,
    patches::json_patch_applies_whole_or_not_at_all,
    patches::merge_patch_must_be_an_object_that_fits,
    patches::strategic_patch_knows_containers_by_name,
    patches::strategic_patch_merges_finalizers_as_a_set,
    patches::status_and_the_rest_are_written_apart,
    patches::scale_is_read_written_and_checked,
    paths::path_that_leads_nowhere_is_not_found,
    paths::method_must_be_one_of_the_paths,
    selectors::sets_of_labels_select,
    selectors::label_selector_must_be_readable,
    selectors::field_selector_must_be_readable,
    table::kubectl_gets_rows,
    table::shape_must_be_one_that_is_served,
    table::items_of_a_list_say_no_kind,
    versions::read_may_ask_for_no_version_of_the_future,
    versions::list_shows_the_state_of_an_exact_version,
    versions::version_rules_of_lists_exclude_each_other,
    versions::watch_can_begin_with_what_is_there,
    versions::watch_needs_a_readable_version,
    versions::pages_show_the_state_of_the_first,
    versions::page_without_selector_counts_the_rest,
    versions::continue_token_must_be_the_servers,
    versions::old_version_is_expired,
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
