//! Cards to print: of seats that were just made, or that get another code for it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use server::config::{LinkOptions, SeatsCards};
use server::seats::provision::{Card, Cards, Provisioned};
use server::web::PublicUrl;

use super::progress::Progress;
use super::{ask, change, chosen, cluster_time, files, known};
use crate::cli::shutdown::shutdown;

/// A file for cards, opened before any code is made: a code that finds no place to stand is lost.
pub(super) struct Sheet {
    path: PathBuf,
    file: File,
    origin: String,
    /// Cards are in it, or may be.
    used: bool,
}

/// The panel's address, which every card names.
pub(super) fn link(link: &LinkOptions) -> Result<PublicUrl> {
    let Some(url) = &link.public_url else {
        bail!("cards name the panel's address: give it with --public-url https://…");
    };
    PublicUrl::parse(url, link.insecure_http).map_err(|error| anyhow!(error))
}

impl Sheet {
    /// Creates the file.
    pub(super) fn create(path: &Path, link: &LinkOptions) -> Result<Self> {
        let url = self::link(link)?;
        Ok(Self {
            path: path.to_owned(),
            file: files::create_new(path)?,
            origin: url.origin().to_owned(),
            used: false,
        })
    }

    /// Writes the cards of those seats that have a code to show.
    pub(super) fn write(
        mut self,
        seats: Vec<Provisioned>,
        kubeconfig: impl Fn(&Provisioned) -> Option<String>,
    ) -> Result<()> {
        let cards = seats.into_iter().filter_map(|seat| {
            let kubeconfig = kubeconfig(&seat);
            Some(Card {
                number: seat.number,
                namespace: seat.namespace,
                name: seat.name,
                code: seat.code?,
                kubeconfig,
            })
        });
        let cards: Vec<_> = cards.collect();
        if cards.is_empty() {
            eprintln!("no seat got a code, so there is no card to print");
            return Ok(());
        }
        self.used = true;
        let path = self.path.display();
        let sheet = Cards {
            origin: &self.origin,
            cards: &cards,
        };
        self.file.write_all(sheet.html().as_bytes()).with_context(|| {
            format!(
                "failed to write {path}; the codes above are right all the same, and `workshop seats cards` makes \
                 cards with others"
            )
        })?;
        let plural = if cards.len() == 1 { "card" } else { "cards" };
        eprintln!(
            "{} {plural} in {path}: print it from a browser, then delete it",
            cards.len()
        );
        Ok(())
    }
}

/// A file without cards goes away again.
impl Drop for Sheet {
    fn drop(&mut self) {
        if !self.used {
            // It stays empty otherwise, which harms nobody.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// `workshop seats cards`: gives seats another code, and writes it on cards.
pub(super) async fn cards(options: SeatsCards) -> Result<ExitCode> {
    let (client, store, seats) = known(&options.cluster).await?;
    let seats = chosen(&options.renew, seats)?;
    let sheet = Sheet::create(&options.output, &options.link)?;
    let now = cluster_time(&client).await;
    let signed_in = seats.iter().filter(|seat| seat.sessions(now) > 0);
    let signed_in: Vec<_> = signed_in.map(|seat| seat.number.to_string()).collect();
    let mut question = format!(
        "A code is known only when it is made: {} seats get another one, and their old cards open nothing any more.",
        seats.len()
    );
    if !signed_in.is_empty() {
        question.push_str(&format!(
            " Who is signed in there is signed out: seats {}.",
            signed_in.join(", ")
        ));
    }
    if !ask::agreed(&format!("{question} Go on?"), options.yes)? {
        return Ok(ExitCode::FAILURE);
    }
    let stop = shutdown()?;
    let progress = Progress::new("renewing codes", seats.len());
    let renewed = change::renew_each(&store, &seats, &stop, &progress).await;
    progress.end();
    sheet.write(renewed.seats, |_| None)?;
    Ok(renewed
        .failures
        .report("The others have their cards. Print these with `workshop seats cards --renew …`."))
}
