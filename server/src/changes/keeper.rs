//! The one writer: takes change sets in turn, writes them, and shows what came of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use serde_json::Value;
use tokio::sync::oneshot;
use yizhangtu_data::{
    ChangeSet,
    store::{Entry, GeoPackage, ImportBatch, StoreError, Undoing},
};

use super::{
    Hub, Refusal,
    writer::{Reports, Shown, Writer},
};
use crate::{atlas::Atlas, tiles::TileCache};

/// How often the file is asked whether another program wrote; asking takes microseconds.
pub(super) const EVERY: Duration = Duration::from_millis(250);

/// Change sets that may wait.
const WAITING: usize = 4096;

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Changes, with their places in the request.
    Set(Box<ChangeSet>, Vec<usize>),
    /// What an import brings.
    Import(Box<ImportBatch>, Box<ChangeSet>),
    /// A change set or an import is taken back.
    Undo {
        what: Undoing,
        author: String,
        reason: String,
    },
}

pub(super) struct Task {
    pub(super) work: Work,
    /// Whether everything is checked and nothing kept.
    pub(super) rehearse: bool,
    pub(super) reply: oneshot::Sender<Result<Done, Refusal>>,
}

/// What came of a change set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    /// Number of its last change.
    pub(crate) sequence: u64,
    /// The change set; none where nothing was to be done.
    pub(crate) change_set: Option<i64>,
    /// Its changes as the history has them.
    pub(crate) entries: Vec<Entry>,
    /// What is well to know.
    pub(crate) warnings: Vec<Value>,
    /// Whether it was done before, by the same request.
    pub(crate) replayed: bool,
}

/// The way to the writer. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Keeper {
    /// None where the file is only read.
    to: Option<mpsc::SyncSender<Task>>,
    /// Whether nothing is taken any more.
    closed: Arc<AtomicBool>,
    /// Ends the thread of a file that is only read.
    _alive: Arc<mpsc::Sender<()>>,
}

impl Keeper {
    /// Reads a file into an atlas and keeps it up to date, with its own changes and those of
    /// other programs.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn start(
        store: GeoPackage,
        read_only: bool,
        tiles: Arc<TileCache>,
        hub: Hub,
        reports: Reports,
    ) -> Result<(Self, Arc<Atlas>), StoreError> {
        // Asked before the load, so that a change during it is not missed.
        let seen = store.data_version()?;
        let atlas = Arc::new(Atlas::open(&store)?);
        let shown = Shown {
            atlas: Arc::clone(&atlas),
            tiles,
            hub,
            reports,
        };
        let (to, tasks) = mpsc::sync_channel(WAITING);
        let (alive, ended) = mpsc::channel();
        let writable = !read_only && store.is_own();
        let thread = thread::Builder::new().name("keeper".to_owned());
        let spawned = thread.spawn(move || {
            let mut writer = Writer::new(store, shown, seen);
            if writable {
                writer.write(&tasks);
            } else {
                while ended.recv_timeout(EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
                    writer.follow();
                }
            }
        });
        if let Err(error) = spawned {
            tracing::error!(%error, "the file can be neither changed nor followed");
        }
        let keeper = Self {
            to: writable.then_some(to),
            closed: Arc::default(),
            _alive: Arc::new(alive),
        };
        Ok((keeper, atlas))
    }

    /// Applies a change set; `origin` are the places of its changes in the request. It is on
    /// the disk and in the snapshot when this returns. `rehearse` checks it and keeps nothing.
    ///
    /// # Errors
    /// When it is refused; nothing is changed then.
    pub(crate) async fn apply(
        &self,
        set: ChangeSet,
        origin: Vec<usize>,
        rehearse: bool,
    ) -> Result<Done, Refusal> {
        self.send(Work::Set(Box::new(set), origin), rehearse).await
    }

    /// Takes a change set or an import back.
    ///
    /// # Errors
    /// When there is none, or what it changed was changed since.
    pub(crate) async fn undo(
        &self,
        what: Undoing,
        author: String,
        reason: String,
    ) -> Result<Done, Refusal> {
        let work = Work::Undo {
            what,
            author,
            reason,
        };
        self.send(work, false).await
    }

    /// Writes what an import brings. It is on the disk and in the snapshot when this returns.
    ///
    /// # Errors
    /// When it is refused; nothing is changed then.
    pub(crate) async fn import(&self, batch: ImportBatch, set: ChangeSet) -> Result<Done, Refusal> {
        self.send(Work::Import(Box::new(batch), Box::new(set)), false)
            .await
    }

    /// Takes nothing from now on.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    async fn send(&self, work: Work, rehearse: bool) -> Result<Done, Refusal> {
        let open = (self.to.as_ref()).filter(|_| !self.closed.load(Ordering::Relaxed));
        let to = open.ok_or(Refusal::ReadOnly)?;
        let (reply, answer) = oneshot::channel();
        let task = Task {
            work,
            rehearse,
            reply,
        };
        to.try_send(task).map_err(|_| Refusal::Busy)?;
        answer.await.map_err(|_| Refusal::Busy)?
    }
}

#[cfg(test)]
mod tests;
