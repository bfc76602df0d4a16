//! Identifies the client of a connection, and its right. The kernel tells both, not the client.

use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;

use limen_core::event::Caller;

/// The largest number of groups of a process that are checked; the kernel's limit is 65536, a person has few.
const MAX_GROUPS: usize = 1024;

/// The right of a client. Each right includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// For everybody who may open the socket.
    Everybody,
    /// For the site's operators: unlock, change the mode, acknowledge alarms, follow events.
    Operator,
    /// For root and the service's user.
    Administrator,
}

/// A client, as the kernel knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The client's user and process, for the records.
    pub caller: Caller,
    /// The client's highest right.
    pub right: Right,
}

impl Peer {
    /// Asks the kernel who is at the other end. Members of the group `operators` are operators.
    pub fn of(stream: &UnixStream, operators: Option<u32>) -> io::Result<Self> {
        let credentials = rustix::net::sockopt::socket_peercred(stream)?;
        let caller = Caller { uid: credentials.uid.as_raw(), pid: credentials.pid.as_raw_nonzero().get() };
        let is_operator = |group| {
            credentials.gid.as_raw() == group
                || supplementary_groups(stream).is_ok_and(|groups| groups.contains(&group))
        };
        let right = if caller.uid == 0 || caller.uid == rustix::process::geteuid().as_raw() {
            Right::Administrator
        } else if operators.is_some_and(is_operator) {
            Right::Operator
        } else {
            Right::Everybody
        };
        Ok(Self { caller, right })
    }
}

/// The groups that the client had when it connected: SO_PEERGROUPS of unix(7), which rustix does not offer.
fn supplementary_groups(stream: &UnixStream) -> io::Result<Vec<u32>> {
    let mut groups = vec![0_u32; MAX_GROUPS];
    let mut bytes = libc::socklen_t::try_from(size_of_val(groups.as_slice())).unwrap_or(0);
    // SAFETY: the descriptor is open while `stream` is borrowed; the kernel writes at most `bytes` bytes,
    // which is the size of `groups`, and any bit pattern is a u32.
    let outcome = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERGROUPS,
            groups.as_mut_ptr().cast(),
            &mut bytes,
        )
    };
    if outcome != 0 {
        return Err(io::Error::last_os_error());
    }
    groups.truncate(bytes as usize / size_of::<u32>());
    Ok(groups)
}

/// The id of a group, from the text of `/etc/group`; a number stands for itself.
pub fn group_number(groups: &str, name: &str) -> Option<u32> {
    let line = groups.lines().find(|line| line.split(':').next() == Some(name));
    let number = line.and_then(|line| line.split(':').nth(2)).unwrap_or(name);
    number.parse().ok()
}

/// The ids of a user and of its group, from the text of `/etc/passwd`; a number stands for itself and its group.
pub fn user_numbers(users: &str, name: &str) -> Option<(u32, u32)> {
    if let Ok(number) = name.parse() {
        return Some((number, number));
    }
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2).map(|number| number.parse().ok());
    numbers.next().flatten().zip(numbers.next().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_knows_the_other_end_of_a_socket() {
        let (ours, _theirs) = UnixStream::pair().expect("a pair");
        let peer = Peer::of(&ours, None).expect("credentials");
        assert_eq!(peer.caller.uid, rustix::process::geteuid().as_raw());
        assert_eq!(peer.right, Right::Administrator, "the service's own user");
        let own: Vec<u32> =
            rustix::process::getgroups().expect("groups").into_iter().map(|group| group.as_raw()).collect();
        assert_eq!(supplementary_groups(&ours).expect("groups"), own);
    }

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let file = "root:x:0:0::/root:/bin/sh\nlimen-gateway-x:x:7:8::/:/\nlimen-gateway:x:990:991::/:/usr/sbin/nologin\n";
        assert_eq!(user_numbers(file, "limen-gateway"), Some((990, 991)));
        assert_eq!(user_numbers(file, "limen"), None);
        assert_eq!(user_numbers(file, "1234"), Some((1234, 1234)));
        assert_eq!(user_numbers("limen-gateway:x:\n", "limen-gateway"), None);
    }

    #[test]
    fn a_group_is_found_by_its_whole_name() {
        let file = "root:x:0:\nlimen-operators:x:991:ada\nlimen:x:990:\n";
        assert_eq!(group_number(file, "limen"), Some(990));
        assert_eq!(group_number(file, "limen-operators"), Some(991));
        assert_eq!(group_number(file, "nobody-knows"), None);
        assert_eq!(group_number(file, "1234"), Some(1234));
    }
}
