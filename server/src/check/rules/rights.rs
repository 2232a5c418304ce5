//! What the panel's account and the attendees' may do, and what they must not. Pure.

use super::Class;
use crate::check::observed::{Observed, Reading, Right};
use crate::check::report::{Check, counted, some};
use crate::cluster::{MOST_NAMESPACES, TooManySeats, Watching};
use crate::names::{ATTENDEE_ACCOUNT, PANEL_ACCOUNT};

const REVIEWS: &str = "the rights of other accounts (create subjectaccessreviews)";

pub(super) fn judge(observed: &Observed, class: &Class<'_>) -> Vec<Check> {
    let rights = &observed.rights;
    let mut checks = vec![granted(&rights.panel, class)];
    if class.watching == Watching::Namespaces {
        checks.extend(too_many(class));
        checks.extend(reading(&rights.panel, class));
    }
    if !class.namespaces.is_empty() {
        checks.push(impersonation(&rights.impersonation, class));
        checks.push(attendees(&rights.attendees, class));
    }
    checks.push(excess(&rights.excess, class));
    checks
}

fn granted(rights: &Reading<Vec<Right>>, class: &Class<'_>) -> Check {
    const NAME: &str = "Panel's rights";
    let rights = match rights {
        Ok(rights) => rights,
        Err(cause) => return Check::unknown(NAME, REVIEWS, cause),
    };
    let (_, rights) = of_seats(rights, class);
    let refused: Vec<_> = refused(&rights).collect();
    if refused.is_empty() {
        return Check::pass(NAME, "as the panel needs them");
    }
    let account = format!("{}/{PANEL_ACCOUNT}", class.panel_namespace);
    let found = if refused.len() == rights.len() {
        format!("the account {account} has none of them")
    } else {
        format!("the account {account} may not {}", some(&refused))
    };
    let namespaced = match class.watching {
        Watching::Cluster => "",
        Watching::Namespaces => " --namespaced",
    };
    let cure = format!(
        "Bring them up to date: `helm upgrade --reuse-values -n {0} <release> deploy/chart`, or, where no chart installed the panel, `workshop seats create --count {1} --panel-rights{namespaced} --panel-namespace {0}` (with the --prefix of the first time).",
        class.panel_namespace,
        class.seats.max(1),
    );
    Check::fail(NAME, found, cure)
}

/// The rights in seats' namespaces, and the others.
fn of_seats(rights: &[Right], class: &Class<'_>) -> (Vec<Right>, Vec<Right>) {
    let rights = rights.iter().cloned();
    rights.partition(|right| class.has(right.access.namespace.as_ref()))
}

/// By the Role in each seat's namespace. `None` where all is unknown, which another line tells.
fn reading(rights: &Reading<Vec<Right>>, class: &Class<'_>) -> Option<Check> {
    const NAME: &str = "Reading the seats";
    let (rights, _) = of_seats(rights.as_ref().ok()?, class);
    let refused = rights.iter().filter(|right| !right.allowed);
    let mut refused: Vec<_> = refused
        .filter_map(|right| right.access.namespace.as_deref())
        .collect();
    refused.dedup();
    if rights.is_empty() {
        return None;
    }
    Some(if refused.is_empty() {
        let seats = counted(class.namespaces.len(), "namespace");
        Check::pass(NAME, format!("the panel may, in {seats}"))
    } else {
        let found = format!("the panel may not read all of {}", some(&refused));
        Check::fail(NAME, found, again(class))
    })
}

/// Seats that are watched one by one have a limit.
fn too_many(class: &Class<'_>) -> Option<Check> {
    let why = TooManySeats::check(class.seats as usize).err()?;
    Some(Check::fail(
        "Number of seats",
        format!("{}, watched one by one", why.seats),
        format!(
            "Make at most {MOST_NAMESPACES} seats, or let the panel read the whole cluster (without --namespaced)."
        ),
    ))
}

fn impersonation(rights: &Reading<Vec<Right>>, class: &Class<'_>) -> Check {
    const NAME: &str = "Acting as attendees";
    let rights = match rights {
        Ok(rights) => rights,
        Err(cause) => return Check::unknown(NAME, REVIEWS, cause),
    };
    let refused = rights.iter().filter(|right| !right.allowed);
    let refused: Vec<_> = refused
        .filter_map(|right| right.access.namespace.as_deref())
        .collect();
    if refused.is_empty() {
        return Check::pass(
            NAME,
            format!("the panel may, in {}", counted(rights.len(), "namespace")),
        );
    }
    Check::fail(
        NAME,
        format!(
            "the panel may not act as {ATTENDEE_ACCOUNT} in {}",
            some(&refused)
        ),
        again(class),
    )
}

fn attendees(rights: &Reading<Vec<Right>>, class: &Class<'_>) -> Check {
    const NAME: &str = "Attendees' rights";
    let rights = match rights {
        Ok(rights) => rights,
        Err(cause) => return Check::unknown(NAME, REVIEWS, cause),
    };
    let Some(right) = rights.iter().find(|right| !right.allowed) else {
        return Check::pass(NAME, "enough to deploy, load and clean up");
    };
    let namespace = right.access.namespace.as_deref().unwrap_or("");
    let here = rights
        .iter()
        .filter(|right| right.access.namespace.as_deref() == Some(namespace))
        .cloned()
        .collect::<Vec<_>>();
    let refused: Vec<_> = refused(&here).collect();
    Check::fail(
        NAME,
        format!(
            "{ATTENDEE_ACCOUNT} in {namespace} may not {}",
            some(&refused)
        ),
        again(class),
    )
}

/// `workshop seats create` brings the Roles of seats that exist up to date.
fn again(class: &Class<'_>) -> String {
    let namespaced = match class.watching {
        Watching::Cluster => "",
        Watching::Namespaces => " --namespaced",
    };
    format!(
        "Bring the seats' Roles up to date: `workshop seats create --count {}{namespaced}` (with the --prefix of the first time).",
        class.namespaces.len()
    )
}

/// A warning: the class can be held, but a mistake of the panel could reach further than it should.
fn excess(rights: &Reading<Vec<Right>>, class: &Class<'_>) -> Check {
    const NAME: &str = "Panel's limits";
    let rights = match rights {
        Ok(rights) => rights,
        Err(cause) => return Check::unknown(NAME, REVIEWS, cause),
    };
    let words = |right: &Right| match &right.access.namespace {
        Some(namespace) => format!("{} in {namespace}", right.access),
        None => format!("{} in all namespaces", right.access),
    };
    let too_much = rights.iter().filter(|right| right.allowed).map(words);
    let too_much: Vec<_> = too_much.collect();
    if too_much.is_empty() {
        return Check::pass(NAME, "it may not write or read secrets where others work");
    }
    let user = format!(
        "system:serviceaccount:{}:{PANEL_ACCOUNT}",
        class.panel_namespace
    );
    let whole_cluster = match class.watching {
        Watching::Cluster => "",
        Watching::Namespaces => {
            "If it read the whole cluster before: `kubectl delete clusterrolebinding workshop-panel`. Otherwise: "
        }
    };
    Check::warn(
        NAME,
        format!("the panel's account may {}", some(&too_much)),
        format!(
            "{whole_cluster}Find the binding that grants more than docs/security.md lists, and remove it: `kubectl get clusterrolebindings,rolebindings -A -o wide | grep {PANEL_ACCOUNT}`; the account is {user}."
        ),
    )
}

fn refused(rights: &[Right]) -> impl Iterator<Item = String> {
    let refused = rights.iter().filter(|right| !right.allowed);
    refused.map(|right| right.access.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::world::{check, observed, outcome};
    use crate::check::observed::Unread;
    use crate::check::report::Outcome;

    #[test]
    fn missing_rights_of_the_panel_are_named() {
        let mut world = observed();
        let panel = world.rights.panel.as_mut().unwrap();
        panel[1].allowed = false;
        let rights = check(&world, "Panel's rights");
        assert_eq!(rights.outcome, Outcome::Fail);
        assert_eq!(
            rights.found,
            "the account class/panel may not list namespaces"
        );
        let cure = rights.cure.unwrap();
        assert!(
            cure.contains("helm upgrade --reuse-values -n class"),
            "{cure}"
        );
        assert!(cure.contains("--count 2 --panel-rights"), "{cure}");
        for right in world.rights.panel.as_mut().unwrap() {
            right.allowed = false;
        }
        let found = check(&world, "Panel's rights").found;
        assert!(found.ends_with("has none of them"), "{found}");
    }

    #[test]
    fn each_seat_needs_its_impersonation() {
        let mut world = observed();
        world.rights.impersonation.as_mut().unwrap()[1].allowed = false;
        let acting = check(&world, "Acting as attendees");
        assert_eq!(acting.outcome, Outcome::Fail);
        assert!(acting.found.ends_with("in seat-2"), "{}", acting.found);
    }

    #[test]
    fn attendees_missing_rights_are_told_for_one_seat() {
        let mut world = observed();
        for right in world.rights.attendees.as_mut().unwrap() {
            right.allowed = false;
        }
        let attendees = check(&world, "Attendees' rights");
        assert_eq!(attendees.outcome, Outcome::Fail);
        assert!(
            attendees.found.starts_with("attendee in seat-1 may not"),
            "{}",
            attendees.found
        );
    }

    #[test]
    fn too_much_is_a_warning() {
        let mut world = observed();
        world.rights.excess.as_mut().unwrap()[0].allowed = true;
        let limits = check(&world, "Panel's limits");
        assert_eq!(limits.outcome, Outcome::Warn);
        assert!(
            limits
                .found
                .ends_with("create deployments.apps in all namespaces"),
            "{}",
            limits.found
        );
    }

    #[test]
    fn rights_that_may_not_be_asked_for_are_unknown() {
        let mut world = observed();
        world.rights.panel = Err(Unread::Forbidden);
        assert_eq!(outcome(&world, "Panel's rights"), Outcome::Warn);
    }
}
