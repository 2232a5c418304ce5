//! Single sign-on by OpenID Connect: the authorisation code flow with PKCE. The identity provider says who somebody is,
//! the operator's rules say where they belong, `seats/` gives them their place, and `web/single_sign_on.rs` has the routes.
//!
//! Nothing here lasts: a sign-in under way is in its browser's cookie, and what is known of the provider can be read again.

mod claims;
mod flow;
mod http;
mod provider;
mod rules;

use std::sync::Arc;

use app::model::TimeMs;
use openidconnect::{IssuerUrl, RedirectUrl};

use crate::budget::{Budget, Spent};
use crate::loopback::is_loopback;
use crate::seats::{Member, SeatNumber};

pub use claims::Claims;
pub use flow::{FLOW_S, Flow};
pub use http::{HttpError, HyperTransport, TlsError, Transport};
pub use openidconnect::{HttpRequest, HttpResponse};
pub use provider::Error;
use provider::{Provider, Registration};
pub use rules::{NoRule, Rule, Rules};

/// Where the provider sends people back to.
pub const CALLBACK: &str = "/oidc/callback";

/// What the operator decided. It has no `Debug`, as it holds the client's secret.
#[derive(Clone)]
pub struct Settings {
    pub issuer: Issuer,
    pub client_id: String,
    pub client_secret: Option<String>,
    pub scopes: Vec<String>,
    pub rules: Vec<Rule>,
    /// Whom people ask whom no rule knows.
    pub contact: String,
}

/// The identity provider's name: a URL that is compared letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(IssuerUrl);

impl std::str::FromStr for Issuer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let issuer = IssuerUrl::new(text.to_owned()).map_err(|_| "it is no URL".to_owned())?;
        let url = issuer.url();
        match url.scheme() {
            "https" => {}
            "http" if url.host_str().is_some_and(is_loopback) => {}
            _ => {
                return Err("it must be https; only on this machine http does, too".to_owned());
            }
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has neither `?` nor `#`".to_owned());
        }
        Ok(Self(issuer))
    }
}

/// Why nobody gets a place.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    Provider(#[from] Error),
    #[error("the answer is of another issuer, or names none")]
    AnotherIssuer,
    #[error("no rule fits this person")]
    NoRule,
}

/// Single sign-on of the running panel. Shared by all routes.
#[derive(Clone)]
pub struct SingleSignOn {
    inner: Arc<Inner>,
}

struct Inner {
    provider: Provider,
    rules: Rules,
    contact: String,
    answers: Budget,
}

impl SingleSignOn {
    /// `origin` is the panel's own, as the provider knows it. The provider is not asked before somebody signs in.
    ///
    /// # Errors
    /// A sentence: the origin makes no redirect URL.
    pub fn new(
        settings: Settings,
        origin: &str,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, String> {
        let redirect = RedirectUrl::new(format!("{origin}{CALLBACK}"))
            .map_err(|_| format!("The public URL {origin} makes no redirect URL."))?;
        let registration = Registration {
            issuer: settings.issuer.0,
            client_id: settings.client_id,
            client_secret: settings.client_secret,
            redirect,
            scopes: settings.scopes,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                provider: Provider::new(registration, transport),
                rules: Rules::new(settings.rules),
                contact: settings.contact,
                answers: Budget::of_sign_ons(),
            }),
        })
    }

    /// Whom people ask who get no seat.
    pub fn contact(&self) -> &str {
        &self.inner.contact
    }

    /// Seats that a rule gives to somebody.
    pub fn reserved(&self) -> Vec<SeatNumber> {
        self.inner.rules.reserved()
    }

    /// Begins a sign-in: what the browser keeps, and where it goes.
    ///
    /// # Errors
    /// The provider is not to be reached, or its documents are unfit.
    pub async fn begin(&self, now: TimeMs) -> Result<(Flow, String), Error> {
        let flow = Flow::random();
        let url = self.inner.provider.sign_in_url(&flow, now).await?;
        Ok((flow, url))
    }

    /// Counts an answer that will cost a question to the provider.
    pub(crate) fn count_answer(&self, now: TimeMs) -> Result<(), Spent> {
        self.inner.answers.take(now)
    }

    /// Ends a sign-in that this browser began, with the code that the provider's answer holds.
    ///
    /// # Errors
    /// The provider's word proves nothing, or no rule fits the person.
    pub async fn finish(
        &self,
        flow: Flow,
        code: String,
        iss: Option<&str>,
        now: TimeMs,
    ) -> Result<Member, Refused> {
        let provider = &self.inner.provider;
        if !provider.answered(iss, now).await? {
            return Err(Refused::AnotherIssuer);
        }
        let claims = provider.redeem(code, flow, now).await?;
        let place = self.inner.rules.place(&claims).ok_or(Refused::NoRule)?;
        let identity = claims.identity(provider.issuer()).ok_or(Error::Claims)?;
        Ok(Member {
            identity,
            name: claims.name(),
            place,
        })
    }
}
