//! A folder of clips, `DIR/SPECIES/CLIP`: which there are, their frames, and when each was taken.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use limen_core::person::printable_path;
use limen_files::remedy;
use limen_vision::model::ModelError;
use limen_vision::pixels::photograph::PhotographError;
use thiserror::Error;

use super::clip_file::{CLIP_FILE, ClipFacts, ClipMistake, FrameTimes, TimedPrompt};

/// Why clips cannot be measured.
#[derive(Debug, Error)]
pub enum ClipError {
    /// A file or folder cannot be read.
    #[error("{file}: {source}{}", remedy(source), file = printable_path(file))]
    File {
        /// The file or folder.
        file: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The clip's file has a mistake.
    #[error("{file}: {message}", file = printable_path(file))]
    Misread {
        /// The clip's file.
        file: PathBuf,
        /// Its text.
        text: String,
        /// What the TOML reader says, or a text with the remedy.
        message: String,
        /// The bytes of the text that `message` is about.
        at: Option<Range<usize>>,
    },
    /// What the clip's file says does not fit the clip's frames, or what is to be measured.
    #[error("{file}: {key}: {what}", file = printable_path(file))]
    Unfit {
        /// The clip's file.
        file: PathBuf,
        /// The key in it.
        key: &'static str,
        /// What is wrong, and the remedy.
        what: String,
    },
    /// A clip has no file that describes it.
    #[error("{file}: is not there; write it, with live = true or false, and fps or times-ms", file = printable_path(file))]
    NotDescribed {
        /// The file that is missing.
        file: PathBuf,
    },
    /// There is no clip.
    #[error(
        "{folder}: no clip; a clip is a folder FOLDER/SPECIES/CLIP with 000000.jpg, 000001.jpg, ... and clip.toml",
        folder = printable_path(folder)
    )]
    NoClips {
        /// The folder that was given, or that of a species.
        folder: PathBuf,
    },
    /// A clip has no frames.
    #[error("{folder}: no frames; name them 000000.jpg, 000001.jpg, ...", folder = printable_path(folder))]
    NoFrames {
        /// The clip.
        folder: PathBuf,
    },
    /// A number between two frames is missing.
    #[error(
        "{file}: is missing between other frames; number them without a gap, or write the time of each as times-ms",
        file = printable_path(file)
    )]
    Gap {
        /// The frame that is missing.
        file: PathBuf,
    },
    /// A frame has another size than the first.
    #[error(
        "{file}: is {}x{}, and the first frame is {}x{}; give all frames of a clip one size",
        size.0, size.1, first.0, first.1, file = printable_path(file)
    )]
    Size {
        /// The frame.
        file: PathBuf,
        /// Its width and height, in pixels.
        size: (u32, u32),
        /// Those of the first frame.
        first: (u32, u32),
    },
    /// A frame is no picture.
    #[error(transparent)]
    Photograph(#[from] PhotographError),
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// A frame of a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipFrame {
    /// Its picture.
    pub file: PathBuf,
    /// When it was taken, on the clip's clock.
    pub taken: Duration,
}

/// A clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// What is shown: the name of the folder above.
    pub species: String,
    /// The name of its folder.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether a living person stands there; else it is an attack.
    pub live: bool,
    /// What was asked, in the order of time.
    pub prompts: Vec<TimedPrompt>,
    /// The frames, in the order of time; at least one.
    pub frames: Vec<ClipFrame>,
}

impl Clip {
    /// The file that describes the clip.
    pub fn file(&self) -> PathBuf {
        self.folder.join(CLIP_FILE)
    }
}

/// Lists the clips of a folder, sorted by species and name. No picture is opened.
///
/// # Errors
/// There is no clip, or the first one that has a mistake.
pub fn read_clips(folder: &Path) -> Result<Vec<Clip>, ClipError> {
    let mut clips = Vec::new();
    for species in folders(folder)? {
        let found = folders(&species)?;
        if found.is_empty() {
            return Err(ClipError::NoClips { folder: species });
        }
        for clip in found {
            clips.push(read_clip(&name(&species), clip)?);
        }
    }
    if clips.is_empty() {
        return Err(ClipError::NoClips { folder: folder.to_owned() });
    }
    Ok(clips)
}

fn read_clip(species: &str, folder: PathBuf) -> Result<Clip, ClipError> {
    let file = folder.join(CLIP_FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(ClipError::NotDescribed { file }),
        Err(source) => return Err(ClipError::File { file, source }),
    };
    let facts = match ClipFacts::parse(&text) {
        Ok(facts) => facts,
        Err(ClipMistake { message, at }) => return Err(ClipError::Misread { file, text, message, at }),
    };
    let frames = frames(&folder, &file, &facts.times)?;
    if let (Some(asked), Some(last)) = (facts.prompts.last(), frames.last())
        && asked.at > last.taken
    {
        let (asked, last) = (asked.at.as_millis(), last.taken.as_millis());
        let what = format!(
            "something is asked at {asked} ms, but the last frame was taken at {last} ms; \
             give times in milliseconds from the first frame"
        );
        return Err(ClipError::Unfit { file, key: "challenge", what });
    }
    let ClipFacts { live, prompts, .. } = facts;
    Ok(Clip { species: species.to_owned(), name: name(&folder), folder, live, prompts, frames })
}

fn frames(folder: &Path, file: &Path, times: &FrameTimes) -> Result<Vec<ClipFrame>, ClipError> {
    let mut found: Vec<(u64, PathBuf)> =
        entries(folder)?.into_iter().filter_map(|path| Some((number(&path)?, path))).collect();
    found.sort();
    let Some((first, _)) = found.first().cloned() else {
        return Err(ClipError::NoFrames { folder: folder.to_owned() });
    };
    let taken: Vec<Duration> = match times {
        FrameTimes::Listed(times) if times.len() == found.len() => times.clone(),
        FrameTimes::Listed(times) => {
            let what =
                format!("has {} times for {} frames; write one for each frame", times.len(), found.len());
            return Err(ClipError::Unfit { file: file.to_owned(), key: "times-ms", what });
        }
        FrameTimes::Rate(rate) => {
            let expected = (first..).zip(&found);
            if let Some((missing, _)) = expected.into_iter().find(|(number, (found, _))| number != found) {
                return Err(ClipError::Gap { file: folder.join(format!("{missing:06}.jpg")) });
            }
            (0..found.len()).map(|index| Duration::from_secs_f64(index as f64 / rate)).collect()
        }
    };
    Ok(found.into_iter().zip(taken).map(|((_, file), taken)| ClipFrame { file, taken }).collect())
}

/// The number of a frame, if the file is one.
fn number(file: &Path) -> Option<u64> {
    let digits = file.file_name()?.to_str()?.strip_suffix(".jpg")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// The folders in a folder that are not hidden, sorted.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, ClipError> {
    let is_shown = |path: &PathBuf| path.is_dir() && !name(path).starts_with('.');
    Ok(entries(folder)?.into_iter().filter(is_shown).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, ClipError> {
    let failed = |source| ClipError::File { file: folder.to_owned(), source };
    let entries: Result<Vec<PathBuf>, _> =
        fs::read_dir(folder).map_err(failed)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = entries.map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with one clip of these frames, which are never opened here.
    fn clip(text: &str, frames: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("print-flat/a");
        fs::create_dir_all(&place).expect("a folder");
        fs::write(place.join(CLIP_FILE), text).expect("written");
        frames.iter().for_each(|name| fs::write(place.join(name), "").expect("written"));
        folder
    }

    fn refused(folder: &Path) -> String {
        read_clips(folder).expect_err("refused").to_string()
    }

    #[test]
    fn frames_are_taken_at_their_rate_or_at_their_own_times() {
        let folder = clip("live = false\nfps = 4\n", &["000003.jpg", "000004.jpg", "notes.txt"]);
        let clips = read_clips(folder.path()).expect("read");
        assert_eq!((clips[0].species.as_str(), clips[0].name.as_str()), ("print-flat", "a"));
        let taken = |clip: &Clip| clip.frames.iter().map(|frame| frame.taken.as_millis()).collect::<Vec<_>>();
        assert_eq!(taken(&clips[0]), [0, 250]);
        let folder = clip("live = false\ntimes-ms = [5, 90]\n", &["000001.jpg", "000008.jpg"]);
        assert_eq!(taken(&read_clips(folder.path()).expect("read")[0]), [5, 90]);
    }

    #[test]
    fn a_folder_that_holds_no_whole_clip_is_named_with_the_remedy() {
        let empty = tempfile::tempdir().expect("a folder");
        assert!(refused(empty.path()).contains("no clip; a clip is a folder FOLDER/SPECIES/CLIP"));
        assert!(refused(&empty.path().join("none")).contains("none: "));
        let folder = clip("", &["000000.jpg"]);
        fs::remove_file(folder.path().join("print-flat/a/clip.toml")).expect("removed");
        assert!(refused(folder.path()).contains("print-flat/a/clip.toml: is not there; write it"));
        let folder = clip("live = false\nfps = 4\n", &["frame.jpg"]);
        assert!(refused(folder.path()).contains("print-flat/a: no frames; name them 000000.jpg"));
        fs::create_dir(folder.path().join("empty")).expect("a folder");
        assert!(refused(folder.path()).contains("empty: no clip;"));
    }

    #[test]
    fn times_that_do_not_fit_the_frames_are_named_with_the_remedy() {
        let folder = clip("live = false\nfps = 4\n", &["000000.jpg", "000002.jpg"]);
        assert!(refused(folder.path()).contains("000001.jpg: is missing between other frames"));
        let folder = clip("live = false\ntimes-ms = [0]\n", &["000000.jpg", "000002.jpg"]);
        assert!(refused(folder.path()).contains("clip.toml: times-ms: has 1 times for 2 frames; write one"));
        let text = "live = true\nfps = 4\nchallenge = [\"left\"]\nat-ms = [900]\n";
        let folder = clip(text, &["000000.jpg", "000001.jpg"]);
        let said = refused(folder.path());
        assert!(said.contains("challenge: something is asked at 900 ms, but the last frame"), "{said}");
    }
}
