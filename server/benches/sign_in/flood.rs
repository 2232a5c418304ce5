//! Somebody guesses codes as fast as the panel answers, while the class signs in.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Result;
use http::StatusCode;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client::Browser;
use super::sign_ins::{self, SignIns};

const CONNECTIONS: usize = 64;
/// At least so many, and on until the class has signed in; but never more than the most, nor for longer.
const WRONG_CODES: usize = 10_000;
const MOST_WRONG_CODES: usize = 1_000_000;
const LONGEST: Duration = Duration::from_secs(120);

/// Nobody's code, though each could be typed.
const NONSENSE: &[&str] = &[
    "",
    "hello",
    "07-KQ2M",
    "99999-KQ2M-9DXA",
    "%27%20OR%201%3D1%20--",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "%FF%FE%00",
    "%E5%BA%A7%E5%B8%AD-KQ2M-9DXA",
];

/// What the flood came to.
#[derive(Default)]
pub(crate) struct Flood {
    /// Of each answer.
    pub(crate) times: Vec<Duration>,
    answers: BTreeMap<StatusCode, usize>,
    unanswered: Vec<String>,
    took: Duration,
}

/// When the flood may end.
struct Progress {
    begin: Instant,
    sent: AtomicUsize,
    class_is_in: AtomicBool,
}

impl Progress {
    /// The number of the next wrong code.
    fn next(&self) -> Option<usize> {
        let number = self.sent.fetch_add(1, Relaxed);
        let enough = self.class_is_in.load(Relaxed) && number >= WRONG_CODES;
        let bounded = number < MOST_WRONG_CODES && self.begin.elapsed() < LONGEST;
        (!enough && bounded).then_some(number)
    }
}

/// Floods the panel, and signs the class in beside it as on an idle panel.
pub(crate) async fn flood(
    address: &SocketAddr,
    codes: &[String],
    every: Duration,
) -> (SignIns, Flood) {
    let progress = Arc::new(Progress {
        begin: Instant::now(),
        sent: AtomicUsize::new(0),
        class_is_in: AtomicBool::new(false),
    });
    let mut guessers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        guessers.spawn(guess(*address, Arc::clone(&progress), codes.len()));
    }
    let class = async {
        let sign_ins = sign_ins::spread(address, codes, every).await;
        progress.class_is_in.store(true, Relaxed);
        sign_ins
    };
    let (sign_ins, guessed) = tokio::join!(class, guessers.join_all());
    let mut flood = Flood {
        took: progress.begin.elapsed(),
        ..Flood::default()
    };
    for one in guessed {
        flood.times.extend(one.times);
        flood.unanswered.extend(one.unanswered);
        for (status, count) in one.answers {
            *flood.answers.entry(status).or_default() += count;
        }
    }
    (sign_ins, flood)
}

/// One connection's guesses.
async fn guess(address: SocketAddr, progress: Arc<Progress>, seats: usize) -> Flood {
    let mut flood = Flood::default();
    let mut connection = None;
    while let Some(number) = progress.next() {
        match try_code(address, &mut connection, number, seats).await {
            Ok((status, took)) => {
                *flood.answers.entry(status).or_default() += 1;
                flood.times.push(took);
            }
            Err(error) => {
                connection = None;
                flood.unanswered.push(format!("a wrong code: {error:#}"));
            }
        }
    }
    flood
}

async fn try_code(
    address: SocketAddr,
    connection: &mut Option<Browser>,
    number: usize,
    seats: usize,
) -> Result<(StatusCode, Duration)> {
    let browser = match connection {
        Some(browser) => browser,
        None => connection.insert(Browser::open(address).await?),
    };
    let form = format!("code={}", wrong_code(number, seats)?);
    let sent = Instant::now();
    let answer = browser.post("/session", form).await?;
    Ok((answer.status, sent.elapsed()))
}

/// Half of them for seats that there are, the instructor's included, a third for none, the rest nonsense.
fn wrong_code(number: usize, seats: usize) -> Result<String> {
    let nth = number / 6;
    Ok(match number % 6 {
        0..=2 => format!("{:02}-{}", number % (seats + 1), symbols()?),
        3 => format!("{}-{}", seats + 1 + nth % 60_000, symbols()?),
        4 => format!("C-{}", symbols()?),
        _ => NONSENSE[nth % NONSENSE.len()].to_owned(),
    })
}

/// Forty random bits, as a code has: that one is right is not to be expected.
fn symbols() -> Result<String> {
    const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    let symbol = |byte: u8| char::from(SYMBOLS[usize::from(byte) % SYMBOLS.len()]);
    Ok(bytes.map(symbol).iter().collect())
}

impl Flood {
    /// Whatever is neither "wrong" nor "too many".
    pub(crate) fn failures(&self) -> Vec<String> {
        let expected = [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS];
        let unexpected = self.answers.iter().filter(|(s, _)| !expected.contains(s));
        let unexpected = unexpected.map(|(status, count)| match *status {
            StatusCode::SEE_OTHER => format!("{count} wrong codes got in"),
            status => format!("{count} wrong codes were answered {status}"),
        });
        unexpected.chain(self.unanswered.iter().cloned()).collect()
    }
}

impl fmt::Display for Flood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.times.len();
        let seconds = self.took.as_secs_f64();
        write!(
            f,
            "flood: {count} wrong codes over {CONNECTIONS} connections in {seconds:.1} s, {:.0}/s; answered",
            count as f64 / seconds
        )?;
        for (status, count) in &self.answers {
            write!(f, " {} × {count},", status.as_u16())?;
        }
        let got_in = self.answers.get(&StatusCode::SEE_OTHER).unwrap_or(&0);
        write!(f, " unanswered {}; got in {got_in}", self.unanswered.len())
    }
}
