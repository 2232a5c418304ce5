//! Settings: changes the app's ScaledObject and Deployment while they run, whoever made them, by Server-Side Apply of the
//! changed fields alone. Acts as the attendee.

use app::Sealed;
use app::model::{
    AppSettings, Nowhere, OwnedField, Problem, Refused, Setting, SettingOf, SettingsForm, Snapshot,
    WhyRefused, Wrong,
};
use app::words;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{LimitRange, ResourceQuota};
use kube::api::{ApiResource, DynamicObject};
use serde_json::{Value, json};

use super::hands::{Hands, Recorded};
use super::own_fields::own_fields;
use super::refusal::{conflict, field_owner};
use super::room::{self, Limits};
use crate::error::{Error, Result};
use crate::names::FIELD_MANAGER;
use crate::workshop::manifests::{APP, read};

/// An object may change between a read and a write, as while it is scaled.
const TRIES: u32 = 5;

/// The app's two objects as they are now.
struct Live {
    scaled_object: Option<Value>,
    deployment: Option<Value>,
    /// The app's container.
    container: Option<String>,
}

impl Live {
    fn settings(&self) -> AppSettings {
        let scaled = self.scaled_object.as_ref().map(read::of_scaled_object);
        let app = self.deployment.as_ref().zip(self.container.as_ref());
        let app = app.map(|(deployment, container)| read::of_deployment(deployment, container));
        scaled.unwrap_or_default().or(&app.unwrap_or_default())
    }

    /// Why a setting cannot be changed here.
    fn nowhere(&self, setting: Setting) -> Option<Nowhere> {
        match setting.of() {
            SettingOf::ScaledObject => match &self.scaled_object {
                None => Some(Nowhere::NoObject),
                Some(object) if setting == Setting::Target => {
                    let object_name = name("ScaledObject", object);
                    read::cpu_trigger(object)
                        .is_none()
                        .then_some(Nowhere::NoTrigger {
                            object: object_name,
                        })
                }
                Some(_) => None,
            },
            SettingOf::Deployment => match (&self.deployment, &self.container) {
                (None, _) => Some(Nowhere::NoObject),
                (Some(object), None) => Some(Nowhere::ManyContainers {
                    object: name("Deployment", object),
                    containers: containers(object).count() as u32,
                }),
                (Some(_), Some(_)) => None,
            },
        }
    }
}

/// Changes what the form asks for.
pub(super) async fn change(
    hands: &Hands,
    snapshot: Option<&Snapshot>,
    form: &SettingsForm,
    take_over: bool,
) -> Result<()> {
    let refused = |why| {
        let typed = form.typed.clone();
        let refused = Refused { typed, why };
        Error::Refused(app::Error::Settings {
            message: words::settings::refused(&refused),
            refused: Sealed::new(&refused),
        })
    };
    let problems = |problems| refused(WhyRefused::Problems { problems });
    let asked = form.typed.changes(&form.were).map_err(problems)?;
    if asked.known().next().is_none() {
        return Err(refused(WhyRefused::Nothing));
    }
    let limits = limits(hands).await?;
    for tries_left in (0..TRIES).rev() {
        let live = read(hands, snapshot).await?;
        let present = live.settings();
        let mut wanted = AppSettings::default();
        for (setting, value) in asked.known() {
            wanted.set(
                setting,
                Some(value).filter(|value| present.get(setting) != Some(*value)),
            );
        }
        let found = check(&live, &present, &wanted, &limits);
        if !found.is_empty() {
            return Err(problems(found));
        }
        hands.note(|done| {
            done.set = asked.known().collect();
            done.room = room::note(&limits, &wanted.or(&present));
        });
        match apply(hands, &live, &wanted, take_over).await {
            Ok(fields) if fields.is_empty() => return Ok(()),
            Ok(fields) => return Err(refused(WhyRefused::Owned { fields })),
            Err(error) => {
                let fields = owned(&error);
                if !fields.is_empty() {
                    return Err(refused(WhyRefused::Owned { fields }));
                }
                // Somebody wrote the object since it was read.
                if !error.is_conflict() || tries_left == 0 {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

/// What is wrong with the wanted values where they would go.
fn check(
    live: &Live,
    present: &AppSettings,
    wanted: &AppSettings,
    limits: &Limits,
) -> Vec<Problem> {
    let nowhere = wanted.known().filter_map(|(setting, _)| {
        let why = live.nowhere(setting)?;
        Some(Problem {
            setting,
            wrong: Wrong::Nowhere { why },
        })
    });
    let mut problems: Vec<_> = nowhere.collect();
    let all = wanted.or(present);
    problems.extend(all.contradictions(wanted));
    problems.extend(room::problems(limits, &all, wanted));
    problems
}

/// The quotas and limit ranges of the namespace.
async fn limits(hands: &Hands) -> Result<Limits> {
    let (quotas, ranges) = (hands.of::<ResourceQuota>(), hands.of::<LimitRange>());
    let (quotas, ranges) = futures::try_join!(quotas.list(None), ranges.list(None))?;
    Ok(Limits { quotas, ranges })
}

fn deployments(hands: &Hands) -> Recorded<DynamicObject> {
    hands.dynamic(&ApiResource::erase::<Deployment>(&()))
}

async fn read(hands: &Hands, snapshot: Option<&Snapshot>) -> Result<Live> {
    let app = snapshot.and_then(|seen| Some(seen.deployment.as_ref()?.name.as_str()));
    let scaled = snapshot.and_then(|seen| Some(seen.scaled_object.as_ref()?.name.as_str()));
    if app.is_none() && scaled.is_none() {
        let message = "Nothing is deployed yet. Deploy first.".to_owned();
        return Err(Error::Refused(conflict(message)));
    }
    let deployment = get(&deployments(hands), app).await?;
    let scaled_object = get(&hands.scaled_objects(), scaled).await?;
    let container = deployment.as_ref().and_then(app_container);
    for object in [&deployment, &scaled_object].into_iter().flatten() {
        if object["metadata"]["deletionTimestamp"].is_string() {
            let name = name(object["kind"].as_str().unwrap_or_default(), object);
            let message = format!("{name} is still being removed. Deploy again when it is gone.");
            return Err(Error::Refused(conflict(message)));
        }
    }
    Ok(Live {
        scaled_object,
        deployment,
        container,
    })
}

async fn get(of: &Recorded<DynamicObject>, name: Option<&str>) -> Result<Option<Value>> {
    let Some(name) = name else {
        return Ok(None);
    };
    let found = of.get(name).await?;
    Ok(found.and_then(|object| serde_json::to_value(object).ok()))
}

fn containers(deployment: &Value) -> impl Iterator<Item = &str> {
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array();
    let containers = containers.into_iter().flatten();
    containers.filter_map(|container| container["name"].as_str())
}

/// The container that the handout calls `webapp`, or the only one.
fn app_container(deployment: &Value) -> Option<String> {
    let all: Vec<_> = containers(deployment).collect();
    let found = match all[..] {
        [only] => Some(only),
        _ => all.into_iter().find(|name| *name == APP),
    };
    found.map(str::to_owned)
}

fn name(kind: &str, object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    format!("{kind} {name}")
}

/// One object with its change.
struct Write {
    of: Recorded<DynamicObject>,
    name: String,
    config: Value,
    command: String,
}

/// Writes the objects concerned, and no other. What others own is asked about all at once, before any of it is written;
/// returned is what they own, and then nothing was written.
async fn apply(
    hands: &Hands,
    live: &Live,
    wanted: &AppSettings,
    take_over: bool,
) -> Result<Vec<OwnedField>> {
    let mut writes = Vec::new();
    if let Some(object) = &live.scaled_object {
        let patch = scaled_object_patch(object, wanted);
        let command = patch_command(hands.namespace(), object, &patch);
        writes.extend(write(hands.scaled_objects(), object, &patch, command));
    }
    if let (Some(object), Some(container)) = (&live.deployment, &live.container) {
        let patch = deployment_patch(container, wanted);
        let command = resources_command(hands.namespace(), object, container, wanted);
        writes.extend(write(deployments(hands), object, &patch, command));
    }
    if !take_over {
        let mut fields = Vec::new();
        for write in &writes {
            if let Err(error) = write.of.apply_dry_run(&write.name, &write.config).await {
                let owned = owned(&error);
                if owned.is_empty() {
                    return Err(error);
                }
                fields.extend(owned);
            }
        }
        if !fields.is_empty() {
            return Ok(fields);
        }
    }
    for write in writes {
        let Write {
            of,
            name,
            config,
            command,
        } = write;
        of.apply_as(&name, &config, take_over, command).await?;
    }
    Ok(Vec::new())
}

/// The panel's own fields of the object with the change in them; fields of others stay theirs, unless changed. `None` if
/// nothing of it changes.
fn write(
    of: Recorded<DynamicObject>,
    live: &Value,
    patch: &Value,
    command: String,
) -> Option<Write> {
    if patch.is_null() {
        return None;
    }
    let mut config = own_fields(live, FIELD_MANAGER);
    merge(&mut config, patch);
    // Somebody else's change since the read, such as another device's, must not be overwritten by what was read.
    config["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
    let name = live["metadata"]["name"].as_str().unwrap_or_default();
    Some(Write {
        of,
        name: name.to_owned(),
        config,
        command,
    })
}

/// The changed part of a ScaledObject; null if nothing of it changes. The triggers are one list in KEDA's schema, so all
/// of them go along.
fn scaled_object_patch(live: &Value, wanted: &AppSettings) -> Value {
    let mut spec = json!({});
    if let Some(minimum) = wanted.get(Setting::Minimum) {
        spec["minReplicaCount"] = minimum.into();
    }
    if let Some(maximum) = wanted.get(Setting::Maximum) {
        spec["maxReplicaCount"] = maximum.into();
    }
    if let Some(window) = wanted.get(Setting::Window) {
        spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] =
            window.into();
    }
    if let Some(target) = wanted.get(Setting::Target) {
        let mut triggers = live["spec"]["triggers"].clone();
        let all = triggers.as_array_mut().into_iter().flatten();
        for trigger in all.filter(|trigger| read::is_cpu(trigger)) {
            trigger["metadata"]["value"] = target.to_string().into();
        }
        spec["triggers"] = triggers;
    }
    changed(spec)
}

/// The changed part of a Deployment; null if nothing of it changes.
fn deployment_patch(container: &str, wanted: &AppSettings) -> Value {
    let mut resources = json!({});
    for (which, resource, setting) in RESOURCES {
        if let Some(value) = wanted.get(setting) {
            resources[which][resource] = quantity(setting, value).into();
        }
    }
    if resources == json!({}) {
        return Value::Null;
    }
    let containers = json!([{ "name": container, "resources": resources }]);
    json!({ "spec": { "template": { "spec": { "containers": containers } } } })
}

const RESOURCES: [(&str, &str, Setting); 4] = [
    ("requests", "cpu", Setting::CpuRequest),
    ("requests", "memory", Setting::MemoryRequest),
    ("limits", "cpu", Setting::CpuLimit),
    ("limits", "memory", Setting::MemoryLimit),
];

fn quantity(setting: Setting, value: u32) -> String {
    format!("{value}{}", setting.unit())
}

fn changed(spec: Value) -> Value {
    match spec {
        Value::Object(fields) if fields.is_empty() => Value::Null,
        spec => Value::Object([("spec".to_owned(), spec)].into_iter().collect()),
    }
}

/// Puts `patch` into a configuration: maps are merged, containers by their names, all else is replaced.
fn merge(config: &mut Value, patch: &Value) {
    match (config, patch) {
        (Value::Object(config), Value::Object(patch)) => {
            for (key, value) in patch {
                match config.get_mut(key) {
                    Some(present) if key == "containers" => merge_by_name(present, value),
                    Some(present) => merge(present, value),
                    None => drop(config.insert(key.clone(), value.clone())),
                }
            }
        }
        (config, patch) => config.clone_from(patch),
    }
}

fn merge_by_name(list: &mut Value, patch: &Value) {
    let (Some(list), Some(patch)) = (list.as_array_mut(), patch.as_array()) else {
        return;
    };
    for item in patch {
        match list
            .iter_mut()
            .find(|present| present["name"] == item["name"])
        {
            Some(present) => merge(present, item),
            None => list.push(item.clone()),
        }
    }
}

/// `kubectl patch …`, as one word each.
fn patch_command(namespace: &str, object: &Value, patch: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    // A quote inside a quoted word of a shell.
    let patch = patch.to_string().replace('\'', r"'\''");
    format!("kubectl patch scaledobject {name} -n {namespace} --type merge -p '{patch}'")
}

/// `kubectl set resources …`
fn resources_command(
    namespace: &str,
    object: &Value,
    container: &str,
    wanted: &AppSettings,
) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let mut command =
        format!("kubectl set resources deployment {name} -n {namespace} -c {container}");
    for which in ["requests", "limits"] {
        let of_which = RESOURCES.iter().filter(|(of, ..)| *of == which);
        let values: Vec<_> = of_which
            .filter_map(|(_, resource, setting)| {
                let value = wanted.get(*setting)?;
                Some(format!("{resource}={}", quantity(*setting, value)))
            })
            .collect();
        if !values.is_empty() {
            command.push_str(&format!(" --{which}={}", values.join(",")));
        }
    }
    command
}

/// The fields of others that an apply was refused for; none where it was refused for something else.
fn owned(error: &Error) -> Vec<OwnedField> {
    let Error::Call { kind, name, .. } = error else {
        return Vec::new();
    };
    let details = error.status().and_then(|status| status.details.as_ref());
    let causes = details.map_or(&[][..], |details| &details.causes);
    // apimachinery `pkg/api/errors/errors.go`, `NewApplyConflict`.
    let conflicts = causes
        .iter()
        .filter(|cause| cause.reason == "FieldManagerConflict");
    conflicts
        .map(|cause| OwnedField {
            object: format!("{kind} {name}"),
            owner: field_owner(&cause.message)
                .unwrap_or("somebody else")
                .to_owned(),
            field: cause.field.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(list: &str) -> AppSettings {
        AppSettings::from_list(list)
    }

    #[test]
    fn only_what_changes_is_in_the_patch() {
        let live = json!({
            "metadata": { "name": "webapp-scaler" },
            "spec": { "triggers": [
                { "type": "memory", "metricType": "Utilization", "metadata": { "value": "80" } },
                { "type": "cpu", "metricType": "Utilization", "metadata": { "value": "60", "containerName": "web" } },
            ] },
        });
        assert_eq!(
            scaled_object_patch(&live, &wanted(",,4,,,,,")),
            json!({ "spec": { "maxReplicaCount": 4 } })
        );
        let patch = scaled_object_patch(&live, &wanted("40,,,120,,,,"));
        let triggers = &patch["spec"]["triggers"];
        assert_eq!(triggers[0], live["spec"]["triggers"][0]);
        assert_eq!(
            triggers[1]["metadata"],
            json!({ "value": "40", "containerName": "web" })
        );
        assert_eq!(
            scaled_object_patch(&live, &wanted(",,,,80,,,")),
            Value::Null
        );
        assert_eq!(
            deployment_patch("web", &wanted(",,,,80,,,512")),
            json!({ "spec": { "template": { "spec": { "containers": [{
                "name": "web",
                "resources": { "requests": { "cpu": "80m" }, "limits": { "memory": "512Mi" } },
            }] } } } })
        );
        assert_eq!(deployment_patch("web", &wanted("40")), Value::Null);
    }

    #[test]
    fn change_goes_into_the_panels_own_fields() {
        let mut config = json!({ "spec": { "template": { "spec": { "containers": [
            { "name": "webapp", "image": "x", "resources": { "requests": { "cpu": "50m", "memory": "64Mi" } } },
        ] } } } });
        merge(
            &mut config,
            &deployment_patch("webapp", &wanted(",,,,80,,,")),
        );
        let container = &config["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["image"], "x");
        assert_eq!(
            container["resources"]["requests"],
            json!({ "cpu": "80m", "memory": "64Mi" })
        );
        let mut nothing = json!({ "metadata": { "name": "w" } });
        merge(&mut nothing, &deployment_patch("web", &wanted(",,,,80,,,")));
        assert_eq!(
            nothing["spec"]["template"]["spec"]["containers"][0]["name"],
            "web"
        );
    }

    #[test]
    fn commands_do_the_same_by_hand() {
        let object = json!({ "metadata": { "name": "webapp" } });
        let patch = json!({ "spec": { "maxReplicaCount": 4 } });
        assert_eq!(
            patch_command("workshop-user-7", &object, &patch),
            r#"kubectl patch scaledobject webapp -n workshop-user-7 --type merge -p '{"spec":{"maxReplicaCount":4}}'"#
        );
        assert_eq!(
            resources_command(
                "workshop-user-7",
                &object,
                "web",
                &wanted(",,,,80,200,,512")
            ),
            "kubectl set resources deployment webapp -n workshop-user-7 -c web --requests=cpu=80m --limits=cpu=200m,memory=512Mi"
        );
    }

    #[test]
    fn app_is_the_only_container_or_the_one_of_that_name() {
        let deployment = |names: &[&str]| {
            let containers: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
            json!({ "spec": { "template": { "spec": { "containers": containers } } } })
        };
        assert_eq!(app_container(&deployment(&["web"])).as_deref(), Some("web"));
        let two = deployment(&["proxy", "webapp"]);
        assert_eq!(app_container(&two).as_deref(), Some("webapp"));
        assert_eq!(app_container(&deployment(&["a", "b"])), None);
    }
}
