//! `workshop prepull`: both images on every node, with progress on stderr and the result on stdout.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use server::config::Prepull;
use server::prepull::{self, Summary, Told};
use server::workshop::manifests::Settings;

use super::client::client;
use super::shutdown::shutdown;

/// Pulls until done, timed out or interrupted. Exit code 1 if a node lacks an image.
pub(crate) async fn prepull(options: Prepull) -> Result<ExitCode> {
    let shutdown = shutdown()?;
    let client = client(&options.cluster).await?;
    let wanted = prepull::Options {
        namespace: options.namespace.unwrap_or(options.cluster.panel_namespace),
        timeout: Duration::from_secs(options.timeout * 60),
        settings: Settings::from(options.app),
    };
    let bar = std::io::stderr().is_terminal().then(bar);
    let tell = |told: &Told| match &bar {
        Some(bar) => {
            bar.inc(1);
            if told.result.is_err() {
                bar.println(line(told));
            }
        }
        None => eprintln!("{}", line(told)),
    };
    let summary = prepull::prepull(&client, &wanted, &shutdown, tell).await;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let summary = summary?;
    print!("{}", text(&summary));
    Ok(if summary.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Counts images on nodes; it turns while nothing is decided, as a first pull takes minutes.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    // The template is a constant; were it wrong, the default would do.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} images on nodes, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// `node-1  locustio/locust:2.32.2  pulled`
fn line(told: &Told) -> String {
    let (node, image) = (&told.node, &told.image);
    match &told.result {
        Ok(()) => format!("{node}  {image}  pulled"),
        Err(why) => format!("{node}  {image}  FAILED: {why}"),
    }
}

fn text(summary: &Summary) -> String {
    let nodes = |count: usize| match count {
        1 => "1 node".to_owned(),
        count => format!("{count} nodes"),
    };
    let mut lines: Vec<_> = summary.failed.iter().map(line).collect();
    if !summary.skipped.is_empty() {
        lines.push(format!(
            "Left out, as the class's pods do not run there: {}",
            summary.skipped.join(", ")
        ));
    }
    let mut failed: Vec<_> = summary.failed.iter().map(|told| &told.node).collect();
    failed.dedup();
    let ready = nodes(summary.ready.len());
    lines.push(match (failed.len(), summary.interrupted) {
        (_, true) => format!("Interrupted: both images are on {ready}; the pods were removed"),
        (0, false) if summary.ready.is_empty() => "No node takes the class's pods".to_owned(),
        (0, false) => format!("Both images are on {ready}"),
        (failed, false) => format!("Both images are on {ready}; {} could not", nodes(failed)),
    });
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_names_each_node_that_could_not_and_why() {
        let failed = Told {
            node: "node-2".to_owned(),
            image: "locust".to_owned(),
            result: Err("not found".to_owned()),
        };
        let summary = Summary {
            ready: vec!["node-1".to_owned()],
            failed: vec![failed],
            skipped: vec!["node-3".to_owned()],
            interrupted: false,
        };
        assert_eq!(
            text(&summary),
            "node-2  locust  FAILED: not found\nLeft out, as the class's pods do not run there: node-3\n\
             Both images are on 1 node; 1 node could not\n"
        );
    }
}
