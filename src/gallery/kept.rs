//! The last good gallery, kept for a day when the gallery file is refused: all people with their limits, and
//! what finds their templates in the store. The templates are not kept twice.
//!
//! It may contain hashes of PINs and numbers of cards, so the [`StoreFile`](super::store::StoreFile) encrypts it on the
//! disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use limen_core::credential::{Card, PinHash, SecondFactor};
use limen_core::embedding::{Embedding, ModelDigest};
use limen_core::people::PhotoDigest;
use limen_core::people::{ChallengeRule, Means, Standing};
use limen_core::person::{GroupId, PersonId, PersonName};
use limen_core::secret::{hex, unhex};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::roster::given_embedding;

/// A gallery as it was when it was last good.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kept {
    /// The people in it.
    pub people: Vec<KeptPerson>,
}

/// A person of the gallery.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptPerson {
    /// The id, for files and logs.
    pub id: PersonId,
    /// The name, to show to people.
    pub name: PersonName,
    /// Whether and when the person may enter.
    pub standing: Standing,
    /// The photographs: each path in the gallery file, with the digest of the file.
    pub photos: Vec<(PathBuf, PhotoDigest)>,
    /// The embeddings from the gallery file.
    pub given: Vec<Given>,
    /// Whether the store's templates of discarded photographs are used too.
    pub stored: bool,
}

/// Identifies an embedding of the gallery file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenDigest([u8; 32]);

impl GivenDigest {
    /// The digest of an embedding and its model.
    pub fn of(model: ModelDigest, embedding: &Embedding) -> Self {
        Self(Sha256::new().chain_update(model.0).chain_update(bytes_of(embedding)).finalize().into())
    }
}

/// An embedding from the gallery file.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Identifies the embedding.
    pub digest: GivenDigest,
    /// The model and the embedding; none after [`Kept::let_go`].
    pub whole: Option<(ModelDigest, Embedding)>,
}

impl Kept {
    /// Drops the embeddings: in memory their digests are enough.
    pub fn let_go(&mut self) {
        self.people.iter_mut().flat_map(|person| &mut person.given).for_each(|given| given.whole = None);
    }

    /// Removes a person. Returns whether the person was in it.
    pub fn remove(&mut self, id: &PersonId) -> bool {
        let before = self.people.len();
        self.people.retain(|person| person.id != *id);
        self.people.len() < before
    }
}

/// An embedding from the gallery file, whole, and its model.
pub(super) fn given((model, embedding): (ModelDigest, Embedding)) -> Given {
    Given { digest: GivenDigest::of(model, &embedding), whole: Some((model, embedding)) }
}

fn bytes_of(embedding: &Embedding) -> Vec<u8> {
    embedding.values().iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A person as it is written to disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    name: String,
    suspended: bool,
    valid_from: Option<Date>,
    valid_until: Option<Date>,
    groups: Vec<String>,
    extended_time: bool,
    /// Left out for everybody who turns their head; older files do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    pin: Option<String>,
    duress: Option<String>,
    card: Option<String>,
    rule: Option<String>,
    schedules: Vec<String>,
    photos: Vec<(String, String)>,
    given: Vec<(String, String)>,
    stored: bool,
}

/// Writes some of the people as JSON.
pub(super) fn write(people: &[KeptPerson]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&people.iter().map(written).collect::<Vec<_>>())
}

/// Reads what [`write`] wrote; `None` for anything else.
pub(super) fn read(text: &[u8]) -> Option<Vec<KeptPerson>> {
    let people: Vec<Written> = serde_json::from_slice(text).ok()?;
    people.into_iter().map(person).collect()
}

fn written(person: &KeptPerson) -> Written {
    let Standing { suspended, valid_from, valid_until, groups, extended_time, challenge, means } =
        &person.standing;
    let hash = |pin: &Option<PinHash>| pin.as_ref().map(ToString::to_string);
    let whole = person.given.iter().filter_map(|given| given.whole.as_ref());
    Written {
        id: person.id.to_string(),
        name: person.name.to_string(),
        suspended: *suspended,
        valid_from: *valid_from,
        valid_until: *valid_until,
        groups: groups.iter().map(ToString::to_string).collect(),
        extended_time: *extended_time,
        challenge: (*challenge != ChallengeRule::default()).then(|| challenge.name().to_owned()),
        pin: hash(&means.pin),
        duress: hash(&means.duress),
        card: means.card.as_ref().map(|card| card.as_str().to_owned()),
        rule: means.rule.map(|rule| rule.name().to_owned()),
        schedules: means.schedules.clone(),
        photos: person.photos.iter().map(|(path, digest)| (shown(path), hex(&digest.0))).collect(),
        given: whole.map(|(model, given)| (model.to_string(), STANDARD.encode(bytes_of(given)))).collect(),
        stored: person.stored,
    }
}

/// Text of a path, which is UTF-8 because it comes from a gallery file.
fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn person(written: Written) -> Option<KeptPerson> {
    let hash =
        |pin: Option<String>| pin.map(|pin| PinHash::parse(&pin).ok()).map_or(Some(None), |h| h.map(Some));
    let rule =
        |name: &String| SecondFactor::NAMES.iter().find(|(known, _)| known == name).map(|(_, rule)| *rule);
    let means = Means {
        pin: hash(written.pin)?,
        duress: hash(written.duress)?,
        card: written.card.map(|card| Card::parse(&card)).transpose().ok()?,
        rule: written.rule.as_ref().map(rule).map_or(Some(None), |rule| rule.map(Some))?,
        schedules: written.schedules,
    };
    let groups: Result<Vec<GroupId>, _> = written.groups.iter().map(|group| GroupId::new(group)).collect();
    let photo = |(path, digest): (String, String)| {
        Some((PathBuf::from(path), PhotoDigest(unhex(digest.as_bytes())?)))
    };
    let whole = |(model, data): (String, String)| given_embedding(&model, &data).map(given);
    Some(KeptPerson {
        id: PersonId::new(&written.id).ok()?,
        name: PersonName::new(&written.name).ok()?,
        standing: Standing {
            suspended: written.suspended,
            valid_from: written.valid_from,
            valid_until: written.valid_until,
            groups: groups.ok()?,
            extended_time: written.extended_time,
            challenge: written
                .challenge
                .map_or(Some(ChallengeRule::default()), |name| ChallengeRule::named(&name))?,
            means: Arc::new(means),
        },
        photos: written.photos.into_iter().map(photo).collect::<Option<_>>()?,
        given: written.given.into_iter().map(whole).collect::<Option<_>>()?,
        stored: written.stored,
    })
}
