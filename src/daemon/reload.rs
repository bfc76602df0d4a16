//! The worker thread: reads configuration and gallery and embeds new photographs, while the door goes on. And how
//! what it brings comes into force.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use serde_json::json;

use super::{Daemon, DaemonError, Message};
use crate::clock::Now;
use crate::config::Settings;
use crate::control::{Answer, no, yes};
use crate::embedding::Crops;
use crate::enrol::{Enroller, GallerySource, load_gallery};
use crate::event::{Fact, Mode};
use crate::failpoint;
use crate::files::write_atomically;
use crate::matching::{Prepared, Rule};
use crate::mistake::Mistake;
use crate::pipeline::{rule, scoring};
use crate::policy::Event;
use crate::service;
use crate::vision::Analyst;
use crate::vision::model::Models;

/// Reloads that may wait; each reads everything again, so a longer queue would do the same work twice.
const QUEUE: usize = 2;

/// What a reload brought.
pub(super) struct Reloaded {
    /// New settings and gallery, or why the old ones stay in force.
    pub outcome: Result<Fresh, String>,
    /// Who waits for the answer.
    pub reply: Option<SyncSender<Answer>>,
}

/// Everything that a reload replaces.
pub(super) struct Fresh {
    pub settings: Option<Settings>,
    pub rule: Rule,
    pub prepared: Arc<Prepared>,
    pub notes: Vec<Mistake>,
}

/// What the worker is asked to do.
enum Job {
    /// Read everything again; who waits for the answer.
    Reload(Option<SyncSender<Answer>>),
    /// Write a commanded mode down; none: it is the schedules' again.
    KeepMode(PathBuf, Option<Mode>),
}

/// The thread's handle.
pub(super) struct Worker {
    jobs: SyncSender<Job>,
    thread: JoinHandle<()>,
}

impl Worker {
    pub fn spawn(
        config_file: Option<PathBuf>,
        source: GallerySource,
        settings: Settings,
        models: Arc<Models>,
        sender: SyncSender<Message>,
    ) -> Result<Self, DaemonError> {
        let (jobs, waiting) = sync_channel(QUEUE);
        let bench = Bench { config_file, source, settings, models };
        let thread = std::thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || bench.work(&waiting, &sender))
            .map_err(|source| DaemonError::System { what: "start the worker thread", source })?;
        Ok(Self { jobs, thread })
    }

    /// Asks for a reload; `reply` gets the answer when it is done, or at once if too many wait.
    pub fn reload(&self, reply: Option<SyncSender<Answer>>) {
        let turned_away = match self.jobs.try_send(Job::Reload(reply)) {
            Err(TrySendError::Full(Job::Reload(reply)) | TrySendError::Disconnected(Job::Reload(reply))) => {
                Some(reply)
            }
            _ => None,
        };
        if let Some(reply) = turned_away {
            log::warn!("a reload was turned away: others are waiting");
            if let Some(reply) = reply {
                let _ = reply.try_send(no("other reloads are waiting; try again"));
            }
        }
    }

    /// Writes a commanded mode into `file`, for the next start.
    pub fn keep_mode(&self, file: PathBuf, mode: Option<Mode>) {
        if self.jobs.try_send(Job::KeepMode(file, mode)).is_err() {
            log::warn!("the mode will not outlast a restart: the worker is busy; command it again");
        }
    }

    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }
}

struct Bench {
    config_file: Option<PathBuf>,
    source: GallerySource,
    settings: Settings,
    models: Arc<Models>,
}

impl Bench {
    fn work(mut self, jobs: &Receiver<Job>, sender: &SyncSender<Message>) {
        step_aside();
        while let Ok(job) = jobs.recv() {
            failpoint::reach("worker");
            let reply = match job {
                Job::Reload(reply) => reply,
                Job::KeepMode(file, mode) => {
                    keep_mode(&file, mode);
                    continue;
                }
            };
            let outcome = self.reload();
            if sender.send(Message::Reloaded(Box::new(Reloaded { outcome, reply }))).is_err() {
                break;
            }
        }
    }

    fn reload(&mut self) -> Result<Fresh, String> {
        let settings = match &self.config_file {
            Some(file) => Some(Settings::load(file, self.source.trust).map_err(|e| e.to_string())?),
            None => None,
        };
        if let Some(settings) = &settings {
            self.source.file.clone_from(&settings.gallery);
            self.settings = settings.clone();
        }
        let analyst = Analyst::new(Arc::clone(&self.models), self.settings.recognition.gate, Crops::Mirrored);
        let mut progress = |done: usize, total: usize| {
            if done == total || done.is_multiple_of(10) {
                log::info!("gallery: {done} of {total} new photographs embedded");
            }
        };
        let enrolled = load_gallery(
            &self.source,
            Some(&self.settings.access),
            &mut Enroller::new(analyst),
            &mut progress,
        )
        .map_err(|error| error.to_string())?;
        for trouble in &enrolled.store_trouble {
            log::warn!("{trouble}");
        }
        let built = enrolled.built;
        let scoring = scoring(&self.settings.recognition, &self.models).map_err(|error| error.to_string())?;
        let rule = rule(&self.settings, &self.models, &scoring).map_err(|error| error.to_string())?;
        let prepared = Arc::new(Prepared::new(Arc::new(built.gallery), scoring));
        Ok(Fresh { settings, rule, prepared, notes: built.notes })
    }
}

impl Daemon {
    /// Brings a reload into force, or says why not.
    pub(super) fn reloaded(&mut self, now: Now, reloaded: Reloaded) {
        self.vision.go();
        let answer = match reloaded.outcome {
            Ok(fresh) => self.bring_into_force(now, fresh),
            Err(what) => {
                log::error!("reload refused, what was in force stays in force:\n{what}");
                self.shell.record(now, Fact::GalleryRefused { what: what.clone() });
                no(&what)
            }
        };
        if let Some(reply) = reloaded.reply {
            let _ = reply.try_send(answer);
        }
        service::status(&format!("{} people enrolled", self.matcher.gallery().people().len()));
    }

    fn bring_into_force(&mut self, now: Now, fresh: Fresh) -> Answer {
        let needs_restart = match fresh.settings {
            Some(settings) => {
                self.policy.replace_rules(settings.rules, Arc::clone(&settings.access));
                let sections = self.settings.needs_restart(&settings);
                self.settings = settings;
                sections
            }
            None => Vec::new(),
        };
        for section in &needs_restart {
            log::warn!("{section} was changed; that needs a restart (systemctl restart limen)");
        }
        let notes: Vec<String> = fresh.notes.iter().map(ToString::to_string).collect();
        notes.iter().for_each(|note| log::warn!("{note}"));
        let gallery = Arc::clone(fresh.prepared.gallery());
        let (added, removed) = gallery.diff(self.matcher.gallery());
        let (people, templates) = (gallery.people().len(), gallery.templates());
        let roster = gallery.people().iter().map(|p| (p.id.clone(), p.standing.clone())).collect();
        self.matcher.replace(fresh.rule, fresh.prepared);
        self.step(now, Event::NewRoster(Arc::new(roster)));
        let answer = yes(json!({
            "people": people, "templates": templates, "added": added, "removed": removed,
            "needs_restart": needs_restart, "notes": notes,
        }));
        self.shell.record(now, Fact::GalleryLoaded { people, templates, added, removed });
        answer
    }
}

fn keep_mode(file: &Path, mode: Option<Mode>) {
    let kept = match mode {
        Some(mode) => write_atomically(file, mode.to_string().as_bytes(), 0o600).map_err(|e| e.to_string()),
        None => match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        },
    };
    if let Err(why) = kept {
        log::warn!("the mode will not outlast a restart: {why}");
    }
}

/// Lowers this thread's priority: embedding photographs must not slow the door down.
pub(super) fn step_aside() {
    if let Err(error) = rustix::process::nice(10) {
        log::debug!("worker: the priority cannot be lowered: {error}");
    }
}
