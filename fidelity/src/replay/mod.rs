//! Takes a recording's steps on the simulator, with a paused clock and under the same recorder.
//!
//! What the recording tells of its surroundings is taken over: the moment, the nodes' names and sizes, how long each
//! command took, the phase of metrics-server's scrapes as far as the samples fix it, and how fast the machine computes. The rest
//! follows from the seed.

mod change;
mod command;
mod execute;
mod manifest;
mod pace;
mod scrape;
pub mod seeds;
mod target;
mod words;

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, ObjectMeta, PostParams};
use simulator::quantity::Quantity;
use simulator::random::Random;
use simulator::{Identity, NodeSpec, Options, Simulator};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::line::{Entry, Line, Start};
use crate::recorder::{Recorder, play};
use crate::recording::Recording;
use crate::scenario::{Act, Scenario};

use command::Command;
use execute::Imitation;
use pace::Pace;
use scrape::Phase;

/// How long the cluster runs before the first step.
const LEAD: Duration = Duration::from_secs(30);
/// The node of a recording that does not tell its nodes: larger than what the workshop asks for.
const ROOMY: (u32, u32) = (16_000, 64 * 1024);

/// A scenario that can be played again and again, as it was recorded.
#[derive(Clone, Debug)]
pub struct Replay {
    scenario: Arc<Scenario>,
    /// One for each step; `None` where it is no command.
    commands: Arc<[Option<Command>]>,
    start: Start,
    nodes: Vec<NodeSpec>,
    pace: Pace,
    scrape: Option<Phase>,
    slowness: f64,
}

impl Replay {
    /// Understands all steps and manifests, before anything is played.
    ///
    /// # Errors
    /// When a command cannot be replayed or a manifest cannot be read; the message names it.
    pub fn new(scenario: Scenario, recording: &Recording) -> Result<Self> {
        let commands = scenario.steps.iter().map(|step| match step.act {
            Act::Kubectl => Command::parse(&scenario, &step.text).map(Some),
            Act::Sleep(_) | Act::Until { .. } => Ok(None),
        });
        let commands = commands.collect::<Result<Arc<[_]>>>()?;
        Ok(Self {
            commands,
            start: recording.start.clone(),
            nodes: nodes(recording),
            pace: Pace::read(&scenario, &recording.lines),
            scrape: Phase::read(recording),
            slowness: 1.0,
            scenario: Arc::new(scenario),
        })
    }

    /// On a machine that needs so many times the CPU for a request as the load model's.
    #[must_use]
    pub fn slowed(self, slowness: f64) -> Self {
        Self { slowness, ..self }
    }

    /// Plays it once on a cluster of this seed. Needs a runtime of tokio whose clock is paused.
    ///
    /// # Errors
    /// When the simulator refuses what the recorder asks for.
    pub async fn play(&self, seed: u64) -> Result<Vec<Line>> {
        let lead = SignedDuration::try_from(LEAD).unwrap_or_default();
        let begin = self.start.time.checked_sub(lead);
        let begin = begin.map_err(|error| Error::Simulator(error.to_string()))?;
        let chance = Random::new(seed ^ 0x7363_7261).fraction();
        let simulator = Simulator::new(Options {
            start: begin,
            seed,
            nodes: self.nodes.clone(),
            first_scrape: self.scrape.map(|phase| phase.first_after(begin, chance)),
            slowness: self.slowness,
            ..Options::default()
        });
        let simulator = simulator.map_err(|status| Error::Simulator(status.to_string()))?;
        let shutdown = CancellationToken::new();
        let controllers = {
            let (simulator, shutdown) = (simulator.clone(), shutdown.clone());
            tokio::spawn(async move { simulator.run(shutdown).await })
        };
        let lines = self.record(simulator.client(Identity::admin())).await;
        shutdown.cancel();
        // It ends by itself; if it panicked, the lines show what is missing.
        let _ = controllers.await;
        lines
    }

    async fn record(&self, client: kube::Client) -> Result<Vec<Line>> {
        let namespace = Namespace {
            metadata: ObjectMeta {
                name: Some(self.scenario.namespace.clone()),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let made = namespaces.create(&PostParams::default(), &namespace).await;
        made.map_err(Error::api("create the namespace"))?;
        let version = client.apiserver_version().await;
        let version = version.map_err(Error::api("ask for the version"))?;
        let mut recorder = Recorder::begin(client.clone(), &self.scenario.namespace).await?;
        sleep(LEAD).await;
        let start = self.start.time;
        recorder.start(start, version.git_version).await?;
        let kubectl = Imitation::new(client, &self.scenario.namespace, &self.commands, &self.pace);
        play(&recorder, &self.scenario, &kubectl, |_, _| {}).await?;
        Ok(recorder.end().await)
    }
}

/// As the recording tells; else those that its pods ran on, with room enough.
fn nodes(recording: &Recording) -> Vec<NodeSpec> {
    let told = recording.start.nodes.iter().filter_map(|node| {
        Some(NodeSpec {
            name: node.name.clone(),
            cpu_millis: u32::try_from(Quantity::parse(&node.cpu)?.milli()).ok()?,
            memory_mi: u32::try_from(Quantity::parse(&node.memory)?.value() >> 20).ok()?,
        })
    });
    let told: Vec<_> = told.collect();
    if !told.is_empty() {
        return told;
    }
    let mut names: Vec<_> = recording
        .lines
        .iter()
        .filter_map(|line| match &line.entry {
            Entry::Pod(change) => change.object["spec"]["nodeName"].as_str(),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        names.push("node");
    }
    let roomy = |name: &str| NodeSpec {
        name: name.to_owned(),
        cpu_millis: ROOMY.0,
        memory_mi: ROOMY.1,
    };
    names.into_iter().map(roomy).collect()
}
