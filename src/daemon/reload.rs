//! The worker thread: reads configuration and gallery and embeds new photographs, while the door goes on. It
//! alone writes the template store.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use super::{DaemonError, Message};
use crate::config::Settings;
use crate::control::{Answer, no};
use crate::embedding::Crops;
use crate::enrol::{Enroller, GallerySource, StoreUse, load_gallery, recorded_generation};
use crate::event::{Caller, StoreChange};
use crate::failpoint;
use crate::gallery::store::Rotated;
use crate::gallery::{Built, StoreError};
use crate::matching::{Prepared, Rule};
use crate::mistake::Mistake;
use crate::pipeline::{rule, scoring};
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
    /// The number of the store that has all templates.
    pub store: Option<u64>,
    /// What is wrong with the store.
    pub store_trouble: Vec<StoreError>,
}

/// What a change of the store brought.
pub(super) struct Changed {
    pub how: StoreChange,
    /// Its number, and what is left to do by hand; or why it was not changed.
    pub outcome: Result<Rotated, String>,
    pub caller: Caller,
    /// Who waits for the answer.
    pub reply: SyncSender<Answer>,
}

/// What the worker is asked to do.
enum Job {
    /// Read everything again; who waits for the answer.
    Reload(Option<SyncSender<Answer>>),
    /// Change the store.
    Change(StoreChange, Caller, SyncSender<Answer>),
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
        let bench = Bench { config_file, source, settings, models, begun: false };
        let thread = std::thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || bench.work(&waiting, &sender))
            .map_err(|source| DaemonError::System { what: "start the worker thread", source })?;
        Ok(Self { jobs, thread })
    }

    /// Asks for a reload; `reply` gets the answer when it is done, or at once if too many wait.
    pub fn reload(&self, reply: Option<SyncSender<Answer>>) {
        self.give(Job::Reload(reply));
    }

    /// Asks for a change of the store; `reply` gets the answer when it is done, or at once if too many wait.
    pub fn change(&self, how: StoreChange, caller: Caller, reply: SyncSender<Answer>) {
        self.give(Job::Change(how, caller, reply));
    }

    fn give(&self, job: Job) {
        if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) = self.jobs.try_send(job) {
            log::warn!("a reload was turned away: others are waiting");
            if let Job::Reload(Some(reply)) | Job::Change(_, _, reply) = job {
                let _ = reply.try_send(no("other reloads are waiting; try again"));
            }
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
    /// The records were asked for the newest store.
    begun: bool,
}

impl Bench {
    fn work(mut self, jobs: &Receiver<Job>, sender: &SyncSender<Message>) {
        step_aside();
        while let Ok(job) = jobs.recv() {
            failpoint::reach("worker");
            let done = match job {
                Job::Reload(reply) => vec![self.reloaded(reply)],
                Job::Change(how, caller, reply) => self.change(how, caller, reply),
            };
            service::give_back_memory();
            if done.into_iter().any(|message| sender.send(message).is_err()) {
                break;
            }
        }
    }

    fn reloaded(&mut self, reply: Option<SyncSender<Answer>>) -> Message {
        let outcome = self.begin().and_then(|()| self.reload());
        Message::Reloaded(Box::new(Reloaded { outcome, reply }))
    }

    /// Asks the records, once, which store was the newest.
    fn begin(&mut self) -> Result<(), String> {
        if let (false, StoreUse::Own(vault)) = (self.begun, &mut self.source.store) {
            vault.expect(recorded_generation(&self.settings.audit).map_err(|error| error.to_string())?);
        }
        self.begun = true;
        Ok(())
    }

    /// Changes the store. One that is accepted comes into force.
    fn change(&mut self, how: StoreChange, caller: Caller, reply: SyncSender<Answer>) -> Vec<Message> {
        let outcome = self.begin().and_then(|()| match (&self.source.store, how) {
            (StoreUse::Own(vault), StoreChange::Rotate) => vault.rotate().map_err(|error| error.to_string()),
            (StoreUse::Own(vault), StoreChange::AcceptRollback) => {
                let accepted = vault.accept_rollback().map_err(|error| error.to_string())?;
                Ok(Rotated { generation: accepted, left: None })
            }
            _ => Err("this daemon keeps its templates in memory".to_owned()),
        });
        let reload = how == StoreChange::AcceptRollback && outcome.is_ok();
        let mut done = vec![Message::StoreChanged(Box::new(Changed { how, outcome, caller, reply }))];
        if reload {
            done.push(self.reloaded(None));
        }
        done
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
        if let (StoreUse::Own(vault), Some(generation)) = (&mut self.source.store, enrolled.generation) {
            vault.expect(generation);
        }
        // The store is on disk, and its templates are in the gallery.
        let Built { gallery, notes, store } = enrolled.built;
        drop(store);
        service::give_back_memory();
        let scoring = scoring(&self.settings.recognition, &self.models).map_err(|error| error.to_string())?;
        let rule = rule(&self.settings, &self.models, &scoring).map_err(|error| error.to_string())?;
        let prepared = Arc::new(Prepared::new(gallery, scoring));
        let (store, store_trouble) = (enrolled.generation, enrolled.store_trouble);
        Ok(Fresh { settings, rule, prepared, notes, store, store_trouble })
    }
}

/// Lowers this thread's priority: embedding photographs must not slow the door down.
pub(super) fn step_aside() {
    if let Err(error) = rustix::process::nice(10) {
        log::debug!("worker: the priority cannot be lowered: {error}");
    }
}
