//! What a kubectl command line asks for, as far as a replay can do it. Anything else is a clear error beforehand.

use serde_json::{Map, Value, json};

use super::manifest;
use crate::error::{Error, Result};
use crate::scenario::Scenario;

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    /// `apply -f`, `create -f`.
    Apply { objects: Vec<Value> },
    /// `delete`, of named objects or of a whole kind.
    Delete(Deletion),
    /// `set image`, `set env`, `set resources`, `scale`, `patch`, `annotate`, `label`, `rollout restart`.
    Patch {
        target: Target,
        patch: PatchType,
        body: Body,
    },
}

/// Which objects are deleted, and how.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Deletion {
    pub(super) targets: Vec<Target>,
    /// A kind of which all, or those with these labels, are deleted.
    pub(super) collection: Option<(Kind, Option<String>)>,
    pub(super) cascade: Cascade,
    pub(super) grace_period_s: Option<u32>,
    /// Whether the command returns only when they are gone.
    pub(super) wait: bool,
    pub(super) ignore_not_found: bool,
}

/// `--cascade`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cascade {
    Background,
    Foreground,
    Orphan,
}

/// API version and name of a kind.
pub(super) type Kind = (String, String);

/// An object of the scenario's namespace.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) kind: Kind,
    pub(super) name: String,
}

/// How the body is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatchType {
    Json,
    Merge,
    Strategic,
}

/// What is merged.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    Fixed(Value),
    /// `rollout restart` writes the moment into the pod template.
    Restart,
}

/// Kinds by kubectl's words: API version, kind, words.
const KINDS: [(&str, &str, &[&str]); 13] = [
    (
        "apps/v1",
        "Deployment",
        &["deployment", "deployments", "deploy"],
    ),
    (
        "apps/v1",
        "ReplicaSet",
        &["replicaset", "replicasets", "rs"],
    ),
    ("v1", "Pod", &["pod", "pods", "po"]),
    ("v1", "Service", &["service", "services", "svc"]),
    ("v1", "ConfigMap", &["configmap", "configmaps", "cm"]),
    ("v1", "Secret", &["secret", "secrets"]),
    (
        "v1",
        "ServiceAccount",
        &["serviceaccount", "serviceaccounts", "sa"],
    ),
    (
        "v1",
        "ResourceQuota",
        &["resourcequota", "resourcequotas", "quota"],
    ),
    ("v1", "LimitRange", &["limitrange", "limitranges", "limits"]),
    ("v1", "Event", &["event", "events", "ev"]),
    ("batch/v1", "Job", &["job", "jobs"]),
    (
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        &["horizontalpodautoscaler", "horizontalpodautoscalers", "hpa"],
    ),
    (
        "keda.sh/v1alpha1",
        "ScaledObject",
        &["scaledobject", "scaledobjects", "so"],
    ),
];

/// Flags that take a value, if not by `=`, then as the next word.
const VALUED: [&str; 20] = [
    "filename",
    "namespace",
    "replicas",
    "current-replicas",
    "type",
    "patch",
    "patch-file",
    "cascade",
    "grace-period",
    "timeout",
    "selector",
    "output",
    "requests",
    "limits",
    "containers",
    "field-manager",
    "env",
    "validate",
    "subresource",
    "request-timeout",
];
/// Flags without a value, or with `=true` and `=false`.
const SWITCHES: [&str; 11] = [
    "wait",
    "all",
    "ignore-not-found",
    "now",
    "force",
    "server-side",
    "force-conflicts",
    "overwrite",
    "record",
    "recursive",
    "save-config",
];
const SHORT: [(&str, &str); 8] = [
    ("f", "filename"),
    ("n", "namespace"),
    ("p", "patch"),
    ("l", "selector"),
    ("o", "output"),
    ("c", "containers"),
    ("e", "env"),
    ("R", "recursive"),
];

/// A command line's words, sorted.
#[derive(Debug, Default)]
struct Words {
    plain: Vec<String>,
    flags: Vec<(String, String)>,
}

impl Words {
    fn read(line: &str) -> Result<Self, String> {
        if line.contains(['|', ';', '&', '<', '>', '$', '`']) && !line.contains(['\'', '"']) {
            return Err("it is more than one kubectl command".to_owned());
        }
        let words = shlex::split(line).ok_or("its quotes are not balanced")?;
        let mut words = words.into_iter().skip(1);
        let mut read = Self::default();
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix('-').filter(|flag| !flag.is_empty()) else {
                if matches!(word.as_str(), "|" | "||" | "&&" | ";" | "&" | ">" | "<") {
                    return Err("it is more than one kubectl command".to_owned());
                }
                read.plain.push(word);
                continue;
            };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (flag, None),
            };
            let long = name.strip_prefix('-');
            let short = SHORT.iter().find(|(short, _)| *short == name);
            let name = long.or(short.map(|(_, long)| *long)).unwrap_or(name);
            let value = if VALUED.contains(&name) {
                let value = value.or_else(|| words.next());
                value.ok_or_else(|| format!("the flag --{name} lacks its value"))?
            } else if SWITCHES.contains(&name) {
                value.unwrap_or_else(|| "true".to_owned())
            } else {
                return Err(format!("the flag {word} is unknown"));
            };
            read.flags.push((name.to_owned(), value));
        }
        Ok(read)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.flags.iter().filter(move |(own, _)| own == name);
        own.flat_map(|(_, value)| value.split(','))
    }

    fn one(&self, name: &str) -> Option<&str> {
        let mut own = self.flags.iter().rev();
        let own = own.find(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str())
    }

    fn switch(&self, name: &str) -> bool {
        self.one(name).is_some_and(|value| value == "true")
    }
}

impl Command {
    /// Reads a command line and the manifests that it names.
    ///
    /// # Errors
    /// When it cannot be replayed, or a manifest cannot be read.
    pub(super) fn parse(scenario: &Scenario, line: &str) -> Result<Self> {
        let failed = |what: String| Error::Command {
            step: line.to_owned(),
            what,
        };
        let words = Words::read(line).map_err(failed)?;
        if let Some(namespace) = words.one("namespace")
            && namespace != scenario.namespace
        {
            let what = format!("it is about namespace {namespace}, not the scenario's");
            return Err(failed(what));
        }
        let objects = || {
            let mut objects = Vec::new();
            for file in words.all("filename") {
                objects.extend(manifest::read(&scenario.folder.join(file))?);
            }
            Ok::<_, Error>(objects)
        };
        let plain: Vec<_> = words.plain.iter().map(String::as_str).collect();
        match plain.as_slice() {
            ["apply" | "create" | "replace"] if words.one("filename").is_some() => {
                Ok(Self::Apply {
                    objects: objects()?,
                })
            }
            ["delete", rest @ ..] => {
                let mut deletion = deletion(&words, rest).map_err(failed)?;
                for object in objects()? {
                    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                    deletion.targets.push(Target {
                        kind: (text(&object["apiVersion"]), text(&object["kind"])),
                        name: text(&object["metadata"]["name"]),
                    });
                }
                Ok(Self::Delete(deletion))
            }
            rest => patch(&words, rest).map_err(failed),
        }
    }
}

fn kind(word: &str) -> Result<Kind, String> {
    let lower = word.split('.').next().unwrap_or(word).to_lowercase();
    let known = KINDS
        .iter()
        .find(|(_, _, words)| words.contains(&lower.as_str()));
    let (api_version, kind, _) = known.ok_or_else(|| format!("the kind {word} is unknown"))?;
    Ok(((*api_version).to_owned(), (*kind).to_owned()))
}

/// `kind/name …` or `kind name …`.
fn targets(words: &[&str]) -> Result<Vec<Target>, String> {
    let target = |word: &str, name: &str| {
        Ok(Target {
            kind: kind(word)?,
            name: name.to_owned(),
        })
    };
    match words {
        [] => Ok(Vec::new()),
        [first, ..] if first.contains('/') => words
            .iter()
            .map(|word| {
                let (kind, name) = word.split_once('/').ok_or("kind/name is expected")?;
                target(kind, name)
            })
            .collect(),
        [kind, names @ ..] => names.iter().map(|name| target(kind, name)).collect(),
    }
}

/// The one object that a command is about, and the words after it.
fn target<'a>(words: &'a [&'a str]) -> Result<(Target, &'a [&'a str]), String> {
    let length = match words {
        [first, ..] if first.contains('/') => 1,
        [_, _, ..] => 2,
        _ => return Err("it names no object".to_owned()),
    };
    let (own, rest) = words.split_at(length);
    let mut targets = targets(own)?;
    Ok((targets.remove(0), rest))
}

fn deletion(words: &Words, plain: &[&str]) -> Result<Deletion, String> {
    let targets = targets(plain)?;
    let selector = words.one("selector").map(str::to_owned);
    let collection = match plain {
        [word] if targets.is_empty() && (words.switch("all") || selector.is_some()) => {
            Some((kind(word)?, selector))
        }
        _ => None,
    };
    if targets.is_empty() && collection.is_none() && words.one("filename").is_none() {
        return Err("it names no object".to_owned());
    }
    let now = words.switch("now").then_some(1);
    let grace = words.one("grace-period").map(str::parse).transpose();
    let grace: Option<i64> = grace.map_err(|_| "--grace-period is no number")?;
    Ok(Deletion {
        targets,
        collection,
        cascade: match words.one("cascade") {
            None | Some("background" | "true") => Cascade::Background,
            Some("foreground") => Cascade::Foreground,
            Some("orphan" | "false") => Cascade::Orphan,
            Some(other) => return Err(format!("--cascade={other} is unknown")),
        },
        grace_period_s: grace.and_then(|grace| u32::try_from(grace).ok()).or(now),
        wait: words.one("wait") != Some("false"),
        ignore_not_found: words.switch("ignore-not-found"),
    })
}

fn patch(words: &Words, plain: &[&str]) -> Result<Command, String> {
    let made = |target, patch, body| {
        Ok(Command::Patch {
            target,
            patch,
            body: Body::Fixed(body),
        })
    };
    match plain {
        ["set", "image", rest @ ..] => {
            let (target, images) = target(rest)?;
            let images = pairs(images)?;
            let containers = images.iter().map(|(name, image)| json!({"name": name, "image": image}));
            let containers: Vec<_> = containers.collect();
            made(target, PatchType::Strategic, template(json!({"containers": containers})))
        }
        ["set", "env", rest @ ..] => {
            let (target, entries) = target(rest)?;
            let container = words.one("containers").ok_or("--containers must name the one")?;
            let entries: Vec<_> = pairs(entries)?
                .iter()
                .map(|(name, value)| json!({"name": name, "value": value}))
                .collect();
            let containers = json!([{"name": container, "env": entries}]);
            made(target, PatchType::Strategic, template(json!({"containers": containers})))
        }
        ["set", "resources", rest @ ..] => {
            let (target, _) = target(rest)?;
            let container = words.one("containers").ok_or("--containers must name the one")?;
            let mut resources = Map::new();
            for field in ["requests", "limits"] {
                let quantities: Vec<_> = words.all(field).collect();
                if !quantities.is_empty() {
                    let quantities: Map<_, _> = pairs(&quantities)?
                        .into_iter()
                        .map(|(name, quantity)| (name, Value::from(quantity)))
                        .collect();
                    resources.insert(field.to_owned(), Value::from(quantities));
                }
            }
            let containers = json!([{"name": container, "resources": resources}]);
            made(target, PatchType::Strategic, template(json!({"containers": containers})))
        }
        ["scale", rest @ ..] => {
            let (target, _) = target(rest)?;
            let replicas = words.one("replicas").map(str::parse::<u32>);
            let Some(Ok(replicas)) = replicas else {
                return Err("--replicas is no number".to_owned());
            };
            made(target, PatchType::Merge, json!({"spec": {"replicas": replicas}}))
        }
        ["patch", rest @ ..] => {
            let (target, _) = target(rest)?;
            let text = words.one("patch").ok_or("--patch is missing")?;
            let body: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
            let patch = match words.one("type") {
                Some("json") => PatchType::Json,
                Some("merge") => PatchType::Merge,
                // kubectl's default, which custom resources do not know.
                Some("strategic") | None if target.kind.1 != "ScaledObject" => PatchType::Strategic,
                other => return Err(format!("the patch type {other:?} does not fit")),
            };
            made(target, patch, body)
        }
        [field @ ("annotate" | "label"), rest @ ..] => {
            let (target, entries) = target(rest)?;
            let mut values = Map::new();
            for entry in entries {
                match (entry.split_once('='), entry.strip_suffix('-')) {
                    (Some((key, value)), _) => values.insert(key.to_owned(), Value::from(value)),
                    (None, Some(key)) => values.insert(key.to_owned(), Value::Null),
                    (None, None) => return Err(format!("`{entry}` is no KEY=VALUE")),
                };
            }
            let field = if *field == "label" { "labels" } else { "annotations" };
            made(target, PatchType::Merge, json!({"metadata": {field: values}}))
        }
        ["rollout", "restart", rest @ ..] => Ok(Command::Patch {
            target: target(rest)?.0,
            patch: PatchType::Strategic,
            body: Body::Restart,
        }),
        _ => Err("a replay knows apply, create -f, delete, set image, set env, set resources, scale, patch, \
                  annotate, label and rollout restart"
            .to_owned()),
    }
}

fn template(spec: Value) -> Value {
    json!({"spec": {"template": {"spec": spec}}})
}

fn pairs(words: &[&str]) -> Result<Vec<(String, String)>, String> {
    let pair = |word: &&str| {
        let (name, value) = word
            .split_once('=')
            .ok_or_else(|| format!("`{word}` is no NAME=VALUE"))?;
        if name == "*" {
            return Err("`*` for all containers is not replayed; name them".to_owned());
        }
        Ok((name.to_owned(), value.to_owned()))
    };
    let pairs: Vec<_> = words.iter().map(pair).collect::<Result<_, String>>()?;
    if pairs.is_empty() {
        return Err("it changes nothing".to_owned());
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        let scenario = Scenario::parse(Path::new("/nowhere"), "namespace ws").unwrap();
        Command::parse(&scenario, line).map_err(|error| error.to_string())
    }

    fn deletion_of(line: &str) -> Deletion {
        match parse(line).unwrap() {
            Command::Delete(deletion) => deletion,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn deletions_are_understood_in_their_forms() {
        let one = deletion_of("kubectl delete job locust-headless");
        assert_eq!(
            one,
            deletion_of("kubectl -n ws delete jobs.batch/locust-headless --wait=true")
        );
        assert_eq!(
            one.targets[0].kind,
            ("batch/v1".to_owned(), "Job".to_owned())
        );
        assert!(one.wait && one.cascade == Cascade::Background);
        let two =
            deletion_of("kubectl delete deploy a b --cascade=orphan --wait=false --grace-period 3");
        assert_eq!(two.targets.len(), 2);
        assert_eq!(
            (two.cascade, two.wait, two.grace_period_s),
            (Cascade::Orphan, false, Some(3))
        );
        let all = deletion_of("kubectl delete so --all");
        assert_eq!(all.collection.unwrap().0.1, "ScaledObject");
    }

    #[test]
    fn changes_become_patches() {
        let image = parse("kubectl set image deployment/webapp webapp=a/b:c").unwrap();
        let Command::Patch {
            target,
            patch,
            body,
        } = image
        else {
            panic!("no patch");
        };
        assert_eq!(
            (target.name.as_str(), patch),
            ("webapp", PatchType::Strategic)
        );
        let expected = template(json!({"containers": [{"name": "webapp", "image": "a/b:c"}]}));
        assert_eq!(body, Body::Fixed(expected));
        let pause =
            parse("kubectl annotate scaledobject webapp autoscaling.keda.sh/paused=true x-")
                .unwrap();
        let Command::Patch { body, .. } = pause else {
            panic!("no patch");
        };
        let expected = json!({"autoscaling.keda.sh/paused": "true", "x": null});
        assert_eq!(
            body,
            Body::Fixed(json!({"metadata": {"annotations": expected}}))
        );
        let patched =
            parse(r#"kubectl patch hpa a --type=merge -p '{"spec":{"maxReplicas":5}}'"#).unwrap();
        let expected = json!({"spec": {"maxReplicas": 5}});
        assert!(
            matches!(patched, Command::Patch { patch: PatchType::Merge, body: Body::Fixed(body), .. } if body == expected)
        );
    }

    #[test]
    fn what_cannot_be_replayed_says_why() {
        let cases = [
            ("kubectl get pods", "a replay knows apply"),
            (
                "kubectl delete job a | tee x",
                "more than one kubectl command",
            ),
            (
                "kubectl delete job 'a' && true",
                "more than one kubectl command",
            ),
            (
                "kubectl apply -f a.yaml --prune",
                "the flag --prune is unknown",
            ),
            ("kubectl delete job a -n other", "namespace other"),
            ("kubectl delete widget a", "the kind widget is unknown"),
            ("kubectl delete job", "names no object"),
            ("kubectl scale deployment/a", "--replicas is no number"),
            ("kubectl set image deployment/a *=b", "name them"),
            (
                "kubectl apply -f absent.yaml",
                "failed to read /nowhere/absent.yaml",
            ),
        ];
        for (line, expected) in cases {
            let error = parse(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
