//! The open audit file: appends records to the chain, seals it, closes a full file and begins the next.

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

use super::current::CurrentFile;
use super::disk::Disk;
use super::error::AuditError;
use super::folder::{FolderLock, closed_name, failed};
use super::keys::{KeyFolder, NextKey, SealKeyKeeper, Slot};
use super::line::{Beside, hash_of, hex, join};
use super::names::{CURRENT, NEXT};
use super::personal;
use super::record::{ChainFact, ChainHead, ClockQuality, Record, VERSION};
use super::recover::RecoveredEnd;
use super::seal::{SealKey, SecretKey};
use super::settings::AuditSettings;

/// The open audit file and its chain.
#[derive(Debug)]
pub struct AuditLog {
    settings: AuditSettings,
    clock: ReadClock,
    disk: Arc<dyn Disk>,
    current: CurrentFile,
    head: ChainHead,
    key: SecretKey,
    next: NextKey,
    /// The number of records since the newest seal.
    unsealed: u64,
    sealed: Option<u64>,
    /// The current file has a new seal, and no [`Unsynced`] that reports it to the keeper was returned yet.
    seal_owed: bool,
    /// Whether the last record says that its run ended in an orderly way.
    ended: bool,
    _claim: FolderLock,
}

/// What remains to be synced. Another thread does it, so that a slow card delays no record.
#[derive(Debug)]
pub struct Unsynced {
    /// The file to sync.
    pub file: File,
    /// Whether the keeper must be told of a seal once the file is synced.
    pub sealed: bool,
    /// Whether the folder must be synced too.
    pub renamed: bool,
}

impl AuditLog {
    /// The log that goes on from the end that was found in its folder.
    pub(super) fn of(
        settings: &AuditSettings,
        clock: ReadClock,
        disk: Arc<dyn Disk>,
        found: RecoveredEnd,
        key: SecretKey,
        claim: FolderLock,
    ) -> Self {
        let ended = found.gap.is_none() && found.last.is_some();
        Self {
            settings: settings.clone(),
            clock,
            disk,
            current: CurrentFile::of(found.current, found.length),
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

    /// Begins a new chain. `why` says why there is no chain to continue.
    pub(super) fn begin_chain(&mut self, why: String) -> Result<(), AuditError> {
        let key = self.key.public();
        if self.sealed.is_some() {
            log::error!(
                "audit: {why}; the chain goes on with another key, and a verification will report that"
            );
        }
        log::info!(
            "audit: the first public key is {key}; keep it where no user of this machine can change it"
        );
        self.append_own((self.clock)(), &ChainFact::ChainStarted { key: key.to_string(), why })
    }

    /// Hands one record to the kernel. If that fails, no part of the record stays in the file.
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

    /// Writes one of the chain's own records.
    pub fn append_own(&mut self, now: Now, fact: &ChainFact) -> Result<(), AuditError> {
        let core = self.core(now, None, serde_json::to_value(fact)?)?;
        self.write(&core, Beside::Nothing)
    }

    /// Seals the records since the last seal, if there are any and the next key is ready.
    pub fn seal(&mut self, now: Now, closing: bool) -> Result<Option<Unsynced>, AuditError> {
        if self.try_seal(now, closing)? { self.unsynced().map(Some) } else { Ok(None) }
    }

    /// Like [`Self::seal`]. Returns true if there is a new seal, of which the keeper must be told.
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

    /// Takes the next key, if it is ready and no other thread holds the slot now.
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

    /// Whether the file has reached its size.
    pub fn is_full(&self) -> bool {
        self.current.length >= self.settings.max_bytes
    }

    /// Whether the file is so far above its size that it must be closed at once.
    pub fn is_overfull(&self) -> bool {
        self.current.length >= self.settings.max_bytes.saturating_add(self.settings.max_bytes / 64)
    }

    /// Whether the current file has no records.
    pub fn is_empty(&self) -> bool {
        self.current.length == 0
    }

    /// Seals and closes the file and begins the next, so that each closed file ends with a seal. `None` if no
    /// seal can be made now, or if there is nothing to close.
    ///
    /// The next file exists before anything is renamed. Once the sealed file has its new name, nothing is
    /// written to it, even if a later step fails.
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
        let old = std::mem::replace(&mut self.current, CurrentFile::begun(file)).file;
        let sealed = std::mem::take(&mut self.seal_owed);
        // If this fails, the next record tries again.
        if let Err(error) = self.name_current() {
            log::error!("{error}");
        }
        Ok(Some(Unsynced { file: old, sealed, renamed: true }))
    }

    /// Gives the next file the name of the current one.
    fn name_current(&mut self) -> Result<(), AuditError> {
        if self.current.unnamed {
            let (path, next) = (self.path(CURRENT), self.path(NEXT));
            self.disk.rename(&next, &path).map_err(failed(&path, "begin"))?;
            self.current.unnamed = false;
        }
        Ok(())
    }

    /// Like [`Self::rotate`], but also advances the keys, and returns when everything is durable. Only for use while
    /// no other thread writes the audit.
    pub fn rotate_now(&mut self, now: Now, keeper: &mut SealKeyKeeper) -> Result<(), AuditError> {
        self.sync_seal(keeper)?;
        keeper.advance()?;
        // The seal is durable before anything is renamed. So if a later step fails, the keeper knows of the seal
        // already.
        self.try_seal(now, false)?;
        self.sync_seal(keeper)?;
        if self.rotate(now)?.is_some() {
            sync_folder(&self.settings.folder)?;
        }
        keeper.advance()
    }

    /// Makes all written records durable, and tells the keeper of a new seal.
    fn sync_seal(&mut self, keeper: &mut SealKeyKeeper) -> Result<(), AuditError> {
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

    /// Ends a run: seals the last records, makes them durable, and advances the keys.
    pub fn close(mut self, now: Now, mut keeper: SealKeyKeeper) -> Result<ChainHead, AuditError> {
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

    /// Whether there are records without a seal.
    pub fn wants_seal(&self) -> bool {
        self.unsealed > 0
    }

    /// The audit's settings.
    pub fn settings(&self) -> &AuditSettings {
        &self.settings
    }

    /// The time now, by the audit's clock.
    pub fn now(&self) -> Now {
        (self.clock)()
    }

    /// The keeper of this audit's keys. Call it only once.
    pub fn keeper(&self) -> SealKeyKeeper {
        SealKeyKeeper::new(KeyFolder::new(&self.settings.folder), Arc::clone(&self.next))
    }

    /// The current file, to sync it on another thread. If `sealed` is set, the caller must then tell the keeper of
    /// the seal.
    pub fn unsynced(&mut self) -> Result<Unsynced, AuditError> {
        let file = self.duplicate()?;
        Ok(Unsynced { file, sealed: std::mem::take(&mut self.seal_owed), renamed: false })
    }

    /// Another handle of the current file.
    pub fn duplicate(&self) -> Result<File, AuditError> {
        self.current.file.try_clone().map_err(self.failed("duplicate"))
    }

    /// Makes all written records durable.
    pub fn sync(&self) -> Result<(), AuditError> {
        self.disk.sync(&self.current.file).map_err(self.failed("sync"))
    }

    /// The disk that holds the audit.
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
            personal: Vec::new(),
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
