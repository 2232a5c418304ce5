//! One question to the API server, with time limits. Used by all of `reader/`.

use std::fmt::Debug;
use std::time::Duration;

use kube::api::ListParams;
use kube::{Api, Client};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::check::observed::{Reading, Unread};
use crate::error::chain;

/// The longest that one answer may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Objects of one answer, so that a list of a large cluster comes in pieces that each fit their time.
const PAGE: u32 = 500;

/// Asks, as whoever its client is, until a deadline.
pub(super) struct Reader {
    client: Client,
    deadline: Instant,
}

impl Reader {
    pub(super) fn new(client: Client, deadline: Instant) -> Self {
        Self { client, deadline }
    }

    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Another account's, with the same deadline.
    pub(super) fn with(&self, client: Client) -> Self {
        Self {
            client,
            deadline: self.deadline,
        }
    }

    /// All namespaces.
    pub(super) fn all<K: kube::Resource<DynamicType = ()>>(&self) -> Api<K> {
        Api::all(self.client())
    }

    /// What does not end in time is not known.
    pub(super) async fn within<T>(&self, call: impl Future<Output = T>) -> Reading<T> {
        let limit = self.deadline.min(Instant::now() + LIMIT);
        let answer = timeout_at(limit, call).await;
        answer.map_err(|_| Unread::Failed("no answer in time".to_owned()))
    }

    /// One call.
    pub(super) async fn ask<T>(&self, call: impl Future<Output = kube::Result<T>>) -> Reading<T> {
        self.within(call).await?.map_err(|error| unread(&error))
    }

    /// All objects, page by page.
    pub(super) async fn list<K>(&self, api: Api<K>, params: ListParams) -> Reading<Vec<K>>
    where
        K: Clone + DeserializeOwned + Debug,
    {
        let mut params = params.limit(PAGE);
        let mut all = Vec::new();
        loop {
            let page = self.ask(api.list(&params)).await?;
            all.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params.continue_token = Some(token),
                None => return Ok(all),
            }
        }
    }

    /// GET of any path, as JSON.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Reading<T> {
        let request = http::Request::get(path).body(Vec::new());
        let request = request.map_err(|error| Unread::Failed(error.to_string()))?;
        self.ask(self.client.request(request)).await
    }
}

pub(super) fn unread(error: &kube::Error) -> Unread {
    match error {
        kube::Error::Api(status) => match status.code {
            404 => Unread::Absent,
            403 => Unread::Forbidden,
            _ if status.message.is_empty() => {
                Unread::Failed(format!("status {} {}", status.code, status.reason))
            }
            _ => Unread::Failed(status.message.trim().to_owned()),
        },
        error => Unread::Failed(chain(error)),
    }
}
