//! The control socket, and the gateway's.

use limen::control::{MAX_REQUEST, parse_remote_request, parse_request, request_line};

/// One line from a client: a request that reads what it writes, or a reason that fits an answer.
pub fn request(bytes: &[u8]) {
    if let Ok((remote, proof)) = parse_remote_request(bytes) {
        assert_eq!(
            parse_request(bytes).ok(),
            proof.is_none().then_some(remote),
            "only a gateway brings a proof"
        );
    }
    match parse_request(bytes) {
        Ok(request) => {
            let line = request_line(&request);
            assert!(line.ends_with('\n') && line.len() <= MAX_REQUEST.max(2 * bytes.len()));
            assert_eq!(parse_request(line.trim_end().as_bytes()), Ok(request));
        }
        Err(why) => assert!(!why.is_empty() && !why.contains('\n'), "{why}"),
    }
}
