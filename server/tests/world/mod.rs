//! A panel on the simulator, in process and without a socket, and browsers that ask it. Shared by the server's tests.

#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

mod browser;
mod events;
pub(crate) mod presses;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use app::model::{LoadLimits, LoadSettings, Snapshot};
use app::workshop::Faults;
use axum::Router;
use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use kube::Client;
use server::audit::Audit;
use server::cluster::{Clients, Watching};
use server::commands::Commands;
use server::demo::SimulatedFaults;
use server::names::{PANEL_ACCOUNT, PANEL_NAMESPACE};
use server::oidc::{self, SingleSignOn};
use server::publish::{self, Published, Publisher};
use server::runs::Runs;
use server::seats::Seats;
use server::seats::provision::{self, Extras};
use server::telemetry::Telemetry;
use server::web::{self, AppState, PublicUrl, Refusals, Site, Streams, TrustedProxies};
use server::workshop::manifests::Settings;
use simulator::{Identity, Simulator};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use browser::ORIGIN;
pub(crate) use browser::{Answer, Browser};
pub(crate) use events::{Event, Events};

/// One hour on the tests' paused clock: long enough for everything that comes at all.
const LONG: Duration = Duration::from_secs(3600);

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) published: Arc<Published>,
    pub(crate) telemetry: Telemetry,
    pub(crate) seats: Vec<Seat>,
    pub(crate) instructor: String,
    pub(crate) shutdown: CancellationToken,
    watching: Watching,
    identity_provider: Option<IdentityProvider>,
    panel: Panel,
    /// The first panel's keeping of runs, until it was ended.
    runs: parking_lot::Mutex<Option<JoinHandle<()>>>,
}

/// What an operator decided of single sign-on, and the way to the identity provider.
type IdentityProvider = (oidc::Settings, Arc<dyn oidc::Transport>);

/// A second panel.
pub(crate) struct Replica {
    pub(crate) published: Arc<Published>,
    /// Ends this panel alone.
    pub(crate) shutdown: CancellationToken,
    /// The keeping of runs, which ends with the panel.
    pub(crate) runs: JoinHandle<()>,
    panel: Panel,
}

/// What differs between panels of one cluster.
#[derive(Default)]
pub(crate) struct Options {
    /// A folder of built pages; none by default.
    pub(crate) site: PathBuf,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) watching: Watching,
    pub(crate) identity_provider: Option<IdentityProvider>,
    /// As in a demo, where the instructor can break the cluster.
    pub(crate) demo: bool,
}

impl Replica {
    /// The same person's next request, sent here.
    pub(crate) fn serves(&self, browser: &Browser) -> Browser {
        Browser {
            router: self.panel.router.clone(),
            ..browser.clone()
        }
    }

    /// Listens on a free port of this machine, on the real clock only; returns where.
    pub(crate) async fn listens(&self) -> SocketAddr {
        self.panel.listens().await
    }
}

/// One panel's rooms around one client.
struct Panel {
    state: AppState,
    router: Router,
}

impl Panel {
    /// Returns once it has listed the cluster, with its keeping of runs. It ends with `world`, or by its own shutdown.
    async fn start(
        simulator: &Simulator,
        options: Options,
        world: &CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let shutdown = world.child_token();
        let site = Arc::new(Site::open(&options.site));
        let client = simulator.client(Identity::service_account(PANEL_NAMESPACE, PANEL_ACCOUNT));
        let telemetry = Telemetry::new("no build");
        let client = telemetry.api_server.measured(client);
        let clients = Clients::new(client.clone());
        let (runs, records) = Runs::new(client.clone(), PANEL_NAMESPACE);
        let (known, _watch) = Seats::start(
            client,
            PANEL_NAMESPACE.to_owned(),
            telemetry.watches.clone(),
            shutdown.clone(),
        );
        let (published, _publisher) = Publisher::resume(
            clients.clone(),
            known.clone(),
            Some(records),
            publish::Options {
                build: site.build().to_owned(),
                telemetry: telemetry.clone(),
                watching: options.watching,
                ..publish::Options::default()
            },
            shutdown.clone(),
        );
        let archive = runs.archive();
        let runs = runs.start(Arc::clone(&published), shutdown.clone());
        let limits = LoadLimits {
            users: 500,
            spawn_rate: 100,
            run_time_s: 1800,
            n: 40,
        };
        let single_sign_on = options
            .identity_provider
            .map(|(settings, transport)| SingleSignOn::new(settings, ORIGIN, transport).unwrap());
        let state = AppState {
            published: Arc::clone(&published),
            seats: known.clone(),
            clients: clients.clone(),
            archive,
            commands: Commands::new(
                clients,
                Settings::default(),
                limits,
                Audit::new(telemetry.commands.clone()),
            ),
            site,
            public_url: Arc::new(PublicUrl::parse(ORIGIN, false).unwrap()),
            load_defaults: LoadSettings::DEFAULT,
            load_limits: limits,
            simulated: true,
            faults: options.demo.then(|| faults(simulator)),
            single_sign_on,
            streams: Streams::default(),
            refusals: Refusals::default(),
            telemetry,
            acts: TaskTracker::new(),
            trusted_proxies: Arc::new(options.trusted_proxies),
            shutdown: shutdown.clone(),
        };
        until("the panel is ready", || published.ready() && known.ready()).await;
        let panel = Self {
            router: web::router(state.clone()),
            state,
        };
        (panel, runs)
    }

    async fn listens(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = self.state.shutdown.clone();
        tokio::spawn(web::run(listener, self.state.clone(), shutdown));
        address
    }
}

/// What `workshop demo` gives its instructor.
fn faults(simulator: &Simulator) -> Arc<dyn Faults> {
    let seats = (1..=9).map(|number| (format!("{number:02}"), format!("workshop-user-{number}")));
    Arc::new(SimulatedFaults::new(simulator, Settings::default(), seats))
}

pub(crate) struct Seat {
    pub(crate) namespace: String,
    pub(crate) code: String,
}

impl World {
    /// A cluster with that many seats, and a panel that has listed it.
    pub(crate) async fn new(seats: u16) -> Self {
        Self::with(seats, Options::default()).await
    }

    /// The same in a demo: the instructor can break the cluster.
    pub(crate) async fn demo(seats: u16) -> Self {
        let options = Options {
            demo: true,
            ..Options::default()
        };
        Self::with(seats, options).await
    }

    /// The same where the panel has no right to the whole cluster.
    pub(crate) async fn namespaced(seats: u16) -> Self {
        let watching = Watching::Namespaces;
        let options = Options {
            watching,
            ..Options::default()
        };
        Self::with(seats, options).await
    }

    /// The same with single sign-on.
    pub(crate) async fn with_single_sign_on(
        seats: u16,
        settings: oidc::Settings,
        transport: Arc<dyn oidc::Transport>,
    ) -> Self {
        let options = Options {
            identity_provider: Some((settings, transport)),
            ..Options::default()
        };
        Self::with(seats, options).await
    }

    /// The same, with a panel of these options.
    pub(crate) async fn with(seats: u16, options: Options) -> Self {
        let watching = options.watching;
        let identity_provider = options.identity_provider.clone();
        let shutdown = CancellationToken::new();
        let simulator = Simulator::new(simulator::Options {
            start: "2026-11-23T09:00:00Z".parse().unwrap(),
            ..simulator::Options::default()
        })
        .unwrap();
        let controllers = simulator.clone();
        let ended = shutdown.clone();
        tokio::spawn(async move { controllers.run(ended).await });

        let admin = simulator.client(Identity::admin());
        provision::apply_panel_rights(&admin, PANEL_NAMESPACE, watching)
            .await
            .unwrap();
        let wanted = provision::Options {
            count: seats,
            prefix: "workshop-user-".to_owned(),
            panel_namespace: PANEL_NAMESPACE.to_owned(),
        };
        let settings = Settings::default();
        let extras = Extras {
            watching,
            ..Extras::default()
        };
        let made = provision::create(&admin, &wanted, &settings, extras)
            .await
            .unwrap();
        let instructor = made.iter().find(|seat| seat.namespace.is_none());
        let instructor = instructor.unwrap().code.as_ref().unwrap().to_string();
        let attendees = made.iter().filter_map(|seat| {
            Some(Seat {
                namespace: seat.namespace.clone()?,
                code: seat.code.as_ref()?.to_string(),
            })
        });
        let attendees = attendees.collect();

        let (panel, runs) = Panel::start(&simulator, options, &shutdown).await;
        Self {
            runs: parking_lot::Mutex::new(Some(runs)),
            published: Arc::clone(&panel.state.published),
            telemetry: panel.state.telemetry.clone(),
            watching,
            identity_provider,
            panel,
            simulator,
            seats: attendees,
            instructor,
            shutdown,
        }
    }

    /// Another replica of the panel: the same cluster, and nothing else in common.
    pub(crate) async fn replica(&self) -> Replica {
        let options = Options {
            watching: self.watching,
            identity_provider: self.identity_provider.clone(),
            ..Options::default()
        };
        self.replica_with(options).await
    }

    /// The same, with these options.
    pub(crate) async fn replica_with(&self, options: Options) -> Replica {
        let (panel, runs) = Panel::start(&self.simulator, options, &self.shutdown).await;
        Replica {
            published: Arc::clone(&panel.state.published),
            shutdown: panel.state.shutdown.clone(),
            runs,
            panel,
        }
    }

    /// Ends the world's own panel as SIGTERM does; the cluster and other replicas go on.
    pub(crate) async fn end_first_panel(&self) {
        self.panel.state.shutdown.cancel();
        let runs = self.runs.lock().take();
        if let Some(runs) = runs {
            runs.await.unwrap();
        }
    }

    /// The first panel listens on a free port of this machine, on the real clock only; returns where.
    pub(crate) async fn listens(&self) -> SocketAddr {
        self.panel.listens().await
    }

    /// As an administrator.
    pub(crate) fn admin(&self) -> Client {
        self.simulator.client(Identity::admin())
    }

    /// A browser in which nobody is signed in.
    pub(crate) fn stranger(&self) -> Browser {
        Browser {
            router: self.panel.router.clone(),
            cookie: None,
            headers: HeaderMap::new(),
        }
    }

    /// A browser in which somebody is signed in.
    pub(crate) async fn sign_in(&self, code: &str) -> Browser {
        let mut browser = self.stranger();
        let answer = browser.post("/session", &format!("code={code}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
        browser.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        browser
    }

    /// The first attendee, signed in.
    pub(crate) async fn attendee(&self) -> Browser {
        self.sign_in(&self.seats[0].code).await
    }

    /// The first attendee's namespace as the panel tells it.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        let namespace = &self.seats[0].namespace;
        self.published
            .snapshot(namespace)
            .expect("the panel knows the namespace")
    }

    /// Waits until the first attendee's namespace is as described.
    pub(crate) async fn until(&self, what: &str, is: impl Fn(&Snapshot) -> bool) {
        until(what, || is(&self.snapshot())).await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Waits on tokio's clock, which tests pause: it takes no real time.
pub(crate) async fn until(what: &str, is: impl Fn() -> bool) {
    let reached = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let reached = tokio::time::timeout(LONG, reached).await;
    assert!(reached.is_ok(), "never happened: {what}");
}

/// Time for a change to reach the panel's watches.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}
