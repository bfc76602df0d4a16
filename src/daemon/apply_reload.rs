//! Everything that a reload replaces: settings, people and thresholds. This file puts the worker's result
//! into force, records it, and answers the client.

use std::sync::Arc;

use limen_core::clock::Now;
use limen_core::event::{Fact, Personal};
use limen_core::people::Gallery;
use limen_core::person::PersonId;
use limen_core::policy::Event;
use limen_vision::matching::{Matcher, Prepared};
use limen_vision::model::Models;
use serde_json::json;

use super::effects::Effects;
use super::error::DaemonError;
use super::liveness;
use super::policy_runner::PolicyRunner;
use super::reloaded::{Changed, Fresh, ReadyGallery, Refused, Reloaded};
use super::threads::Threads;
use crate::config::{Reloads, Settings};
use crate::control::{Answer, no, yes};
use crate::gallery::{GalleryTrouble, StoreError};
use crate::pipeline::{self, RuleError, promise, shortfall};
use crate::service;

/// What is in force, and what is wrong with it.
pub(super) struct Reloadable {
    /// The newest settings, including those that need a restart to come into force.
    pub settings: Settings,
    /// The settings in force at the start.
    started_with: Settings,
    /// Compares faces with the people in force.
    pub matcher: Matcher,
    /// Why the gallery file is refused; `None` if it is in force.
    pub gallery_trouble: Option<GalleryTrouble>,
    /// What was wrong with the template store when it was last read.
    pub store_trouble: Option<String>,
    /// Why the error rate that is configured cannot be met.
    pub target_trouble: Option<String>,
}

impl Reloadable {
    /// The state at the start: these settings, and nobody in the gallery.
    pub fn new(settings: Settings, matcher: Matcher) -> Self {
        let started_with = settings.clone();
        Self {
            settings,
            started_with,
            matcher,
            gallery_trouble: None,
            store_trouble: None,
            target_trouble: None,
        }
    }

    /// Puts a reload into force, or says why not and what is in force instead.
    pub fn reloaded(&mut self, now: Now, reloaded: Reloaded, runner: &mut PolicyRunner, threads: &Threads) {
        threads.vision.go();
        let answer = match reloaded.outcome {
            Ok(fresh) => self.bring_into_force(now, fresh, runner, threads),
            Err(refused) => self.refuse_gallery(now, refused, runner),
        };
        if let Some(reply) = reloaded.reply {
            let _ = reply.try_send(answer);
        }
        service::status(&format!("{} people enrolled", self.matcher.gallery().people().len()));
    }

    fn refuse_gallery(&mut self, now: Now, refused: Refused, runner: &mut PolicyRunner) -> Answer {
        let Refused { trouble, told, store_trouble, gallery } = refused;
        // People who are taken away lose access before anything else is done.
        if let Some(gallery) = gallery {
            self.replace_gallery(now, gallery, runner);
        }
        let what = format!("{}\n{trouble}", trouble.why);
        log::error!("{what}");
        runner.effects.record(now, Fact::GalleryRefused { what: Personal(what.clone()) });
        let mut answer = no(&what);
        answer.insert("gallery".to_owned(), told);
        self.gallery_trouble = Some(trouble);
        self.store_trouble = store_trouble.or(self.store_trouble.take());
        answer
    }

    fn bring_into_force(
        &mut self,
        now: Now,
        fresh: Fresh,
        runner: &mut PolicyRunner,
        threads: &Threads,
    ) -> Answer {
        let needs_restart = match fresh.settings {
            Some(settings) => self.replace_settings(now, settings, runner, threads),
            None => Vec::new(),
        };
        for section in &needs_restart {
            log::warn!("{section} was changed; that needs a restart (systemctl restart limen)");
        }
        let notes: Vec<String> = fresh.notes.iter().map(ToString::to_string).collect();
        notes.iter().for_each(|note| log::warn!("{note}"));
        let trouble: Vec<String> = fresh.store_trouble.iter().map(ToString::to_string).collect();
        for person in fresh.store_trouble.iter().filter_map(StoreError::altered) {
            runner.effects.record(now, Fact::TemplateRefused { person: person.cloned().map(Personal) });
        }
        self.gallery_trouble = None;
        self.store_trouble = (!trouble.is_empty()).then(|| trouble.join("\n"));
        let mut answer = self.replace_gallery(now, fresh.gallery, runner);
        answer.extend(yes(json!({
            "needs_restart": needs_restart, "notes": notes, "store_trouble": trouble,
        })));
        answer
    }

    /// Puts every setting into force that needs no restart, and returns the names of the sections that need
    /// one. People and thresholds come with the gallery.
    fn replace_settings(
        &mut self,
        now: Now,
        new: Settings,
        runner: &mut PolicyRunner,
        threads: &Threads,
    ) -> Vec<&'static str> {
        let Reloads { rules, access, recognition, keep_mode, remote, gallery: _, risks } = new.reloads();
        let mut rules = *rules;
        // Camera and lock stay those of the start.
        rules.door.virtual_camera = self.started_with.virtual_camera_opens();
        rules.liveness =
            liveness::in_force(runner.liveness(), self.started_with.rules.liveness, rules.liveness);
        threads.vision.watch_for(rules.liveness.mode);
        runner.replace_rules(rules, Arc::clone(access));
        runner.replace_remote_rules(remote.cloned().unwrap_or_default());
        threads.vision.replace_gate(recognition.gate);
        if keep_mode != self.settings.keep_mode {
            let commanded = runner.policy().commanded_mode();
            threads.mode_keeper.keep(commanded.filter(|_| keep_mode), None);
        }
        let before = self.settings.risks();
        for what in risks.into_iter().filter(|risk| !before.contains(risk)) {
            log::warn!("{what}");
            runner.effects.record(now, Fact::Risk { what });
        }
        let needs_restart = self.started_with.needs_restart(&new);
        self.settings = new;
        needs_restart
    }

    /// Puts a gallery into force and records it. The answer says how it differs from the one before.
    fn replace_gallery(&mut self, now: Now, ready: ReadyGallery, runner: &mut PolicyRunner) -> Answer {
        let ReadyGallery { rule, prepared, standings, added, removed, told, store } = ready;
        let gallery = Arc::clone(prepared.gallery());
        let (people, templates) = (gallery.people().len(), gallery.templates());
        let promise = promise(&rule.thresholds, &gallery, self.settings.rules.frames);
        self.target_trouble = promise.as_ref().and_then(shortfall);
        self.matcher.replace(rule, prepared);
        runner.effects.followers().know(Arc::clone(&gallery));
        runner.step(now, Event::NewStandings(standings));
        let mut answer = yes(told);
        answer.extend(yes(json!({ "people": people, "templates": templates, "store": store })));
        let (added, removed) = (named(added), named(removed));
        runner.effects.record(now, Fact::GalleryLoaded { people, templates, added, removed, store });
        answer
    }
}

/// A matcher without people, until a gallery is in force.
pub(super) fn matcher_of_nobody(settings: &Settings, models: &Models) -> Result<Matcher, DaemonError> {
    let scoring = pipeline::scoring(&settings.recognition, models)?;
    let rule = pipeline::rule(settings, models, &scoring).map_err(RuleError::from)?;
    let nobody = Prepared::new(Gallery::empty(models.digest()), scoring);
    Ok(Matcher::new(rule, Arc::new(nobody)))
}

/// Records a change of the template store, and answers the client.
pub(super) fn store_changed(now: Now, changed: Changed, effects: &mut Effects) {
    let Changed { how, outcome, caller, reply } = changed;
    let answer = match outcome {
        Ok(changed) => {
            let store = changed.generation;
            effects.record(now, Fact::StoreChanged { how, store, caller: Some(caller) });
            yes(json!({ "store": store, "left": changed.left }))
        }
        Err(what) => no(&what),
    };
    // The client may have left.
    let _ = reply.try_send(answer);
}

/// Marks these people as personal data, for a fact.
fn named(people: Vec<PersonId>) -> Vec<Personal<PersonId>> {
    people.into_iter().map(Personal).collect()
}
