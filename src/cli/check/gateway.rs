//! Checks that the gateway's user is there, and says what the gateway may ask for.

use std::fs;

use limen_core::policy::RemoteRight;

use super::report::CheckReport;
use crate::config::Settings;
use crate::control::user_numbers;

/// The file that lists the users of this machine.
const USERS: &str = "/etc/passwd";

pub fn check_gateway(report: &mut CheckReport, settings: &Settings) {
    let Some(gateway) = &settings.gateway else { return };
    let user = &gateway.user;
    if user_numbers(&fs::read_to_string(USERS).unwrap_or_default(), user).is_none() {
        let remedy = "`sudo make install-gateway` makes it, or name another in [control.gateway] user";
        return report.problem("gateway", &format!("{USERS} has no user \"{user}\"; {remedy}"));
    }
    let may = RemoteRight::NAMES.into_iter().filter(|(_, right)| gateway.rules.allow(*right));
    let may: Vec<_> = may.map(|(name, _)| name).collect();
    let codes = gateway.rules.codes.len();
    report.ok("gateway", &format!("user {user} may {}; {codes} remote codes", may.join(", ")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_whose_user_is_not_there_is_a_problem() {
        let checked = |user: &str| {
            let text = format!("[control.gateway]\nuser = \"{user}\"\n");
            let settings = Settings::parse(&text, "limen.toml".as_ref()).expect("no mistake");
            let mut report = CheckReport::new(true);
            check_gateway(&mut report, &settings);
            report.end()
        };
        assert_eq!(checked("limen-nobody-has-this-name").exit_code(), 1);
        assert_eq!(checked("root").exit_code(), 0);
    }
}
