//! What every handler shares.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use ipnet::IpNet;
use yizhangtu_data::{
    Catalog, Layer,
    seal::Keys,
    store::{About, GeoPackage, StoreError},
};

use super::{Metrics, Pool, Problem};
use crate::{
    atlas::{Atlas, Snapshot},
    basemap::Basemaps,
    changes::{Hub, Keeper},
    identity::{Identity, Provider},
    people::{Doubles, Past, Quality},
    policy::{Action, Cuts, Viewer},
    release::Releases,
    search::Search,
    tiles::TileCache,
};

/// What the command line asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    /// Whether changes are refused.
    pub(crate) read_only: bool,
    /// What is damaged in the file, where that was found before it was served.
    pub(crate) damage: Option<String>,
    /// Whether the service is reached by TLS alone.
    pub(crate) secure: bool,
    /// The address that it is reached at from outside, where one was given.
    pub(crate) public_url: Option<String>,
    /// Proxies that are believed whom they ask for.
    pub(crate) proxies: Vec<IpNet>,
    /// The customer's own identity provider.
    pub(crate) oidc: Option<Arc<Provider>>,
}

/// The state of the service; cloning shares it.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

struct Shared {
    config: Config,
    /// What is damaged in the file, once something was found.
    damage: Arc<OnceLock<String>>,
    catalog: Arc<Catalog>,
    about: About,
    keys: Arc<Keys>,
    layers: Vec<Arc<Layer>>,
    atlas: Arc<Atlas>,
    basemaps: Basemaps,
    identity: Arc<Identity>,
    cuts: Cuts,
    releases: Releases,
    tiles: Arc<TileCache>,
    hub: Hub,
    keeper: Keeper,
    pool: Pool,
    metrics: Metrics,
    search: Search,
    past: Past,
    doubles: Doubles,
    quality: Quality,
    started: Instant,
}

impl App {
    /// Reads an open file into memory. Takes seconds where the file is large.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn new(
        config: Config,
        store: GeoPackage,
        basemaps: Basemaps,
    ) -> Result<Self, StoreError> {
        crate::office::take(&store)?;
        let identity = Identity::following(&store, &config)?;
        let catalog = Arc::clone(store.catalog());
        let about = store.about().clone();
        let keys = Arc::clone(store.keys());
        let layers = store.layers().to_vec();
        let pool = Pool::new(store.reader()?);
        let tiles = Arc::new(TileCache::default());
        let hub = Hub::new();
        let (keeper, atlas) =
            Keeper::start(store, config.read_only, Arc::clone(&tiles), hub.clone(), {
                let identity = Arc::clone(&identity);
                Arc::new(move |user| identity.reports(user))
            })?;
        Ok(Self(Arc::new(Shared {
            damage: Arc::new(
                config
                    .damage
                    .clone()
                    .map(OnceLock::from)
                    .unwrap_or_default(),
            ),
            config,
            catalog,
            about,
            keys,
            layers,
            atlas,
            basemaps,
            identity,
            cuts: Cuts::default(),
            releases: Releases::default(),
            tiles,
            hub,
            keeper,
            pool,
            metrics: Metrics::default(),
            search: Search::default(),
            past: Past::default(),
            doubles: Doubles::default(),
            quality: Quality::default(),
            started: Instant::now(),
        })))
    }

    /// What the command line asked for.
    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    /// Whether changes are taken.
    ///
    /// # Errors
    /// 403 where the service only reads.
    pub(crate) fn writable(&self) -> Result<(), Problem> {
        if self.damage().get().is_some() {
            return Err(Problem::damaged());
        }
        if self.read_only() {
            return Err(Problem::read_only());
        }
        Ok(())
    }

    /// Whether changes are refused: by wish, or because the file was found damaged.
    pub(crate) fn read_only(&self) -> bool {
        self.config().read_only || self.damage().get().is_some()
    }

    /// What is damaged in the file, once something was found.
    pub(crate) fn damage(&self) -> &Arc<OnceLock<String>> {
        &self.0.damage
    }

    /// Takes no changes from now on, for they would spread the damage, and tells whoever looks.
    pub(crate) fn found_damaged(&self, what: String) {
        // Where it was found before, the first finding stands.
        let _ = self.0.damage.set(what);
        self.keeper().close();
        self.identity().stop_writing();
        self.hub().reload(self.snapshot().sequence);
    }

    /// The catalog that the file was opened with.
    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.0.catalog
    }

    /// What the project says of itself.
    pub(crate) fn about(&self) -> &About {
        &self.0.about
    }

    /// The keys that values are sealed with at rest.
    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// All layers of the file, the catalog's first.
    pub(crate) fn layers(&self) -> &[Arc<Layer>] {
        &self.0.layers
    }

    /// A layer of the file by its identifier.
    pub(crate) fn layer(&self, id: &str) -> Option<&Arc<Layer>> {
        self.0.layers.iter().find(|layer| layer.id == id)
    }

    /// The atlas.
    pub(crate) fn atlas(&self) -> &Arc<Atlas> {
        &self.0.atlas
    }

    /// The mapped layers as they are now. Take it once a request.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.0.atlas.snapshot()
    }

    /// The map as a viewer sees it now: what its answers come from. Take it once a request.
    pub(crate) fn seen_by(&self, viewer: &Viewer) -> Arc<Snapshot> {
        self.0.cuts.of(viewer, Action::View, &self.0.atlas.now())
    }

    /// The map that is counted for a viewer now.
    pub(crate) fn counted_for(&self, viewer: &Viewer) -> Arc<Snapshot> {
        self.0.cuts.of(viewer, Action::Count, &self.0.atlas.now())
    }

    /// The map cut for each rights class.
    pub(crate) fn cuts(&self) -> &Cuts {
        &self.0.cuts
    }

    /// The figures that people are counted by for those who may not see them.
    pub(crate) fn releases(&self) -> &Releases {
        &self.0.releases
    }

    /// Readers of the file, for the tables that are not in memory.
    pub(crate) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// What is counted of the service.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Who may ask, and who is signed in.
    pub(crate) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// The base maps on offer.
    pub(crate) fn basemaps(&self) -> &Basemaps {
        &self.0.basemaps
    }

    /// Painted tiles.
    pub(crate) fn tiles(&self) -> &TileCache {
        &self.0.tiles
    }

    /// The one writer of the file.
    pub(crate) fn keeper(&self) -> &Keeper {
        &self.0.keeper
    }

    /// Where changes are told.
    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    /// The names that are searched.
    pub(crate) fn search(&self) -> &Search {
        &self.0.search
    }

    /// The records of the register that may be one person.
    pub(crate) fn doubles(&self) -> &Doubles {
        &self.0.doubles
    }

    /// What was last found of the quality of the data.
    pub(crate) fn quality(&self) -> &Quality {
        &self.0.quality
    }

    /// What the houses counted on days in the past.
    pub(crate) fn past(&self) -> &Past {
        &self.0.past
    }

    /// When the service started.
    pub(crate) fn started(&self) -> Instant {
        self.0.started
    }
}
