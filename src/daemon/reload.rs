//! The worker thread: reads configuration and gallery and embeds new photographs, while the door goes on.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use super::{DaemonError, Message};
use crate::config::Settings;
use crate::control::{Answer, no};
use crate::embedding::Crops;
use crate::enrol::{Enroller, GallerySource, load_gallery};
use crate::failpoint;
use crate::matching::{Prepared, Rule};
use crate::mistake::Mistake;
use crate::pipeline::{rule, scoring};
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

/// The thread's handle.
pub(super) struct Worker {
    jobs: SyncSender<Option<SyncSender<Answer>>>,
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
        if let Err(TrySendError::Full(reply) | TrySendError::Disconnected(reply)) = self.jobs.try_send(reply)
        {
            log::warn!("a reload was turned away: others are waiting");
            if let Some(reply) = reply {
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
}

impl Bench {
    fn work(mut self, jobs: &Receiver<Option<SyncSender<Answer>>>, sender: &SyncSender<Message>) {
        step_aside();
        while let Ok(reply) = jobs.recv() {
            failpoint::reach("worker");
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

/// Lowers this thread's priority: embedding photographs must not slow the door down.
pub(super) fn step_aside() {
    if let Err(error) = rustix::process::nice(10) {
        log::debug!("worker: the priority cannot be lowered: {error}");
    }
}
