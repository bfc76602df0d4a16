//! The command line's end of the socket: one request out, one answer in, or one line an event until the daemon leaves.
//! What keeps it from the daemon is said with the remedy.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::{ANSWER_PATIENCE, Answer, ControlError, NO_ANSWER, Request, request_line};

/// Asks the daemon and returns its answer; an answer that says no is an error.
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

/// Asks the daemon and returns its answer, whether it says yes or no.
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

/// Follows the daemon's events until it leaves or `each` returns false.
pub fn follow(socket: &Path, each: impl FnMut(Answer) -> bool) -> Result<(), ControlError> {
    converse(socket, &Request::Events, each)
}

/// What keeps a socket from being opened, with the remedy.
fn unreached(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            "this user may not ask the daemon (use sudo, or be in group limen)"
        }
        _ => "no daemon answers there (systemctl status limen says whether it runs)",
    }
}

fn converse(
    socket: &Path,
    request: &Request,
    mut each: impl FnMut(Answer) -> bool,
) -> Result<(), ControlError> {
    let failed = |what| {
        let socket = socket.display().to_string();
        move |source| ControlError::Socket { socket, what, source }
    };
    let mut stream = UnixStream::connect(socket).map_err(|source| failed(unreached(&source))(source))?;
    if *request != Request::Events {
        stream.set_read_timeout(Some(ANSWER_PATIENCE)).map_err(failed("set a time limit"))?;
    }
    stream.write_all(request_line(request).as_bytes()).map_err(failed("ask"))?;
    for line in BufReader::new(stream).lines() {
        let line = line.map_err(|error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => ControlError::NoAnswer,
            _ => failed("read the answer")(error),
        })?;
        let answer: Answer = serde_json::from_str(&line).map_err(|e| ControlError::Answer(e.to_string()))?;
        if !each(answer) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::super::no;
    use super::*;

    /// What a client makes of a daemon that says no for this reason.
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

    #[test]
    fn no_answer_is_not_a_no() {
        assert!(matches!(told("line 3: a mistake"), ControlError::Refused(_)));
        assert!(matches!(told(NO_ANSWER), ControlError::NoAnswer));
    }
}
