//! Names that differ from run to run, as what they are: `webapp #1` for a Deployment's first ReplicaSet, `pod of
//! webapp #1` for its pods, and placeholders for all of them within messages.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde_json::Value;

use crate::line::{ChangeType, Entry, Line};

/// What the API server appends to `metadata.generateName`.
const SUFFIX: usize = 5;

/// An object by its part in the scenario.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role {
    /// Its kind.
    pub kind: String,
    /// Its name, where that is the same in each run.
    pub part: String,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == "Pod" {
            return f.write_str(&self.part);
        }
        write!(f, "{} {}", self.kind, self.part)
    }
}

/// The parts of a run's objects.
#[derive(Debug, Default)]
pub(super) struct Roles {
    parts: HashMap<(String, String), String>,
    /// Names to be replaced in messages, longest first, with what replaces them.
    names: Vec<(String, String)>,
    /// Names that pods' names are made of, for pods that never came to be.
    prefixes: Vec<String>,
}

impl Roles {
    pub(super) fn read(lines: &[Line]) -> Self {
        let mut parts = HashMap::new();
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut names = BTreeSet::new();
        let added = lines.iter().filter_map(|line| {
            let (kind, change) = line.entry.change()?;
            (change.change == ChangeType::Added).then_some((kind, &change.object))
        });
        // ReplicaSets first: pods are told by them.
        let added: Vec<_> = added.collect();
        for wanted in ["ReplicaSet", "Pod", "EndpointSlice"] {
            for (kind, object) in added.iter().filter(|(kind, _)| *kind == wanted) {
                let name = text(&object["metadata"]["name"]);
                let key = ((*kind).to_owned(), name.to_owned());
                if parts.contains_key(&key) {
                    continue;
                }
                let owner = &object["metadata"]["ownerReferences"][0];
                let (owner_kind, owner) = (text(&owner["kind"]), text(&owner["name"]));
                let part = match *kind {
                    "ReplicaSet" => {
                        let count = counts.entry(owner.to_owned()).or_default();
                        *count += 1;
                        format!("{owner} #{count}")
                    }
                    "Pod" => {
                        let owner_key = (owner_kind.to_owned(), owner.to_owned());
                        let owner = parts.get(&owner_key).map_or(owner, String::as_str);
                        format!("pod of {owner}")
                    }
                    _ => format!("of {owner}"),
                };
                names.insert((name.to_owned(), format!("<{}>", kind.to_lowercase())));
                parts.insert(key, part);
            }
        }
        for line in lines {
            match &line.entry {
                Entry::Pod(change) => {
                    let node = text(&change.object["spec"]["nodeName"]);
                    if !node.is_empty() {
                        names.insert((node.to_owned(), "<node>".to_owned()));
                    }
                }
                Entry::Start(start) => {
                    names.insert((start.namespace.clone(), "<namespace>".to_owned()));
                }
                _ => {}
            }
        }
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let prefixes = parts.keys().filter(|(kind, _)| kind == "ReplicaSet");
        let prefixes = prefixes.map(|(_, name)| format!("{name}-")).collect();
        Self {
            parts,
            names,
            prefixes,
        }
    }

    pub(super) fn of(&self, kind: &str, name: &str) -> Role {
        let key = (kind.to_owned(), name.to_owned());
        let part = self.parts.get(&key).map_or(name, String::as_str);
        Role {
            kind: kind.to_owned(),
            part: part.to_owned(),
        }
    }

    /// A message without what differs from run to run: names of pods and nodes, and numbers.
    pub(super) fn general(&self, message: &str) -> String {
        let mut message = message.to_owned();
        for (name, mark) in &self.names {
            message = replace_word(&message, name, mark);
        }
        for prefix in &self.prefixes {
            message = replace_generated(&message, prefix);
        }
        let mut general = String::with_capacity(message.len());
        let mut in_number = false;
        for c in message.chars() {
            if c.is_ascii_digit() {
                if !in_number {
                    general.push('9');
                }
                in_number = true;
            } else {
                in_number = false;
                general.push(c);
            }
        }
        general
    }
}

/// Replaces a name where it stands alone: `node` is not a part of `node-1`.
fn replace_word(text: &str, word: &str, mark: &str) -> String {
    let part_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(index) = rest.find(word) {
        let (before, after) = rest.split_at(index);
        let after = &after[word.len()..];
        let joined = before.ends_with(part_of_a_name) || after.starts_with(part_of_a_name);
        replaced.push_str(before);
        replaced.push_str(if joined { word } else { mark });
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

/// Replaces names that the API server generated from a prefix: `webapp-d5b46ffdb-x96ql`.
fn replace_generated(text: &str, prefix: &str) -> String {
    let mut parts = text.split(prefix);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let suffix = part
            .get(..SUFFIX)
            .filter(|suffix| suffix.chars().all(|c| c.is_ascii_alphanumeric()));
        match suffix {
            Some(suffix) => {
                replaced.push_str("<pod>");
                replaced.push_str(&part[suffix.len()..]);
            }
            None => {
                replaced.push_str(prefix);
                replaced.push_str(part);
            }
        }
    }
    replaced
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_are_replaced() {
        assert_eq!(
            replace_word("to node, not node-1", "node", "<n>"),
            "to <n>, not node-1"
        );
        assert_eq!(replace_word("a/node/b", "node", "<n>"), "a/<n>/b");
    }

    #[test]
    fn names_of_pods_that_never_were_are_replaced() {
        let replaced = replace_generated("pods \"web-5f-x96ql\" and web-5f-y", "web-5f-");
        assert_eq!(replaced, "pods \"<pod>\" and web-5f-y");
    }

    #[test]
    fn numbers_are_alike() {
        let roles = Roles::default();
        assert_eq!(roles.general("New size: 10"), roles.general("New size: 4"));
    }
}
