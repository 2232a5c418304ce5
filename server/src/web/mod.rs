//! Answers the browsers: pages, sessions, the stream, server functions, files. [`TABLE`] is every address there is.
//! It knows no manifests and writes nothing to the cluster but through `commands/` and `seats/`.

mod act;
mod class_session;
mod client_address;
mod downloads;
mod events;
mod faults;
mod files;
mod headers;
mod health;
mod load_log;
mod manifest_files;
mod pages;
mod public_url;
mod refusals;
mod runs;
mod seat_session;
mod session;
mod single_sign_on;
mod viewer;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use app::model::{LoadLimits, LoadSettings};
use app::workshop::Faults;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post};
use axum::serve::ListenerExt;
use http::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::cluster::Clients;
use crate::commands::Commands;
use crate::oidc::SingleSignOn;
use crate::publish::Published;
use crate::runs::Archive;
use crate::seats::Seats;
use crate::telemetry::{Http, Telemetry};

pub use client_address::TrustedProxies;
pub use events::Streams;
pub use files::Site;
pub use public_url::PublicUrl;
pub use refusals::Refusals;

/// What all routes share.
#[derive(Clone)]
pub struct AppState {
    pub published: Arc<Published>,
    pub seats: Seats,
    /// For what is read as an attendee.
    pub clients: Clients,
    pub commands: Commands,
    pub archive: Archive,
    pub site: Arc<Site>,
    pub public_url: Arc<PublicUrl>,
    pub load_defaults: LoadSettings,
    pub load_limits: LoadLimits,
    /// Shown as a word on the page; nothing else hangs on it.
    pub simulated: bool,
    /// Troubles at will, for the instructor of a demo; `None` elsewhere.
    pub faults: Option<Arc<dyn Faults>>,
    /// `None` where people sign in with codes only.
    pub single_sign_on: Option<SingleSignOn>,
    pub streams: Streams,
    pub refusals: Refusals,
    pub telemetry: Telemetry,
    pub trusted_proxies: Arc<TrustedProxies>,
    /// Sign-ins and acts on seats that are under way; waited for at the end.
    pub acts: TaskTracker,
    /// Ends the streams.
    pub shutdown: CancellationToken,
}

/// How long an answer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lasts {
    /// At most [`TIME_LIMIT`].
    Briefly,
    /// As long as the browser listens.
    Long,
}
use Lasts::{Briefly, Long};

/// One address, how long its answer lasts, and who answers.
type Route = (&'static str, Lasts, fn() -> MethodRouter<AppState>);

/// Every address. A server function of `app` stands here with the path that its macro gives it; a test compares them.
const TABLE: &[Route] = &[
    ("/", Briefly, || get(pages::seat)),
    ("/seats", Briefly, || get(pages::seats)),
    // Nothing is here but in a demo, as at the addresses of its acts below.
    ("/faults", Briefly, || get(pages::faults)),
    ("/runs", Briefly, || get(runs::list)),
    ("/runs/{run}", Briefly, || get(runs::one)),
    ("/load.log", Briefly, || get(load_log::download)),
    ("/manifests/{file}", Briefly, || {
        get(manifest_files::manifest)
    }),
    ("/sign-in", Briefly, || get(pages::sign_in)),
    ("/join", Briefly, || get(pages::join)),
    ("/session", Briefly, || {
        get(session::tell).post(session::sign_in)
    }),
    ("/session/end", Briefly, || post(session::sign_out)),
    ("/oidc/start", Briefly, || get(single_sign_on::start)),
    ("/oidc/callback", Briefly, || get(single_sign_on::callback)),
    ("/events", Long, || get(events::events)),
    ("/api/deploy", Briefly, || post(act::server_function)),
    ("/api/start_load", Briefly, || post(act::server_function)),
    ("/api/stop_load", Briefly, || post(act::server_function)),
    ("/api/clean_up", Briefly, || post(act::server_function)),
    ("/api/list_runs", Briefly, || post(act::server_function)),
    ("/api/open_run", Briefly, || post(act::server_function)),
    ("/api/change_settings", Briefly, || {
        post(act::server_function)
    }),
    ("/api/read_files", Briefly, || post(act::server_function)),
    ("/api/stop_seat_load", Briefly, || {
        post(act::server_function)
    }),
    ("/api/stop_all_loads", Briefly, || {
        post(act::server_function)
    }),
    ("/api/renew_seat", Briefly, || post(act::server_function)),
    ("/api/revoke_seat", Briefly, || post(act::server_function)),
    ("/api/sign_out_seat", Briefly, || post(act::server_function)),
    ("/api/sign_out_all", Briefly, || post(act::server_function)),
    ("/api/set_class_phase", Briefly, || {
        post(act::server_function)
    }),
    ("/api/set_fault", Briefly, || post(faults::server_function)),
    ("/api/end_faults", Briefly, || post(faults::server_function)),
    ("/api/break_seat", Briefly, || post(faults::server_function)),
    ("/api/mend_seat", Briefly, || post(faults::server_function)),
    ("/pkg/{build}/{*file}", Briefly, || get(files::built)),
    ("/favicon.svg", Briefly, || get(files::public)),
    ("/robots.txt", Briefly, || get(files::public)),
    ("/healthz", Briefly, || get(health::alive)),
    ("/readyz", Briefly, || get(health::ready)),
];

/// The longest that any answer but the stream may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// The largest request: forms of a few fields.
const BODY_LIMIT: usize = 64 * 1024;
/// How long connections may take to end after the streams were told to.
const GRACE: Duration = Duration::from_secs(10);

/// Paths of the table, for tests.
pub fn paths() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(path, ..)| *path)
}

/// The whole service.
pub fn router(state: AppState) -> Router {
    // Rendering spawns on it. It may be set already, by another router of the same process.
    let _ = any_spawner::Executor::init_tokio();
    let time_limit = TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIME_LIMIT);
    let mut router = Router::new();
    for (path, lasts, answer) in TABLE {
        let answer = match lasts {
            Briefly => answer().layer(time_limit),
            Long => answer(),
        };
        router = router.route(path, answer);
    }
    let csrf = headers::csrf(&state.public_url);
    let only_https = headers::only_https(&state.public_url);
    router
        .fallback(files::nothing_here)
        .layer(headers::compression())
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .layer(csrf)
        .layer(axum::middleware::from_fn_with_state(
            state.clone(),
            refusals::tell,
        ))
        .layer(axum::middleware::map_response(headers::secure))
        .layer(only_https)
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(headers::request_span)
                // Each failure is logged where its cause is known.
                .on_failure(()),
        )
        .layer(axum::middleware::from_fn_with_state(
            state.telemetry.http.clone(),
            Http::measure,
        ))
        .with_state(state)
}

/// Serves until `shutdown`; then streams end at once, other answers are finished, and commands under way are waited for.
///
/// # Errors
/// None at present: a connection that cannot be accepted is tried again.
pub async fn run(
    listener: TcpListener,
    state: AppState,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let (commands, acts) = (state.commands.clone(), state.acts.clone());
    // A frame of the stream is small and must not wait for the next one.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    let router = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let served =
        axum::serve(listener, router).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let told = OnceLock::new();
    let overdue = async {
        shutdown.cancelled().await;
        let _ = told.set(Instant::now());
        tokio::time::sleep(GRACE).await;
    };
    let result = tokio::select! {
        result = served => result,
        () = overdue => {
            tracing::warn!("connections did not end in time");
            Ok(())
        }
    };
    let took_ms = || {
        told.get()
            .map_or(0, |told| told.elapsed().as_millis() as u64)
    };
    tracing::info!(stage = "connections", took_ms = took_ms(), "ended");
    commands.finish().await;
    acts.close();
    acts.wait().await;
    tracing::info!(stage = "commands", took_ms = took_ms(), "ended");
    result
}
