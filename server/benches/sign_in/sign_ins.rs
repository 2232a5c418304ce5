//! A class that signs in: each a new connection, the sign-in page, the form, the attendee's page and the stream.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use http::StatusCode;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client::{Browser, Events};

/// The sign-ins of a class.
#[derive(Default)]
pub(crate) struct SignIns {
    /// Of the form with the code alone.
    pub(crate) answers: Vec<Duration>,
    /// From the start of the connection until the page has live data.
    pub(crate) first_events: Vec<Duration>,
    /// What went wrong in those that are missing.
    pub(crate) failures: Vec<String>,
}

/// One that worked.
pub(crate) struct SignedIn {
    answer: Duration,
    first_event: Duration,
    pub(crate) events: Events,
}

/// Signs in with each code, one `every` so long: none waits for the one before it.
pub(crate) async fn spread(address: &SocketAddr, codes: &[String], every: Duration) -> SignIns {
    let begin = Instant::now();
    let mut class = JoinSet::new();
    for (index, code) in (0..).zip(codes) {
        let (address, code) = (*address, code.clone());
        let due = begin + every * index;
        class.spawn(async move {
            tokio::time::sleep_until(due).await;
            sign_in(address, &code).await
        });
    }
    let mut sign_ins = SignIns::default();
    for signed_in in class.join_all().await {
        match signed_in {
            Ok(signed_in) => {
                sign_ins.answers.push(signed_in.answer);
                sign_ins.first_events.push(signed_in.first_event);
            }
            Err(error) => sign_ins.failures.push(format!("a sign-in: {error:#}")),
        }
    }
    sign_ins
}

/// One attendee, from the first byte to live data.
pub(crate) async fn sign_in(address: SocketAddr, code: &str) -> Result<SignedIn> {
    let begin = Instant::now();
    let mut browser = Browser::open(address).await?;
    browser.get("/sign-in").await?;
    let sent = Instant::now();
    let answer = browser.post("/session", format!("code={code}")).await?;
    let answered = sent.elapsed();
    let page = browser.keep(&answer)?;
    let status = browser.get(&page).await?.status;
    ensure!(status == StatusCode::OK, "{page} was answered {status}");
    let mut events = browser.events().await?;
    events.until("history").await?;
    Ok(SignedIn {
        answer: answered,
        first_event: begin.elapsed(),
        events,
    })
}
