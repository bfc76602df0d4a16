//! `limen verify`: do two photographs show the same person?

use std::path::PathBuf;

use serde_json::json;

use super::context::{Context, analyst, face_of, pair_threshold};
use super::output::{BAD, GOOD, say, say_json, styled};
use super::trouble::{Answer, Trouble};

/// Do two photographs show the same person? Each must show exactly one face. Exit code 0 for yes, 1 for no.
///
/// With --json one object: distance, score, threshold, same.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// JPEG or PNG file
    #[arg(value_name = "PHOTO")]
    first: PathBuf,
    /// JPEG or PNG file
    #[arg(value_name = "PHOTO")]
    second: PathBuf,
}

pub fn verify(context: &Context, arguments: &Arguments) -> Result<Answer, Trouble> {
    let settings = context.settings()?;
    let models = context.models(&settings)?;
    let analyst = analyst(&settings, &models);
    let first = face_of(&analyst, &arguments.first)?.embedding();
    let second = face_of(&analyst, &arguments.second)?.embedding();
    let threshold = pair_threshold(&settings, &models)?;
    let distance = first.l2(&second);
    let same = distance <= threshold;
    if context.json {
        say_json(&json!({ "distance": distance, "score": distance, "threshold": threshold, "same": same }));
    } else {
        let verdict =
            if same { styled(GOOD, "the same person", 0) } else { styled(BAD, "not the same person", 0) };
        say(&format!("{verdict}: distance {distance:.3}, threshold {threshold:.3}"));
    }
    Ok(Answer::of(same))
}
