//! `workshop seats …` and `workshop class …`: the seats of a class, with the rights of whoever runs it. Codes go to
//! stdout and nothing else does; progress, warnings and failures go to stderr.

mod ask;
mod cards;
mod change;
mod create;
mod delete;
mod files;
mod kubeconfigs;
mod list;
mod progress;
mod review;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use app::model::TimeMs;
use http::Request;
use http::header::DATE;
use kube::Client;
use kube::client::Body;
use server::call::TIME_LIMIT;
use server::config::{Class, ClusterOptions, SeatsCommand};
use server::error::{Error, chain};
use server::seats::provision::{Provisioned, SeatRange, choose};
use server::seats::{Person, Seat, SeatNumber, SeatStore};
use tokio_util::sync::CancellationToken;

use super::client::client;

/// A process that was ended by Ctrl-C ends with this, as a shell says it.
const INTERRUPTED: u8 = 130;

/// Runs one of the commands on seats.
pub(crate) async fn seats(command: SeatsCommand) -> Result<ExitCode> {
    match command {
        SeatsCommand::Create(options) => create::create(*options).await,
        SeatsCommand::List(options) => list::list(options).await,
        SeatsCommand::Renew(options) => change::renew(options).await,
        SeatsCommand::Revoke(options) => change::revoke(options).await,
        SeatsCommand::SignOut(options) => change::sign_out(options).await,
        SeatsCommand::Rename(options) => change::rename(options).await,
        SeatsCommand::Delete(options) => delete::delete(options).await,
        SeatsCommand::Cards(options) => cards::cards(options).await,
        SeatsCommand::Kubeconfigs(options) => kubeconfigs::kubeconfigs(options).await,
        SeatsCommand::Open(options) => change::open(options).await,
        SeatsCommand::Close(options) => change::close(options).await,
    }
}

/// Moves the class to another phase.
pub(crate) async fn class(options: Class) -> Result<ExitCode> {
    change::class(options).await
}

/// One seat as a line: `seat workshop-user-7 07-KQ2M-9DXA`. A code is shown once, when it is made.
pub(super) fn line(seat: &Provisioned) -> String {
    let code = match &seat.code {
        Some(code) => code.to_string(),
        None => "exists".to_owned(),
    };
    match &seat.namespace {
        Some(namespace) => format!("seat {namespace} {code}"),
        None => format!("instructor {code}"),
    }
}

/// Prints a line that must not be lost, at once: `println!` would end the process on a closed pipe.
fn print(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// What a code that was made and could not be shown costs.
fn not_shown(number: SeatNumber, error: &std::io::Error) -> String {
    format!(
        "its code could not be printed ({error}); give it another one with `workshop seats renew {number}`"
    )
}

/// Seats that failed, for the list at a command's end.
#[derive(Default)]
struct Failures(Vec<(SeatNumber, String)>);

impl Failures {
    fn push(&mut self, number: SeatNumber, why: String) {
        self.0.push((number, why));
    }

    /// Lists them, with a last line that says what to do; returns the exit code.
    fn report(&self, what_to_do: &str) -> ExitCode {
        if self.0.is_empty() {
            return ExitCode::SUCCESS;
        }
        let seats = if self.0.len() == 1 { "seat" } else { "seats" };
        eprintln!("{} {seats} failed:", self.0.len());
        for (number, why) in &self.0 {
            eprintln!("  seat {number}: {why}");
        }
        eprintln!("{what_to_do}");
        ExitCode::FAILURE
    }
}

/// The exit code of a command that may have been ended by Ctrl-C.
fn interrupted(stop: &CancellationToken, code: ExitCode) -> ExitCode {
    if stop.is_cancelled() && code == ExitCode::SUCCESS {
        eprintln!("interrupted");
        return ExitCode::from(INTERRUPTED);
    }
    code
}

/// An error in one line: the API server's own words, where it gave some.
fn told(error: &Error) -> String {
    match error.status() {
        Some(status) => format!("{error}: {}", status.message),
        None => chain(error),
    }
}

/// As [`told`], for errors that end the command.
#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
fn fatal(error: Error) -> anyhow::Error {
    anyhow!(told(&error))
}

/// The seats' store, and all seats by what their Secrets say.
async fn known(options: &ClusterOptions) -> Result<(Client, SeatStore, Vec<Seat>)> {
    let client = client(options).await?;
    let namespace = options.panel_namespace.clone();
    let store = SeatStore::new(client.clone(), namespace.clone());
    let seats = store.list().await.map_err(fatal)?;
    if seats.is_empty() {
        bail!(
            "there are no seats in namespace {namespace}; make them with `workshop seats create`"
        );
    }
    Ok((client, store, seats))
}

/// The seats that were named, or all attendees' if none was.
fn chosen(ranges: &[SeatRange], seats: Vec<Seat>) -> Result<Vec<Seat>> {
    if ranges.is_empty() {
        let attendees = seats.into_iter().filter(|seat| namespace(seat).is_some());
        return Ok(attendees.collect());
    }
    let there: BTreeSet<_> = seats.iter().map(|seat| seat.number).collect();
    let numbers = choose(ranges, &there)?;
    let named = seats
        .into_iter()
        .filter(|seat| numbers.contains(&seat.number));
    Ok(named.collect())
}

/// An attendee's namespace.
fn namespace(seat: &Seat) -> Option<&str> {
    match &seat.person {
        Person::Attendee { namespace } => Some(namespace),
        Person::Instructor => None,
    }
}

/// The cluster's time, by which sessions expire; this machine's if the API server does not tell.
async fn cluster_time(client: &Client) -> TimeMs {
    let asked = async {
        let request = Request::get("/version").body(Body::empty()).ok()?;
        let answer = client.send(request).await.ok()?;
        let date = answer.headers().get(DATE)?.to_str().ok()?;
        jiff::fmt::rfc2822::DateTimeParser::new()
            .parse_timestamp(date)
            .ok()
    };
    let told = tokio::time::timeout(TIME_LIMIT, asked).await.ok().flatten();
    match told {
        Some(time) => TimeMs(time.as_millisecond()),
        None => TimeMs(jiff::Timestamp::now().as_millisecond()),
    }
}
