//! What a load was told to do, read from Locust's flags and environment variables (`locust/argument_parser.py`).

use k8s_openapi::api::core::v1::PodSpec;

use crate::workshop::recognise::words;
use crate::workshop::time::duration_ms;

/// What a load was told to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) users: Option<u32>,
    pub(super) spawn_rate: Option<u32>,
    pub(super) run_time_s: Option<u32>,
}

impl Plan {
    /// From Locust's flags, or their environment variables (`locust/argument_parser.py`).
    pub(super) fn of(spec: &PodSpec) -> Self {
        let mut plan = Self::default();
        for container in &spec.containers {
            let words: Vec<&str> = words(container).collect();
            for (index, word) in words.iter().enumerate() {
                let (flag, value) = match word.split_once('=') {
                    Some((flag, value)) => (flag, Some(value)),
                    None => (*word, words.get(index + 1).copied()),
                };
                let Some(value) = value else { continue };
                plan.set(flag, value);
            }
            for var in container.env.iter().flatten() {
                if let Some(value) = &var.value {
                    plan.set_if_absent(&var.name, value);
                }
            }
        }
        plan
    }

    fn set(&mut self, flag: &str, value: &str) {
        match flag {
            "-u" | "--users" => self.users = value.parse().ok(),
            "-r" | "--spawn-rate" => self.spawn_rate = rate(value),
            "-t" | "--run-time" => self.run_time_s = run_time(value),
            _ => {}
        }
    }

    fn set_if_absent(&mut self, variable: &str, value: &str) {
        match variable {
            "LOCUST_USERS" => self.users = self.users.or_else(|| value.parse().ok()),
            "LOCUST_SPAWN_RATE" => self.spawn_rate = self.spawn_rate.or_else(|| rate(value)),
            "LOCUST_RUN_TIME" => self.run_time_s = self.run_time_s.or_else(|| run_time(value)),
            _ => {}
        }
    }
}

fn rate(value: &str) -> Option<u32> {
    value.parse::<f64>().ok().map(|rate| rate.round() as u32)
}

/// `300`, `300s`, `20m`, `3h`, `1h30m` (`parse_timespan` in `locust/util/timespan.py`).
fn run_time(value: &str) -> Option<u32> {
    let seconds = value.parse::<i64>().ok();
    let seconds = seconds.or_else(|| Some(duration_ms(value)? / 1000))?;
    u32::try_from(seconds).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(container: &serde_json::Value) -> Plan {
        let spec = json!({"containers": [container]});
        Plan::of(&serde_json::from_value(spec).unwrap())
    }

    #[test]
    fn the_plan_is_read_from_flags_in_every_form() {
        let wanted = Plan {
            users: Some(150),
            spawn_rate: Some(15),
            run_time_s: Some(300),
        };
        for container in [
            json!({"name": "l", "args": ["--headless", "-u", "150", "-r", "15", "--run-time", "300s"]}),
            json!({"name": "l", "command": ["sh", "-c", "exec locust --users=150 --spawn-rate 15.00 -t 5m"]}),
            json!({"name": "l", "env": [
                {"name": "LOCUST_USERS", "value": "150"},
                {"name": "LOCUST_SPAWN_RATE", "value": "15"},
                {"name": "LOCUST_RUN_TIME", "value": "300"},
            ]}),
        ] {
            assert_eq!(plan(&container), wanted, "{container}");
        }
    }

    #[test]
    fn a_flag_outranks_its_variable() {
        let container = json!({
            "name": "l",
            "args": ["-u", "10"],
            "env": [{"name": "LOCUST_USERS", "value": "150"}],
        });
        assert_eq!(plan(&container).users, Some(10));
    }
}
