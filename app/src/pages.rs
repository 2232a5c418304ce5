//! The pages, one a file. Each puts components together and holds no logic of its own.
#![expect(unreachable_pub, reason = "the component macro writes `pub` itself")]

mod claimed;
mod faults;
mod panels;
mod runs;
mod seat;
mod seats;
mod sign_in;

pub(crate) use faults::FaultsPage;
pub(crate) use runs::RunsPage;
pub(crate) use seat::SeatPage;
pub(crate) use seats::SeatsPage;
pub(crate) use sign_in::SignInPage;

/// The pages by their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Seat,
    Seats,
    Faults,
    Runs,
    SignIn,
    /// The server says so in words, and there is nothing to take over.
    Unknown,
}

impl Page {
    /// The page at a path such as `/seats`.
    pub(crate) fn at(path: &str) -> Self {
        match path {
            "/" => Self::Seat,
            "/seats" => Self::Seats,
            "/faults" => Self::Faults,
            path if path == "/runs" || path.starts_with("/runs/") => Self::Runs,
            // A refused sign-in is answered in place: the address is still the form's, or the identity provider's choice.
            "/sign-in" | "/join" | "/session" | "/oidc/start" | "/oidc/callback" => Self::SignIn,
            _ => Self::Unknown,
        }
    }

    /// The page as the server renders it; the browser takes each over by its own name, see `hydrate.rs`.
    #[cfg(feature = "ssr")]
    pub(crate) fn view(self) -> leptos::prelude::AnyView {
        use leptos::prelude::*;

        match self {
            Self::Seat => SeatPage().into_any(),
            Self::Seats => SeatsPage().into_any(),
            Self::Faults => FaultsPage().into_any(),
            Self::Runs => RunsPage().into_any(),
            Self::SignIn => SignInPage().into_any(),
            Self::Unknown => {
                let text = crate::words::error(&crate::Error::NotFound);
                view! { <main class="page">{text}</main> }.into_any()
            }
        }
    }
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;
