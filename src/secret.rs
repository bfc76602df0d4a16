//! Secret keys: 32 bytes that are wiped from memory, their text on a disk, and how one follows another.
//!
//! A key lies in a file as 64 lower-case hexadecimal digits, as from `openssl rand -hex 32`. The next key lies
//! beside it until everything that it opens or signs is on the disk; then it takes the old one's place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base16ct::lower;
use zeroize::Zeroizing;

/// The largest file of a key that is read: 64 digits and white space.
pub const MAX_KEY_BYTES: u64 = 4096;

/// 32 secret bytes; zeroed when dropped, in one place of the memory until then, and never shown.
pub struct Key(Box<Zeroizing<[u8; 32]>>);

impl Key {
    /// A new one from the kernel's random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        getrandom::fill(key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// These bytes.
    pub fn of(bytes: &Zeroizing<[u8; 32]>) -> Self {
        Self(Box::new(bytes.clone()))
    }

    /// The key of 64 hexadecimal digits, white space around them; `None` if there is anything else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        unhex(text.trim_ascii()).map(|bytes| Self(Box::new(Zeroizing::new(bytes))))
    }

    /// What [`Key::parse`] reads.
    pub fn text(&self) -> Zeroizing<Vec<u8>> {
        let digits = Zeroizing::new(hex(self.0.as_slice()));
        Zeroizing::new([digits.as_bytes(), b"\n"].concat())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Where systemd put the credential of this name, `LoadCredential=NAME:...`; `None` if it did not.
pub fn credential(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(Path::new(&folder).join(name)).filter(|path| path.exists())
}

/// Puts the next key in the old one's place and overwrites the old one's bytes; the folder is not synced yet.
///
/// A flash card may keep an overwritten block for a while where only a laboratory reads it.
pub fn promote(next: &Path, key: &Path) -> io::Result<()> {
    let old = OpenOptions::new().write(true).custom_flags(libc::O_NOFOLLOW).open(key);
    fs::rename(next, key)?;
    if let Ok(Err(error)) = old.map(erase) {
        log::warn!("{}: the old key could not be overwritten: {error}", key.display());
    }
    Ok(())
}

fn erase(mut key: File) -> io::Result<()> {
    let length = key.metadata()?.len().min(MAX_KEY_BYTES);
    key.seek(SeekFrom::Start(0))?;
    key.write_all(&vec![0; length as usize])?;
    key.sync_all()
}

/// The bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    lower::encode_string(bytes)
}

/// The bytes of exactly `2 * N` lower-case hexadecimal digits: one way to write them only, so that no change
/// of a digit goes unseen.
pub fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let whole = lower::decode(text, &mut bytes).is_ok_and(|read| read.len() == N);
    whole.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_what_it_wrote_and_nothing_else() {
        let key = Key::random().expect("random");
        assert_eq!(Key::parse(&key.text()).expect("a key").bytes(), key.bytes());
        let digits = "07".repeat(32);
        for bad in ["", "secret", &digits[1..], &format!("{digits}0"), &digits.replace('7', "G")] {
            assert!(Key::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_log_never_shows_the_bytes() {
        assert_eq!(format!("{:?}", Key::random().expect("random")), "Key(..)");
    }

    #[test]
    fn the_next_key_takes_the_place_of_the_old_one_which_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let (key, next, kept) = (folder.path().join("k"), folder.path().join("n"), folder.path().join("o"));
        fs::write(&key, "old").expect("written");
        fs::write(&next, "new").expect("written");
        fs::hard_link(&key, &kept).expect("another name of the old one");
        promote(&next, &key).expect("renamed");
        assert_eq!(
            (fs::read(&key).expect("read"), fs::read(&kept).expect("read")),
            (b"new".to_vec(), vec![0; 3])
        );
        assert!(!next.exists());
    }
}
