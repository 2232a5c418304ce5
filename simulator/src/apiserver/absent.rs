//! What a real cluster serves and the simulator does not: asked for, it says 501 and that it is not simulated, where
//! anything else that is unknown is 404. docs/simulator.md tells it, too. Pure.

/// Groups that every cluster has, with none of their kinds here.
pub(super) const GROUPS: &[&str] = &[
    "certificates.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Kinds beside those of [`GROUPS`], by group.
const KINDS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "bindings",
            "componentstatuses",
            "endpoints",
            "persistentvolumeclaims",
            "persistentvolumes",
            "podtemplates",
            "replicationcontrollers",
        ],
    ),
    (
        "apps",
        &["controllerrevisions", "daemonsets", "statefulsets"],
    ),
    ("batch", &["cronjobs"]),
    (
        "admissionregistration.k8s.io",
        &[
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
        ],
    ),
    ("coordination.k8s.io", &["leasecandidates"]),
    (
        "keda.sh",
        &[
            "clustertriggerauthentications",
            "scaledjobs",
            "triggerauthentications",
        ],
    ),
];

/// Subresources, by the kind that has them.
const SUBRESOURCES: &[(&str, &[&str])] = &[
    ("nodes", &["proxy"]),
    (
        "pods",
        &[
            "attach",
            "binding",
            "ephemeralcontainers",
            "eviction",
            "exec",
            "portforward",
            "proxy",
            "resize",
        ],
    ),
    ("services", &["proxy"]),
];

/// Whether a real cluster has this kind.
pub(super) fn is_kind(group: &str, plural: &str) -> bool {
    GROUPS.contains(&group)
        || KINDS
            .iter()
            .any(|(known, plurals)| *known == group && plurals.contains(&plural))
}

/// Whether a real cluster has this subresource of a kind; `proxy` may be followed by a path.
pub(super) fn is_subresource(plural: &str, subresource: &str) -> bool {
    let first = subresource.split('/').next().unwrap_or("");
    SUBRESOURCES
        .iter()
        .any(|(known, subresources)| *known == plural && subresources.contains(&first))
}
