//! `limen store`: shows where the templates and their key are, and changes the key.

use limen_audit::AuditLog;
use limen_core::embedding::ModelDigest;
use limen_core::event::{Fact, StoreChange};
use limen_core::person::printable_path;
use limen_files::Trust;
use serde_json::{Value, json};

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{note, say, say_json};
use crate::clocks;
use crate::config::Settings;
use crate::control::{Request, ask};
use crate::enrol::recorded_generation;
use crate::gallery::store::{KeyPlace, Rotated};

/// The subcommands of `limen store`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show where the store and its key are, and what it has; with --json one object: file, generation, templates,
    /// key, key_kind (own, given, credential), refused. Exit code 1 if a part of it is not used
    Show,
    /// Encrypt the store with a new key, which is made or lies beside the given key (docs/templates.md)
    Rotate,
    /// Accept the present store and the model in use as the newest, although they are older than the last ones
    AcceptRollback,
}

pub fn store(context: &CommandContext, command: &Command) -> Result<CommandOutcome, CommandError> {
    if context.gallery().is_some() {
        return Err(CommandError::Usage("with --gallery there is no store; leave it out".to_owned()));
    }
    let settings = context.trusted_settings()?;
    match command {
        Command::Show => show(context, &settings),
        Command::Rotate => change(context, &settings, StoreChange::Rotate),
        Command::AcceptRollback => change(context, &settings, StoreChange::AcceptRollback),
    }
}

fn show(context: &CommandContext, settings: &Settings) -> Result<CommandOutcome, CommandError> {
    let store_file = settings.store_file();
    let Some(opened) = store_file.open(ModelDigest([0; 32]), Trust::in_the_service())? else {
        return Err(CommandError::Device(format!(
            "{}: there is no store yet",
            printable_path(&store_file.file())
        )));
    };
    let (templates, refused) = (opened.store.total(), opened.refused.len());
    if context.json {
        let kind = match store_file.key() {
            KeyPlace::Own(_) => "own",
            KeyPlace::Given(_) => "given",
            KeyPlace::Credential(_) => "credential",
        };
        say_json(&json!({
            "file": printable_path(&store_file.file()), "generation": opened.generation, "templates": templates,
            "key": printable_path(store_file.key().file()), "key_kind": kind, "refused": refused,
        }));
    } else {
        say(&format!(
            "{}: generation {}, {templates} templates",
            printable_path(&store_file.file()),
            opened.generation
        ));
        say(&format!("key: {}", printable_path(store_file.key().file())));
        opened.refused.iter().for_each(|error| note(&error.to_string()));
        if let KeyPlace::Own(_) = store_file.key() {
            note(BESIDE);
        }
    }
    Ok(CommandOutcome::of(refused == 0))
}

/// The note about a key in the state folder.
pub const BESIDE: &str = "the key lies beside the templates: it protects a copy of the store, not of the whole card \
                          (docs/templates.md)";

/// Changes the store: the daemon does it, or this program if no daemon runs.
fn change(
    context: &CommandContext,
    settings: &Settings,
    how: StoreChange,
) -> Result<CommandOutcome, CommandError> {
    let socket = context.socket(settings);
    let (generation, left) = if socket.exists() {
        let answer = Value::from(ask(&socket, Request::Store { action: how })?);
        (answer["store"].as_u64().unwrap_or(0), answer["left"].as_str().map(str::to_owned))
    } else {
        let Rotated { generation, left } = change_alone(settings, how)?;
        (generation, left)
    };
    if context.json {
        say_json(&json!({ "store": generation, "left": left }));
    } else {
        say(&match how {
            StoreChange::Rotate => format!("the store is sealed with the new key; generation {generation}"),
            StoreChange::AcceptRollback => {
                format!("the store is accepted as the newest; generation {generation}")
            }
        });
    }
    left.iter().for_each(|what| note(what));
    Ok(CommandOutcome::Yes)
}

fn change_alone(settings: &Settings, how: StoreChange) -> Result<Rotated, CommandError> {
    let mut store_file = settings.store_file();
    store_file.expect(recorded_generation(&settings.audit)?);
    let changed = match how {
        StoreChange::Rotate => store_file.rotate()?,
        StoreChange::AcceptRollback => Rotated { generation: store_file.accept_rollback()?, left: None },
    };
    if settings.audit.folder.exists() {
        let mut log = AuditLog::open(&settings.audit, clocks::now)?;
        let keeper = log.keeper();
        log.append(clocks::now(), Fact::StoreChanged { how, store: changed.generation, caller: None })?;
        log.close(clocks::now(), keeper)?;
    }
    Ok(changed)
}
