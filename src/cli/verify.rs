//! `limen verify`: do two photographs show the same person?

use std::path::PathBuf;

use serde_json::json;

use super::context::{Context, PairRule, PairVerdict, analyst, face_of};
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
    let rule = PairRule::new(&settings, &models)?;
    let (PairVerdict { distance, score, same }, threshold) = (rule.compare(&first, &second), rule.threshold);
    if context.json {
        say_json(&json!({ "distance": distance, "score": score, "threshold": threshold, "same": same }));
    } else {
        let verdict =
            if same { styled(GOOD, "the same person", 0) } else { styled(BAD, "not the same person", 0) };
        say(&format!("{verdict}: score {score:.3}, threshold {threshold:.3} (distance {distance:.3})"));
    }
    Ok(Answer::of(same))
}
