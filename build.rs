//! Tells the program what it was built from: the commit, where git knows one, and the target.

use std::path::Path;
use std::process::Command;

fn main() {
    // Without this line every changed source would run it again.
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=LIMEN_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    println!("cargo:rustc-env=LIMEN_COMMIT={}", commit().unwrap_or_default());
}

/// The commit of this very folder; none in a tarball, even if that was unpacked inside some other repository.
fn commit() -> Option<String> {
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let here = std::env::var_os("CARGO_MANIFEST_DIR")?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&here).canonicalize().ok()? {
        return None;
    }
    // The log moves with every commit, HEAD with every change of the branch. Cargo would take a file that is not there
    // for one that has changed.
    for name in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", name])?;
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
