//! What the sign-in page has to say, given by the server's session routes or by the page's own address.

use serde::{Deserialize, Serialize};

use super::SessionEnd;

/// The sign-in form as it is shown again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SignIn {
    pub error: Option<SignInError>,
    /// What was typed, so that the field keeps its text.
    pub code: String,
    /// The name that was typed, where the code is the class's.
    pub name: String,
    /// What the person is signed in to already, and leaves with another code.
    pub leaves: Option<String>,
}

/// Why the page asks for a code (again).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInError {
    UnknownCode,
    /// The budget of wrong codes is used up; `wait_s` seconds until it has room again.
    TooManyWrongCodes {
        wait_s: u32,
    },
    ClusterUnreachable,
    /// A session was there and is over.
    Ended {
        end: SessionEnd,
    },
    /// The code is the class's: a name goes with it.
    NameNeeded,
    /// Somebody has a seat under this name already.
    NameTaken,
    /// The name is empty or has signs that no name has.
    NameUnreadable,
    /// Every seat has an owner.
    NoFreeSeat,
    /// The identity provider's sign-in led to nothing.
    SingleSignOn {
        problem: SingleSignOnProblem,
    },
}

/// Why a sign-in at the identity provider leads to no seat. Never with a word of the provider's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SingleSignOnProblem {
    /// The answer belongs to no sign-in that this browser began, or to one of long ago.
    NotBegunHere,
    /// The provider let nobody in: refused, or given up.
    Denied,
    /// The provider does not answer, or says that it cannot just now.
    Unreachable,
    /// The provider's answer proves nothing.
    Unproven,
    /// More answers come in than are looked at; `wait_s` seconds until there is room again.
    TooMany { wait_s: u32 },
    /// No rule names this person. `contact` is whom to ask.
    Unknown { contact: String },
    /// The rule names a seat that is not there. `contact` is whom to ask.
    NoSuchSeat { contact: String },
    /// The rule gives a free seat, and every seat has an owner. `contact` is whom to ask.
    NoFreeSeat { contact: String },
    /// The seats are in the cluster, and it does not answer.
    ClusterUnreachable,
}

impl SignInError {
    /// The code is the class's, and right: the form asks for a name, too.
    pub fn asks_name(&self) -> bool {
        matches!(
            self,
            Self::NameNeeded | Self::NameTaken | Self::NameUnreadable | Self::NoFreeSeat
        )
    }
}

/// A seat that was taken with the class's code: shown once, so that its owner can sign in elsewhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    pub namespace: String,
    /// The seat's own code, `07-KQ2M-9DXA`.
    pub code: String,
}

/// Never with its code.
impl std::fmt::Debug for Claimed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claimed")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
