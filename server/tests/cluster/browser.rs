//! What a browser does: forms, a cookie, and one stream of events.

use std::time::Duration;

use app::model::{Overview, SessionEnd, Snapshot, StreamEvent};
use bytes::{Buf, BytesMut};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// One person at one panel.
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

    /// The same person at another panel, or at the same one after a restart.
    pub(crate) fn at(&self, address: &str) -> Self {
        Self {
            address: address.to_owned(),
            cookie: self.cookie.clone(),
        }
    }

    /// Presses a button.
    pub(crate) async fn press(&self, endpoint: &str, fields: &[(&str, &str)]) {
        let answer = self.send("POST", endpoint, fields).await;
        let status = answer.status();
        let body = answer
            .into_body()
            .collect()
            .await
            .expect("it answers")
            .to_bytes();
        let body = String::from_utf8_lossy(&body);
        assert!(status.is_success(), "{endpoint}: {status} {body}");
    }

    /// The status of an answer.
    pub(crate) async fn status(&self, method: &str, path: &str) -> StatusCode {
        self.send(method, path, &[]).await.status()
    }

    /// Opens the stream.
    pub(crate) async fn events(&self) -> Events {
        let answer = self.send("GET", "/events", &[]).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Events {
            body: answer.into_body(),
            unread: BytesMut::new(),
        }
    }

    async fn send(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Response<Incoming> {
        let stream = TcpStream::connect(&self.address)
            .await
            .expect("the panel listens");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("it is HTTP");
        tokio::spawn(connection);
        let form: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.address)
            .header(header::COOKIE, &self.cookie)
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form.join("&"))))
            .expect("it is a request");
        sender.send_request(request).await.expect("it answers")
    }
}

/// A stream of events, read as it comes.
pub(crate) struct Events {
    body: Incoming,
    unread: BytesMut,
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

    async fn next(&mut self) -> StreamEvent {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
                let event = self.unread.split_to(end);
                self.unread.advance(2);
                let event = String::from_utf8_lossy(&event);
                let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) else {
                    continue;
                };
                return serde_json::from_str(data).expect("it is a StreamEvent");
            }
            let frame = self
                .body
                .frame()
                .await
                .expect("the stream goes on")
                .expect("it is whole");
            if let Some(data) = frame.data_ref() {
                self.unread.extend_from_slice(data);
            }
        }
    }
}
