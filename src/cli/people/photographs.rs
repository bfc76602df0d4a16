//! Photographs of the gallery's folder: which a person has, and deleting them by command.

use std::fs;
use std::path::Path;

use limen_files::sync_folder;

use crate::gallery::roster::Entry;

/// The photographs that an entry lists, relative to the gallery's folder.
pub fn photo_names(entry: &Entry) -> Vec<String> {
    entry.photos.iter().map(|photo| photo.path.to_string_lossy().into_owned()).collect()
}

/// What became of photographs that were to be deleted.
#[derive(Debug, Default)]
pub struct Deleted {
    /// The names of those that are gone.
    pub gone: Vec<String>,
    /// Those that are not, each with the reason.
    pub left: Vec<String>,
}

/// Deletes photographs, named relative to the gallery's folder, and makes that durable. Where a name is a link,
/// the link alone goes.
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
