//! What `limen-camera.service` does: it starts `rpicam-vid` for who may have pictures, hands over the read ends of its
//! pipes, and ends it when that one leaves. It reads no picture and no file of limen's.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use limen_core::person::printable_path;
use limen_files::ServiceUser;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use thiserror::Error;

use super::child::Running;
use super::message::{Answer, CameraModule, Refusal, Started, VERSION, parse_request, to_line};
use super::modules::modules_of;
use super::program::{Program, ProgramError};
use super::settings::StreamSettings;
use super::unit::CameraUnit;
use super::wire;

/// How long a client may take to say what it wants.
const CLIENT_PATIENCE: Duration = Duration::from_secs(2);
/// How long `rpicam-vid --list-cameras` may take; on a Pi Zero 2 about two seconds.
const LISTING_PATIENCE: Duration = Duration::from_secs(10);
/// The most that is read of what it prints, in bytes.
const LONGEST_LISTING: u64 = 64 << 10;
/// How often it is looked whether the program still runs.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Why the unit ends.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The socket cannot be set up.
    #[error(
        "{socket}: cannot {what}: {source}; run it as limen-camera.service, for which `make install` makes the folder"
    )]
    Socket {
        /// The socket.
        socket: String,
        /// The step.
        what: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// Another one serves already.
    #[error("{socket}: another one serves there already; `systemctl status limen-camera` says which")]
    AlreadyRunning {
        /// The socket.
        socket: String,
    },
}

/// Serves camera modules to limen. Dropping it removes the socket.
pub struct CameraServer {
    path: PathBuf,
    listener: UnixListener,
    cameras: Arc<Cameras>,
}

/// The program, the modules that it finds, and which of them are in use.
struct Cameras {
    program: Program,
    /// Who may have pictures, besides root.
    clients: Vec<u32>,
    /// Asked for once: to list while a camera streams would change its settings.
    modules: Mutex<Vec<(u32, CameraModule)>>,
    in_use: Mutex<BTreeSet<u32>>,
}

impl CameraServer {
    /// The installed program for the user of limen's service.
    pub fn installed() -> Result<Self, ServeError> {
        let clients = ServiceUser::here().map(|user| user.uid).into_iter().collect();
        Self::listen(&CameraUnit::installed(), Program::installed(), clients)
    }

    /// Listens at the unit's socket. The socket is open to everybody: the kernel says who comes, and the mode would not
    /// say it better.
    pub(super) fn listen(unit: &CameraUnit, program: Program, clients: Vec<u32>) -> Result<Self, ServeError> {
        let path = unit.socket.clone();
        let shown = printable_path(&path);
        let failed = |what| {
            let socket = shown.clone();
            move |source| ServeError::Socket { socket, what, source }
        };
        if path.exists() {
            if UnixStream::connect(&path).is_ok() {
                return Err(ServeError::AlreadyRunning { socket: shown });
            }
            fs::remove_file(&path).map_err(failed("remove the socket of one that has ended"))?;
        }
        let listener = UnixListener::bind(&path).map_err(failed("listen"))?;
        fs::set_permissions(&path, Permissions::from_mode(0o666)).map_err(failed("set its mode"))?;
        let (modules, in_use) = Default::default();
        Ok(Self { path, listener, cameras: Arc::new(Cameras { program, clients, modules, in_use }) })
    }

    /// Finds the modules, then serves whoever comes, one thread each, for ever.
    pub fn serve(&self) {
        match self.cameras.look_for_modules() {
            Ok(modules) => modules.iter().for_each(|(number, module)| {
                log::info!("camera {number}: {} at {}", module.sensor, module.path);
            }),
            // Whoever asks is told.
            Err(error) => log::warn!("{error}"),
        }
        for client in self.listener.incoming() {
            let cameras = Arc::clone(&self.cameras);
            let served = client.and_then(|client| {
                std::thread::Builder::new()
                    .name("camera-client".to_owned())
                    .spawn(move || cameras.serve_client(&client))
            });
            if let Err(error) = served {
                log::warn!("a client could not be served: {error}");
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

impl Drop for CameraServer {
    fn drop(&mut self) {
        // If this fails, the next start removes the socket.
        let _ = fs::remove_file(&self.path);
    }
}

impl Cameras {
    fn serve_client(&self, client: &UnixStream) {
        let ended = self.answer(client).unwrap_or_else(|refusal| {
            log::warn!("{refusal}");
            Answer::Refused(refusal)
        });
        // A client that has left needs no answer.
        let _ = wire::send(client, &to_line(&ended), &[]);
    }

    /// Starts what the client wants and watches over it. Returns the last thing to say.
    fn answer(&self, client: &UnixStream) -> Result<Answer, Refusal> {
        let user = wire::user_of(client).map_err(failed)?;
        if user != 0 && !self.clients.contains(&user) {
            return Err(Refusal::NotYours(user));
        }
        let (line, _) = wire::receive(client, CLIENT_PATIENCE)
            .map_err(|error| Refusal::BadRequest(format!("its request did not come: {error}")))?;
        let settings = parse_request(&line)?;
        let _place = self.take_place(settings.module.camera)?;
        let (child, started) = self.start(client, &settings)?;
        log::info!("camera {}: {} runs for user {user}", settings.module.camera, started.module.sensor);
        Ok(Answer::Ended { why: watch(client, child) })
    }

    fn start(&self, client: &UnixStream, settings: &StreamSettings) -> Result<(Running, Started), Refusal> {
        let module = self.module(settings.module.camera)?;
        let (frames, to_frames) = std::io::pipe().map_err(failed)?;
        let (metadata, to_metadata) = std::io::pipe().map_err(failed)?;
        let child = self.program.start(settings, to_frames.into(), to_metadata.into()).map_err(in_words)?;
        let child = Running::watching(child);
        let started = Started { v: VERSION, module, frame_bytes: settings.frame_bytes() };
        let pipes: [OwnedFd; 2] = [frames.into(), metadata.into()];
        wire::send(client, &to_line(&Answer::Started(started.clone())), &pipes).map_err(failed)?;
        Ok((child, started))
    }

    fn take_place(&self, camera: u32) -> Result<Place<'_>, Refusal> {
        let is_free = locked(&self.in_use).insert(camera);
        if is_free { Ok(Place { cameras: self, camera }) } else { Err(Refusal::Busy(camera)) }
    }

    fn module(&self, wanted: u32) -> Result<CameraModule, Refusal> {
        let known = |modules: &[(u32, CameraModule)]| {
            modules.iter().find(|(number, _)| *number == wanted).map(|(_, module)| module.clone())
        };
        if let Some(module) = known(&locked(&self.modules)) {
            return Ok(module);
        }
        let modules = self.look_for_modules().map_err(in_words)?;
        known(&modules).ok_or(Refusal::NoSuchCamera { wanted, found: modules.len() })
    }

    /// Asks the program for the modules.
    fn look_for_modules(&self) -> Result<Vec<(u32, CameraModule)>, ProgramError> {
        let mut kept = locked(&self.modules);
        let text = self.program.listing().and_then(|mut command| {
            let child = command.spawn().map_err(|source| self.program.failed(source))?;
            Ok(printed(Running::unwatched(child)))
        })?;
        *kept = modules_of(&text);
        Ok(kept.clone())
    }
}

/// What a program prints until it ends, or until its time is over.
fn printed(mut child: Running) -> String {
    let Some(output) = child.take_output() else { return String::new() };
    let (said, heard) = std::sync::mpsc::channel();
    // A thread of its own, because a program that hangs would be read for ever; it ends with the program.
    let reading = std::thread::Builder::new().name("camera-listing".to_owned()).spawn(move || {
        let mut text = Vec::new();
        // What was read before an error counts.
        let _ = output.take(LONGEST_LISTING).read_to_end(&mut text);
        let _ = said.send(text);
    });
    if reading.is_err() {
        return String::new();
    }
    let text = heard.recv_timeout(LISTING_PATIENCE).unwrap_or_default();
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits until the program ends or the client leaves; the program is ended then. Returns why it ended.
fn watch(client: &UnixStream, mut child: Running) -> String {
    let begun = Instant::now();
    loop {
        let mut waits = [PollFd::new(client, PollFlags::IN)];
        // An error is no event: the program is looked at all the same.
        let _ = poll(&mut waits, Some(&LOOK));
        // A client has nothing more to say: whatever can be read is its end.
        if !waits[0].revents().is_empty() {
            return "the client left".to_owned();
        }
        if let Some(why) = child.ended() {
            log::warn!("rpicam-vid ended after {:.1} s: {why}", begun.elapsed().as_secs_f32());
            return why;
        }
    }
}

/// A camera in use. Dropping it lets others have it.
struct Place<'a> {
    cameras: &'a Cameras,
    camera: u32,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        locked(&self.cameras.in_use).remove(&self.camera);
    }
}

/// What is behind these locks is whole after a panic of another client's thread.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(error: io::Error) -> Refusal {
    Refusal::Failed(error.to_string())
}

fn in_words(error: ProgramError) -> Refusal {
    Refusal::Program(error.to_string())
}
