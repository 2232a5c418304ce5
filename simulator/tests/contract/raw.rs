//! Requests and answers as they are on the wire, where a typed call would hide them.

use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::Value;

use super::Place;

/// Media types of patches.
pub(crate) const MERGE: &str = "application/merge-patch+json";
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";
pub(crate) const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";

/// An answer of the API server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    /// The texts of the `Warning` headers.
    pub(crate) warnings: Vec<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The message of a refusal.
    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or("").to_owned()
    }

    /// What the server said instead of an object, whole.
    pub(crate) fn refused(&self, code: u16, reason: &str, message: &str) {
        let status = self.json();
        let said = status["reason"].as_str().unwrap_or("");
        assert_eq!(
            (self.code, said, self.message().as_str()),
            (code, reason, message)
        );
        assert_eq!(status["kind"], "Status");
        assert_eq!(status["code"], code);
    }

    /// The object of an answer that is no refusal.
    pub(crate) fn object(&self) -> Value {
        assert!((200..300).contains(&self.code), "{self:?}");
        self.json()
    }

    /// The lines of a watch.
    pub(crate) fn lines(&self) -> Vec<Value> {
        assert_eq!(self.code, 200, "{self:?}");
        let lines = self.text.lines().filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The names of a list's items.
    pub(crate) fn names(&self) -> Vec<String> {
        let list = self.object();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Place {
    /// The path of something in the core group in this namespace.
    pub(crate) fn core(&self, rest: &str) -> String {
        format!("/api/v1/namespaces/{}/{rest}", self.namespace)
    }

    /// The path of something in another group in this namespace; `group` with its version.
    pub(crate) fn group(&self, group: &str, rest: &str) -> String {
        format!("/apis/{group}/namespaces/{}/{rest}", self.namespace)
    }

    /// The user name of this namespace's account `attendee`.
    pub(crate) fn attendee(&self) -> String {
        format!("system:serviceaccount:{}:attendee", self.namespace)
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into().into()).unwrap();
        let response = self.client.send(request).await.unwrap();
        let warnings = response.headers().get_all("warning").iter();
        let warnings = warnings.map(|value| unquote(value.to_str().unwrap()));
        let warnings = warnings.collect();
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            code,
            warnings,
            text,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], Vec::new()).await
    }

    /// GET as the account `attendee`.
    pub(crate) async fn get_as_attendee(&self, path: &str) -> Answer {
        let user = self.attendee();
        let headers = [("impersonate-user", user.as_str())];
        self.ask(Method::GET, path, &headers, Vec::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    /// POST as the account `attendee`.
    pub(crate) async fn post_as_attendee(&self, path: &str, body: &Value) -> Answer {
        let user = self.attendee();
        let headers = [
            ("impersonate-user", user.as_str()),
            ("content-type", "application/json"),
        ];
        self.ask(Method::POST, path, &headers, body.to_string())
            .await
    }

    /// POST of a text that may be no JSON.
    pub(crate) async fn post_text(&self, path: &str, media: &str, body: &str) -> Answer {
        self.ask(Method::POST, path, &[("content-type", media)], body)
            .await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, media: &str, body: &Value) -> Answer {
        self.patch_text(path, media, &body.to_string()).await
    }

    pub(crate) async fn patch_text(&self, path: &str, media: &str, body: &str) -> Answer {
        self.ask(Method::PATCH, path, &[("content-type", media)], body)
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, &[], Vec::new()).await
    }

    /// DELETE with options in the body.
    pub(crate) async fn delete_with(&self, path: &str, options: &Value) -> Answer {
        self.send(Method::DELETE, path, options).await
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.ask(method, path, &headers, body.to_string()).await
    }
}

/// The text of a warning, which is a quoted string after a code and an agent.
fn unquote(warning: &str) -> String {
    let text = warning.strip_prefix("299 - \"").unwrap_or(warning);
    let text = text.strip_suffix('"').unwrap_or(text);
    text.replace("\\\"", "\"").replace("\\\\", "\\")
}
