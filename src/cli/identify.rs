//! `limen identify`: says who is on photographs.

use std::path::{Path, PathBuf};

use limen_core::event::{Comparison, Unusable};
use limen_core::person::{PersonId, printable_path};
use limen_vision::analyst::Analyst;
use limen_vision::face::Face;
use limen_vision::geometry::Rect;
use limen_vision::matching::Matcher;
use serde_json::{Value, json};

use super::context::{CommandContext, STANDARD_INPUT, analyst, photograph, read_once};
use super::outcome::{CommandError, CommandOutcome};
use super::output::{BAD, FAINT, GOOD, complain, say, say_json, styled};

/// Say who is on photographs, one line per face. Exit code 0 if every photograph shows an enrolled person, 3 if one
/// could not be looked at, else 1.
///
/// With --json one object per face: photo, box [left, top, width, height] in pixels of the photograph after it was
/// scaled to at most 1600 pixels per side, id or null, distance, score, threshold, runner_up, reason; for a photograph
/// that could not be looked at: photo, error.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// JPEG or PNG files; - reads one from standard input
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,
}

/// The result for one face, or for a photograph without a face.
struct FaceFinding {
    bounds: Option<Rect>,
    outcome: Result<Comparison, Option<Unusable>>,
}

pub fn identify(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    read_once(&arguments.photos)?;
    let settings = context.settings_of_gallery()?;
    let models = context.models(&settings)?;
    let gallery = context.load_gallery(&settings, &models)?;
    let matcher = context.matcher(&settings, &models, gallery)?;
    let analyst = analyst(&settings, &models);
    let (mut everybody, mut failed) = (true, 0);
    for photo in &arguments.photos {
        match findings(&analyst, &matcher, photo) {
            Ok(findings) => {
                everybody &= findings.iter().any(FaceFinding::is_match);
                findings.iter().for_each(|finding| finding.tell(photo, context.json));
            }
            Err(error) => {
                failed += 1;
                tell_failure(photo, &error.to_string(), context.json);
            }
        }
    }
    if failed > 0 {
        complain(&format!("{failed} of {} photographs could not be looked at", arguments.photos.len()));
        return Ok(CommandOutcome::Incomplete);
    }
    Ok(CommandOutcome::of(everybody))
}

/// Prints the line of a photograph that could not be analysed.
fn tell_failure(photo: &Path, what: &str, json: bool) {
    let name = printable_path(photo);
    if json {
        return say_json(&json!({ "photo": name, "error": what }));
    }
    let named = if name == "-" { STANDARD_INPUT } else { &name };
    let why = what.strip_prefix(named).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(what);
    say(&format!("{name}: {} {}", styled(BAD, "failed", 0), styled(FAINT, &format!("({why})"), 0)));
}

fn findings(analyst: &Analyst, matcher: &Matcher, photo: &Path) -> Result<Vec<FaceFinding>, CommandError> {
    let faces = analyst.faces(&photograph(photo)?)?;
    if faces.is_empty() {
        return Ok(vec![FaceFinding { bounds: None, outcome: Err(None) }]);
    }
    let compare = |(bounds, face): (Rect, Result<Face, Unusable>)| FaceFinding {
        bounds: Some(bounds),
        outcome: face.map(|face| matcher.compare(&face.embedding(), 1, face.crops())).map_err(Some),
    };
    Ok(faces.into_iter().map(compare).collect())
}

impl FaceFinding {
    fn is_match(&self) -> bool {
        matches!(&self.outcome, Ok(Comparison { verdict: Ok(_), .. }))
    }

    fn tell(&self, photo: &Path, json: bool) {
        if json { say_json(&self.to_json(photo)) } else { say(&self.to_line(photo)) }
    }

    fn to_json(&self, photo: &Path) -> Value {
        let bounds = self.bounds.map(|b| [b.left, b.top, b.width, b.height].map(f32::round));
        let mut object = json!({
            "photo": printable_path(photo), "box": bounds, "id": null, "distance": null, "score": null,
            "threshold": null, "runner_up": null, "reason": null,
        });
        match &self.outcome {
            Ok(comparison) => {
                let best = comparison.best.as_ref();
                object["id"] = json!(comparison.verdict.as_ref().ok().map(PersonId::as_str));
                object["distance"] = json!(best.map(|c| c.distance.get()));
                object["score"] = json!(best.map(|c| c.score));
                object["threshold"] = json!(comparison.threshold);
                object["runner_up"] = json!(comparison.runner_up.as_ref().map(|c| c.distance.get()));
                object["reason"] = json!(comparison.verdict.as_ref().err());
            }
            Err(Some(why)) => object["reason"] = json!(why),
            Err(None) => object["reason"] = json!("no-face"),
        }
        object
    }

    fn to_line(&self, photo: &Path) -> String {
        let photo = printable_path(photo);
        let (style, who, why) = match &self.outcome {
            Ok(comparison) => {
                let numbers = numbers(comparison);
                match &comparison.verdict {
                    Ok(id) => (GOOD, id.to_string(), numbers),
                    Err(why) => (BAD, "unknown".to_owned(), format!("{why}; {numbers}")),
                }
            }
            Err(Some(why)) => (BAD, "unusable".to_owned(), why.to_string()),
            Err(None) => (BAD, "nobody".to_owned(), "no face was found".to_owned()),
        };
        format!("{photo}: {} {}", styled(style, &who, 0), styled(FAINT, &format!("({why})"), 0))
    }
}

fn numbers(comparison: &Comparison) -> String {
    match &comparison.best {
        None => format!("threshold {:.3}", comparison.threshold),
        Some(best) => format!(
            "nearest {} at score {:.3}, threshold {:.3}, distance {:.3}",
            best.person,
            best.score,
            comparison.threshold,
            best.distance.get()
        ),
    }
}
