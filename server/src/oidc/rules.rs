//! Who gets which place: `groups=teachers -> instructor`. Pure; docs/single-sign-on.md explains the rules to operators.

use std::fmt;
use std::str::FromStr;

use super::Claims;
use crate::seats::{Place, SeatNumber};

/// Stands between what a rule asks and what it gives.
const GIVES: &str = "->";

/// One rule: who has this value in this claim gets this place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    claim: String,
    value: String,
    place: Place,
}

/// A text that is no rule, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRule {
    #[error("a rule reads `claim=value -> place`")]
    NoArrow,
    #[error("before `->` stands `claim=value`, such as `groups=teachers`")]
    NoCondition,
    #[error("after `->` stands `instructor`, `free seat`, or `seat` and its number from 1 on")]
    NoPlace,
}

impl FromStr for Rule {
    type Err = NoRule;

    /// White space around the claim, the value and the place does not count. The value may hold `=` and `->`.
    fn from_str(text: &str) -> Result<Self, NoRule> {
        let (condition, place) = text.rsplit_once(GIVES).ok_or(NoRule::NoArrow)?;
        let (claim, value) = condition.split_once('=').ok_or(NoRule::NoCondition)?;
        let (claim, value) = (claim.trim(), value.trim());
        if claim.is_empty() || value.is_empty() || claim.contains(char::is_whitespace) {
            return Err(NoRule::NoCondition);
        }
        Ok(Self {
            claim: claim.to_owned(),
            value: value.to_owned(),
            place: read_place(place)?,
        })
    }
}

fn read_place(text: &str) -> Result<Place, NoRule> {
    let words: Vec<_> = text.split_whitespace().collect();
    match words.as_slice() {
        ["instructor"] => Ok(Place::Instructor),
        ["free", "seat"] => Ok(Place::FreeSeat),
        ["seat", number] => match number.parse() {
            // The instructor's seat has a name of its own, and is given by that alone.
            Ok(number) if number != SeatNumber::INSTRUCTOR => Ok(Place::Seat(number)),
            _ => Err(NoRule::NoPlace),
        },
        _ => Err(NoRule::NoPlace),
    }
}

/// As it is written in an option.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} {GIVES} ", self.claim, self.value)?;
        match self.place {
            Place::Instructor => f.write_str("instructor"),
            Place::FreeSeat => f.write_str("free seat"),
            Place::Seat(number) => write!(f, "seat {}", number.0),
        }
    }
}

/// The rules in their order.
#[derive(Clone, Debug)]
pub struct Rules(Vec<Rule>);

impl Rules {
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// What the first rule that fits gives.
    pub fn place(&self, claims: &Claims) -> Option<Place> {
        let fits = |rule: &&Rule| claims.has(&rule.claim, &rule.value);
        self.0.iter().find(fits).map(|rule| rule.place)
    }

    /// The seats that a rule gives to somebody: they are nobody's free ones.
    pub fn reserved(&self) -> Vec<SeatNumber> {
        let seats = self.0.iter().filter_map(|rule| match rule.place {
            Place::Seat(number) => Some(number),
            Place::Instructor | Place::FreeSeat => None,
        });
        seats.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn mk_rules(rules: &[&str]) -> Rules {
        Rules::new(rules.iter().map(|rule| rule.parse().unwrap()).collect())
    }

    fn mk_claims(claims: &Value) -> Claims {
        Claims::new(claims.as_object().unwrap().clone())
    }

    #[test]
    fn rule_is_read_as_it_is_written() {
        for (text, spelt) in [
            (
                "groups=teachers -> instructor",
                "groups=teachers -> instructor",
            ),
            (
                "  groups = teachers->instructor ",
                "groups=teachers -> instructor",
            ),
            (
                "email=ada@example.org -> seat 07",
                "email=ada@example.org -> seat 7",
            ),
            (
                "groups=class a -> free  seat",
                "groups=class a -> free seat",
            ),
            (
                "groups=CN=a,OU=b -> free seat",
                "groups=CN=a,OU=b -> free seat",
            ),
            ("x=a -> b -> seat 300", "x=a -> b -> seat 300"),
        ] {
            let rule: Rule = text.parse().unwrap();
            assert_eq!(rule.to_string(), spelt, "{text}");
            assert_eq!(spelt.parse(), Ok(rule), "{text}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for (text, why) in [
            ("", NoRule::NoArrow),
            ("groups=teachers", NoRule::NoArrow),
            ("groups=teachers = instructor", NoRule::NoArrow),
            ("groups -> instructor", NoRule::NoCondition),
            ("=teachers -> instructor", NoRule::NoCondition),
            ("groups= -> instructor", NoRule::NoCondition),
            ("my groups=teachers -> instructor", NoRule::NoCondition),
            ("groups=teachers ->", NoRule::NoPlace),
            ("groups=teachers -> Instructor", NoRule::NoPlace),
            ("groups=teachers -> seat", NoRule::NoPlace),
            ("groups=teachers -> seat 0", NoRule::NoPlace),
            ("groups=teachers -> seat 00", NoRule::NoPlace),
            ("groups=teachers -> seat -1", NoRule::NoPlace),
            ("groups=teachers -> seat 70000", NoRule::NoPlace),
            ("groups=teachers -> seat 7 8", NoRule::NoPlace),
            ("groups=teachers -> any seat", NoRule::NoPlace),
        ] {
            assert_eq!(text.parse::<Rule>(), Err(why), "{text}");
        }
    }

    #[test]
    fn first_rule_that_fits_decides() {
        let rules = mk_rules(&[
            "groups=teachers -> instructor",
            "email=ada@example.org -> seat 7",
            "groups=class-a -> free seat",
        ]);
        let ada = "ada@example.org";
        for (claims, expected) in [
            (
                json!({ "groups": ["class-a", "teachers"] }),
                Some(Place::Instructor),
            ),
            (json!({ "groups": "teachers" }), Some(Place::Instructor)),
            (
                json!({ "groups": ["class-a"], "email": ada, "email_verified": true }),
                Some(Place::Seat(SeatNumber(7))),
            ),
            (
                json!({ "groups": ["class-a"], "email": ada, "email_verified": false }),
                Some(Place::FreeSeat),
            ),
            (json!({ "groups": ["class-a"] }), Some(Place::FreeSeat)),
            (json!({ "groups": ["class-b"] }), None),
            (json!({ "email": ada }), None),
            (json!({}), None),
        ] {
            assert_eq!(rules.place(&mk_claims(&claims)), expected, "{claims}");
        }
        assert_eq!(rules.reserved(), [SeatNumber(7)]);
    }
}
