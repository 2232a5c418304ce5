//! What the identity provider says of a person: the claims of an ID token that was checked. Pure.

use serde_json::{Map, Value};

use crate::seats::{Identity, PersonName};

/// The claims of a checked ID token. It has no `Debug`: they are personal data.
#[derive(Clone)]
pub struct Claims(Map<String, Value>);

impl Claims {
    pub fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// Whether a claim is this value or, where it is a list, has it among others.
    ///
    /// An `email` that the provider has not verified says nothing: people type their own.
    pub(super) fn has(&self, claim: &str, value: &str) -> bool {
        let verified = self.0.get("email_verified") == Some(&Value::Bool(true));
        if claim == "email" && !verified {
            return false;
        }
        match self.get(claim) {
            Some(Value::Array(values)) => values.iter().any(|one| is(one, value)),
            Some(one) => is(one, value),
            None => false,
        }
    }

    /// A claim by its name, or by the names on the way to it with dots between them. A name with dots goes before a way:
    /// some providers use URLs for names.
    fn get(&self, claim: &str) -> Option<&Value> {
        if let Some(value) = self.0.get(claim) {
            return Some(value);
        }
        let (first, rest) = claim.split_once('.')?;
        rest.split('.')
            .try_fold(self.0.get(first)?, |value, name| value.get(name))
    }

    /// Who it is; `None` without a subject.
    pub fn identity(&self, issuer: &str) -> Option<Identity> {
        let subject = self.0.get("sub")?.as_str()?;
        Some(Identity::new(issuer, subject))
    }

    /// What the person is called, if it can stand on a page.
    pub fn name(&self) -> Option<PersonName> {
        let names = ["name", "preferred_username"].into_iter();
        names
            .filter_map(|claim| self.0.get(claim)?.as_str()?.parse().ok())
            .next()
    }
}

/// Texts are compared as they are, numbers and truth values as JSON writes them.
fn is(claim: &Value, value: &str) -> bool {
    match claim {
        Value::String(text) => text == value,
        Value::Number(number) => format!("{number}") == value,
        Value::Bool(truth) => format!("{truth}") == value,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mk_claims(claims: Value) -> Claims {
        let Value::Object(claims) = claims else {
            panic!("claims are an object");
        };
        Claims::new(claims)
    }

    #[test]
    fn claim_is_found_by_name_or_way() {
        let claims = mk_claims(json!({
            "groups": ["class-a", "teachers"],
            "hd": "example.org",
            "level": 3,
            "staff": true,
            "realm_access": { "roles": ["teacher"], "deep": { "er": "x" } },
            "https://example.org/roles": ["admin"],
            "a.b": "name",
            "a": { "b": "way" },
            "nested": [["inner"]],
        }));
        for (claim, value, expected) in [
            ("groups", "teachers", true),
            ("groups", "class-a", true),
            ("groups", "teacher", false),
            ("groups", "Teachers", false),
            ("groups", "", false),
            ("hd", "example.org", true),
            ("hd", "example", false),
            ("level", "3", true),
            ("staff", "true", true),
            ("realm_access.roles", "teacher", true),
            ("realm_access.deep.er", "x", true),
            ("realm_access", "teacher", false),
            ("https://example.org/roles", "admin", true),
            ("a.b", "name", true),
            ("a.b", "way", false),
            ("nested", "inner", false),
            ("nothing", "", false),
            ("hd.x", "example.org", false),
        ] {
            assert_eq!(claims.has(claim, value), expected, "{claim}={value}");
        }
    }

    #[test]
    fn email_counts_only_when_it_was_verified() {
        let has = |verified: Value| {
            let claims = json!({ "email": "ada@example.org", "email_verified": verified });
            mk_claims(claims).has("email", "ada@example.org")
        };
        assert!(has(json!(true)));
        for verified in [json!(false), json!("true"), json!(1), Value::Null] {
            assert!(!has(verified));
        }
        let without = mk_claims(json!({ "email": "ada@example.org" }));
        assert!(!without.has("email", "ada@example.org"));
    }

    #[test]
    fn name_is_the_first_that_can_stand_on_a_page() {
        let name = |claims| mk_claims(claims).name().map(|name| name.to_string());
        let both = json!({ "name": " Ada  Lovelace ", "preferred_username": "ada" });
        assert_eq!(name(both).as_deref(), Some("Ada Lovelace"));
        let long = json!({ "name": "x".repeat(41), "preferred_username": "ada" });
        assert_eq!(name(long).as_deref(), Some("ada"));
        assert_eq!(name(json!({ "name": "\u{202e}ada" })), None);
        assert_eq!(name(json!({})), None);
    }

    #[test]
    fn nobody_without_a_subject() {
        assert_eq!(
            mk_claims(json!({})).identity("https://id.example.org"),
            None
        );
        assert_eq!(
            mk_claims(json!({ "sub": 7 })).identity("https://id.example.org"),
            None
        );
    }
}
