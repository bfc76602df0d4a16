//! What the configuration may say about the gateway, and what each mistake is answered with.

use limen_core::policy::RemoteRight;

use crate::config::tests::{answers, good};

const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$iQg+e9eeJzJTsnMX3mU4ag$0CpK8MCralok+QwyzLahgszZWEfbrsPwMaZykmFA4Q8";

#[test]
fn without_the_section_there_is_no_socket_and_with_it_the_gateway_sees_and_locks() {
    assert_eq!(good("").gateway, None);
    let gateway = good("[control.gateway]\n").gateway.expect("a gateway");
    assert_eq!(
        (gateway.user.as_str(), gateway.rules.may.as_slice()),
        ("limen-gateway", &RemoteRight::DEFAULT[..])
    );
    assert!(gateway.rules.codes.is_empty());
}

#[test]
fn rights_and_codes_are_read_and_unlocking_without_a_code_is_warned_of() {
    let text = "[control.gateway]\nmay = [\"status\", \"unlock\"]\n";
    let settings = good(text);
    assert!(
        settings.warnings.iter().any(|warning| warning.contains("`limen code NAME`")),
        "{:?}",
        settings.warnings
    );
    let settings = good(&format!("{text}[control.gateway.codes]\ntablet = \"{HASH}\"\n"));
    let rules = settings.gateway.expect("a gateway").rules;
    assert!(rules.allow(RemoteRight::Unlock) && !rules.allow(RemoteRight::Lock));
    assert_eq!(rules.codes[0].name.as_str(), "tablet");
    assert_eq!(settings.warnings, Vec::<String>::new());
}

#[test]
fn what_is_no_right_no_name_and_no_hash_is_answered_with_the_remedy() {
    answers(
        "[control.gateway]\nmay = [\"reload\"]\n",
        "limen.toml:2: [control.gateway] may: no right of the gateway is called \"reload\"; use status or events or lock",
    );
    answers(
        "[control.gateway.codes]\ntablet = \"4815162342\"\n",
        "limen.toml:2: [control.gateway.codes]: the hash of tablet is no PHC string",
    );
    let named = |name: &str| format!("[control.gateway.codes]\n{name} = \"{HASH}\"\n");
    answers(&named("broker"), "limen.toml:2: [control.gateway.codes]: \"broker\" stands in the records");
    answers(
        &named("Tablet"),
        "limen.toml:2: [control.gateway.codes]: a code's name has 1 to 32 of a-z, 0-9 and '-'",
    );
    let many: String = (0..9).map(|n| format!("c{n} = \"{HASH}\"\n")).collect();
    answers(
        &format!("[control.gateway.codes]\n{many}"),
        "limen.toml:10: [control.gateway.codes]: has more than 8 codes",
    );
}
