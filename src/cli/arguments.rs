//! The table of arguments: what can be typed, and its help.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{
    alarms, audit, bench, calibrate, camera, check, demo, door, enroll, eval, events, identify, mode, models,
    people, pin, store, unlock, verify, who,
};

/// A face-recognition door controller.
///
/// Exit codes: 0 yes or fine; 1 no (no match, not the same person, problems found); 2 usage or
/// configuration; 3 device or file.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = ENVIRONMENT)]
pub struct Arguments {
    /// The configuration file [default: /etc/limen/limen.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The gallery file [default: the one the configuration names; with it no configuration is needed]
    #[arg(long, global = true, value_name = "FILE")]
    pub gallery: Option<PathBuf>,
    /// Print JSON: one object, or one a line for a list. Where there is no answer, one object: error (in words),
    /// exit_code; for one of several photographs: photo, error
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

/// What the program takes from its surroundings.
const ENVIRONMENT: &str = "Environment:
  LIMEN_LOG  What goes to the log on standard error: error, warn, info, debug or
             trace; also by module, as LIMEN_LOG=warn,limen::camera=debug
             [default: warn; info for `limen run`]
  NO_COLOR   No colours, whatever the terminal can show";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole way on built-in photographs, with a door that only says what it would do
    Demo(demo::Arguments),
    /// Be the daemon
    Run,
    /// Let the daemon read configuration and gallery again; waits, and prints what was wrong
    Reload,
    /// Find every mistake in configuration, gallery, models, devices and file rights
    Check(check::Arguments),
    /// Enrol somebody with photographs or from the camera
    Enroll(enroll::Arguments),
    /// Say who is enrolled
    People {
        #[command(subcommand)]
        command: Option<people::Command>,
    },
    /// Set or remove somebody's PIN
    Pin(pin::Arguments),
    /// Say whether somebody may enter at a time, and why
    Who(who::Arguments),
    /// List, install or choose the network that makes embeddings
    Models {
        #[command(subcommand)]
        command: Option<models::Command>,
    },
    /// Say who is on photographs
    Identify(identify::Arguments),
    /// Say whether two photographs show the same person
    Verify(verify::Arguments),
    /// Measure error rates on photographs of known people
    Eval(eval::Arguments),
    /// Propose this site's threshold and margins from its own gallery
    Calibrate(calibrate::Arguments),
    /// Measure how long each stage takes
    Bench(bench::Arguments),
    /// Look after the templates on the disk: their key, its rotation, an older store
    Store {
        #[command(subcommand)]
        command: Option<store::Command>,
    },
    /// Read the records
    Audit {
        #[command(subcommand)]
        command: audit::Command,
    },
    /// Find and aim the camera
    Camera {
        #[command(subcommand)]
        command: camera::Command,
    },
    /// Try the relay
    Door {
        #[command(subcommand)]
        command: door::Command,
    },
    /// Say what the daemon is doing
    Status,
    /// Lock now: by the daemon, or where none runs by driving the line itself
    Lock,
    /// Unlock the door for a while
    Unlock(unlock::Arguments),
    /// Say or change what the door does for everybody
    Mode(mode::Arguments),
    /// Say what is alarming, and that somebody has seen it
    Alarms {
        #[command(subcommand)]
        command: Option<alarms::Command>,
    },
    /// Show every event as it happens
    Events(events::Arguments),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_table_of_arguments_is_sound() {
        Arguments::command().debug_assert();
    }

    /// Every command's help, long and short, each with the words that call it.
    fn helps(command: &mut clap::Command, called: &str, found: &mut Vec<(String, String)>) {
        for help in [command.render_help(), command.render_long_help()] {
            found.push((called.to_owned(), help.to_string()));
        }
        for inner in command.get_subcommands_mut() {
            let called = format!("{called} {}", inner.get_name());
            helps(inner, &called, found);
        }
    }

    #[test]
    fn every_help_fits_a_terminal_and_says_something_of_every_argument() {
        let mut command = Arguments::command();
        command.build();
        let mut found = Vec::new();
        helps(&mut command, "limen", &mut found);
        assert!(found.len() > 40, "{}", found.len());
        for (called, help) in found {
            assert!(!help.contains("\n  trace"), "wrapped: {help}");
            for line in help.lines() {
                assert!(line.chars().count() <= 100, "{called}: {line}");
                // An argument with one word for a help has none.
                let said = line.trim_start().split_once("  ").map(|(_, said)| said.trim());
                let argument = line.trim_start().starts_with(['-', '<', '[']);
                assert!(!argument || said.is_none_or(|said| said.contains(' ')), "{called}: {line}");
            }
        }
    }
}
