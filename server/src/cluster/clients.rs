//! The clients that the panel acts with: its own, and one for each attendee's account over the same connections.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, Request};
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;

use crate::names::ATTENDEE_ACCOUNT;

const IMPERSONATE_USER: HeaderName = HeaderName::from_static("impersonate-user");

/// Hands out clients. Holds the panel's own client and a thin one for each namespace, made when first asked for.
#[derive(Clone)]
pub struct Clients {
    panel: Client,
    attendees: Arc<Mutex<HashMap<String, Client>>>,
}

impl Clients {
    /// Over the connections of `panel`, which should not retry by itself (kube's default retry blocks a call for
    /// minutes while an API answers 503).
    pub fn new(panel: Client) -> Self {
        Self {
            panel,
            attendees: Arc::default(),
        }
    }

    /// The panel's own account: reads.
    pub fn panel(&self) -> &Client {
        &self.panel
    }

    /// The account `attendee` of `namespace`, impersonated: all writes and the reading of logs.
    pub fn attendee(&self, namespace: &str) -> Client {
        let mut attendees = self.attendees.lock();
        if let Some(client) = attendees.get(namespace) {
            return client.clone();
        }
        let client = self.impersonate(namespace);
        attendees.insert(namespace.to_owned(), client.clone());
        client
    }

    fn impersonate(&self, namespace: &str) -> Client {
        let user = format!("system:serviceaccount:{namespace}:{ATTENDEE_ACCOUNT}");
        // A namespace's name is a DNS label; should one ever not be, the call must fail, not go out as the panel.
        let user = HeaderValue::try_from(user).ok();
        let panel = self.panel.clone();
        let service = tower::service_fn(move |mut request: Request<Body>| {
            let (panel, user) = (panel.clone(), user.clone());
            async move {
                let user = user.ok_or("the namespace is no valid header value")?;
                request.headers_mut().insert(IMPERSONATE_USER, user);
                Ok::<_, tower::BoxError>(panel.send(request).await?)
            }
        });
        Client::new(service, namespace)
    }
}
