//! Pairs of people who resemble each other and need a larger margin.

use std::collections::BTreeMap;

use limen_core::embedding::Margin;
use limen_core::person::PersonId;

/// Pairs with their own margin. The order of the two people does not matter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LookAlikes(BTreeMap<PersonId, Vec<(PersonId, Margin)>>);

impl LookAlikes {
    /// From pairs of people and their margins.
    pub fn new(pairs: impl IntoIterator<Item = (PersonId, PersonId, Margin)>) -> Self {
        let mut map: BTreeMap<PersonId, Vec<(PersonId, Margin)>> = BTreeMap::new();
        for (one, other, margin) in pairs {
            map.entry(one.clone()).or_default().push((other.clone(), margin));
            map.entry(other).or_default().push((one, margin));
        }
        Self(map)
    }

    /// The people who resemble this one, and the margins.
    pub fn of(&self, person: &PersonId) -> &[(PersonId, Margin)] {
        self.0.get(person).map_or(&[], Vec::as_slice)
    }

    /// All pairs, each once, in the order of the ids.
    pub fn pairs(&self) -> impl Iterator<Item = (&PersonId, &PersonId, Margin)> {
        self.0.iter().flat_map(|(one, others)| {
            others
                .iter()
                .filter(move |(other, _)| one < other)
                .map(move |(other, margin)| (one, other, *margin))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PersonId {
        PersonId::new(text).expect("an id")
    }

    #[test]
    fn a_pair_holds_in_both_directions_and_is_listed_once() {
        let margin = Margin::new(0.1).expect("a margin");
        let pairs = LookAlikes::new([(id("zoe"), id("ada"), margin)]);
        assert_eq!(pairs.of(&id("ada")), [(id("zoe"), margin)]);
        assert_eq!(pairs.of(&id("zoe")), [(id("ada"), margin)]);
        assert!(pairs.of(&id("bob")).is_empty());
        assert_eq!(pairs.pairs().collect::<Vec<_>>(), [(&id("ada"), &id("zoe"), margin)]);
    }
}
