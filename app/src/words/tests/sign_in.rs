//! What the sign-in says.

use super::super::*;
use crate::model::{SessionEnd, SignInError};

#[test]
fn wrong_codes_get_one_line() {
    assert_eq!(
        sign_in_error(&SignInError::TooManyWrongCodes { wait_s: 12 }),
        "Too many wrong codes are coming in. Wait 12 s and try again."
    );
    for end in SessionEnd::ALL {
        let text = sign_in_error(&SignInError::Ended { end });
        assert!(text.ends_with('.'), "{text}");
    }
}
