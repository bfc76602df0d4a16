//! An installation below one folder, and packs to install in it.

use std::fs;
use std::path::PathBuf;

use limen::daemon::make_folder;
use limen_core::embedding::ModelDigest;
use limen_files::Trust;
use limen_vision::model::{MANIFEST, Pack, Packs};

use crate::support::{Ran, Site, limen, project};

/// A configuration that drives a real lock, of a chip that is not there.
pub const REAL_DOOR: &str =
    "[door]\ndriver = \"gpiochip\"\nchip = \"/nonexistent\"\npin = 17\naccept-photo-risk = true\n";

/// An installation of its own: configuration, gallery, state and run-time folder below one folder.
pub struct Installation(pub Site);

impl Installation {
    pub fn new(site: Site) -> Self {
        let installation = Self(site);
        installation.configure("");
        installation
    }

    /// The configuration: its own folders, and this.
    pub fn configure(&self, text: &str) {
        let paths = "[paths]\nstate = \"state\"\nruntime = \"run\"\n";
        self.0.write("limen.toml", format!("{paths}{text}"));
    }

    pub fn configuration(&self) -> String {
        fs::read_to_string(self.0.path("limen.toml")).expect("written")
    }

    pub fn packs(&self) -> Packs {
        Packs::in_state(&self.0.path("state"))
    }

    pub fn installed(&self, file: &str) -> PathBuf {
        self.0.path("state/models").join(file)
    }

    pub fn limen(&self, arguments: &[&str]) -> Ran {
        let config = self.0.path("limen.toml");
        limen(["--config", config.to_str().expect("UTF-8")].iter().chain(arguments))
    }

    pub fn add(&self, network: &[u8], manifest: &str) -> Ran {
        // The built-in entry, which some packs copy, names it.
        self.0.write("cohort.bin", fs::read(project("models/cohort.bin")).expect("committed"));
        let (network, manifest) = (self.0.write("m.onnx", network), self.0.write("m.toml", manifest));
        let [network, manifest] = [&network, &manifest].map(|path| path.to_str().expect("UTF-8"));
        self.limen(&["models", "add", network, "--manifest", manifest])
    }

    /// Installs a pack of which no photograph was asked: one that calls itself trained, and recognises nobody.
    pub fn install_untried(&self, network: &[u8], manifest: &str) {
        let [network, manifest] = [("m.onnx", network), ("m.toml", manifest.as_bytes())]
            .map(|(name, bytes)| self.0.write(name, bytes));
        let pack = Pack::read(&network, &manifest, Trust::Checked).expect("a pack");
        make_folder(&self.0.path("state")).expect("ours");
        self.packs().install(&pack).expect("ours");
    }

    /// Refused with this exit code and these words, nothing installed.
    pub fn refuses(&self, code: i32, network: &[u8], manifest: &str, words: &str) {
        let ran = self.add(network, manifest);
        assert!(ran.err.contains(words) && !ran.err.contains("panicked"), "{words}: {}", ran.err);
        assert_eq!(ran.code, code, "{}", ran.err);
        let left = fs::read_dir(self.0.path("state/models")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{words}: nothing is installed");
    }

    pub fn row(&self, name: &str) -> serde_json::Value {
        let ran = self.limen(&["--json", "models"]);
        let rows = ran.json();
        rows.into_iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name}: {}", ran.out))
    }
}

/// A file beside the tests.
pub fn network(name: &str) -> Vec<u8> {
    fs::read(project("tests/data/networks").join(name)).expect("committed")
}

/// `means.onnx` and the manifest that describes it.
pub fn means() -> (Vec<u8>, String) {
    let text = String::from_utf8(network("means.toml")).expect("UTF-8");
    (network("means.onnx"), text)
}

/// The manifest of `means.onnx` for another network, with another self-test.
pub fn describing(network: &[u8], first: &str) -> String {
    let (known, text) = means();
    let text = text.replace(&ModelDigest::of(&known).to_string(), &ModelDigest::of(network).to_string());
    text.replace("first = [1.70784, -1.56372, 1.34902, 0.18235]", first)
}

/// The default network and its tables under another name.
pub fn trained_pack() -> (Vec<u8>, String) {
    pack_like("embedding-int8")
}

/// A built-in network with its entry of the manifest, under the name "mine".
pub fn pack_like(name: &str) -> (Vec<u8>, String) {
    let own = format!("name = \"{name}\"");
    let entry = MANIFEST.split("[[model]]\n").find(|entry| entry.starts_with(&own));
    let entry = entry.expect("its entry").replacen(name, "mine", 1);
    let network = fs::read(project("models").join(format!("{name}.onnx"))).expect("committed");
    (network, format!("schema = 1\n[[model]]\n{entry}"))
}
