//! One fact of every kind: how it is written, and that it loses everybody whom it names.

use std::iter::successors;

use limen_core::credential::Factor;
use limen_core::event::{
    AlarmKind, AlarmStep, Behind, Caller, ChallengeOutcome, EntryDevice, EntryMistake, FactorRefusal, Input,
    LivenessProof, Mode, ModeSource, Part, Refusal, Relock, StoreChange, Unusable,
};

use super::super::line::Beside;
use super::*;

const ROOT: Caller = Caller { uid: 0, pid: 7 };

/// What each of [`facts`] is in JSON. These names and their order are a promise.
const WRITTEN: [&str; 23] = [
    r#"{"kind":"started","version":"1.0","model":"ab","driver":"gpio"}"#,
    r#"{"kind":"stopped"}"#,
    r#"{"kind":"granted","grant":"face","person":"zoe","second":"bob","factors":["pin"],"liveness":"challenge","track":7,"distance":0.25,"unlock_ms":5000,"caller":{"uid":0,"pid":7}}"#,
    r#"{"kind":"waiting","track":7,"person":"zoe","seconds":10,"factors":["card"]}"#,
    r#"{"kind":"challenged","track":7,"person":"zoe","outcome":"wrong-turn","attempt":1,"took_ms":900}"#,
    r#"{"kind":"factor-refused","factor":"pin","why":"wrong","person":"zoe","locked_out_s":30}"#,
    r#"{"kind":"entry-mistaken","device":"keypad","mistake":"too-long","count":2}"#,
    r#"{"kind":"refused","track":7,"refusal":{"why":"unusable","detail":"too-dark"},"nearest":"zoe","distance":0.875,"frames":3}"#,
    r#"{"kind":"locked","why":"time-over","caller":null}"#,
    r#"{"kind":"fault","part":"camera","what":"gone"}"#,
    r#"{"kind":"recovered","part":"camera","after_ms":40}"#,
    r#"{"kind":"gallery-loaded","people":2,"templates":3,"added":["bob","zoe"],"removed":["zoe"],"store":4}"#,
    r#"{"kind":"template-refused","person":"zoe"}"#,
    r#"{"kind":"store-changed","how":"rotate","store":4,"caller":null}"#,
    r#"{"kind":"gallery-refused","what":"gallery.toml:3: \"zoe\": no face"}"#,
    r#"{"kind":"risk","what":"one"}"#,
    r#"{"kind":"input","input":"rex","active":true,"changes":1,"at_start":true}"#,
    r#"{"kind":"alarm","alarm":"duress","step":"raised","caller":{"uid":0,"pid":7}}"#,
    r#"{"kind":"mode","mode":"lock-down","source":"kept","caller":{"uid":0,"pid":7}}"#,
    r#"{"kind":"command","command":"lock","caller":{"uid":0,"pid":7},"behind":"broker","refused":"no"}"#,
    r#"{"kind":"commands-left-out","count":5}"#,
    r#"{"kind":"snapshot","caller":{"uid":0,"pid":7}}"#,
    r#"{"kind":"gap","what":"two"}"#,
];

/// What [`facts`] name people by, in the order of the records.
const NAMED: [(&str, &str); 11] = [
    ("person", "zoe"),
    ("second", "bob"),
    ("person", "zoe"),
    ("person", "zoe"),
    ("person", "zoe"),
    ("nearest", "zoe"),
    ("added", "bob"),
    ("added", "zoe"),
    ("removed", "zoe"),
    ("person", "zoe"),
    ("what", "gallery.toml:3: \"zoe\": no face"),
];

/// One of every kind, with every field that there is.
fn facts() -> Vec<Fact> {
    successors(next(None), |fact| next(Some(fact))).collect()
}

/// The example after this one. A new kind does not compile until it has its place here.
fn next(fact: Option<&Fact>) -> Option<Fact> {
    let text = str::to_owned;
    Some(match fact {
        None => Fact::Started { version: text("1.0"), model: text("ab"), driver: text("gpio") },
        Some(Fact::Started { .. }) => Fact::Stopped,
        Some(Fact::Stopped) => granted_to_both(),
        Some(Fact::Granted { .. }) => Fact::Waiting {
            track: TrackId(7),
            person: someone("zoe"),
            seconds: 10,
            factors: vec![Factor::Card],
        },
        Some(Fact::Waiting { .. }) => Fact::Challenged {
            track: TrackId(7),
            person: someone("zoe"),
            outcome: ChallengeOutcome::WrongTurn,
            attempt: 1,
            took_ms: 900,
        },
        Some(Fact::Challenged { .. }) => wrong_pin(),
        Some(Fact::FactorRefused { .. }) => {
            Fact::EntryMistaken { device: EntryDevice::Keypad, mistake: EntryMistake::TooLong, count: 2 }
        }
        Some(Fact::EntryMistaken { .. }) => too_dark(),
        Some(Fact::Refused { .. }) => Fact::Locked { why: Relock::TimeOver, caller: None },
        Some(Fact::Locked { .. }) => Fact::Fault { part: Part::Camera, what: text("gone") },
        Some(Fact::Fault { .. }) => Fact::Recovered { part: Part::Camera, after_ms: 40 },
        Some(Fact::Recovered { .. }) => in_force(),
        Some(Fact::GalleryLoaded { .. }) => Fact::TemplateRefused { person: Some(someone("zoe")) },
        Some(Fact::TemplateRefused { .. }) => {
            Fact::StoreChanged { how: StoreChange::Rotate, store: 4, caller: None }
        }
        Some(Fact::StoreChanged { .. }) => no_face(),
        Some(Fact::GalleryRefused { .. }) => risk("one"),
        Some(Fact::Risk { .. }) => {
            Fact::Input { input: Input::Rex, active: true, changes: 1, at_start: true }
        }
        Some(Fact::Input { .. }) => {
            Fact::Alarm { alarm: AlarmKind::Duress, step: AlarmStep::Raised, caller: Some(ROOT) }
        }
        Some(Fact::Alarm { .. }) => {
            Fact::Mode { mode: Mode::LockDown, source: ModeSource::Kept, caller: Some(ROOT) }
        }
        Some(Fact::Mode { .. }) => Fact::Command {
            command: text("lock"),
            caller: ROOT,
            behind: Some(Behind::Broker),
            refused: Some(text("no")),
        },
        Some(Fact::Command { .. }) => Fact::CommandsLeftOut { count: 5 },
        Some(Fact::CommandsLeftOut { .. }) => Fact::Snapshot { caller: ROOT },
        Some(Fact::Snapshot { .. }) => Fact::Gap { what: text("two") },
        Some(Fact::Gap { .. }) => return None,
    })
}

fn granted_to_both() -> Fact {
    Fact::Granted {
        grant: GrantKind::Face,
        person: Some(someone("zoe")),
        second: Some(someone("bob")),
        factors: vec![Factor::Pin],
        liveness: Some(LivenessProof::Challenge),
        track: Some(TrackId(7)),
        distance: Some(0.25),
        unlock_ms: Some(5000),
        caller: Some(ROOT),
    }
}

fn wrong_pin() -> Fact {
    Fact::FactorRefused {
        factor: Factor::Pin,
        why: FactorRefusal::Wrong,
        person: Some(someone("zoe")),
        locked_out_s: Some(30),
    }
}

fn too_dark() -> Fact {
    Fact::Refused {
        track: TrackId(7),
        refusal: Refusal::Unusable(Unusable::TooDark),
        nearest: Some(someone("zoe")),
        distance: Some(0.875),
        frames: 3,
    }
}

fn in_force() -> Fact {
    Fact::GalleryLoaded {
        people: 2,
        templates: 3,
        added: vec![someone("bob"), someone("zoe")],
        removed: vec![someone("zoe")],
        store: Some(4),
    }
}

fn no_face() -> Fact {
    Fact::GalleryRefused { what: Personal("gallery.toml:3: \"zoe\": no face".to_owned()) }
}

/// The lines of a folder, without the chain's own.
fn lines(settings: &AuditSettings) -> Vec<String> {
    let closed = closed_files(&settings.folder).expect("listed").into_iter();
    let files =
        closed.chain([settings.folder.join(CURRENT)]).map(|file| fs::read_to_string(file).expect("text"));
    let lines: Vec<String> =
        files.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let own = |line: &String| {
        let line = line::RecordLine::parse(line.as_bytes()).expect("a record");
        record::ChainFact::is_kind(line.head.fact.kind)
    };
    lines.into_iter().filter(|line| !own(line)).collect()
}

/// What lies beside these lines: keys and values.
fn items(lines: &[String]) -> Vec<(String, String)> {
    let mut items = Vec::new();
    for line in lines {
        if let Beside::Personal(part) = line::RecordLine::parse(line.as_bytes()).expect("a record").beside {
            let pieces = personal::pieces(part).expect("items");
            items.extend(pieces.iter().filter_map(personal::Piece::item).map(|item| (item.key, item.value)));
        }
    }
    items
}

#[test]
fn a_fact_of_every_kind_is_written_as_it_always_was() {
    let written: Vec<_> = facts().iter().map(|fact| serde_json::to_string(fact).expect("JSON")).collect();
    assert_eq!(written, WRITTEN);
}

#[test]
fn whom_a_fact_names_stands_beside_its_record_and_is_read_back() {
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, facts());
    let lines = lines(&settings);
    let named = items(&lines);
    assert_eq!(named.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>(), NAMED);
    for (line, written) in lines.iter().zip(WRITTEN) {
        let line = line::RecordLine::parse(line.as_bytes()).expect("a record");
        let core = String::from_utf8(line.core()).expect("text");
        assert!(!core.contains("zoe") && !core.contains("bob"), "{core}");
        let fact = Record::of_line(&line).expect("a record").fact;
        assert_eq!(fact, serde_json::from_str::<serde_json::Value>(written).expect("JSON"));
    }
}

#[test]
fn whoever_is_forgotten_is_in_no_fact_of_any_kind() {
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, facts());
    let naming = WRITTEN.iter().filter(|written| written.contains("zoe")).count();
    let forgotten = forget_alone(&settings, now, &id("zoe")).expect("forgotten");
    assert_eq!(forgotten, Forgotten { records: naming, old: 0 });
    assert!(!all_text(&settings.folder).contains("zoe"));
    assert_eq!(items(&lines(&settings)).len(), 2, "bob stays");
    sound(&settings);
}
