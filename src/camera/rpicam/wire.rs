//! The socket between limen and the unit of the camera: lines, descriptors that travel with one, and who is at the other
//! end.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

use super::message::LONGEST;

/// The most descriptors that are taken with one line; more are closed.
const MOST_DESCRIPTORS: usize = 4;

/// The user at the other end, as the kernel knows it: who connected, or who listens.
pub(super) fn user_of(stream: &UnixStream) -> io::Result<u32> {
    Ok(rustix::net::sockopt::socket_peercred(stream)?.uid.as_raw())
}

/// Sends a line, with descriptors.
pub(super) fn send(stream: &UnixStream, line: &[u8], descriptors: &[OwnedFd]) -> io::Result<()> {
    let borrowed: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !borrowed.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&borrowed)) {
        return Err(io::Error::other("too many descriptors for one message"));
    }
    let sent = sendmsg(stream, &[IoSlice::new(line)], &mut control, SendFlags::NOSIGNAL)?;
    // A line is far shorter than a socket's buffer: it goes at once or not at all.
    if sent == line.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Receives one line of at most [`LONGEST`] bytes and what came with it, all within `patience`. An empty line: the other
/// end was closed.
pub(super) fn receive(stream: &UnixStream, patience: Duration) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let deadline = Instant::now() + patience;
    let (mut line, mut descriptors) = (Vec::new(), Vec::new());
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let got = receive_piece(stream, &mut line, &mut descriptors)?;
        if got == 0 {
            line.clear();
            return Ok((line, descriptors));
        }
        if let Some(end) = line.iter().position(|byte| *byte == b'\n') {
            line.truncate(end);
            return Ok((line, descriptors));
        }
        if line.len() > LONGEST {
            return Err(io::Error::other("the line is too long"));
        }
    }
}

fn receive_piece(
    stream: &UnixStream,
    line: &mut Vec<u8>,
    descriptors: &mut Vec<OwnedFd>,
) -> io::Result<usize> {
    let mut bytes = [0; LONGEST];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let got = recvmsg(stream, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags)?.bytes;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(more) = message {
            descriptors.extend(more);
        }
    }
    line.extend_from_slice(&bytes[..got]);
    Ok(got)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn a_pipe_travels_with_its_line_and_works_at_the_other_end() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        send(&ours, b"{}\n", &[reader.into()]).expect("sent");
        let (line, mut descriptors) = receive(&theirs, Duration::from_secs(5)).expect("received");
        assert_eq!(line, b"{}");
        writer.write_all(b"a frame").expect("written");
        drop(writer);
        let mut text = String::new();
        std::fs::File::from(descriptors.remove(0)).read_to_string(&mut text).expect("read");
        assert_eq!(text, "a frame");
        assert!(descriptors.is_empty());
    }

    #[test]
    fn a_line_that_never_ends_or_never_comes_is_an_error_in_time() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let waited = receive(&theirs, Duration::from_millis(50)).expect_err("nothing came").kind();
        assert!(matches!(waited, io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock), "{waited:?}");
        (&ours).write_all(&[b'x'; 3 * LONGEST]).expect("written");
        assert!(receive(&theirs, Duration::from_secs(5)).is_err());
        drop(ours);
    }

    #[test]
    fn the_kernel_says_who_is_at_the_other_end() {
        let (ours, _theirs) = UnixStream::pair().expect("a pair");
        assert_eq!(user_of(&ours).expect("known"), rustix::process::geteuid().as_raw());
    }
}
