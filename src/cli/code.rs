//! `limen code`: writes the hash of a remote code into the configuration. The code itself is not shown and not kept.

use limen_core::credential::{CodeName, HashError, PinHash, SALT, check_new_code};
use serde_json::json;

use super::context::CommandContext;
use super::in_force::bring_configuration_into_force;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{note, say, say_json};
use super::pin::terminal;
use crate::config::edit::set_code;

/// Enrol or remove a remote code, which a command from the network must carry to unlock the door; a running daemon is
/// asked to reload.
///
/// The code has 10 to 16 digits, more than any PIN. It is asked for twice and not shown. Records name it, so name it
/// after what sends it: kitchen-tablet. With --json one object: name, and set or removed: code.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The name of the code, for the records: a-z, 0-9 and '-'
    name: String,
    /// Remove the code
    #[arg(long, conflicts_with = "stdin")]
    remove: bool,
    /// Read the code from standard input, one line, instead of asking twice
    #[arg(long)]
    stdin: bool,
}

pub fn code(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let name = CodeName::new(&arguments.name).map_err(|why| CommandError::Usage(why.to_string()))?;
    let file = context.config_file();
    let before = context.settings()?;
    let is_known = before.gateway.iter().flat_map(|one| one.rules.codes.iter()).any(|code| code.name == name);
    if arguments.remove && !is_known {
        return Err(CommandError::Usage(format!("no remote code is called \"{name}\"")));
    }
    let hash = if arguments.remove { None } else { Some(new_hash(arguments.stdin)?) };
    let edited = set_code(file, &name, hash.as_ref())?;
    bring_configuration_into_force(context, &before, file, &edited).into_result()?;
    if before.gateway.is_none() {
        note("the configuration had no [control.gateway]; a restart opens the gateway's socket");
    }
    let done = if arguments.remove { "removed" } else { "set" };
    if context.json {
        say_json(&json!({ "name": name.as_str(), done: "code" }));
    } else {
        say(&format!("{name}: code {done}"));
    }
    Ok(CommandOutcome::Yes)
}

fn new_hash(stdin: bool) -> Result<PinHash, CommandError> {
    let code = if stdin { terminal::from_standard_input()? } else { terminal::ask_twice("remote code")? };
    check_new_code(&code).map_err(|why| CommandError::Usage(why.to_string()))?;
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|error| HashError::Failed(error.to_string()))?;
    Ok(PinHash::of(&code, salt)?)
}
