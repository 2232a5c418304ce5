//! Takes a scenario's steps while the recorder watches. What a kubectl command means is up to the [`Kubectl`] given.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Recorder;
use super::notes::Notes;
use crate::error::Result;
use crate::line::Entry;
use crate::scenario::{Act, Condition, Scenario};

/// Between two looks at a condition.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Zero for success.
    pub exit: i32,
    /// What was printed.
    pub output: String,
}

/// Who carries out the kubectl commands.
pub trait Kubectl {
    /// Runs the step of this number, a command line that begins with `kubectl`. A refusal is an answer, no error.
    ///
    /// # Errors
    /// When the command cannot be run at all.
    fn run(&self, number: usize, step: &str) -> impl Future<Output = Result<Answer>>;
}

/// Takes all steps in order. `progress` hears of each with the time, and of its answer.
///
/// # Errors
/// When a command cannot be run.
pub async fn play(
    recorder: &Recorder,
    scenario: &Scenario,
    kubectl: &impl Kubectl,
    progress: impl Fn(f64, &str),
) -> Result<()> {
    let notes = recorder.notes();
    for (number, step) in scenario.steps.iter().enumerate() {
        progress(notes.now(), &step.text);
        notes.add(Entry::Step {
            step: step.text.clone(),
        });
        let (answer, result) = match &step.act {
            Act::Sleep(time) => {
                sleep(*time).await;
                continue;
            }
            Act::Until {
                condition,
                hold,
                max,
            } => (None, Some(until(notes, *condition, *hold, *max).await)),
            Act::Kubectl => (Some(kubectl.run(number, &step.text).await?), None),
        };
        let told = result.or(answer.as_ref().map(|answer| answer.output.as_str()));
        progress(notes.now(), &format!("  {}", told.unwrap_or_default()));
        notes.add(Entry::StepEnd {
            step: step.text.clone(),
            exit: answer.as_ref().map(|answer| answer.exit),
            result: result.map(str::to_owned),
            output: answer.map(|answer| answer.output),
        });
    }
    Ok(())
}

async fn until(notes: &Notes, condition: Condition, hold: Duration, max: Duration) -> &'static str {
    let began = Instant::now();
    let mut since = None;
    while began.elapsed() < max {
        let now = Instant::now();
        since = holds(notes, condition).then(|| since.unwrap_or(now));
        if since.is_some_and(|since| now.duration_since(since) >= hold) {
            return "held";
        }
        sleep(LOOK_EVERY).await;
    }
    "not reached in time"
}

fn holds(notes: &Notes, condition: Condition) -> bool {
    match condition {
        Condition::Replicas(number) => match notes.live("Deployment").as_slice() {
            [one] => {
                let ready = one["status"]["readyReplicas"].as_i64().unwrap_or(0);
                one["spec"]["replicas"] == number && ready == number
            }
            _ => false,
        },
        Condition::JobFinished => {
            let jobs = notes.live("Job");
            !jobs.is_empty() && jobs.iter().all(is_finished)
        }
    }
}

fn is_finished(job: &Value) -> bool {
    let conditions = job["status"]["conditions"].as_array();
    let finished = |condition: &Value| {
        let kind = condition["type"].as_str();
        matches!(kind, Some("Complete" | "Failed")) && condition["status"] == "True"
    };
    conditions.is_some_and(|conditions| conditions.iter().any(finished))
}
