//! The command line: the table of arguments, and one file per command.
//!
//! Exit codes: 0 yes or fine, 1 no (no match, not the same person, problems found), 2 usage or
//! configuration, 3 device or file.

mod alarms;
mod arguments;
mod audit;
mod bench;
mod calibrate;
mod camera;
mod check;
mod code;
mod context;
mod demo;
mod door;
mod enroll;
mod eval;
mod events;
mod id;
mod identify;
mod in_force;
mod lab;
mod likeness;
mod liveness;
mod lock;
mod metrics;
mod mode;
mod models;
mod number;
mod outcome;
mod output;
mod pages;
mod people;
mod pin;
mod reload;
mod run;
mod speed;
mod status;
mod store;
mod unlock;
mod verify;
mod version;
mod when;
mod who;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use arguments::{Arguments, Command};
use context::CommandContext;
pub use outcome::{CommandError, CommandOutcome};

/// The program `limen`: reads the arguments, does what they say, and returns the exit code.
pub fn main() -> ExitCode {
    answer(perform)
}

/// The program `limen-lab`, for the commands that measure.
pub fn lab() -> ExitCode {
    answer(lab::perform)
}

/// Commands that `perform` does not name are not linked into the program that calls this function.
fn answer(perform: fn(Command, &CommandContext) -> Result<CommandOutcome, CommandError>) -> ExitCode {
    let code = match Arguments::try_parse() {
        Ok(arguments) => {
            let context = CommandContext::new(arguments.config, arguments.gallery, arguments.json);
            output::start_log(arguments.command.is_service());
            match perform(arguments.command, &context) {
                Ok(answer) => answer.exit_code(),
                Err(error) => error.tell(context.json),
            }
        }
        Err(said) => tell_usage(&said),
    };
    match output::lost() {
        None => code.into(),
        Some(error) => {
            output::complain(&format!("standard output: {error}; what was printed is incomplete"));
            code.max(outcome::DEVICE).into()
        }
    }
}

/// Prints the help or the version, or what is wrong with the arguments. Returns the exit code.
fn tell_usage(said: &clap::Error) -> u8 {
    let json = std::env::args_os().any(|argument| argument == "--json");
    match said.kind() {
        ErrorKind::DisplayVersion => version::tell(json),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // If standard error fails, there is no place to report it.
            let _ = said.print();
            if json {
                output::say_error("no command is named; `limen --help` lists them", outcome::USAGE);
            }
        }
        _ if !said.use_stderr() => output::say(said.render().ansi().to_string().trim_end()),
        _ => {
            let what = in_one_line(&said.render().to_string());
            output::complain(&what);
            if json {
                output::say_error(&what, outcome::USAGE);
            }
        }
    }
    u8::try_from(said.exit_code()).unwrap_or(outcome::USAGE)
}

/// What is wrong with the arguments and how they are written, in one line like every other error.
fn in_one_line(said: &str) -> String {
    let joined = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts = said.split("\n\n").map(joined).filter(|part| !part.is_empty());
    let parts = parts.map(|part| match part.split_once(": ") {
        Some(("error" | "tip", what)) => what.to_owned(),
        Some(("Usage", how)) => format!("usage: {how}"),
        _ if part.starts_with("For more information") => "--help says more".to_owned(),
        _ => part,
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn perform(command: Command, context: &CommandContext) -> Result<CommandOutcome, CommandError> {
    match command {
        Command::Demo(arguments) => demo::demo(context, &arguments),
        Command::Run => run::run(context),
        Command::Reload => reload::reload(context),
        Command::Check(arguments) => check::check(context, &arguments),
        Command::Enroll(arguments) => enroll::enroll(context, &arguments),
        Command::People { command } => people::people(context, command.unwrap_or(people::Command::List)),
        Command::Pin(arguments) => pin::pin(context, &arguments),
        Command::Code(arguments) => code::code(context, &arguments),
        Command::Who(arguments) => who::who(context, &arguments),
        Command::Models { command } => models::models(context, command.unwrap_or(models::Command::List)),
        Command::Identify(arguments) => identify::identify(context, &arguments),
        Command::Verify(arguments) => verify::verify(context, &arguments),
        Command::Eval(_)
        | Command::Liveness { .. }
        | Command::Calibrate(_)
        | Command::Bench(_)
        | Command::Pages(_) => Err(lab::hand_over()),
        Command::Store { command } => store::store(context, &command.unwrap_or(store::Command::Show)),
        Command::Audit { command } => audit::audit(context, &command),
        Command::Camera { command } => camera::camera(context, &command),
        Command::Door { command } => door::door(context, &command),
        Command::Status => status::status(context),
        Command::Lock => lock::lock(context),
        Command::Unlock(arguments) => unlock::unlock(context, &arguments),
        Command::Mode(arguments) => mode::mode(context, &arguments),
        Command::Alarms { command } => alarms::alarms(context, &command.unwrap_or(alarms::Command::List)),
        Command::Events(arguments) => events::events(context, &arguments),
        Command::Metrics(arguments) => metrics::metrics(context, &arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_arguments_are_answered_in_one_line_with_the_remedy() {
        for (arguments, parts) in [
            (&["enrol"][..], &["'enrol'", "'enroll'", "usage: limen [OPTIONS] <COMMAND>", "--help"][..]),
            (&["enroll", "ada"], &["<PHOTO>...", "usage: limen enroll"]),
            (
                &["unlock", "--seconds", "0"],
                &["'0' for '--seconds <SECONDS>': use a whole number from 1 to 30"],
            ),
            (&["unlock", "--seconds", "x"], &["use a whole number from 1 to 30"]),
            (&["mode", "party"], &["'party'", "lock-down"]),
            (&["demo", "extra"], &["'extra'", "usage: limen demo"]),
        ] {
            let all = ["limen"].iter().chain(arguments);
            let said = Arguments::try_parse_from(all).expect_err("wrong").render().to_string();
            let said = in_one_line(&said);
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(parts.iter().all(|part| said.contains(part)) && !said.contains("error:"), "{said}");
        }
    }
}
