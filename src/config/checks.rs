//! Turns the file as it is written into [`Settings`]: checks ranges and contradictions, and adds the defaults.

use std::path::Path;
use std::time::Duration;

use limen_audit::AuditSettings;
use limen_core::embedding::ModelDigest;
use limen_core::policy::{OnAuditFailure, Rules};
use limen_vision::model::{EmbedderChoice, ModelName};
use toml::Spanned;

use super::access::check_access;
use super::camera::check_camera;
use super::door::{self, check_door};
use super::entry::check_entry;
use super::gateway::check_gateway;
use super::light::{check_light, note_unused_light};
use super::liveness::check_liveness;
use super::modes;
use super::raw::{RawAudit, RawFile, RawModel, RawPaths, RawValue};
use super::recognition::{check_frames, check_multiple_faces, check_recognition};
use super::settings::{PathSettings, Settings};
use super::values::{choice, flag, number, path, text};
use crate::diagnostics::Review;
use crate::gallery::AtBoot;

const DEFAULT_STATE: &str = "/var/lib/limen";
const DEFAULT_RUNTIME: &str = "/run/limen";
const DEFAULT_GALLERY: &str = "gallery.toml";

/// Checks the whole file. Mistakes are noted in `review`; a value with a mistake is replaced by its default.
/// Relative paths start from `folder`.
pub fn check(review: &mut Review<'_>, raw: &RawFile, folder: &Path) -> Settings {
    let mut warnings = Vec::new();
    let paths = check_paths(review, &raw.paths, folder);
    let (frames, window) = check_frames(review, &raw.recognition);
    let unlock = number(review, "[door] unlock-seconds", &raw.door.unlock_seconds, 1.0..=30.0, "seconds");
    let mut door = check_door(review, &raw.door, &mut warnings);
    door.light = check_light(review, raw.camera.light.as_ref(), &door, &mut warnings);
    let around = door::check_rules(review, &raw.door, &door);
    let entry = check_entry(review, &raw.keypad, &raw.reader, &door, &mut warnings);
    let rules = Rules {
        frames,
        window,
        unlock: Duration::from_secs_f64(unlock.unwrap_or(5.0)),
        on_audit_failure: check_audit_failure(review, &raw.audit.on_audit_failure),
        multiple_faces: check_multiple_faces(review, &raw.recognition),
        liveness: check_liveness(review, raw, &door, &entry, &mut warnings),
        door: modes::check_rules(review, &raw.modes, &raw.alarms, around),
    };
    note_unused_light(review, raw.camera.light.as_ref(), rules.liveness.mode);
    let camera = check_camera(review, &raw.camera);
    let mut settings = Settings {
        camera,
        recognition: check_recognition(review, &raw.recognition),
        model: check_model(review, &raw.model, folder, &paths),
        door,
        rules,
        keep_mode: modes::keeps_mode(review, &raw.modes),
        operators: text(review, "[control] operators", &raw.control.operators).map(str::to_owned),
        gateway: check_gateway(review, raw.control.gateway.as_ref(), &mut warnings),
        access: check_access(review, raw, &entry).into(),
        entry,
        gallery: path(review, "[gallery] file", &raw.gallery.file, folder)
            .unwrap_or_else(|| folder.join(DEFAULT_GALLERY)),
        gallery_at_boot: check_at_boot(review, &raw.gallery.at_boot),
        audit: check_audit(review, &raw.audit, folder, &paths),
        store_key: path(review, "[store] key", &raw.store.key, folder),
        paths,
        accept_photo_risk: flag(&raw.door.accept_photo_risk),
        warnings,
    };
    settings.rules.door.virtual_camera = settings.virtual_camera_opens();
    settings
}

fn check_model(
    review: &mut Review<'_>,
    raw: &RawModel,
    folder: &Path,
    paths: &PathSettings,
) -> EmbedderChoice {
    let named = raw.embedding.as_ref().and_then(|name| check_model_name(review, name, paths));
    if let (Some(name), Some(_)) = (&raw.embedding, &raw.path) {
        let what = "names a model, and path names one too";
        review.note(Some(name.span()), "[model] embedding", what, "keep one of the two");
    }
    match (path(review, "[model] path", &raw.path, folder), &raw.sha256) {
        (Some(path), Some(sha256)) => {
            check_digest(review, sha256).map_or(EmbedderChoice::BuiltIn, |sha256| EmbedderChoice::File {
                path,
                sha256,
                packs: paths.packs(),
            })
        }
        (Some(_), None) => {
            let at = raw.path.as_ref().map(Spanned::span);
            let remedy =
                "add sha256 = \"...\", the output of sha256sum, so that no other file takes its place";
            review.note_missing(at, "[model] path", "has no sha256 beside it", remedy);
            EmbedderChoice::BuiltIn
        }
        (None, Some(sha256)) => {
            review.note_missing(
                Some(sha256.span()),
                "[model] sha256",
                "has no path beside it",
                "add path = \"...\"",
            );
            EmbedderChoice::BuiltIn
        }
        (None, None) => named.unwrap_or_default(),
    }
}

/// Checks only the form of the name. Loading the model finds out whether it exists.
fn check_model_name(
    review: &mut Review<'_>,
    raw: &Spanned<String>,
    paths: &PathSettings,
) -> Option<EmbedderChoice> {
    let named = EmbedderChoice::named(raw.get_ref(), paths.packs());
    if named.is_none() {
        let what = format!("\"{}\" {}", raw.get_ref(), ModelName::RULE);
        review.note(Some(raw.span()), "[model] embedding", what, "`limen models` lists the names");
    }
    named
}

fn check_digest(review: &mut Review<'_>, raw: &Spanned<String>) -> Option<ModelDigest> {
    let digest = ModelDigest::parse(raw.get_ref());
    if digest.is_none() {
        let remedy = "write the 64 hexadecimal digits that sha256sum prints";
        review.note(Some(raw.span()), "[model] sha256", "is not a SHA-256 digest", remedy);
    }
    digest
}

fn check_audit(
    review: &mut Review<'_>,
    raw: &RawAudit,
    folder: &Path,
    paths: &PathSettings,
) -> AuditSettings {
    let max_bytes = number(review, "[audit] max-bytes", &raw.max_bytes, 65_536..=(1 << 30), "bytes");
    let keep = number(review, "[audit] keep", &raw.keep, 1..=1000, "files");
    let days = number(review, "[audit] keep-at-least-days", &raw.keep_at_least_days, 0..=3650, "days");
    let minutes = number(review, "[audit] seal-minutes", &raw.seal_minutes, 1..=1440, "minutes");
    let place = path(review, "[audit] folder", &raw.folder, folder);
    let default = AuditSettings::in_folder(place.unwrap_or_else(|| paths.state.join("audit")));
    AuditSettings {
        max_bytes: max_bytes.map_or(default.max_bytes, |bytes| bytes as u64),
        keep: keep.map_or(default.keep, |files| files as usize),
        keep_at_least: days.map_or(default.keep_at_least, |days| Duration::from_secs(86_400 * days as u64)),
        seal_every: minutes.map_or(default.seal_every, |minutes| Duration::from_secs(60 * minutes as u64)),
        first_key: path(review, "[audit] key", &raw.key, folder),
        ..default
    }
}

fn check_audit_failure(review: &mut Review<'_>, raw: &RawValue<String>) -> OnAuditFailure {
    let choices = [("refuse", OnAuditFailure::Refuse), ("allow-and-alarm", OnAuditFailure::AllowAndAlarm)];
    choice(review, "[audit] on-audit-failure", raw, &choices).unwrap_or_default()
}

fn check_at_boot(review: &mut Review<'_>, raw: &RawValue<String>) -> AtBoot {
    let choices = [("refuse", AtBoot::Refuse), ("last-good", AtBoot::LastGood)];
    choice(review, "[gallery] at-boot", raw, &choices).unwrap_or_default()
}

fn check_paths(review: &mut Review<'_>, raw: &RawPaths, folder: &Path) -> PathSettings {
    PathSettings {
        state: path(review, "[paths] state", &raw.state, folder).unwrap_or_else(|| DEFAULT_STATE.into()),
        runtime: path(review, "[paths] runtime", &raw.runtime, folder)
            .unwrap_or_else(|| DEFAULT_RUNTIME.into()),
    }
}
