//! Helpers that keep a test to a few lines.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};

use limen_vision::model::{EmbedderChoice, Models};

/// A file or folder of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// One of the demo's photographs.
pub fn photo(name: &str) -> PathBuf {
    project("src/cli/demo/photographs").join(format!("{name}.jpg"))
}

/// The built-in networks, loaded once.
pub fn models() -> Arc<Models> {
    static MODELS: OnceLock<Arc<Models>> = OnceLock::new();
    Arc::clone(MODELS.get_or_init(|| Models::load(&EmbedderChoice::BuiltIn).expect("built-in models load")))
}

/// The photographs to measure with, where this machine has them; else the test says that it is skipped.
pub fn faces(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("LIMEN_FACES").map_or_else(|| project("../shared/faces"), PathBuf::from);
    if folder.join("pairs.txt").exists() {
        return Some(folder);
    }
    // Not by eprintln!, which the test harness swallows.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: no photographs at LIMEN_FACES or ../shared/faces");
    None
}

/// The lines of a configuration whose camera is shown photographs of people.
pub const OF_PHOTOGRAPHS: &str = "[recognition]\nliveness = \"off\"\n";

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The lines of the answer as JSON.
    pub fn json(&self) -> Vec<serde_json::Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.out.lines().map(parse).collect()
    }
}

/// Gives a command, and again while, and only while, it is refused because a busy machine did not record it in the few
/// milliseconds that it has. `refused` is what the answer says.
pub fn until_recorded<T>(mut give: impl FnMut() -> T, refused: impl Fn(&T) -> String) -> T {
    let is_recorded = |answer: &T| !refused(answer).contains("this could not be recorded");
    let first_recorded = (0..9).map(|_| give()).find(is_recorded);
    first_recorded.unwrap_or_else(give)
}

/// Why a request was refused; empty if it was not.
pub fn refusal<T, E: ToString>(answer: &Result<T, E>) -> String {
    answer.as_ref().err().map(ToString::to_string).unwrap_or_default()
}

/// Runs `limen` with these arguments.
pub fn limen<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ran {
    limen_with(&[], arguments)
}

/// Runs `limen` with these variables of the environment and these arguments.
pub fn limen_with<S: AsRef<std::ffi::OsStr>>(
    variables: &[(&str, PathBuf)],
    arguments: impl IntoIterator<Item = S>,
) -> Ran {
    run(variables, arguments, b"", Stdio::piped())
}

/// Runs `limen` with these arguments and this, at most a few kilobytes, on its standard input.
pub fn limen_told<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>, input: &str) -> Ran {
    run(&[], arguments, input.as_bytes(), Stdio::piped())
}

/// Runs `limen` with these arguments and this on its standard input.
pub fn limen_fed<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>, input: &[u8]) -> Ran {
    run(&[], arguments, input, Stdio::piped())
}

/// Runs `limen` with these arguments and its answer sent there.
pub fn limen_into<S: AsRef<std::ffi::OsStr>>(
    out: impl Into<Stdio>,
    arguments: impl IntoIterator<Item = S>,
) -> Ran {
    run(&[], arguments, b"", out.into())
}

fn run<S: AsRef<std::ffi::OsStr>>(
    variables: &[(&str, PathBuf)],
    arguments: impl IntoIterator<Item = S>,
    input: &[u8],
    out: Stdio,
) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_limen"))
        .args(arguments)
        .env_remove("LIMEN_LOG")
        .envs(variables.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(out)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that reads nothing may have ended already.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output: Output = child.wait_with_output().expect("it ends");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A folder with a gallery file, and photographs beside it.
pub struct Site {
    folder: PathBuf,
    _removed: Option<tempfile::TempDir>,
}

impl Site {
    /// Nobody enrolled.
    pub fn empty() -> Self {
        let removed = tempfile::tempdir().expect("a folder");
        let site = Self { folder: removed.path().to_owned(), _removed: Some(removed) };
        site.write("gallery.toml", "");
        site
    }

    /// What lies in this folder already; it stays.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), _removed: None }
    }

    /// `obama.jpg` alone enrolled, as "obama".
    pub fn with_obama() -> Self {
        let site = Self::empty();
        site.enrol_obama();
        site
    }

    /// `obama.jpg` alone enrolled, as "obama".
    pub fn enrol_obama(&self) {
        self.copy("obama");
        self.write(
            "gallery.toml",
            "[[person]]\nid = \"obama\"\nname = \"Barack Obama\"\nphotos = [\"obama.jpg\"]\n",
        );
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        limen_files::write_atomically(&path, contents.as_ref(), 0o600).expect("written");
        path
    }

    pub fn copy(&self, name: &str) {
        let bytes = std::fs::read(photo(name)).expect("a photograph of the demo");
        self.write(&format!("{name}.jpg"), bytes);
    }

    /// Runs `limen` with this site's gallery.
    pub fn limen(&self, arguments: &[&str]) -> Ran {
        let gallery = self.path("gallery.toml");
        let mut all: Vec<std::ffi::OsString> = vec!["--gallery".into(), gallery.into()];
        all.extend(arguments.iter().map(Into::into));
        limen(all)
    }
}

/// Runs a command against the daemon of this site.
pub fn command(site: &Site, arguments: &[&str]) -> Ran {
    let folder = site.path("");
    let folder = folder.display();
    let config = site
        .write("limen.toml", format!("[paths]\nstate = \"{folder}/state\"\nruntime = \"{folder}/run\"\n"));
    let config = config.to_string_lossy().into_owned();
    limen(["--config", config.as_str()].into_iter().chain(arguments.iter().copied()))
}

/// Head and shoulders of one of the demo's people, as the door's camera sees them: the upper part of the
/// photograph, doubled if it is small.
pub fn visitor(name: &str) -> limen_vision::frame::Picture {
    let picture =
        limen_vision::pixels::photograph::load_photograph(&photo(name)).expect("a photograph of the demo");
    let side = picture.width().min(picture.height());
    let times = if side < 320 { 2 } else { 1 };
    limen_vision::frame::Picture::from_fn(side * times, side * times, |x, y| {
        picture.pixel(i64::from(x / times), i64::from(y / times))
    })
}

/// Nobody: an empty hallway.
pub fn nobody() -> limen_vision::frame::Picture {
    limen_vision::frame::Picture::from_fn(640, 480, |x, y| [(x / 4) as u8, (y / 3) as u8, 90])
}
