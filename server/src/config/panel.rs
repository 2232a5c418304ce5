//! Options of the panel itself, and of the objects that Deploy and Start load make.

use std::net::SocketAddr;
use std::path::PathBuf;

use app::model::{LoadLimits, LoadSettings};
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use simulator::faults::{Setting, Switch};

use super::{ClusterOptions, OidcOptions, watching};
use crate::cluster::Watching;
use crate::web::PublicUrl;
use crate::workshop::manifests::Settings;

/// Options of `workshop demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Number of simulated seats.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=300))]
    pub seats: u16,

    /// Prints address and codes as one JSON object.
    #[arg(long)]
    pub json: bool,

    /// Serves the simulated API for kubectl at this address, which must be a loopback one: it asks for no password.
    #[arg(long)]
    pub kubectl_listen: Option<SocketAddr>,

    #[arg(long, value_name = "NAME[=VALUE]", help = fault_help())]
    pub fault: Vec<Setting>,

    #[command(flatten)]
    pub panel: PanelOptions,
}

/// Lists the faults, with the values that they take.
fn fault_help() -> String {
    let names = Switch::ALL.map(|switch| match switch.range() {
        None => switch.name().to_owned(),
        Some(range) => format!("{switch}[={} {}]", range.usual, range.unit),
    });
    format!(
        "A trouble of the whole cluster that is on from the beginning; may be given several times. The instructor turns \
         it off on the page /faults. One of: {}",
        names.join(", ")
    )
}

/// Options of `workshop serve`.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub cluster: ClusterOptions,

    #[command(flatten)]
    pub panel: PanelOptions,
}

/// Options of `workshop config`: those of `serve`, and how they are printed.
#[derive(Debug, Args)]
pub struct Config {
    /// How the configuration is printed.
    #[arg(long, short, value_enum, default_value = "text")]
    pub output: ConfigOutput,

    #[command(flatten)]
    pub serve: Serve,
}

/// Format of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConfigOutput {
    /// For people: a line for each value, with where it comes from.
    Text,
    /// A file for `--config`.
    Yaml,
}

/// How the panel is reached, and what it offers.
#[derive(Debug, Args)]
pub struct PanelOptions {
    /// Address and port to listen on.
    #[arg(long, env = "WORKSHOP_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// The address in people's browsers, without a path: `https://workshop.example.org`. Decides the cookie's name and
    /// flags. Without it: `http://` and the address listened on.
    #[arg(long, env = "WORKSHOP_PUBLIC_URL")]
    pub public_url: Option<String>,

    /// Allows a public URL with plain http that is no loopback address: codes and cookies cross the network readable.
    #[arg(long, env = "WORKSHOP_INSECURE_HTTP")]
    pub insecure_http: bool,

    /// Networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8: only the log tells addresses, and
    /// nothing is decided by them.
    #[arg(long, env = "WORKSHOP_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,

    /// Address and port for Prometheus, which gets `GET /metrics` there. Without it: none.
    #[arg(long, env = "WORKSHOP_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// Watches each seat's namespace by itself, with a Role in each and no right elsewhere: at most 50 seats. Make the
    /// seats with `workshop seats create --namespaced`.
    #[arg(long, env = "WORKSHOP_NAMESPACED")]
    pub namespaced: bool,

    /// The folder with the built pages, made by `cargo xtask build`.
    #[arg(long, env = "WORKSHOP_SITE", default_value = "target/site")]
    pub site: PathBuf,

    #[command(flatten)]
    pub oidc: OidcOptions,

    #[command(flatten)]
    pub limits: LimitOptions,

    #[command(flatten)]
    pub app: AppOptions,
}

/// The most that an attendee's load may ask for.
#[derive(Clone, Debug, Args)]
pub struct LimitOptions {
    /// Most users of one load.
    #[arg(long, env = "WORKSHOP_MAX_USERS", default_value_t = 500)]
    pub max_users: u32,

    /// Most users started a second.
    #[arg(long, env = "WORKSHOP_MAX_SPAWN_RATE", default_value_t = 100)]
    pub max_spawn_rate: u32,

    /// Longest run time of a load in minutes.
    #[arg(long, env = "WORKSHOP_MAX_MINUTES", default_value_t = 30)]
    pub max_minutes: u32,

    /// Greatest n of `GET /fib?n=…`.
    #[arg(long, env = "WORKSHOP_MAX_N", default_value_t = 40)]
    pub max_n: u32,

    /// The users that the load form begins with.
    #[arg(long, env = "WORKSHOP_USERS", default_value_t = LoadSettings::DEFAULT.users)]
    pub users: u32,

    /// The n that the load form begins with.
    #[arg(long, env = "WORKSHOP_N", default_value_t = LoadSettings::DEFAULT.n)]
    pub n: u32,
}

impl LimitOptions {
    /// The limits as the pages know them.
    pub fn limits(&self) -> LoadLimits {
        LoadLimits {
            users: self.max_users,
            spawn_rate: self.max_spawn_rate,
            run_time_s: self.max_minutes.saturating_mul(60),
            n: self.max_n,
        }
    }

    /// What the load form begins with.
    pub fn defaults(&self) -> LoadSettings {
        LoadSettings {
            users: self.users,
            n: self.n,
            ..LoadSettings::DEFAULT
        }
    }
}

/// The objects that Deploy and Start load make.
#[derive(Clone, Debug, Args)]
pub struct AppOptions {
    /// Image of the web app; the app itself comes from a ConfigMap.
    #[arg(long, env = "WORKSHOP_APP_IMAGE", default_value = Settings::APP_IMAGE)]
    pub app_image: String,

    /// Image of the load generator.
    #[arg(long, env = "WORKSHOP_LOAD_IMAGE", default_value = Settings::LOAD_IMAGE)]
    pub load_image: String,

    /// Names of Secrets of the attendee's namespace with which images are pulled.
    #[arg(long, env = "WORKSHOP_IMAGE_PULL_SECRETS", value_delimiter = ',')]
    pub image_pull_secrets: Vec<String>,

    /// CPU request of one web app pod, in milli-cores.
    #[arg(long, env = "WORKSHOP_APP_CPU_REQUEST", default_value_t = 50)]
    pub app_cpu_request: u32,

    /// CPU limit of one web app pod, in milli-cores.
    #[arg(long, env = "WORKSHOP_APP_CPU_LIMIT", default_value_t = 100)]
    pub app_cpu_limit: u32,

    /// Memory request of one web app pod, in MiB.
    #[arg(long, env = "WORKSHOP_APP_MEMORY_REQUEST", default_value_t = 64)]
    pub app_memory_request: u32,

    /// Memory limit of one web app pod, in MiB.
    #[arg(long, env = "WORKSHOP_APP_MEMORY_LIMIT", default_value_t = 256)]
    pub app_memory_limit: u32,

    /// CPU request of the load generator, in milli-cores.
    #[arg(long, env = "WORKSHOP_LOAD_CPU_REQUEST", default_value_t = 100)]
    pub load_cpu_request: u32,

    /// CPU limit of the load generator, in milli-cores.
    #[arg(long, env = "WORKSHOP_LOAD_CPU_LIMIT", default_value_t = 500)]
    pub load_cpu_limit: u32,

    /// Target CPU utilisation in percent of the request.
    #[arg(long, env = "WORKSHOP_TARGET", default_value_t = 60)]
    pub target: u32,

    /// Fewest replicas; a CPU trigger cannot go to 0.
    #[arg(long, env = "WORKSHOP_MIN_REPLICAS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub min_replicas: u32,

    /// Most replicas.
    #[arg(long, env = "WORKSHOP_MAX_REPLICAS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_replicas: u32,

    /// Scale-down stabilisation window in seconds.
    #[arg(long, env = "WORKSHOP_WINDOW", default_value_t = 80, value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub window: u32,
}

impl From<AppOptions> for Settings {
    fn from(options: AppOptions) -> Self {
        Self {
            app_image: options.app_image,
            load_image: options.load_image,
            image_pull_secrets: options.image_pull_secrets,
            app_cpu_request_m: options.app_cpu_request,
            app_cpu_limit_m: options.app_cpu_limit,
            app_memory_request_mi: options.app_memory_request,
            app_memory_limit_mi: options.app_memory_limit,
            load_cpu_request_m: options.load_cpu_request,
            load_cpu_limit_m: options.load_cpu_limit,
            target_percent: options.target,
            min_replicas: options.min_replicas,
            max_replicas: options.max_replicas,
            window_s: options.window,
        }
    }
}

impl PanelOptions {
    /// How the panel watches.
    pub fn watching(&self) -> Watching {
        watching(self.namespaced)
    }

    /// The address in people's browsers; `listening` is where the panel really listens.
    ///
    /// # Errors
    /// A sentence, if the URL has a path, is no http URL, or is plain http to another machine.
    pub fn public_url(&self, listening: SocketAddr) -> Result<PublicUrl, String> {
        match &self.public_url {
            Some(url) => PublicUrl::parse(url, self.insecure_http),
            None => PublicUrl::parse(&format!("http://{listening}"), self.insecure_http),
        }
    }
}
