//! The workshop's files as they stand, each part beside what it is for; the commands; and what the last button did.
//! Without JavaScript each file opens as plain text.

use leptos::prelude::*;

use super::copy_button::CopyButton;
use super::last_command::LastCommandPart;
use super::tabs::{Chosen, Tab};
use crate::commands::ReadFiles;
use crate::error::Error;
use crate::model::{ALL_IN_ONE, AppSettings, File, FileName, SessionEnd};
use crate::stream::{Live, leave_as};
use crate::words;
use crate::words::files::{self, NOTES};

/// A piece of a file, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    text: String,
    says: Option<&'static str>,
}

/// Cuts a file where something is to be said: each note once in each of its documents.
fn parts(yaml: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut kind = "";
    let mut said: Vec<&str> = Vec::new();
    for line in yaml.lines() {
        let words = line.trim_start();
        if line == "---" {
            kind = "";
            said.clear();
        } else if let Some(new) = line.strip_prefix("kind: ") {
            kind = new;
        }
        let note = NOTES.iter().find(|note| {
            note.kind == kind && words.starts_with(note.line) && !said.contains(&note.line)
        });
        if note.is_some() || parts.is_empty() || line == "---" {
            parts.push(Part {
                text: String::new(),
                says: note.map(|note| note.says),
            });
            said.extend(note.map(|note| note.line));
        }
        if let Some(part) = parts.last_mut() {
            part.text.push_str(line);
            part.text.push('\n');
        }
    }
    parts
}

/// The tab.
#[component]
pub(crate) fn FilesPanel(namespace: String, live: Live) -> impl IntoView {
    let read = ServerAction::<ReadFiles>::new();
    let found = RwSignal::new(Vec::<File>::new());
    let failure = RwSignal::new(None::<Error>);
    Effect::new(move || match read.value().get() {
        Some(Ok(new)) => {
            failure.set(None);
            found.set(new);
        }
        Some(Err(Error::Unauthenticated)) => leave_as(SessionEnd::SignedOut),
        Some(Err(error)) => failure.set(Some(error)),
        None => {}
    });
    // What makes the files others, as far as the stream tells it.
    let there = Memo::new(move |_| {
        live.state.with(|s| {
            let snapshot = s.snapshot.as_ref()?;
            let names = (
                snapshot.deployment.as_ref().map(|d| d.name.clone()),
                snapshot.service.as_ref().map(|s| s.name.clone()),
                snapshot.scaled_object.as_ref().map(|s| s.name.clone()),
                snapshot.load.as_ref().map(|load| load.uid.clone()),
            );
            Some((names, AppSettings::of(snapshot)))
        })
    });
    let chosen = use_context::<Chosen>();
    Effect::new(move || {
        // Read, not tracked alone: a memo that nobody reads never looks at its sources.
        let _there = there.get();
        if chosen.is_some_and(|chosen| chosen.is_chosen(Tab::Files)) {
            read.dispatch(ReadFiles {});
        }
    });
    let told = move || match (failure.get(), found.read().is_empty()) {
        (Some(error), _) => words::error(&error),
        (None, true) => files::READING.to_owned(),
        (None, false) => String::new(),
    };
    let all = move || {
        let all = found.read();
        let texts: Vec<_> = all.iter().map(|file| file.yaml.as_str()).collect();
        texts.join("---\n")
    };
    let commands = files::commands(&namespace)
        .into_iter()
        .enumerate()
        .map(|(index, (name, text))| {
            let id = format!("command-{index}");
            let copied = text.clone();
            view! {
                <li>
                    <h3>{name}</h3>
                    <CopyButton what=name.to_owned() text=move || copied.clone() shown=id.clone() />
                    <pre id=id tabindex="0" translate="no">{text}</pre>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="files-panel">
            <LastCommandPart namespace />
            <section aria-labelledby="files">
                <div class="head">
                    <h2 id="files">{files::FILES}</h2>
                    <ActionForm action=read attr:class="script-only">
                        <button type="submit" aria-busy=move || read.pending().get().to_string()>{files::READ_AGAIN}</button>
                    </ActionForm>
                </div>
                <p class="hint">{files::FILES_LEAD}</p>
                <p class="script-only" role="status">{told}</p>
                <noscript><p>{files::FILES_WITHOUT_SCRIPTS}</p></noscript>
                {FileName::ALL.map(|file| view! { <OneFile file all=found /> }).collect_view()}
                <div class="file-head">
                    <h3>{files::ALL_FILES}</h3>
                    {links(ALL_IN_ONE)}
                    <CopyButton what=files::ALL_FILES.to_owned() text=all shown="files".to_owned() />
                </div>
                <p class="hint">{files::ALL_FILES_HINT}</p>
            </section>
            <section aria-labelledby="commands">
                <h2 id="commands">{files::COMMANDS}</h2>
                <ul class="commands">{commands}</ul>
            </section>
        </div>
    }
}

fn links(name: &'static str) -> impl IntoView {
    let address = format!("/manifests/{name}");
    let label = |what: &str| format!("{what} {name}");
    view! {
        <a href=address.clone() target="_blank" rel="external" aria-label=label(files::OPEN)>{files::OPEN}</a>
        <a href=address download=name rel="external" aria-label=label(files::DOWNLOAD)>{files::DOWNLOAD}</a>
    }
}

/// One file in its parts.
#[component]
fn OneFile(file: FileName, all: RwSignal<Vec<File>>) -> impl IntoView {
    let found = Memo::new(move |_| {
        let all = all.read();
        all.iter().find(|found| found.file == file).cloned()
    });
    let id = format!("file-{}", file.name());
    let yaml = move || found.get().map(|file| file.yaml).unwrap_or_default();
    let body = move || {
        let file = found.get()?;
        let rows = parts(&file.yaml).into_iter().map(|part| {
            view! {
                <div class="part">
                    <pre translate="no">{part.text}</pre>
                    <p>{part.says}</p>
                </div>
            }
        });
        Some(rows.collect_view())
    };
    let stands = move || found.get().map(|file| files::stands(file.stands));
    view! {
        <div class="file-head">
            <h3>{file.name()}</h3>
            {links(file.name())}
            <CopyButton what=file.name().to_owned() text=yaml shown=id.clone() />
            <span class="hint">{stands}</span>
        </div>
        <p class="hint">{files::other_name(file)}</p>
        <div class="file script-only" id=id tabindex="0" role="region" aria-label=file.name()>{body}</div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "apiVersion: v1\nkind: ConfigMap\ndata:\n  locustfile.py: |\n    # A Service balances connections\n---\nkind: Job\nspec:\n  backoffLimit: 0\n  template:\n    backoffLimit: 1\n";

    #[test]
    fn nothing_of_a_file_is_lost_in_its_parts() {
        let all: String = parts(YAML).into_iter().map(|part| part.text).collect();
        assert_eq!(all, YAML);
    }

    #[test]
    fn each_note_stands_once_at_its_line() {
        let found: Vec<_> = parts(YAML)
            .into_iter()
            .map(|part| {
                (
                    part.text.lines().next().unwrap().trim().to_owned(),
                    part.says.is_some(),
                )
            })
            .collect();
        let expected = [
            ("apiVersion: v1", false),
            ("locustfile.py: |", true),
            ("# A Service balances connections", true),
            ("---", false),
            ("backoffLimit: 0", true),
        ];
        assert_eq!(
            found,
            expected.map(|(line, noted)| (line.to_owned(), noted))
        );
    }
}
