//! `limen audit`: records shown, verified, and without somebody.

use limen::clocks;
use limen_audit::{AuditLog, AuditSettings};
use limen_core::event::Personal;

use crate::support::{Site, limen};

/// A configured site with somebody in its records.
fn site_with_records() -> (Site, std::path::PathBuf) {
    let site = Site::empty();
    let config = site.write("limen.toml", "[paths]\nstate = \"state\"\nruntime = \"run\"\n");
    let folder = site.path("state/audit");
    let mut log = AuditLog::open(&AuditSettings::in_folder(folder), clocks::now).expect("opens");
    let id = |id: &str| Personal(limen_core::person::PersonId::new(id).expect("an id"));
    for (person, second) in [("zoe", None), ("bob", Some("ada"))] {
        let grant = limen_core::event::Fact::Granted {
            factors: Vec::new(),
            grant: limen_core::event::GrantKind::Face,
            person: Some(id(person)),
            second: second.map(id),
            liveness: None,
            track: None,
            distance: None,
            unlock_ms: Some(1000),
            caller: None,
        };
        log.append(clocks::now(), grant).expect("written");
    }
    let keeper = log.keeper();
    log.close(clocks::now(), keeper).expect("closed");
    (site, config)
}

#[test]
fn records_are_shown_by_person_and_kind_exported_and_verified() {
    let (site, config) = site_with_records();
    let audit = |arguments: &[&str]| {
        let mut all = vec!["--config", config.to_str().expect("UTF-8"), "audit"];
        all.extend(arguments);
        limen(all)
    };
    let shown = audit(&["show", "--who", "zoe", "--json"]);
    let ids: Vec<_> = shown.json().iter().map(|record| record["fact"]["person"].clone()).collect();
    assert_eq!(ids, ["zoe"], "{}", shown.err);
    let as_second = audit(&["show", "--who", "ada", "--json"]).json();
    assert_eq!(as_second.len(), 1, "whoever came as second person is found too");
    assert_eq!(as_second[0]["fact"]["person"], "bob");
    assert_eq!(audit(&["show", "--kind", "granted", "--since", "2020-01-01"]).out.lines().count(), 2);
    assert_eq!(audit(&["show", "--until", "2020-01-01"]).out, "");
    assert_eq!(audit(&["show", "--since", "yesterday"]).code, 2);
    let csv = audit(&["show", "--csv"]).out;
    assert!(
        csv.starts_with("seq,time,clock,kind,who,details\n1,2") && csv.contains("\"granted\",\"zoe\",\"{"),
        "{csv}"
    );
    assert!(csv.contains("\"granted\",\"bob ada\",\"{"), "{csv}");

    let verified = audit(&["verify", "--json"]).json().remove(0);
    assert_eq!((&verified["records"], &verified["seals"]), (&4.into(), &1.into()));
    let (key, head) = (verified["key"].as_str().expect("a key"), verified["head"].as_str().expect("a head"));
    assert_eq!(audit(&["verify", "--key", key, "--head", &format!("{head}:4")]).code, 0);
    let other = audit(&["verify", "--head", &"0".repeat(64)]);
    assert_eq!(other.code, 1);
    assert!(other.out.contains("is not in the chain"), "{}", other.out);

    let file = site.path("state/audit/audit.jsonl");
    let text = std::fs::read_to_string(&file).expect("records");
    site.write("state/audit/audit.jsonl", text.replace("\"unlock_ms\":1000", "\"unlock_ms\":1001"));
    let changed = audit(&["verify"]);
    assert_eq!(changed.code, 1);
    assert!(changed.out.contains("audit.jsonl:2: record 2 was changed"), "{}", changed.out);
    assert!(audit(&["show"]).err.contains("limen audit verify"));
}

#[test]
fn removing_a_person_takes_them_out_of_the_records_too() {
    let (site, config) = site_with_records();
    site.write("gallery.toml", "[[person]]\nid = \"zoe\"\nname = \"Zoe\"\nphotos = [\"zoe.jpg\"]\n");
    let config = config.to_str().expect("UTF-8");
    let removed = limen(["--config", config, "--json", "people", "remove", "zoe"]);
    assert_eq!((removed.code, &removed.json()[0]["records"]), (0, &1.into()), "{}", removed.err);
    let shown = limen(["--config", config, "audit", "show", "--csv"]).out;
    assert!(!shown.contains("zoe") && shown.contains("bob"), "{shown}");
    let verified = limen(["--config", config, "audit", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.out);
    assert!(verified.out.contains("personal data was removed from 1 records"), "{}", verified.out);
    let again = limen(["--config", config, "audit", "forget", "zoe"]);
    assert!(again.out.starts_with("zoe was removed from 0 records"), "{}{}", again.out, again.err);
}
