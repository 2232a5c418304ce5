//! Whether a namespace may become a seat's, and whether it was somebody's before. Pure.

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt;

use super::super::code::SeatNumber;
use super::objects::has_own_pod_security;
use crate::error::{Error, Result};
use crate::names::{ADOPTED_ANNOTATION, PANEL_LABEL, PART_OF, PART_OF_LABEL, SEAT_LABEL};

/// To whom a seat's namespace belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Made for the seat, and deleted with it.
    Own,
    /// It was there before. Whoever made it decides on its limits, and keeps it when the seat goes.
    Adopted(Adopted),
}

/// What an adopted namespace gets beside account and rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Adopted {
    /// The instructor asked for quota, LimitRange and pod security, now or before.
    pub(super) limits: bool,
    /// It has a rule for its pods already, which stays.
    pub(super) own_pod_security: bool,
}

/// Values of [`ADOPTED_ANNOTATION`].
const RIGHTS: &str = "rights";
const LIMITS: &str = "rights-and-limits";

impl Adopted {
    /// How the annotation remembers it.
    pub(super) fn value(&self) -> &'static str {
        if self.limits { LIMITS } else { RIGHTS }
    }
}

impl Claim {
    /// Whether the namespace gets quota, LimitRange and pod security.
    pub(super) fn limits(&self) -> bool {
        match self {
            Self::Own => true,
            Self::Adopted(adopted) => adopted.limits,
        }
    }
}

/// Judges the namespace that seat `number` of the panel in `panel_namespace` shall have, as it was `found`.
///
/// # Errors
/// It cannot be this seat's, and why.
pub(super) fn claim(
    name: &str,
    found: Option<&Namespace>,
    number: SeatNumber,
    panel_namespace: &str,
    limits_for_adopted: bool,
) -> Result<Claim> {
    let refuse = |why: String| {
        Err(Error::TakeNamespace {
            namespace: name.to_owned(),
            seat: number.to_string(),
            why,
        })
    };
    if name == panel_namespace || name.starts_with("kube-") || name == "default" {
        return refuse("it is no attendee's; choose another --prefix".to_owned());
    }
    let Some(found) = found else {
        return Ok(Claim::Own);
    };
    if found.metadata.deletion_timestamp.is_some() {
        return refuse("it is being deleted; run this again when it is gone".to_owned());
    }
    let label = |key: &str| found.labels().get(key).map(String::as_str);
    if let Some(panel) = label(PANEL_LABEL).filter(|panel| *panel != panel_namespace) {
        return refuse(format!(
            "it is a seat of the panel in namespace {panel}; choose another --prefix"
        ));
    }
    let seat = label(SEAT_LABEL);
    if let Some(other) = seat.filter(|seat| *seat != number.to_string()) {
        return refuse(format!(
            "it is seat {other} already; choose another --prefix"
        ));
    }
    let adopted = found.annotations().get(ADOPTED_ANNOTATION);
    if seat.is_some() && adopted.is_none() && label(PART_OF_LABEL) == Some(PART_OF) {
        return Ok(Claim::Own);
    }
    Ok(Claim::Adopted(Adopted {
        limits: limits_for_adopted || adopted.is_some_and(|value| value == LIMITS),
        own_pod_security: has_own_pod_security(found),
    }))
}

/// What a namespace is to the seat that is about to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holding {
    /// Goes with the seat.
    Own,
    /// Stays, without what makes it a seat.
    Adopted,
    /// Is not this seat's, whatever the seat's Secret says.
    NotOurs,
}

/// Judges a namespace before its seat is deleted.
pub(super) fn holding(found: &Namespace, number: SeatNumber, panel_namespace: &str) -> Holding {
    match claim(
        &found.name_any(),
        Some(&alive(found)),
        number,
        panel_namespace,
        false,
    ) {
        Ok(_) if !found.labels().contains_key(SEAT_LABEL) => Holding::NotOurs,
        // Deleting wants more than adopting: a namespace that does not say whose it is is not ours.
        Ok(_) if found.labels().get(PANEL_LABEL).map(String::as_str) != Some(panel_namespace) => {
            Holding::NotOurs
        }
        Ok(Claim::Own) => Holding::Own,
        Ok(Claim::Adopted(_)) => Holding::Adopted,
        Err(_) => Holding::NotOurs,
    }
}

/// One that is being deleted already is still whose it was.
fn alive(found: &Namespace) -> Namespace {
    let mut found = found.clone();
    found.metadata.deletion_timestamp = None;
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SEAT: SeatNumber = SeatNumber(7);

    fn mk_namespace(labels: &Value, annotations: &Value) -> Namespace {
        serde_json::from_value(json!({
            "metadata": { "name": "workshop-user-7", "labels": labels, "annotations": annotations },
        }))
        .unwrap()
    }

    fn judge(found: Option<&Namespace>) -> Result<Claim, String> {
        claim("workshop-user-7", found, SEAT, "workshop", false).map_err(|error| error.to_string())
    }

    fn adopted(limits: bool) -> Claim {
        Claim::Adopted(Adopted {
            limits,
            own_pod_security: false,
        })
    }

    #[test]
    fn new_and_own_namespaces_are_the_seats() {
        assert_eq!(judge(None), Ok(Claim::Own));
        let own = mk_namespace(
            &json!({ SEAT_LABEL: "07", PART_OF_LABEL: PART_OF, PANEL_LABEL: "workshop" }),
            &json!({}),
        );
        assert_eq!(judge(Some(&own)), Ok(Claim::Own));
        assert_eq!(holding(&own, SEAT, "workshop"), Holding::Own);
        assert_eq!(holding(&own, SEAT, "another"), Holding::NotOurs);
    }

    #[test]
    fn namespace_that_was_there_is_adopted_and_stays_so() {
        let theirs = mk_namespace(&json!({ "team": "blue" }), &json!({}));
        assert_eq!(judge(Some(&theirs)), Ok(adopted(false)));
        assert_eq!(holding(&theirs, SEAT, "workshop"), Holding::NotOurs);
        for (value, limits) in [("rights", false), ("rights-and-limits", true)] {
            let again = mk_namespace(
                &json!({ SEAT_LABEL: "07", PANEL_LABEL: "workshop" }),
                &json!({ ADOPTED_ANNOTATION: value }),
            );
            assert_eq!(judge(Some(&again)), Ok(adopted(limits)));
            assert_eq!(holding(&again, SEAT, "workshop"), Holding::Adopted);
        }
    }

    #[test]
    fn namespace_of_another_seat_or_panel_is_refused() {
        let refused = |labels: &Value| judge(Some(&mk_namespace(labels, &json!({})))).unwrap_err();
        let other = refused(&json!({ SEAT_LABEL: "03" }));
        assert!(other.contains("it is seat 03 already"), "{other}");
        let panel = refused(&json!({ SEAT_LABEL: "07", PANEL_LABEL: "workshop-b" }));
        assert!(panel.contains("panel in namespace workshop-b"), "{panel}");
        for name in ["workshop", "kube-system", "default"] {
            assert!(
                claim(name, None, SEAT, "workshop", false).is_err(),
                "{name}"
            );
        }
    }

    #[test]
    fn namespace_that_is_being_deleted_is_waited_for() {
        let mut going = mk_namespace(&json!({}), &json!({}));
        going.metadata.deletion_timestamp =
            serde_json::from_value(json!("2026-11-23T09:00:00Z")).unwrap();
        let error = judge(Some(&going)).unwrap_err();
        assert!(error.contains("being deleted"), "{error}");
    }
}
