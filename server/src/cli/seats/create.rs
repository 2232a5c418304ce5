//! `workshop seats create`: prints each code as soon as its seat is made, then writes kubeconfigs and cards.

use std::process::ExitCode;

use anyhow::{Context, Result};
use kube::Client;
use serde_json::json;
use server::config::{CreateOutput, SeatsCreate};
use server::error::Error;
use server::seats::SeatNumber;
use server::seats::provision::{
    self, Extras, Options, Provisioned, SeatMaker, apply_panel_rights, read_names,
};
use server::workshop::manifests::Settings;
use tokio_util::sync::CancellationToken;

use super::cards::{Sheet, link};
use super::kubeconfigs::Folder;
use super::progress::Progress;
use super::{Failures, fatal, interrupted, line, not_shown, print, review, told};
use crate::cli::client::{config, connect};
use crate::cli::shutdown::shutdown;

/// Whose rights are needed, for those who have not.
const WHOSE_RIGHTS: &str = "Making seats needs the rights of a cluster administrator: run this with such a kubeconfig. \
     An administrator can also apply what `-o yaml` prints, and you make the codes with --secrets-only; in the panel's \
     pod this is the way.";

/// Runs the command.
pub(super) async fn create(options: SeatsCreate) -> Result<ExitCode> {
    // Whatever may be wrong with the options is found before anything is made.
    let extras = extras(&options)?;
    if options.cards.is_some() {
        // The address may come from a configuration file, which clap's `requires` does not count.
        link(&options.link)?;
    }
    let wanted = Options {
        count: options.count,
        prefix: options.prefix.clone(),
        panel_namespace: options.cluster.panel_namespace.clone(),
    };
    let settings = Settings::from(options.app.clone());
    let config = config(&options.cluster).await?;
    let client = connect(&config)?;
    if options.output == CreateOutput::Yaml || options.dry_run {
        let maker = look(&client, &wanted, &settings, extras).await?;
        return review::review(&maker, &options).await;
    }
    let folder = options.kubeconfigs.as_deref();
    let folder = folder.map(|path| Folder::create(path, &config, &options.tokens));
    let folder = folder.transpose()?;
    let maker = look(&client, &wanted, &settings, extras).await?;
    if options.panel_rights {
        let applied =
            apply_panel_rights(&client, &wanted.panel_namespace, options.watching()).await;
        applied.map_err(|error| explained(&error))?;
    }
    maker.begin().await.map_err(|error| explained(&error))?;
    let sheet = options.cards.as_deref();
    let sheet = sheet
        .map(|path| Sheet::create(path, &options.link))
        .transpose()?;

    let stop = shutdown()?;
    let mut run = Run::new(&options, &stop);
    maker
        .create(&stop, |number, seat| run.tell(number, seat))
        .await;
    run.progress.end();
    let Run {
        seats,
        mut failures,
        hint,
        ..
    } = run;
    if let Some(folder) = &folder {
        let namespaces = seats.iter();
        let namespaces = namespaces.filter_map(|seat| Some((seat.number, seat.namespace.clone()?)));
        let namespaces: Vec<_> = namespaces.collect();
        failures
            .0
            .extend(folder.write(&client, &namespaces, &stop).await.0);
    }
    let attendees = seats.iter().filter(|seat| seat.namespace.is_some());
    let (made, there): (Vec<_>, Vec<_>) = attendees.partition(|seat| seat.code.is_some());
    eprintln!("{} seats made, {} were there", made.len(), there.len());
    if let Some(sheet) = sheet {
        sheet.write(seats, |seat| {
            let namespace = folder.as_ref().and(seat.namespace.as_deref());
            Some(provision::file_name(seat.number, namespace?))
        })?;
    }
    let code =
        failures.report(hint.unwrap_or("Run the same command again: it goes on with these."));
    if stop.is_cancelled() && failures.0.is_empty() {
        eprintln!(
            "Run the same command again: it goes on where it stopped. Codes that were printed stay right."
        );
    }
    Ok(interrupted(&stop, code))
}

/// What was told of each seat.
struct Run<'a> {
    output: CreateOutput,
    stop: &'a CancellationToken,
    progress: Progress,
    seats: Vec<Provisioned>,
    failures: Failures,
    /// What to do about the failures, if it is not the same command again.
    hint: Option<&'static str>,
}

impl<'a> Run<'a> {
    fn new(options: &SeatsCreate, stop: &'a CancellationToken) -> Self {
        Self {
            output: options.output,
            stop,
            progress: Progress::new("making seats", usize::from(options.count) + 1),
            seats: Vec::new(),
            failures: Failures::default(),
            hint: None,
        }
    }

    fn tell(&mut self, number: SeatNumber, seat: Result<Provisioned, Error>) {
        match seat {
            Ok(seat) => {
                let text = match self.output {
                    CreateOutput::Json => as_json(&seat),
                    CreateOutput::Text | CreateOutput::Yaml => line(&seat),
                };
                if let Err(error) = self.progress.aside(|| print(&text)) {
                    let why = match &seat.code {
                        Some(_) => not_shown(number, &error),
                        None => format!("it exists, but nobody reads this: {error}"),
                    };
                    self.failures.push(number, why);
                    // The next codes could not be shown either.
                    self.stop.cancel();
                }
                self.seats.push(seat);
            }
            Err(error) => {
                if error.status().is_some_and(kube::core::Status::is_forbidden) {
                    self.hint = Some(WHOSE_RIGHTS);
                }
                self.failures.push(number, why(number, &error));
            }
        }
        self.progress.done(&format!("seat {number}"));
    }
}

/// Why a seat was not made. A Secret that was asked for may be there though no answer came, with a code nobody saw.
fn why(number: SeatNumber, error: &Error) -> String {
    let text = told(error);
    let unanswered = error.status().is_none();
    match error {
        Error::Call {
            verb: "create",
            kind,
            ..
        } if kind == "Secret" && unanswered => format!(
            "{text}; if the seat exists now, nobody saw its code: `workshop seats renew {number}`"
        ),
        _ => text,
    }
}

/// Reads what is there.
async fn look(
    client: &Client,
    wanted: &Options,
    settings: &Settings,
    extras: Extras,
) -> Result<SeatMaker> {
    let maker = SeatMaker::look(client, wanted, settings, extras).await;
    maker.map_err(fatal)
}

/// An error before the first seat, with whose rights are needed if that is it.
fn explained(error: &Error) -> anyhow::Error {
    let forbidden = error.status().is_some_and(kube::core::Status::is_forbidden);
    let text = told(error);
    if forbidden || matches!(error, Error::NoRight { .. }) {
        return anyhow::anyhow!("{text}\n{WHOSE_RIGHTS}");
    }
    anyhow::anyhow!(text)
}

fn extras(options: &SeatsCreate) -> Result<Extras> {
    let names = match &options.names {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("failed to read {}", file.display()))?;
            let names = read_names(&text, options.count);
            names.with_context(|| format!("nothing was made: {}", file.display()))?
        }
        None => std::collections::BTreeMap::new(),
    };
    Ok(Extras {
        names,
        image_pull_secret: options.image_pull_secret.clone(),
        quota_for_adopted: options.quota_for_adopted,
        secrets_only: options.secrets_only,
        watching: options.watching(),
    })
}

/// One seat as one line of JSON.
fn as_json(seat: &Provisioned) -> String {
    json!({
        "seat": seat.number.0,
        "namespace": seat.namespace,
        "name": seat.name,
        "code": seat.code.as_ref().map(ToString::to_string),
    })
    .to_string()
}
