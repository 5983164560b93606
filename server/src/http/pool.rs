//! Readers of the file: one connection a thread, kept for the next request.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use yizhangtu_data::store::{GeoPackage, StoreError};

use super::Problem;

/// Connections kept when nobody reads.
const KEPT: usize = 8;

/// Connections that read the file. Cloning shares them.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    /// The connection that the others are opened like; the one that writes.
    first: Mutex<GeoPackage>,
    idle: Mutex<Vec<GeoPackage>>,
}

/// A connection of this thread, given back when dropped.
pub(crate) struct Reader {
    store: Option<GeoPackage>,
    pool: Pool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// Readers of an open file.
    pub(crate) fn new(store: GeoPackage) -> Self {
        Self(Arc::new(Shared {
            first: Mutex::new(store),
            idle: Mutex::default(),
        }))
    }

    /// A connection for this thread. Blocks on the disk where a new one is opened.
    ///
    /// # Errors
    /// When the file cannot be opened any more.
    pub(crate) fn reader(&self) -> Result<Reader, StoreError> {
        let kept = lock(&self.0.idle).pop();
        let store = match kept {
            Some(store) => store,
            None => lock(&self.0.first).reader()?,
        };
        Ok(Reader {
            store: Some(store),
            pool: self.clone(),
        })
    }

    /// Reads on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&GeoPackage) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let pool = self.clone();
        tokio::task::spawn_blocking(move || read(&*pool.reader()?))
            .await
            .map_err(Problem::internal)?
            .map_err(Problem::internal)
    }
}

impl Deref for Reader {
    type Target = GeoPackage;

    fn deref(&self) -> &GeoPackage {
        self.store
            .as_ref()
            .expect("a reader has its connection until it is dropped")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(store) = self.store.take() {
            let mut idle = lock(&self.pool.0.idle);
            if idle.len() < KEPT {
                idle.push(store);
            }
        }
    }
}
