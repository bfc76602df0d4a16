//! The photographs that a person has in the gallery's folder, and how a command deletes them.

use std::fs;
use std::path::Path;

use limen_files::sync_folder;

use crate::gallery::roster::RosterEntry;

/// The photographs that an entry lists, relative to the gallery's folder.
pub fn photo_names(entry: &RosterEntry) -> Vec<String> {
    entry.photos.iter().map(|photo| photo.path.to_string_lossy().into_owned()).collect()
}

/// The result of deleting photographs.
#[derive(Debug, Default)]
pub struct Deleted {
    /// The names of the deleted photographs.
    pub gone: Vec<String>,
    /// What is left, each with the reason.
    pub left: Vec<String>,
}

/// Deletes photographs, whose names are relative to the gallery's folder, and syncs the folder. If a name is a link,
/// only the link is deleted.
pub fn delete(folder: &Path, names: &[String]) -> Deleted {
    let mut deleted = Deleted::default();
    for name in names {
        let file = folder.join(name);
        let target = fs::read_link(&file).ok();
        match fs::remove_file(&file) {
            Ok(()) => {
                deleted.gone.push(name.clone());
                deleted.left.extend(target.map(|to| format!("what {name} was a link to: {}", to.display())));
            }
            Err(error) => deleted.left.push(format!("the photograph {name}: {error}")),
        }
        if let Some(Err(error)) = file.parent().map(sync_folder) {
            deleted.left.push(format!("after a power cut perhaps the photograph {name}: {error}"));
        }
    }
    deleted
}
