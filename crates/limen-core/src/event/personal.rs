//! What names somebody in a fact, told by its type, so that forgetting finds it whatever its key is called.

use std::fmt;
use std::ops::Deref;

use serde::{Serialize, Serializer};

/// An id, or a text that may have ids in it. The audit keeps it beside the record, where it can be forgotten.
///
/// It is a `newtype struct` of the name [`Personal::NAME`] to serde, so JSON has the id alone:
///
/// ```
/// use limen_core::event::Personal;
/// use limen_core::person::PersonId;
///
/// #[derive(serde::Serialize)]
/// struct Entered {
///     person: Personal<PersonId>,
/// }
/// let entered = Entered { person: Personal(PersonId::new("ada")?) };
/// assert_eq!(serde_json::to_string(&entered)?, r#"{"person":"ada"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A [`PersonId`](crate::person::PersonId) by itself cannot be serialised. A fact that names somebody by a
/// field of another type does not compile:
///
/// ```compile_fail,E0277
/// use limen_core::person::PersonId;
///
/// #[derive(serde::Serialize)]
/// struct Entered {
///     person: PersonId,
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Personal<T>(pub T);

impl Personal<()> {
    /// The name of the newtype struct that serde is told of.
    pub const NAME: &'static str = "Personal";
}

impl<T> Deref for Personal<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: PartialEq> PartialEq<T> for Personal<T> {
    fn eq(&self, other: &T) -> bool {
        self.0 == *other
    }
}

impl<T: fmt::Display> fmt::Display for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: AsRef<str>> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(Personal::NAME, self.0.as_ref())
    }
}
