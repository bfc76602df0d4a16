//! `[[concatenation]]` of a manifest: an embedding that puts those of two networks one behind the other.
//!
//! Each network's embedding, as its metric compares it, is multiplied by a factor. The whole is compared by L2. So two
//! networks that err differently decide together, with one template, one distance and one set of tables.

use limen_core::embedding::{Distance, MAX_DIMENSIONS};
use limen_core::person::printable;
use serde::Deserialize;
use thiserror::Error;

use super::values::same_face;

/// How many networks a concatenation has.
const PARTS: usize = 2;
/// The largest factor. Beyond it the other network would not matter.
const MOST: f32 = 1000.0;

/// `[[concatenation]]`: two networks and their factors.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Concatenation {
    /// Its name in configuration and log.
    pub name: String,
    /// The version among the concatenations of this name; 0 if not given.
    #[serde(default)]
    pub version: u32,
    /// The networks, in the order of their numbers in the embedding.
    pub parts: Vec<ConcatenationPart>,
    /// Two frames of a track that are farther apart show two people.
    #[serde(default, deserialize_with = "same_face")]
    pub same_face: Option<Distance>,
    /// A turned frame that is farther than this from the frontal ones of its track may show another person.
    #[serde(default, deserialize_with = "same_face")]
    pub turned_self: Option<Distance>,
}

/// One network of a concatenation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConcatenationPart {
    /// The network's name.
    pub model: String,
    /// What its embedding is multiplied by, above zero.
    pub factor: f32,
}

/// Why a concatenation is refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ConcatenationError {
    /// It has so many parts.
    #[error(
        "has {0} parts; name two networks, each with its factor: \
         parts = [{{ model = \"dlib\", factor = 1.4 }}, {{ model = \"mobilefacenet\", factor = 1.2 }}]"
    )]
    Parts(usize),
    /// It is a part of itself.
    #[error("names itself as a part; name two networks")]
    Itself,
    /// Both parts are the same network.
    #[error("both parts are the network \"{0}\"; name two networks")]
    Twice(String),
    /// A factor is no factor.
    #[error("the factor of \"{model}\" is {factor}; write a number above 0, at most {MOST}")]
    Factor {
        /// The network.
        model: String,
        /// What is written.
        factor: f32,
    },
    /// A part has parts.
    #[error("its part \"{0}\" is a concatenation; name networks")]
    Nested(String),
    /// The embedding would be too long.
    #[error("its embedding would have {0} numbers, more than {MAX_DIMENSIONS}; name smaller networks")]
    TooLong(usize),
}

impl Concatenation {
    /// Checks what its text alone shows.
    pub(super) fn check(&self) -> Result<(), ConcatenationError> {
        if self.parts.len() != PARTS {
            return Err(ConcatenationError::Parts(self.parts.len()));
        }
        for (at, ConcatenationPart { model, factor }) in self.parts.iter().enumerate() {
            let shown = || printable(model, 80);
            if *model == self.name {
                return Err(ConcatenationError::Itself);
            }
            if self.parts.iter().take(at).any(|before| before.model == *model) {
                return Err(ConcatenationError::Twice(shown()));
            }
            if !(*factor > 0.0 && *factor <= MOST) {
                return Err(ConcatenationError::Factor { model: shown(), factor: *factor });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[(&str, f32)]) -> Result<(), ConcatenationError> {
        let parts = parts
            .iter()
            .map(|(model, factor)| ConcatenationPart { model: (*model).to_owned(), factor: *factor });
        let (same_face, turned_self) = (None, None);
        Concatenation { name: "both".to_owned(), version: 0, parts: parts.collect(), same_face, turned_self }
            .check()
    }

    #[test]
    fn two_networks_and_their_factors_make_one() {
        assert_eq!(of(&[("dlib", 1.4), ("mine", 1.2)]), Ok(()));
        assert_eq!(of(&[("dlib", f32::MIN_POSITIVE), ("mine", 1000.0)]), Ok(()));
    }

    #[test]
    fn what_names_itself_or_has_factors_that_are_none_is_refused_by_name() {
        for (parts, says) in [
            (&[("dlib", 1.4), ("both", 1.2)][..], "names itself as a part"),
            (&[("dlib", 1.4), ("dlib", 1.2)], "both parts are the network \"dlib\""),
            (&[("dlib", 0.0), ("mine", 1.2)], "the factor of \"dlib\" is 0; write a number above 0"),
            (&[("dlib", 1.0), ("mine", -1.2)], "the factor of \"mine\" is -1.2;"),
            (&[("dlib", f32::NAN), ("mine", 1.2)], "the factor of \"dlib\" is NaN;"),
            (&[("dlib", 1.0), ("mine", f32::INFINITY)], "the factor of \"mine\" is inf;"),
            (&[("dlib", 1.0)], "has 1 parts; name two"),
            (&[], "has 0 parts"),
            (&[("one", 1.0), ("two", 1.0), ("three", 1.0)], "has 3 parts"),
        ] {
            let error = of(parts).expect_err(says).to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
