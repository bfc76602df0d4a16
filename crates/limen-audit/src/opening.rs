//! Opens the audit: claims the folder, cuts off what a power cut left, resumes the key, finishes what was interrupted.

use std::sync::Arc;

use limen_core::clock::ReadClock;
use limen_core::event::Fact;

use super::disk::{Disk, RealDisk};
use super::error::AuditError;
use super::folder::claim;
use super::keys::{KeyFolder, Resumed, given};
use super::log::AuditLog;
use super::recover::recover;
use super::settings::AuditSettings;
use super::{forget, retention};

impl AuditLog {
    /// Opens or creates the audit, and claims its folder. A half-written last record is cut off; that, and
    /// a run that did not end in order, is recorded as a gap. Where there is no chain to go on with, one
    /// begins.
    pub fn open(settings: &AuditSettings, clock: ReadClock) -> Result<Self, AuditError> {
        Self::open_on(settings, clock, Arc::new(RealDisk))
    }

    /// [`AuditLog::open`] on this disk.
    pub(super) fn open_on(
        settings: &AuditSettings,
        clock: ReadClock,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, AuditError> {
        let claim = claim(&settings.folder)?;
        retention::finish(&settings.folder)?;
        let found = recover(&settings.folder)?;
        let keys = KeyFolder::new(&settings.folder);
        let (key, begun) = match keys.resume(found.key, settings.first_key.as_deref())? {
            Resumed::Continued(key) => (key, None),
            Resumed::Begun(key, why) => (key, Some(why)),
        };
        warn_of_given_key(settings, begun.is_some());
        let gap = found.gap.clone();
        let mut log = Self::of(settings, clock, disk, found, key, claim);
        if let Some(why) = begun {
            log.begin_chain(why)?;
        }
        if let Some(what) = gap {
            log.append(clock(), Fact::Gap { what })?;
        }
        if let Err(error) = forget::finish(&mut log) {
            log::error!(
                "{error}; somebody is still named in the records, which the next start tries again to end"
            );
        }
        Ok(log)
    }
}

/// While the first key still lies where it was given, whoever takes this machine over can forge everything.
fn warn_of_given_key(settings: &AuditSettings, begun: bool) {
    if let (false, Some(path)) = (begun, given(settings.first_key.as_deref()).filter(|path| path.exists())) {
        log::warn!(
            "audit: the first key still lies in {}; while it does, the seals protect nothing: remove it",
            path.display()
        );
    }
}
