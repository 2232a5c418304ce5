//! The clients that the panel acts with: its own, and one for each attendee's account over the same connections.

use std::collections::HashMap;
use std::sync::Arc;

use http::header::USER_AGENT;
use http::{HeaderName, HeaderValue, Request};
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;

use crate::names::ATTENDEE_ACCOUNT;
use crate::seats::SeatNumber;

const IMPERSONATE_USER: HeaderName = HeaderName::from_static("impersonate-user");

/// An account in a namespace, and the seat on whose behalf it acts: the attendee's or the instructor's; `None` for the
/// panel itself, which reads the load's log.
type Acting = (String, Option<SeatNumber>);

/// Hands out clients. Holds the panel's own client and a thin one for each account that it acts as, made when first
/// asked for.
#[derive(Clone)]
pub struct Clients {
    panel: Client,
    attendees: Arc<Mutex<HashMap<Acting, Client>>>,
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

    /// The account `attendee` of `namespace`, impersonated: all writes and the reading of logs. The cluster's audit log
    /// tells on whose behalf by the user agent.
    pub fn attendee(&self, namespace: &str, on_behalf_of: Option<SeatNumber>) -> Client {
        let mut attendees = self.attendees.lock();
        let acting = (namespace.to_owned(), on_behalf_of);
        if let Some(client) = attendees.get(&acting) {
            return client.clone();
        }
        let client = self.impersonate(namespace, on_behalf_of);
        attendees.insert(acting, client.clone());
        client
    }

    fn impersonate(&self, namespace: &str, on_behalf_of: Option<SeatNumber>) -> Client {
        let user = format!("system:serviceaccount:{namespace}:{ATTENDEE_ACCOUNT}");
        let agent = HeaderValue::try_from(user_agent(on_behalf_of)).ok();
        // A namespace's name is a DNS label; should one ever not be, the call must fail, not go out as the panel.
        let user = HeaderValue::try_from(user).ok();
        let panel = self.panel.clone();
        let service = tower::service_fn(move |mut request: Request<Body>| {
            let (panel, user, agent) = (panel.clone(), user.clone(), agent.clone());
            async move {
                let user = user.ok_or("the namespace is no valid header value")?;
                request.headers_mut().insert(IMPERSONATE_USER, user);
                if let Some(agent) = agent {
                    request.headers_mut().insert(USER_AGENT, agent);
                }
                Ok::<_, tower::BoxError>(panel.send(request).await?)
            }
        });
        Client::new(service, namespace)
    }
}

/// `workshop/0.1.0 (seat 07)`
fn user_agent(on_behalf_of: Option<SeatNumber>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match on_behalf_of {
        Some(SeatNumber::INSTRUCTOR) => format!("workshop/{version} (instructor)"),
        Some(seat) => format!("workshop/{version} (seat {seat})"),
        None => format!("workshop/{version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agent_tells_an_instructor_from_an_attendee() {
        let version = env!("CARGO_PKG_VERSION");
        let instructor = user_agent(Some(SeatNumber::INSTRUCTOR));
        assert_eq!(instructor, format!("workshop/{version} (instructor)"));
        let seat = user_agent(Some(SeatNumber(7)));
        assert_eq!(seat, format!("workshop/{version} (seat 07)"));
    }
}
