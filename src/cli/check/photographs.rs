//! Finds enrolled photographs that the quality gate would refuse today. Their templates were made by an earlier
//! version, or with other limits of `[recognition.quality]`, and stay in force. Only this check looks at them again.

use std::sync::Arc;

use limen_core::person::printable_path;
use limen_files::{Trust, read_trusted};
use limen_vision::model::Models;

use super::report::CheckReport;
use crate::cli::context::{CommandContext, analyst};
use crate::cli::output::progress;
use crate::config::Settings;
use crate::enrol::{Enroller, StoreUse};
use crate::gallery::assembly::{MAX_PHOTO_BYTES, PlannedPhoto, find_photographs};
use crate::gallery::{PhotoEmbedder, Roster};

/// The most photographs that are checked without --photographs; more would take minutes on a small machine.
const MOST_LOOKED_AT: usize = 200;

/// Notes the photographs of the gallery that would be refused today; with `all` also if there are many.
pub fn check_photographs(
    context: &CommandContext,
    report: &mut CheckReport,
    settings: &Settings,
    models: &Arc<Models>,
    all: bool,
) {
    let source = context.gallery_source(settings);
    // Without a store every photograph was checked when the gallery was loaded.
    let StoreUse::Read(store_file) = &source.store else { return };
    if !store_file.file().exists() {
        return;
    }
    let Ok(roster) = Roster::load(&source.file, source.trust) else { return };
    let photographs = roster.people.iter().map(|entry| entry.photos.len()).sum::<usize>();
    if photographs > MOST_LOOKED_AT && !all {
        return report.note("photographs", &passed_over(photographs));
    }
    let (plan, _) = find_photographs(&roster, roster.folder(), source.trust);
    let bar = progress(plan.photos.len(), "looking at enrolled photographs");
    let mut enroller = Enroller::new(analyst(settings, models));
    let refused: Vec<String> = plan
        .photos
        .iter()
        .inspect(|_| bar.inc(1))
        .filter_map(|photo| refused(photo, source.trust, &mut enroller))
        .collect();
    bar.finish_and_clear();
    report.notes("photographs", &refused);
}

fn passed_over(photographs: usize) -> String {
    format!(
        "{photographs} are enrolled and were not checked again, which takes up to a second each; \
         limen check --photographs says which of them would be refused today"
    )
}

/// The note about an enrolled photograph that is refused now; `None` if it is not.
fn refused(photo: &PlannedPhoto, trust: Trust, embedder: &mut dyn PhotoEmbedder) -> Option<String> {
    let bytes = read_trusted(&photo.path, MAX_PHOTO_BYTES, trust).ok()?;
    let why = embedder.embed(&bytes, &photo.path).err()?;
    let (id, name) = (&photo.person, printable_path(&photo.name));
    Some(format!(
        "{name} of \"{id}\" would be refused today, and is still in force: {why}. Replace it: limen enroll {id} NEW-PHOTO, \
         then limen people remove-photograph {id} {name}"
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::gallery::{ModelVersion, PhotoTemplate};
    use limen_core::embedding::{Embedding, ModelDigest};
    use limen_core::people::PhotoDigest;
    use limen_core::person::PersonId;

    /// A gate that refuses what is written in one word.
    struct TestGate;

    impl PhotoEmbedder for TestGate {
        fn model(&self) -> ModelDigest {
            ModelDigest::of(b"model")
        }

        fn dimensions(&self) -> usize {
            1
        }

        fn version(&self) -> ModelVersion {
            ModelVersion { name: "model".to_owned(), version: 1 }
        }

        fn embed(&mut self, bytes: &[u8], _: &Path) -> Result<PhotoTemplate, String> {
            let embedding = Embedding::new([1.0]).expect("finite");
            match bytes {
                b"bright" => Err("the face is too bright; take another photograph".to_owned()),
                _ => Ok(PhotoTemplate { plain: embedding.clone(), mirrored: embedding }),
            }
        }
    }

    fn said_of(bytes: &[u8]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.jpg");
        std::fs::write(&path, bytes).expect("written");
        let (person, name) = (PersonId::new("ada").expect("an id"), "photos/a.jpg".into());
        let digest = PhotoDigest::of(bytes);
        refused(
            &PlannedPhoto { person, name, path, digest, line: 1, ready: true },
            Trust::Anyone,
            &mut TestGate,
        )
    }

    #[test]
    fn a_photograph_that_the_gate_refuses_now_is_named_with_the_reason_and_the_remedy() {
        let said = said_of(b"bright").expect("refused");
        assert!(said.starts_with("photos/a.jpg of \"ada\" would be refused today"), "{said}");
        assert!(said.contains("the face is too bright; take another photograph"), "{said}");
        assert!(
            said.contains("limen enroll ada NEW-PHOTO")
                && said.contains("remove-photograph ada photos/a.jpg")
        );
        assert_eq!(said_of(b"well lit"), None);
    }
}
