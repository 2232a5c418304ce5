//! The words of the workshop: each idea in a sentence or two, and how it is often told wrongly.

pub const GLOSSARY: &str = "Words";
pub const GLOSSARY_LEAD: &str =
    "Each idea in a few words. Your browser's search (Ctrl+F) finds them while this tab is open.";
pub const TOLD_WRONGLY: &str = "Often told wrongly:";

/// One idea.
pub struct Entry {
    pub term: &'static str,
    pub says: &'static str,
    /// What is wrong, and what is right.
    pub wrong: Option<&'static str>,
}

const fn entry(term: &'static str, says: &'static str, wrong: Option<&'static str>) -> Entry {
    Entry { term, says, wrong }
}

/// In the order in which a load meets them.
pub const ENTRIES: &[Entry] = &[
    entry(
        "Request and limit",
        "The request is what a node sets aside for a pod, and the 100 % of the HPA's percentage. The limit is the most that the pod can use. With a limit of twice the request a pod can show up to 200 %.",
        Some(
            "“CPU is in percent of a core”, or “of the limit”. It is of the request, so it may well be above 100 %.",
        ),
    ),
    entry(
        "HPA (HorizontalPodAutoscaler)",
        "The part of Kubernetes that scales: every 15 s it compares the CPU of the pods with the target and writes into the Deployment how many pods it asks for.",
        Some("“KEDA scales down.” KEDA made the HPA; the HPA scales, up and down."),
    ),
    entry(
        "KEDA and its ScaledObject",
        "From a ScaledObject KEDA makes an HPA, owns it, and restores it when somebody changes it. For a CPU trigger that is all: the figures go from metrics-server to the HPA, not through KEDA. The condition Active=True of such a ScaledObject says nothing about load.",
        Some("“KEDA watches the CPU.” metrics-server measures it, and the HPA reads it."),
    ),
    entry(
        "Sample",
        "One value of metrics-server: the mean CPU of a container over about 15 s. A new pod has its first one about 25 s after its container started.",
        Some(
            "“The HPA sees the CPU of now.” It sees the newest sample, which is of the past 15 s and may be 15 s old.",
        ),
    ),
    entry(
        "Look",
        "One round of the HPA, every 15 s. Between two looks nothing is decided, so a reaction takes a sample and a look.",
        Some("“It reacts at once”, or “pollingInterval 5 means every 5 s”. Neither is so for CPU."),
    ),
    entry(
        "The formula",
        "Pods wanted = pods × CPU ÷ target, rounded up. With 4 pods at 181 % and a target of 60 %: 4 × 181 ÷ 60 = 12.07, so 13.",
        None,
    ),
    entry(
        "Tolerance",
        "While CPU ÷ target is between 0.9 and 1.1, nothing changes. With a target of 60 % that is 54 to 66 %.",
        Some(
            "“10 % over the target”, taken as 70 %. The tenth is of the ratio, not of the percentage.",
        ),
    ),
    entry(
        "Wanted, asked for, ready",
        "Three numbers of pods. Wanted is the formula's result before any limit. Asked for is what stands in the Deployment (spec.replicas). Ready are the pods that can serve.",
        Some("One number called “replicas”. The three differ whenever something happens."),
    ),
    entry(
        "Scale up, scale down",
        "More pods, fewer pods; also called scale out and scale in.",
        None,
    ),
    entry(
        "Limits on the way up",
        "In 15 s the HPA adds at most 4 pods or as many as there are, whichever is more: 1 → 5, 4 → 8, 8 → 16. An HPA without behavior has an older limit: at most double, and 4 are always allowed.",
        Some("“It doubles.” It is the larger of 4 more and double."),
    ),
    entry(
        "New pods count as 0",
        "A pod without a sample counts as 0 % when the HPA thinks of scaling up, so it waits for the new pods to show what they do. Such assumed values can stop a scale-up, but never turn it into a scale-down.",
        Some("“The HPA was slow.” It waited for the pods that it had just asked for."),
    ),
    entry(
        "A saturated pod hides demand",
        "A pod at its limit cannot show more, however many users wait. That is why the steps are 1, 4, 8, 10 and not one jump.",
        Some(
            "“200 % means twice too much load.” It means at least that; nobody knows how much more.",
        ),
    ),
    entry(
        "Closed loop",
        "Each user of the load waits for the answer before the next request. When answers get faster, the same users send more: requests per second rise while the CPU stays high.",
        Some(
            "“150 users are 150 requests per second.” Only if each answer and pause took one second together.",
        ),
    ),
    entry(
        "Service",
        "A name that stays while pods come and go. It spreads connections over the ready pods.",
        Some(
            "“It spreads requests.” A connection that stays open stays with its pod; that is why the load closes each one.",
        ),
    ),
    entry(
        "Window (scale-down stabilisation)",
        "Before it scales down, the HPA takes the highest recommendation of the last so many seconds. So it waits until the load is gone for a whole window.",
        Some(
            "“cooldown 60” for this wait. cooldownPeriod is KEDA's, only for the way from 1 to 0, and has no effect here. Nor is anything broken meanwhile.",
        ),
    ),
    entry(
        "Down in one step or two, never to 0",
        "When the window is over, the pods go at once to what is needed: 10 → 1. A sample that holds part of the load leaves a recommendation of its own that ends one look later; then it is 10 → 2 → 1. It never goes to 0: with no pod there is no CPU to measure.",
        Some("“10 → 9 → … → 1.” The default allows all pods to go in one step."),
    ),
    entry(
        "Metric-driven and event-driven",
        "CPU and memory are figures of the pods themselves. A queue or a stream can be asked while no pod runs, so KEDA can start the first pod from 0 for those.",
        Some("“KEDA scales everything to zero.” Not what is scaled by CPU alone."),
    ),
    entry(
        "Requests reserve nodes",
        "A pod is placed where its request still fits, however idle the node is. When the requests fill the nodes, new pods stay Pending.",
        Some("“The node is idle, so there is room.” The scheduler counts requests, not use."),
    ),
    entry(
        "Field manager",
        "Kubernetes keeps who set which field of an object. Who applies a field that somebody else owns gets a conflict, and takes it over only on purpose.",
        None,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_mislead_stand_only_in_quotes() {
        for entry in ENTRIES {
            let plain = entry.says.to_ascii_lowercase();
            for never in [
                "keda measures",
                "keda scales",
                "cooldown",
                "recovering",
                "stuck",
            ] {
                assert!(!plain.contains(never), "{}: {never}", entry.term);
            }
        }
    }

    #[test]
    fn each_idea_stands_once() {
        let mut terms: Vec<_> = ENTRIES.iter().map(|entry| entry.term).collect();
        terms.sort_unstable();
        let all = terms.len();
        terms.dedup();
        assert_eq!(terms.len(), all);
    }
}
