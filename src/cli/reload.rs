//! `limen reload`: lets the daemon read configuration and gallery again. It is `ExecReload=` of the unit.

use serde_json::Value;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{note, say, say_error, say_json};
use crate::control::{ControlError, Request, ask};

pub fn reload(context: &CommandContext) -> Result<CommandOutcome, CommandError> {
    let socket = context.socket_whatever_the_configuration();
    let answer = match ask(&socket, Request::Reload) {
        Ok(answer) => Value::from(answer),
        Err(ControlError::Refused(why)) => {
            note(&format!("refused:\n{why}"));
            if context.json {
                say_error(&why, CommandOutcome::No.exit_code());
            }
            return Ok(CommandOutcome::No);
        }
        Err(error) => return Err(error.into()),
    };
    if context.json {
        say_json(&answer);
        return Ok(CommandOutcome::Yes);
    }
    let list = |key: &str| -> Vec<String> {
        let items = answer[key].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    say(&format!("in force: {} people, {} templates", answer["people"], answer["templates"]));
    for (key, what) in [("added", "new"), ("removed", "gone"), ("needs_restart", "changed, needs a restart")]
    {
        let items = list(key);
        if !items.is_empty() {
            say(&format!("{what}: {}", items.join(", ")));
        }
    }
    list("notes").iter().for_each(|text| note(text));
    Ok(CommandOutcome::Yes)
}
