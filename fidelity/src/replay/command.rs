//! What a kubectl command line asks for, as far as a replay can do it. Anything else is a clear error beforehand.

use serde_json::Value;

use super::change::patch;
use super::manifest;
use super::target::{Kind, Target, kind, targets};
use super::words::Words;
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

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
        let expected = json!([{"name": "webapp", "image": "a/b:c"}]);
        let expected = json!({"spec": {"template": {"spec": {"containers": expected}}}});
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
