//! The commands that measure are a program of their own, `limen-lab`: the one that stands at the door has neither
//! plots nor statistics. They are typed as all others, and handed over.

use std::os::unix::process::CommandExt as _;
use std::process::Command as Process;

use super::arguments::Command;
use super::context::Context;
use super::trouble::{Answer, Trouble};
use super::{bench, calibrate, eval};

/// The program's name; it lies beside `limen`.
const PROGRAM: &str = "limen-lab";

/// Does in `limen-lab` what was typed.
pub fn perform(command: Command, context: &Context) -> Result<Answer, Trouble> {
    match command {
        Command::Eval(arguments) => eval::eval(context, &arguments),
        Command::Calibrate(arguments) => calibrate::calibrate(context, &arguments),
        Command::Bench(arguments) => bench::bench(context, &arguments),
        _ => Err(Trouble::Usage(format!(
            "{PROGRAM} measures: eval, calibrate, bench; for all else type `limen`"
        ))),
    }
}

/// Puts `limen-lab` in the place of this process, with the same arguments; returns only why it could not.
pub fn hand_over() -> Trouble {
    let program = std::env::current_exe().map(|own| own.with_file_name(PROGRAM));
    let program = match program {
        Ok(program) => program,
        Err(error) => return Trouble::Device(format!("{PROGRAM}: {error}")),
    };
    let error = Process::new(&program).args(std::env::args_os().skip(1)).exec();
    let program = program.display();
    Trouble::Device(format!(
        "{program}: {error}; eval, calibrate and bench are in this program, which `make install` puts beside limen"
    ))
}
