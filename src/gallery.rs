//! The gallery: the people who may enter, and how one model embeds their faces.
//!
//! A [`roster`] is what the file says; the [`store`] keeps the templates of photographs; [`assembly`]
//! combines the two. A gallery never changes: it is replaced as a whole.
//!
//! Glossary: a *sample* is the mean of a photograph's plain and mirrored embedding; a *template* is the mean
//! of a person's samples, and probes are compared with it; a *standing* says whether and when a person may
//! enter at all.

pub mod assembly;
pub mod edit;
pub mod fallback;
pub mod last_good;
mod last_good_rebuilt;
pub mod lenient;
pub mod revocation;
pub mod roster;
pub mod store;
mod unknown_names;

pub use assembly::{AssemblyPlan, Built, GalleryError, PhotoEmbedder, build, plan};
pub use edit::{
    Addition, EditError, GalleryEdit, NewPerson, WhichPin, add, add_people, discard_photos, remove_person,
    remove_photo, restore_photos, set_pin, undo,
};
pub use fallback::{AtBoot, GalleryTrouble, RefusedPart};
pub use last_good::Kept;
pub use roster::{Roster, RosterError};
pub use store::{ModelVersion, PhotoTemplate, Store, StoreError, StoreFile};

#[cfg(test)]
mod revocation_walks;
