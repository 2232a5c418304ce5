//! The ReplicaSets of one Deployment: found, made, sized, cleaned up. Called by the Deployment controller.
//!
//! Upstream: `getNewReplicaSet`, `scaleReplicaSet` and `cleanupDeployment` in `pkg/controller/deployment/sync.go`.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, ReplicaSet, ReplicaSetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::{Sync, revision, rollout, status, template};
use crate::controllers::ownership::{claim, controlled_by};
use crate::controllers::recorder::{Kind, Recorder, reference};
use crate::status::{Result, Status};
use crate::store::{DeleteOptions, Store};

/// The one of the present template, and the others, oldest first.
pub(super) struct ReplicaSets {
    pub(super) new: Option<ReplicaSet>,
    pub(super) old: Vec<ReplicaSet>,
}

impl ReplicaSets {
    /// Those that the Deployment controls, those included that it takes over; the new one gets its revision.
    pub(super) fn find(store: &Store, sync: &Sync<'_>) -> Result<Self> {
        let mut sets: Vec<ReplicaSet> = claim(store, sync.deployment, &sync.spec.selector)?;
        sets.sort_by(|a, b| {
            let age = |set: &ReplicaSet| {
                let created = set.metadata.creation_timestamp.as_ref();
                (created.map(|time| time.0), revision::of(&set.metadata))
            };
            age(a).cmp(&age(b))
        });
        let new = sets.iter().position(|set| {
            set.spec
                .as_ref()
                .and_then(|set| set.template.as_ref())
                .is_some_and(|template| template::same(template, &sync.spec.template))
        });
        let new = new.map(|index| sets.remove(index));
        let mut sets = Self { new, old: sets };
        if let Some(new) = &sets.new {
            let (written, newest) = (new.clone(), sets.newest_old() + 1);
            sets.new = Some(Self::renew(store, sync, written, newest)?);
        }
        Ok(sets)
    }

    /// All, the new one last.
    pub(super) fn all(&self) -> Vec<ReplicaSet> {
        self.old.iter().chain(&self.new).cloned().collect()
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut ReplicaSet> {
        self.old.iter_mut().chain(&mut self.new)
    }

    fn newest_old(&self) -> i64 {
        let revisions = self.old.iter().map(|set| revision::of(&set.metadata));
        revisions.max().unwrap_or(0)
    }

    /// What the Deployment says of an existing new ReplicaSet beside its template.
    fn renew(store: &Store, sync: &Sync<'_>, set: ReplicaSet, newest: i64) -> Result<ReplicaSet> {
        let written = store.modify::<ReplicaSet>(
            &sync.key.namespace,
            set.metadata.name.as_deref().unwrap_or(""),
            |set| {
                revision::set(&mut set.metadata, sync.deployment, newest);
                if let Some(spec) = &mut set.spec {
                    spec.min_ready_seconds = sync.spec.min_ready_seconds;
                }
            },
        )?;
        let set = written.unwrap_or(set);
        let name = set.metadata.name.clone().unwrap_or_default();
        let revision = revision::of(&set.metadata).to_string();
        let now = store.clock();
        store.modify::<Deployment>(&sync.key.namespace, &sync.key.name, |deployment| {
            note_revision(deployment, &revision);
            status::note_found(deployment, &name, now);
        })?;
        Ok(set)
    }

    /// The new ReplicaSet, made if there is none.
    pub(super) fn ensure_new(
        &mut self,
        store: &Store,
        recorder: &mut Recorder,
        sync: &Sync<'_>,
    ) -> Result<ReplicaSet> {
        if let Some(new) = &self.new {
            return Ok(new.clone());
        }
        let wanted = rollout::new_replicas(sync.spec, 0, &self.old);
        let mut set = blank(sync, wanted);
        let newest = self.newest_old() + 1;
        revision::set(&mut set.metadata, sync.deployment, newest);
        revision::set_sizes(&mut set.metadata, sync.spec);
        let created = match store.create(&set) {
            Ok(created) => created,
            Err(error) => {
                note_refusal(store, sync, &error)?;
                return Err(error);
            }
        };
        if wanted > 0 {
            announce(recorder, sync.deployment, &created, 0, wanted);
        }
        let name = created.metadata.name.clone().unwrap_or_default();
        let now = store.clock();
        store.modify::<Deployment>(&sync.key.namespace, &sync.key.name, |deployment| {
            note_revision(deployment, &newest.to_string());
            status::note_created(deployment, &name, now);
        })?;
        self.new = Some(created.clone());
        Ok(created)
    }
}

fn note_revision(deployment: &mut Deployment, revision: &str) {
    let annotations = deployment.metadata.annotations.get_or_insert_default();
    annotations.insert(revision::REVISION.to_owned(), revision.to_owned());
}

fn note_refusal(store: &Store, sync: &Sync<'_>, error: &Status) -> Result<()> {
    let now = store.clock();
    store.modify::<Deployment>(&sync.key.namespace, &sync.key.name, |deployment| {
        status::note_refused(deployment, &error.message, now);
    })?;
    Ok(())
}

fn blank(sync: &Sync<'_>, replicas: i32) -> ReplicaSet {
    let hash = template::hash(&sync.spec.template);
    let hash_label = || (template::HASH_LABEL.to_owned(), hash.clone());
    let mut template = sync.spec.template.clone();
    let labels = template.metadata.get_or_insert_default();
    labels.labels.get_or_insert_default().extend([hash_label()]);
    let mut match_labels = sync.spec.selector.match_labels.clone().unwrap_or_default();
    match_labels.extend([hash_label()]);
    ReplicaSet {
        metadata: ObjectMeta {
            name: Some(format!("{}-{hash}", sync.key.name)),
            namespace: Some(sync.key.namespace.clone()),
            labels: template
                .metadata
                .as_ref()
                .and_then(|meta| meta.labels.clone()),
            owner_references: Some(vec![controlled_by(sync.deployment)]),
            ..ObjectMeta::default()
        },
        spec: Some(ReplicaSetSpec {
            replicas: Some(replicas),
            min_ready_seconds: sync.spec.min_ready_seconds,
            selector: LabelSelector {
                match_labels: Some(match_labels),
                match_expressions: sync.spec.selector.match_expressions.clone(),
            },
            template: Some(template),
        }),
        status: None,
    }
}

/// Sets a ReplicaSet's number, with the event (`scaleReplicaSet`).
pub(super) fn scale(
    store: &Store,
    recorder: &mut Recorder,
    sync: &Sync<'_>,
    set: &mut ReplicaSet,
    replicas: i32,
) -> Result<()> {
    let before = rollout::wanted(set);
    let written = store.modify::<ReplicaSet>(
        &sync.key.namespace,
        set.metadata.name.as_deref().unwrap_or(""),
        |set| {
            set.spec.get_or_insert_default().replicas = Some(replicas);
            revision::set_sizes(&mut set.metadata, sync.spec);
        },
    )?;
    if let Some(written) = written {
        *set = written;
    }
    if before != replicas {
        announce(recorder, sync.deployment, set, before, replicas);
    }
    Ok(())
}

fn announce(
    recorder: &mut Recorder,
    deployment: &Deployment,
    set: &ReplicaSet,
    from: i32,
    to: i32,
) {
    let direction = if to > from { "up" } else { "down" };
    let name = set.metadata.name.as_deref().unwrap_or("");
    recorder.event(
        &reference(deployment),
        Kind::Normal,
        "ScalingReplicaSet",
        &format!("Scaled {direction} replica set {name} from {from} to {to}"),
    );
}

/// Deletes what the revision history limit does not keep (`cleanupDeployment`).
pub(super) fn clean_up(store: &Store, spec: &DeploymentSpec, old: &[ReplicaSet]) -> Result<()> {
    let keep = usize::try_from(spec.revision_history_limit.unwrap_or(10)).unwrap_or_default();
    let mut alive: Vec<&ReplicaSet> = old
        .iter()
        .filter(|set| set.metadata.deletion_timestamp.is_none())
        .collect();
    alive.sort_by_key(|set| revision::of(&set.metadata));
    let surplus = alive.len().saturating_sub(keep);
    let is_empty = |set: &&ReplicaSet| {
        let observed = set
            .status
            .as_ref()
            .and_then(|status| status.observed_generation);
        rollout::wanted(set) == 0
            && rollout::existing(set) == 0
            && set.metadata.generation <= observed
    };
    for set in alive.into_iter().take(surplus).filter(is_empty) {
        let deleted = store.delete::<ReplicaSet>(
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
