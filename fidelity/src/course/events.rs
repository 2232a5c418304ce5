//! Events by the object that they are about, in order.
//!
//! What "order" may mean: a component writes its events one after the other, so that the order within one reporter
//! is true; two components do not wait for each other. The recorder of the newer events API writes each event in a
//! goroutine of its own, but notes the moment before (`eventTime`), which tells the order then. A component that
//! works on many objects of one sort at once tells the same thing of each in an order of its own, so that repeated
//! reasons count as one. Where an event is counted up in place only its first appearance has a place in the order.
//! Pods of one owner are interchangeable: theirs are sequences without names.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use crate::line::{ChangeType, Entry, Line};

use super::roles::{Role, Roles, text};

/// An event's reason, and whether it stands for many.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason {
    /// As in the event.
    pub reason: String,
    /// Whether it is `combined from similar events`.
    pub combined: bool,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        f.write_str(if self.combined { "*" } else { "" })
    }
}

/// An event as it came.
#[derive(Debug)]
struct Told {
    /// `eventTime`; empty where the older API is used.
    moment: String,
    reason: Reason,
}

/// A reporter's reasons in order.
pub type Sequence = Vec<Reason>;

/// What was said of one object, or of all pods of one owner.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectEvents {
    /// For each reporter, each sequence that an object had, and how many had it.
    pub reporters: BTreeMap<String, BTreeMap<Sequence, usize>>,
    /// `Type Reason: message`, without names and numbers.
    pub texts: BTreeMap<String, f64>,
}

const COMBINED: &str = "(combined from similar events): ";

pub(super) fn read(lines: &[Line], roles: &Roles) -> BTreeMap<Role, ObjectEvents> {
    let mut seen = HashSet::new();
    let mut objects: BTreeMap<(String, String), BTreeMap<String, Vec<Told>>> = BTreeMap::new();
    let mut told: BTreeMap<Role, ObjectEvents> = BTreeMap::new();
    for line in lines {
        let Entry::Event(change) = &line.entry else {
            continue;
        };
        if change.change == ChangeType::Deleted {
            continue;
        }
        let event = &change.object;
        let about = &event["involvedObject"];
        let (kind, name) = (text(&about["kind"]), text(&about["name"]));
        let message = text(&event["message"]);
        let reason = Reason {
            reason: text(&event["reason"]).to_owned(),
            combined: message.starts_with(COMBINED),
        };
        let shown = format!(
            "{} {}: {}",
            text(&event["type"]),
            reason.reason,
            roles.general(message.trim_start_matches(COMBINED))
        );
        let role = told.entry(roles.of(kind, name)).or_default();
        role.texts.entry(shown).or_insert(line.t);
        if !seen.insert(text(&event["metadata"]["uid"])) {
            continue;
        }
        let reporters = objects
            .entry((kind.to_owned(), name.to_owned()))
            .or_default();
        // client-go leaves `reportingComponent` out where it combines events.
        let names = [&event["reportingComponent"], &event["source"]["component"]];
        let reporter = names.into_iter().map(text).find(|name| !name.is_empty());
        let reporter = reporter.unwrap_or_default().to_owned();
        reporters.entry(reporter).or_default().push(Told {
            moment: text(&event["eventTime"]).to_owned(),
            reason,
        });
    }
    for ((kind, name), reporters) in objects {
        let role = told.entry(roles.of(&kind, &name)).or_default();
        for (reporter, mut events) in reporters {
            // Stable: without the moment they stay as they came.
            events.sort_by(|one, other| one.moment.cmp(&other.moment));
            let mut sequence: Sequence = events.into_iter().map(|event| event.reason).collect();
            sequence.dedup();
            let sequences = role.reporters.entry(reporter).or_default();
            *sequences.entry(sequence).or_default() += 1;
        }
    }
    told
}
