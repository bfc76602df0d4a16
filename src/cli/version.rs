//! `limen --version`: prints the version, its commit, its target and its network.

use limen_vision::model::EmbedderChoice;
use serde_json::json;

use super::output::{say, say_json};

/// The version in the manifest.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit of the sources; empty if they came without git.
const COMMIT: &str = env!("LIMEN_COMMIT");
/// The target of the build.
const TARGET: &str = env!("LIMEN_TARGET");

/// Prints the version; with `--json` one object: version, commit (null if unknown), target, model, model_sha256.
pub fn tell(json: bool) {
    let built_in = EmbedderChoice::BuiltIn.pack().ok().map(|pack| pack.entry);
    let commit = Some(COMMIT).filter(|commit| !commit.is_empty());
    if json {
        return say_json(&json!({
            "version": VERSION,
            "commit": commit,
            "target": TARGET,
            "model": built_in.as_ref().map(|entry| &entry.name),
            "model_sha256": built_in.as_ref().map(|entry| entry.digest.to_string()),
        }));
    }
    let model = built_in.map_or("none".to_owned(), |e| format!("{} {}", e.name, e.digest.short()));
    say(&format!("limen {VERSION}"));
    say(&format!("commit {}", commit.unwrap_or("unknown (built without git)")));
    say(&format!("target {TARGET}"));
    say(&format!("model  {model}"));
}
