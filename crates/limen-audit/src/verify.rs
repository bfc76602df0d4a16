//! The only reader of records. It checks the chain line by line and reports where it was changed.
//!
//! It takes any bytes without a panic and in bounded memory, and continues after a flaw. It can hand each
//! record to its caller.

use std::collections::BTreeSet;
use std::io::BufRead;

use super::line::{Beside, Ending, Hash, RecordLine, hex, read_line, unhex};
use super::names::DROPPED;
use super::personal::{pieces, root};
use super::record::{CHAIN_STARTED, ChainFact, ChainHead, Record, SEALED, VERSION};
use super::report::{ChainProblem, Flaw, VerificationReport};
use super::seal::SealKey;

/// How many records that lost personal data are remembered until a later record explains the loss. Each takes
/// about 40 bytes.
const MAX_UNACCOUNTED: usize = 100_000;

/// An exported head to look for. Its number may be unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The hash: 64 hexadecimal digits.
    pub hash: String,
    /// The record's number.
    pub seq: Option<u64>,
}

impl std::str::FromStr for Sought {
    type Err = &'static str;
    /// Reads `HASH` or `HASH:SEQ`, as in the journal and in `limen status`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const REMEDY: &str = "is not a head; write HASH or HASH:NUMBER, as in the journal or `limen status`";
        let (hash, seq) = match text.split_once(':') {
            Some((hash, seq)) => (hash, Some(seq.parse().map_err(|_| REMEDY)?)),
            None => (text, None),
        };
        unhex::<32>(hash.as_bytes()).ok_or(REMEDY)?;
        Ok(Self { hash: hash.to_owned(), seq })
    }
}

/// A record, and where it was found.
#[derive(Debug, Clone, Copy)]
pub struct FoundRecord<'a> {
    /// The name of the file.
    pub file: &'a str,
    /// The line in the file, from 1.
    pub at: u64,
    line: &'a RecordLine<'a>,
}

impl FoundRecord<'_> {
    /// The record, including its personal part.
    pub fn record(&self) -> Option<Record> {
        Record::of_line(self.line)
    }
}

/// The previous record, which the next one has to follow.
#[derive(Debug)]
struct Before {
    seq: u64,
    hash: Hash,
    file: String,
    at: u64,
    /// Whether the next line must link to this record. False after a line that is no record.
    linked: bool,
}

/// Checks a chain through its files, oldest first.
#[derive(Debug)]
pub struct ChainVerifier {
    keys: Vec<SealKey>,
    heads: Vec<Sought>,
    /// Whether the caller gave public keys.
    key_is_known: bool,
    /// Whether reading starts in the middle of a chain. Then it is no flaw that earlier records are missing.
    middle: bool,
    expected: Option<SealKey>,
    before: Option<Before>,
    unaccounted: BTreeSet<(u64, String, u64)>,
    dropped_said: u64,
    /// A chain that begins here, behind deleted records of format 1. It is a flaw unless a later record says
    /// that they were deleted.
    begins: Option<ChainProblem>,
    report: VerificationReport,
}

impl ChainVerifier {
    /// Verifies a chain that must begin with one of these public keys, and looks for these exported heads. If
    /// `keys` is empty, the chain's own first key is taken.
    pub fn new(keys: Vec<SealKey>, heads: Vec<Sought>) -> Self {
        Self {
            key_is_known: !keys.is_empty(),
            keys,
            heads,
            middle: false,
            expected: None,
            before: None,
            unaccounted: BTreeSet::new(),
            dropped_said: 0,
            begins: None,
            report: VerificationReport::default(),
        }
    }

    /// A verifier that starts at a later file of a chain. It is no flaw that earlier records are missing.
    pub fn from_the_middle() -> Self {
        Self { middle: true, ..Self::new(Vec::new(), Vec::new()) }
    }

    /// Reads what was kept of deleted files: their seals, and the last record of each. Call it before
    /// [`Self::read`].
    pub fn read_dropped(&mut self, file: &str, reader: impl BufRead) {
        self.each_line(file, reader, |this, at, line| this.take_kept(file, at, line));
        self.report.dropped_to = self.before.as_ref().map(|before| before.seq);
    }

    /// Reads the next file.
    pub fn read(&mut self, file: &str, reader: impl BufRead, mut each: impl FnMut(&FoundRecord<'_>)) {
        self.each_line(file, reader, |this, at, line| {
            this.take(file, at, line);
            each(&FoundRecord { file, at, line });
        });
    }

    /// The number of the last deleted record. `None` before [`Self::read_dropped`].
    pub fn dropped_to(&self) -> Option<u64> {
        self.report.dropped_to
    }

    /// The result of the verification.
    pub fn finish(mut self) -> VerificationReport {
        for (seq, file, line) in std::mem::take(&mut self.unaccounted) {
            self.report.note(ChainProblem { file, line, seq: Some(seq), flaw: Flaw::PersonalMissing });
        }
        if let Some(dropped) = self.report.dropped_to.filter(|to| *to > self.dropped_said && !self.middle) {
            let file = DROPPED.to_owned();
            self.report.note(ChainProblem { file, line: 0, seq: Some(dropped), flaw: Flaw::DroppedUnsaid });
        }
        if let Some(begins) = self
            .begins
            .take()
            .filter(|at| at.seq.is_some_and(|seq| seq.saturating_sub(1) > self.dropped_said))
        {
            self.report.note(begins);
        }
        if self.key_is_known && self.report.key.is_none() {
            self.report.note(ChainProblem { file: String::new(), line: 0, seq: None, flaw: Flaw::NoChain });
        }
        for head in std::mem::take(&mut self.heads) {
            let head = head.seq.map_or(head.hash.clone(), |seq| format!("{}:{seq}", head.hash));
            self.report.note(ChainProblem {
                file: String::new(),
                line: 0,
                seq: None,
                flaw: Flaw::NoSuchHead(head),
            });
        }
        self.report.head = self.before.map(|before| ChainHead { seq: before.seq, hash: hex(&before.hash) });
        self.report
    }

    fn each_line(
        &mut self,
        file: &str,
        mut reader: impl BufRead,
        mut take: impl FnMut(&mut Self, u64, &RecordLine<'_>),
    ) {
        let (mut bytes, mut at) = (Vec::new(), 0);
        loop {
            let ending = match read_line(&mut reader, &mut bytes) {
                Ok(Some(ending)) => ending,
                Ok(None) => return,
                Err(error) => return self.flaw(file, at + 1, None, Flaw::Unreadable(error.to_string())),
            };
            at += 1;
            // An incomplete record is a flaw unless it ends the newest file: here others follow it.
            if let Some(half) = self.report.half.take() {
                let flaw = Flaw::Unreadable(format!(
                    "the previous file ends with an incomplete record of {half} bytes"
                ));
                self.flaw(file, at, None, flaw);
            }
            match (ending, RecordLine::parse(&bytes)) {
                (Ending::Whole, Some(line)) => take(self, at, &line),
                (Ending::Cut, _) => self.report.half = Some(bytes.len() as u64),
                _ => {
                    self.flaw(file, at, None, Flaw::NotARecord);
                    if let Some(before) = &mut self.before {
                        (before.seq, before.linked) = (before.seq.saturating_add(1), false);
                    }
                }
            }
        }
    }

    fn flaw(&mut self, file: &str, line: u64, seq: Option<u64>, flaw: Flaw) {
        self.report.note(ChainProblem { file: file.to_owned(), line, seq, flaw });
    }

    /// Checks a line that was kept from a deleted file.
    fn take_kept(&mut self, file: &str, at: u64, line: &RecordLine<'_>) {
        let hash = line.hash();
        if self.before.as_ref().is_some_and(|before| before.seq >= line.head.seq) {
            self.flaw(file, at, Some(line.head.seq), Flaw::OutOfOrder);
        }
        self.follow_keys(file, at, line, &hash);
        self.go_on(file, at, line.head.seq, hash);
    }

    fn take(&mut self, file: &str, at: u64, line: &RecordLine<'_>) {
        let (hash, seq) = (line.hash(), line.head.seq);
        self.check_link(file, at, line);
        self.check_personal(file, at, line);
        self.report.records += 1;
        self.report.first.get_or_insert(seq);
        if line.head.v < VERSION {
            self.report.old_format_to = Some(seq);
        }
        self.go_on(file, at, seq, hash);
        self.follow_keys(file, at, line, &hash);
    }

    /// Compares the number and `prev` with the previous record.
    fn check_link(&mut self, file: &str, at: u64, line: &RecordLine<'_>) {
        let seq = line.head.seq;
        let Some(before) = self.before.take() else {
            // Format 1 did not record what it deleted.
            if seq == 1 || line.head.v < VERSION || self.middle {
                return;
            }
            let finding =
                ChainProblem { file: file.to_owned(), line: at, seq: Some(seq), flaw: Flaw::NoBeginning };
            match line.head.fact.kind {
                CHAIN_STARTED => self.begins = Some(finding),
                _ => self.report.note(finding),
            }
            return;
        };
        let next = before.seq.wrapping_add(1);
        if seq < next {
            self.flaw(file, at, Some(seq), Flaw::OutOfOrder);
        } else if seq > next {
            self.flaw(file, at, Some(seq), Flaw::Missing(next, seq - 1));
        } else if before.linked && unhex(line.head.prev.as_bytes()) != Some(before.hash) {
            self.flaw(&before.file, before.at, Some(before.seq), Flaw::Changed);
        }
    }

    fn check_personal(&mut self, file: &str, at: u64, line: &RecordLine<'_>) {
        let seq = line.head.seq;
        match (line.head.subject, line.beside) {
            (None, Beside::Nothing | Beside::Signature(_)) => {}
            (Some(subject), Beside::Personal(part)) => match pieces(part) {
                Some(pieces) if hex(&root(&pieces)) == subject => {
                    if pieces.iter().any(|piece| piece.forgotten) {
                        self.report.forgotten += 1;
                        self.await_account(file, at, seq);
                    }
                }
                _ => self.flaw(file, at, Some(seq), Flaw::PersonalChanged),
            },
            _ => self.flaw(file, at, Some(seq), Flaw::PersonalChanged),
        }
    }

    /// Notes that this record lost personal data: a later record must explain that.
    fn await_account(&mut self, file: &str, at: u64, seq: u64) {
        if self.middle {
            return;
        }
        if self.unaccounted.len() < MAX_UNACCOUNTED {
            self.unaccounted.insert((seq, file.to_owned(), at));
        } else {
            self.flaw(file, at, Some(seq), Flaw::PersonalMissing);
        }
    }

    /// Notes that a record explains why the records from `first` to `last` lost personal data. A chain can
    /// have hundreds of thousands of such ranges.
    fn give_account(&mut self, first: u64, last: u64) {
        let start = |seq| (seq, String::new(), 0);
        if first <= last {
            let accounted = start(first)..start(last.saturating_add(1));
            self.unaccounted.extract_if(accounted, |_| true).for_each(drop);
        }
    }

    /// Checks keys, seals, and the facts that the chain records about itself.
    fn follow_keys(&mut self, file: &str, at: u64, line: &RecordLine<'_>, hash: &Hash) {
        let seq = line.head.seq;
        let fact = ChainFact::of_line(line);
        if matches!(line.beside, Beside::Signature(_)) != (line.head.fact.kind == SEALED) {
            self.flaw(file, at, Some(seq), Flaw::BadSignature);
        }
        match fact {
            Some(ChainFact::ChainStarted { key, .. }) => self.begin_chain(file, at, seq, &key),
            Some(ChainFact::Sealed { key, next, .. }) => self.check_seal(file, at, line, hash, &key, &next),
            Some(ChainFact::Forgotten { records }) => {
                records.iter().for_each(|(first, last)| self.give_account(*first, *last));
            }
            Some(ChainFact::RecordsDropped { last }) => self.dropped_said = self.dropped_said.max(last),
            None if ChainFact::is_kind(line.head.fact.kind) => {
                self.flaw(file, at, Some(seq), Flaw::NotARecord)
            }
            None => {}
        }
    }

    fn begin_chain(&mut self, file: &str, at: u64, seq: u64, key: &str) {
        let anew = self.expected.is_some();
        self.expected = key.parse().ok();
        if self.keys.is_empty() && !anew {
            self.keys.extend(self.expected);
        }
        if !self.expected.is_some_and(|key| self.keys.contains(&key)) {
            self.flaw(file, at, Some(seq), Flaw::UnknownKey(key.to_owned()));
        } else if anew {
            self.flaw(file, at, Some(seq), Flaw::BegunAnew);
        }
        self.report.key = self.report.key.or(self.expected);
    }

    fn check_seal(&mut self, file: &str, at: u64, line: &RecordLine<'_>, hash: &Hash, key: &str, next: &str) {
        let seq = line.head.seq;
        let named = key.parse::<SealKey>().ok();
        let Beside::Signature(digits) = line.beside else { return };
        let expected = self.expected.or(if self.middle { named } else { None });
        self.expected = next.parse().ok();
        if named.is_none() || named != expected {
            let expected = expected.map_or("no key".to_owned(), |key| key.to_string());
            return self.flaw(file, at, Some(seq), Flaw::WrongKey { expected, found: key.to_owned() });
        }
        if !named.is_some_and(|key| key.has_signed(hash, digits)) {
            return self.flaw(file, at, Some(seq), Flaw::BadSignature);
        }
        self.report.seals += 1;
        self.report.sealed_to = Some(seq);
        self.report.covered_to = self.report.covered_to.max(Some(seq));
    }

    fn go_on(&mut self, file: &str, at: u64, seq: u64, hash: Hash) {
        if !self.heads.is_empty() {
            let text = hex(&hash);
            let found = |head: &Sought| head.hash == text && head.seq.is_none_or(|wanted| wanted == seq);
            let sought = self.heads.len();
            self.heads.retain(|head| !found(head));
            if self.heads.len() < sought {
                self.report.covered_to = self.report.covered_to.max(Some(seq));
            }
        }
        self.before = Some(Before { seq, hash, file: file.to_owned(), at, linked: true });
    }
}

/// Verifies one file that holds a whole chain.
pub fn verify(reader: impl BufRead, keys: &[SealKey]) -> VerificationReport {
    let mut verifier = ChainVerifier::new(keys.to_vec(), Vec::new());
    verifier.read(super::names::CURRENT, reader, |_| {});
    verifier.finish()
}
