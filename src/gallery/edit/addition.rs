//! What can be added to a gallery: people, and photographs of people.

use limen_core::person::{GroupId, PersonId, PersonName};

/// A person to add.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The id, for files and logs.
    pub id: PersonId,
    /// The name, to show to people.
    pub name: PersonName,
    /// The photographs, relative to the gallery file's folder.
    pub photos: Vec<String>,
    /// The groups whose schedules let the person in. Without groups: at any time.
    pub groups: Vec<GroupId>,
}

/// An addition to a gallery.
#[derive(Debug, Clone)]
pub enum Addition {
    /// A new person.
    Person(NewPerson),
    /// More photographs of an enrolled person.
    Photos(PersonId, Vec<String>),
}
