//! The comparison as text: side by side, and at the end how many checks hold.

use std::fmt::Write;

use crate::compare::{Section, Verdict};

/// All sections of one recording. A check that fails stands out on the left.
pub fn text(title: &str, sections: &[Section], everything: bool) -> String {
    let mut text = format!("\n{title}\n");
    for section in sections {
        let shown = section
            .checks
            .iter()
            .filter(|check| everything || check.verdict != Verdict::Holds);
        let shown: Vec<_> = shown.collect();
        if shown.is_empty() {
            continue;
        }
        // Writing into a String does not fail.
        let _ = writeln!(text, "\n  {}", section.title);
        for check in shown {
            let mark = match check.verdict {
                Verdict::Holds => "  ok    ",
                Verdict::Seldom => "  seldom",
                Verdict::Fails => "  FAILS ",
                Verdict::Told => "        ",
            };
            if check.name.len() + check.real.len() + check.replayed.len() < 110 {
                let _ = writeln!(
                    text,
                    "{mark}  {:<44}  real {:<28}  replayed {}",
                    check.name, check.real, check.replayed
                );
            } else {
                let _ = writeln!(
                    text,
                    "{mark}  {}\n              real      {}\n              replayed  {}",
                    check.name, check.real, check.replayed
                );
            }
        }
    }
    text
}

/// The last line.
pub fn verdict(hold: usize, checks: usize) -> String {
    format!("{hold} of {checks} hold")
}
