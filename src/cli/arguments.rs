//! The table of arguments: what can be typed, and its help.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{
    alarms, audit, bench, calibrate, camera, check, code, demo, door, enroll, eval, events, identify,
    liveness, metrics, mode, models, pages, people, pin, store, unlock, verify, who,
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
    /// The gallery file; with it no configuration is needed [default: as configured]
    #[arg(long, global = true, value_name = "FILE")]
    pub gallery: Option<PathBuf>,
    /// Print JSON: one object, or for a list one object per line. Without an answer it is one object: error (text),
    /// exit_code; for one of several photographs: photo, error
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

/// The environment variables, for the help.
const ENVIRONMENT: &str = "Environment:
  LIMEN_LOG  The level of the log on standard error: error, warn, info, debug or
             trace; also per module, as LIMEN_LOG=warn,limen::camera=debug
             [default: warn; info for `limen run`]
  NO_COLOR   No colours, even on a terminal";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show recognition on built-in photographs, with a door that moves nothing
    Demo(demo::Arguments),
    /// Run the daemon
    Run,
    /// Let the daemon read configuration and gallery again, and print their mistakes
    Reload,
    /// Find every mistake in configuration, gallery, models, devices and file rights
    Check(check::Arguments),
    /// Enrol people with photographs or from the camera
    Enroll(enroll::Arguments),
    /// List, show or remove enrolled people
    People {
        #[command(subcommand)]
        command: Option<people::Command>,
    },
    /// Set or remove a person's PIN
    Pin(pin::Arguments),
    /// Enrol or remove a remote code, for unlocking by the gateway
    Code(code::Arguments),
    /// Say whether a person may enter at a time, and why
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
    /// Measure how often attacks with pictures are let in, and people refused
    Liveness {
        #[command(subcommand)]
        command: liveness::Command,
    },
    /// Propose this site's threshold and margins from its own gallery
    Calibrate(calibrate::Arguments),
    /// Measure how long each stage takes
    Bench(bench::Arguments),
    /// Show the store of templates, change its key, or accept an older store
    Store {
        #[command(subcommand)]
        command: Option<store::Command>,
    },
    /// Show or verify the records, or remove a person from them
    Audit {
        #[command(subcommand)]
        command: audit::Command,
    },
    /// List the cameras, or take a picture to aim one
    Camera {
        #[command(subcommand)]
        command: camera::Command,
    },
    /// Test the relay and the inputs
    Door {
        #[command(subcommand)]
        command: door::Command,
    },
    /// Show what the daemon does
    Status,
    /// Lock the door now, also if no daemon runs
    Lock,
    /// Unlock the door for a while
    Unlock(unlock::Arguments),
    /// Show or change the mode of the door
    Mode(mode::Arguments),
    /// List or acknowledge alarms
    Alarms {
        #[command(subcommand)]
        command: Option<alarms::Command>,
    },
    /// Show every event as it happens
    Events(events::Arguments),
    /// Print what the daemon counts, for Prometheus
    Metrics(metrics::Arguments),
    /// Write manual pages and completions for shells
    Pages(pages::Arguments),
}

impl Command {
    /// Whether a unit of the system runs it, whose log is kept.
    pub fn is_service(&self) -> bool {
        matches!(self, Self::Run | Self::Camera { command: camera::Command::Serve })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_table_of_arguments_is_sound() {
        Arguments::command().debug_assert();
    }

    /// The long and the short help of every command, each with the command's full name.
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
                // A help of one word says nothing.
                let said = line.trim_start().split_once("  ").map(|(_, said)| said.trim());
                let argument = line.trim_start().starts_with(['-', '<', '[']);
                assert!(!argument || said.is_none_or(|said| said.contains(' ')), "{called}: {line}");
            }
        }
    }
}
