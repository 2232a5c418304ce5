//! A class of readers with the page's own rules for coming back, as [`Tries`] has them.

use std::net::SocketAddr;
use std::time::Duration;

use app::stream::Tries;
use bytes::BytesMut;
use http::Request;
use http::header::{COOKIE, HOST};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::world::Browser;

/// What a reader heard and when.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) reader: usize,
    pub(crate) at: Instant,
    pub(crate) event: String,
    pub(crate) id: Option<String>,
    /// How often this reader's stream was opened before.
    pub(crate) stream: u32,
}

/// Readers, ended when dropped.
pub(crate) struct Readers {
    heard: mpsc::Receiver<Heard>,
    _tasks: JoinSet<()>,
}

impl Readers {
    /// One for each of these browsers.
    pub(crate) fn open(proxy: SocketAddr, people: &[Browser]) -> Self {
        let (sender, heard) = mpsc::channel(10_000);
        let mut tasks = JoinSet::new();
        for (reader, person) in people.iter().enumerate() {
            let cookie = person.cookie.clone().unwrap();
            tasks.spawn(read(proxy, cookie, reader, sender.clone()));
        }
        Self {
            heard,
            _tasks: tasks,
        }
    }

    /// What comes within that time.
    pub(crate) async fn during(&mut self, time: Duration) -> Vec<Heard> {
        let end = Instant::now() + time;
        let mut all = Vec::new();
        while let Ok(Some(heard)) = tokio::time::timeout_at(end, self.heard.recv()).await {
            all.push(heard);
        }
        all
    }
}

/// One page: opens its stream again and again.
async fn read(proxy: SocketAddr, cookie: String, reader: usize, told: mpsc::Sender<Heard>) {
    let mut tries = Tries::default();
    let mut stream = 0;
    loop {
        if let Some(mut body) = open(proxy, &cookie, &tries.url()).await {
            let mut text = BytesMut::new();
            while let Some(Ok(frame)) = body.frame().await {
                text.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
                    let event = text.split_to(end + 2);
                    let event = String::from_utf8(event.to_vec()).unwrap();
                    let field = |name: &str| {
                        let mut lines = event.lines();
                        let found = lines.find_map(|line| line.strip_prefix(name));
                        found.map(str::to_owned)
                    };
                    let id = field("id: ");
                    let event = field("event: ").unwrap();
                    match field("retry: ") {
                        Some(ms) => tries.leaving(ms.parse().unwrap()),
                        None => tries.event(id.as_deref().unwrap_or("")),
                    }
                    let at = Instant::now();
                    let heard = Heard {
                        reader,
                        at,
                        event,
                        id,
                        stream,
                    };
                    if told.send(heard).await.is_err() {
                        return;
                    }
                }
            }
        }
        tries.ended();
        stream += 1;
        // The page takes the browser's random number.
        let mut random = [0; 2];
        getrandom::fill(&mut random).unwrap();
        let random = f64::from(u16::from_ne_bytes(random)) / f64::from(u16::MAX);
        let delay = Duration::from_secs_f64(tries.delay_ms(random) / 1000.0);
        tokio::time::sleep(delay).await;
    }
}

/// `None` if the proxy or the panel refuses.
async fn open(proxy: SocketAddr, cookie: &str, url: &str) -> Option<Incoming> {
    let connection = TcpStream::connect(proxy).await.ok()?;
    let io = TokioIo::new(connection);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.ok()?;
    tokio::spawn(connection);
    let request = Request::get(url)
        .header(HOST, proxy.to_string())
        .header(COOKIE, cookie)
        .body(Empty::<Bytes>::new())
        .unwrap();
    let answer = sender.send_request(request).await.ok()?;
    answer.status().is_success().then(|| answer.into_body())
}
