//! What `workshop seats create` would do, for people to look at before: it reads and writes nothing. Called with
//! `--dry-run` and `-o yaml`.

use kube::api::DynamicObject;
use serde_json::Value;

use super::super::code::SeatNumber;
use super::super::name::PersonName;
use super::{SeatMaker, calls, rights};
use crate::error::Result;

/// What would happen to one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub kind: String,
    pub name: String,
    /// `None` for objects of the cluster.
    pub namespace: Option<String>,
    pub verdict: Verdict,
}

/// What would happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Create,
    Change,
    /// It is as it shall be.
    Exists,
}

impl SeatMaker {
    /// What would happen to an attendee's seat, or with `None` to the panel's own account and rights.
    ///
    /// # Errors
    /// The seat would be refused, or the API server does not tell.
    pub async fn plan(&self, number: Option<SeatNumber>) -> Result<Vec<Planned>> {
        let Some(number) = number else {
            let objects =
                rights::panel_objects(&self.options.panel_namespace, self.extras.watching)?;
            return self.compare(&objects).await;
        };
        let mut planned = Vec::new();
        if number != SeatNumber::INSTRUCTOR {
            self.check_known(number)?;
            if !self.extras.secrets_only {
                planned = self.compare(&self.objects(number).await?).await?;
            }
        }
        let name = self.extras.names.get(&number).map(PersonName::as_str);
        let verdict = match self.known.get(&number) {
            None => Verdict::Create,
            Some(known) if known.awaits_code() => Verdict::Change,
            Some(known) if name.is_some() && known.name.as_deref() != name => Verdict::Change,
            Some(_) => Verdict::Exists,
        };
        planned.push(Planned {
            kind: "Secret".to_owned(),
            name: number.secret_name(),
            namespace: Some(self.options.panel_namespace.clone()),
            verdict,
        });
        Ok(planned)
    }

    async fn compare(&self, objects: &[DynamicObject]) -> Result<Vec<Planned>> {
        let mut planned = Vec::new();
        for object in objects {
            let (calls, name) = calls(&self.client, object);
            let wanted = serde_json::to_value(object).unwrap_or_default();
            let verdict = match calls.get(&name).await? {
                None => Verdict::Create,
                Some(found) => {
                    let found = serde_json::to_value(found).unwrap_or_default();
                    if holds(&found, &wanted) {
                        Verdict::Exists
                    } else {
                        Verdict::Change
                    }
                }
            };
            planned.push(Planned {
                kind: object.types.clone().unwrap_or_default().kind,
                name,
                namespace: object.metadata.namespace.clone(),
                verdict,
            });
        }
        Ok(planned)
    }
}

/// Whether all that is wanted is there; what is there beside it is the API server's or somebody else's.
fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            let found = found.get(key);
            found.is_some_and(|found| holds(found, wanted))
        }),
        // Lists of rules, subjects and limits are applied as a whole.
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len()
                && found
                    .iter()
                    .zip(wanted)
                    .all(|(found, wanted)| holds(found, wanted))
        }
        (found, wanted) => found == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_there_beside_does_not_count() {
        let found = json!({ "metadata": { "uid": "1", "labels": { "a": "1", "b": "2" } }, "rules": [{ "verbs": ["get"] }] });
        assert!(holds(
            &found,
            &json!({ "metadata": { "labels": { "b": "2" } } })
        ));
        assert!(!holds(
            &found,
            &json!({ "metadata": { "labels": { "b": "3" } } })
        ));
        assert!(!holds(&found, &json!({ "rules": [] })));
        assert!(!holds(
            &found,
            &json!({ "rules": [{ "verbs": ["get", "list"] }] })
        ));
    }
}
