//! What a shell does that is started in place of an image's own program: `sleep`, `exit`, `true`, `false`, `:` and
//! `echo`, one after the other. Called by [`super::Runtime`] and by the kubelet for probes; pure.
//!
//! Anything else is taken to succeed at once. Pipes, loops, variables and `trap` are not understood.

use jiff::SignedDuration;

/// The longest sleep.
const FOREVER_S: f64 = 1e9;

/// What a script comes to.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::controllers) struct Script {
    pub(in crate::controllers) code: i32,
    pub(in crate::controllers) lasts: SignedDuration,
    /// What it writes, with the time since its start.
    pub(in crate::controllers) lines: Vec<(SignedDuration, String)>,
}

/// Runs a container's command; `None` when it is none of a shell's.
pub(in crate::controllers) fn run(words: &[&str]) -> Option<Script> {
    let name = words.first()?.rsplit('/').next()?;
    let mut script = Script {
        code: 0,
        lasts: SignedDuration::ZERO,
        lines: Vec::new(),
    };
    match name {
        "sh" | "bash" | "ash" | "dash" => {
            let flag = words
                .iter()
                .position(|word| word.starts_with('-') && word.ends_with('c'));
            let text = flag.and_then(|flag| words.get(flag + 1)).copied();
            script.run(text.unwrap_or(""));
        }
        "sleep" | "true" | "false" | "echo" => {
            script.step(words);
        }
        _ => return None,
    }
    Some(script)
}

impl Script {
    fn run(&mut self, text: &str) {
        for list in text.split([';', '\n']) {
            let mut chain = list.split("&&").peekable();
            while let Some(command) = chain.next() {
                let words: Vec<&str> = command.split_whitespace().collect();
                if self.step(&words) {
                    return;
                }
                if self.code != 0 && chain.peek().is_some() {
                    break;
                }
            }
        }
    }

    /// One command; whether the script ends with it.
    fn step(&mut self, words: &[&str]) -> bool {
        match words {
            [] => {}
            ["exit", rest @ ..] => {
                let code = rest.first().and_then(|code| code.parse::<i32>().ok());
                self.code = code.unwrap_or(self.code) & 0xff;
                return true;
            }
            ["sleep", time, ..] => {
                self.code = 0;
                let seconds = SignedDuration::try_from_secs_f64(sleep_s(time));
                self.lasts = self.lasts.saturating_add(seconds.unwrap_or_default());
            }
            ["false", ..] => self.code = 1,
            ["echo", rest @ ..] => {
                self.code = 0;
                let text = rest.join(" ").replace(['"', '\''], "");
                self.lines.push((self.lasts, text));
            }
            _ => self.code = 0,
        }
        false
    }
}

/// `infinity`, or a number with one of the units of coreutils.
fn sleep_s(time: &str) -> f64 {
    if time.starts_with("inf") {
        return FOREVER_S;
    }
    let (number, unit) = match time.char_indices().next_back() {
        Some((at, 's')) => (&time[..at], 1.0),
        Some((at, 'm')) => (&time[..at], 60.0),
        Some((at, 'h')) => (&time[..at], 3_600.0),
        Some((at, 'd')) => (&time[..at], 86_400.0),
        _ => (time, 1.0),
    };
    number
        .parse::<f64>()
        .map_or(0.0, |number| (number * unit).clamp(0.0, FOREVER_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (i32, f64) {
        let script = run(&["sh", "-c", text]).unwrap();
        (script.code, script.lasts.as_secs_f64())
    }

    #[test]
    fn commands_follow_each_other_and_the_last_code_counts() {
        for (text, code, lasts) in [
            ("sleep 2; exit 3", 3, 2.0),
            ("true", 0, 0.0),
            ("false", 1, 0.0),
            ("false; true", 0, 0.0),
            ("false && sleep 5", 1, 0.0),
            ("exit 4; sleep 9", 4, 0.0),
            ("sleep 1m && sleep 0.5", 0, 60.5),
            ("make coffee", 0, 0.0),
            ("", 0, 0.0),
        ] {
            assert_eq!(of(text), (code, lasts), "{text}");
        }
        assert!(of("sleep infinity").1 > 1e8);
    }

    #[test]
    fn words_are_written_and_other_programs_are_none_of_it() {
        let script = run(&["/bin/sh", "-c", "sleep 1; echo 'hello world'"]).unwrap();
        assert_eq!(
            script.lines,
            [(SignedDuration::from_secs(1), "hello world".to_owned())]
        );
        assert_eq!(run(&["sleep", "7"]).unwrap().lasts.as_secs(), 7);
        assert_eq!(run(&["locust"]), None);
    }
}
