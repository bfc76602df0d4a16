//! The daemon itself, with recorded pictures and the dry-run lock, over its socket and in its records.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use limen::camera::replay::Replay;
use limen::clocks;
use limen::config::Settings;
use limen::control::{Answer, ControlError, Request, ask};
use limen::daemon::{self, DaemonError, DaemonObserver, Setup, Wiring};
use limen::door::dry_run::DryRun;
use limen::door::thread::DoorReport;
use limen::enrol::{GallerySource, StoreUse};
use limen::pipeline::SeenFrame;
use limen_audit::{ChainVerifier, Sought, newest_records, read_all};
use limen_core::clock::Now;
use limen_core::event::Fact;
use limen_core::policy::Event;
use limen_files::Trust;
use limen_vision::frame::Picture;

use crate::support::{OF_PHOTOGRAPHS, Site, models, nobody, photo, refusal, until_recorded, visitor};

/// Long enough for a busy machine; nothing waits for it where all is well.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells the test of every fact.
pub struct Listener(pub Sender<Fact>);

impl DaemonObserver for Listener {
    fn frame(&mut self, _number: u64, _seen: &SeenFrame, _events: &[Event]) {}
    fn fact(&mut self, _now: Now, fact: &Fact) {
        // The test may have heard enough.
        let _ = self.0.send(fact.clone());
    }
    fn door(&mut self, _report: &DoorReport) {}
}

/// The defaults, with everything in the folder of a site.
pub fn settings_of(site: &Site) -> Settings {
    let mut settings = Settings::defaults();
    settings.gallery = site.path("gallery.toml");
    settings.paths.state = site.path("state");
    settings.paths.runtime = site.path("run");
    settings.audit.folder = site.path("audit");
    let of_photographs = Settings::parse(OF_PHOTOGRAPHS, Path::new("limen.toml")).expect("no mistake");
    settings.rules.liveness = of_photographs.rules.liveness;
    settings
}

/// A daemon that is shown recorded pictures, and its socket.
pub fn rehearsal(site: &Site, settings: Settings, replay: Replay) -> (PathBuf, Setup) {
    for folder in [&settings.paths.state, &settings.paths.runtime] {
        daemon::make_folder(folder).expect("a folder");
    }
    let socket = site.path("run/control.sock");
    let setup = Setup {
        config_file: None,
        gallery: GallerySource {
            file: settings.gallery.clone(),
            store: StoreUse::Own(settings.store_file()),
            trust: Trust::Checked,
        },
        models: models(),
        wiring: Wiring::Rehearsal { replay, lock: DryRun },
        socket: Some(socket.clone()),
        observer: None,
        settings,
    };
    (socket, setup)
}

/// A daemon in this process.
pub struct Running {
    pub settings: Settings,
    socket: PathBuf,
    facts: Receiver<Fact>,
    thread: JoinHandle<Result<(), DaemonError>>,
}

impl Running {
    /// Shows each picture for eight frames and nobody for `gap`, ten frames a second, then ends.
    pub fn start(site: &Site, pictures: Vec<Picture>, gap: u32) -> Self {
        Self::start_by("", site, pictures, gap)
    }

    /// By a configuration's rules of access and of its gallery.
    pub fn start_by(rules: &str, site: &Site, pictures: Vec<Picture>, gap: u32) -> Self {
        let mut settings = settings_of(site);
        let said = Settings::parse(rules, Path::new("limen.toml")).expect("no mistake");
        (settings.access, settings.gallery_at_boot) = (said.access, said.gallery_at_boot);
        settings.rules.on_audit_failure = said.rules.on_audit_failure;
        settings.rules.unlock = Duration::from_secs(1);
        Self::watched(settings, None, site, pictures, gap, Listener)
    }

    /// By a configuration file, which a reload reads again.
    pub fn start_with(config: &Path, site: &Site, pictures: Vec<Picture>, gap: u32) -> Self {
        let settings = Settings::load(config, Trust::Checked).expect("no mistake");
        Self::watched(settings, Some(config.to_owned()), site, pictures, gap, Listener)
    }

    /// With a watcher that is given the way back to the test.
    pub fn watched<W: DaemonObserver + 'static>(
        settings: Settings,
        config_file: Option<PathBuf>,
        site: &Site,
        pictures: Vec<Picture>,
        gap: u32,
        observer: impl FnOnce(Sender<Fact>) -> W + Send + 'static,
    ) -> Self {
        let replay = Replay::new(pictures, Duration::from_millis(100), clocks::moment())
            .expect("pictures")
            .repeat(8)
            .blanks_between(gap)
            .paced(true);
        let (sender, facts) = channel();
        let (socket, setup) = rehearsal(site, settings.clone(), replay);
        let thread = std::thread::spawn(move || {
            daemon::run(Setup { config_file, observer: Some(Box::new(observer(sender))), ..setup })
        });
        Self { settings, socket, facts, thread }
    }

    /// Waits for a fact.
    pub fn until(&self, wanted: impl Fn(&Fact) -> bool) -> Fact {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.facts.recv_timeout(left) {
                Ok(fact) if wanted(&fact) => return fact,
                Ok(_) => {}
                Err(error) => panic!("the fact never came: {error}"),
            }
        }
    }

    pub fn loaded(&self) -> Fact {
        self.until(|fact| matches!(fact, Fact::GalleryLoaded { .. } | Fact::GalleryRefused { .. }))
    }

    pub fn ask(&self, request: Request) -> Result<Answer, ControlError> {
        ask(&self.socket, request)
    }

    /// Waits for the end of the recording, and returns every kind of record in the audit.
    pub fn finish(self) -> Vec<serde_json::Value> {
        self.thread.join().expect("no panic").expect("ends in order");
        let records = newest_records(&self.settings.audit, 1000).expect("readable");
        records.into_iter().map(|record| record.fact).collect()
    }
}

/// What the status says is wrong with a part.
fn trouble_of(status: &Answer, part: &str) -> Option<String> {
    let all = status["trouble"].as_array().expect("a list");
    let of_part = all.iter().find(|trouble| trouble["part"] == part)?;
    of_part["what"].as_str().map(str::to_owned)
}

pub fn of_kind<'a>(records: &'a [serde_json::Value], kind: &str) -> Vec<&'a serde_json::Value> {
    records.iter().filter(|fact| fact["kind"] == kind).collect()
}

#[test]
fn an_enrolled_face_opens_a_strangers_does_not_and_every_decision_is_one_record() {
    let site = Site::with_obama();
    // On a busy machine a record may take longer than the door waits for one; that is another test's matter.
    let rules = "[audit]\non-audit-failure = \"allow-and-alarm\"\n";
    let records = Running::start_by(rules, &site, vec![visitor("obama2"), visitor("biden")], 12).finish();
    let granted = of_kind(&records, "granted");
    assert_eq!(granted.len(), 1, "{records:#?}");
    assert_eq!((&granted[0]["person"], &granted[0]["grant"]), (&"obama".into(), &"face".into()));
    let refused = of_kind(&records, "refused");
    assert_eq!(refused.len(), 1, "one record a track: {records:#?}");
    assert_eq!(refused[0]["refusal"]["why"], "no-match");
    assert_eq!(of_kind(&records, "locked").len(), 1);
    let last = records.iter().rev().take(2).map(|fact| fact["kind"].as_str().expect("a kind"));
    assert_eq!(last.collect::<Vec<_>>(), ["sealed", "stopped"]);
}

#[test]
fn a_photograph_of_somebody_enrolled_opens_nothing_by_default() {
    let site = Site::with_obama();
    let mut settings = settings_of(&site);
    settings.rules.liveness = Settings::defaults().rules.liveness;
    let records = Running::watched(settings, None, &site, vec![visitor("obama2")], 12, Listener).finish();
    assert!(of_kind(&records, "granted").is_empty(), "{records:#?}");
    let refused = of_kind(&records, "refused");
    assert_eq!(refused.len(), 1, "{records:#?}");
    assert_eq!(
        (&refused[0]["refusal"]["why"], &refused[0]["nearest"]),
        (&"liveness-unsure".into(), &"obama".into())
    );
}

#[test]
fn a_bad_gallery_leaves_the_old_one_in_force_and_a_good_one_replaces_it() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody()], 60);
    running.loaded();
    let good = std::fs::read_to_string(site.path("gallery.toml")).expect("text");
    for bad in ["garbage", &format!("{good}{EVE}")] {
        site.write("gallery.toml", bad);
        let error = running.ask(Request::Reload).expect_err("refused").to_string();
        assert!(error.contains("gallery.toml:"), "{error}");
        assert_eq!(running.ask(Request::Status).expect("an answer")["people"], 1);
    }
    site.copy("biden");
    site.write("gallery.toml", good + "[[person]]\nid = \"joe\"\nname = \"Joe\"\nphotos = [\"biden.jpg\"]\n");
    let answer = running.ask(Request::Reload).expect("in force");
    assert_eq!((&answer["people"], &answer["added"]), (&2.into(), &serde_json::json!(["joe"])));
    let records = running.finish();
    assert_eq!(of_kind(&records, "gallery-refused").len(), 2);
}

/// A photograph that is not there.
const EVE: &str = "[[person]]\nid = \"eve\"\nname = \"Eve\"\nphotos = [\"missing.jpg\"]\n";

#[test]
fn whoever_is_taken_out_of_a_gallery_file_with_mistakes_is_out_of_force() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![visitor("obama2")], 60);
    running.until(|fact| matches!(fact, Fact::Granted { .. }));
    site.write("gallery.toml", EVE);
    let error = running.ask(Request::Reload).expect_err("refused").to_string();
    assert!(error.contains("missing.jpg") && error.contains("no longer named: obama"), "{error}");
    let locked = running.until(|fact| matches!(fact, Fact::Locked { .. }));
    assert!(matches!(locked, Fact::Locked { why: limen_core::event::Relock::Revoked, .. }), "{locked:?}");
    let status = running.ask(Request::Status).expect("an answer");
    assert_eq!(status["people"], 0);
    let trouble = trouble_of(&status, "gallery").expect("it lasts");
    assert!(trouble.contains("no longer named: obama"), "{trouble}");

    site.write("gallery.toml", "");
    running.ask(Request::Reload).expect("in force");
    assert_eq!(trouble_of(&running.ask(Request::Status).expect("an answer"), "gallery"), None);
    running.finish();
}

#[test]
fn whose_photograph_was_replaced_is_held_back_although_the_configuration_is_what_has_the_mistake() {
    let site = Site::with_obama();
    let config = configuration(&site, "");
    let running = Running::start_with(&config, &site, vec![nobody()], 60);
    running.loaded();
    configuration(&site, "[camera]\nfsp = 15\n");
    let error = running.ask(Request::Reload).expect_err("refused").to_string();
    assert!(error.ends_with("the configuration is refused; what was in force stays in force"), "{error}");
    site.write("obama.jpg", std::fs::read(photo("biden")).expect("a photograph of the demo"));
    let error = running.ask(Request::Reload).expect_err("refused").to_string();
    assert!(error.contains("less what the gallery file takes away") && error.contains(": obama"), "{error}");
    running.finish();
}

#[test]
fn of_a_gallery_file_that_is_no_toml_the_trouble_says_who_still_can_enter() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody()], 30);
    running.loaded();
    site.write("gallery.toml", "garbage");
    let error = running.ask(Request::Reload).expect_err("refused").to_string();
    assert!(error.ends_with("whoever was taken out of it STILL CAN ENTER"), "{error}");
    let status = running.ask(Request::Status).expect("an answer");
    assert_eq!(status["people"], 1);
    let trouble = trouble_of(&status, "gallery").expect("it lasts");
    assert!(trouble.contains("STILL CAN ENTER"), "{trouble}");
    assert_eq!(status["alarms"], serde_json::json!(["gallery-fault"]));
    running.finish();
}

#[test]
fn a_command_unlocks_for_its_time_and_locks_at_once() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody()], 50);
    running.loaded();
    assert!(running.ask(Request::Unlock { seconds: 31 }).is_err());
    let give = || running.ask(Request::Unlock { seconds: 30 });
    until_recorded(give, refusal).expect("accepted");
    running.until(|fact| matches!(fact, Fact::Granted { caller: Some(_), .. }));
    running.ask(Request::Lock).expect("locked");
    running.until(|fact| matches!(fact, Fact::Locked { caller: Some(_), .. }));
    assert_eq!(running.ask(Request::Status).expect("an answer")["state"], "locked");
    running.finish();
}

#[test]
fn a_snapshot_is_a_picture_and_is_recorded() {
    let site = Site::empty();
    let running = Running::start(&site, vec![nobody()], 40);
    running.loaded();
    let answer = running.ask(Request::Snapshot).expect("a picture");
    assert_eq!((&answer["width"], &answer["height"]), (&640.into(), &480.into()));
    assert_eq!(of_kind(&running.finish(), "snapshot").len(), 1);
}

#[test]
fn removing_the_holder_of_a_grant_locks_the_door() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![visitor("obama2")], 30);
    running.until(|fact| matches!(fact, Fact::Granted { .. }));
    site.write("gallery.toml", "");
    running.ask(Request::Reload).expect("in force");
    let locked = running.until(|fact| matches!(fact, Fact::Locked { .. }));
    let why = match locked {
        Fact::Locked { why, .. } => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why, limen_core::event::Relock::Revoked);
    running.finish();
}

#[test]
fn two_people_who_need_each_other_open_the_door_together_and_each_alone_does_not() {
    let vault = "[[group]]\nname = \"vault\"\ntwo-person = [\"vault\"]\n";
    let site = Site::empty();
    let person = |id: &str| {
        site.copy(id);
        format!("[[person]]\nid = \"{id}\"\nname = \"{id}\"\nphotos = [\"{id}.jpg\"]\ngroups = [\"vault\"]\n")
    };
    site.write("gallery.toml", person("obama") + &person("biden"));
    let records = Running::start_by(vault, &site, vec![visitor("obama2"), visitor("obama2")], 12).finish();
    assert!(of_kind(&records, "granted").is_empty(), "{records:#?}");
    assert_eq!(of_kind(&records, "waiting").len(), 2, "{records:#?}");
    assert_eq!(of_kind(&records, "refused").len(), 2, "one record a track: {records:#?}");

    let records = Running::start_by(vault, &site, vec![visitor("obama2"), visitor("biden")], 12).finish();
    let granted = of_kind(&records, "granted");
    let [grant] = granted.as_slice() else { panic!("one grant for both: {records:#?}") };
    assert_eq!((&grant["person"], &grant["second"]), (&"biden".into(), &"obama".into()));
}

#[test]
fn the_daemon_says_where_the_chain_is_and_forgets_whom_it_is_told_to() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![visitor("obama2")], 40);
    running.until(|fact| matches!(fact, Fact::Granted { .. }));
    let answer = running.ask(Request::Forget { id: "obama".to_owned() }).expect("an answer");
    assert!(answer["records"].as_u64().is_some_and(|records| records >= 2), "loaded and granted: {answer:?}");
    let status = running.ask(Request::Status).expect("an answer");
    let head: Sought = status["audit_head"].as_str().expect("a head").parse().expect("HASH:SEQ");
    assert!(running.ask(Request::Forget { id: "../x".to_owned() }).is_err());
    let folder = running.settings.audit.folder.clone();
    running.finish();
    let report = read_all(&folder, ChainVerifier::new(Vec::new(), vec![head]), |_| {}).expect("readable");
    assert!(report.is_sound() && report.uncovered().is_none(), "{report:#?}");
    assert!(report.forgotten >= 2);
}

/// A configuration file in which everything lies in the folder of a site.
fn configuration(site: &Site, rest: &str) -> PathBuf {
    let paths = "[paths]\nstate = \"state\"\nruntime = \"run\"\n[audit]\nfolder = \"audit\"\n";
    site.write("limen.toml", format!("{paths}{OF_PHOTOGRAPHS}{rest}"))
}

#[test]
fn what_needs_a_restart_is_named_by_every_reload_until_then() {
    let site = Site::with_obama();
    let config = configuration(&site, "");
    let running = Running::start_with(&config, &site, vec![nobody()], 60);
    running.loaded();
    configuration(&site, "[camera]\nfps = 15\n");
    for _ in 0..3 {
        let answer = running.ask(Request::Reload).expect("in force");
        assert_eq!(answer["needs_restart"], serde_json::json!(["[camera]"]));
    }
    configuration(&site, "");
    let answer = running.ask(Request::Reload).expect("in force");
    assert_eq!(answer["needs_restart"], serde_json::json!([]));
    running.finish();
}

#[test]
fn a_reload_changes_which_faces_are_good_enough() {
    let site = Site::with_obama();
    let config = configuration(&site, "");
    let running = Running::start_with(&config, &site, vec![nobody(), visitor("obama2")], 40);
    running.loaded();
    configuration(&site, "[recognition.quality]\nmin-eye-distance = 400\n");
    running.ask(Request::Reload).expect("in force");
    let records = running.finish();
    assert_eq!(of_kind(&records, "granted").len(), 0, "{records:#?}");
    assert_eq!(of_kind(&records, "refused")[0]["refusal"]["why"], "unusable", "{records:#?}");
}

/// Takes its time with every frame, as a slow board with a large gallery does.
struct Slow(Sender<Fact>);

impl DaemonObserver for Slow {
    fn frame(&mut self, _number: u64, _seen: &SeenFrame, _events: &[Event]) {
        std::thread::sleep(Duration::from_millis(40));
    }
    fn fact(&mut self, _now: Now, fact: &Fact) {
        // The test may have heard enough.
        let _ = self.0.send(fact.clone());
    }
    fn door(&mut self, _report: &DoorReport) {}
}

#[test]
fn a_comparison_that_takes_longer_than_the_audits_patience_still_opens_the_door() {
    let site = Site::with_obama();
    let running = Running::watched(settings_of(&site), None, &site, vec![visitor("obama2")], 12, Slow);
    let records = running.finish();
    assert_eq!(of_kind(&records, "granted").len(), 1, "{records:#?}");
    assert_eq!(of_kind(&records, "fault").len(), 0, "{records:#?}");
}
