//! The embedding networks and concatenations that are compiled in, and the names that they take.

use std::path::Path;

use super::builtin::{MANIFEST, builtin_file};
use super::concatenation::Concatenation;
use super::error::ModelError;
use super::manifest::{Manifest, ManifestEntry, Role};
use super::name::ModelName;
use super::pack::Pack;

/// Other names of the default network in a configuration: whose it is, and how it computes.
pub(super) const DEFAULT_ALIASES: [&str; 2] = ["dlib", "int8"];

/// The embedding networks that are compiled in, and the concatenations of them.
pub(super) fn built_in_packs() -> Result<Vec<Pack>, ModelError> {
    let manifest = Manifest::built_in()?;
    let embedders = manifest.entries().iter().filter(|entry| entry.role == Role::Embedding);
    let networks = embedders.filter(|entry| builtin_file(&entry.file).is_some()).map(Pack::built_in);
    networks.chain(manifest.concatenations().iter().map(joined)).collect()
}

/// The embedding network or concatenation of this name that is compiled in.
pub(super) fn built_in_pack(name: &str) -> Result<Option<Pack>, ModelError> {
    match built_in_network(name)? {
        Some(network) => Ok(Some(network)),
        None => {
            let manifest = Manifest::built_in()?;
            let known = manifest.concatenations().iter().find(|all| all.name == name);
            known.map(joined).transpose()
        }
    }
}

fn joined(all: &Concatenation) -> Result<Pack, ModelError> {
    let network = |name: &str| built_in_network(name)?.ok_or_else(|| all.lacks(name));
    let networks: Result<Vec<Pack>, ModelError> = all.parts.iter().map(|part| network(&part.model)).collect();
    Pack::concatenated(all, MANIFEST.into(), Path::new("models/manifest.toml"), networks?)
}

/// The embedding network of this name that is compiled in.
pub(super) fn built_in_network(name: &str) -> Result<Option<Pack>, ModelError> {
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
        let compiled_in = manifest.entries().iter().filter(|entry| builtin_file(&entry.file).is_some());
        let concatenations = manifest.concatenations().iter().map(|all| all.name.as_str());
        let mut taken =
            compiled_in.map(|entry| entry.name.as_str()).chain(concatenations).chain(DEFAULT_ALIASES);
        Ok(taken.any(|name| name == self.as_str()))
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
            ("fused", true),
            ("detector", true),
            ("mine", false),
        ] {
            let name = ModelName::new(name).expect("a name");
            assert_eq!(name.is_built_in().expect("readable"), taken, "{name}");
        }
    }
}
