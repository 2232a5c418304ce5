//! Who asks: from the request's cookie to what the pages may call.

use std::net::IpAddr;
use std::sync::Arc;

use app::model::{Panel, SessionEnd, SignInError};
use app::workshop::{PageContext, Viewer};
use http::{HeaderMap, Request};

use super::AppState;
use super::class_session::ClassSession;
use super::faults::FaultsSession;
use super::seat_session::SeatSession;
use crate::audit::Actor;
use crate::error::chain;
use crate::seats::{NoSession, Person, Session};

/// Why nobody is signed in, or that it cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    /// Never was.
    Anonymous,
    /// Was, on a session that ended.
    Ended(SessionEnd),
    /// The cluster does not tell.
    Unavailable,
}

impl Stranger {
    /// For `/sign-in?reason=…` and `GET /session`.
    pub(super) fn reason(self) -> Option<&'static str> {
        match self {
            Self::Ended(end) => Some(end.reason()),
            Self::Anonymous | Self::Unavailable => None,
        }
    }

    /// What the sign-in page says.
    pub(super) fn error(self) -> Option<SignInError> {
        match self {
            Self::Anonymous => None,
            Self::Ended(end) => Some(SignInError::Ended { end }),
            Self::Unavailable => Some(SignInError::ClusterUnreachable),
        }
    }
}

impl AppState {
    /// Where a request comes from.
    pub(super) fn client<B>(&self, request: &Request<B>) -> Option<IpAddr> {
        let proxies = &self.trusted_proxies;
        proxies.client(request.extensions(), request.headers())
    }

    /// The session of a request.
    pub(super) async fn session(&self, headers: &HeaderMap) -> Result<Session, Stranger> {
        let cookie = self.public_url.read_cookie(headers);
        let session = self.seats.session(cookie, self.published.now()).await;
        session.map_err(|none| match none {
            NoSession::Anonymous => Stranger::Anonymous,
            NoSession::Ended(end) => Stranger::Ended(end),
            // Told once where it is found out: a flood must not fill the log.
            NoSession::TooMany => Stranger::Unavailable,
            NoSession::Unavailable(error) => {
                tracing::warn!(error = chain(&error), "a session could not be checked");
                Stranger::Unavailable
            }
        })
    }

    /// What pages and server functions may know and call.
    pub(super) fn page_context(&self, asks: Option<(&Session, Actor)>) -> PageContext {
        let faults = match &asks {
            Some((session, actor)) if session.person == Person::Instructor => {
                FaultsSession::of(self, *actor)
            }
            _ => None,
        };
        let viewer = match asks {
            None => Viewer::Anonymous,
            Some((session, actor)) => match &session.person {
                Person::Attendee { namespace } => Viewer::Attendee {
                    namespace: namespace.clone(),
                    name: session.name.clone(),
                    workshop: Arc::new(SeatSession::new(self.clone(), actor, namespace)),
                },
                Person::Instructor => Viewer::Instructor {
                    class: Arc::new(ClassSession::new(self.clone(), actor)),
                },
            },
        };
        PageContext {
            viewer,
            faults,
            panel: Panel {
                build: self.site.build().to_owned(),
                kubernetes: self.published.kubernetes(),
                simulated: self.simulated,
                load_defaults: self.load_defaults,
                load_limits: self.load_limits,
                class: self.seats.class_phase(),
                single_sign_on: self.single_sign_on.is_some(),
            },
            assets: self.site.assets(),
            // Each answer's own; the page's route fills it in.
            nonce: String::new(),
        }
    }
}
