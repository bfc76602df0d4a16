//! Building galleries with an embedder that reads numbers instead of faces.

use std::fs;

use tempfile::TempDir;

use super::*;

/// A "photograph" is a text of two numbers; any other file shows no face.
struct TestEmbedder {
    embedded: Vec<String>,
}

impl PhotoEmbedder for TestEmbedder {
    fn model(&self) -> ModelDigest {
        ModelDigest::of(b"model")
    }

    fn dimensions(&self) -> usize {
        1
    }

    fn version(&self) -> ModelVersion {
        ModelVersion { name: "model".to_owned(), version: 1 }
    }

    fn embed(&mut self, bytes: &[u8], _file: &Path) -> Result<PhotoTemplate, String> {
        let text = std::str::from_utf8(bytes).expect("text");
        self.embedded.push(text.to_owned());
        let numbers: Vec<f32> = text.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [plain, mirrored] = numbers[..] else {
            return Err("no face; take a picture with one face".to_owned());
        };
        let embedding = |v: f32| Embedding::new([v]).expect("finite");
        Ok(PhotoTemplate { plain: embedding(plain), mirrored: embedding(mirrored) })
    }
}

struct TestGallery {
    folder: TempDir,
    embedder: TestEmbedder,
    store: Store,
}

impl TestGallery {
    fn new(photos: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let site = Self {
            folder,
            embedder: TestEmbedder { embedded: vec![] },
            store: Store::empty(ModelDigest::of(b"model")),
        };
        photos.iter().for_each(|(name, text)| site.put(name, text));
        site
    }

    fn put(&self, name: &str, text: &str) {
        limen_files::write_atomically(&self.folder.path().join(name), text.as_bytes(), 0o644)
            .expect("written");
    }

    fn build(&mut self, text: &str) -> Result<Built, GalleryError> {
        let roster = Roster::parse(text, Path::new("gallery.toml")).expect("no mistake");
        let built = build(
            &roster,
            self.folder.path(),
            Trust::Checked,
            self.store.clone(),
            &mut self.embedder,
            &mut |_, _| {},
        )?;
        self.store = built.store.clone();
        Ok(built)
    }

    fn problems(&mut self, text: &str) -> String {
        self.build(text).expect_err("a problem").to_string()
    }
}

fn person(id: &str, photos: &str) -> String {
    format!("[[person]]\nid = \"{id}\"\nname = \"{id}\"\nphotos = [{photos}]\n")
}

#[test]
fn a_single_is_the_mean_of_plain_and_mirrored_and_a_template_the_mean_of_samples() {
    let mut site = TestGallery::new(&[("1.jpg", "1 3"), ("2.jpg", "5 7")]);
    let built = site.build(&person("ada", "\"1.jpg\", \"2.jpg\"")).expect("good photographs");
    let ada = &built.gallery.people()[0];
    assert_eq!(ada.samples.iter().map(|s| s.values()[0]).collect::<Vec<_>>(), [2.0, 6.0]);
    assert_eq!((ada.template().expect("two").values()[0], ada.photographs), (4.0, 2));
}

#[test]
fn a_photograph_is_embedded_once_and_again_when_it_changes() {
    let mut site = TestGallery::new(&[("1.jpg", "1 3"), ("2.jpg", "5 7")]);
    let text = person("ada", "\"1.jpg\", \"2.jpg\"");
    site.build(&text).expect("good photographs");
    site.build(&text).expect("good photographs");
    assert_eq!(site.embedder.embedded, ["1 3", "5 7"]);
    site.put("2.jpg", "6 8");
    site.build(&text).expect("good photographs");
    assert_eq!(site.embedder.embedded, ["1 3", "5 7", "6 8"]);
    assert_eq!(site.store.len(), 2, "the template of the old picture is gone");
}

#[test]
fn every_bad_photograph_is_listed_with_its_line() {
    let mut site = TestGallery::new(&[("1.jpg", "a cat"), ("3.jpg", "1 2")]);
    let shown =
        site.problems(&(person("ada", "\"1.jpg\", \"3.jpg\"") + &person("bob", "\"1.jpg\", \"none.jpg\"")));
    assert!(shown.contains("gallery.toml:8: person \"bob\": none.jpg: No such file"), "{shown}");
    assert!(shown.contains("is the same picture as that of \"ada\" in line 4"), "{shown}");
    let shown = site.problems(&person("ada", "\"1.jpg\", \"3.jpg\""));
    assert!(shown.starts_with("gallery.toml:4: person \"ada\": "), "{shown}");
    assert!(shown.ends_with("1.jpg: no face; take a picture with one face"), "{shown}");
}

#[test]
fn a_link_out_of_the_folder_is_refused_and_one_inside_is_followed() {
    let mut site = TestGallery::new(&[("1.jpg", "1 2")]);
    let outside = tempfile::tempdir().expect("a temporary folder");
    fs::write(outside.path().join("x.jpg"), "1 2").expect("written");
    let link = |target: &Path, name| std::os::unix::fs::symlink(target, site.folder.path().join(name));
    link(&outside.path().join("x.jpg"), "out.jpg").expect("a link");
    link(&site.folder.path().join("1.jpg"), "in.jpg").expect("a link");
    assert!(site.problems(&person("ada", "\"out.jpg\"")).contains("leads out of the gallery's folder"));
    assert!(site.build(&person("ada", "\"in.jpg\"")).is_ok());
}

#[test]
fn templates_of_another_model_are_made_again() {
    let mut site = TestGallery::new(&[("1.jpg", "1 2")]);
    site.build(&person("ada", "\"1.jpg\"")).expect("a good photograph");
    let mut other = Store::empty(ModelDigest::of(b"another"));
    let ada = PersonId::new("ada").expect("an id");
    let digest = PhotoDigest::of(b"1 2");
    let wrong = Embedding::new([9.0]).expect("finite");
    other
        .insert(ada.clone(), digest, PhotoTemplate { plain: wrong.clone(), mirrored: wrong })
        .expect("the first");
    site.store = other;
    let built = site.build(&person("ada", "\"1.jpg\"")).expect("a good photograph");
    assert_eq!(site.embedder.embedded.len(), 2);
    assert_eq!(built.gallery.get(&ada).expect("enrolled").template().expect("one").values(), [1.5]);
}

#[test]
fn embeddings_of_another_model_in_the_file_are_reported_and_not_used() {
    let model = ModelDigest::of(b"another");
    let text = format!(
        "[[person]]\nid = \"ada\"\nname = \"Ada\"\nembeddings = [{{ model = \"{model}\", data = \"AAAAPw==\" }}]\n"
    );
    let built = TestGallery::new(&[]).build(&text).expect("nothing wrong for the others");
    assert!(built.gallery.people().is_empty());
    assert_eq!(built.notes.len(), 2);
    assert!(
        built.notes[0].to_string().starts_with("gallery.toml:1: person \"ada\": 1 embeddings are of another")
    );
}

#[test]
fn a_photograph_that_others_may_write_is_refused() {
    let mut site = TestGallery::new(&[]);
    let path = site.folder.path().join("1.jpg");
    limen_files::write_atomically(&path, b"1 2", 0o666).expect("written");
    assert!(site.problems(&person("ada", "\"1.jpg\"")).contains("chmod go-w"));
}

#[test]
fn discarded_photographs_leave_their_templates_whatever_the_model() {
    let mut site = TestGallery::new(&[("1.jpg", "1 3"), ("2.jpg", "5 7")]);
    site.build(&person("ada", "\"1.jpg\"")).expect("a good photograph");
    fs::remove_file(site.folder.path().join("1.jpg")).expect("discarded");
    let stored = "[[person]]\nid = \"ada\"\nname = \"Ada\"\ntemplates = \"stored\"\n";
    let ada = PersonId::new("ada").expect("an id");
    let built = site.build(stored).expect("still enrolled");
    assert_eq!(built.gallery.get(&ada).expect("enrolled").template().expect("samples").values(), [2.0]);

    let built = site.build(&format!("{stored}photos = [\"2.jpg\"]\n")).expect("another photograph");
    assert_eq!(built.gallery.get(&ada).expect("enrolled").samples.len(), 2);

    site.store = site.store.clone().with_model(ModelDigest::of(b"another"));
    let other = TestGallery { store: site.store.clone(), ..TestGallery::new(&[]) };
    assert_eq!(other.store.other_models(&ada), [ModelDigest::of(b"model")]);
    assert!(other.store.is_empty());
    let built = site.build(stored).expect("back to the first model");
    assert_eq!(built.gallery.get(&ada).expect("enrolled").samples.len(), 2);
}

#[test]
fn whoever_has_neither_photographs_nor_templates_is_named_with_the_remedy() {
    let stored = "[[person]]\nid = \"ada\"\nname = \"Ada\"\ntemplates = \"stored\"\n";
    let built = TestGallery::new(&[]).build(stored).expect("nothing wrong for the others");
    assert!(built.gallery.people().is_empty());
    assert_eq!(
        built.notes[0].to_string(),
        "gallery.toml:1: person \"ada\": cannot enter: the photographs were discarded and the store has no \
         template of theirs; add new photographs"
    );
}

#[test]
fn an_embedding_in_the_file_that_cannot_be_one_of_the_model_is_refused_by_the_persons_name() {
    let model = ModelDigest::of(b"model");
    // Two halves; and twice the largest number, whose sum is none.
    for (data, says) in [
        (["AAAAPwAAAD8="].as_slice(), "an embedding has 2 numbers, but the model's have 1; remove it"),
        (&["//9/fw==", "//9/fw=="], "so large that they have no mean"),
    ] {
        let embeddings: Vec<String> =
            data.iter().map(|data| format!("{{ model = \"{model}\", data = \"{data}\" }}")).collect();
        let embeddings = embeddings.join(", ");
        let text = format!("[[person]]\nid = \"ada\"\nname = \"Ada\"\nembeddings = [{embeddings}]\n");
        let error = TestGallery::new(&[]).build(&text).expect_err(says).to_string();
        assert!(error.contains("person \"ada\"") && error.contains(says), "{error}");
    }
}
