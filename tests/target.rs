//! A target that the error-rate tables keep, and one that they do not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{Ran, Site, models};

/// A site with so many people, each by an embedding in the file, and this target.
fn site(people: usize, target_far: &str) -> Site {
    let site = Site::empty();
    let model = models().digest();
    let mut state = 7_u64;
    let mut number = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1 << 24) as f32 - 0.5) * 0.3
    };
    let person = |place: usize| {
        let bytes: Vec<u8> = (0..128).flat_map(|_| number().to_le_bytes()).collect();
        let data = STANDARD.encode(bytes);
        format!(
            "[[person]]\nid = \"p{place:05}\"\nname = \"Person {place}\"\n\
             embeddings = [{{ model = \"{model}\", data = \"{data}\" }}]\n"
        )
    };
    site.write("gallery.toml", (0..people).map(person).collect::<String>());
    site.write(
        "limen.toml",
        format!("[recognition]\ntarget-far = {target_far}\n[paths]\nstate = \"state\"\nruntime = \"run\"\n"),
    );
    site
}

fn limen(site: &Site, arguments: &[&str]) -> Ran {
    let config = site.path("limen.toml");
    crate::support::limen(["--config", config.to_str().expect("UTF-8")].iter().chain(arguments))
}

/// What `check` says of the threshold: one finding.
fn checked(site: &Site) -> (String, String) {
    let found = limen(site, &["--json", "check", "--without-devices"]).json();
    let mut of_threshold = found.iter().filter(|finding| finding["part"] == "threshold");
    let one = of_threshold.next().expect("a finding");
    assert_eq!(of_threshold.next(), None, "one line");
    let text = |key: &str| one[key].as_str().expect("text").to_owned();
    (text("level"), text("text"))
}

#[test]
fn a_target_is_met_for_ten_thousand_people() {
    let (level, text) = checked(&site(10_000, "1e-4"));
    assert_eq!(level, "ok", "{text}");
    assert!(
        text.contains("for 10000 people and 3 frames: a stranger's attempt succeeds about once in 10000"),
        "{text}"
    );
    assert!(text.contains("extrapolated: the table has no rate"), "{text}");
}

#[test]
fn a_target_that_the_tables_do_not_reach_is_a_problem_that_says_what_is_met() {
    assert_eq!(checked(&site(33, "1e-8")).0, "ok");
    let site = site(100, "1e-8");
    let (level, text) = checked(&site);
    assert_eq!(level, "problem", "{text}");
    for part in
        ["about once in 3333333", "target-far = 1e-8 is not met", "33 people at most", "target-far = 3.0e-8"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let ran = limen(&site, &["--json", "calibrate"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let report = &ran.json()[0];
    assert_eq!((&report["target_kept"], &report["people_at_target"]), (&false.into(), &33.into()));
    let far = report["far"].as_f64().expect("measured");
    assert!((far / 3e-8 - 1.0).abs() < 1e-6, "{far}");
    assert!(limen(&site, &["calibrate"]).out.contains("target-far = 1e-8 is not met"));
}
