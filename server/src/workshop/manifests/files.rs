//! The workshop's files: its objects as they stand, and those that are not there as the panel would make them. Pure.

use app::model::{File, FileName, LoadSettings, Stands};
use kube::api::DynamicObject;
use serde_json::Value;

use super::{
    APP, Settings, deployment, job, locustfile, prune, scaled_object, service, to_yaml, webapp_code,
};

/// The workshop's objects of a namespace, as the API server tells them.
#[derive(Debug, Default)]
pub struct Live {
    pub deployment: Option<Value>,
    /// What its pods mount.
    pub code: Vec<Value>,
    pub service: Option<Value>,
    pub scaled_object: Option<Value>,
    pub job: Option<Value>,
    /// What its pods mount; without a Job the ConfigMap of the last one.
    pub locustfile: Vec<Value>,
}

/// All files.
///
/// # Errors
/// An object that YAML cannot say, which the API server does not give.
pub fn files(
    live: &Live,
    settings: &Settings,
    load: &LoadSettings,
) -> Result<Vec<File>, serde_saphyr::ser::Error> {
    let name = |object: &Option<Value>| {
        let name = object
            .as_ref()
            .and_then(|object| object["metadata"]["name"].as_str());
        name.unwrap_or(APP).to_owned()
    };
    let (app, serves) = (name(&live.deployment), name(&live.service));
    let pods = live
        .deployment
        .as_ref()
        .map(|object| &object["spec"]["selector"]["matchLabels"]);
    let labels = pods.and_then(Value::as_object);
    let service = match labels {
        Some(labels) => service(
            labels
                .iter()
                .filter_map(|(k, v)| Some((k.as_str(), v.as_str()?))),
        ),
        None => service([("app", APP)]),
    };
    let one = |object: &Option<Value>| object.iter().cloned().collect::<Vec<_>>();
    let parts = [
        (
            FileName::Deployment,
            // Whose Deployment it is mounts what it will: nothing of ours is missing there.
            (&live.code, live.deployment.is_none().then(webapp_code)),
            (one(&live.deployment), deployment(settings)),
        ),
        (
            FileName::Service,
            (&Vec::new(), None),
            (one(&live.service), service),
        ),
        (
            FileName::ScaledObject,
            (&Vec::new(), None),
            (one(&live.scaled_object), scaled_object(settings, &app)),
        ),
        (
            FileName::Job,
            (
                &live.locustfile,
                live.job.is_none().then(|| locustfile(&serves, load.n)),
            ),
            (one(&live.job), job(settings, load)),
        ),
    ];
    parts
        .into_iter()
        .map(|(file, (maps, made_map), (object, made))| {
            let map_there = !maps.is_empty();
            let there = !object.is_empty();
            let stands = match (there, map_there, made_map.is_some()) {
                (true, _, _) => Stands::There,
                (false, true, _) => Stands::Partly,
                (false, false, _) => Stands::NotYet,
            };
            let mut texts = Vec::new();
            for live in maps.iter().chain(&object) {
                texts.push(to_yaml(&as_file(live)?)?);
            }
            if !map_there && let Some(map) = made_map {
                texts.insert(0, to_yaml(&map)?);
            }
            if !there {
                texts.push(to_yaml(&made)?);
            }
            Ok(File {
                file,
                stands,
                yaml: texts.join("---\n"),
            })
        })
        .collect()
}

/// ConfigMaps that the pods of a Deployment or a Job mount.
pub fn mounted(object: &Value) -> Vec<String> {
    let volumes = object["spec"]["template"]["spec"]["volumes"].as_array();
    let volumes = volumes.into_iter().flatten();
    let names = volumes.filter_map(|volume| volume["configMap"]["name"].as_str());
    names.map(str::to_owned).collect()
}

fn as_file(live: &Value) -> Result<DynamicObject, serde_saphyr::ser::Error> {
    use serde::ser::Error as _;

    serde_json::from_value(prune(live)).map_err(serde_saphyr::ser::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde_json::to_value;

    use super::*;

    fn stands(live: &Live) -> Vec<Stands> {
        let files = files(live, &Settings::default(), &LoadSettings::DEFAULT).unwrap();
        files.into_iter().map(|file| file.stands).collect()
    }

    #[test]
    fn what_is_not_there_is_shown_as_deploy_makes_it() {
        let settings = Settings::default();
        let made = files(&Live::default(), &settings, &LoadSettings::DEFAULT).unwrap();
        assert_eq!(stands(&Live::default()), [Stands::NotYet; 4]);
        let expected = format!(
            "{}---\n{}",
            to_yaml(&webapp_code()).unwrap(),
            to_yaml(&deployment(&settings)).unwrap()
        );
        assert_eq!(made[0].yaml, expected);
        assert!(made[3].yaml.contains("/fib?n=26"));
    }

    #[test]
    fn missing_parts_fit_the_deployment_that_is_there() {
        let text = to_value(deployment(&Settings::default()))
            .unwrap()
            .to_string();
        let own = text.replace("webapp", "shop");
        let live = Live {
            deployment: serde_json::from_str(&own).unwrap(),
            locustfile: vec![to_value(locustfile("shop", 30)).unwrap()],
            ..Live::default()
        };
        assert_eq!(
            stands(&live),
            [
                Stands::There,
                Stands::NotYet,
                Stands::NotYet,
                Stands::Partly
            ]
        );
        let files = files(&live, &Settings::default(), &LoadSettings::DEFAULT).unwrap();
        assert!(!files[0].yaml.contains("kind: ConfigMap"));
        assert!(files[1].yaml.contains("app: shop"));
        assert!(files[2].yaml.contains("name: shop"));
        assert!(files[3].yaml.contains("n=30") && files[3].yaml.contains("kind: Job"));
    }
}
