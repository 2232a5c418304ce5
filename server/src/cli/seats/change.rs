//! Changes of seats that exist. All of it only patches Secrets of the panel's namespace, so it also works inside the
//! panel's pod, with the panel's own account.

use std::process::ExitCode;

use anyhow::{Result, bail};
use server::config::{Class, SeatsChange, SeatsClass, SeatsRename, SeatsRevoke};
use server::seats::provision::Provisioned;
use server::seats::{PersonName, Seat, SeatNumber, SeatStore};
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::{Failures, chosen, fatal, interrupted, known, line, namespace, not_shown, print, told};
use crate::cli::shutdown::shutdown;

/// What renewing came to.
pub(super) struct Renewed {
    pub(super) seats: Vec<Provisioned>,
    pub(super) failures: Failures,
}

/// Gives each seat another code and prints it at once. `stop` ends it between two seats.
pub(super) async fn renew_each(
    store: &SeatStore,
    seats: &[Seat],
    stop: &CancellationToken,
    progress: &Progress,
) -> Renewed {
    let mut renewed = Renewed {
        seats: Vec::new(),
        failures: Failures::default(),
    };
    for seat in seats {
        if stop.is_cancelled() {
            break;
        }
        let number = seat.number;
        match store.renew(number).await {
            Ok((seat, code)) => {
                let seat = Provisioned {
                    number,
                    namespace: namespace(&seat).map(str::to_owned),
                    name: seat.name.clone(),
                    code: Some(code),
                };
                if let Err(error) = progress.aside(|| print(&line(&seat))) {
                    renewed.failures.push(number, not_shown(number, &error));
                    stop.cancel();
                }
                renewed.seats.push(seat);
            }
            Err(error) => renewed.failures.push(number, told(&error)),
        }
        progress.done(&format!("seat {number}"));
    }
    renewed
}

/// `workshop seats renew`
pub(super) async fn renew(options: SeatsChange) -> Result<ExitCode> {
    let (_, store, seats) = known(&options.cluster).await?;
    let seats = chosen(&options.choice.seats, seats)?;
    let stop = shutdown()?;
    let progress = Progress::new("renewing codes", seats.len());
    let renewed = renew_each(&store, &seats, &stop, &progress).await;
    progress.end();
    let code = renewed
        .failures
        .report("Renew these again; the codes above are right.");
    Ok(interrupted(&stop, code))
}

/// `workshop seats revoke`
pub(super) async fn revoke(options: SeatsRevoke) -> Result<ExitCode> {
    let (_, store, seats) = known(&options.cluster).await?;
    let seats = chosen(&options.seats, seats)?;
    if seats.iter().any(|seat| namespace(seat).is_none()) {
        bail!(
            "the instructor's seat cannot be revoked; `workshop seats renew instructor` gives it another code"
        );
    }
    each(&seats, "revoked", async |number| store.revoke(number).await).await
}

/// `workshop seats sign-out`
pub(super) async fn sign_out(options: SeatsChange) -> Result<ExitCode> {
    let (_, store, seats) = known(&options.cluster).await?;
    let seats = chosen(&options.choice.seats, seats)?;
    each(&seats, "signed out", async |number| {
        store.sign_out(number).await
    })
    .await
}

/// `workshop seats rename`
pub(super) async fn rename(options: SeatsRename) -> Result<ExitCode> {
    let (_, store, seats) = known(&options.cluster).await?;
    let seats = chosen(&[options.seat], seats)?;
    if seats.len() > 1 {
        bail!("a name is one seat's; name one seat");
    }
    let name = options.name.as_ref().map(PersonName::as_str);
    each(&seats, "renamed", async |number| {
        store.rename(number, name).await
    })
    .await
}

/// `workshop seats open`
pub(super) async fn open(options: SeatsClass) -> Result<ExitCode> {
    let (_, store, seats) = known(&options.cluster).await?;
    let free = seats.iter().filter(|seat| seat.is_free()).count();
    let code = store.open_free_seats().await.map_err(fatal)?;
    print(&format!("class {code}"))?;
    eprintln!(
        "With this code and their name people take one of {free} free seats. `workshop seats close` ends it."
    );
    Ok(ExitCode::SUCCESS)
}

/// `workshop seats close`
pub(super) async fn close(options: SeatsClass) -> Result<ExitCode> {
    let (_, store, _) = known(&options.cluster).await?;
    store.close_free_seats().await.map_err(fatal)?;
    eprintln!("The class's code takes no more seats. Seats that were taken stay.");
    Ok(ExitCode::SUCCESS)
}

/// `workshop class`
pub(super) async fn class(options: Class) -> Result<ExitCode> {
    let (_, store, _) = known(&options.cluster).await?;
    let phase = options.phase.into();
    store.set_class_phase(phase).await.map_err(fatal)?;
    eprintln!("The class is {}.", options.phase.words());
    Ok(ExitCode::SUCCESS)
}

/// Changes each seat; one that fails does not keep the others.
async fn each(
    seats: &[Seat],
    done: &str,
    change: impl AsyncFn(SeatNumber) -> server::error::Result<Seat>,
) -> Result<ExitCode> {
    let mut failures = Failures::default();
    for seat in seats {
        match change(seat.number).await {
            Ok(seat) => eprintln!("seat {} {done}", seat.number),
            Err(error) => failures.push(seat.number, told(&error)),
        }
    }
    Ok(failures.report("Nothing has changed for these; the command can be run again."))
}
