//! A stream for each of the class, and the instructor who signs all of them out.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client::{Browser, Events};
use super::sign_ins::sign_in;

/// What the streams' last words say.
const REASON: &str = "signed_out_by_instructor";

/// How the streams ended.
pub(crate) struct Ended {
    /// From the instructor's click to each stream's last words.
    pub(crate) times: Vec<Duration>,
    failures: Vec<String>,
    /// The instructor's answer.
    answer: Duration,
    /// Seats that the panel says it signed out.
    told: usize,
    open: usize,
}

/// Opens the streams, then ends them all.
pub(crate) async fn sign_out_all(
    address: &SocketAddr,
    codes: &[String],
    instructor: &str,
) -> Result<Ended> {
    let mut instructors = Browser::open(*address).await?;
    let form = format!("code={instructor}");
    let answer = instructors.post("/session", form).await?;
    instructors.keep(&answer).context("the instructor")?;
    let mut streams = Vec::new();
    for code in codes {
        let signed_in = sign_in(*address, code).await?;
        streams.push(signed_in.events);
    }
    let open = streams.len();

    let clicked = Instant::now();
    let mut endings = JoinSet::new();
    for stream in streams {
        endings.spawn(last_words(stream, clicked));
    }
    let answer = instructors.post("/api/sign_out_all", String::new()).await?;
    let answered = clicked.elapsed();
    ensure!(
        answer.status.is_success(),
        "the sign-out of all was answered {}",
        answer.status
    );
    let mut ended = Ended {
        times: Vec::new(),
        failures: Vec::new(),
        answer: answered,
        told: serde_json::from_slice(&answer.body).context("the sign-out of all told no count")?,
        open,
    };
    for ending in endings.join_all().await {
        match ending {
            Ok(time) => ended.times.push(time),
            Err(error) => ended.failures.push(format!("a stream: {error:#}")),
        }
    }
    Ok(ended)
}

async fn last_words(mut stream: Events, clicked: Instant) -> Result<Duration> {
    let event = stream.until("ended").await?;
    let time = clicked.elapsed();
    ensure!(event.contains(REASON), "ended for another reason: {event}");
    Ok(time)
}

impl Ended {
    /// Streams that ended otherwise, and a count of seats that is not theirs.
    pub(crate) fn failures(&self) -> Vec<String> {
        let mut failures = self.failures.clone();
        if self.told != self.open {
            failures.push(format!(
                "{} streams, but {} seats signed out",
                self.open, self.told
            ));
        }
        failures
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = self.answer.as_secs_f64() * 1000.0;
        write!(
            f,
            "sign-out of all: {} seats with a stream each, answered in {answer:.0} ms",
            self.told
        )
    }
}
