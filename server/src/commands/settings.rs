//! Settings: changes the app's ScaledObject and Deployment while they run, whoever made them, by Server-Side Apply of the
//! changed fields alone. Acts as the attendee.

mod by_hand;
mod live;
mod patch;

use app::Sealed;
use app::model::{
    AppSettings, OwnedField, Problem, Refused, SettingsForm, Snapshot, WhyRefused, Wrong,
};
use app::words;
use k8s_openapi::api::core::v1::{LimitRange, ResourceQuota};
use kube::api::DynamicObject;
use serde_json::Value;

use self::live::Live;
use super::hands::{Hands, Recorded};
use super::own_fields::own_fields;
use super::refusal::field_owner;
use super::room::{self, Limits};
use crate::error::{Error, Result};
use crate::names::FIELD_MANAGER;

/// An object may change between a read and a write, as while it is scaled.
const TRIES: u32 = 5;

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
        let live = Live::read(hands, snapshot).await?;
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
        let patch = patch::of_scaled_object(object, wanted);
        let command = by_hand::patch(hands.namespace(), object, &patch);
        writes.extend(write(hands.scaled_objects(), object, &patch, command));
    }
    if let (Some(object), Some(container)) = (&live.deployment, &live.container) {
        let patch = patch::of_deployment(container, wanted);
        let command = by_hand::set_resources(hands.namespace(), object, container, wanted);
        writes.extend(write(live::deployments(hands), object, &patch, command));
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
    patch::merge(&mut config, patch);
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
