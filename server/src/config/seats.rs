//! Options of `workshop seats …` and `workshop class …`. All of it acts with the rights of the person at the keyboard.

use std::path::PathBuf;

use app::model::ClassPhase;
use clap::{Args, Subcommand, ValueEnum};

use super::{AppOptions, ClusterOptions, watching};
use crate::cluster::Watching;
use crate::seats::PersonName;
use crate::seats::provision::SeatRange;

/// Commands on seats.
#[derive(Debug, Subcommand)]
pub enum SeatsCommand {
    /// Makes namespaces, accounts, rights, quotas and codes. A seat that exists keeps its code.
    ///
    /// Needs the rights of a cluster administrator. Each code is printed once, as soon as its seat is made. Run it again
    /// after an interruption, or with a greater --count: it goes on.
    Create(Box<SeatsCreate>),
    /// Lists the seats: who sits there, and on how many devices.
    List(SeatsList),
    /// Gives seats another code. Whoever is signed in there is signed out.
    Renew(SeatsChange),
    /// Takes seats' codes away: whoever is signed in is signed out, and nobody signs in until the seat is renewed.
    Revoke(SeatsRevoke),
    /// Ends all sessions of seats. Their codes go on working.
    SignOut(SeatsChange),
    /// Names a seat's owner.
    Rename(SeatsRename),
    /// Deletes seats with their namespaces and all that is in them.
    ///
    /// A namespace that was there before its seat stays, without what made it a seat.
    Delete(SeatsDelete),
    /// Writes cards to print. A code is known only when it is made, so the seats get other codes.
    Cards(SeatsCards),
    /// Writes a kubeconfig for each seat.
    Kubeconfigs(SeatsKubeconfigs),
    /// Lets people take free seats with one code for all and their name; prints that code.
    Open(SeatsClass),
    /// Ends what `open` allowed. Seats that were taken stay.
    Close(SeatsClass),
}

/// Options of `workshop seats create`. It acts with the rights of the person at the keyboard.
#[derive(Debug, Args)]
pub struct SeatsCreate {
    /// Number of seats; namespaces are numbered from 1.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=300))]
    pub count: u16,

    /// What the namespaces' names begin with.
    #[arg(long, default_value = "workshop-user-", value_parser = prefix)]
    pub prefix: String,

    /// A list of attendees: one name a line, or CSV with a column `name` and perhaps `seat`.
    #[arg(long, value_name = "FILE")]
    pub names: Option<PathBuf>,

    /// A Secret of the panel's namespace for pulling images, which is copied into each seat's namespace. Attendees can
    /// read it there.
    #[arg(long, value_name = "NAME")]
    pub image_pull_secret: Option<String>,

    /// Also gives quota, default limits and pod security to namespaces that were there before.
    #[arg(long)]
    pub quota_for_adopted: bool,

    /// Also makes the panel's own account and rights, for a panel that no chart installed.
    #[arg(long, conflicts_with = "secrets_only")]
    pub panel_rights: bool,

    /// For a panel that watches each seat's namespace by itself (`workshop serve --namespaced`): its Role in each allows
    /// to read there, and --panel-rights makes no `ClusterRole`. Run it again without, or with, to change over.
    #[arg(long, env = "WORKSHOP_NAMESPACED")]
    pub namespaced: bool,

    /// Makes the seats' codes alone: an administrator made the rest from `-o yaml`.
    #[arg(long)]
    pub secrets_only: bool,

    /// Shows what would be made or changed, and writes nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// How the result is printed.
    #[arg(long, short, value_enum, default_value = "text")]
    pub output: CreateOutput,

    /// Also writes cards of the new seats to this file, to be printed. It must not exist yet. Needs --public-url.
    #[arg(long, value_name = "FILE")]
    pub cards: Option<PathBuf>,

    #[command(flatten)]
    pub link: LinkOptions,

    /// Also writes a kubeconfig for each seat into this folder.
    #[arg(long, value_name = "DIR")]
    pub kubeconfigs: Option<PathBuf>,

    #[command(flatten)]
    pub tokens: TokenOptions,

    #[command(flatten)]
    pub cluster: ClusterOptions,

    #[command(flatten)]
    pub app: AppOptions,
}

impl SeatsCreate {
    /// How the panel will watch.
    pub fn watching(&self) -> Watching {
        watching(self.namespaced)
    }
}

/// Format of what `workshop seats create` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CreateOutput {
    /// For people: a line for each seat.
    Text,
    /// One JSON object for each seat, on a line of its own.
    Json,
    /// The objects for review or for `kubectl apply -f -`; nothing is written. Codes are not among them.
    Yaml,
}

/// Format of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListOutput {
    /// For people: a table.
    Text,
    /// One JSON array.
    Json,
}

/// The panel's address, as cards name it.
#[derive(Debug, Args)]
pub struct LinkOptions {
    /// The panel's address in people's browsers, for the cards: `https://workshop.example.org`.
    #[arg(long, env = "WORKSHOP_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Allows a public URL with plain http that is no loopback address: codes and cookies cross the network readable.
    #[arg(long, env = "WORKSHOP_INSECURE_HTTP")]
    pub insecure_http: bool,
}

/// The kubeconfigs of attendees.
#[derive(Debug, Args)]
pub struct TokenOptions {
    /// How long the tokens in the kubeconfigs are valid. The API server may shorten it.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=720))]
    pub hours: u32,

    /// The API server's address in the kubeconfigs. Without it: the one that you use.
    #[arg(long, value_name = "URL")]
    pub kubeconfig_server: Option<String>,
}

/// Seats to act on.
#[derive(Debug, Args)]
pub struct SeatChoice {
    /// Seats: numbers and ranges, as 7 or 1-10; 0 or `instructor` is the instructor's.
    #[arg(
        value_delimiter = ',',
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub seats: Vec<SeatRange>,

    /// All attendees' seats.
    #[arg(long)]
    pub all: bool,
}

/// Options of `workshop seats list`.
#[derive(Debug, Args)]
pub struct SeatsList {
    /// How the list is printed.
    #[arg(long, short, value_enum, default_value = "text")]
    pub output: ListOutput,

    #[command(flatten)]
    pub cluster: ClusterOptions,
}

/// Options of `workshop seats renew` and `sign-out`.
#[derive(Debug, Args)]
pub struct SeatsChange {
    #[command(flatten)]
    pub choice: SeatChoice,

    #[command(flatten)]
    pub cluster: ClusterOptions,
}

/// Options of `workshop seats revoke`.
#[derive(Debug, Args)]
pub struct SeatsRevoke {
    /// Seats: numbers and ranges, as 7 or 1-10.
    #[arg(value_delimiter = ',', required = true)]
    pub seats: Vec<SeatRange>,

    #[command(flatten)]
    pub cluster: ClusterOptions,
}

/// Options of `workshop seats rename`.
#[derive(Debug, Args)]
pub struct SeatsRename {
    /// The seat's number.
    pub seat: SeatRange,

    /// Who sits there.
    #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
    pub name: Option<PersonName>,

    /// Takes the name away.
    #[arg(long)]
    pub nobody: bool,

    #[command(flatten)]
    pub cluster: ClusterOptions,
}

/// Options of `workshop seats delete`.
#[derive(Debug, Args)]
pub struct SeatsDelete {
    /// Seats: numbers and ranges, as 7 or 1-10.
    #[arg(
        value_delimiter = ',',
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub seats: Vec<SeatRange>,

    /// All seats, the instructor's included.
    #[arg(long)]
    pub all: bool,

    /// Does not ask.
    #[arg(long, short)]
    pub yes: bool,

    #[command(flatten)]
    pub cluster: ClusterOptions,
}

/// Options of `workshop seats cards`.
#[derive(Debug, Args)]
pub struct SeatsCards {
    /// Seats that get another code and a card: numbers and ranges, as 7 or 1-10.
    #[arg(
        long,
        value_name = "SEATS",
        value_delimiter = ',',
        num_args = 1..,
        required_unless_present = "renew_all",
        conflicts_with = "renew_all"
    )]
    pub renew: Vec<SeatRange>,

    /// All attendees' seats get another code and a card.
    #[arg(long)]
    pub renew_all: bool,

    /// The file to write. It must not exist yet.
    #[arg(long, value_name = "FILE", default_value = "cards.html")]
    pub output: PathBuf,

    /// Does not ask.
    #[arg(long, short)]
    pub yes: bool,

    #[command(flatten)]
    pub link: LinkOptions,

    #[command(flatten)]
    pub cluster: ClusterOptions,
}

/// Options of `workshop seats kubeconfigs`.
#[derive(Debug, Args)]
pub struct SeatsKubeconfigs {
    /// The folder to write them into.
    pub dir: PathBuf,

    /// Seats: numbers and ranges, as 7 or 1-10. Without any: all attendees' seats.
    #[arg(value_delimiter = ',')]
    pub seats: Vec<SeatRange>,

    #[command(flatten)]
    pub tokens: TokenOptions,

    #[command(flatten)]
    pub cluster: ClusterOptions,
}

/// Options of `workshop seats open` and `close`.
#[derive(Debug, Args)]
pub struct SeatsClass {
    #[command(flatten)]
    pub cluster: ClusterOptions,
}

/// Options of `workshop class`.
#[derive(Debug, Args)]
pub struct Class {
    /// Whether attendees may act.
    #[arg(value_enum)]
    pub phase: Phase,

    #[command(flatten)]
    pub cluster: ClusterOptions,
}

/// Phases of a class, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Phase {
    /// The class runs.
    Running,
    /// It is over: attendees still look at what is there, and may stop a load, but change nothing else.
    ReadOnly,
    /// It is over, and attendees cannot sign in.
    Closed,
}

impl Phase {
    /// How a sentence says it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::ReadOnly => "over, read-only",
            Self::Closed => "closed",
        }
    }
}

impl From<Phase> for ClassPhase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Running => Self::Running,
            Phase::ReadOnly => Self::ReadOnly,
            Phase::Closed => Self::Closed,
        }
    }
}

/// What may stand in front of a seat's number in a namespace's name, at most 63 characters in all. RFC 1123, section 2.1.
fn prefix(text: &str) -> Result<String, String> {
    let fits = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    let begins = text.starts_with(|char: char| char.is_ascii_lowercase());
    if begins && text.len() <= 60 && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("a prefix begins with a small letter and has small letters, digits and dashes, at most 60".to_owned())
    }
}
