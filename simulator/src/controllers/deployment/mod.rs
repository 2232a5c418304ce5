//! Turns a Deployment into ReplicaSets, and rolls from one to the next when its template changes.
//!
//! Upstream: `pkg/controller/deployment/` (`sync.go`, `rolling.go`, `recreate.go`, `progress.go`).

mod rollout;
mod status;
mod template;

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, ReplicaSet, ReplicaSetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::Controller;
use super::ownership::{Labels, controlled, controlled_by, owner_key, uid};
use super::queue::{Key, WorkQueue};
use super::recorder::{Kind, Recorder, reference};
use crate::status::Result;
use crate::store::resource::{DEPLOYMENTS, REPLICA_SETS};
use crate::store::{Change, ChangeType, DeleteOptions, Store};

const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";

pub(super) struct DeploymentController {
    store: Arc<Store>,
    queue: WorkQueue,
    recorder: Recorder,
}

impl DeploymentController {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self {
            queue: WorkQueue::default(),
            recorder: Recorder::new(Arc::clone(&store), "deployment-controller"),
            store,
        }
    }

    /// The ReplicaSet of the present template, made if need be, and the others, oldest first.
    fn replica_sets(
        &mut self,
        deployment: &Deployment,
        spec: &DeploymentSpec,
    ) -> Result<(ReplicaSet, Vec<ReplicaSet>)> {
        let namespace = deployment.metadata.namespace.as_deref().unwrap_or("");
        let mut sets: Vec<ReplicaSet> =
            controlled(&self.store, namespace, uid(&deployment.metadata));
        sets.sort_by_key(|set| revision(&set.metadata));
        let newest = sets.last().map_or(0, |set| revision(&set.metadata));
        let current = sets.iter().position(|set| {
            set.spec
                .as_ref()
                .and_then(|set| set.template.as_ref())
                .is_some_and(|template| template::same(template, &spec.template))
        });
        match current {
            Some(index) => {
                let mut set = sets.remove(index);
                let wanted = if sets.is_empty() || revision(&set.metadata) == newest {
                    newest.max(1)
                } else {
                    newest + 1
                };
                if revision(&set.metadata) != wanted {
                    set = self.annotate(&set, REVISION, &wanted.to_string())?;
                }
                Ok((set, sets))
            }
            None => {
                let set = self.create_replica_set(deployment, spec, &sets, newest + 1)?;
                Ok((set, sets))
            }
        }
    }

    fn create_replica_set(
        &mut self,
        deployment: &Deployment,
        spec: &DeploymentSpec,
        old: &[ReplicaSet],
        revision: i64,
    ) -> Result<ReplicaSet> {
        let name = deployment.metadata.name.as_deref().unwrap_or("");
        let hash = template::hash(&spec.template);
        let hash_label = || (template::HASH_LABEL.to_owned(), hash.clone());
        let mut template = spec.template.clone();
        template
            .metadata
            .get_or_insert_default()
            .labels
            .get_or_insert_default()
            .extend([hash_label()]);
        let mut match_labels = spec.selector.match_labels.clone().unwrap_or_default();
        match_labels.extend([hash_label()]);
        let set = ReplicaSet {
            metadata: ObjectMeta {
                name: Some(format!("{name}-{hash}")),
                namespace: deployment.metadata.namespace.clone(),
                labels: template
                    .metadata
                    .as_ref()
                    .and_then(|meta| meta.labels.clone()),
                annotations: Some(Labels::from([(REVISION.to_owned(), revision.to_string())])),
                owner_references: Some(vec![controlled_by(deployment)]),
                ..ObjectMeta::default()
            },
            spec: Some(ReplicaSetSpec {
                replicas: Some(0),
                min_ready_seconds: spec.min_ready_seconds,
                selector: LabelSelector {
                    match_labels: Some(match_labels),
                    match_expressions: spec.selector.match_expressions.clone(),
                },
                template: Some(template),
            }),
            status: None,
        };
        let wanted = rollout::new_replicas(spec, 0, old);
        let mut announced = set;
        announced.spec.get_or_insert_default().replicas = Some(wanted);
        set_sizes(&mut announced.metadata, spec);
        let created = self.store.create(&announced)?;
        if wanted > 0 {
            self.announce(deployment, &created, 0, wanted);
        }
        Ok(created)
    }

    fn annotate(&self, set: &ReplicaSet, key: &str, value: &str) -> Result<ReplicaSet> {
        let meta = &set.metadata;
        let written = self.store.modify::<ReplicaSet>(
            meta.namespace.as_deref().unwrap_or(""),
            meta.name.as_deref().unwrap_or(""),
            |set| {
                set.metadata
                    .annotations
                    .get_or_insert_default()
                    .insert(key.to_owned(), value.to_owned());
            },
        )?;
        Ok(written.unwrap_or_else(|| set.clone()))
    }

    /// Sets a ReplicaSet's number, with the event (`scaleReplicaSet`).
    fn scale(
        &mut self,
        deployment: &Deployment,
        spec: &DeploymentSpec,
        set: &mut ReplicaSet,
        replicas: i32,
    ) -> Result<()> {
        let before = rollout::wanted(set);
        let written = self.store.modify::<ReplicaSet>(
            set.metadata.namespace.as_deref().unwrap_or(""),
            set.metadata.name.as_deref().unwrap_or(""),
            |set| {
                set.spec.get_or_insert_default().replicas = Some(replicas);
                set_sizes(&mut set.metadata, spec);
            },
        )?;
        if let Some(written) = written {
            *set = written;
        }
        if before != replicas {
            self.announce(deployment, set, before, replicas);
        }
        Ok(())
    }

    fn announce(&mut self, deployment: &Deployment, set: &ReplicaSet, from: i32, to: i32) {
        let direction = if to > from { "up" } else { "down" };
        let name = set.metadata.name.as_deref().unwrap_or("");
        self.recorder.event(
            &reference(deployment),
            Kind::Normal,
            "ScalingReplicaSet",
            &format!("Scaled {direction} replica set {name} from {from} to {to}"),
        );
    }

    /// Deletes what the revision history limit does not keep (`cleanupDeployment`).
    fn clean_up(&self, spec: &DeploymentSpec, old: &[ReplicaSet]) -> Result<()> {
        let keep = usize::try_from(spec.revision_history_limit.unwrap_or(10)).unwrap_or_default();
        let surplus = old.len().saturating_sub(keep);
        let empty = |set: &&ReplicaSet| {
            rollout::wanted(set) == 0
                && set
                    .status
                    .as_ref()
                    .is_none_or(|status| status.replicas == 0)
                && set.metadata.deletion_timestamp.is_none()
        };
        for set in old.iter().take(surplus).filter(empty) {
            let deleted = self.store.delete::<ReplicaSet>(
                set.metadata.namespace.as_deref().unwrap_or(""),
                set.metadata.name.as_deref().unwrap_or(""),
                &DeleteOptions::background(),
            );
            if let Err(error) = deleted
                && !error.is_not_found()
            {
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Controller for DeploymentController {
    fn name(&self) -> &'static str {
        "deployment"
    }

    fn observe(&mut self, change: &Change) {
        if *change.resource == DEPLOYMENTS {
            if change.change_type == ChangeType::Deleted {
                self.queue.remove(&Key::of(change));
            } else {
                self.queue.add(Key::of(change));
            }
        } else if *change.resource == REPLICA_SETS
            && let Some(key) = owner_key(change, "Deployment")
        {
            self.queue.add(key);
        }
    }

    fn queue(&mut self) -> &mut WorkQueue {
        &mut self.queue
    }

    fn reconcile(&mut self, key: &Key) -> Result<()> {
        let Some(deployment) = self.store.get::<Deployment>(&key.namespace, &key.name) else {
            return Ok(());
        };
        let Some(spec) = deployment.spec.clone() else {
            return Ok(());
        };
        if deployment.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let (mut new, mut old) = self.replica_sets(&deployment, &spec)?;
        let plan = rollout::plan(&spec, &new, &old);
        for (set, replicas) in old.iter_mut().zip(plan.old) {
            if rollout::wanted(set) != replicas {
                self.scale(&deployment, &spec, set, replicas)?;
            }
        }
        if rollout::wanted(&new) != plan.new || !has_sizes(&new.metadata, &spec) {
            self.scale(&deployment, &spec, &mut new, plan.new)?;
        }
        self.clean_up(&spec, &old)?;
        let now = self.store.clock();
        let revision = revision(&new.metadata).to_string();
        let mut deadline = None;
        self.store
            .modify::<Deployment>(&key.namespace, &key.name, |deployment| {
                deployment
                    .metadata
                    .annotations
                    .get_or_insert_default()
                    .insert(REVISION.to_owned(), revision.clone());
                deadline = status::write(deployment, &spec, &new, &old, now);
            })?;
        if let Some(deadline) = deadline {
            self.queue.add_at(key.clone(), now.instant_of(deadline));
        }
        Ok(())
    }
}

fn revision(meta: &ObjectMeta) -> i64 {
    meta.annotations
        .as_ref()
        .and_then(|annotations| annotations.get(REVISION)?.parse().ok())
        .unwrap_or(0)
}

fn sizes(spec: &DeploymentSpec) -> [(String, String); 2] {
    let replicas = spec.replicas.unwrap_or(1);
    let most = replicas + rollout::max_surge(spec);
    [
        (DESIRED_REPLICAS.to_owned(), replicas.to_string()),
        (MAX_REPLICAS.to_owned(), most.to_string()),
    ]
}

fn set_sizes(meta: &mut ObjectMeta, spec: &DeploymentSpec) {
    meta.annotations.get_or_insert_default().extend(sizes(spec));
}

fn has_sizes(meta: &ObjectMeta, spec: &DeploymentSpec) -> bool {
    sizes(spec).iter().all(|(key, value)| {
        meta.annotations
            .as_ref()
            .is_some_and(|annotations| annotations.get(key) == Some(value))
    })
}
