//! A panel on the simulator, in process and without a socket, and browsers that ask it. Shared by the server's tests.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

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
use tower::ServiceExt;

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

const ORIGIN: &str = "https://workshop.example.org";
const HOSTNAME: &str = "workshop.example.org";

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

/// A browser with its cookie.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookie: Option<String>,
    /// Sent with each request.
    pub(crate) headers: HeaderMap,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        let location = self.headers.get(LOCATION);
        location.map_or("", |location| location.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A refusal's name, and what it tells.
    pub(crate) fn refusal(&self) -> (String, serde_json::Value) {
        match self.json() {
            serde_json::Value::Object(told) => told.into_iter().next().unwrap(),
            name => (name.as_str().unwrap().to_owned(), serde_json::Value::Null),
        }
    }
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path), Body::empty()).await
    }

    /// Sends a form as a script does.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request, Body::from(form.to_owned())).await
    }

    /// Sends whatever bytes as whatever they are called.
    pub(crate) async fn post_raw(&self, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let request = Request::post(path).header(CONTENT_TYPE, content_type);
        self.ask(request, Body::from(body.to_vec())).await
    }

    /// Asks with any method.
    pub(crate) async fn ask_with(&self, method: http::Method, path: &str) -> Answer {
        let request = Request::builder().method(method).uri(path);
        self.ask(request, Body::empty()).await
    }

    async fn ask(&self, request: http::request::Builder, body: Body) -> Answer {
        let (parts, body) = self.send(request, body).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn send(&self, request: http::request::Builder, body: Body) -> http::Response<Body> {
        let mut request = request.header(HOST, HOSTNAME).body(body).unwrap();
        if let Some(cookie) = &self.cookie {
            request
                .headers_mut()
                .insert(COOKIE, cookie.parse().unwrap());
        }
        request.headers_mut().extend(self.headers.clone());
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Opens the stream.
    pub(crate) async fn events(&self, path: &str) -> Events {
        let response = self.send(Request::get(path), Body::empty()).await;
        assert_eq!(response.status(), StatusCode::OK);
        Events {
            headers: response.headers().clone(),
            body: response.into_body(),
            text: String::new(),
        }
    }
}

/// An open stream.
pub(crate) struct Events {
    pub(crate) headers: HeaderMap,
    body: Body,
    text: String,
}

/// One event of a stream.
#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    /// When to come back, in ms.
    pub(crate) retry: Option<u32>,
    pub(crate) data: serde_json::Value,
}

impl Events {
    /// The next event; `None` at the stream's end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = read(event);
                self.text = rest.to_owned();
                return Some(event);
            }
            let frame = tokio::time::timeout(LONG, self.body.frame()).await;
            let frame = frame.expect("the stream is silent")?.unwrap();
            let data = frame.into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    /// Reads on to the stream's end; whether it comes within that time.
    pub(crate) async fn ends_within(&mut self, time: Duration) -> bool {
        let end = async { while self.next().await.is_some() {} };
        tokio::time::timeout(time, end).await.is_ok()
    }
}

fn read(text: &str) -> Event {
    let field = |name: &str| {
        let lines = text.lines();
        lines
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .next()
    };
    let name = field("event").expect("an event has a name");
    let mut told: serde_json::Value =
        serde_json::from_str(field("data").expect("an event has data")).unwrap();
    Event {
        name: name.to_owned(),
        id: field("id").map(str::to_owned),
        retry: field("retry").map(|ms| ms.parse().unwrap()),
        data: told[name].take(),
    }
}

/// Time for a change to reach the panel's watches.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}
