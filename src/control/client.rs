//! The command line's side of the socket.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::error::ControlError;
use super::protocol::{ANSWER_PATIENCE, Answer, NO_ANSWER, Request, request_line};

/// Sends a request to the daemon and returns its answer; a negative answer is an error.
pub fn ask(socket: &Path, request: Request) -> Result<Answer, ControlError> {
    let answer = ask_either(socket, request)?;
    match answer.get("ok").and_then(serde_json::Value::as_bool) {
        Some(true) => Ok(answer),
        _ => {
            let why = answer.get("error").and_then(|e| e.as_str()).unwrap_or("the daemon said no");
            Err(ControlError::Refused(why.to_owned()))
        }
    }
}

/// Sends a request to the daemon and returns its answer, positive or negative.
pub fn ask_either(socket: &Path, request: Request) -> Result<Answer, ControlError> {
    let mut answer = None;
    converse(socket, &request, |line| {
        answer = Some(line);
        false
    })?;
    let answer = answer.ok_or_else(|| ControlError::Answer("nothing came".to_owned()))?;
    match answer.get("error").and_then(|error| error.as_str()) {
        Some(NO_ANSWER) => Err(ControlError::NoAnswer),
        _ => Ok(answer),
    }
}

/// Follows the daemon's events until the daemon stops or `each` returns false.
pub fn follow(socket: &Path, each: impl FnMut(Answer) -> bool) -> Result<(), ControlError> {
    converse(socket, &Request::Events, each)
}

/// Why a socket cannot be opened, with the remedy.
fn unreached(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            "this user may not ask the daemon (use sudo, or be in group limen)"
        }
        _ => "no daemon answers there (systemctl status limen says whether it runs)",
    }
}

fn converse(socket: &Path, request: &Request, each: impl FnMut(Answer) -> bool) -> Result<(), ControlError> {
    let failed = |what| failed(socket, what);
    let stream = UnixStream::connect(socket).map_err(|source| failed(unreached(&source))(source))?;
    if *request != Request::Events {
        stream.set_read_timeout(Some(ANSWER_PATIENCE)).map_err(failed("set a time limit"))?;
    }
    speak(stream, socket, request, each)
}

/// The error of something that was tried at the socket.
fn failed(socket: &Path, what: &'static str) -> impl FnOnce(io::Error) -> ControlError {
    let socket = socket.display().to_string();
    move |source| ControlError::Socket { socket, what, source }
}

/// Sends the request and reads the answer. If the daemon turns the client away, it may answer and close
/// before the request is sent. The answer can still be read.
fn speak(
    mut stream: UnixStream,
    socket: &Path,
    request: &Request,
    mut each: impl FnMut(Answer) -> bool,
) -> Result<(), ControlError> {
    let failed = |what| failed(socket, what);
    let mut unasked = None;
    match stream.write_all(request_line(request).as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => unasked = Some(error),
        asked => asked.map_err(failed("ask"))?,
    }
    for line in BufReader::new(stream).lines() {
        let line = line.map_err(|error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => ControlError::NoAnswer,
            _ => failed("read the answer")(error),
        })?;
        unasked = None;
        let answer: Answer = serde_json::from_str(&line).map_err(|e| ControlError::Answer(e.to_string()))?;
        if !each(answer) {
            break;
        }
    }
    unasked.map_or(Ok(()), |error| Err(failed("ask")(error)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::super::protocol::no;
    use super::*;

    /// The client's error when the daemon refuses for this reason.
    fn told(why: &'static str) -> ControlError {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = folder.path().join("control.sock");
        let listener = UnixListener::bind(&socket).expect("listening");
        let daemon = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let line = serde_json::to_string(&no(why)).expect("JSON") + "\n";
            stream.write_all(line.as_bytes()).expect("answered");
        });
        let error = ask(&socket, Request::Reload).expect_err(why);
        daemon.join().expect("ended");
        assert!(ask(&socket, Request::Reload).expect_err("gone").nobody_listens());
        error
    }

    /// What a client hears of a daemon that says this and closes before it has read anything.
    fn heard(said: &str) -> (Result<(), ControlError>, Vec<Answer>) {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        theirs.write_all(said.as_bytes()).expect("answered");
        drop(theirs);
        let mut answers = Vec::new();
        let spoken = speak(ours, Path::new("control.sock"), &Request::Status, |answer| {
            answers.push(answer);
            false
        });
        (spoken, answers)
    }

    #[test]
    fn who_was_turned_away_before_asking_hears_why() {
        let turned_away = no("too many clients; try again");
        let line = serde_json::to_string(&turned_away).expect("JSON") + "\n";
        let (spoken, answers) = heard(&line);
        assert!(spoken.is_ok(), "{spoken:?}");
        assert_eq!(answers, [turned_away]);
    }

    #[test]
    fn a_daemon_that_closes_without_a_word_could_not_be_asked() {
        let (spoken, answers) = heard("");
        let error = spoken.expect_err("nothing was said").to_string();
        assert!(answers.is_empty() && error.starts_with("control.sock: ask: "), "{error}");
    }

    #[test]
    fn no_answer_is_not_a_no() {
        assert!(matches!(told("line 3: a mistake"), ControlError::Refused(_)));
        assert!(matches!(told(NO_ANSWER), ControlError::NoAnswer));
    }
}
