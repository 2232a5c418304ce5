//! A sign-in under way at the identity provider. All of it is in one short-lived cookie of the browser that began it: the
//! panel remembers nothing, so the answer may reach another replica. Pure.

use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier};
use sha2::{Digest, Sha256};

/// How long a person may take at the provider: to find the phone for the second factor, not to have lunch.
pub const FLOW_S: i64 = 10 * 60;

/// Lengths of state, nonce and verifier as the library makes them: 128, 128 and 256 random bits in base64url.
const LENGTHS: [usize; 3] = [22, 22, 43];

/// What ties the provider's answer to the browser that asked. It has no `Debug`.
pub struct Flow {
    pub(super) state: CsrfToken,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
}

impl Flow {
    /// A new one, at random.
    pub(super) fn random() -> Self {
        let (_, verifier) = PkceCodeChallenge::new_random_sha256();
        Self {
            state: CsrfToken::new_random(),
            nonce: Nonce::new_random(),
            verifier,
        }
    }

    /// The challenge that goes to the provider; always S256.
    pub(super) fn challenge(&self) -> PkceCodeChallenge {
        PkceCodeChallenge::from_code_verifier_sha256(&self.verifier)
    }

    /// The cookie's value.
    pub fn cookie(&self) -> String {
        let (state, nonce) = (self.state.secret(), self.nonce.secret());
        format!("{state}.{nonce}.{}", self.verifier.secret())
    }

    /// Reads a cookie; `None` for one that is none of ours.
    pub fn read(cookie: &str) -> Option<Self> {
        let parts: Vec<_> = cookie.split('.').collect();
        let base64url = |part: &str| {
            part.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        let lengths = parts.iter().map(|part| part.len());
        if !lengths.eq(LENGTHS) || !parts.iter().all(|part| base64url(part)) {
            return None;
        }
        let [state, nonce, verifier] = parts.as_slice() else {
            return None;
        };
        Some(Self {
            state: CsrfToken::new((*state).to_owned()),
            nonce: Nonce::new((*nonce).to_owned()),
            verifier: PkceCodeVerifier::new((*verifier).to_owned()),
        })
    }

    /// Whether this flow made that state. Hashes are compared, so that the time tells nothing of the state.
    pub fn began(&self, state: &str) -> bool {
        Sha256::digest(self.state.secret()) == Sha256::digest(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookie_is_read_back() {
        let flow = Flow::random();
        let read = Flow::read(&flow.cookie()).unwrap();
        assert!(read.began(flow.state.secret()));
        assert_eq!(read.nonce.secret(), flow.nonce.secret());
        assert_eq!(read.verifier.secret(), flow.verifier.secret());
    }

    #[test]
    fn another_state_is_not_of_this_flow() {
        let (one, other) = (Flow::random(), Flow::random());
        assert!(!one.began(other.state.secret()));
        assert!(!one.began(""));
    }

    #[test]
    fn what_is_no_flow_is_not_read() {
        let cookie = Flow::random().cookie();
        for wrong in [
            "",
            "..",
            "a.b.c",
            &cookie[1..],
            &format!("{cookie}.x"),
            &cookie.replace('.', "~"),
            &format!("\u{e9}{}", &cookie[2..]),
        ] {
            assert!(Flow::read(wrong).is_none(), "{wrong}");
        }
    }
}
