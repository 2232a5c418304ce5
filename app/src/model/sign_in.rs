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
#[serde(rename_all = "snake_case", tag = "kind")]
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
