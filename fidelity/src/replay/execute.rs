//! Carries out commands on the simulator by its `kube::Client`, in the time that kubectl took for them.

use std::time::Duration;

use kube::Client;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, Preconditions,
    PropagationPolicy,
};
use kube::core::GroupVersionKind;
use kube::discovery::{Scope, pinned_kind};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::command::{Body, Cascade, Command, Deletion, PatchType};
use super::pace::Pace;
use super::target::{Kind, Target};
use crate::error::{Error, Result};
use crate::recorder::{Answer, Kubectl};

/// What kubectl's own writes bear.
const MANAGER: &str = "kubectl-client-side-apply";
/// kubectl needs about this long to start and to ask; a deletion's own time is longer only as it waits for the end.
const STARTING: Duration = Duration::from_millis(120);
/// Between two looks whether something is gone, and when to stop looking.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(600);

/// kubectl, imitated.
pub(super) struct Imitation<'a> {
    client: Client,
    namespace: &'a str,
    commands: &'a [Option<Command>],
    pace: &'a Pace,
}

impl<'a> Imitation<'a> {
    pub(super) fn new(
        client: Client,
        namespace: &'a str,
        commands: &'a [Option<Command>],
        pace: &'a Pace,
    ) -> Self {
        Self {
            client,
            namespace,
            commands,
            pace,
        }
    }

    async fn carry_out(&self, number: usize, command: &Command) -> kube::Result<Vec<String>> {
        let time = self.pace.of(number);
        match command {
            Command::Apply { objects } => self.apply(objects, time).await,
            Command::Delete(deletion) => {
                sleep(time.min(STARTING)).await;
                self.delete(deletion).await
            }
            Command::Patch {
                target,
                patch,
                body,
            } => {
                sleep(time).await;
                self.patch(number, target, *patch, body).await?;
                Ok(vec![told(target, "patched")])
            }
        }
    }

    /// One after the other, evenly over the time: a webhook makes the last one late, not the first.
    async fn apply(&self, objects: &[Value], time: Duration) -> kube::Result<Vec<String>> {
        let parameters = PatchParams::apply(MANAGER).force();
        let each = time
            .checked_div(u32::try_from(objects.len()).unwrap_or(u32::MAX))
            .unwrap_or_default();
        let mut said = Vec::new();
        for object in objects {
            sleep(each).await;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let target = Target {
                kind: (text(&object["apiVersion"]), text(&object["kind"])),
                name: text(&object["metadata"]["name"]),
            };
            let api = self.api(&target.kind).await?;
            let patch = Patch::Apply(object);
            api.patch(&target.name, &parameters, &patch).await?;
            said.push(told(&target, "applied"));
        }
        Ok(said)
    }

    async fn delete(&self, deletion: &Deletion) -> kube::Result<Vec<String>> {
        let mut targets = deletion.targets.clone();
        if let Some((kind, selector)) = &deletion.collection {
            let parameters = ListParams {
                label_selector: selector.clone(),
                ..ListParams::default()
            };
            let list = self.api(kind).await?.list(&parameters).await?;
            targets.extend(list.items.into_iter().filter_map(|object| {
                Some(Target {
                    kind: kind.clone(),
                    name: object.metadata.name?,
                })
            }));
        }
        let mut going = Vec::new();
        for target in &targets {
            let api = self.api(&target.kind).await?;
            let found = match api.get_opt(&target.name).await? {
                Some(found) => found,
                None if deletion.ignore_not_found => continue,
                None => api.get(&target.name).await?,
            };
            let parameters = DeleteParams {
                grace_period_seconds: deletion.grace_period_s,
                propagation_policy: Some(match deletion.cascade {
                    Cascade::Background => PropagationPolicy::Background,
                    Cascade::Foreground => PropagationPolicy::Foreground,
                    Cascade::Orphan => PropagationPolicy::Orphan,
                }),
                preconditions: Some(Preconditions {
                    uid: found.metadata.uid.clone(),
                    resource_version: None,
                }),
                ..DeleteParams::default()
            };
            api.delete(&target.name, &parameters).await?;
            going.push((api, target.name.clone(), found.metadata.uid));
        }
        if deletion.wait {
            let began = Instant::now();
            for (api, name, uid) in going {
                while api
                    .get_opt(&name)
                    .await?
                    .is_some_and(|o| o.metadata.uid == uid)
                    && began.elapsed() < PATIENCE
                {
                    sleep(LOOK_EVERY).await;
                }
            }
        }
        Ok(targets
            .iter()
            .map(|target| told(target, "deleted"))
            .collect())
    }

    async fn patch(
        &self,
        number: usize,
        target: &Target,
        patch: PatchType,
        body: &Body,
    ) -> kube::Result<()> {
        let api = self.api(&target.kind).await?;
        let body = match body {
            Body::Fixed(body) => body.clone(),
            Body::Restart => json!({"spec": {"template": {"metadata": {"annotations": {
                // kubectl writes the time; that it is new is all that matters.
                "kubectl.kubernetes.io/restartedAt": format!("step {number}"),
            }}}}}),
        };
        let patch = match patch {
            PatchType::Json => {
                Patch::Json::<Value>(serde_json::from_value(body).map_err(kube::Error::SerdeError)?)
            }
            PatchType::Merge => Patch::Merge(body),
            PatchType::Strategic => Patch::Strategic(body),
        };
        let parameters = PatchParams::default();
        api.patch(&target.name, &parameters, &patch).await.map(drop)
    }

    async fn api(&self, (api_version, kind): &Kind) -> kube::Result<Api<DynamicObject>> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = GroupVersionKind::gvk(group, version, kind);
        let (resource, capabilities): (ApiResource, _) = pinned_kind(&self.client, &kind).await?;
        Ok(match capabilities.scope {
            Scope::Cluster => Api::all_with(self.client.clone(), &resource),
            Scope::Namespaced => {
                Api::namespaced_with(self.client.clone(), self.namespace, &resource)
            }
        })
    }
}

fn told(target: &Target, what: &str) -> String {
    format!("{}/{} {what}", target.kind.1.to_lowercase(), target.name)
}

impl Kubectl for Imitation<'_> {
    async fn run(&self, number: usize, step: &str) -> Result<Answer> {
        let command = self.commands.get(number).and_then(Option::as_ref);
        let command = command.ok_or_else(|| Error::Command {
            step: step.to_owned(),
            what: "it was not understood beforehand".to_owned(),
        })?;
        match self.carry_out(number, command).await {
            Ok(said) => Ok(Answer {
                exit: 0,
                output: said.join("\n"),
            }),
            Err(kube::Error::Api(status)) => Ok(Answer {
                exit: 1,
                output: format!("Error from server ({}): {}", status.reason, status.message),
            }),
            Err(error) => Err(Error::api(format!("carry out `{step}`"))(error)),
        }
    }
}
