//! Commands that change one object: each becomes a patch.

use serde_json::{Map, Value, json};

use super::command::{Body, Command, PatchType};
use super::target::target;
use super::words::Words;

/// Reads the words after `kubectl`.
pub(super) fn patch(words: &Words, plain: &[&str]) -> Result<Command, String> {
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
            let changed = images
                .iter()
                .map(|(name, image)| json!({"name": name, "image": image}));
            let changed: Vec<_> = changed.collect();
            made(target, PatchType::Strategic, containers(&changed))
        }
        ["set", "env", rest @ ..] => {
            let (target, entries) = target(rest)?;
            let container = words.one("containers").ok_or("--containers must name the one")?;
            let entries: Vec<_> = pairs(entries)?
                .iter()
                .map(|(name, value)| json!({"name": name, "value": value}))
                .collect();
            let changed = [json!({"name": container, "env": entries})];
            made(target, PatchType::Strategic, containers(&changed))
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
            let changed = [json!({"name": container, "resources": resources})];
            made(target, PatchType::Strategic, containers(&changed))
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

/// A patch of one Deployment's containers, which are merged by their names.
fn containers(containers: &[Value]) -> Value {
    json!({"spec": {"template": {"spec": {"containers": containers}}}})
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
