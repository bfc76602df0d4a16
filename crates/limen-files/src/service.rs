//! The service's user, who must be able to read the files that commands write for the daemon.

use std::fs;
use std::path::{Path, PathBuf};

/// The user that `make install` creates.
const SERVICE_USER: &str = "limen";
/// The unit file, which names the service's user. An administrator's drop-in files come after it.
const UNIT: &str = "/etc/systemd/system/limen.service";

/// A user and the groups, as the kernel checks them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUser {
    /// The login name.
    pub name: String,
    /// The user id.
    pub uid: u32,
    /// The id of the user's own group.
    pub gid: u32,
    /// The ids of all groups, including the user's own.
    pub groups: Vec<u32>,
}

impl ServiceUser {
    /// The user of the service on this machine: the one that the unit names, otherwise `limen`. `None` if
    /// there is no such user, or if the service runs as root.
    pub fn here() -> Option<Self> {
        let unit = units().iter().filter_map(|file| fs::read_to_string(file).ok()).collect::<String>();
        Self::named(user_of(&unit).unwrap_or(SERVICE_USER)).filter(|user| user.uid != 0)
    }

    /// The user of this name on this machine.
    pub fn named(name: &str) -> Option<Self> {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        Self::find(name, &read("/etc/passwd"), &read("/etc/group"))
    }

    /// Finds a user by name in the texts of `/etc/passwd` and `/etc/group`.
    fn find(name: &str, passwd: &str, group: &str) -> Option<Self> {
        let mut users = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let user = users.find(|fields| fields.first() == Some(&name))?;
        let (uid, gid) = (user.get(2)?.parse().ok()?, user.get(3)?.parse().ok()?);
        let has_member =
            |fields: &Vec<&str>| fields.get(3).is_some_and(|list| list.split(',').any(|m| m == name));
        let groups = group.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let others = groups.filter(has_member).filter_map(|fields| fields.get(2)?.parse().ok());
        Some(Self { name: name.to_owned(), uid, gid, groups: [gid].into_iter().chain(others).collect() })
    }
}

/// The unit file and its drop-in files, in the order of their names.
fn units() -> Vec<PathBuf> {
    let added = fs::read_dir(format!("{UNIT}.d")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        added.filter(|file| file.extension().is_some_and(|end| end == "conf")).collect();
    files.sort();
    files.insert(0, Path::new(UNIT).to_owned());
    files
}

/// The last user that a unit's text names.
fn user_of(unit: &str) -> Option<&str> {
    let said = unit.lines().filter_map(|line| line.trim().strip_prefix("User="));
    said.map(str::trim).rfind(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_with_all_its_groups() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nlimen:x:990:991::/var/lib/limen:/usr/sbin/nologin\n";
        let group = "root:x:0:\nlimen:x:991:\nvideo:x:44:pi,limen\ngpio:x:997:pi\n";
        let user = ServiceUser::find("limen", passwd, group).expect("there");
        assert_eq!((user.uid, user.gid, user.groups), (990, 991, vec![991, 44]));
        assert_eq!(ServiceUser::find("nobody", passwd, group), None);
    }

    #[test]
    fn the_last_user_that_the_unit_names_is_the_services() {
        assert_eq!(user_of("[Service]\nUser=limen\nGroup=limen\n[Service]\nUser=door\n"), Some("door"));
        assert_eq!(user_of("[Service]\nExecStart=/bin/true\n"), None);
    }
}
