//! The embedding networks that are compiled in, and the names that they take.

use super::builtin::builtin_file;
use super::error::ModelError;
use super::manifest::{Manifest, ManifestEntry, Role};
use super::name::ModelName;
use super::pack::Pack;

/// Other names of the default network in a configuration: whose it is, and how it computes.
pub(super) const DEFAULT_ALIASES: [&str; 2] = ["dlib", "int8"];

/// The embedding networks that are compiled in.
pub(super) fn built_in_packs() -> Result<Vec<Pack>, ModelError> {
    let manifest = Manifest::built_in()?;
    let embedders = manifest.entries().iter().filter(|entry| entry.role == Role::Embedding);
    embedders.filter(|entry| builtin_file(&entry.file).is_some()).map(Pack::built_in).collect()
}

/// The embedding network of this name that is compiled in.
pub(super) fn built_in_pack(name: &str) -> Result<Option<Pack>, ModelError> {
    let manifest = Manifest::built_in()?;
    let by_name = |entry: &&ManifestEntry| match DEFAULT_ALIASES.contains(&name) {
        true => entry.default,
        false => entry.name == name && builtin_file(&entry.file).is_some(),
    };
    let mut embedders = manifest.entries().iter().filter(|entry| entry.role == Role::Embedding);
    embedders.find(by_name).map(Pack::built_in).transpose()
}

impl ModelName {
    /// Whether one of this program's own networks has the name, so that no pack may have it.
    pub(super) fn is_built_in(&self) -> Result<bool, ModelError> {
        let manifest = Manifest::built_in()?;
        let mut compiled_in = manifest.entries().iter().filter(|entry| builtin_file(&entry.file).is_some());
        Ok(DEFAULT_ALIASES.contains(&self.as_str()) || compiled_in.any(|entry| entry.name == self.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_this_programs_networks_are_taken() {
        for (name, taken) in [
            ("int8", true),
            ("dlib", true),
            ("embedding-int8", true),
            ("mobilefacenet", true),
            ("detector", true),
            ("mine", false),
        ] {
            let name = ModelName::new(name).expect("a name");
            assert_eq!(name.is_built_in().expect("readable"), taken, "{name}");
        }
    }
}
