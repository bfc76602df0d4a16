//! The program `limen-gateway`.

use std::path::PathBuf;
use std::process::ExitCode;

use limen_gateway::bridge;
use limen_gateway::config::{Config, DEFAULT_FILE};

/// The exit code for a configuration with mistakes, and the one for something that failed.
const USAGE: u8 = 2;
const DEVICE: u8 = 3;

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info,rumqttc=error"))
        .format_timestamp(None)
        .init();
    let mut arguments = std::env::args_os().skip(1);
    let file = arguments.next().map_or_else(|| PathBuf::from(DEFAULT_FILE), PathBuf::from);
    if arguments.next().is_some() || file.to_string_lossy().starts_with('-') {
        eprintln!("usage: limen-gateway [FILE]; without FILE it reads {DEFAULT_FILE}");
        return USAGE.into();
    }
    let config = match Config::load(&file) {
        Ok(config) => config,
        Err(error) => {
            log::error!("{error}");
            return USAGE.into();
        }
    };
    match bridge::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error}");
            DEVICE.into()
        }
    }
}
