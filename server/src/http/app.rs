//! What every handler shares.

use std::{path::PathBuf, sync::Arc, time::Instant};

/// What the command line asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    /// Whether changes are refused.
    pub(crate) read_only: bool,
    /// Base map files, PMTiles or MBTiles.
    pub(crate) basemaps: Vec<PathBuf>,
    /// Key of the 天地图 service.
    pub(crate) tianditu_key: Option<String>,
}

/// The state of the service; cloning shares it.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

struct Shared {
    config: Config,
    started: Instant,
}

impl App {
    /// The service's state.
    pub(crate) fn new(config: Config) -> Self {
        Self(Arc::new(Shared {
            config,
            started: Instant::now(),
        }))
    }

    /// What the command line asked for.
    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    /// When the service started.
    pub(crate) fn started(&self) -> Instant {
        self.0.started
    }
}
