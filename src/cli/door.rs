//! `limen door test`: moves the relay once, shows the prompts, and prints the inputs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use limen_core::event::{Input, Prompt, Side};
use serde_json::json;
use signal_hook::consts::SIGHUP;

use super::context::CommandContext;
use super::number::whole;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{note, say, say_json};
use crate::clocks;
use crate::config::Settings;
use crate::control::{ControlError, Request, ask};
use crate::daemon::make_folder;
use crate::door::inputs::read_all;
use crate::door::prompts::tones;
use crate::door::{open_lock, open_prompts, statefile};
use crate::service::signals;

/// The time between two looks for a signal.
const LOOK: Duration = Duration::from_millis(20);
/// How long each prompt is shown.
const PROMPT: Duration = Duration::from_millis(1500);

/// The subcommands of `limen door`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Unlock for a moment and lock again, read the line back both times, show the prompts for left and right, and
    /// print the inputs; if a daemon runs, it unlocks and records it. With --json one object: line, seconds, by, inputs,
    /// prompts
    Test {
        /// Seconds to stay unlocked
        #[arg(long, default_value_t = 1, value_parser = whole(1..=30_u64))]
        seconds: u64,
    },
}

pub fn door(context: &CommandContext, command: &Command) -> Result<CommandOutcome, CommandError> {
    let Command::Test { seconds } = command;
    let settings = context.trusted_settings()?;
    let (line, by) = match ask(&context.socket(&settings), Request::Unlock { seconds: *seconds }) {
        Ok(_) => ("the daemon's line".to_owned(), "daemon"),
        Err(ControlError::Socket { .. }) => {
            let ending = told_to_end()?;
            let line = pulse(&settings, *seconds, &ending)?;
            show_prompts(&settings, context.json, &ending)?;
            (line, "command")
        }
        Err(error) => return Err(error.into()),
    };
    // The daemon holds its lines exclusively; its events show them.
    let inputs = if by == "command" { read_all(&settings.door)? } else { Vec::new() };
    let prompts = by == "command" && settings.door.can_prompt();
    if context.json {
        let inputs: serde_json::Map<_, _> =
            inputs.iter().map(|(input, active)| (input.to_string(), json!(active))).collect();
        say_json(
            &json!({ "line": line, "seconds": seconds, "by": by, "inputs": inputs, "prompts": prompts }),
        );
        return Ok(CommandOutcome::Yes);
    }
    if by == "daemon" {
        say(&format!("the running daemon unlocks for {seconds} s; the relay should click twice"));
    } else {
        say(&format!("{line}: unlocked for {seconds} s and locked again, read back both times"));
    }
    for (input, active) in inputs {
        say(&format!("{:<8} {}", input.to_string(), level_in_words(input, active)));
    }
    Ok(CommandOutcome::Yes)
}

fn level_in_words(input: Input, active: bool) -> &'static str {
    match (input, active) {
        (Input::Rex, true) => "pressed",
        (Input::Rex, false) => "not pressed",
        (Input::Contact, true) => "the door is open",
        (Input::Contact, false) => "the door is closed",
        (Input::Tamper, true) => "the housing is open",
        (Input::Tamper, false) => "the housing is closed",
        (Input::Fire, true) => "fire alarm: the door must be unlocked",
        (Input::Fire, false) => "no fire alarm",
    }
}

/// Becomes true at a signal that would end the program without destructors; rppal would leave a line as it is.
pub(super) fn told_to_end() -> Result<Arc<AtomicBool>, CommandError> {
    let told_to_end = Arc::new(AtomicBool::new(false));
    for signal in signals::that_end().chain([SIGHUP]) {
        signal_hook::flag::register(signal, Arc::clone(&told_to_end))?;
    }
    Ok(told_to_end)
}

/// Shows the prompts as the daemon does: left, right, straight to the camera.
fn show_prompts(settings: &Settings, quiet: bool, ending: &AtomicBool) -> Result<(), CommandError> {
    if !settings.door.can_prompt() {
        return Ok(());
    }
    let (mut lights, mut buzzer) = open_prompts(&settings.door)?;
    let prompts = [
        (Prompt::Turn(Side::Left), "turn to the left: the left light blinks, one tone"),
        (Prompt::Turn(Side::Right), "turn to the right: the right light blinks, two tones"),
        (Prompt::Straight, "look straight: both lights are lit"),
    ];
    for (prompt, said) in prompts {
        if !quiet {
            say(said);
        }
        lights.show(clocks::moment(), Some(prompt));
        buzzer.beep(clocks::moment(), tones(Some(prompt)));
        let shown = Instant::now();
        while shown.elapsed() < PROMPT && !ending.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
            lights.let_time_pass(clocks::moment());
            buzzer.let_time_pass(clocks::moment());
        }
    }
    Ok(())
}

fn pulse(settings: &Settings, seconds: u64, ending: &AtomicBool) -> Result<String, CommandError> {
    // Opening the lock locks it, and dropping it locks it again, whatever happens here.
    let mut lock = open_lock(&settings.door)?;
    if !lock.is_real() {
        note("driver = \"dry-run\": nothing will move");
    }
    if let Err(why) = name_the_line(settings) {
        note(&format!("after a kill -9 `limen lock` would not find the line: {why}"));
    }
    lock.unlock()?;
    let unlocked = Instant::now();
    while unlocked.elapsed() < Duration::from_secs(seconds) && !ending.load(Ordering::Relaxed) {
        std::thread::sleep(LOOK);
    }
    lock.lock()?;
    if ending.load(Ordering::Relaxed) {
        return Err(CommandError::Device(format!("{}: interrupted; locked again", lock.describe())));
    }
    Ok(lock.describe())
}

/// Writes the file by which `limen lock` finds the line if this program is killed with kill -9.
fn name_the_line(settings: &Settings) -> Result<(), CommandError> {
    make_folder(&settings.paths.runtime)?;
    Ok(statefile::write(&settings.paths.runtime.join(statefile::STATE_NAME), &settings.door)?)
}
