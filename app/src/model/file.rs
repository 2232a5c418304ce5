//! What the panel did, and the files of the workshop.

use serde::{Deserialize, Serialize};

use super::Setting;

/// What a button did: the objects that it wrote, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub acts: Vec<Act>,
    /// Settings of an earlier change that a Deploy left as they are.
    pub kept: Vec<(Setting, u32)>,
    /// Values that were set now.
    pub set: Vec<(Setting, u32)>,
    /// More pods than the maximum asks for find no room in the quota: how many have room.
    pub room: Option<u32>,
    /// `false`: it took longer than an answer waits, and goes on.
    pub finished: bool,
}

/// One write to the API server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub verb: Verb,
    pub kind: String,
    pub name: String,
    /// The field manager of what was written; a delete has none.
    pub manager: Option<String>,
    /// The command that does the same, where it is not one of a file.
    pub command: Option<String>,
}

/// Kubernetes' verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Server-Side Apply.
    Apply,
    Create,
    Delete,
}

/// The files of the workshop, by what the handout calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileName {
    Deployment,
    Service,
    ScaledObject,
    Job,
}

impl FileName {
    pub const ALL: [Self; 4] = [
        Self::Deployment,
        Self::Service,
        Self::ScaledObject,
        Self::Job,
    ];

    /// The name in the handout's text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deployment => "webapp-deployment.yaml",
            Self::Service => "webapp-service.yaml",
            Self::ScaledObject => "keda-scaledobject.yaml",
            Self::Job => "locust-job.yaml",
        }
    }

    /// The name in the handout's commands.
    pub const fn name_in_commands(self) -> &'static str {
        match self {
            Self::Deployment => "locust-deployment.yaml",
            Self::Service => "locust-service.yaml",
            Self::ScaledObject => "locust-scaledobject.yaml",
            Self::Job => "locust-job.yaml",
        }
    }

    /// By either name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|file| name == file.name() || name == file.name_in_commands())
    }

    /// The file that has a kind of object.
    pub fn with(kind: &str, name: &str) -> Option<Self> {
        match kind {
            "Deployment" => Some(Self::Deployment),
            "Service" => Some(Self::Service),
            "ScaledObject" => Some(Self::ScaledObject),
            "Job" => Some(Self::Job),
            "ConfigMap" if name == "locustfile" => Some(Self::Job),
            "ConfigMap" => Some(Self::Deployment),
            _ => None,
        }
    }
}

/// All files in one.
pub const ALL_IN_ONE: &str = "workshop.yaml";

/// One file for `kubectl apply -f`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub file: FileName,
    pub stands: Stands,
    /// One or more YAML documents.
    pub yaml: String,
}

/// Whether a file is what is in the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// Its objects are there, and it is read from them.
    There,
    /// Some of its objects are there; the others are as the panel would make them.
    Partly,
    /// As the panel would make it.
    NotYet,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_known_by_both_names_of_the_handout() {
        for file in FileName::ALL {
            assert_eq!(FileName::of(file.name()), Some(file));
            assert_eq!(FileName::of(file.name_in_commands()), Some(file));
        }
        assert_eq!(FileName::of("../webapp-service.yaml"), None);
        assert_eq!(FileName::of("WEBAPP-SERVICE.YAML"), None);
    }
}
