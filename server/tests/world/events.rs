//! An open stream.

use std::time::Duration;

use axum::body::Body;
use http::HeaderMap;
use http_body_util::BodyExt;

use super::LONG;

/// An open stream.
pub(crate) struct Events {
    pub(crate) headers: HeaderMap,
    body: Body,
    text: String,
}

/// One event of a stream.
#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    /// When to come back, in ms.
    pub(crate) retry: Option<u32>,
    pub(crate) data: serde_json::Value,
}

impl Events {
    pub(super) fn of(response: http::Response<Body>) -> Self {
        Self {
            headers: response.headers().clone(),
            body: response.into_body(),
            text: String::new(),
        }
    }

    /// The next event; `None` at the stream's end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = read(event);
                self.text = rest.to_owned();
                return Some(event);
            }
            let frame = tokio::time::timeout(LONG, self.body.frame()).await;
            let frame = frame.expect("the stream is silent")?.unwrap();
            let data = frame.into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    /// Reads on to the stream's end; whether it comes within that time.
    pub(crate) async fn ends_within(&mut self, time: Duration) -> bool {
        let end = async { while self.next().await.is_some() {} };
        tokio::time::timeout(time, end).await.is_ok()
    }
}

fn read(text: &str) -> Event {
    let field = |name: &str| {
        let lines = text.lines();
        lines
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .next()
    };
    let name = field("event").expect("an event has a name");
    let mut told: serde_json::Value =
        serde_json::from_str(field("data").expect("an event has data")).unwrap();
    Event {
        name: name.to_owned(),
        id: field("id").map(str::to_owned),
        retry: field("retry").map(|ms| ms.parse().unwrap()),
        data: told[name].take(),
    }
}
