//! `rpicam-vid`: whether it may be run, and how. The command is fixed; what a request says becomes numbers in it.

use std::fs::Metadata;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use limen_core::person::printable_path;
use thiserror::Error;

use super::settings::{Exposure, Flicker, Focus, ModuleSettings, StreamSettings};

/// Where Raspberry Pi's package puts the program.
const INSTALLED: &str = "/usr/bin/rpicam-vid";
/// The metadata goes to the standard input: it is a pipe's end as any other, `rpicam-vid` does not read it, and it needs
/// no number of a descriptor that would have to be free.
const METADATA: &str = "/proc/self/fd/0";
/// Permission bits: group and others may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// Permission bit of a folder: only owners may replace what is theirs.
const STICKY: u32 = 0o1000;

/// Why the program is not run.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// It is not installed.
    #[error("{path}: rpicam-vid is missing; install it: sudo apt install rpicam-apps-lite")]
    Missing {
        /// Where it should be.
        path: String,
    },
    /// Somebody else could put another program there.
    #[error(
        "{path}: user {owner} could replace what shows the pictures, so it is not run; it must belong to root: install \
         rpicam-apps-lite from Raspberry Pi's archive again"
    )]
    NotRoots {
        /// The program, or a folder above it.
        path: String,
        /// Who owns it.
        owner: u32,
    },
    /// Others may write it.
    #[error(
        "{path}: others may write it (mode {mode:04o}), so it is not run; mend it with: sudo chmod go-w {path}"
    )]
    Writable {
        /// The program, or a folder above it.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not a regular file.
    #[error("{path}: is not a program; install rpicam-apps-lite from Raspberry Pi's archive again")]
    NotAFile {
        /// Where it should be.
        path: String,
    },
    /// The system refuses it.
    #[error("{path}: cannot be run: {source}; see `journalctl -u limen-camera`")]
    System {
        /// The program, or a folder above it.
        path: String,
        /// The system's error.
        source: io::Error,
    },
}

/// The program, and who must own it.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    owner: u32,
}

impl Program {
    /// The installed program, which must be root's. The only one outside of tests.
    pub fn installed() -> Self {
        Self { path: INSTALLED.into(), owner: 0 }
    }

    /// A stand-in that may be its owner's.
    #[cfg(test)]
    pub(super) fn stand_in(path: PathBuf, owner: u32) -> Self {
        Self { path, owner }
    }

    /// Checks that nobody but root could have put another program in its place. Returns the file behind all links.
    pub fn check(&self) -> Result<PathBuf, ProgramError> {
        let shown = || printable_path(&self.path);
        let file = self.path.canonicalize().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ProgramError::Missing { path: shown() },
            _ => ProgramError::System { path: shown(), source },
        })?;
        if !metadata(&file)?.is_file() {
            return Err(ProgramError::NotAFile { path: shown() });
        }
        for place in file.ancestors() {
            self.check_place(place)?;
        }
        Ok(file)
    }

    fn check_place(&self, place: &Path) -> Result<(), ProgramError> {
        let found = metadata(place)?;
        let path = printable_path(place);
        if found.uid() != 0 && found.uid() != self.owner {
            return Err(ProgramError::NotRoots { path, owner: found.uid() });
        }
        let is_sticky = found.is_dir() && found.mode() & STICKY != 0;
        if found.mode() & WRITABLE_BY_OTHERS != 0 && !is_sticky {
            return Err(ProgramError::Writable { path, mode: found.mode() & 0o7777 });
        }
        Ok(())
    }

    /// The command that lists the modules.
    pub(super) fn listing(&self) -> Result<Command, ProgramError> {
        let mut command = self.bare()?;
        command.arg("--list-cameras").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(command)
    }

    /// Starts it. Frames and metadata go to these write ends.
    pub(super) fn start(
        &self,
        settings: &StreamSettings,
        frames: OwnedFd,
        metadata: OwnedFd,
    ) -> Result<Child, ProgramError> {
        let mut command = self.bare()?;
        command.args(arguments(settings)).stdin(metadata).stdout(frames).stderr(Stdio::piped());
        command.spawn().map_err(|source| self.failed(source))
    }

    /// It could not be started.
    pub(super) fn failed(&self, source: io::Error) -> ProgramError {
        ProgramError::System { path: printable_path(&self.path), source }
    }

    fn bare(&self) -> Result<Command, ProgramError> {
        let mut command = Command::new(self.check()?);
        command.env_clear().current_dir("/");
        Ok(command)
    }
}

fn metadata(place: &Path) -> Result<Metadata, ProgramError> {
    place.metadata().map_err(|source| ProgramError::System { path: printable_path(place), source })
}

/// The arguments for a stream.
fn arguments(settings: &StreamSettings) -> Vec<String> {
    let StreamSettings { width, height, fps, module } = settings;
    let ModuleSettings { camera, focus, exposure, shutter, gain, flicker, hdr } = module;
    let number = |name: &str, value: &dyn ToString| vec![name.to_owned(), value.to_string()];
    let fixed =
        ["-n", "-t", "0", "--codec", "yuv420", "--buffer-count", "4", "--flush", "-v", "0", "-o", "-"];
    let metadata = ["--metadata", METADATA, "--metadata-format", "txt"];
    let focus = match focus {
        Focus::Continuous => number("--autofocus-mode", &"continuous"),
        Focus::Lens(dioptres) => {
            [number("--autofocus-mode", &"manual"), number("--lens-position", dioptres)].concat()
        }
    };
    let exposure = if *exposure == Exposure::Short { number("--exposure", &"sport") } else { Vec::new() };
    let flicker = match flicker {
        Flicker::Off => Vec::new(),
        Flicker::Hz50 => number("--flicker-period", &"10000us"),
        Flicker::Hz60 => number("--flicker-period", &"8333us"),
    };
    [
        fixed.map(str::to_owned).to_vec(),
        metadata.map(str::to_owned).to_vec(),
        number("--camera", camera),
        number("--width", width),
        number("--height", height),
        number("--framerate", fps),
        focus,
        exposure,
        shutter.map_or(Vec::new(), |micros| number("--shutter", &format!("{micros}us"))),
        gain.map_or(Vec::new(), |gain| number("--gain", &gain)),
        flicker,
        if *hdr { number("--hdr", &"auto") } else { Vec::new() },
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn line(module: ModuleSettings) -> String {
        arguments(&StreamSettings { width: 640, height: 480, fps: 30, module }).join(" ")
    }

    #[test]
    fn the_command_is_the_fixed_one_with_numbers_in_it() {
        assert_eq!(
            line(ModuleSettings::default()),
            "-n -t 0 --codec yuv420 --buffer-count 4 --flush -v 0 -o - --metadata /proc/self/fd/0 --metadata-format txt \
             --camera 0 --width 640 --height 480 --framerate 30 --autofocus-mode continuous"
        );
        let all = ModuleSettings {
            camera: 1,
            focus: Focus::Lens(1.5),
            exposure: Exposure::Short,
            shutter: Some(5000),
            gain: Some(4.0),
            flicker: Flicker::Hz60,
            hdr: true,
        };
        let all = line(all);
        for part in [
            "--camera 1",
            "--autofocus-mode manual --lens-position 1.5",
            "--exposure sport --shutter 5000us --gain 4 --flicker-period 8333us --hdr auto",
        ] {
            assert!(all.contains(part), "{all}");
        }
    }

    #[test]
    fn only_a_program_that_nobody_else_could_have_replaced_is_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = rustix::process::geteuid().as_raw();
        let path = folder.path().join("rpicam-vid");
        let program = Program::stand_in(path.clone(), own);
        assert!(matches!(program.check(), Err(ProgramError::Missing { .. })));
        fs::write(&path, "#!/bin/sh\n").expect("written");
        let mode = |mode| fs::set_permissions(&path, Permissions::from_mode(mode)).expect("our file");
        mode(0o755);
        assert!(program.check().is_ok());
        mode(0o775);
        assert!(matches!(program.check(), Err(ProgramError::Writable { mode: 0o775, .. })));
        mode(0o755);
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("our folder");
        let error = program.check().expect_err("anybody could replace it").to_string();
        assert!(error.contains("0777") && error.contains("chmod go-w"), "{error}");
        assert!(matches!(
            Program::stand_in(folder.path().to_owned(), own).check(),
            Err(ProgramError::NotAFile { .. })
        ));
    }

    #[test]
    fn a_program_of_somebody_elses_is_not_run() {
        let own = rustix::process::geteuid().as_raw();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rpicam-vid");
        fs::write(&path, "#!/bin/sh\n").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("our file");
        // Root may give a file away; anybody else's is not root's already.
        let owner = if own == 0 { 65_534 } else { own };
        std::os::unix::fs::chown(&path, Some(owner), None).expect("root, or our own");
        let error = Program::stand_in(path, 0).check().expect_err("not root's");
        assert!(matches!(error, ProgramError::NotRoots { owner: found, .. } if found == owner), "{error}");
    }
}
