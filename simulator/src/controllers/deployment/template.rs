//! The hash that tells a Deployment's templates apart. Called by the Deployment controller; pure.

use k8s_openapi::api::core::v1::PodTemplateSpec;

/// Set on a ReplicaSet, its selector and its pods.
pub(super) const HASH_LABEL: &str = "pod-template-hash";

/// The letters of a hash in a name (`SafeEncodeString`, apimachinery `pkg/util/rand/rand.go`).
const ALPHANUMS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Whether both are the same but for the hash's label (`EqualIgnoreHash`).
pub(super) fn same(a: &PodTemplateSpec, b: &PodTemplateSpec) -> bool {
    without_hash(a) == without_hash(b)
}

/// As upstream 32 bits of FNV-1a, written with the letters of names. The bytes that are hashed differ: upstream
/// hashes Go's print of the structure, so a real cluster gives other hashes for the same template.
pub(super) fn hash(template: &PodTemplateSpec) -> String {
    let text = serde_json::to_string(&without_hash(template)).unwrap_or_default();
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash.to_string()
        .bytes()
        .map(|digit| char::from(ALPHANUMS[usize::from(digit) % ALPHANUMS.len()]))
        .collect()
}

fn without_hash(template: &PodTemplateSpec) -> PodTemplateSpec {
    let mut template = template.clone();
    if let Some(labels) = template
        .metadata
        .as_mut()
        .and_then(|meta| meta.labels.as_mut())
    {
        labels.remove(HASH_LABEL);
    }
    template
}
