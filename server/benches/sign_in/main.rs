//! `cargo xtask bench sign-in`: a class that signs in at once, a flood of wrong codes beside it, and the sign-out of all.
//!
//! It knows the panel by its addresses alone, over real sockets, as browsers do. Figures are printed beside their limits and
//! never judged: only a count that is wrong makes it fail, such as a wrong code that got in.

mod client;
mod figures;
mod flood;
mod meter;
mod panel;
mod proc;
mod sign_ins;
mod streams;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};

use figures::{Figures, Row};
use meter::Meter;
use panel::Panel;
use sign_ins::SignIns;

/// Seats of the class, and of the demo that is started for it.
const SEATS: usize = 100;
/// The class comes within ten seconds.
const SPREAD: Duration = Duration::from_secs(10);
/// The budgets of the panel: an answer to a right code, and the end of a stream after the instructor's act.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(1);
const SIGN_OUT_LIMIT: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let mut panel = Panel::find().await?;
    let class = panel.codes.len().min(SEATS);
    if class == 0 {
        bail!("the panel has no seat with a code");
    }
    let codes = &panel.codes[..class];
    println!("sign-in: {class} seats at {}", panel.described);

    let mut figures = Figures::default();
    let every = SPREAD / u32::try_from(class)?;

    let meter = Meter::start(&panel);
    let idle = sign_ins::spread(&panel.address, codes, every).await;
    figures.used("sign-ins in 10 s", meter.stop());
    rows(&mut figures, "in 10 s", idle, class);

    let meter = Meter::start(&panel);
    let at_once = sign_ins::spread(&panel.address, codes, Duration::ZERO).await;
    figures.used("sign-ins at once", meter.stop());
    rows(&mut figures, "at once", at_once, class);

    let meter = Meter::start(&panel);
    let (beside, flood) = flood::flood(&panel.address, codes, every).await;
    figures.used("flood of wrong codes", meter.stop());
    rows(&mut figures, "in the flood", beside, class);
    figures.note(flood.to_string());
    figures.failures(flood.failures());
    figures.row(Row::new(
        "flood: answer to a wrong code",
        flood.times,
        0,
        None,
    ));

    let meter = Meter::start(&panel);
    let ended = streams::sign_out_all(&panel.address, codes, &panel.instructor).await;
    figures.used("a stream each, sign-out of all", meter.stop());
    match ended {
        Ok(ended) => {
            figures.note(ended.to_string());
            figures.failures(ended.failures());
            let missing = class - ended.times.len();
            let limit = Some(SIGN_OUT_LIMIT);
            figures.row(Row::new(
                "sign-out of all: ended",
                ended.times,
                missing,
                limit,
            ));
        }
        // What was measured before is worth printing all the same.
        Err(error) => figures.failures(vec![format!("the sign-out of all: {error:#}")]),
    }

    if figures.failed()
        && let Some(status) = panel.ended().await
    {
        figures.note(format!("the panel ended meanwhile: {status}"));
    }
    println!("{figures}");
    Ok(figures.verdict())
}

/// The figures of a class that signed in.
fn rows(figures: &mut Figures, when: &str, sign_ins: SignIns, class: usize) {
    let failed = class - sign_ins.answers.len();
    figures.row(Row::new(
        &format!("{when}: POST /session"),
        sign_ins.answers,
        failed,
        Some(SIGN_IN_LIMIT),
    ));
    figures.row(Row::new(
        &format!("{when}: first event"),
        sign_ins.first_events,
        failed,
        None,
    ));
    figures.failures(sign_ins.failures);
}
