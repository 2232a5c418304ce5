//! Which node has which image, and which could not get one: what the pods' states come to. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;

use super::pod::{ImageState, images, states};
use crate::workshop::manifests::Settings;

/// A registry may fail once; the kubelet's second try comes ten seconds later and decides.
const TRIES: u32 = 2;

/// One image on one node, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub node: String,
    pub image: String,
    /// Why it could not be pulled.
    pub result: Result<(), String>,
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Nodes that have both images.
    pub ready: Vec<String>,
    /// Nodes that lack one, with the reasons.
    pub failed: Vec<Told>,
    /// Nodes on which the class's pods do not run: cordoned or tainted.
    pub skipped: Vec<String>,
    /// It was ended by hand; the rest is not known.
    pub interrupted: bool,
}

impl Summary {
    /// Each node that takes the class's pods has both images.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && !self.interrupted && !self.ready.is_empty()
    }
}

/// One image on one node.
#[derive(Debug, Default)]
struct Image {
    name: String,
    /// Pulls that failed.
    tries: u32,
    /// Whether the last thing seen was a failed pull.
    failing: bool,
    message: Option<String>,
    result: Option<Result<(), String>>,
}

/// All nodes. Written by the watch of the pods.
pub(super) struct Tally {
    settings: Settings,
    nodes: BTreeMap<String, [Image; 2]>,
    /// Pods of this run with their node.
    pods: BTreeMap<String, String>,
    skipped: Vec<String>,
}

impl Tally {
    /// Of the nodes that would take the class's pods.
    pub(super) fn new(nodes: &[Node], settings: &Settings, tell: &mut impl FnMut(&Told)) -> Self {
        let mut tally = Self {
            settings: settings.clone(),
            nodes: BTreeMap::new(),
            pods: BTreeMap::new(),
            skipped: Vec::new(),
        };
        for node in nodes {
            let name = node.name_any();
            let ready = is_ready(node);
            if ready && !crate::check::takes_pods(node) || is_cordoned(node) {
                tally.skipped.push(name);
                continue;
            }
            let image = |(_, image): (&str, &str)| Image {
                name: image.to_owned(),
                ..Image::default()
            };
            let images = images(settings).map(image);
            tally.nodes.insert(name.clone(), images);
            if !ready {
                tally.refused(&name, "the node is not ready", tell);
            }
        }
        tally
    }

    /// Nodes on which something is to be pulled.
    pub(super) fn nodes(&self) -> Vec<String> {
        let undecided = self
            .nodes
            .iter()
            .filter(|(_, images)| images.iter().any(|image| image.result.is_none()));
        undecided.map(|(name, _)| name.clone()).collect()
    }

    /// The node's pod was made.
    pub(super) fn made(&mut self, node: &str, pod: String) {
        self.pods.insert(pod, node.to_owned());
    }

    /// Nothing will be pulled there.
    pub(super) fn refused(&mut self, node: &str, why: &str, tell: &mut impl FnMut(&Told)) {
        for image in self.nodes.get_mut(node).into_iter().flatten() {
            decide(node, image, Err(why.to_owned()), tell);
        }
    }

    /// A pod as it is now.
    pub(super) fn observe(&mut self, pod: &Pod, tell: &mut impl FnMut(&Told)) {
        let Some(node) = self.pods.get(&pod.name_any()) else {
            return;
        };
        let states = states(pod, &self.settings);
        let images = self.nodes.get_mut(node).into_iter().flatten();
        for (image, state) in images.zip(states) {
            match state {
                ImageState::Pulling => {}
                ImageState::Pulled => decide(node, image, Ok(()), tell),
                ImageState::Refused(why) => decide(node, image, Err(why), tell),
                ImageState::PullFailed(why) => {
                    // The same failure is seen again with each report of the pod.
                    image.tries += u32::from(!image.failing);
                    image.failing = true;
                    if image.tries >= TRIES {
                        decide(node, image, Err(why), tell);
                    } else {
                        image.message = Some(why);
                    }
                }
                ImageState::BackOff(why) => {
                    // The watch may have missed the failure before it.
                    image.tries = image.tries.max(1);
                    image.failing = false;
                    image.message.get_or_insert(why);
                }
            }
        }
    }

    /// A pod is gone before its time.
    pub(super) fn deleted(&mut self, pod: &Pod, tell: &mut impl FnMut(&Told)) {
        self.observe(pod, tell);
        if let Some(node) = self.pods.get(&pod.name_any()).cloned() {
            self.refused(&node, "somebody deleted the pod that pulled", tell);
        }
    }

    pub(super) fn is_decided(&self) -> bool {
        self.nodes().is_empty()
    }

    /// What was not decided in time could not be pulled.
    pub(super) fn end(mut self, timeout: Duration, tell: &mut impl FnMut(&Told)) -> Summary {
        for (node, images) in &mut self.nodes {
            for image in images {
                let mut why = format!("not pulled within {} s", timeout.as_secs());
                if let Some(message) = &image.message {
                    why = format!("{why}: {message}");
                }
                decide(node, image, Err(why), tell);
            }
        }
        self.summary()
    }

    pub(super) fn interrupted(self) -> Summary {
        Summary {
            interrupted: true,
            ..self.summary()
        }
    }

    fn summary(self) -> Summary {
        let mut summary = Summary {
            skipped: self.skipped,
            ..Summary::default()
        };
        for (node, images) in self.nodes {
            if images.iter().all(|image| image.result == Some(Ok(()))) {
                summary.ready.push(node.clone());
            }
            let failed = images.into_iter().filter_map(|image| {
                let result = image.result.filter(Result::is_err)?;
                Some(Told {
                    node: node.clone(),
                    image: image.name,
                    result,
                })
            });
            summary.failed.extend(failed);
        }
        summary
    }
}

fn decide(node: &str, image: &mut Image, result: Result<(), String>, tell: &mut impl FnMut(&Told)) {
    if image.result.is_some() {
        return;
    }
    tell(&Told {
        node: node.to_owned(),
        image: image.name.clone(),
        result: result.clone(),
    });
    image.result = Some(result);
}

fn is_ready(node: &Node) -> bool {
    let status = node.status.iter();
    let mut conditions = status.flat_map(|status| status.conditions.iter().flatten());
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn is_cordoned(node: &Node) -> bool {
    let spec = node.spec.as_ref();
    spec.is_some_and(|spec| spec.unschedulable == Some(true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mk_node(name: &str, ready: &str, spec: &serde_json::Value) -> Node {
        serde_json::from_value(json!({
            "metadata": { "name": name },
            "spec": spec,
            "status": { "conditions": [{ "type": "Ready", "status": ready }] },
        }))
        .unwrap()
    }

    fn mk_pod(app: &str, load: &str) -> Pod {
        let container = |name: &str, reason: &str| {
            let state = match reason {
                "" => json!({ "terminated": { "exitCode": 0 } }),
                reason => json!({ "waiting": { "reason": reason, "message": "not found" } }),
            };
            json!({
                "name": name, "image": "a", "imageID": "", "ready": false, "restartCount": 0, "state": state,
            })
        };
        serde_json::from_value(json!({
            "metadata": { "name": "prepull-1" },
            "status": { "containerStatuses": [container("app", app), container("load", load)] },
        }))
        .unwrap()
    }

    fn one_node(told: &mut Vec<Told>) -> Tally {
        let nodes = [mk_node("node-1", "True", &json!({}))];
        let mut tally = Tally::new(&nodes, &Settings::default(), &mut |t: &Told| {
            told.push(t.clone());
        });
        tally.made("node-1", "prepull-1".to_owned());
        tally
    }

    #[test]
    fn node_with_both_images_is_ready_and_told_once() {
        let mut told = Vec::new();
        let mut tally = one_node(&mut told);
        let mut tell = |t: &Told| told.push(t.clone());
        tally.observe(&mk_pod("", "ContainerCreating"), &mut tell);
        assert!(!tally.is_decided());
        tally.observe(&mk_pod("", ""), &mut tell);
        tally.observe(&mk_pod("", ""), &mut tell);
        assert!(tally.is_decided());
        let summary = tally.end(Duration::ZERO, &mut tell);
        assert!(summary.is_complete());
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn second_failed_pull_decides() {
        let mut tally = one_node(&mut Vec::new());
        let mut tell = |_: &Told| {};
        for reason in ["ErrImagePull", "ErrImagePull", "ImagePullBackOff"] {
            tally.observe(&mk_pod(reason, ""), &mut tell);
            assert!(!tally.is_decided(), "{reason}");
        }
        tally.observe(&mk_pod("ErrImagePull", ""), &mut tell);
        assert!(tally.is_decided());
        let summary = tally.end(Duration::ZERO, &mut tell);
        assert!(!summary.is_complete());
        assert_eq!(summary.failed.len(), 1);
        assert_eq!(summary.failed[0].result, Err("not found".to_owned()));
    }

    #[test]
    fn pull_that_succeeds_at_the_second_try_is_fine() {
        let mut tally = one_node(&mut Vec::new());
        let mut tell = |_: &Told| {};
        for reason in ["ErrImagePull", "ImagePullBackOff", ""] {
            tally.observe(&mk_pod(reason, ""), &mut tell);
        }
        assert!(tally.end(Duration::ZERO, &mut tell).is_complete());
    }

    #[test]
    fn what_takes_too_long_fails_with_what_was_last_known() {
        let mut tally = one_node(&mut Vec::new());
        let mut tell = |_: &Told| {};
        tally.observe(&mk_pod("ErrImagePull", "ContainerCreating"), &mut tell);
        let summary = tally.end(Duration::from_secs(60), &mut tell);
        let why = |index: usize| summary.failed[index].result.clone().unwrap_err();
        assert_eq!(why(0), "not pulled within 60 s: not found");
        assert_eq!(why(1), "not pulled within 60 s");
    }

    #[test]
    fn nodes_without_the_classs_pods_are_skipped_and_unwell_ones_fail() {
        let nodes = [
            mk_node("cordoned", "False", &json!({ "unschedulable": true })),
            mk_node(
                "tainted",
                "True",
                &json!({ "taints": [{ "key": "a", "effect": "NoSchedule" }] }),
            ),
            mk_node(
                "unwell",
                "Unknown",
                &json!({ "taints": [{ "key": "a", "effect": "NoExecute" }] }),
            ),
        ];
        let mut tell = |_: &Told| {};
        let tally = Tally::new(&nodes, &Settings::default(), &mut tell);
        assert!(tally.is_decided());
        let summary = tally.end(Duration::ZERO, &mut tell);
        assert_eq!(summary.skipped, ["cordoned", "tainted"]);
        assert_eq!(summary.failed.len(), 2);
        assert_eq!(summary.failed[0].node, "unwell");
    }
}
