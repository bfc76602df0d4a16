//! Checks `[control.gateway]`: whether there is a socket for the gateway, for whom, and what it may ask for.

use limen_core::credential::{CodeName, PinHash, RemoteCode};
use limen_core::policy::{RemoteRight, RemoteRules};
use toml::Spanned;

use super::raw::RawGateway;
use super::values::{check_names, text};
use crate::diagnostics::Review;

/// The user as whom the gateway runs, unless the configuration names another one.
const DEFAULT_USER: &str = "limen-gateway";
/// The largest number of remote codes. Each is compared with what comes: up to half a second on a Raspberry Pi.
const MAX_CODES: usize = 8;
const CODES: &str = "[control.gateway.codes]";

/// `[control.gateway]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewaySettings {
    /// The system's user as whom the gateway runs; only it may use the gateway's socket.
    pub user: String,
    /// What the gateway may ask for, and the remote codes.
    pub rules: RemoteRules,
}

/// Checks the section. Without it there is no socket for a gateway.
pub(super) fn check_gateway(
    review: &mut Review<'_>,
    raw: Option<&Spanned<RawGateway>>,
    warnings: &mut Vec<String>,
) -> Option<GatewaySettings> {
    let raw = raw?.get_ref();
    let names: Vec<&str> = RemoteRight::NAMES.into_iter().map(|(name, _)| name).collect();
    let may = match &raw.may {
        None => RemoteRight::DEFAULT.to_vec(),
        Some(_) => {
            let found =
                check_names(review, "[control.gateway] may", &raw.may, &names, "right of the gateway");
            found.into_iter().map(|index| RemoteRight::NAMES[index].1).collect()
        }
    };
    let codes = check_codes(review, raw);
    if may.contains(&RemoteRight::Unlock) && codes.is_empty() {
        let what = "[control.gateway] may: \"unlock\" does nothing without a remote code; `limen code NAME` enrols one";
        warnings.push(what.to_owned());
    }
    let user = text(review, "[control.gateway] user", &raw.user).unwrap_or(DEFAULT_USER).to_owned();
    Some(GatewaySettings { user, rules: RemoteRules { may, codes: codes.into() } })
}

fn check_codes(review: &mut Review<'_>, raw: &RawGateway) -> Vec<RemoteCode> {
    let mut codes = Vec::new();
    for (name, hash) in &raw.codes {
        let checked = CodeName::new(name.get_ref());
        if let Err(why) = &checked {
            review.note(Some(name.span()), CODES, why.to_string(), "choose another name");
        }
        let read = PinHash::parse(hash.get_ref());
        if let Err(why) = &read {
            let what = format!("the hash of {} {why}", name.get_ref());
            review.note(Some(hash.span()), CODES, what, "let `limen code NAME` write it");
        }
        if let (Ok(name), Ok(hash)) = (checked, read) {
            codes.push(RemoteCode { name, hash });
        }
    }
    if let Some((name, _)) = raw.codes.iter().nth(MAX_CODES) {
        let what = format!("has more than {MAX_CODES} codes; each one makes every check longer");
        review.note(Some(name.span()), CODES, what, "remove some");
    }
    codes
}
