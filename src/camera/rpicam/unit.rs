//! Where the unit of the camera listens, and as which user. Production has one answer to both; tests have others.

use std::path::PathBuf;

use limen_files::ServiceUser;

use super::error::RpicamError;

/// In a folder of root's, in which only the unit's group may make files.
const SOCKET: &str = "/run/limen-camera/camera.sock";
/// The user of `limen-camera.service`. Whoever is this user shows the door its pictures, and so can open it.
pub(super) const USER: &str = "limen-camera";

/// The unit of the camera.
#[derive(Debug, Clone)]
pub struct CameraUnit {
    pub(super) socket: PathBuf,
    user: UnitUser,
}

#[derive(Debug, Clone)]
enum UnitUser {
    Named(&'static str),
    #[cfg(test)]
    Numbered(u32),
}

impl CameraUnit {
    /// `limen-camera.service`, as `make install` sets it up.
    pub fn installed() -> Self {
        Self { socket: SOCKET.into(), user: UnitUser::Named(USER) }
    }

    /// A unit of a test's.
    #[cfg(test)]
    pub(super) fn stand_in(socket: PathBuf, uid: u32) -> Self {
        Self { socket, user: UnitUser::Numbered(uid) }
    }

    /// The id of its user.
    pub(super) fn uid(&self) -> Result<u32, RpicamError> {
        match self.user {
            UnitUser::Named(user) => ServiceUser::named(user)
                .map(|user| user.uid)
                .ok_or_else(|| RpicamError::NoUser { user: user.to_owned() }),
            #[cfg(test)]
            UnitUser::Numbered(uid) => Ok(uid),
        }
    }
}
