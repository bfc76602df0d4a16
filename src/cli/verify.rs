//! `limen verify`: says whether two photographs show the same person.

use std::path::{Path, PathBuf};

use limen_core::person::printable_path;
use serde_json::json;

use super::context::{CommandContext, PairRule, PairVerdict, analyst, face_of, read_once};
use super::outcome::{CommandError, CommandOutcome};
use super::output::{BAD, GOOD, complain, say, say_json, styled};

/// Say whether two photographs show the same person. Each must show exactly one face. Exit code 0 for yes, 1 for no,
/// 3 if one could not be looked at.
///
/// With --json one object: distance, score, threshold, same; for a photograph that could not be looked at: photo,
/// error.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// JPEG or PNG file; - reads it from standard input
    #[arg(value_name = "PHOTO")]
    first: PathBuf,
    /// JPEG or PNG file
    #[arg(value_name = "PHOTO")]
    second: PathBuf,
}

pub fn verify(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    read_once([&arguments.first, &arguments.second])?;
    let settings = context.settings()?;
    let models = context.models(&settings)?;
    let analyst = analyst(&settings, &models);
    let [first, second] = [&arguments.first, &arguments.second].map(|photo| {
        let face = face_of(&analyst, photo);
        face.inspect_err(|error| tell_failure(photo, &error.to_string(), context.json))
    });
    let (Ok(first), Ok(second)) = (first, second) else { return Ok(CommandOutcome::Incomplete) };
    let (first, second) = (first.embedding(), second.embedding());
    let rule = PairRule::new(&settings, &models)?;
    let (PairVerdict { distance, score, same }, threshold) = (rule.compare(&first, &second), rule.threshold);
    if context.json {
        say_json(&json!({ "distance": distance, "score": score, "threshold": threshold, "same": same }));
    } else {
        let verdict =
            if same { styled(GOOD, "the same person", 0) } else { styled(BAD, "not the same person", 0) };
        say(&format!("{verdict}: score {score:.3}, threshold {threshold:.3} (distance {distance:.3})"));
    }
    Ok(CommandOutcome::of(same))
}

fn tell_failure(photo: &Path, what: &str, json: bool) {
    complain(what);
    if json {
        say_json(&json!({ "photo": printable_path(photo), "error": what }));
    }
}
