//! What the sign-in page has to say, given by the server's session routes or by the page's own address.

use serde::{Deserialize, Serialize};

/// The sign-in form as it is shown again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SignIn {
    pub error: Option<SignInError>,
    /// What was typed, so that the field keeps its text.
    pub code: String,
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
    /// The session ended.
    SignedOut,
    /// The instructor renewed the seat's code.
    NewCode,
}

impl SignInError {
    /// From `/sign-in?reason=…`, where the page goes when its session ended.
    pub fn from_reason(reason: &str) -> Option<Self> {
        match reason {
            "signed_out" => Some(Self::SignedOut),
            "new_code" => Some(Self::NewCode),
            _ => None,
        }
    }
}
