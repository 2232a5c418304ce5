//! The seats: whether there are enough, each with its namespace and with the Secrets for the images. Pure.

use std::collections::BTreeSet;

use super::Class;
use crate::check::Wanted;
use crate::check::observed::{Observed, Seat, Unread};
use crate::check::report::{Check, counted, some};

pub(super) fn judge(observed: &Observed, wanted: &Wanted, class: &Class<'_>) -> Vec<Check> {
    let mut checks = vec![seats(observed, wanted, class)];
    checks.extend(namespaces(observed, class));
    checks.extend(pull_secrets(observed));
    checks
}

fn create(count: u32) -> String {
    let count = match count {
        0 => "<seats>".to_owned(),
        count => count.to_string(),
    };
    format!(
        "Make them: `workshop seats create --count {count}` (with the --prefix of the first time); seats that exist keep their codes."
    )
}

fn seats(observed: &Observed, wanted: &Wanted, class: &Class<'_>) -> Check {
    const NAME: &str = "Seats";
    let seats = match &observed.seats {
        Ok(seats) => seats,
        Err(cause) => {
            let what = format!("secrets in {}", class.panel_namespace);
            return Check::unknown(NAME, &what, cause);
        }
    };
    let existing = u32::try_from(class.namespaces.len()).unwrap_or(u32::MAX);
    let needed = wanted.count.map_or(existing, u32::from);
    if existing == 0 {
        return Check::fail(
            NAME,
            format!("there is no seat in {}", class.panel_namespace),
            create(needed),
        );
    }
    if existing < needed {
        return Check::fail(
            NAME,
            format!(
                "{existing} of the {} that are needed",
                counted(needed, "seat")
            ),
            create(needed),
        );
    }
    if seats.iter().all(|seat| seat.namespace.is_some()) {
        return Check::fail(NAME, "there is no instructor's seat", create(existing));
    }
    let mut found = counted(existing, "seat");
    if wanted.count.is_some() {
        // Codes get lost and notebooks break; about one seat in ten is a habit that helps.
        let spare = existing - needed;
        found.push_str(&match spare {
            0 => format!(
                ", none to spare; about {} more would help",
                needed.div_ceil(10)
            ),
            spare => format!(", {spare} to spare"),
        });
    }
    let revoked = |seat: &&Seat| seat.revoked && seat.namespace.is_some();
    match seats.iter().filter(revoked).count() {
        0 => {}
        revoked => found.push_str(&format!(", {revoked} without a code")),
    }
    Check::pass(NAME, found)
}

/// Seats without their namespace, and namespaces that look like a seat's and are none.
fn namespaces(observed: &Observed, class: &Class<'_>) -> Option<Check> {
    const NAME: &str = "Namespaces";
    let labelled = match &observed.namespaces {
        Ok(labelled) => labelled,
        Err(cause) => return Some(Check::unknown(NAME, "namespaces", cause)),
    };
    let seats = observed.seats.as_ref().ok()?;
    if seats.is_empty() && labelled.is_empty() {
        return None;
    }
    let name = |namespace: &k8s_openapi::api::core::v1::Namespace| namespace.metadata.name.clone();
    let present: BTreeSet<_> = labelled.iter().filter_map(name).collect();
    let of_seats: BTreeSet<_> = class.namespaces.iter().cloned().collect();
    let missing: Vec<_> = of_seats.difference(&present).collect();
    if !missing.is_empty() {
        return Some(Check::fail(
            NAME,
            format!(
                "{} without a namespace (or without its label): {}",
                counted(missing.len(), "seat"),
                some(&missing)
            ),
            create(u32::try_from(of_seats.len()).unwrap_or(u32::MAX)),
        ));
    }
    let ending = labelled.iter().filter(|namespace| {
        class.has(namespace.metadata.name.as_ref())
            && namespace.metadata.deletion_timestamp.is_some()
    });
    let ending: Vec<_> = ending.filter_map(name).collect();
    if !ending.is_empty() {
        return Some(Check::fail(
            NAME,
            format!("being deleted: {}", some(&ending)),
            "Wait until they are gone, then make the seats again. One that stays has an object with a finalizer: `kubectl get scaledobjects -n <namespace> -o yaml`.",
        ));
    }
    let stray: Vec<_> = present.difference(&of_seats).collect();
    if !stray.is_empty() {
        return Some(Check::warn(
            NAME,
            format!(
                "{} with the label of a seat, but no seat: {}",
                counted(stray.len(), "namespace"),
                some(&stray)
            ),
            "If they are no other panel's, delete them: `kubectl delete namespace <name>`.",
        ));
    }
    Some(Check::pass(NAME, "each seat has its own"))
}

fn pull_secrets(observed: &Observed) -> Option<Check> {
    const NAME: &str = "Image pull secrets";
    let secrets = &observed.pull_secrets;
    if secrets.is_empty() {
        return None;
    }
    let missing = secrets
        .iter()
        .filter(|secret| secret.found == Err(Unread::Absent));
    let missing: Vec<_> = missing
        .map(|secret| format!("{}/{}", secret.namespace, secret.name))
        .collect();
    if !missing.is_empty() {
        return Some(Check::fail(
            NAME,
            format!("missing: {}", some(&missing)),
            "Copy them there: `kubectl get secret <name> -n <from> -o json | jq 'del(.metadata.namespace,.metadata.uid,.metadata.resourceVersion)' | kubectl apply -n <namespace> -f -`.",
        ));
    }
    let unread = secrets
        .iter()
        .find_map(|secret| secret.found.as_ref().err());
    Some(match unread {
        Some(cause) => Check::unknown(NAME, "secrets in the seats' namespaces", cause),
        None => Check::pass(NAME, "there in each seat's namespace"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::world::{check, observed, outcome, report, report_for};
    use crate::check::observed::{PullSecret, Unread};
    use crate::check::report::Outcome;

    #[test]
    fn too_few_seats_are_a_problem_and_spare_ones_a_note() {
        let world = observed();
        let seats = |count| report_for(&world, count).get("Seats").unwrap().clone();
        assert_eq!(seats(Some(1)).found, "2 seats, 1 to spare");
        assert_eq!(
            seats(Some(2)).found,
            "2 seats, none to spare; about 1 more would help"
        );
        assert_eq!(seats(None).found, "2 seats");
        let few = seats(Some(40));
        assert_eq!(few.outcome, Outcome::Fail);
        assert!(few.cure.unwrap().contains("--count 40"));
    }

    #[test]
    fn no_seat_and_no_instructor_are_problems() {
        let mut world = observed();
        world.seats.as_mut().unwrap().pop();
        assert!(check(&world, "Seats").found.contains("instructor"));
        world.seats = Ok(Vec::new());
        world.namespaces = Ok(Vec::new());
        assert!(check(&world, "Seats").found.contains("no seat"));
    }

    #[test]
    fn seats_and_namespaces_must_match() {
        let mut world = observed();
        let second = world.namespaces.as_mut().unwrap().pop();
        let namespaces = check(&world, "Namespaces");
        assert_eq!(namespaces.outcome, Outcome::Fail);
        assert!(namespaces.found.contains("seat-2"), "{}", namespaces.found);
        let mut second = second.unwrap();
        second.metadata.deletion_timestamp = Some(
            k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(world.now),
        );
        world.namespaces.as_mut().unwrap().push(second);
        assert!(check(&world, "Namespaces").found.contains("being deleted"));

        let mut world = observed();
        world.seats.as_mut().unwrap().remove(1);
        let namespaces = check(&world, "Namespaces");
        assert_eq!(namespaces.outcome, Outcome::Warn);
        assert!(namespaces.found.contains("seat-2"), "{}", namespaces.found);
    }

    #[test]
    fn unreadable_seats_are_counted_by_their_namespaces() {
        let mut world = observed();
        world.seats = Err(Unread::Forbidden);
        let report = report(&world);
        assert_eq!(report.get("Seats").unwrap().outcome, Outcome::Warn);
        assert_eq!(report.seats, 2);
    }

    #[test]
    fn pull_secrets_must_be_in_every_seat() {
        let mut world = observed();
        assert!(report(&world).get("Image pull secrets").is_none());
        world.pull_secrets = vec![PullSecret {
            namespace: "seat-1".to_owned(),
            name: "registry".to_owned(),
            found: Ok(()),
        }];
        assert_eq!(outcome(&world, "Image pull secrets"), Outcome::Pass);
        world.pull_secrets[0].found = Err(Unread::Absent);
        let secrets = check(&world, "Image pull secrets");
        assert_eq!(secrets.outcome, Outcome::Fail);
        assert_eq!(secrets.found, "missing: seat-1/registry");
    }
}
