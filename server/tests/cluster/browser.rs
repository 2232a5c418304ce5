//! What a browser does: forms, a cookie, and one stream of events.

use std::time::{Duration, Instant};

use app::model::{History, Overview, SessionEnd, Snapshot, StreamEvent};
use bytes::{Buf, BytesMut};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What a page waits before it opens its stream again.
const RETRY: Duration = Duration::from_millis(250);

/// One person at one panel.
#[derive(Clone)]
pub(crate) struct Browser {
    address: String,
    cookie: String,
}

impl Browser {
    /// Nobody.
    pub(crate) fn anonymous(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            cookie: String::new(),
        }
    }

    /// Signs in with a code.
    pub(crate) async fn sign_in(address: &str, code: &str) -> Self {
        let mut browser = Self::anonymous(address);
        let answer = browser.send("POST", "/session", &[("code", code)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "the code is right");
        let cookie = answer.headers()[header::SET_COOKIE]
            .to_str()
            .expect("it is ASCII");
        browser.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        browser
    }

    /// Presses a button.
    pub(crate) async fn press(&self, endpoint: &str, fields: &[(&str, &str)]) {
        let (status, body) = self.form(endpoint, fields).await;
        assert!(status.is_success(), "{endpoint}: {status} {body}");
    }

    /// Sends a form; returns the answer's status and text.
    pub(crate) async fn form(
        &self,
        endpoint: &str,
        fields: &[(&str, &str)],
    ) -> (StatusCode, String) {
        let answer = self.send("POST", endpoint, fields).await;
        let status = answer.status();
        let body = answer.into_body().collect().await;
        let body = body.expect("it answers").to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// A page as it comes, before any script runs.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.send("GET", path, &[]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let body = answer.into_body().collect().await;
        let body = body.expect("it comes whole").to_bytes();
        String::from_utf8_lossy(&body).into_owned()
    }

    /// The status of an answer.
    pub(crate) async fn status(&self, method: &str, path: &str) -> StatusCode {
        self.send(method, path, &[]).await.status()
    }

    /// Opens the stream, which must not end before it says why.
    pub(crate) async fn events(&self) -> Events {
        let answer = self.send("GET", "/events", &[]).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Events {
            browser: self.clone(),
            follows: false,
            body: answer.into_body(),
            unread: BytesMut::new(),
            last_event_id: String::new(),
            heard: Instant::now(),
            silence: Duration::ZERO,
            reopened: 0,
        }
    }

    /// Opens the stream, and opens it again as a page does when the panel behind it goes away.
    pub(crate) async fn follow(&self) -> Events {
        Events {
            follows: true,
            ..self.events().await
        }
    }

    async fn send(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Response<Incoming> {
        self.try_send(method, path, fields)
            .await
            .expect("the panel answers")
    }

    async fn try_send(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Response<Incoming>, Box<dyn std::error::Error>> {
        let stream = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let form: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.address)
            .header(header::ORIGIN, format!("http://{}", self.address))
            .header(header::COOKIE, &self.cookie)
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form.join("&"))))
            .expect("it is a request");
        Ok(sender.send_request(request).await?)
    }
}

/// A stream of events, read as it comes.
pub(crate) struct Events {
    browser: Browser,
    follows: bool,
    body: Incoming,
    unread: BytesMut,
    last_event_id: String,
    heard: Instant,
    /// The longest time without any event.
    pub(crate) silence: Duration,
    /// How often the stream was opened again.
    pub(crate) reopened: u32,
}

impl Events {
    /// Reads until a snapshot is as wanted, and returns it.
    ///
    /// Panics with the last snapshot if none was within the time.
    pub(crate) async fn until(
        &mut self,
        what: &str,
        seconds: u64,
        mut wanted: impl FnMut(&Snapshot) -> bool,
    ) -> Snapshot {
        let mut last = None;
        let found = tokio::time::timeout(Duration::from_secs(seconds), async {
            loop {
                let (StreamEvent::History { snapshot, .. } | StreamEvent::Change { snapshot, .. }) =
                    self.next().await
                else {
                    continue;
                };
                if wanted(&snapshot) {
                    return *snapshot;
                }
                last = Some(snapshot);
            }
        });
        match found.await {
            Ok(snapshot) => snapshot,
            Err(_) => panic!("not within {seconds} s: {what}; last: {last:#?}"),
        }
    }

    /// Reads until the overview is as wanted.
    pub(crate) async fn until_overview(
        &mut self,
        what: &str,
        seconds: u64,
        wanted: impl Fn(&Overview) -> bool,
    ) {
        let found = tokio::time::timeout(Duration::from_secs(seconds), async {
            loop {
                if let StreamEvent::Overview { overview } = self.next().await
                    && wanted(&overview)
                {
                    return;
                }
            }
        });
        assert!(found.await.is_ok(), "not within {seconds} s: {what}");
    }

    /// Reads to the stream's end, and returns why it ended.
    pub(crate) async fn end(mut self) -> SessionEnd {
        loop {
            if let StreamEvent::Ended { end } = self.next().await {
                return end;
            }
        }
    }

    /// Names the replica that last told something, and its start.
    pub(crate) fn boot(&self) -> &str {
        self.last_event_id.split('-').next().unwrap_or_default()
    }

    /// Reads for so long; returns whether the stream was opened again meanwhile and told something since.
    pub(crate) async fn reopens(&mut self, within: Duration) -> bool {
        let before = self.reopened;
        let reopened = tokio::time::timeout(within, async {
            while self.reopened == before {
                self.next().await;
            }
        });
        reopened.await.is_ok()
    }

    /// The whole history, as a stream that has just been opened tells it.
    pub(crate) async fn history(&mut self) -> History {
        loop {
            if let StreamEvent::History { history, .. } = self.next().await {
                return history;
            }
        }
    }

    /// The next thing that the stream tells.
    pub(crate) async fn next(&mut self) -> StreamEvent {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
                let event = self.unread.split_to(end);
                self.unread.advance(2);
                let event = String::from_utf8_lossy(&event);
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
                if let Some(id) = field("id: ") {
                    id.clone_into(&mut self.last_event_id);
                }
                let Some(data) = field("data: ") else {
                    continue;
                };
                self.silence = self.silence.max(self.heard.elapsed());
                self.heard = Instant::now();
                return serde_json::from_str(data).expect("it is a StreamEvent");
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.unread.extend_from_slice(data);
                    }
                }
                ended => {
                    assert!(self.follows, "the stream goes on: {ended:?}");
                    self.reopen().await;
                }
            }
        }
    }

    async fn reopen(&mut self) {
        self.unread.clear();
        let path = format!("/events?last_event_id={}", self.last_event_id);
        loop {
            match self.browser.try_send("GET", &path, &[]).await {
                Ok(answer) if answer.status() == StatusCode::OK => {
                    self.body = answer.into_body();
                    self.reopened += 1;
                    return;
                }
                // Who is signed out is not asked to come again.
                Ok(answer) => assert_ne!(answer.status(), StatusCode::UNAUTHORIZED),
                Err(_) => {}
            }
            tokio::time::sleep(RETRY).await;
        }
    }
}
