//! The file that the chart writes and the panel reads.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::CommandFactory;
use serde_json::{Map, Value};
use server::config::{Cli, parse};

use crate::helm::{LEAST, MOST, NAMESPACE, NAMESPACED, Rendered};

/// Long names of all options of `workshop serve`.
fn options() -> BTreeSet<String> {
    let cli = Cli::command();
    let serve = cli.find_subcommand("serve").unwrap();
    let arguments = serve.get_arguments().chain(cli.get_arguments());
    arguments
        .filter_map(|argument| argument.get_long())
        .map(str::to_owned)
        .collect()
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn each_key_is_an_option_of_serve() {
    let options = options();
    for values in [LEAST, MOST, NAMESPACED] {
        let rendered = Rendered::new(values);
        let keys: Map<String, Value> = serde_saphyr::from_str(rendered.config()).unwrap();
        let unknown: Vec<_> = keys.keys().filter(|key| !options.contains(*key)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn panel_takes_the_file() {
    for (name, values) in [("least", LEAST), ("most", MOST), ("namespaced", NAMESPACED)] {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("chart-{name}.yaml"));
        std::fs::write(&file, Rendered::new(values).config()).unwrap();
        let arguments = ["workshop", "serve", "--config", file.to_str().unwrap()];
        parse(arguments.map(Into::into)).unwrap();
    }
}

#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn file_tells_what_the_chart_knows() {
    let rendered = Rendered::new(LEAST);
    let config: Value = serde_saphyr::from_str(rendered.config()).unwrap();
    assert_eq!(config["public-url"], "https://workshop.example.org");
    assert_eq!(config["panel-namespace"], NAMESPACE);
    assert_eq!(config["listen"], "0.0.0.0:3000");
    assert_eq!(config["metrics-listen"], "0.0.0.0:9090");
    assert_eq!(config["log-format"], "json");
    let rendered = Rendered::new(&format!(
        "{LEAST}\nconfig: {{ log-format: text, max-users: 1000000 }}"
    ));
    let config: Value = serde_saphyr::from_str(rendered.config()).unwrap();
    assert_eq!(config["log-format"], "text");
    assert_eq!(config["max-users"], 1_000_000, "a number stays one");
}

/// The panel reads its file once.
#[test]
#[ignore = "needs helm: cargo xtask test-cluster"]
fn other_content_rolls_the_pods_and_nothing_else_does() {
    let checksum = |values: &str| {
        let rendered = Rendered::new(&format!("{LEAST}\n{values}"));
        let template = &rendered.get("Deployment", "panel")["spec"]["template"];
        template["metadata"]["annotations"]["checksum/config"].clone()
    };
    assert_ne!(checksum(""), checksum("config: { max-users: 300 }"));
    assert_eq!(checksum(""), checksum("replicas: 3"));
}
