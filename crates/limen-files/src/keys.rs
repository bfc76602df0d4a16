//! Key files: how a key is made, where systemd puts it, and how a new key replaces the old one. The new key
//! lies beside the old one until everything that it opens or signs is on the disk; then it takes the old
//! one's place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use limen_core::secret::{KeyBytes, MAX_KEY_BYTES};
use zeroize::Zeroizing;

/// Makes a key from the kernel's random numbers.
pub fn random_key() -> Result<KeyBytes, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(KeyBytes::of(&bytes))
}

/// The path where systemd put the credential of this name (`LoadCredential=NAME:...`); `None` if it did not.
pub fn credential(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(Path::new(&folder).join(name)).filter(|path| path.exists())
}

/// Replaces the old key by the next one and overwrites the old key's bytes. It does not sync the folder.
///
/// A flash card may keep an overwritten block for a while, but only a laboratory can read it.
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

#[cfg(test)]
mod tests {
    use super::*;

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
