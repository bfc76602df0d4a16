//! Random edits, mistakes, reloads and restarts: a fallback lets in nobody whom an edit removed.

use std::collections::BTreeMap;
use std::path::Path;

use limen_core::people::Standing;
use proptest::prelude::*;

use super::super::Roster;
use super::super::last_good::{self, KeptPerson};
use super::super::revocation_walks::kept_of;
use super::*;

const WHO: [&str; 4] = ["ada", "bob", "eve", "zoe"];
const PINS: [&str; 2] = ["c2FsdHNhbHRzYWx0", "c2FsdHNhbHRzYWxU"];

/// What the administrator has written about one person.
#[derive(Debug, Clone, Default, PartialEq)]
struct PersonText {
    suspended: bool,
    pin: Option<usize>,
    /// The last day, in June 2027.
    until: Option<i8>,
    groups: Vec<&'static str>,
    /// The number of the picture.
    picture: usize,
}

/// A mistake in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistaken {
    /// An entry that cannot be read.
    Entry,
    /// A missing photograph: the text alone is correct.
    Photograph,
    /// The text is no TOML.
    Syntax,
}

#[derive(Debug, Clone)]
enum Move {
    Edit(usize, Option<PersonText>),
    Mistake(Option<Mistaken>),
    Reload,
    Restart,
}

fn lines() -> impl Strategy<Value = PersonText> {
    let groups = prop::sample::subsequence(vec!["office", "vault"], 0..=2);
    let rest = (prop::option::of(0..2usize), prop::option::of(1..30i8), groups, 0..2usize);
    (prop::bool::weighted(0.2), rest).prop_map(|(suspended, (pin, until, groups, picture))| PersonText {
        suspended,
        pin,
        until,
        groups,
        picture,
    })
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let mistake = prop::sample::select(vec![
        None,
        Some(Mistaken::Entry),
        Some(Mistaken::Photograph),
        Some(Mistaken::Syntax),
    ]);
    let one = prop_oneof![
        4 => (0..WHO.len(), prop::option::weighted(0.7, lines())).prop_map(|(who, lines)| Move::Edit(who, lines)),
        3 => mistake.prop_map(Move::Mistake),
        5 => Just(Move::Reload),
        2 => Just(Move::Restart),
    ];
    prop::collection::vec(one, 1..40)
}

/// The gallery file of the administrator.
#[derive(Debug, Clone, Default)]
struct FileText {
    people: BTreeMap<usize, PersonText>,
    mistake: Option<Mistaken>,
}

impl FileText {
    fn text(&self) -> String {
        let mut text = String::new();
        for (who, lines) in &self.people {
            let (id, picture) = (WHO[*who], lines.picture);
            text.push_str(&format!(
                "[[person]]\nid = \"{id}\"\nname = \"{id}\"\nphotos = [\"{id}-{picture}.jpg\"]\n"
            ));
            text.push_str(&format!("suspended = {}\ngroups = {:?}\n", lines.suspended, lines.groups));
            lines.pin.into_iter().for_each(|pin| text.push_str(&pin_line(pin)));
            lines
                .until
                .into_iter()
                .for_each(|day| text.push_str(&format!("valid-until = 2027-06-{day:02}\n")));
        }
        match self.mistake {
            Some(Mistaken::Entry) => text.push_str("[[person]]\nid = \"Kim\"\ncolour = true\n"),
            Some(Mistaken::Syntax) => text.push_str("[[person]\n"),
            Some(Mistaken::Photograph) | None => {}
        }
        text
    }

    fn is_toml(&self) -> bool {
        self.mistake != Some(Mistaken::Syntax)
    }

    /// The gallery that the daemon makes of it, if the file is good.
    fn good(&self) -> Option<Kept> {
        let roster = Roster::parse(&self.text(), Path::new("gallery.toml"));
        let roster = roster.ok().filter(|_| self.mistake.is_none())?;
        Some(kept_of(roster, b"picture"))
    }
}

fn pin_line(which: usize) -> String {
    let salt = PINS[which];
    format!("pin = \"$argon2id$v=19$m=19456,t=2,p=1${salt}$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\n")
}

/// A daemon reduced to its galleries, in force and on the disk.
struct TestDaemon {
    at_boot: AtBoot,
    in_force: Option<Kept>,
    on_disk: Option<Kept>,
}

impl TestDaemon {
    fn reload(&mut self, file: &FileText) -> Option<Fallback> {
        if let Some(good) = file.good() {
            self.on_disk = Some(written_and_read(&good));
            self.in_force = Some(good);
            return None;
        }
        let text = file.is_toml().then(|| file.text());
        let (text, photographs) = (text.as_deref(), Photographs::new());
        let fallback = match &self.in_force {
            Some(known) => fall_back(Some(known.clone()), RefusedWhen::Running, text, &photographs),
            None => fall_back(self.on_disk.clone(), RefusedWhen::Boot(self.at_boot), text, &photographs),
        };
        if let (Some(kept), Some(text)) = (&self.on_disk, text) {
            let narrowed = narrow(kept.clone(), text, &photographs).expect("TOML");
            self.on_disk = Some(written_and_read(&narrowed.kept));
        }
        self.in_force = fallback.kept.clone();
        Some(fallback)
    }

    fn restart(&mut self, file: &FileText) -> Option<Fallback> {
        self.in_force = None;
        self.reload(file)
    }
}

fn written_and_read(kept: &Kept) -> Kept {
    let text = last_good::write(&kept.people).expect("JSON");
    let read = Kept { people: last_good::read(&text).expect("what was written") };
    assert_eq!(&read, kept);
    read
}

/// What the last readable file said of each person.
#[derive(Default)]
struct Ledger {
    said: Option<BTreeMap<usize, PersonText>>,
    /// What the last file without mistakes said.
    good: Option<BTreeMap<usize, PersonText>>,
}

impl Ledger {
    fn read(&mut self, file: &FileText) {
        if file.is_toml() {
            self.said = Some(file.people.clone());
        }
        if file.mistake.is_none() {
            self.good = Some(file.people.clone());
        }
    }

    /// Checks that each person in force may do no more than each of these says.
    fn check(&self, in_force: &Kept) -> Result<(), TestCaseError> {
        for person in &in_force.people {
            let who = WHO.iter().position(|id| *id == person.id.as_str()).expect("one of them");
            for told in [&self.said, &self.good] {
                let lines = told.as_ref().and_then(|people| people.get(&who));
                prop_assert!(lines.is_some(), "{} was taken out", person.id);
                let lines = lines.expect("just looked");
                prop_assert!(allows(lines, person), "{person:?} has more than {lines:?}");
            }
        }
        Ok(())
    }
}

fn allows(lines: &PersonText, person: &KeptPerson) -> bool {
    let Standing { suspended, valid_until, groups, means, .. } = &person.standing;
    let pin = means.pin.as_ref().map(|pin| format!("pin = \"{pin}\"\n"));
    let days = lines.until.is_none_or(|last| valid_until.is_some_and(|day| day.day() <= last));
    let of_the_file = |group: &str| lines.groups.contains(&group);
    // A person in no group may enter at any time.
    let groups = lines.groups.is_empty()
        || (!groups.is_empty() && groups.iter().all(|group| of_the_file(group.as_str())));
    let picture = format!("{}-{}.jpg", person.id, lines.picture);
    let pictures = person.photos.iter().all(|(path, _)| path.to_str() == Some(picture.as_str()));
    let pins = pin.is_none() || pin == lines.pin.map(pin_line);
    *suspended || (!lines.suspended && days && groups && pictures && pins)
}

fn walk(at_boot: AtBoot, moves: Vec<Move>) -> Result<(), TestCaseError> {
    let (mut file, mut ledger) = (FileText::default(), Ledger::default());
    let mut daemon = TestDaemon { at_boot, in_force: None, on_disk: None };
    for one in moves {
        let fallback = match one {
            Move::Edit(who, None) => {
                file.people.remove(&who);
                continue;
            }
            Move::Edit(who, Some(lines)) => {
                file.people.insert(who, lines);
                continue;
            }
            Move::Mistake(mistake) => {
                file.mistake = mistake;
                continue;
            }
            Move::Reload => {
                ledger.read(&file);
                daemon.reload(&file)
            }
            Move::Restart => {
                ledger.read(&file);
                daemon.restart(&file)
            }
        };
        if let Some(in_force) = &daemon.in_force {
            ledger.check(in_force)?;
            prop_assert!(fallback.is_none_or(|f| f.in_force != InForce::Nobody));
        }
        if file.mistake.is_none() {
            prop_assert_eq!(&daemon.in_force, &file.good(), "a good file is in force as it is");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_sequence_of_edits_mistakes_reloads_and_restarts_lets_in_whom_an_edit_took_out(moves in moves()) {
        for at_boot in [AtBoot::Refuse, AtBoot::LastGood] {
            walk(at_boot, moves.clone())?;
        }
    }

    #[test]
    fn a_mistake_alone_locks_nobody_out(people in prop::collection::btree_map(0..WHO.len(), lines(), 1..4)) {
        let mut daemon = TestDaemon { at_boot: AtBoot::Refuse, in_force: None, on_disk: None };
        let mut file = FileText { people, mistake: None };
        daemon.reload(&file);
        for mistake in [Mistaken::Entry, Mistaken::Photograph] {
            file.mistake = Some(mistake);
            let good = FileText { mistake: None, ..file.clone() }.good();
            daemon.reload(&file);
            prop_assert_eq!(&daemon.in_force, &good);
            daemon.restart(&file);
            prop_assert_eq!(&daemon.in_force, &good);
        }
    }
}

fn kept(names: &[&str]) -> Kept {
    let people = names.iter().map(|name| {
        let who = WHO.iter().position(|id| id == name).expect("one of them");
        (who, PersonText::default())
    });
    FileText { people: people.collect(), mistake: None }.good().expect("no mistake")
}

#[test]
fn at_a_start_where_nothing_can_be_read_nobody_enters_unless_the_site_says_so() {
    let known = kept(&["ada"]);
    let start =
        |at_boot| fall_back(Some(known.clone()), RefusedWhen::Boot(at_boot), None, &Photographs::new());
    assert_eq!(start(AtBoot::Refuse).kept, None);
    let last = start(AtBoot::LastGood);
    assert_eq!((last.kept, last.in_force, last.narrowed), (Some(known.clone()), InForce::LastGood, None));
    let running = fall_back(Some(known.clone()), RefusedWhen::Running, None, &Photographs::new());
    assert_eq!((running.kept, running.in_force), (Some(known), InForce::Before));
}

#[test]
fn what_is_taken_from_a_hundred_thousand_people_is_added_up_in_no_time() {
    let ids = |from: u32| (from..from + 50_000).map(|n| PersonId::new(&format!("p{n:06}")).expect("an id"));
    let all = |from| Withdrawal { out: ids(from).collect(), held: vec![], limited: vec![] };
    let mut taken = Withdrawal { held: ids(25_000).collect(), limited: ids(50_000).collect(), ..all(0) };
    let begun = std::time::Instant::now();
    taken.add(&all(10));
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    assert_eq!((taken.out.len(), taken.held.len(), taken.limited.len()), (50_010, 24_990, 25_000));
}

#[test]
fn the_trouble_says_what_is_in_force_and_who_still_can_enter() {
    let of = |refused, in_force, taken| GalleryTrouble { refused, why: String::new(), in_force, taken };
    let trouble = |in_force, taken| of(RefusedPart::Gallery, in_force, taken);
    let id = |text: &str| PersonId::new(text).expect("an id");
    let unread = trouble(InForce::Before, None);
    assert!(unread.still_can_enter() && unread.to_string().ends_with("STILL CAN ENTER"), "{unread}");
    let nobody = trouble(InForce::Nobody, None);
    assert!(!nobody.still_can_enter() && nobody.to_string().ends_with("nobody enters by face"), "{nobody}");
    let mut taken = Withdrawal { out: vec![id("ada")], held: vec![id("bob")], limited: vec![] };
    taken.add(&Withdrawal { out: vec![id("bob")], held: vec![id("ada")], limited: vec![id("eve")] });
    assert_eq!(
        trouble(InForce::LastGood, Some(taken)).to_string(),
        "the gallery file is refused; the last good gallery is in force, less what the file takes away: no longer \
         named: ada, bob; with less than before: eve"
    );
    let nothing = trouble(InForce::Before, Some(Withdrawal::default()));
    assert_eq!(nothing.to_string(), "the gallery file is refused; what was in force stays in force");
    let held = Withdrawal { held: vec![id("bob")], ..Withdrawal::default() };
    assert_eq!(
        of(RefusedPart::Configuration, InForce::Before, Some(held)).to_string(),
        "the configuration is refused; what was in force stays in force, less what the gallery file takes away: \
         suspended, or held back until the mistakes are mended: bob"
    );
    let store = of(RefusedPart::Store, InForce::LastGood, None).to_string();
    assert!(
        store.starts_with("the template store is refused; the last good")
            && store.contains("the gallery file can")
    );
    let records = of(RefusedPart::Records, InForce::Nobody, None).to_string();
    assert_eq!(records, "the records cannot be read; nobody enters by face");
}
