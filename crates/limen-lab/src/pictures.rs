//! A folder with pictures of known people, one subfolder per person, and their embeddings.
//!
//! Embedding is the slow part, so it runs on several threads and can be resumed from a cache: lines of JSON,
//! each bound to the digests of model and picture.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use limen_core::embedding::{Embedding, ModelDigest};
use limen_core::people::PhotoDigest;
use limen_vision::analyst::Analyst;
use limen_vision::pixels::photograph::{is_photograph, photograph_from_bytes};
use serde::{Deserialize, Serialize};

use super::EvaluationError;
use super::bootstrap::in_parallel;

/// The largest number of pictures of one evaluation, in which every pair is compared.
pub const MAX_PICTURES: usize = 100_000;

/// A picture of a known person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledPicture {
    /// The file, relative to the folder.
    pub file: PathBuf,
    /// The index of the person in [`Collection::people`].
    pub person: usize,
}

/// All pictures in a folder.
#[derive(Debug, Clone)]
pub struct Collection {
    folder: PathBuf,
    /// The names of the subfolders, sorted.
    pub people: Vec<String>,
    /// The pictures, sorted by person and name.
    pub pictures: Vec<LabelledPicture>,
}

/// Both embeddings of a face.
#[derive(Debug, Clone)]
pub struct Both {
    /// The embedding of the aligned crop.
    pub plain: Embedding,
    /// The mean of the embeddings of the aligned and the mirrored crop.
    pub mirrored: Embedding,
}

/// A picture's embeddings, or why it has none.
pub type Embedded = Result<Both, String>;

impl Collection {
    /// Lists `FOLDER/PERSON/*.jpg` and `*.png`.
    pub fn scan(folder: &Path) -> Result<Self, EvaluationError> {
        let mut people = Vec::new();
        let mut pictures = Vec::new();
        for person in sorted(folder)?.into_iter().filter(|path| path.is_dir()) {
            let name = person.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let files = sorted(&person)?.into_iter().filter(|file| is_photograph(file));
            let files = files.filter_map(|file| file.strip_prefix(folder).ok().map(Path::to_owned));
            pictures.extend(files.map(|file| LabelledPicture { file, person: people.len() }));
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

    /// The people with exactly `wanted` pictures. With one picture a person is only an impostor for others;
    /// with none, the person is not compared.
    pub fn people_with(&self, wanted: usize) -> Vec<&str> {
        let mut pictures = vec![0_usize; self.people.len()];
        self.pictures.iter().for_each(|known| pictures[known.person] += 1);
        let people = self.people.iter().zip(pictures);
        people.filter(|(_, pictures)| *pictures == wanted).map(|(name, _)| name.as_str()).collect()
    }

    /// The embeddings of the best face of each picture, in order, or why there is none. `done` is called
    /// after each picture.
    pub fn embed(
        &self,
        analyst: &Analyst,
        cache: Option<&Path>,
        threads: usize,
        done: &(dyn Fn() + Sync),
    ) -> Result<Vec<Embedded>, EvaluationError> {
        let cache =
            cache.map(|file| Cache::open(file, analyst.models().digest())).transpose()?.map(Mutex::new);
        let embedded = in_parallel(self.pictures.len(), threads, |index| {
            let embedded = self.embed_one(analyst, &self.pictures[index].file, cache.as_ref());
            done();
            embedded
        });
        embedded.into_iter().collect()
    }

    fn embed_one(
        &self,
        analyst: &Analyst,
        file: &Path,
        cache: Option<&Mutex<Cache>>,
    ) -> Result<Embedded, EvaluationError> {
        let path = self.folder.join(file);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let digest = PhotoDigest::of(&bytes).to_string();
        if let Some(Ok(cache)) = cache.map(Mutex::lock)
            && let Some(found) = cache.known.get(&digest)
        {
            return Ok(found.clone());
        }
        let embedded = match photograph_from_bytes(&bytes, &file.display().to_string()) {
            Ok(picture) => match analyst.faces(&picture)?.into_iter().next() {
                Some((_, Ok(face))) => Ok(Both { mirrored: face.embedding(), plain: face.plain }),
                Some((_, Err(why))) => Err(why.to_string()),
                None => Err("no face was found".to_owned()),
            },
            Err(error) => Err(error.to_string()),
        };
        if let Some(Ok(mut cache)) = cache.map(Mutex::lock) {
            cache.add(&digest, &embedded)?;
        }
        Ok(embedded)
    }
}

/// The first line of a cache.
const HEAD: &str = "limen embeddings 3";

/// Embeddings of earlier runs by one model. Lines of other models are left as they are.
struct Cache {
    path: PathBuf,
    file: File,
    model: String,
    known: HashMap<String, Embedded>,
}

#[derive(Serialize, Deserialize)]
struct ListLine {
    model: String,
    picture: String,
    /// Plain and mirrored, as base64 of little-endian floats; null without a usable face.
    embeddings: Option<[String; 2]>,
    /// Why there is no embedding.
    why: Option<String>,
}

impl Cache {
    /// Reads the lines of this model. If the file is no cache of this version, it is replaced. Half a line at
    /// the end is ignored.
    fn open(path: &Path, model: ModelDigest) -> Result<Self, EvaluationError> {
        let failed = |source| EvaluationError::File { file: path.to_owned(), source };
        let model = model.to_string();
        let mut known = HashMap::new();
        let mut whole = false;
        if let Ok(file) = File::open(path) {
            let mut lines = BufReader::new(file).lines().map_while(Result::ok);
            whole = lines.next().is_some_and(|line| line == HEAD);
            if whole {
                known.extend(lines.filter_map(|line| parse_line(&line, &model)));
            }
        }
        let mut options = OpenOptions::new();
        let mut file =
            options.create(true).write(true).append(whole).truncate(!whole).open(path).map_err(failed)?;
        let start = if whole { String::from("\n") } else { HEAD.to_owned() + "\n" };
        file.write_all(start.as_bytes()).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, model, known })
    }

    fn add(&mut self, picture: &str, embedded: &Embedded) -> Result<(), EvaluationError> {
        let line = ListLine {
            model: self.model.clone(),
            picture: picture.to_owned(),
            embeddings: embedded.as_ref().ok().map(|both| [encode(&both.plain), encode(&both.mirrored)]),
            why: embedded.as_ref().err().cloned(),
        };
        let failed = |source| EvaluationError::File { file: self.path.clone(), source };
        let mut text = serde_json::to_string(&line).map_err(|error| failed(error.into()))?;
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(failed)
    }
}

fn parse_line(line: &str, model: &str) -> Option<(String, Embedded)> {
    let line: ListLine = serde_json::from_str(line).ok().filter(|line: &ListLine| line.model == model)?;
    let embedded = match &line.embeddings {
        Some([plain, mirrored]) => Ok(Both { plain: decode(plain)?, mirrored: decode(mirrored)? }),
        None => Err(line.why.unwrap_or_default()),
    };
    Some((line.picture, embedded))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> Both {
        let embedding = |value: f32| Embedding::new([value, 0.5]).expect("finite");
        Both { plain: embedding(1.0), mirrored: embedding(2.0) }
    }

    #[test]
    fn a_cache_is_resumed_after_half_a_line_and_keeps_models_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cache");
        let model = ModelDigest::of(b"one");
        let mut cache = Cache::open(&path, model).expect("new");
        cache.add("a", &Ok(both())).expect("written");
        cache.add("b", &Err("no face".to_owned())).expect("written");
        let mut bytes = fs::read(&path).expect("there");
        bytes.extend(b"{\"model\":\"c\",\"embe");
        fs::write(&path, bytes).expect("written");
        let mut cache = Cache::open(&path, model).expect("resumed");
        assert_eq!(cache.known.len(), 2);
        assert_eq!(cache.known["b"].as_ref().expect_err("none"), "no face");
        assert_eq!(cache.known["a"].as_ref().expect("a face").mirrored.values(), [2.0, 0.5]);
        cache.add("c", &Ok(both())).expect("written");
        assert!(Cache::open(&path, ModelDigest::of(b"two")).expect("opened").known.is_empty());
        assert_eq!(Cache::open(&path, model).expect("resumed").known.len(), 3);
    }

    #[test]
    fn a_file_that_is_no_cache_is_begun_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cache");
        fs::write(&path, "limen embeddings 1 abc\n").expect("written");
        assert!(Cache::open(&path, ModelDigest::of(b"one")).expect("new").known.is_empty());
        assert!(fs::read_to_string(&path).expect("there").starts_with(HEAD));
    }

    #[test]
    fn a_folder_without_people_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Collection::scan(folder.path()).expect_err("nobody").to_string();
        assert!(error.contains("a folder a person"), "{error}");
    }
}
