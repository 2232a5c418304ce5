//! Asks before something that cannot be taken back.

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result, bail};

/// Whether the person agrees; `yes` is the option with which they agreed already.
///
/// # Errors
/// Nobody is there to be asked.
pub(super) fn agreed(question: &str, yes: bool) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        bail!("{question} There is no terminal to ask on: say --yes");
    }
    eprint!("{question} [y/N] ");
    std::io::stderr().flush().context("failed to ask")?;
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .context("failed to read the answer")?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}
