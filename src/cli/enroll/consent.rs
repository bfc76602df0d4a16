//! Decides about doubts: a sure one is refused, for the others the user is asked.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::doubts::Doubt;
use crate::cli::outcome::CommandError;
use crate::cli::output::note;

/// How doubts are decided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consent {
    /// `--yes`: the user accepts them without a question.
    pub yes: bool,
}

impl Consent {
    /// Whether somebody is there to ask.
    pub fn can_ask() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// A doubt is sure, or there is no terminal to ask at.
    pub fn to(self, doubts: &[Doubt]) -> Result<bool, CommandError> {
        let (sure, may_be): (Vec<&Doubt>, Vec<&Doubt>) = doubts.iter().partition(|doubt| doubt.sure);
        let lines =
            |doubts: &[&Doubt]| doubts.iter().map(|doubt| doubt.what.as_str()).collect::<Vec<_>>().join("\n");
        if !sure.is_empty() {
            let what =
                "nobody was enrolled, because this surely shows somebody else; take another photograph";
            return Err(CommandError::Usage(format!("{what}:\n{}", lines(&[sure, may_be].concat()))));
        }
        if may_be.is_empty() {
            return Ok(true);
        }
        if !self.yes && !Self::can_ask() {
            let what =
                format!("nobody was enrolled; if the photographs are right, add --yes:\n{}", lines(&may_be));
            return Err(CommandError::Usage(what));
        }
        may_be.iter().for_each(|doubt| note(&doubt.what));
        Ok(self.yes || ask("Enrol anyway?")?)
    }
}

/// Asks a question on the terminal. Every answer but yes is no.
fn ask(question: &str) -> Result<bool, CommandError> {
    let mut terminal = io::stderr();
    write!(terminal, "{question} [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use limen_core::person::PersonId;

    fn doubt(sure: bool) -> Doubt {
        Doubt { of: PersonId::new("ada").expect("an id"), sure, what: "looks unlike".to_owned() }
    }

    #[test]
    fn what_is_sure_is_refused_whatever_was_said_and_a_doubt_needs_a_yes() {
        assert!(Consent { yes: true }.to(&[doubt(false), doubt(true)]).is_err());
        assert!(Consent { yes: true }.to(&[doubt(false)]).is_ok_and(|go| go));
        assert!(Consent { yes: false }.to(&[]).is_ok_and(|go| go));
    }
}
