//! The page before the sign-in: what is asked, and why somebody is here again.

use super::*;

#[test]
fn failed_sign_in_keeps_the_text_and_says_why() {
    let sign_in = SignIn {
        error: Some(SignInError::UnknownCode),
        code: "07-\"><script>".to_owned(),
        ..SignIn::default()
    };
    let html = render("/sign-in", FirstPaint::default(), Some(sign_in));
    write("sign-in", &html);
    assert!(html.contains("This code is not known."));
    assert!(html.contains("aria-invalid=\"true\""));
    assert!(
        html.contains("value=\"07-&quot;"),
        "the field keeps its text, escaped"
    );
}

#[test]
fn code_of_the_class_asks_for_a_name() {
    let sign_in = SignIn {
        error: Some(SignInError::NameTaken),
        code: "C-KQ2M-9DXA".to_owned(),
        name: "Ana \"><script>".to_owned(),
        ..SignIn::default()
    };
    let html = render("/sign-in", FirstPaint::default(), Some(sign_in));
    assert!(html.contains("Your name"));
    assert!(html.contains("value=\"Ana &quot;"), "escaped");
    let html = render("/sign-in", FirstPaint::default(), None);
    assert!(!html.contains("Your name"));
}

#[test]
fn way_to_the_identity_provider_is_a_link_and_its_errors_stand_below_it() {
    let with = |single_sign_on| FirstPaint {
        panel: Some(Panel {
            single_sign_on,
            ..samples::panel()
        }),
        ..FirstPaint::default()
    };
    let problem = SingleSignOnProblem::Unknown {
        contact: "Grace <b>".to_owned(),
    };
    let unknown = || SignIn {
        error: Some(SignInError::SingleSignOn {
            problem: problem.clone(),
        }),
        ..SignIn::default()
    };
    let html = render("/sign-in", with(true), Some(unknown()));
    assert!(html.contains("href=\"/oidc/start\""));
    assert!(html.contains("Ask Grace &lt;b&gt;."), "escaped");
    assert!(!html.contains("aria-invalid"), "the code is not at fault");
    let html = render("/sign-in", with(false), None);
    assert!(!html.contains("/oidc/start"));
    // Who holds a card of another seat is asked about that, and nothing else.
    let leaves = SignIn {
        leaves: Some("workshop-user-7".to_owned()),
        ..SignIn::default()
    };
    let html = render("/join", with(true), Some(leaves));
    assert!(!html.contains("/oidc/start"));
}

#[test]
fn seat_that_was_taken_shows_its_code() {
    let first = FirstPaint {
        panel: Some(samples::panel()),
        seen: Seen::Claimed {
            claimed: Claimed {
                namespace: "workshop-user-7".to_owned(),
                code: "07-KQ2M-9DXA".to_owned(),
            },
        },
    };
    let html = render("/session", first, None);
    write("claimed", &html);
    assert!(html.contains("07-KQ2M-9DXA"));
    assert!(html.contains("href=\"/\""));
}

#[test]
fn sign_in_page_says_why_the_session_ended() {
    let html = render("/sign-in?reason=new_code", FirstPaint::default(), None);
    assert!(html.contains("Your instructor gave this seat a new code."));
}
