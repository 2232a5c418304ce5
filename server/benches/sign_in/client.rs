//! What a browser does with one connection: pages, the sign-in form, and the stream of events. Used by every phase.

#![allow(dead_code, reason = "each bench uses a part of it")]

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Longer than any answer of the panel may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// One browser with one connection.
pub(crate) struct Browser {
    address: SocketAddr,
    requests: SendRequest<Full<Bytes>>,
    cookie: String,
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Browser {
    /// Opens a connection.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let connect = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            anyhow::Ok(hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?)
        };
        let (requests, connection) = within(connect).await.context("failed to connect")?;
        tokio::spawn(connection);
        Ok(Self {
            address,
            requests,
            cookie: String::new(),
        })
    }

    /// Another connection of the same person.
    pub(crate) async fn again(&self) -> Result<Self> {
        let mut browser = Self::open(self.address).await?;
        browser.cookie.clone_from(&self.cookie);
        Ok(browser)
    }

    /// Asks for a page, and reads all of it.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer> {
        self.ask(Method::GET, path, String::new()).await
    }

    /// Posts a form.
    pub(crate) async fn post(&mut self, path: &str, form: String) -> Result<Answer> {
        self.ask(Method::POST, path, form).await
    }

    /// Keeps the cookie of the answer to a right code; returns the page that it leads to.
    pub(crate) fn keep(&mut self, answer: &Answer) -> Result<String> {
        ensure!(
            answer.status == StatusCode::SEE_OTHER,
            "a right code was answered {}",
            answer.status
        );
        let text = |name| {
            answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let cookie = text(header::SET_COOKIE).context("the session has no cookie")?;
        let cookie = cookie.split(';').next();
        self.cookie = cookie.unwrap_or_default().to_owned();
        let page = text(header::LOCATION).context("the answer leads nowhere")?;
        Ok(page.to_owned())
    }

    /// Opens the stream, which takes the connection.
    pub(crate) async fn events(mut self) -> Result<Events> {
        let answer = within(self.send(Method::GET, "/events", String::new())).await?;
        if !answer.status().is_success() {
            bail!("/events was answered {}", answer.status());
        }
        Ok(Events {
            body: answer.into_body(),
            unread: BytesMut::new(),
        })
    }

    async fn ask(&mut self, method: Method, path: &str, form: String) -> Result<Answer> {
        let whole = async {
            let answer = self.send(method.clone(), path, form).await?;
            let (parts, body) = answer.into_parts();
            anyhow::Ok(Answer {
                status: parts.status,
                headers: parts.headers,
                body: body.collect().await?.to_bytes(),
            })
        };
        within(whole)
            .await
            .with_context(|| format!("no answer to {method} {path}"))
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        form: String,
    ) -> Result<Response<Incoming>> {
        let mut request = Request::builder()
            .uri(path)
            .header(header::HOST, self.address.to_string())
            // What it costs to compress belongs to the measurement.
            .header(header::ACCEPT_ENCODING, "gzip, deflate, br");
        if !self.cookie.is_empty() {
            request = request.header(header::COOKIE, &self.cookie);
        }
        request = match method {
            // A server function answers JSON where no page is asked for.
            Method::POST if path.starts_with("/api/") => {
                request.header(header::ACCEPT, "application/json")
            }
            _ => request.header(header::ACCEPT, "text/html, text/event-stream"),
        };
        if method == Method::POST {
            request = request
                .header(header::ORIGIN, format!("http://{}", self.address))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.method(method).body(Full::new(Bytes::from(form)))?;
        self.requests.ready().await?;
        Ok(self.requests.send_request(request).await?)
    }
}

/// A stream of events, read as it comes.
pub(crate) struct Events {
    body: Incoming,
    unread: BytesMut,
}

impl Events {
    /// Reads until an event of this name; returns its lines.
    pub(crate) async fn until(&mut self, name: &str) -> Result<String> {
        let found = async {
            loop {
                let event = self.next().await?;
                let named = |line: &str| line.strip_prefix("event: ") == Some(name);
                if event.lines().any(named) {
                    return Ok(event);
                }
            }
        };
        within(found)
            .await
            .with_context(|| format!("no event `{name}` came"))
    }

    async fn next(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
                let event = self.unread.split_to(end);
                self.unread.advance(2);
                return Ok(String::from_utf8_lossy(&event).into_owned());
            }
            let frame = self.body.frame().await.context("the stream ended")??;
            if let Some(data) = frame.data_ref() {
                self.unread.extend_from_slice(data);
            }
        }
    }
}

async fn within<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(TIME_LIMIT, future)
        .await
        .with_context(|| format!("not within {} s", TIME_LIMIT.as_secs()))?
}
