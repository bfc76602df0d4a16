//! The daemon's side of the socket: one accepting thread, and one thread per client.

use std::fs::{self, Permissions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use limen_files::failpoint;

use super::entrance::{Entrance, missing_right};
use super::error::ControlError;
use super::heard::{ClientRequest, Heard, Origin};
use super::pace::Pace;
use super::peer::Peer;
use super::places::Places;
use super::protocol::{ANSWER_PATIENCE, Answer, MAX_REQUEST, NO_ANSWER, Request, no};

/// How long a client may take to send its request.
pub const CLIENT_PATIENCE: Duration = Duration::from_secs(5);
/// How many events may wait for a slow follower. If there are more, the daemon drops the follower.
const FOLLOW_QUEUE: usize = 256;
/// While there are no events: the time between two checks whether a follower has disconnected.
const FOLLOW_CHECK: Duration = Duration::from_secs(1);

/// Whether the daemon took what the server handed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// The daemon will answer.
    Yes,
    /// Too many requests are waiting.
    Busy,
    /// The daemon no longer listens.
    Gone,
}

/// The listening socket. Dropping it removes the socket.
#[derive(Debug)]
pub struct ControlServer {
    path: PathBuf,
    thread: JoinHandle<()>,
}

impl ControlServer {
    /// Listens at `path` (mode 0660). Calls `take` with each request and each client that was turned away; it
    /// returns whether the daemon took that. `entrance` says for whom the socket is. If the socket of a dead
    /// daemon is there, it is replaced. If a daemon is running, that is an error.
    pub fn start(
        path: &Path,
        entrance: Entrance,
        take: impl Fn(Heard) -> Acceptance + Send + Sync + 'static,
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
        if let Some(group) = entrance.group() {
            let given = chown(path, None, Some(group));
            given.map_err(failed("give it to the gateway's group (the service's user must be a member)"))?;
        }
        let take = Arc::new(take);
        let thread = std::thread::Builder::new()
            .name(entrance.name().to_owned())
            .spawn(move || accept(&listener, entrance, &take))
            .map_err(failed("start its thread"))?;
        Ok(Self { path: path.to_owned(), thread })
    }

    /// Whether the accepting thread has ended, which only a panic causes.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        // If this fails, the next start removes the socket.
        let _ = fs::remove_file(&self.path);
    }
}

fn accept<T: Fn(Heard) -> Acceptance + Send + Sync + 'static>(
    listener: &UnixListener,
    entrance: Entrance,
    take: &Arc<T>,
) {
    let places = Arc::new(entrance.places());
    let mut pace = entrance.is_paced().then(|| Pace::new(Instant::now()));
    for stream in listener.incoming() {
        failpoint::reach(entrance.name());
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                log::warn!("{}: accepting a client failed: {error}", entrance.name());
                std::thread::sleep(Duration::from_millis(100));
                continue;
            }
        };
        let peer = Peer::of(&stream, entrance.operators()).ok();
        let client = Client { entrance, peer, stream, take: Arc::clone(take) };
        if pace.as_mut().is_some_and(|pace| !pace.allows(Instant::now())) {
            client.drop_now();
            continue;
        }
        let Some(place) = Places::enter(&places, entrance.right_of(peer)) else {
            client.turn_away_now("too many clients are connected; try again");
            continue;
        };
        let served =
            std::thread::Builder::new().name(format!("{}-client", entrance.name())).spawn(move || {
                let _place = place;
                if let Err(error) = client.serve() {
                    log::debug!("{}: a client was dropped: {error}", entrance.name());
                }
            });
        if let Err(error) = served {
            log::warn!("{}: starting a thread for a client failed: {error}", entrance.name());
        }
    }
}

/// A connected client.
struct Client<T> {
    entrance: Entrance,
    stream: UnixStream,
    peer: Option<Peer>,
    take: Arc<T>,
}

impl<T: Fn(Heard) -> Acceptance> Client<T> {
    fn serve(&self) -> io::Result<()> {
        self.stream.set_write_timeout(Some(CLIENT_PATIENCE))?;
        let Some(peer) = self.peer else {
            return self.turn_away(None, "the kernel does not say which user the client is");
        };
        if let Some(why) = self.entrance.refuses(peer) {
            return self.turn_away(None, why);
        }
        let line = match read_line(&self.stream) {
            Ok(Some(line)) => line,
            Ok(None) => return self.turn_away(None, "the request is too long"),
            Err(error) => {
                let late = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
                return if late {
                    self.turn_away(None, "the request did not come in time")
                } else {
                    Err(error)
                };
            }
        };
        let (request, origin) = match self.entrance.parse(peer, &line) {
            Ok(asked) => asked,
            Err(why) => return self.turn_away(None, &why),
        };
        match missing_right(&origin, &request) {
            Some(why) => self.turn_away(Some(request.name()), why),
            None => self.answer(peer, request, origin),
        }
    }

    fn answer(&self, peer: Peer, request: Request, origin: Origin) -> io::Result<()> {
        let follows = request == Request::Events;
        let (reply, answers) = sync_channel(if follows { FOLLOW_QUEUE } else { 1 });
        let caller = peer.caller;
        match (self.take)(Heard::Asked(ClientRequest { request, caller, origin, reply })) {
            Acceptance::Yes => {}
            Acceptance::Busy => return send(&self.stream, &no("the daemon is busy; try again")),
            Acceptance::Gone => return send(&self.stream, &no("the daemon is stopping")),
        }
        if !follows {
            let answer = answers.recv_timeout(ANSWER_PATIENCE).unwrap_or_else(|error| match error {
                RecvTimeoutError::Timeout => no(NO_ANSWER),
                RecvTimeoutError::Disconnected => no("the daemon ended before it answered"),
            });
            return send(&self.stream, &answer);
        }
        loop {
            match answers.recv_timeout(FOLLOW_CHECK) {
                Ok(event) => send(&self.stream, &event)?,
                Err(RecvTimeoutError::Timeout) if has_left(&self.stream) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn turn_away(&self, command: Option<&'static str>, why: &str) -> io::Result<()> {
        let caller = self.peer.map(|peer| peer.caller);
        // The client gets the same answer if the daemon no longer listens.
        let _ = (self.take)(Heard::TurnedAway { caller, command, why: why.to_owned() });
        send(&self.stream, &no(why))
    }

    /// Tells a client that it came too soon, and nobody else: a flood must not reach the main thread.
    fn drop_now(&self) {
        let words = no("too many requests; try again later");
        // A client that does not read gets no answer.
        let _ = self.stream.set_nonblocking(true).and_then(|()| send(&self.stream, &words));
    }

    /// Turns a client away without blocking: this runs on the accepting thread.
    fn turn_away_now(&self, why: &str) {
        let _ = self.stream.set_nonblocking(true).and_then(|()| self.turn_away(None, why));
    }
}

/// Reads a line and removes its line ending. `None` if the line is longer than [`MAX_REQUEST`] bytes. The
/// whole line must arrive within [`CLIENT_PATIENCE`], even if it arrives in small pieces.
fn read_line(stream: &UnixStream) -> io::Result<Option<Vec<u8>>> {
    let deadline = Instant::now() + CLIENT_PATIENCE;
    let mut line = Vec::new();
    let mut reader = BufReader::new(stream);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let piece = reader.fill_buf()?;
        let end = piece.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(piece.len(), |end| end + 1);
        line.extend_from_slice(&piece[..taken]);
        reader.consume(taken);
        if line.len() > MAX_REQUEST {
            return Ok(None);
        }
        if end.is_some() || taken == 0 {
            return Ok(Some(line.trim_ascii_end().to_owned()));
        }
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
    // If this fails, the next write will fail too.
    let _ = stream.set_nonblocking(false);
    !matches!(&looked, Err(e) if e.kind() == io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::super::client::ask;
    use super::super::protocol::yes;
    use super::*;

    const EVERYBODY: Entrance = Entrance::Operators { group: None };

    fn answering_server(folder: &tempfile::TempDir) -> (PathBuf, ControlServer) {
        let path = folder.path().join("control.sock");
        let take = |heard| match heard {
            Heard::Asked(asked) => {
                drop(asked.reply.send(yes(serde_json::json!({"a": 1}))));
                Acceptance::Yes
            }
            Heard::TurnedAway { .. } => Acceptance::Yes,
        };
        (path.clone(), ControlServer::start(&path, EVERYBODY, take).expect("a folder to listen in"))
    }

    #[test]
    fn a_client_that_is_turned_away_is_told_of_with_its_user() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("control.sock");
        let (sender, heard) = std::sync::mpsc::channel();
        let _server = ControlServer::start(&path, EVERYBODY, move |one| {
            drop(sender.send(one));
            Acceptance::Yes
        });
        let mut stream = UnixStream::connect(&path).expect("listening");
        stream.write_all(b"open sesame\n").expect("written");
        match heard.recv_timeout(CLIENT_PATIENCE).expect("heard") {
            Heard::TurnedAway { caller: Some(caller), command: None, why } => {
                assert_eq!(caller.uid, rustix::process::geteuid().as_raw());
                assert!(why.contains("not a request"), "{why}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_client_that_dribbles_is_dropped_in_time() {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        let dribble = std::thread::spawn(move || {
            while theirs.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let begun = Instant::now();
        let error = read_line(&ours).expect_err("never a whole line");
        assert!(matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{error}");
        assert!(begun.elapsed() < CLIENT_PATIENCE + Duration::from_secs(2));
        drop(ours);
        dribble.join().expect("it ends when nobody reads");
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
    fn a_busy_daemon_is_told_from_one_that_leaves() {
        let folder = tempfile::tempdir().expect("a folder");
        for (taken, says) in [(Acceptance::Busy, "busy"), (Acceptance::Gone, "stopping")] {
            let path = folder.path().join(says);
            let _server =
                ControlServer::start(&path, EVERYBODY, move |_| taken).expect("a folder to listen in");
            let error = ask(&path, Request::Status).expect_err("refused");
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn a_live_daemon_is_not_replaced_and_a_dead_ones_socket_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, server) = answering_server(&folder);
        assert!(matches!(
            ControlServer::start(&path, EVERYBODY, |_| Acceptance::Yes),
            Err(ControlError::AlreadyRunning { .. })
        ));
        drop(server);
        drop(UnixListener::bind(&path).expect("bound and left behind"));
        assert!(ControlServer::start(&path, EVERYBODY, |_| Acceptance::Yes).is_ok());
    }
}
