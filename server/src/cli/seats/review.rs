//! `workshop seats create --dry-run` and `-o yaml`: what would be made, for people and for administrators.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::json;
use server::config::{CreateOutput, SeatsCreate};
use server::seats::SeatNumber;
use server::seats::provision::{Planned, SeatMaker, Verdict, panel_objects};
use server::workshop::manifests::to_yaml;

use super::{Failures, fatal, told};

const FAILED: &str = "Nothing was written. `workshop seats create` would make the others.";

/// Prints it.
pub(super) async fn review(maker: &SeatMaker, options: &SeatsCreate) -> Result<ExitCode> {
    if options.output == CreateOutput::Yaml {
        yaml(maker, options).await
    } else {
        plan(maker, options).await
    }
}

/// The objects as documents for `kubectl apply -f -`.
async fn yaml(maker: &SeatMaker, options: &SeatsCreate) -> Result<ExitCode> {
    let mut out = String::from(
        "# The attendees' namespaces with their accounts, rights and quotas, for `kubectl apply --server-side -f -`.\n\
         # The seats' codes are not among them: `workshop seats create --secrets-only` makes those with the same\n\
         # --count and --prefix, and needs the right to change Secrets in the panel's namespace alone.\n",
    );
    if options.image_pull_secret.is_some() {
        out.push_str("# They hold the registry's password: keep them as secret as that.\n");
    }
    let mut failures = Failures::default();
    let panel = if options.panel_rights {
        panel_objects(&options.cluster.panel_namespace, options.watching()).map_err(fatal)?
    } else {
        vec![maker.panel_namespace()]
    };
    for object in &panel {
        push(&mut out, &to_yaml(object)?);
    }
    for object in maker.secrets_without_codes() {
        push(&mut out, &to_yaml(&object)?);
    }
    for number in maker.numbers() {
        match maker.objects(number).await {
            Ok(objects) => {
                for object in &objects {
                    push(&mut out, &to_yaml(object)?);
                }
            }
            Err(error) => failures.push(number, told(&error)),
        }
    }
    show(&out)?;
    Ok(failures.report("These are not among the objects above."))
}

/// Prints all at once: half a review would pass for a whole one.
fn show(out: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let shown = stdout.write_all(out.as_bytes());
    shown
        .and_then(|()| stdout.flush())
        .context("failed to print")
}

fn push(out: &mut String, document: &str) {
    out.push_str("---\n");
    out.push_str(document);
}

/// What would happen to each seat.
async fn plan(maker: &SeatMaker, options: &SeatsCreate) -> Result<ExitCode> {
    let mut failures = Failures::default();
    let mut out = String::new();
    if options.panel_rights {
        let planned = maker.plan(None).await.map_err(fatal)?;
        tell(&mut out, options.output, "panel", &planned);
    }
    let numbers = maker.numbers().chain([SeatNumber::INSTRUCTOR]);
    for number in numbers {
        let what = if number == SeatNumber::INSTRUCTOR {
            "instructor".to_owned()
        } else {
            format!("seat {}", maker.namespace(number))
        };
        match maker.plan(Some(number)).await {
            Ok(planned) => tell(&mut out, options.output, &what, &planned),
            Err(error) => failures.push(number, told(&error)),
        }
    }
    show(&out)?;
    let code = failures.report(FAILED);
    eprintln!("dry run: nothing was written");
    Ok(code)
}

/// `seat workshop-user-7: create Namespace workshop-user-7, …`, or one line of JSON.
fn tell(out: &mut String, output: CreateOutput, what: &str, planned: &[Planned]) {
    if output == CreateOutput::Json {
        let objects = planned.iter().map(|planned| {
            json!({
                "kind": planned.kind,
                "name": planned.name,
                "namespace": planned.namespace,
                "verdict": word(planned.verdict),
            })
        });
        let objects: Vec<_> = objects.collect();
        out.push_str(&json!({ "what": what, "objects": objects }).to_string());
    } else {
        let part = |verdict| {
            let objects = planned.iter().filter(|planned| planned.verdict == verdict);
            let objects = objects.map(|planned| format!("{} {}", planned.kind, planned.name));
            let objects: Vec<_> = objects.collect();
            (!objects.is_empty()).then(|| format!("{} {}", word(verdict), objects.join(", ")))
        };
        let parts: Vec<_> = [Verdict::Create, Verdict::Change]
            .into_iter()
            .filter_map(part)
            .collect();
        let text = if parts.is_empty() {
            "exists".to_owned()
        } else {
            parts.join("; ")
        };
        out.push_str(&format!("{what}: {text}"));
    }
    out.push('\n');
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Create => "create",
        Verdict::Change => "change",
        Verdict::Exists => "exists",
    }
}
