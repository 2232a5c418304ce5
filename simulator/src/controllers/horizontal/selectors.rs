//! Which autoscalers select the same pods. Called by the HorizontalPodAutoscaler controller.
//!
//! Upstream: `hpasControllingPodsUnderSelector` and `validateAndParseSelector` in
//! `pkg/controller/podautoscaler/horizontal.go`.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::controllers::ownership::selects;
use crate::controllers::queue::Key;
use crate::store::Store;

/// Upstream's complaint, where pods of `deployment` are selected by the targets of several autoscalers.
///
/// An autoscaler counts from its first look on (`looked`), since only then its selector is known.
pub(super) fn ambiguous(
    store: &Store,
    namespace: &str,
    deployment: &Deployment,
    looked: impl Fn(&Key) -> bool,
) -> Option<String> {
    let selector = &deployment.spec.as_ref()?.selector;
    let autoscalers = store.list::<HorizontalPodAutoscaler>(Some(namespace));
    if autoscalers.len() < 2 {
        return None;
    }
    let mut pods = store.list::<Pod>(Some(namespace));
    pods.retain(|pod| selects(selector, pod.metadata.labels.as_ref()));
    let mut names: Vec<String> = autoscalers
        .iter()
        .filter_map(|hpa| {
            let name = hpa.metadata.name.clone()?;
            let target = &hpa.spec.as_ref()?.scale_target_ref;
            let other = (target.kind == "Deployment" && looked(&Key::new(namespace, &name)))
                .then(|| store.get::<Deployment>(namespace, &target.name))??;
            let other = &other.spec.as_ref()?.selector;
            let shares = |pod: &Pod| selects(other, pod.metadata.labels.as_ref());
            pods.iter()
                .any(shares)
                .then(|| format!("{namespace}/{name}"))
        })
        .collect();
    names.sort();
    (names.len() > 1).then(|| {
        // Go's map has no order; 1.35.4 prints these in any.
        format!(
            "pods by selector {} are controlled by multiple HPAs: [{}]",
            text(selector),
            names.join(" ")
        )
    })
}

/// The selector as a query string, as a scale's `status.selector` has it.
fn text(selector: &LabelSelector) -> String {
    let labels = selector.match_labels.iter().flatten();
    let labels = labels.map(|(key, value)| format!("{key}={value}"));
    let expressions = selector.match_expressions.iter().flatten();
    let expressions = expressions.map(|expression| {
        let values = expression.values.clone().unwrap_or_default().join(",");
        match expression.operator.as_str() {
            "In" => format!("{} in ({values})", expression.key),
            "NotIn" => format!("{} notin ({values})", expression.key),
            "DoesNotExist" => format!("!{}", expression.key),
            _ => expression.key.clone(),
        }
    });
    labels.chain(expressions).collect::<Vec<_>>().join(",")
}
