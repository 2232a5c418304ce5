//! `workshop seats delete`: takes seats away, with their namespaces and all that is in them.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Result, bail};
use futures::StreamExt;
use server::config::SeatsDelete;
use server::seats::provision::{self, AT_ONCE, Deleted, Doomed, choose, doomed};

use super::progress::Progress;
use super::{Failures, ask, fatal, interrupted, told};
use crate::cli::client::client;
use crate::cli::shutdown::shutdown;

/// Runs the command.
pub(super) async fn delete(options: SeatsDelete) -> Result<ExitCode> {
    let client = client(&options.cluster).await?;
    let panel = &options.cluster.panel_namespace;
    let mut seats = doomed(&client, panel).await.map_err(fatal)?;
    if !options.all {
        let there: BTreeSet<_> = seats.iter().map(|seat| seat.number).collect();
        let numbers = choose(&options.seats, &there)?;
        seats.retain(|seat| numbers.contains(&seat.number));
        if seats.iter().any(|seat| seat.namespace.is_none()) {
            bail!(
                "the instructor's seat is deleted by --all alone; `workshop seats renew instructor` gives it another code"
            );
        }
    }
    if seats.is_empty() {
        eprintln!("there are no seats in namespace {panel}");
        return Ok(ExitCode::SUCCESS);
    }
    let question = format!(
        "Delete {} with their namespaces and all that is in them?",
        named(&seats)
    );
    if !ask::agreed(&question, options.yes)? {
        return Ok(ExitCode::FAILURE);
    }

    let stop = shutdown()?;
    let progress = Progress::new("deleting seats", seats.len());
    // The instructor's goes when the others are gone: until then it is still needed.
    let (attendees, instructor): (Vec<_>, Vec<_>) =
        seats.iter().partition(|seat| seat.namespace.is_some());
    let mut failures = Failures::default();
    for seats in [attendees, instructor] {
        if !failures.0.is_empty() {
            break;
        }
        let deleted = seats.into_iter().map(|seat| {
            let (client, panel) = (&client, panel.as_str());
            async move { (seat, provision::delete(client, panel, seat).await) }
        });
        let mut deleted = std::pin::pin!(futures::stream::iter(deleted).buffer_unordered(AT_ONCE));
        while let Some(Some((seat, deleted))) = stop.run_until_cancelled(deleted.next()).await {
            match deleted {
                Ok(deleted) => progress.done(&became(seat, deleted)),
                Err(error) => failures.push(seat.number, told(&error)),
            }
        }
    }
    progress.end();
    let code = failures
        .report("Run the same command again when the cause is removed: it goes on with these.");
    if stop.is_cancelled() {
        eprintln!("Run the same command again: it goes on where it stopped.");
    }
    Ok(interrupted(&stop, code))
}

/// `seats 01 to 40`, or each by its number if there are few.
fn named(seats: &[Doomed]) -> String {
    match seats {
        [seat] => format!("seat {}", seat.number),
        seats if seats.len() <= 10 => {
            let numbers: Vec<_> = seats.iter().map(|seat| seat.number.to_string()).collect();
            format!("seats {}", numbers.join(", "))
        }
        seats => format!("{} seats", seats.len()),
    }
}

fn became(seat: &Doomed, deleted: Deleted) -> String {
    let namespace = seat.namespace.as_deref().unwrap_or_default();
    match deleted {
        Deleted::Gone => format!("seat {} and namespace {namespace} are gone", seat.number),
        Deleted::Kept => format!(
            "seat {} is gone; namespace {namespace} was there before it and stays",
            seat.number
        ),
        Deleted::NotOurs => format!(
            "seat {} is gone; namespace {namespace} is another's and was left alone",
            seat.number
        ),
        Deleted::None => "the instructor's seat is gone".to_owned(),
    }
}
