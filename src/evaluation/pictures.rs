//! A folder of pictures of known people, a folder a person, and their embeddings.
//!
//! Embedding is the slow part, so it runs on several threads and may be resumed from a cache: lines of JSON,
//! each bound to the picture's digest, under a first line that binds the file to the model.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::EvaluationError;
use crate::camera::photograph::photograph_from_bytes;
use crate::embedding::{Embedding, ModelDigest};
use crate::gallery::PhotoDigest;
use crate::vision::Analyst;

/// The most pictures of one evaluation: their pairs are compared one by one.
pub const MAX_PICTURES: usize = 100_000;

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Relative to the folder.
    pub file: PathBuf,
    /// Index of the person.
    pub person: usize,
}

/// All pictures of a folder.
#[derive(Debug, Clone)]
pub struct Collection {
    folder: PathBuf,
    /// Names of the subfolders, sorted.
    pub people: Vec<String>,
    /// Sorted by person and name.
    pub pictures: Vec<Known>,
}

/// Both embeddings of a face.
#[derive(Debug, Clone)]
pub struct Both {
    /// Of the aligned crop.
    pub plain: Embedding,
    /// The mean with that of the mirrored crop.
    pub mirrored: Embedding,
}

impl Collection {
    /// Lists `FOLDER/PERSON/*.jpg` and `*.png`.
    pub fn scan(folder: &Path) -> Result<Self, EvaluationError> {
        let mut people = Vec::new();
        let mut pictures = Vec::new();
        for person in sorted(folder)?.into_iter().filter(|path| path.is_dir()) {
            let name = person.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let files = sorted(&person)?.into_iter().filter(|file| is_picture(file));
            let files = files.filter_map(|file| file.strip_prefix(folder).ok().map(Path::to_owned));
            pictures.extend(files.map(|file| Known { file, person: people.len() }));
            people.push(name);
        }
        if people.len() < 2 || pictures.len() > MAX_PICTURES {
            return Err(EvaluationError::Folder {
                folder: folder.to_owned(),
                people: people.len(),
                pictures: pictures.len(),
            });
        }
        Ok(Self { folder: folder.to_owned(), people, pictures })
    }

    /// The embeddings of the best face of each picture, in their order; `None` where no usable face was found.
    /// `done` is called after each picture.
    pub fn embed(
        &self,
        analyst: &Analyst,
        cache: Option<&Path>,
        threads: usize,
        done: &(dyn Fn() + Sync),
    ) -> Result<Vec<Option<Both>>, EvaluationError> {
        let cache =
            cache.map(|file| Cache::open(file, analyst.models().digest())).transpose()?.map(Mutex::new);
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<(usize, Option<Both>)>, EvaluationError> {
            let mut embedded = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(known) = self.pictures.get(index) else { return Ok(embedded) };
                embedded.push((index, self.embed_one(analyst, &known.file, cache.as_ref())?));
                done();
            }
        };
        let parts: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            // A panic of a worker is one of ours: it goes on here.
            let join = |worker: std::thread::ScopedJoinHandle<'_, _>| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            workers.into_iter().map(join).collect()
        });
        let mut all: Vec<Option<Both>> = vec![None; self.pictures.len()];
        for part in parts {
            for (index, both) in part? {
                all[index] = both;
            }
        }
        Ok(all)
    }

    fn embed_one(
        &self,
        analyst: &Analyst,
        file: &Path,
        cache: Option<&Mutex<Cache>>,
    ) -> Result<Option<Both>, EvaluationError> {
        let path = self.folder.join(file);
        let bytes = fs::read(&path).map_err(|source| EvaluationError::File { file: path.clone(), source })?;
        let digest = PhotoDigest::of(&bytes).to_string();
        if let Some(Ok(cache)) = cache.map(Mutex::lock)
            && let Some(found) = cache.known.get(&digest)
        {
            return Ok(found.clone());
        }
        let both = match photograph_from_bytes(&bytes, &path.display().to_string()) {
            Ok(picture) => {
                let faces = analyst.faces(&picture)?;
                faces
                    .into_iter()
                    .next()
                    .and_then(|(_, face)| face.ok())
                    .map(|face| Both { mirrored: face.embedding(), plain: face.plain })
            }
            Err(error) => {
                log::warn!("{error}");
                None
            }
        };
        if let Some(Ok(mut cache)) = cache.map(Mutex::lock) {
            cache.add(&digest, both.as_ref())?;
        }
        Ok(both)
    }
}

/// What was embedded before.
struct Cache {
    path: PathBuf,
    file: File,
    known: HashMap<String, Option<Both>>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    picture: String,
    /// Plain and mirrored, base64 of little-endian floats; null without a usable face.
    embeddings: Option<[String; 2]>,
}

impl Cache {
    /// Reads what there is of this model; a cache of another one is begun anew, half a line at the end is
    /// passed over.
    fn open(path: &Path, model: ModelDigest) -> Result<Self, EvaluationError> {
        let failed = |source| EvaluationError::File { file: path.to_owned(), source };
        let head = format!("limen embeddings 1 {model}");
        let mut known = HashMap::new();
        let mut whole = false;
        if let Ok(file) = File::open(path) {
            let mut lines = BufReader::new(file).lines().map_while(Result::ok);
            whole = lines.next().is_some_and(|line| line == head);
            if whole {
                known.extend(lines.filter_map(|line| parse_line(&line)));
            }
        }
        let mut options = OpenOptions::new();
        let mut file =
            options.create(true).write(true).append(whole).truncate(!whole).open(path).map_err(failed)?;
        let start = if whole { String::from("\n") } else { head + "\n" };
        file.write_all(start.as_bytes()).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, known })
    }

    fn add(&mut self, picture: &str, both: Option<&Both>) -> Result<(), EvaluationError> {
        let embeddings = both.map(|both| [encode(&both.plain), encode(&both.mirrored)]);
        let line = Line { picture: picture.to_owned(), embeddings };
        let failed = |source| EvaluationError::File { file: self.path.clone(), source };
        let mut text = serde_json::to_string(&line).map_err(|error| failed(error.into()))?;
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(failed)
    }
}

fn parse_line(line: &str) -> Option<(String, Option<Both>)> {
    let line: Line = serde_json::from_str(line).ok()?;
    let both = match &line.embeddings {
        Some([plain, mirrored]) => Some(Both { plain: decode(plain)?, mirrored: decode(mirrored)? }),
        None => None,
    };
    Some((line.picture, both))
}

fn encode(embedding: &Embedding) -> String {
    STANDARD.encode(embedding.values().iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

fn decode(text: &str) -> Option<Embedding> {
    let bytes = STANDARD.decode(text).ok()?;
    let (values, rest) = bytes.as_chunks::<4>();
    let values: Vec<f32> = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
    rest.is_empty().then(|| Embedding::new(values)).flatten()
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, EvaluationError> {
    let failed = |source| EvaluationError::File { file: folder.to_owned(), source };
    let entries: Result<Vec<PathBuf>, _> =
        fs::read_dir(folder).map_err(failed)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = entries.map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn is_picture(file: &Path) -> bool {
    let ending = file.extension().unwrap_or_default().to_ascii_lowercase();
    file.is_file() && ["jpg", "jpeg", "png"].iter().any(|known| ending == *known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> Both {
        let embedding = |value: f32| Embedding::new([value, 0.5]).expect("finite");
        Both { plain: embedding(1.0), mirrored: embedding(2.0) }
    }

    #[test]
    fn a_cache_is_resumed_after_half_a_line_and_begun_anew_for_another_model() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cache");
        let model = ModelDigest::of(b"one");
        let mut cache = Cache::open(&path, model).expect("new");
        cache.add("a", Some(&both())).expect("written");
        cache.add("b", None).expect("written");
        let mut bytes = fs::read(&path).expect("there");
        bytes.extend(b"{\"picture\":\"c\",\"embe");
        fs::write(&path, bytes).expect("written");
        let mut cache = Cache::open(&path, model).expect("resumed");
        assert_eq!(cache.known.len(), 2);
        assert!(cache.known["b"].is_none());
        assert_eq!(cache.known["a"].as_ref().expect("a face").mirrored.values(), [2.0, 0.5]);
        cache.add("c", None).expect("written");
        assert_eq!(Cache::open(&path, model).expect("resumed").known.len(), 3);
        assert!(Cache::open(&path, ModelDigest::of(b"two")).expect("new").known.is_empty());
    }

    #[test]
    fn a_folder_without_people_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Collection::scan(folder.path()).expect_err("nobody").to_string();
        assert!(error.contains("a folder a person"), "{error}");
    }
}
