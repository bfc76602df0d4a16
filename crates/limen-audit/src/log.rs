//! The open audit: appends records to the chain, seals it, closes a full file and begins another.

use std::borrow::Borrow;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, TryLockError};

use limen_core::clock::Now;
use limen_core::clock::ReadClock;
use limen_core::event::Fact;
use limen_files::sync_folder;
use serde::Serialize;
use serde_json::Value;

use super::current::Current;
use super::disk::{Disk, RealDisk};
use super::folder::{CURRENT, Claim, NEXT, claim, closed_name, failed};
use super::keys::{Keeper, KeyFolder, NextKey, Resumed, Slot, given};
use super::line::{Beside, hash_of, hex, join};
use super::record::{ChainFact, ChainHead, ClockQuality, Record, VERSION};
use super::recover::{Found, recover};
use super::seal::{SealKey, SecretKey};
use super::{AuditError, AuditSettings, forget, personal, retention};

/// The open audit.
#[derive(Debug)]
pub struct AuditLog {
    settings: AuditSettings,
    clock: ReadClock,
    disk: Arc<dyn Disk>,
    current: Current,
    head: ChainHead,
    key: SecretKey,
    next: NextKey,
    /// Records since the newest seal.
    unsealed: u64,
    sealed: Option<u64>,
    /// The current file has a seal that the keeper was not told of, and nobody has taken that over.
    seal_owed: bool,
    /// The last record says that a run ended in order.
    ended: bool,
    _claim: Claim,
}

/// What is left to be done elsewhere, where a slow card holds nobody up.
#[derive(Debug)]
pub struct Unsynced {
    /// To be synced.
    pub file: File,
    /// Then the keeper is to be told of a seal.
    pub sealed: bool,
    /// The folder is to be synced too.
    pub renamed: bool,
}

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

    fn of(
        settings: &AuditSettings,
        clock: ReadClock,
        disk: Arc<dyn Disk>,
        found: Found,
        key: SecretKey,
        claim: Claim,
    ) -> Self {
        let ended = found.gap.is_none() && found.last.is_some();
        Self {
            settings: settings.clone(),
            clock,
            disk,
            current: Current::of(found.current, found.length),
            head: found.last.unwrap_or_else(ChainHead::before_the_first),
            key,
            next: NextKey::default(),
            ended,
            unsealed: found.unsealed,
            sealed: found.sealed,
            seal_owed: false,
            _claim: claim,
        }
    }

    fn begin_chain(&mut self, why: String) -> Result<(), AuditError> {
        let key = self.key.public();
        if self.sealed.is_some() {
            log::error!("audit: {why}; the chain goes on with another key, which a verification will name");
        }
        log::info!(
            "audit: the first public key is {key}; keep it where nobody of this machine can change it"
        );
        self.append_own((self.clock)(), &ChainFact::ChainStarted { key: key.to_string(), why })
    }

    /// Writes one record to the kernel. A failed write leaves no part of the record behind.
    pub fn append(&mut self, now: Now, fact: impl Borrow<Fact>) -> Result<(), AuditError> {
        let (fact, taken) = personal::take_out(fact.borrow())?;
        if taken.is_empty() {
            let core = self.core(now, None, fact)?;
            return self.write(&core, Beside::Nothing);
        }
        let (root, part) = personal::commit(taken)?;
        let core = self.core(now, Some(root), fact)?;
        self.write(&core, Beside::Personal(&part))
    }

    /// Writes a record of the chain's own.
    pub fn append_own(&mut self, now: Now, fact: &ChainFact) -> Result<(), AuditError> {
        let core = self.core(now, None, serde_json::to_value(fact)?)?;
        self.write(&core, Beside::Nothing)
    }

    /// Seals what was written, if there is anything and the next key is ready.
    pub fn seal(&mut self, now: Now, closing: bool) -> Result<Option<Unsynced>, AuditError> {
        if self.try_seal(now, closing)? { self.unsynced().map(Some) } else { Ok(None) }
    }

    /// The same; true if there is a new seal, which is owed to the keeper from then on.
    fn try_seal(&mut self, now: Now, closing: bool) -> Result<bool, AuditError> {
        if self.unsealed == 0 && (self.ended || !closing) {
            return Ok(false);
        }
        let Some(next) = self.take_next() else { return Ok(false) };
        match self.write_seal(now, next.public(), closing) {
            Ok(()) => {
                self.key = next;
                self.unsealed = 0;
                self.ended = closing;
                self.sealed = Some(self.head.seq);
                self.seal_owed = true;
                Ok(true)
            }
            Err(error) => {
                *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Slot::Ready(next);
                Err(error)
            }
        }
    }

    fn write_seal(&mut self, now: Now, next: SealKey, closing: bool) -> Result<(), AuditError> {
        let key = self.key.public().to_string();
        let fact = ChainFact::Sealed { key, next: next.to_string(), closing };
        let core = self.core(now, None, serde_json::to_value(&fact)?)?;
        let signature = self.key.sign(&hash_of(&core));
        self.write(&core, Beside::Signature(signature.as_bytes()))
    }

    /// The next key, if it is ready and nobody holds the slot just now.
    fn take_next(&self) -> Option<SecretKey> {
        let mut slot = match self.next.try_lock() {
            Ok(slot) => slot,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        match std::mem::take(&mut *slot) {
            Slot::Ready(key) => {
                *slot = Slot::Used;
                Some(key)
            }
            other => {
                *slot = other;
                None
            }
        }
    }

    /// The file is as large as it should become.
    pub fn is_full(&self) -> bool {
        self.current.length >= self.settings.max_bytes
    }

    /// The file is so large that it does not wait for a quiet moment: a little above what it should become.
    pub fn is_overfull(&self) -> bool {
        self.current.length >= self.settings.max_bytes.saturating_add(self.settings.max_bytes / 64)
    }

    /// The current file has no record.
    pub fn is_empty(&self) -> bool {
        self.current.length == 0
    }

    /// Seals and closes the file and begins another, so that every closed file ends with a seal. `None` if
    /// there is no seal to be had now, or nothing to close.
    ///
    /// The other file is there before anything is renamed, and from the moment that the sealed one has its new
    /// name nothing is written to it, whatever fails afterwards.
    pub fn rotate(&mut self, now: Now) -> Result<Option<Unsynced>, AuditError> {
        if self.is_empty() {
            return Ok(None);
        }
        let (path, next) = (self.path(CURRENT), self.path(NEXT));
        let file = self.disk.open(&next).map_err(failed(&next, "open"))?;
        self.try_seal(now, false)?;
        if self.unsealed > 0 {
            return Ok(None);
        }
        let closed = self.path(&closed_name(self.head.seq));
        self.disk.rename(&path, &closed).map_err(failed(&path, "close"))?;
        let old = std::mem::replace(&mut self.current, Current::begun(file)).file;
        let sealed = std::mem::take(&mut self.seal_owed);
        // Should this fail, the next record tries again.
        if let Err(error) = self.name_current() {
            log::error!("{error}");
        }
        Ok(Some(Unsynced { file: old, sealed, renamed: true }))
    }

    /// Gives a file that is begun its name.
    fn name_current(&mut self) -> Result<(), AuditError> {
        if self.current.unnamed {
            let (path, next) = (self.path(CURRENT), self.path(NEXT));
            self.disk.rename(&next, &path).map_err(failed(&path, "begin"))?;
            self.current.unnamed = false;
        }
        Ok(())
    }

    /// Rotates and waits until that is durable: for who is alone with the audit.
    pub fn rotate_now(&mut self, now: Now, keeper: &mut Keeper) -> Result<(), AuditError> {
        self.sync_seal(keeper)?;
        keeper.advance()?;
        // Durable before anything is renamed: a failure then owes the keeper nothing.
        self.try_seal(now, false)?;
        self.sync_seal(keeper)?;
        if self.rotate(now)?.is_some() {
            sync_folder(&self.settings.folder)?;
        }
        keeper.advance()
    }

    /// Makes everything written durable, and tells the keeper of a seal that is owed.
    fn sync_seal(&mut self, keeper: &mut Keeper) -> Result<(), AuditError> {
        self.sync()?;
        if std::mem::take(&mut self.seal_owed) {
            keeper.seal_is_durable();
        }
        Ok(())
    }

    /// Records that the files up to record `last` will be deleted.
    pub fn announce_retention(&mut self, now: Now, last: u64) -> Result<(), AuditError> {
        self.append_own(now, &ChainFact::RecordsDropped { last })
    }

    /// Seals what is left, makes it durable and sees to the keys: the end of a run.
    pub fn close(mut self, now: Now, mut keeper: Keeper) -> Result<ChainHead, AuditError> {
        self.sync_seal(&mut keeper)?;
        keeper.advance()?;
        if self.try_seal(now, true)? {
            self.sync_seal(&mut keeper)?;
            keeper.promote()?;
        }
        Ok(self.head)
    }

    /// The last record.
    pub fn head(&self) -> &ChainHead {
        &self.head
    }

    /// The number of the newest seal.
    pub fn sealed(&self) -> Option<u64> {
        self.sealed
    }

    /// There are records without a seal.
    pub fn wants_seal(&self) -> bool {
        self.unsealed > 0
    }

    /// Where it lies and how much is kept.
    pub fn settings(&self) -> &AuditSettings {
        &self.settings
    }

    /// What its clock says.
    pub fn now(&self) -> Now {
        (self.clock)()
    }

    /// A keeper of this audit's keys; one only.
    pub fn keeper(&self) -> Keeper {
        Keeper::new(KeyFolder::new(&self.settings.folder), Arc::clone(&self.next))
    }

    /// The current file, for syncing it elsewhere; a seal that is owed goes with it, and is not to be lost there.
    pub fn unsynced(&mut self) -> Result<Unsynced, AuditError> {
        let file = self.duplicate()?;
        Ok(Unsynced { file, sealed: std::mem::take(&mut self.seal_owed), renamed: false })
    }

    /// The current file alone.
    pub fn duplicate(&self) -> Result<File, AuditError> {
        self.current.file.try_clone().map_err(self.failed("duplicate"))
    }

    /// Makes everything written durable.
    pub fn sync(&self) -> Result<(), AuditError> {
        self.disk.sync(&self.current.file).map_err(self.failed("sync"))
    }

    /// The disk that it lies on.
    pub(super) fn disk(&self) -> Arc<dyn Disk> {
        Arc::clone(&self.disk)
    }

    fn core(&self, now: Now, subject: Option<String>, fact: Value) -> Result<Vec<u8>, AuditError> {
        let record = Record {
            v: VERSION,
            seq: self.head.seq.saturating_add(1),
            time: now.wall.utc,
            clock: if now.wall.synchronised {
                ClockQuality::Synchronised
            } else {
                ClockQuality::Unsynchronised
            },
            boot_ms: u64::try_from(now.moment.since_boot().as_millis()).unwrap_or(u64::MAX),
            prev: self.head.hash.clone(),
            subject,
            fact,
        };
        let mut core = Vec::new();
        record.serialize(&mut serde_json::Serializer::new(&mut core))?;
        Ok(core)
    }

    fn write(&mut self, core: &[u8], beside: Beside<'_>) -> Result<(), AuditError> {
        self.name_current()?;
        let mut line = join(core, beside);
        line.push(b'\n');
        self.current.append(&*self.disk, &line).map_err(self.failed("write"))?;
        self.unsealed += 1;
        self.ended = false;
        self.head = ChainHead { seq: self.head.seq.saturating_add(1), hash: hex(&hash_of(core)) };
        Ok(())
    }

    fn failed(&self, what: &'static str) -> impl FnOnce(io::Error) -> AuditError + use<> {
        failed(&self.path(CURRENT), what)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.settings.folder.join(name)
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
