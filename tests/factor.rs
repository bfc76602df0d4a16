//! Second factors by the command line: PINs are set without being kept, and what is asked of whom is said.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Ran, Site, limen, limen_told};

const CONFIGURATION: &str = "[keypad]\ndevice = \"/dev/input/by-id/usb-Keypad-event-kbd\"\n\
    [[group]]\nname = \"staff\"\nsecond-factor = \"pin\"\n\
    [[group]]\nname = \"night\"\nsecond-factor = \"pin-or-card\"\n";

/// Ada in a group, and a folder for state that is hers.
fn site(group: &str) -> Site {
    let site = Site::empty();
    let folder = site.path("");
    let paths = format!("[paths]\nstate = \"{0}/state\"\nruntime = \"{0}/run\"\n", folder.display());
    site.write("limen.toml", format!("{paths}{CONFIGURATION}"));
    site.write(
        "gallery.toml",
        format!(
            "# Who may enter.\n[[person]]\nid = \"ada\"\nname = \"Ada\"\nphotos = [\"a.jpg\"]\ngroups = [\"{group}\"]\n"
        ),
    );
    site
}

fn with_config(site: &Site, arguments: &[&str]) -> Ran {
    let config = site.path("limen.toml").display().to_string();
    limen(["--config", config.as_str()].into_iter().chain(arguments.iter().copied()))
}

fn set_pin(site: &Site, pin: &str, more: &[&str]) -> Ran {
    let config = site.path("limen.toml").display().to_string();
    let arguments = ["--config", config.as_str(), "pin", "ada", "--stdin"];
    limen_told(arguments.into_iter().chain(more.iter().copied()), &format!("{pin}\n"))
}

fn gallery(site: &Site) -> String {
    fs::read_to_string(site.path("gallery.toml")).expect("text")
}

#[test]
fn a_pin_is_kept_as_a_hash_in_a_file_that_nobody_else_reads() {
    let site = site("staff");
    fs::set_permissions(site.path("gallery.toml"), fs::Permissions::from_mode(0o644)).expect("ours");
    let set = set_pin(&site, "4711", &[]);
    assert_eq!(set.code, 0, "{}", set.err);
    let text = gallery(&site);
    assert!(
        text.starts_with("# Who may enter.\n") && text.contains("\npin = \"$argon2id$v=19$m=19456,t=2,p=1$")
    );
    assert!(
        ![text.as_str(), &set.out, &set.err].iter().any(|text| text.contains("4711")),
        "{}{}",
        set.out,
        set.err
    );
    let mode = fs::metadata(site.path("gallery.toml")).expect("there").permissions().mode();
    assert_eq!(mode & 0o007, 0, "{mode:o}");
    let shown = with_config(&site, &["people", "show", "ada"]).out;
    assert!(shown.contains("has a PIN") && !shown.contains("argon2"), "{shown}");
    let listed = &with_config(&site, &["--json", "people"]).json()[0];
    assert_eq!((&listed["pin"], &listed["card"]), (&true.into(), &false.into()));
    assert_eq!(with_config(&site, &["pin", "ada", "--remove"]).code, 0);
    assert!(!gallery(&site).contains("pin ="));
}

#[test]
fn a_pin_that_everybody_tries_is_refused_and_nothing_is_changed() {
    let site = site("staff");
    let before = gallery(&site);
    for (pin, why) in
        [("123", "4 to 8 digits"), ("1234", "in a row"), ("7777", "repeated"), ("47a1", "digits only")]
    {
        let refused = set_pin(&site, pin, &[]);
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains(why), "{pin}: {}", refused.err);
    }
    assert_eq!(gallery(&site), before);
}

#[test]
fn a_duress_pin_is_none_that_a_slip_makes_of_the_pin() {
    let site = site("staff");
    let early = set_pin(&site, "9035", &["--duress"]);
    assert!(early.code == 2 && early.err.contains("set that first"), "{}", early.err);
    set_pin(&site, "4711", &[]);
    let same = set_pin(&site, "4711", &["--duress"]);
    assert!(same.code == 2 && same.err.contains("must differ"), "{}", same.err);
    let slip = set_pin(&site, "4171", &["--duress"]);
    assert!(slip.code == 2 && slip.err.contains("a typing error would raise a silent alarm"), "{}", slip.err);
    let set = set_pin(&site, "9035", &["--duress"]);
    assert_eq!(set.code, 0, "{}", set.err);
    assert!(gallery(&site).contains("duress-pin = "));
    // Without the PIN it would be the only one.
    assert_eq!(with_config(&site, &["pin", "ada", "--remove"]).code, 0);
    assert!(!gallery(&site).contains("pin ="));
}

#[test]
fn who_names_the_factor_that_is_asked_for_and_says_who_has_none() {
    let site = site("staff");
    let without = with_config(&site, &["who", "ada"]);
    assert_eq!(without.code, 1);
    assert!(without.out.contains("staff: with a PIN, which this person does not have"), "{}", without.out);
    set_pin(&site, "4711", &[]);
    let with = with_config(&site, &["who", "ada"]);
    assert_eq!(with.code, 0);
    assert!(with.out.contains("second-factor") && with.out.contains("staff: with a PIN\n"), "{}", with.out);
}

#[test]
fn a_schedule_that_nobody_knows_is_refused_in_the_gallery() {
    let site = site("night");
    let more = "second-factor = \"pin\"\nsecond-factor-schedules = [\"weekend\"]\n";
    site.write("gallery.toml", gallery(&site) + more);
    let refused = with_config(&site, &["who", "ada"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("no [[schedule]] is called \"weekend\""), "{}", refused.err);
}
