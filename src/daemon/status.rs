//! What the daemon tells over the socket about itself: its status and its alarms.

use std::time::Duration;

use limen_audit::Position;
use limen_core::clock::Now;
use limen_core::embedding::ModelDigest;
use limen_core::event::AlarmKind;
use limen_core::people::Gallery;
use limen_core::person::PersonId;
use limen_core::policy::{Alarm, Grant, LivenessMode, Policy, Trouble};
use limen_metrics::Counts;
use serde_json::{Map, Value, json};

use super::liveness;

/// What a status is made from.
pub(super) struct Status<'a> {
    pub policy: &'a Policy,
    pub gallery: &'a Gallery,
    pub model: ModelDigest,
    pub records: Position,
    pub counts: &'a Counts,
    pub liveness: LivenessMode,
    pub seal_every: Duration,
    pub light: Value,
    pub uptime: Duration,
    /// Whether a silent alarm is told of.
    pub silent: bool,
}

impl Status<'_> {
    /// The status as JSON, as `docs/control.md` describes it.
    pub fn as_json(&self, now: Now) -> Value {
        let Self { policy, gallery, model, records, counts, .. } = self;
        let for_s = |trouble: &Trouble| now.moment.since(trouble.since).as_secs_f64();
        let failed = policy.failed();
        let trouble: Vec<_> = failed
            .iter()
            .map(|(part, trouble)| json!({ "part": part, "what": trouble.what, "for_s": for_s(trouble) }))
            .collect();
        let failed: Map<_, _> =
            failed.iter().map(|(part, trouble)| (part.to_string(), json!(for_s(trouble)))).collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "state": if policy.open_kind().is_some() { "unlocked" } else { "locked" },
            "grant": policy.open_kind(),
            "person": policy.open().and_then(Grant::person).map(PersonId::as_str),
            "door_open": policy.door_is_open(),
            "mode": policy.mode(),
            "liveness": liveness::as_json(self.liveness, counts.attempts()),
            "light": self.light,
            "alarms": listed(policy, self.silent).map(|alarm| alarm.kind).collect::<Vec<_>>(),
            "model": model.to_string(),
            "people": gallery.people().len(),
            "templates": gallery.templates(),
            "frames": counts.frames(),
            "uptime_s": self.uptime.as_secs(),
            "clock_synchronised": now.wall.synchronised,
            "failed_for_s": failed,
            "trouble": trouble,
            "audit_head": records.head.to_string(),
            "audit_sealed": records.sealed,
            "seal_every_s": self.seal_every.as_secs(),
            "metrics": counted(counts, now, self.silent),
        })
    }
}

/// The alarms that are listed, those that are silent only if `silent` is set.
fn listed(policy: &Policy, silent: bool) -> impl Iterator<Item = &Alarm> {
    policy.alarms().filter(move |alarm| silent || !alarm.kind.is_silent())
}

/// What was counted. How often each alarm was raised would tell of silent ones too.
fn counted(counts: &Counts, now: Now, silent: bool) -> Value {
    let mut counted = counts.as_json(now);
    if let (false, Some(alarms)) = (silent, counted["alarms"].as_object_mut()) {
        AlarmKind::ALL
            .iter()
            .filter(|kind| kind.is_silent())
            .for_each(|kind| drop(alarms.remove(kind.name())));
    }
    counted
}

/// Every alarm that holds, or that nobody has acknowledged; those that are silent only if `silent` is set.
pub(super) fn alarms(now: Now, policy: &Policy, silent: bool) -> Vec<Value> {
    let one = |alarm: &Alarm| {
        json!({
            "alarm": alarm.kind,
            "holds": alarm.holds,
            "acknowledged": alarm.acknowledged,
            "times": alarm.times,
            "for_s": now.moment.since(alarm.since).as_secs(),
        })
    };
    listed(policy, silent).map(one).collect()
}
