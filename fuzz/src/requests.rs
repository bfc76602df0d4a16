//! The control socket.

use limen::control::{MAX_REQUEST, parse_request, request_line};

/// One line from a client: a request that reads what it writes, or a reason that fits an answer.
pub fn request(bytes: &[u8]) {
    match parse_request(bytes) {
        Ok(request) => {
            let line = request_line(&request);
            assert!(line.ends_with('\n') && line.len() <= MAX_REQUEST.max(2 * bytes.len()));
            assert_eq!(parse_request(line.trim_end().as_bytes()), Ok(request));
        }
        Err(why) => assert!(!why.is_empty() && !why.contains('\n'), "{why}"),
    }
}
