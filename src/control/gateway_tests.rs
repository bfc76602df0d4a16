//! The gateway's socket: for one user alone, with places and a pace of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::protocol::yes;
use super::{Acceptance, ControlServer, Entrance, Heard, MAX_GATEWAY, Origin};

/// A server that is for this user, and what it hears.
fn server(folder: &tempfile::TempDir, user: u32) -> (PathBuf, ControlServer, Receiver<Heard>) {
    let path = folder.path().join("gateway.sock");
    let (sender, heard) = channel();
    let entrance = Entrance::Gateway { user, group: rustix::process::getegid().as_raw() };
    let take = move |one| {
        if let Heard::Asked(asked) = &one {
            drop(asked.reply.send(yes(serde_json::json!({ "a": 1 }))));
        }
        drop(sender.send(one));
        Acceptance::Yes
    };
    (path.clone(), ControlServer::start(&path, entrance, take).expect("a folder to listen in"), heard)
}

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn answer_to(path: &PathBuf, line: &str) -> String {
    let mut stream = UnixStream::connect(path).expect("listening");
    // Who is turned away may be so before it has asked.
    let _ = stream.write_all(line.as_bytes());
    let mut answer = String::new();
    let _ = BufReader::new(stream).read_line(&mut answer);
    answer
}

const STATUS: &str = "{\"v\":1,\"command\":\"status\"}\n";

#[test]
fn another_user_is_turned_away_even_if_it_may_open_the_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, _server, heard) = server(&folder, own_user() + 1);
    assert!(answer_to(&path, STATUS).contains("only the gateway's own user"));
    let told = heard.recv_timeout(Duration::from_secs(9)).expect("told of");
    assert!(matches!(told, Heard::TurnedAway { caller: Some(_), .. }), "{told:?}");
}

#[test]
fn a_request_of_the_gateway_says_that_it_is_the_gateways_even_for_root() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, _server, heard) = server(&folder, own_user());
    let line =
        "{\"v\":1,\"command\":\"unlock\",\"seconds\":3,\"remote\":{\"at_us\":7,\"code\":\"4815162342\"}}\n";
    assert!(answer_to(&path, line).contains("\"a\":1"));
    let Heard::Asked(asked) = heard.recv_timeout(Duration::from_secs(9)).expect("asked") else {
        panic!("refused")
    };
    assert!(matches!(&asked.origin, Origin::Gateway(proof) if proof.at_us == Some(7)), "{:?}", asked.origin);
    assert!(
        answer_to(&path, "{\"v\":1,\"command\":\"reload\"}\n").contains("never has an administrator's right")
    );
}

#[test]
fn clients_that_hang_take_the_gateways_own_places_and_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, _server, _heard) = server(&folder, own_user());
    let hanging: Vec<_> = (0..MAX_GATEWAY).map(|_| UnixStream::connect(&path).expect("listening")).collect();
    assert!(answer_to(&path, STATUS).contains("too many clients"));
    drop(hanging);
    let answered = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        answer_to(&path, STATUS).contains("\"a\":1")
    });
    assert!(answered, "their places are free again");
}

#[test]
fn a_flood_reaches_the_main_thread_only_at_its_pace() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, _server, heard) = server(&folder, own_user());
    let begun = std::time::Instant::now();
    let turned_away = (0..400).filter(|_| answer_to(&path, STATUS).contains("too many requests")).count();
    let most = 41 + begun.elapsed().as_millis() as usize / 50;
    let reached = heard.try_iter().count();
    assert!(reached <= most && reached + turned_away <= 400, "{reached} of {most}");
}
