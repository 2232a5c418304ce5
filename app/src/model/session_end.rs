//! Why a session is over. Told by the server on the stream and by `GET /session`; carried in `/sign-in?reason=…`.

use serde::{Deserialize, Serialize};

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// By the person, or it never was one that the panel knows.
    SignedOut,
    /// By the instructor, for this seat or for all.
    SignedOutByInstructor,
    /// Unused for too long.
    Expired,
    /// The instructor renewed the seat's code.
    NewCode,
    /// The instructor closed the seat, or removed it.
    Revoked,
    /// The instructor closed the class.
    ClassClosed,
}

impl SessionEnd {
    /// Every end there is.
    pub const ALL: [Self; 6] = [
        Self::SignedOut,
        Self::SignedOutByInstructor,
        Self::Expired,
        Self::NewCode,
        Self::Revoked,
        Self::ClassClosed,
    ];

    /// As it stands in an address.
    pub fn reason(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignedOutByInstructor => "signed_out_by_instructor",
            Self::Expired => "expired",
            Self::NewCode => "new_code",
            Self::Revoked => "revoked",
            Self::ClassClosed => "class_closed",
        }
    }

    /// From an address; `None` for what the panel never writes there.
    pub fn from_reason(reason: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.reason() == reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_is_read_back_and_is_what_json_says() {
        for end in SessionEnd::ALL {
            assert_eq!(SessionEnd::from_reason(end.reason()), Some(end));
            assert_eq!(serde_json::json!(end), end.reason());
        }
        assert_eq!(SessionEnd::from_reason("<script>"), None);
    }
}
