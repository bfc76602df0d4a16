//! What a daemon is started with.

use std::path::PathBuf;
use std::sync::Arc;

use limen_vision::model::Models;

use super::camera_and_lock::Wiring;
use super::observer::DaemonObserver;
use crate::config::Settings;
use crate::enrol::GallerySource;

/// Everything that a daemon needs to start.
pub struct Setup {
    /// The settings of the configuration.
    pub settings: Settings,
    /// The file from which a reload reads the settings again; `None`: a reload keeps them.
    pub config_file: Option<PathBuf>,
    /// Where the gallery comes from.
    pub gallery: GallerySource,
    /// The networks that find and embed faces.
    pub models: Arc<Models>,
    /// The camera and the lock, or a recording and a lock that moves nothing.
    pub wiring: Wiring,
    /// The path of the control socket; `None`: there is none.
    pub socket: Option<PathBuf>,
    /// Is told of everything that happens, for the demo and tests.
    pub observer: Option<Box<dyn DaemonObserver>>,
}
