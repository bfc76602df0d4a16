//! Values with their places in the file.

use toml::Spanned;

/// A value with its place in the file, if the file has it.
pub type RawValue<T> = Option<Spanned<T>>;

/// A list of names with their places; a list that is there must name something.
pub type Names = Option<Spanned<Vec<Spanned<String>>>>;
