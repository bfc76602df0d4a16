//! The lines in the journal: at most one per fact, in plain words. They never have a distance, which is for
//! the audit alone.

use limen_core::credential::Factor;
use limen_core::event::{AlarmKind, AlarmStep, Caller, Fact, GrantKind, Part, Personal};
use limen_core::person::PersonId;
use log::Level;

use crate::door::thread::{DoorReport, LockedBecause};

/// Writes the line of a fact, if it has one.
pub(super) fn tell(fact: &Fact) {
    if let Some((level, line)) = line(fact) {
        log::log!(level, "{line}");
    }
}

/// Writes what the door thread did by itself. What it was told to do, and its failures, are facts with lines
/// of their own.
pub(super) fn tell_of_door(report: &DoorReport) {
    match report {
        DoorReport::Locked { why: LockedBecause::LeaseOver | LockedBecause::Mended, .. } => {
            log::info!("door: {report}");
        }
        DoorReport::Unlocked(_) | DoorReport::Locked { .. } | DoorReport::Failed(_) => {
            log::debug!("door: {report}");
        }
    }
}

/// The line that says which signal ends the daemon.
pub(super) fn signal(number: i32) -> String {
    let name = signal_hook::low_level::signal_name(number).unwrap_or("a signal");
    format!("stopping: received {name} ({number})")
}

fn line(fact: &Fact) -> Option<(Level, String)> {
    let (info, warn) = (|line| Some((Level::Info, line)), |line| Some((Level::Warn, line)));
    match fact {
        Fact::Granted { grant, person, second, factors, caller, .. } => {
            info(granted(*grant, person.as_ref(), second.as_ref(), factors, *caller))
        }
        Fact::Waiting { person, seconds, factors, .. } => {
            let awaited = if factors.is_empty() { "second person".to_owned() } else { joined(factors, "or") };
            info(format!("{person} has {seconds} s for a {awaited}"))
        }
        Fact::Challenged { person, outcome, attempt, .. } => {
            info(format!("{person} was asked to turn the head, attempt {attempt}: {outcome}"))
        }
        Fact::FactorRefused { factor, why, person: Some(person), .. } => {
            info(format!("{factor} refused to {person}: {why}"))
        }
        Fact::FactorRefused { factor, why, .. } => info(format!("{factor} refused: {why}")),
        Fact::EntryMistaken { device, mistake, count } => {
            warn(format!("{device}: {mistake}{}", times(*count)))
        }
        Fact::Refused { track, refusal, frames, .. } => {
            info(format!("refused, track {track}, {frames} frames compared: {refusal}"))
        }
        Fact::Locked { why, caller } => info(format!("locked: {why}{}", by(*caller))),
        // The mistakes in the gallery file have lines of their own.
        Fact::Fault { part: Part::Gallery, .. } => None,
        Fact::Fault { part, what } => Some((Level::Error, format!("fault of the {part}: {what}"))),
        Fact::Recovered { part, after_ms } => info(format!("the {part} is back after {}", time(*after_ms))),
        Fact::GalleryLoaded { people, templates, added, removed, .. } => info(format!(
            "gallery in force: {people} people, {templates} templates ({} new, {} gone)",
            added.len(),
            removed.len()
        )),
        Fact::StoreChanged { how, store, caller } => {
            warn(format!("the template store is {how}; its number is now {store}{}", by(*caller)))
        }
        Fact::TemplateRefused { .. }
        | Fact::GalleryRefused { .. }
        | Fact::Started { .. }
        | Fact::Stopped
        | Fact::Risk { .. } => None,
        Fact::Input { input, active, changes, .. } => {
            let changes = if *changes > 1 { format!(", after {changes} changes") } else { String::new() };
            info(format!("{}{changes}", input.in_words(*active)))
        }
        Fact::Alarm { alarm, step: AlarmStep::Raised | AlarmStep::Warned, .. } if is_told(*alarm) => None,
        Fact::Alarm { alarm, step, caller } => warn(format!("alarm {alarm} {step}{}", by(*caller))),
        Fact::Mode { mode, source, caller } => info(format!("mode {mode}, {source}{}", by(*caller))),
        Fact::Command { command, behind: Some(behind), refused: None, .. } => {
            info(format!("{command}, from the network by {behind}"))
        }
        Fact::Command { command, behind: Some(behind), refused: Some(why), .. } => {
            warn(format!("{command} refused to {behind}, from the network: {why}"))
        }
        Fact::Command { command, caller, refused: None, .. } => {
            info(format!("{command}{}", by(Some(*caller))))
        }
        Fact::Command { command, caller, refused: Some(why), .. } => {
            warn(format!("{command} refused to user {}: {why}", caller.uid))
        }
        Fact::CommandsLeftOut { count } => {
            warn(format!("{count} commands were not recorded one by one: there were too many"))
        }
        Fact::Snapshot { caller } => {
            warn(format!("a picture of the camera was handed to user {}", caller.uid))
        }
        Fact::Gap { what } => warn(format!("audit: {what}")),
    }
}

/// Whether an alarm gets no line: a silent alarm must not show anywhere, and a fault has a line already.
fn is_told(alarm: AlarmKind) -> bool {
    alarm.is_silent()
        || matches!(
            alarm,
            AlarmKind::CameraLost
                | AlarmKind::LockFault
                | AlarmKind::AuditFailed
                | AlarmKind::DiskShort
                | AlarmKind::GalleryFault
                | AlarmKind::StoreFault
                | AlarmKind::TargetMissed
                | AlarmKind::ClockFault
                | AlarmKind::ModeFault
        )
}

fn granted(
    grant: GrantKind,
    person: Option<&Personal<PersonId>>,
    second: Option<&Personal<PersonId>>,
    factors: &[Factor],
    caller: Option<Caller>,
) -> String {
    let who = match (person, second) {
        (Some(person), Some(second)) => format!("{person}, with {second},"),
        (Some(person), None) => format!("{person},"),
        (None, _) => return format!("unlocked {grant}{}", by(caller)),
    };
    let proven = if factors.is_empty() { String::new() } else { format!(" and {}", joined(factors, "and")) };
    format!("granted to {who} {grant}{proven}")
}

fn joined(factors: &[Factor], word: &str) -> String {
    factors.iter().map(ToString::to_string).collect::<Vec<_>>().join(&format!(" {word} "))
}

fn by(caller: Option<Caller>) -> String {
    caller.map_or_else(String::new, |caller| format!(", asked by user {}", caller.uid))
}

fn times(count: u32) -> String {
    if count > 1 { format!(" ({count} times)") } else { String::new() }
}

fn time(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..120_000 => format!("{} s", ms / 1000),
        _ => format!("{} min", ms / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limen_core::event::{Input, Mode, ModeSource, Part, Relock, StoreChange, TrackId};

    const ROOT: Caller = Caller { uid: 0, pid: 7 };

    fn said(fact: Fact) -> String {
        line(&fact).map_or_else(String::new, |(_, line)| line)
    }

    fn ada() -> Personal<PersonId> {
        Personal(PersonId::new("ada").expect("an id"))
    }

    fn grant(grant: GrantKind, person: Option<Personal<PersonId>>, caller: Option<Caller>) -> Fact {
        let track = person.as_ref().map(|_| TrackId(3));
        let (second, factors) = (None, Vec::new());
        Fact::Granted {
            grant,
            person,
            second,
            factors,
            liveness: None,
            track,
            distance: Some(0.123),
            unlock_ms: Some(5),
            caller,
        }
    }

    #[test]
    fn who_was_let_in_and_by_what_is_said_without_a_distance() {
        assert_eq!(said(grant(GrantKind::Face, Some(ada()), None)), "granted to ada, by their face");
        let both = Fact::Granted {
            grant: GrantKind::Face,
            person: Some(ada()),
            second: PersonId::new("bob").ok().map(Personal),
            factors: vec![Factor::Pin],
            liveness: None,
            track: None,
            distance: Some(0.5),
            unlock_ms: None,
            caller: None,
        };
        assert_eq!(said(both), "granted to ada, with bob, by their face and PIN");
        assert_eq!(said(grant(GrantKind::Manual, None, Some(ROOT))), "unlocked by command, asked by user 0");
        assert_eq!(said(grant(GrantKind::Rex, None, None)), "unlocked by the exit button");
    }

    #[test]
    fn locking_modes_inputs_and_the_store_are_said_in_words() {
        let lock = |why, caller| said(Fact::Locked { why, caller });
        assert_eq!(lock(Relock::TimeOver, None), "locked: the unlock time is over");
        assert_eq!(lock(Relock::Command, Some(ROOT)), "locked: by command, asked by user 0");
        let mode = Fact::Mode { mode: Mode::LockDown, source: ModeSource::Schedule, caller: None };
        assert_eq!(said(mode), "mode lock-down, by a schedule");
        let input = |changes| Fact::Input { input: Input::Rex, active: true, changes, at_start: false };
        assert_eq!(said(input(1)), "exit button: pressed");
        assert_eq!(said(input(3)), "exit button: pressed, after 3 changes");
        let store = Fact::StoreChanged { how: StoreChange::Rotate, store: 4, caller: Some(ROOT) };
        assert_eq!(
            said(store),
            "the template store is sealed with a new key; its number is now 4, asked by user 0"
        );
        assert_eq!(
            said(Fact::Recovered { part: Part::Camera, after_ms: 2500 }),
            "the camera is back after 2 s"
        );
    }

    #[test]
    fn no_line_has_a_name_of_the_programs_own_types() {
        let relocks = [
            Relock::TimeOver,
            Relock::Command,
            Relock::Revoked,
            Relock::Shutdown,
            Relock::Fault,
            Relock::Closed,
            Relock::Mode,
            Relock::FireOver,
        ];
        let grants = [GrantKind::Face, GrantKind::Manual, GrantKind::Rex, GrantKind::Mode, GrantKind::Fire];
        let sources = [ModeSource::Schedule, ModeSource::Command, ModeSource::Kept];
        let facts = relocks.map(|why| Fact::Locked { why, caller: None }).into_iter();
        let facts = facts.chain(grants.map(|kind| grant(kind, None, None)));
        let facts =
            facts.chain(sources.map(|source| Fact::Mode { mode: Mode::Normal, source, caller: None }));
        for fact in facts {
            let line = said(fact);
            assert!(!line.contains(|c: char| c.is_ascii_uppercase()), "{line}");
        }
    }

    #[test]
    fn one_fault_is_one_line_although_it_raises_an_alarm() {
        let facts = [
            Fact::Fault { part: Part::Camera, what: "/dev/video0: is gone".to_owned() },
            Fact::Alarm { alarm: AlarmKind::CameraLost, step: AlarmStep::Raised, caller: None },
        ];
        let lines: Vec<_> = facts.iter().filter_map(line).collect();
        assert_eq!(lines, [(Level::Error, "fault of the camera: /dev/video0: is gone".to_owned())]);
        let duress = Fact::Alarm { alarm: AlarmKind::Duress, step: AlarmStep::Raised, caller: None };
        assert_eq!(line(&duress), None);
        let forced = Fact::Alarm { alarm: AlarmKind::DoorForced, step: AlarmStep::Raised, caller: None };
        assert_eq!(said(forced), "alarm door-forced raised");
    }

    #[test]
    fn a_signal_is_called_by_its_name() {
        assert_eq!(signal(15), "stopping: received SIGTERM (15)");
    }
}
