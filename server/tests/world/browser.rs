//! Browsers that ask the panel.

use axum::Router;
use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::events::Events;

pub(super) const ORIGIN: &str = "https://workshop.example.org";
const HOSTNAME: &str = "workshop.example.org";

/// A browser with its cookie.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(super) router: Router,
    pub(crate) cookie: Option<String>,
    /// Sent with each request.
    pub(crate) headers: HeaderMap,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        let location = self.headers.get(LOCATION);
        location.map_or("", |location| location.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A refusal's name, and what it tells.
    pub(crate) fn refusal(&self) -> (String, serde_json::Value) {
        match self.json() {
            serde_json::Value::Object(told) => told.into_iter().next().unwrap(),
            name => (name.as_str().unwrap().to_owned(), serde_json::Value::Null),
        }
    }
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path), Body::empty()).await
    }

    /// Sends a form as a script does.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request, Body::from(form.to_owned())).await
    }

    /// Sends whatever bytes as whatever they are called.
    pub(crate) async fn post_raw(&self, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let request = Request::post(path).header(CONTENT_TYPE, content_type);
        self.ask(request, Body::from(body.to_vec())).await
    }

    /// Asks with any method.
    pub(crate) async fn ask_with(&self, method: http::Method, path: &str) -> Answer {
        let request = Request::builder().method(method).uri(path);
        self.ask(request, Body::empty()).await
    }

    async fn ask(&self, request: http::request::Builder, body: Body) -> Answer {
        let (parts, body) = self.send(request, body).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn send(&self, request: http::request::Builder, body: Body) -> http::Response<Body> {
        let mut request = request.header(HOST, HOSTNAME).body(body).unwrap();
        if let Some(cookie) = &self.cookie {
            request
                .headers_mut()
                .insert(COOKIE, cookie.parse().unwrap());
        }
        request.headers_mut().extend(self.headers.clone());
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Opens the stream.
    pub(crate) async fn events(&self, path: &str) -> Events {
        let response = self.send(Request::get(path), Body::empty()).await;
        assert_eq!(response.status(), StatusCode::OK);
        Events::of(response)
    }
}
