//! The metrics API: whether it answers, and how old its samples are. Pure.

use jiff::SignedDuration;

use crate::check::observed::{Observed, Reading, Sample, Unread};
use crate::check::report::{Check, counted, some};

/// metrics-server scrapes every 15 s by its manifest, every 60 s by its flag's default; older than this is no sample
/// that the HPA should act on.
const FRESH: SignedDuration = SignedDuration::from_secs(90);

/// A window far above the manifest's 15 s makes the class wait for each step.
const SLOW_WINDOW_MS: i64 = 35_000;

const INSTALL: &str = "Install metrics-server: `kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml`, or switch on the add-on of your provider.";
const LOOK: &str = "Look at it: `kubectl describe apiservice v1beta1.metrics.k8s.io`, `kubectl logs -n kube-system -l k8s-app=metrics-server`. A certificate of a kubelet that it does not trust is the usual cause (`--kubelet-insecure-tls` on test clusters).";

pub(super) fn judge(observed: &Observed) -> Vec<Check> {
    let api = api(observed);
    if observed.metrics.api.is_err() {
        return vec![api];
    }
    vec![api, samples(observed)]
}

fn api(observed: &Observed) -> Check {
    const NAME: &str = "Metrics API";
    let said = match &observed.metrics.unavailable {
        Ok(Some(message)) => Some(message.as_str()),
        _ => None,
    };
    match (&observed.metrics.api, said) {
        (Err(Unread::Absent), None) => {
            Check::fail(NAME, "metrics.k8s.io/v1beta1 is not served", INSTALL)
        }
        (Err(Unread::Absent) | Ok(()), Some(message)) => {
            Check::fail(NAME, format!("not available: {message}"), LOOK)
        }
        (Err(Unread::Failed(cause)), said) => Check::fail(
            NAME,
            format!("not available: {}", said.unwrap_or(cause)),
            LOOK,
        ),
        (Err(cause @ Unread::Forbidden), _) => {
            Check::unknown(NAME, "metrics.k8s.io/v1beta1", cause)
        }
        (Ok(()), None) => Check::pass(NAME, "metrics.k8s.io/v1beta1 answers"),
    }
}

fn samples(observed: &Observed) -> Check {
    const NAME: &str = "Metrics samples";
    let metrics = &observed.metrics;
    let all = [&metrics.nodes, &metrics.pods];
    if let (Err(cause), Err(_)) = (&metrics.nodes, &metrics.pods) {
        return Check::unknown(NAME, "metrics of pods or nodes", cause);
    }
    let read = || {
        all.into_iter()
            .filter_map(|read| read.as_ref().ok())
            .flatten()
    };
    let newest = read().map(|sample| sample.time).max();
    if newest.is_none() && metrics.nodes.is_err() {
        // There may be no pod that could have a sample.
        return Check::warn(
            NAME,
            "not known: no pod has a sample, and this account may not read those of nodes",
            "Run the check with an account that may read nodes.metrics.k8s.io, or while something runs.",
        );
    }
    let Some(newest) = newest else {
        return Check::fail(
            NAME,
            "metrics-server has no sample of any pod or node",
            "Wait a minute if it was just installed. Otherwise look at its log: `kubectl logs -n kube-system -l k8s-app=metrics-server`.",
        );
    };
    let age = observed.now.duration_since(newest);
    if age > FRESH {
        return Check::fail(
            NAME,
            format!("the newest sample is {} s old", age.as_secs()),
            LOOK,
        );
    }
    let missing = without_sample(observed, &metrics.nodes);
    if !missing.is_empty() {
        return Check::warn(
            NAME,
            format!(
                "{} without a fresh sample: {}",
                counted(missing.len(), "node"),
                some(&missing)
            ),
            "Pods there would not count for the HPA. Look at metrics-server's log: `kubectl logs -n kube-system -l k8s-app=metrics-server`.",
        );
    }
    let windows = read().filter_map(|sample| sample.window_ms);
    match windows.max().filter(|window| *window > SLOW_WINDOW_MS) {
        Some(window) => Check::warn(
            NAME,
            format!(
                "metrics-server takes a sample every {} s, so each step of scaling takes over a minute",
                window / 1000
            ),
            "Let it scrape more often: set `--metric-resolution=15s` in the Deployment metrics-server.",
        ),
        None => Check::pass(
            NAME,
            format!("the newest is {} s old", age.as_secs().max(0)),
        ),
    }
}

/// Nodes for the class whose newest sample is old or not there.
fn without_sample(observed: &Observed, samples: &Reading<Vec<Sample>>) -> Vec<String> {
    let (Ok(nodes), Ok(samples)) = (&observed.nodes, samples) else {
        return Vec::new();
    };
    let fresh = |name: &str| {
        samples
            .iter()
            .any(|sample| sample.name == name && observed.now.duration_since(sample.time) <= FRESH)
    };
    let nodes = nodes.iter().filter(|node| super::nodes::takes_pods(node));
    let names = nodes.filter_map(|node| node.metadata.name.clone());
    names.filter(|name| !fresh(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::world::{check, observed, outcome, report};
    use crate::check::observed::Unread;
    use crate::check::report::Outcome;

    #[test]
    fn absent_metrics_are_one_problem_with_its_cure() {
        let mut world = observed();
        world.metrics.api = Err(Unread::Absent);
        world.metrics.unavailable = Err(Unread::Absent);
        world.metrics.nodes = Err(Unread::Absent);
        world.metrics.pods = Err(Unread::Absent);
        let report = report(&world);
        assert_eq!(report.verdict, "Not ready: 1 problem");
        let cure = report.get("Metrics API").unwrap().cure.clone().unwrap();
        assert!(cure.contains("Install metrics-server"));
    }

    #[test]
    fn down_metrics_are_told_in_the_api_servers_words() {
        let mut world = observed();
        world.metrics.api = Err(Unread::Failed("the server is unable".to_owned()));
        world.metrics.unavailable = Ok(Some("no endpoints available".to_owned()));
        let found = check(&world, "Metrics API").found;
        assert_eq!(found, "not available: no endpoints available");
        world.metrics.unavailable = Err(Unread::Forbidden);
        let found = check(&world, "Metrics API").found;
        assert_eq!(found, "not available: the server is unable");
    }

    #[test]
    fn old_missing_and_slow_samples_are_told() {
        let mut world = observed();
        world.now = "2026-11-24T09:02:00Z".parse().unwrap();
        world.keda.leases = Ok(Vec::new());
        assert!(check(&world, "Metrics samples").found.contains("120 s old"));

        let mut world = observed();
        world.metrics.nodes = Ok(Vec::new());
        world.metrics.pods = Ok(Vec::new());
        assert_eq!(outcome(&world, "Metrics samples"), Outcome::Fail);

        world.metrics.nodes = Err(Unread::Forbidden);
        assert_eq!(outcome(&world, "Metrics samples"), Outcome::Warn);

        let mut world = observed();
        world.metrics.nodes.as_mut().unwrap().pop();
        let samples = check(&world, "Metrics samples");
        assert_eq!(samples.outcome, Outcome::Warn);
        assert!(samples.found.contains("node-2"), "{}", samples.found);

        let mut world = observed();
        for sample in world.metrics.nodes.as_mut().unwrap() {
            sample.window_ms = Some(60_000);
        }
        assert!(
            check(&world, "Metrics samples")
                .found
                .contains("every 60 s")
        );
    }
}
