//! The commands that measure are in a program of their own, `limen-lab`, so that the program at the door has no plots
//! and no statistics; so is the one that writes pages for packages. They are typed like all others; `limen` then starts
//! `limen-lab`.

use std::os::unix::process::CommandExt as _;
use std::process::Command as Process;

use clap::CommandFactory as _;

use super::arguments::{Arguments, Command};
use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::{bench, calibrate, eval, liveness, pages};

/// The name of the program, which is in the folder of `limen`.
const PROGRAM: &str = "limen-lab";

/// Performs a command in `limen-lab`.
pub fn perform(command: Command, context: &CommandContext) -> Result<CommandOutcome, CommandError> {
    match command {
        Command::Eval(arguments) => eval::eval(context, &arguments),
        Command::Liveness { command } => liveness::liveness(context, &command),
        Command::Calibrate(arguments) => calibrate::calibrate(context, &arguments),
        Command::Bench(arguments) => bench::bench(context, &arguments),
        Command::Pages(arguments) => pages::pages(context, &arguments, &Arguments::command()),
        _ => Err(CommandError::Usage(format!(
            "{PROGRAM} has only eval, liveness, calibrate, bench and pages; for other commands type `limen`"
        ))),
    }
}

/// Replaces this process by `limen-lab`, with the same arguments. Returns only if that fails.
pub fn hand_over() -> CommandError {
    let program = std::env::current_exe().map(|own| own.with_file_name(PROGRAM));
    let program = match program {
        Ok(program) => program,
        Err(error) => return CommandError::Device(format!("{PROGRAM}: {error}")),
    };
    let error = Process::new(&program).args(std::env::args_os().skip(1)).exec();
    let program = program.display();
    CommandError::Device(format!(
        "{program}: {error}; eval, liveness, calibrate, bench and pages need this program, which `make install` installs beside \
         limen"
    ))
}
