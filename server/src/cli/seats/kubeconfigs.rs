//! Kubeconfigs for attendees' own terminals, one file a seat.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow};
use futures::StreamExt;
use jiff::Timestamp;
use kube::{Client, Config};
use server::config::{SeatsKubeconfigs, TokenOptions};
use server::seats::SeatNumber;
use server::seats::provision::{self, AT_ONCE, ClusterAccess};
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::{Failures, chosen, files, interrupted, known, namespace, told};
use crate::cli::client::config;
use crate::cli::shutdown::shutdown;

/// A token that ends so much earlier than asked for was shortened; less is the way of the question.
const SLACK: Duration = Duration::from_secs(300);

/// A folder for kubeconfigs, and what all of them hold.
pub(super) struct Folder {
    path: PathBuf,
    access: ClusterAccess,
    hours: u32,
}

impl Folder {
    /// Makes the folder, and warns of what attendees cannot reach.
    pub(super) fn create(path: &Path, config: &Config, options: &TokenOptions) -> Result<Self> {
        let server = options.kubeconfig_server.as_deref();
        let (access, warnings) =
            ClusterAccess::new(config, server).map_err(|error| anyhow!(error))?;
        for warning in warnings {
            eprintln!("warning: {warning}");
        }
        files::folder(path)?;
        Ok(Self {
            path: path.to_owned(),
            access,
            hours: options.hours,
        })
    }

    /// Writes the file of each seat, and says until when the tokens are valid.
    pub(super) async fn write(
        &self,
        client: &Client,
        seats: &[(SeatNumber, String)],
        stop: &CancellationToken,
    ) -> Failures {
        let progress = Progress::new("writing kubeconfigs", seats.len());
        let files = seats.iter().map(|(number, namespace)| async move {
            (*number, self.write_one(client, *number, namespace).await)
        });
        let mut files = std::pin::pin!(futures::stream::iter(files).buffer_unordered(AT_ONCE));
        let mut failures = Failures::default();
        let mut expires: Option<Timestamp> = None;
        let mut count = 0;
        while let Some(Some((number, file))) = stop.run_until_cancelled(files.next()).await {
            match file {
                Ok(until) => {
                    count += 1;
                    expires = Some(expires.map_or(until, |first| first.min(until)));
                }
                Err(why) => failures.push(number, why),
            }
            progress.done(&format!("seat {number}"));
        }
        progress.end();
        if let Some(expires) = expires {
            let asked = Timestamp::now() + Duration::from_secs(u64::from(self.hours) * 3600);
            let shortened = if expires < asked - SLACK {
                format!(" (the API server shortened the {} h asked for)", self.hours)
            } else {
                String::new()
            };
            eprintln!(
                "{count} kubeconfigs in {}, valid until {}{shortened}",
                self.path.display(),
                expires.strftime("%Y-%m-%d %H:%M UTC")
            );
        }
        failures
    }

    async fn write_one(
        &self,
        client: &Client,
        number: SeatNumber,
        namespace: &str,
    ) -> Result<Timestamp, String> {
        let token = provision::token(client, namespace, self.hours).await;
        let token = token.map_err(|error| told(&error))?;
        let text = provision::kubeconfig(&self.access, namespace, &token.token)
            .map_err(|error| error.to_string())?;
        let path = self.path.join(provision::file_name(number, namespace));
        files::write(&path, &text).map_err(|error| format!("{error:#}"))?;
        Ok(token.expires)
    }
}

/// `workshop seats kubeconfigs`
pub(super) async fn kubeconfigs(options: SeatsKubeconfigs) -> Result<ExitCode> {
    let (client, _, seats) = known(&options.cluster).await?;
    let seats = chosen(&options.seats, seats)?.into_iter();
    // The instructor has rights of their own.
    let seats = seats.filter_map(|seat| Some((seat.number, namespace(&seat)?.to_owned())));
    let seats: Vec<_> = seats.collect();
    let config = config(&options.cluster).await?;
    let folder = Folder::create(&options.dir, &config, &options.tokens)?;
    let stop = shutdown()?;
    let failures = folder.write(&client, &seats, &stop).await;
    let code = failures.report("Run this again; files that were written are written anew.");
    Ok(interrupted(&stop, code))
}
