//! Where the panel reads: the whole cluster at once, or one seat's namespace. Also how many of these it reads one by one.

use std::fmt::Debug;

use kube::api::Api;
use kube::core::NamespaceResourceScope;
use kube::{Client, Resource};

use super::changes::Changes;

/// Most seats that are watched one by one. kube's client speaks HTTP/1.1, where each watch is a connection of its own:
/// 9 kinds of 50 namespaces are 450.
pub const MOST_NAMESPACES: usize = 50;

/// How the panel watches; its rights must be of the same kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watching {
    /// All namespaces by one watch a kind, with a `ClusterRole`.
    #[default]
    Cluster,
    /// Each seat's namespace by watches of its own, with a Role in each and no right elsewhere.
    Namespaces,
}

/// The class has more seats than can be watched one by one.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "with --namespaced the panel watches each seat's namespace by itself, at most {MOST_NAMESPACES} of them, and this \
     class has {seats} seats. Take seats away (`workshop seats delete`), or let the panel read the whole cluster: \
     `workshop seats create --panel-rights` and `workshop serve`, both without --namespaced"
)]
pub struct TooManySeats {
    /// The attendees' seats.
    pub seats: usize,
}

impl TooManySeats {
    /// Whether so many can be watched one by one.
    ///
    /// # Errors
    /// They are too many.
    pub fn check(seats: usize) -> Result<(), Self> {
        if seats > MOST_NAMESPACES {
            return Err(Self { seats });
        }
        Ok(())
    }
}

/// What one set of watches covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Cluster,
    Namespace(String),
}

impl Scope {
    /// The objects of a kind in this scope.
    pub(super) fn api<K>(&self, client: &Client) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType: Default>,
    {
        match self {
            Self::Cluster => Api::all(client.clone()),
            Self::Namespace(namespace) => Api::namespaced(client.clone(), namespace),
        }
    }

    /// The path of a resource in this scope; `api` is its group and version, as `/apis/apps/v1`.
    pub(super) fn path(&self, api: &str, resource: &str) -> String {
        match self {
            Self::Cluster => format!("{api}/{resource}"),
            Self::Namespace(namespace) => format!("{api}/namespaces/{namespace}/{resource}"),
        }
    }

    /// Marks all that it covers as changed.
    pub(super) fn mark(&self, changes: &Changes) {
        match self {
            Self::Cluster => changes.mark_all(),
            Self::Namespace(namespace) => changes.mark(namespace),
        }
    }

    /// Its namespace, for the log; `None` for the whole cluster.
    pub(super) fn namespace(&self) -> Option<&str> {
        match self {
            Self::Cluster => None,
            Self::Namespace(namespace) => Some(namespace),
        }
    }
}
