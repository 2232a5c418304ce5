//! How long each command of a recording took: kubectl's own time, which the simulator does not have.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::line::{Entry, Line};
use crate::scenario::Scenario;

/// The time of each step's command, by the step's number.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(Arc<HashMap<usize, Duration>>);

impl Pace {
    /// From the lines `Step` and `StepEnd`, which stand in the order of the steps.
    pub(super) fn read(scenario: &Scenario, lines: &[Line]) -> Self {
        let mut times = HashMap::new();
        let (mut number, mut began) = (0, 0.0);
        for line in lines {
            match &line.entry {
                Entry::Step { step } => {
                    let ahead = scenario.steps.iter().skip(number);
                    let Some(skipped) = ahead.into_iter().position(|own| own.text == *step) else {
                        continue;
                    };
                    number += skipped + 1;
                    began = line.t;
                }
                Entry::StepEnd { exit: Some(_), .. } => {
                    if let (Some(index), Ok(time)) = (
                        number.checked_sub(1),
                        Duration::try_from_secs_f64(line.t - began),
                    ) {
                        times.insert(index, time);
                    }
                }
                _ => {}
            }
        }
        Self(Arc::new(times))
    }

    /// Zero where the recording does not tell.
    pub(super) fn of(&self, number: usize) -> Duration {
        self.0.get(&number).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn commands_take_the_time_that_they_took() {
        let steps = "namespace a\nkubectl apply -f a.yaml\nsleep 5\nkubectl apply -f a.yaml\n";
        let scenario = Scenario::parse(Path::new("a"), steps).unwrap();
        let line = |t, text: &str| -> Line {
            serde_json::from_str(&format!(r#"{{"t":{t},{text}}}"#)).unwrap()
        };
        let lines = [
            line(0.0, r#""kind":"Step","step":"kubectl apply -f a.yaml""#),
            line(
                0.5,
                r#""kind":"StepEnd","step":"kubectl apply -f a.yaml","exit":0,"output":"""#,
            ),
            line(0.5, r#""kind":"Step","step":"sleep 5""#),
            line(5.5, r#""kind":"Step","step":"kubectl apply -f a.yaml""#),
            line(
                5.75,
                r#""kind":"StepEnd","step":"kubectl apply -f a.yaml","exit":0,"output":"""#,
            ),
        ];
        let pace = Pace::read(&scenario, &lines);
        let times: Vec<_> = (0..3).map(|number| pace.of(number).as_millis()).collect();
        assert_eq!(times, [500, 0, 250]);
    }
}
