//! The worker thread: reads configuration and gallery and embeds new photographs, while the door keeps
//! working. It alone writes the template store.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use limen_core::embedding::Crops;
use limen_core::event::{Caller, StoreChange};
use limen_files::failpoint;
use limen_files::read_trusted_text;
use limen_vision::analyst::Analyst;
use limen_vision::matching::scoring::Scoring;
use limen_vision::matching::{Prepared, Rule};
use limen_vision::model::Models;
use serde_json::{Value, json};

use super::error::DaemonError;
use super::gallery_in_force::{GalleryInForce, Why, nobody};
use super::message::Message;
use super::process::lower_priority;
use super::reloaded::{Changed, Fresh, ReadyGallery, Refused, Reloaded};
use crate::config::Settings;
use crate::control::{Answer, no};
use crate::enrol::{
    EnrolError, Enrolled, Enroller, GallerySource, StoreUse, Survey, last_good, load_surveyed,
    recorded_generation, version_of,
};
use crate::gallery::fallback::Withdrawal;
use crate::gallery::revocation::Photographs;
use crate::gallery::roster::MAX_FILE_BYTES;
use crate::gallery::store::Rotated;
use crate::gallery::{Built, GalleryTrouble, RefusedPart};
use crate::pipeline::{rule, scoring};
use crate::service;

/// The most jobs that may wait. Each reload reads everything again, so a longer queue would do the same work
/// twice.
const QUEUE: usize = 2;
/// How often the worker checks whether the main thread still uses a gallery that was replaced.
const LET_GO: Duration = Duration::from_millis(500);

/// Why a reload is refused.
struct RefusedReload {
    why: Why,
    store_trouble: Option<String>,
    /// The photographs that were found in the gallery folder; `None` if nobody looked.
    photographs: Option<Photographs>,
}

impl RefusedReload {
    fn of(refused: RefusedPart, error: impl ToString) -> Self {
        let why = Why { refused, what: error.to_string() };
        Self { why, store_trouble: None, photographs: None }
    }

    fn of_configuration(error: impl ToString) -> Self {
        Self::of(RefusedPart::Configuration, error)
    }

    /// The refusal of a gallery file that could be read.
    fn of_gallery(error: &EnrolError, survey: &Survey) -> Self {
        let (refused, store_trouble) = match error {
            EnrolError::Store(_) => (RefusedPart::Store, Some(error.to_string())),
            EnrolError::Roster(_) | EnrolError::Gallery(_) | EnrolError::File(_) => {
                (RefusedPart::Gallery, None)
            }
        };
        Self { store_trouble, photographs: Some(survey.photographs()), ..Self::of(refused, error) }
    }
}

/// What the worker is asked to do.
enum WorkerJob {
    /// Read everything again, and answer this client.
    Reload(Option<SyncSender<Answer>>),
    /// Change the template store for this caller, and answer the client.
    Change(StoreChange, Caller, SyncSender<Answer>),
}

/// The handle of the worker thread.
pub(super) struct Worker {
    jobs: SyncSender<WorkerJob>,
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
        let in_force = GalleryInForce::default();
        let reloader = Reloader { config_file, source, settings, models, begun: false, in_force };
        let thread = std::thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || reloader.work(&waiting, &sender))
            .map_err(|source| DaemonError::System { what: "start the worker thread", source })?;
        Ok(Self { jobs, thread })
    }

    /// Asks for a reload. `reply` gets the answer when it is done, or at once if too many jobs wait.
    pub fn reload(&self, reply: Option<SyncSender<Answer>>) {
        self.give(WorkerJob::Reload(reply));
    }

    /// Asks for a change of the template store. `reply` gets the answer when it is done, or at once if too
    /// many jobs wait.
    pub fn change(&self, how: StoreChange, caller: Caller, reply: SyncSender<Answer>) {
        self.give(WorkerJob::Change(how, caller, reply));
    }

    fn give(&self, job: WorkerJob) {
        if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) = self.jobs.try_send(job) {
            log::warn!("a reload or a change of the store was refused: too many are waiting");
            if let WorkerJob::Reload(Some(reply)) | WorkerJob::Change(_, _, reply) = job {
                let _ = reply.try_send(no("too many reloads or changes of the store are waiting; try again"));
            }
        }
    }

    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }
}

/// The state of the worker thread.
struct Reloader {
    config_file: Option<PathBuf>,
    source: GallerySource,
    settings: Settings,
    models: Arc<Models>,
    /// The records were asked for the newest generation of the store.
    begun: bool,
    in_force: GalleryInForce,
}

impl Reloader {
    fn work(mut self, jobs: &Receiver<WorkerJob>, sender: &SyncSender<Message>) {
        lower_priority();
        while let Some(job) = self.next(jobs) {
            failpoint::reach("worker");
            let done = match job {
                WorkerJob::Reload(reply) => vec![self.reloaded(reply)],
                WorkerJob::Change(how, caller, reply) => self.change(how, caller, reply),
            };
            service::give_back_memory();
            if done.into_iter().any(|message| sender.send(message).is_err()) {
                break;
            }
        }
    }

    /// The next job; `None` when the main thread has ended. While it waits, it drops galleries that were
    /// replaced.
    fn next(&mut self, jobs: &Receiver<WorkerJob>) -> Option<WorkerJob> {
        while self.in_force.drop_replaced() {
            match jobs.recv_timeout(LET_GO) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        service::give_back_memory();
        jobs.recv().ok()
    }

    fn reloaded(&mut self, reply: Option<SyncSender<Answer>>) -> Message {
        let outcome =
            self.begin().map_err(|e| RefusedReload::of(RefusedPart::Records, e)).and_then(|()| self.reload());
        let outcome = outcome.map_err(|refusal| self.refused(refusal));
        Message::Reloaded(Box::new(Reloaded { outcome, reply }))
    }

    /// Refuses a reload. People whom the gallery file removes are removed all the same, whatever else is
    /// wrong.
    fn refused(&mut self, refusal: RefusedReload) -> Refused {
        let RefusedReload { why, mut store_trouble, photographs } = refusal;
        let photographs = photographs.unwrap_or_else(|| self.photographs());
        let text = read_trusted_text(&self.source.file, MAX_FILE_BYTES, self.source.trust).ok();
        let text = text.as_deref();
        let (trouble, gallery) = if self.in_force.is_in_force() {
            self.in_force.narrow(&self.source, text, &photographs, why)
        } else {
            self.start_with_last_good(why, text, &photographs).unwrap_or_else(|(why, error)| {
                log::error!("there is no last good gallery: {error}");
                store_trouble.get_or_insert(error);
                (nobody(why, text), None)
            })
        };
        Refused { told: told(&trouble), trouble, store_trouble, gallery }
    }

    /// The photographs in the gallery folder. Empty if the gallery file cannot be read: such a file takes
    /// nobody away.
    fn photographs(&self) -> Photographs {
        let survey = Survey::of(&self.source.file, self.source.trust, Some(&*self.settings.access));
        survey.map(|survey| survey.photographs()).unwrap_or_default()
    }

    /// At a start without a usable gallery file: takes the last good gallery.
    ///
    /// # Errors
    ///
    /// Why the gallery file is refused, and why there is no last good gallery.
    fn start_with_last_good(
        &mut self,
        why: Why,
        text: Option<&str>,
        photographs: &Photographs,
    ) -> Result<(GalleryTrouble, Option<ReadyGallery>), (Why, String)> {
        let opened = match self.begun {
            true => last_good(&self.source, self.models.digest(), &version_of(&self.models))
                .map_err(|e| e.to_string()),
            false => Err("the records do not say which store is the newest".to_owned()),
        };
        let ready = opened.and_then(|last| Ok((last, self.comparing()?)));
        let (last, comparing) = ready.map_err(|error| (why.clone(), error))?;
        let at_boot = self.settings.gallery_at_boot;
        Ok(self.in_force.take_last_good(&self.source, last, comparing, at_boot, (text, photographs), why))
    }

    /// The thresholds and the scoring with which faces are compared.
    fn comparing(&self) -> Result<(Rule, Scoring), String> {
        let scoring = scoring(&self.settings.recognition, &self.models).map_err(|error| error.to_string())?;
        let rule = rule(&self.settings, &self.models, &scoring).map_err(|error| error.to_string())?;
        Ok((rule, scoring))
    }

    /// Asks the records, once, for the newest generation of the store.
    fn begin(&mut self) -> Result<(), String> {
        if let (false, StoreUse::Own(store_file)) = (self.begun, &mut self.source.store) {
            store_file.expect(recorded_generation(&self.settings.audit).map_err(|error| error.to_string())?);
        }
        self.begun = true;
        Ok(())
    }

    /// Changes the template store. A store that is accepted comes into force.
    fn change(&mut self, how: StoreChange, caller: Caller, reply: SyncSender<Answer>) -> Vec<Message> {
        let outcome = self.begin().and_then(|()| match (&self.source.store, how) {
            (StoreUse::Own(store_file), StoreChange::Rotate) => {
                store_file.rotate().map_err(|error| error.to_string())
            }
            (StoreUse::Own(store_file), StoreChange::AcceptRollback) => {
                let accepted = store_file.accept_rollback().map_err(|error| error.to_string())?;
                Ok(Rotated { generation: accepted, left: None })
            }
            _ => Err("this daemon keeps its templates in memory".to_owned()),
        });
        if let Ok(changed) = &outcome {
            self.in_force.store_is(changed.generation);
        }
        let reload = how == StoreChange::AcceptRollback && outcome.is_ok();
        let mut done = vec![Message::StoreChanged(Box::new(Changed { how, outcome, caller, reply }))];
        if reload {
            done.push(self.reloaded(None));
        }
        done
    }

    fn reload(&mut self) -> Result<Fresh, RefusedReload> {
        let settings = match &self.config_file {
            Some(file) => {
                Some(Settings::load(file, self.source.trust).map_err(RefusedReload::of_configuration)?)
            }
            None => None,
        };
        if let Some(settings) = &settings {
            self.source.file.clone_from(&settings.gallery);
            self.settings = settings.clone();
        }
        let Enrolled { built, generation, store_trouble, kept } = self.load()?;
        for trouble in &store_trouble {
            log::warn!("{trouble}");
        }
        if let (StoreUse::Own(store_file), Some(generation)) = (&mut self.source.store, generation) {
            store_file.expect(generation);
        }
        // The store is on the disk and its templates are in the gallery, so this copy can go.
        let Built { gallery, notes, store } = built;
        drop(store);
        service::give_back_memory();
        let (rule, scoring) = self.comparing().map_err(RefusedReload::of_configuration)?;
        let gallery = self.in_force.take(rule, Prepared::new(gallery, scoring), kept, generation);
        Ok(Fresh { settings, gallery, notes, store_trouble })
    }

    /// Reads the gallery file and embeds what is new.
    fn load(&self) -> Result<Enrolled, RefusedReload> {
        let access = Some(&*self.settings.access);
        let survey = Survey::of(&self.source.file, self.source.trust, access);
        let mut survey = survey.map_err(|error| RefusedReload::of(RefusedPart::Gallery, error))?;
        let analyst = Analyst::new(Arc::clone(&self.models), self.settings.recognition.gate, Crops::Mirrored);
        let mut progress = |done: usize, total: usize| {
            if done == total || done.is_multiple_of(10) {
                log::info!("gallery: {done} of {total} new photographs embedded");
            }
        };
        let mut embedder = Enroller::new(analyst);
        let loaded = load_surveyed(&self.source, &mut survey, access, &mut embedder, &mut progress);
        loaded.map_err(|error| RefusedReload::of_gallery(&error, &survey))
    }
}

/// A gallery's trouble as JSON, for the control socket.
fn told(trouble: &GalleryTrouble) -> Value {
    json!({
        "refused": trouble.refused,
        "in_force": trouble.in_force,
        "taken": trouble.taken.as_ref().map(Withdrawal::to_json),
        "still_can_enter": trouble.still_can_enter(),
    })
}
