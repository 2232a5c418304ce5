//! What the first picture of a page shows. Gathered by the server before it renders; the page's own part of it is sent
//! along and read again by the browser: so both build the same view, and the stream takes over from there.

use leptos::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::json::JsonText;
use crate::model::{
    Claimed, FaultStates, History, Overview, Panel, RunRecord, RunSummary, Snapshot, TimeMs,
};

/// The panel, and what the signed-in person sees of the cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FirstPaint {
    pub panel: Option<Panel>,
    pub seen: Seen,
}

/// What there is to show, by who asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Seen {
    #[default]
    Nothing,
    Seat {
        namespace: String,
        /// The attendee's, if known.
        name: Option<String>,
        snapshot: Box<Snapshot>,
        history: Box<History>,
    },
    /// The seat's runs, as a page.
    Runs {
        namespace: String,
        /// The server's now.
        time: TimeMs,
        runs: Vec<RunSummary>,
    },
    /// One of them.
    Run {
        namespace: String,
        run: Box<RunRecord>,
    },
    Seats {
        overview: Overview,
        /// There is a page of faults.
        faults: bool,
    },
    Faults {
        overview: Overview,
        faults: FaultStates,
    },
    /// A seat was just taken with the class's code.
    Claimed {
        claimed: Claimed,
    },
    Failed {
        error: Error,
    },
}

/// What one page shows first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shown<T> {
    pub(crate) panel: Option<Panel>,
    /// The page's own part, or why there is none; nothing if the server gathered something else.
    pub(crate) seen: Option<Result<T>>,
}

/// The first paint of this page: from the server's context there, from the page's own data in the browser. `own` takes
/// the page's part, so that a page need not know how to read the others'.
pub(crate) fn use_first_paint<T>(own: fn(Seen) -> Option<T>) -> Shown<T>
where
    T: Serialize + DeserializeOwned,
{
    let first = move || {
        let FirstPaint { panel, seen } = use_context::<FirstPaint>().unwrap_or_default();
        let seen = match seen {
            Seen::Failed { error } => Some(Err(error)),
            seen => own(seen).map(Ok),
        };
        Shown { panel, seen }
    };
    SharedValue::<_, JsonText>::new_with_encoding(first).into_inner()
}

#[cfg(feature = "ssr")]
impl FirstPaint {
    /// Reads what the page's viewer may see. The server awaits it before it renders and provides it as context.
    pub async fn gather(context: &crate::workshop::PageContext) -> Self {
        use crate::workshop::Viewer;

        let seen = match &context.viewer {
            Viewer::Anonymous => Seen::Nothing,
            Viewer::Attendee {
                namespace,
                name,
                workshop,
            } => match (workshop.snapshot().await, workshop.history().await) {
                (Ok(snapshot), Ok(history)) => Seen::Seat {
                    namespace: namespace.clone(),
                    name: name.clone(),
                    snapshot: Box::new(snapshot),
                    history: Box::new(history),
                },
                (Err(error), _) | (_, Err(error)) => Seen::Failed { error },
            },
            Viewer::Instructor { class } => match class.overview().await {
                Ok(overview) => Seen::Seats {
                    overview,
                    faults: context.faults.is_some(),
                },
                Err(error) => Seen::Failed { error },
            },
        };
        Self {
            panel: Some(context.panel.clone()),
            seen,
        }
    }

    /// The same for the page of faults, where the viewer has one.
    pub async fn gather_faults(context: &crate::workshop::PageContext) -> Self {
        let mut first = Self::gather(context).await;
        if let (Seen::Seats { overview, .. }, Some(faults)) = (&first.seen, &context.faults) {
            first.seen = Seen::Faults {
                overview: overview.clone(),
                faults: faults.states().await,
            };
        }
        first
    }
}
