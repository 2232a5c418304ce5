//! What a Locust container is told: its arguments, its environment, and the few lines of the locustfile that matter.
//!
//! Called by [`super::locust`]; pure. It does not run Python: it looks for the lines that every locustfile of the
//! workshop has, and says so when it finds none.

use autoscaling::load::Pause;
use jiff::SignedDuration;

/// The command line and environment, merged as Locust does: arguments before variables
/// (`locust/argument_parser.py`).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arguments {
    pub(super) users: u32,
    pub(super) spawn_rate: f64,
    pub(super) run_time: Option<SignedDuration>,
    pub(super) host: Option<String>,
    pub(super) locustfile: String,
    pub(super) headless: bool,
    pub(super) exit_code_on_error: i32,
    /// The first value that is no number: its flags, Python's type, and the value.
    pub(super) not_a_number: Option<(&'static str, &'static str, String)>,
}

/// What the locustfile's users do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Script {
    /// Name of the user class, if there is one.
    pub(super) class: Option<String>,
    /// What the first request asks for, if a request is found.
    pub(super) path: Option<String>,
    /// `n` of `/fib?n=…`; `None` if it asks for something else.
    pub(super) n: Option<u32>,
    /// The name of the request in the statistics.
    pub(super) name: String,
    pub(super) host: Option<String>,
    pub(super) pause: Pause,
    pub(super) keep_alive: bool,
    /// Prints the panel's line of figures.
    pub(super) reports: bool,
}

impl Arguments {
    /// `words` are the container's command and arguments, `variable` its environment.
    pub(super) fn parse(words: &[String], variable: impl Fn(&str) -> Option<String>) -> Self {
        let words: Vec<&str> = words
            .iter()
            .flat_map(|word| word.split_whitespace())
            .collect();
        let option = |short: &str, long: &str, env: &str| {
            let mut found = None;
            for (index, word) in words.iter().enumerate() {
                if *word == short || *word == long {
                    found = words.get(index + 1).map(|value| (*value).to_owned());
                } else if let Some(value) = word
                    .strip_prefix(long)
                    .and_then(|rest| rest.strip_prefix('='))
                {
                    found = Some(value.to_owned());
                }
            }
            found.or_else(|| variable(env))
        };
        let number = |text: Option<String>| text.and_then(|text| text.parse::<f64>().ok());
        let not_a_number = [
            ("-u", "--users", "LOCUST_USERS", "-u/--users", "int"),
            (
                "-r",
                "--spawn-rate",
                "LOCUST_SPAWN_RATE",
                "-r/--spawn-rate",
                "float",
            ),
        ]
        .into_iter()
        .find_map(|(short, long, env, flags, kind)| {
            let text = option(short, long, env)?;
            let reads = match kind {
                "int" => text.parse::<i64>().is_ok(),
                _ => text.parse::<f64>().is_ok(),
            };
            (!reads).then_some((flags, kind, text))
        });
        Self {
            users: number(option("-u", "--users", "LOCUST_USERS")).map_or(1, |n| n.max(0.0) as u32),
            spawn_rate: number(option("-r", "--spawn-rate", "LOCUST_SPAWN_RATE")).unwrap_or(1.0),
            run_time: option("-t", "--run-time", "LOCUST_RUN_TIME")
                .as_deref()
                .and_then(duration),
            host: option("-H", "--host", "LOCUST_HOST"),
            locustfile: option("-f", "--locustfile", "LOCUST_LOCUSTFILE")
                .unwrap_or_else(|| "locustfile.py".to_owned()),
            headless: words.contains(&"--headless")
                || variable("LOCUST_HEADLESS").is_some_and(|value| value != "false"),
            exit_code_on_error: number(option(
                "",
                "--exit-code-on-error",
                "LOCUST_EXIT_CODE_ON_ERROR",
            ))
            .map_or(1, |code| code as i32),
            not_a_number,
        }
    }
}

/// `300`, `420s`, `5m`, `1h30m` (`parse_timespan`, `locust/util/timespan.py`).
fn duration(text: &str) -> Option<SignedDuration> {
    let mut seconds = 0;
    let mut digits = String::new();
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return None,
        };
        seconds += digits.parse::<i64>().ok()? * unit;
        digits.clear();
    }
    if !digits.is_empty() {
        seconds += digits.parse::<i64>().ok()?;
    }
    (seconds > 0).then(|| SignedDuration::from_secs(seconds))
}

impl Script {
    /// `variable` is the container's environment, for values such as `os.environ["N"]`.
    pub(super) fn parse(text: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let code: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(|line| [line, "\n"])
            .collect();
        let compact: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let close = compact.to_lowercase().replace('\'', "\"");
        let class = code
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("class "))
            .find(|rest| {
                let bases = rest.split_once('(').map(|(_, bases)| bases);
                bases.is_some_and(|bases| bases.contains("User"))
            })
            .and_then(|rest| rest.split(['(', ':']).next())
            .map(|name| name.trim().to_owned());
        let request = after(&compact, "client.")
            .and_then(|rest| rest.split_once('('))
            .map(|(_, rest)| rest);
        let path = after(&compact, "fib?n=");
        Self {
            class,
            path: request.and_then(quoted).map(str::to_owned),
            n: path.and_then(|rest| number(rest, &compact, &variable)),
            name: after(&compact, "name=")
                .and_then(quoted)
                .or_else(|| {
                    let start = compact.find("/fib?n=")?;
                    compact[start..].split(['"', '\'']).next()
                })
                .or_else(|| request.and_then(quoted))
                .unwrap_or("/")
                .to_owned(),
            host: after(&code, "host = ")
                .or_else(|| after(&code, "host="))
                .and_then(|rest| quoted_with_variables(rest, &variable)),
            pause: pause(&compact),
            keep_alive: !close.contains("\"connection\":\"close\""),
            reports: code.contains("workshop_load"),
        }
    }
}

fn after<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
    text.find(marker).map(|start| &text[start + marker.len()..])
}

/// The text of a string literal at the beginning.
fn quoted(text: &str) -> Option<&str> {
    let text = text.strip_prefix('f').unwrap_or(text);
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text[1..].split(quote).next()
}

/// The same for one with `{os.environ[…]}` inside, whose own quotes may be of the other kind.
fn quoted_with_variables(text: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let literal = quoted(text.trim_start())?;
    let mut result = String::new();
    let mut rest = literal;
    while let Some(start) = rest.find('{') {
        result.push_str(&rest[..start]);
        let (expression, tail) = rest[start + 1..].split_once('}')?;
        result.push_str(&environment(expression, &variable)?);
        rest = tail;
    }
    result.push_str(rest);
    Some(result)
}

/// `os.environ["X"]`, `os.getenv("X", "default")`, `os.environ.get("X", "default")`.
fn environment(expression: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    if !expression.contains("environ") && !expression.contains("getenv") {
        return None;
    }
    let mut literals = expression.split(['"', '\'']).skip(1).step_by(2);
    let name = literals.next()?;
    variable(name).or_else(|| literals.next().map(str::to_owned))
}

/// A number at the beginning: digits, or `{NAME}` that is assigned elsewhere, or `{os.environ…}`.
fn number(text: &str, code: &str, variable: impl Fn(&str) -> Option<String>) -> Option<u32> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    if !digits.is_empty() {
        return digits.parse().ok();
    }
    let (expression, _) = text.strip_prefix('{')?.split_once('}')?;
    let text = environment(expression, &variable).or_else(|| {
        let value = after(code, &format!("{expression}="))?;
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        if digits.is_empty() {
            environment(value.split(')').next()?, &variable)
        } else {
            Some(digits)
        }
    })?;
    text.parse().ok()
}

fn pause(compact: &str) -> Pause {
    let Some(rest) = after(compact, "wait_time=") else {
        return Pause::Constant(0.0);
    };
    let mut numbers = rest
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(numbers, _)| numbers.split(','))
        .into_iter()
        .flatten()
        .filter_map(|number| number.parse::<f64>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(low), Some(high)) if rest.starts_with("between") => Pause::Between(low, high),
        (Some(seconds), _) if rest.starts_with("constant_pacing") => Pause::Pacing(seconds),
        // `constant_throughput(r)` is `constant_pacing(1 / r)`.
        (Some(rate), _) if rest.starts_with("constant_throughput") && rate > 0.0 => {
            Pause::Pacing(1.0 / rate)
        }
        (Some(seconds), _) => Pause::Constant(seconds),
        _ => Pause::Constant(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
import os
from locust import HttpUser, task, constant
class Visitor(HttpUser):
    host = f"http://webapp.{os.environ['NAMESPACE']}.svc.cluster.local"
    wait_time = constant(1)
    @task
    def fib(self):
        self.client.get("/fib?n=26", name="/fib", headers={"Connection": "close"})
"#;

    fn environment(name: &str) -> Option<String> {
        match name {
            "NAMESPACE" => Some("seat".to_owned()),
            "N" => Some("30".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn recorded_locustfile_is_understood() {
        assert_eq!(
            Script::parse(FILE, environment),
            Script {
                class: Some("Visitor".to_owned()),
                path: Some("/fib?n=26".to_owned()),
                n: Some(26),
                name: "/fib".to_owned(),
                host: Some("http://webapp.seat.svc.cluster.local".to_owned()),
                pause: Pause::Constant(1.0),
                keep_alive: false,
                reports: false,
            }
        );
    }

    #[test]
    fn variations_are_understood() {
        let parse = |from: &str, to: &str| Script::parse(&FILE.replace(from, to), environment);
        let kept = parse(r#", headers={"Connection": "close"}"#, "");
        assert!(kept.keep_alive);
        let single = parse(r#"{"Connection": "close"}"#, "{'Connection':'close'}");
        assert!(!single.keep_alive);
        let pause = parse("constant(1)", "between(0.5, 2)").pause;
        assert_eq!(pause, Pause::Between(0.5, 2.0));
        assert_eq!(
            parse("constant(1)", "constant_pacing(2)").pause,
            Pause::Pacing(2.0)
        );
        assert_eq!(
            parse("constant(1)", "constant_throughput(4)").pause,
            Pause::Pacing(0.25)
        );
        assert_eq!(
            parse("/fib?n=26\", name=\"/fib\"", "/health\"").name,
            "/health"
        );
        assert_eq!(parse("self.client.get", "print").path, None);
        assert_eq!(
            parse("class Visitor(HttpUser)", "class Visitor").class,
            None
        );
        assert_eq!(
            parse("    wait_time = constant(1)\n", "").pause,
            Pause::Constant(0.0)
        );
        let from_environment = parse(r#""/fib?n=26""#, r#"f"/fib?n={os.environ['N']}""#);
        assert_eq!(from_environment.n, Some(30));
        assert_eq!(parse("n=26", "m=1").n, None);
    }

    #[test]
    fn arguments_come_before_variables() {
        let words = [
            "-f",
            "/mnt/x.py",
            "--headless",
            "-u",
            "150",
            "--spawn-rate=15",
            "--run-time",
            "1h30m",
        ]
        .map(str::to_owned);
        let variable = |name: &str| match name {
            "LOCUST_USERS" => Some("7".to_owned()),
            "LOCUST_EXIT_CODE_ON_ERROR" => Some("0".to_owned()),
            _ => None,
        };
        let arguments = Arguments::parse(&words, variable);
        assert_eq!(arguments.users, 150);
        assert!((arguments.spawn_rate - 15.0).abs() < 1e-9);
        assert_eq!(arguments.run_time, Some(SignedDuration::from_secs(5400)));
        assert!(arguments.headless);
        assert_eq!(arguments.exit_code_on_error, 0);
        assert_eq!(Arguments::parse(&[], variable).users, 7);
    }
}
