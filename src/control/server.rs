//! The daemon's end of the socket: one thread that accepts, one a client.

use std::fs::{self, Permissions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{
    ANSWER_PATIENCE, Answer, Asked, CLIENT_PATIENCE, ControlError, MAX_CLIENTS, MAX_GUESTS, MAX_REQUEST,
    Request, no,
};
use crate::clock::Moment;
use crate::event::Caller;
use crate::failpoint;

/// Events that wait for a slow follower before it is dropped.
const FOLLOW_QUEUE: usize = 256;
/// How often a follower that hears nothing is checked for having left.
const FOLLOW_CHECK: Duration = Duration::from_secs(1);

/// The listening socket; removed when dropped.
#[derive(Debug)]
pub struct ControlServer {
    path: PathBuf,
    thread: JoinHandle<()>,
}

impl ControlServer {
    /// Listens at `path` (mode 0660) and hands each request to `take`, which returns false once the daemon
    /// no longer listens. A socket left behind by a dead daemon is replaced; a live one is respected.
    pub fn start(
        path: &Path,
        take: impl Fn(Asked) -> bool + Send + Sync + 'static,
    ) -> Result<Self, ControlError> {
        let failed = |what| {
            let socket = path.display().to_string();
            move |source| ControlError::Socket { socket, what, source }
        };
        if path.exists() {
            if UnixStream::connect(path).is_ok() {
                return Err(ControlError::AlreadyRunning { socket: path.display().to_string() });
            }
            fs::remove_file(path).map_err(failed("remove the socket of a dead daemon"))?;
        }
        let listener = UnixListener::bind(path).map_err(failed("listen (the folder must be writable)"))?;
        fs::set_permissions(path, Permissions::from_mode(0o660)).map_err(failed("set its mode"))?;
        let take = Arc::new(take);
        let thread = std::thread::Builder::new()
            .name("control".to_owned())
            .spawn(move || accept(&listener, &take))
            .map_err(failed("start its thread"))?;
        Ok(Self { path: path.to_owned(), thread })
    }

    /// The thread that accepts has ended, which it does not do by itself.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        // The next start removes what is left.
        let _ = fs::remove_file(&self.path);
    }
}

fn accept<T: Fn(Asked) -> bool + Send + Sync + 'static>(listener: &UnixListener, take: &Arc<T>) {
    let clients = Arc::new(Clients::default());
    for stream in listener.incoming() {
        failpoint::reach("control");
        let (stream, caller) = match stream.and_then(|stream| Ok((caller_of(&stream)?, stream))) {
            Ok((caller, stream)) => (stream, caller),
            Err(error) => {
                log::warn!("control: accepting a client failed: {error}");
                std::thread::sleep(Duration::from_millis(100));
                continue;
            }
        };
        let Some(place) = Clients::enter(&clients, is_administrator(caller)) else {
            log::warn!("control: uid {} was turned away, too many are connected", caller.uid);
            let _ = send(&stream, &no("too many clients; try again"));
            continue;
        };
        let take = Arc::clone(take);
        let served = std::thread::Builder::new().name("control-client".to_owned()).spawn(move || {
            let _place = place;
            if let Err(error) = serve(&stream, caller, take.as_ref()) {
                log::debug!("control: a client was dropped: {error}");
            }
        });
        if let Err(error) = served {
            log::warn!("control: no thread for a client: {error}");
        }
    }
}

/// How many are connected: [`MAX_CLIENTS`] at most, [`MAX_GUESTS`] of them no administrators.
#[derive(Default)]
struct Clients {
    all: AtomicUsize,
    guests: AtomicUsize,
}

impl Clients {
    /// A place, if there is one. Only the thread that accepts asks for one.
    fn enter(clients: &Arc<Self>, administrator: bool) -> Option<Place> {
        let full = clients.all.load(Ordering::Acquire) >= MAX_CLIENTS;
        if full || (!administrator && clients.guests.load(Ordering::Acquire) >= MAX_GUESTS) {
            return None;
        }
        clients.all.fetch_add(1, Ordering::AcqRel);
        clients.guests.fetch_add(usize::from(!administrator), Ordering::AcqRel);
        Some(Place { clients: Arc::clone(clients), administrator })
    }
}

/// Counts a client out when dropped, also when its thread panics or never starts.
struct Place {
    clients: Arc<Clients>,
    administrator: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clients.all.fetch_sub(1, Ordering::AcqRel);
        self.clients.guests.fetch_sub(usize::from(!self.administrator), Ordering::AcqRel);
    }
}

fn serve(stream: &UnixStream, caller: Caller, take: &impl Fn(Asked) -> bool) -> io::Result<()> {
    stream.set_write_timeout(Some(CLIENT_PATIENCE))?;
    let Some(line) = read_line(stream)? else { return send(stream, &no("the request is too long")) };
    let request = match super::parse_request(&line) {
        Ok(request) => request,
        Err(why) => return send(stream, &no(&why)),
    };
    if request.is_for_administrators() && !is_administrator(caller) {
        log::warn!("control: uid {} may not {request:?}", caller.uid);
        return send(stream, &no("only root and the service's user may do that; use sudo"));
    }
    let follows = request == Request::Events;
    let (reply, answers) = sync_channel(if follows { FOLLOW_QUEUE } else { 1 });
    if !take(Asked { request, caller, reply }) {
        return send(stream, &no("the daemon is leaving"));
    }
    if !follows {
        let answer =
            answers.recv_timeout(ANSWER_PATIENCE).unwrap_or_else(|_| no("the daemon gave no answer"));
        return send(stream, &answer);
    }
    loop {
        match answers.recv_timeout(FOLLOW_CHECK) {
            Ok(event) => send(stream, &event)?,
            Err(RecvTimeoutError::Timeout) if has_left(stream) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// One line without its end; `None` if it is longer than [`MAX_REQUEST`].
fn read_line(stream: &UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let stream = Hurried { stream, until: Moment::now() + CLIENT_PATIENCE };
    BufReader::new(stream.take(MAX_REQUEST as u64 + 1)).read_until(b'\n', &mut line)?;
    Ok((line.len() <= MAX_REQUEST).then(|| line.trim_ascii_end().to_owned()))
}

/// Reads until a moment and no longer, however often a byte comes.
struct Hurried<'a> {
    stream: &'a UnixStream,
    until: Moment,
}

impl io::Read for Hurried<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.since(Moment::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}

fn send(mut stream: &UnixStream, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    stream.write_all(&line)
}

fn has_left(stream: &UnixStream) -> bool {
    let mut byte = [0];
    let looked = stream.set_nonblocking(true).and_then(|()| {
        let mut reader = stream;
        reader.read(&mut byte)
    });
    // Should this fail, the next write shows it.
    let _ = stream.set_nonblocking(false);
    !matches!(&looked, Err(e) if e.kind() == io::ErrorKind::WouldBlock)
}

fn caller_of(stream: &UnixStream) -> io::Result<Caller> {
    let credentials = rustix::net::sockopt::socket_peercred(stream)?;
    Ok(Caller { uid: credentials.uid.as_raw(), pid: credentials.pid.as_raw_nonzero().get() })
}

fn is_administrator(caller: Caller) -> bool {
    caller.uid == 0 || caller.uid == rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::super::{ask, yes};
    use super::*;

    fn answering_server(folder: &tempfile::TempDir) -> (PathBuf, ControlServer) {
        let path = folder.path().join("control.sock");
        let server =
            ControlServer::start(&path, |asked| asked.reply.send(yes(serde_json::json!({"a": 1}))).is_ok());
        (path, server.expect("a folder to listen in"))
    }

    #[test]
    fn a_request_is_answered_and_the_socket_removed_at_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, server) = answering_server(&folder);
        assert_eq!(ask(&path, Request::Status).expect("an answer")["a"], 1);
        drop(server);
        assert!(!path.exists());
    }

    #[test]
    fn nonsense_and_endless_lines_get_an_error_and_hurt_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, _server) = answering_server(&folder);
        for (bytes, says) in
            [(vec![b'x'; 3 * MAX_REQUEST], "too long"), (b"\xff\xfe\n".to_vec(), "not a request")]
        {
            let mut stream = UnixStream::connect(&path).expect("listening");
            // The server may stop reading before the end of an endless line.
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            assert!(answer.is_empty() || answer.contains(says), "{answer}");
        }
        assert!(ask(&path, Request::Status).is_ok());
    }

    #[test]
    fn a_client_that_sends_byte_after_byte_is_not_waited_for_any_longer() {
        let (here, mut there) = UnixStream::pair().expect("a pair");
        there.write_all(b"{{").expect("written");
        let (now, mut byte) = (Moment::now(), [0]);
        let mut patient = Hurried { stream: &here, until: now + Duration::from_secs(60) };
        assert_eq!(patient.read(&mut byte).expect("a byte is there"), 1);
        let mut tired = Hurried { stream: &here, until: now };
        assert_eq!(tired.read(&mut byte).expect_err("too late").kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn some_places_are_kept_for_administrators() {
        let clients = Arc::new(Clients::default());
        let mut guests: Vec<Place> = std::iter::from_fn(|| Clients::enter(&clients, false)).collect();
        assert_eq!(guests.len(), MAX_GUESTS);
        let administrators: Vec<Place> = std::iter::from_fn(|| Clients::enter(&clients, true)).collect();
        assert_eq!(administrators.len(), MAX_CLIENTS - MAX_GUESTS);
        guests.pop();
        assert!(Clients::enter(&clients, true).is_some() && Clients::enter(&clients, false).is_some());
    }

    #[test]
    fn a_live_daemon_is_not_replaced_and_a_dead_ones_socket_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, server) = answering_server(&folder);
        assert!(matches!(ControlServer::start(&path, |_| true), Err(ControlError::AlreadyRunning { .. })));
        drop(server);
        drop(UnixListener::bind(&path).expect("bound and left behind"));
        assert!(ControlServer::start(&path, |_| true).is_ok());
    }
}
