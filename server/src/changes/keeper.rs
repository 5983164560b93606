//! The one writer: takes change sets in turn, writes them, and shows what came of it.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use serde_json::Value;
use tokio::sync::oneshot;
use yizhangtu_data::{
    Change, ChangeSet, Operation,
    store::{Entry, GeoPackage, Group, StoreError, Undoing},
};

use super::{
    Fault, Hub, Refusal, Touched,
    events::{Message, messages},
    rules, topology,
};
use crate::{
    atlas::{Atlas, Snapshot},
    attachments::told_of_owners,
    people::{self, Registers},
    tiles::TileCache,
};

/// How often the file is asked whether another program wrote; asking takes microseconds.
const EVERY: Duration = Duration::from_millis(250);

/// Change sets that share one `fsync` at most.
const TOGETHER: usize = 256;

/// Change sets that may wait.
const WAITING: usize = 4096;

/// Changes of other programs that are taken in one by one; beyond it the file is read anew.
const MOST_FOREIGN: usize = 20_000;

/// What is to be done.
#[derive(Clone, Debug)]
enum Work {
    /// Changes, with their places in the request.
    Set(Box<ChangeSet>, Vec<usize>),
    /// A change set or an import is taken back.
    Undo {
        what: Undoing,
        author: String,
        reason: String,
    },
}

struct Task {
    work: Work,
    /// Whether everything is checked and nothing kept.
    rehearse: bool,
    reply: oneshot::Sender<Result<Done, Refusal>>,
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
    /// Ends the thread of a file that is only read.
    _alive: Arc<mpsc::Sender<()>>,
}

/// What the writer shows its work on.
struct Shown {
    atlas: Arc<Atlas>,
    tiles: Arc<TileCache>,
    hub: Hub,
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
    ) -> Result<(Self, Arc<Atlas>), StoreError> {
        // Asked before the load, so that a change during it is not missed.
        let seen = store.data_version()?;
        let atlas = Arc::new(Atlas::open(&store)?);
        let shown = Shown {
            atlas: Arc::clone(&atlas),
            tiles,
            hub,
        };
        let (to, tasks) = mpsc::sync_channel(WAITING);
        let (alive, ended) = mpsc::channel();
        let writable = !read_only && store.is_own();
        let thread = thread::Builder::new().name("keeper".to_owned());
        let spawned = thread.spawn(move || {
            let mut writer = Writer { store, shown, seen };
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

    async fn send(&self, work: Work, rehearse: bool) -> Result<Done, Refusal> {
        let to = self.to.as_ref().ok_or(Refusal::ReadOnly)?;
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

struct Writer {
    store: GeoPackage,
    shown: Shown,
    /// The file's mark of other programs' writes that was last seen.
    seen: i64,
}

/// A task and what came of it so far.
type Answered = (
    oneshot::Sender<Result<Done, Refusal>>,
    Result<Done, Refusal>,
);

impl Writer {
    fn write(&mut self, tasks: &mpsc::Receiver<Task>) {
        loop {
            match tasks.recv_timeout(EVERY) {
                Ok(first) => {
                    let mut together = vec![first];
                    together.extend(tasks.try_iter().take(TOGETHER - 1));
                    self.commit(together);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => self.follow(),
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Applies tasks in one transaction: each all or nothing.
    fn commit(&mut self, tasks: Vec<Task>) {
        let before = self.shown.atlas.snapshot();
        let (answers, outcome) = self.together(tasks, &before);
        // What was applied is only done once all of it is on the disk.
        let failed = outcome.err().map(Arc::new);
        for (reply, answer) in answers {
            let answer = match (&failed, answer) {
                (Some(error), Ok(_)) => Err(Refusal::Store(Arc::clone(error))),
                (_, answer) => answer,
            };
            // Who asked may have gone.
            let _ = reply.send(answer);
        }
    }

    fn together(
        &mut self,
        tasks: Vec<Task>,
        before: &Arc<Snapshot>,
    ) -> (Vec<Answered>, Result<(), StoreError>) {
        let mut answers: Vec<Answered> = Vec::new();
        let group = match self.store.group() {
            Ok(group) => group,
            Err(error) => {
                let error = Arc::new(error);
                let refuse = |task: Task| (task.reply, Err(Refusal::Store(Arc::clone(&error))));
                return (tasks.into_iter().map(refuse).collect(), Ok(()));
            }
        };
        let now = match self.caught_up(before) {
            Ok(now) => now,
            Err(error) => {
                let error = Arc::new(error);
                let refuse = |task: Task| (task.reply, Err(Refusal::Store(Arc::clone(&error))));
                return (tasks.into_iter().map(refuse).collect(), Ok(()));
            }
        };
        let mut accepted: Vec<Change> = Vec::new();
        for task in tasks {
            let Task {
                work,
                rehearse,
                reply,
            } = task;
            // A full disk has ended the transaction: nothing of it can be done.
            let answer = if group.stands() {
                self.one(&group, &now, &mut accepted, work, rehearse)
            } else {
                Err(Refusal::Busy)
            };
            answers.push((reply, answer));
        }
        if !group.stands() {
            // The first refusal that ended it says why.
            let why = answers.iter().find_map(|(_, answer)| match answer {
                Err(Refusal::Store(error)) if ends(error) => Some(Arc::clone(error)),
                _ => None,
            });
            for (_, answer) in &mut answers {
                if !matches!(answer, Err(Refusal::Rules(_))) {
                    *answer = Err(why.clone().map_or(Refusal::Busy, Refusal::Store));
                }
            }
            return (answers, Ok(()));
        }
        let next = self.next(&now, &accepted);
        let finished = group.finish();
        if finished.is_ok() {
            match next {
                Ok(next) => self.show(before, next),
                // It is written; the file tells what.
                Err(error) => {
                    tracing::error!(%error, "what was written could not be shown; the file is read anew");
                    self.reload();
                }
            }
        }
        (answers, finished)
    }

    /// Checks and applies one task.
    fn one(
        &self,
        group: &Group<'_>,
        now: &Snapshot,
        accepted: &mut Vec<Change>,
        work: Work,
        rehearse: bool,
    ) -> Result<Done, Refusal> {
        match work {
            Work::Set(set, origin) => {
                if let Some(key) = &set.key
                    && let Some(recalled) = self.store.recall(&set.author, key)?
                {
                    let entries = recalled
                        .change_set
                        .map(|number| self.store.log_of(number))
                        .transpose()?;
                    return Ok(Done {
                        sequence: recalled.sequence,
                        change_set: recalled.change_set,
                        entries: entries.unwrap_or_default(),
                        warnings: serde_json::from_str(&recalled.note).unwrap_or_default(),
                        replayed: true,
                    });
                }
                self.set(group, now, accepted, *set, &origin, rehearse)
            }
            Work::Undo {
                what,
                author,
                reason,
            } => {
                let undone = group.undo(&what, &author, &reason)?;
                let entries = self.store.log_of(undone.change_set)?;
                accepted.extend(self.as_they_are(&entries)?);
                Ok(Done {
                    sequence: undone.sequence,
                    change_set: Some(undone.change_set),
                    entries,
                    ..Done::default()
                })
            }
        }
    }

    fn set(
        &self,
        group: &Group<'_>,
        now: &Snapshot,
        accepted: &mut Vec<Change>,
        mut set: ChangeSet,
        origin: &[usize],
        rehearse: bool,
    ) -> Result<Done, Refusal> {
        let mut faults: Vec<Fault> = rules::check(&self.store, &set, origin)?;
        faults.extend(Registers::new(&self.store, &set, origin, people::today()).check()?);
        let found = topology::check(now, accepted, &set, origin);
        faults.extend(found.faults);
        if let Some(key) = &mut set.key {
            key.note = Value::from(found.warnings.clone()).to_string();
        }
        // Whoever is late is told so before anything else: what they drew may be moot.
        let done = if faults.is_empty() && !rehearse {
            group.apply(&set)
        } else {
            group.rehearse(&set)
        };
        let done = match done {
            Err(error @ (StoreError::Stale { .. } | StoreError::NoFeature { .. })) => {
                return Err(error.into());
            }
            _ if !faults.is_empty() => return Err(Refusal::Rules(faults)),
            done => done?,
        };
        let (committed, entries) = done;
        if !rehearse {
            accepted.extend(set.changes);
        }
        Ok(Done {
            sequence: committed.sequence,
            change_set: committed.change_set.filter(|_| !rehearse),
            entries,
            warnings: found.warnings,
            replayed: false,
        })
    }

    /// The snapshot with what other programs wrote since.
    fn caught_up(&self, shown: &Arc<Snapshot>) -> Result<Arc<Snapshot>, StoreError> {
        let sequence = self.store.sequence()?;
        if sequence == shown.sequence {
            return Ok(Arc::clone(shown));
        }
        if sequence < shown.sequence
            || self.store.log_length(shown.sequence, MOST_FOREIGN + 1)? > MOST_FOREIGN
        {
            return Atlas::read(&self.store).map(Arc::new);
        }
        let entries = self.store.changes(shown.sequence, MOST_FOREIGN)?;
        let changes = self.as_they_are(&entries)?;
        self.next(shown, &changes).map(Arc::new)
    }

    /// Changes that make features what the file holds now.
    fn as_they_are(&self, entries: &[Entry]) -> Result<Vec<Change>, StoreError> {
        let mut seen = HashSet::new();
        let mut changes = Vec::new();
        for entry in entries {
            if self.store.layer(&entry.layer).is_none() || !seen.insert((&entry.layer, &entry.id)) {
                continue;
            }
            let operation = match self.store.get(&entry.layer, &entry.id)? {
                Some(record) => Operation::Update(record),
                None => Operation::Delete(Arc::clone(&entry.id)),
            };
            changes.push(Change {
                layer: Arc::clone(&entry.layer),
                operation,
            });
        }
        Ok(changes)
    }

    /// The snapshot after changes that are in the file already.
    fn next(&self, now: &Snapshot, changes: &[Change]) -> Result<Snapshot, StoreError> {
        now.applied(&self.store, changes)
    }

    /// Publishes a snapshot: what was touched on the way to it is drawn anew, and everybody
    /// is told.
    fn show(&self, before: &Arc<Snapshot>, next: Snapshot) {
        let next = self.shown.atlas.publish(next);
        if next.sequence <= before.sequence {
            self.shown.tiles.clear();
            return;
        }
        let entries = self
            .store
            .changes(before.sequence, MOST_FOREIGN + 1)
            .and_then(|entries| told_of_owners(&self.store, entries));
        let entries = match entries {
            Ok(entries) if entries.len() <= MOST_FOREIGN => entries,
            Ok(_) => {
                self.shown.tiles.clear();
                self.shown.hub.tell([Message::reload(next.sequence)]);
                return;
            }
            Err(error) => {
                tracing::error!(%error, "the history cannot be read");
                self.shown.tiles.clear();
                self.shown.hub.tell([Message::reload(next.sequence)]);
                return;
            }
        };
        let (messages, touched): (_, BTreeMap<Arc<str>, Touched>) = messages(&entries, &next);
        self.shown.tiles.advance(before, &next, &touched);
        self.shown.hub.tell(messages);
    }

    /// Counts ages and what is overdue anew on a new day.
    fn turn_the_day(&self) {
        let now = self.shown.atlas.snapshot();
        if now.houses.day() == people::today() {
            return;
        }
        match now.recounted(&self.store) {
            Ok(next) => {
                let next = self.shown.atlas.publish(next);
                self.shown.hub.tell([Message::reload(next.sequence)]);
            }
            Err(error) => {
                tracing::warn!(%error, "the registers could not be counted for the new day")
            }
        }
    }

    /// Takes in what other programs wrote, where they did.
    fn follow(&mut self) {
        self.turn_the_day();
        let brought = self.store.data_version().and_then(|version| {
            if self.seen != version {
                self.bring()?;
                self.seen = version;
            }
            Ok(())
        });
        // A file that is locked or being replaced is asked again.
        if let Err(error) = brought {
            tracing::warn!(%error, "the file changed and could not be read yet");
        }
    }

    fn bring(&self) -> Result<(), StoreError> {
        let before = self.shown.atlas.snapshot();
        // Files of other programs do not number their changes.
        if !self.store.is_own() {
            self.reload();
            return Ok(());
        }
        // Rows and their number are of one moment.
        let next = self.store.moment(|| self.caught_up(&before))?;
        if next.sequence == before.sequence {
            return Ok(());
        }
        let next = Arc::try_unwrap(next).unwrap_or_else(|shared| shared.shared());
        self.show(&before, next);
        Ok(())
    }

    /// Reads the whole file anew.
    fn reload(&self) {
        match Atlas::read(&self.store) {
            Ok(snapshot) => {
                let next = self.shown.atlas.publish(snapshot);
                self.shown.tiles.clear();
                self.shown.hub.tell([Message::reload(next.sequence)]);
            }
            Err(error) => tracing::error!(%error, "the file cannot be read"),
        }
    }
}

/// Whether an error makes SQLite end the whole transaction.
fn ends(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Full { .. } | StoreError::Disk { .. } | StoreError::Locked { .. }
    )
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use geo::point;
    use yizhangtu_data::{
        Catalog, Record,
        store::{About, Access},
    };

    use super::*;

    struct Village {
        path: std::path::PathBuf,
        catalog: Arc<Catalog>,
        keeper: Keeper,
        atlas: Arc<Atlas>,
        hub: Hub,
        _folder: tempfile::TempDir,
    }

    fn village() -> Village {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let catalog = Catalog::embedded();
        let store = GeoPackage::create(&path, &catalog, &About::default()).unwrap();
        let hub = Hub::new();
        let (keeper, atlas) =
            Keeper::start(store, false, Arc::new(TileCache::default()), hub.clone()).unwrap();
        Village {
            path,
            catalog,
            keeper,
            atlas,
            hub,
            _folder: folder,
        }
    }

    impl Village {
        fn place(&self, id: &str) -> ChangeSet {
            let layer = self.catalog.layer("place").unwrap();
            let mut record = Record::new(layer, id);
            record.geometry = Some(point! { x: 113.5, y: 23.1 }.into());
            for field in layer.fields.iter().filter(|field| field.required) {
                let list = (field.code_list.as_ref()).and_then(|list| self.catalog.code_list(list));
                let value = list.map_or("某某", |list| list.codes[0].code.as_str());
                record.set(layer, &field.name, value);
            }
            ChangeSet {
                changes: vec![Change {
                    layer: "place".into(),
                    operation: Operation::Insert(record),
                }],
                ..ChangeSet::default()
            }
        }

        fn wait_for(&self, sequence: u64) {
            let began = Instant::now();
            while self.atlas.snapshot().sequence < sequence {
                assert!(
                    began.elapsed() < Duration::from_secs(30),
                    "the change is not seen"
                );
                thread::sleep(Duration::from_millis(20));
            }
        }

        fn shows(&self, id: &str) -> bool {
            let snapshot = self.atlas.snapshot();
            snapshot.layer("place").unwrap().get(id).is_some()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_another_program_writes_is_shown_and_told() {
        let village = village();
        let (mut live, _closed) = village.hub.listen();
        let other = GeoPackage::open(&village.path, &village.catalog, Access::ReadWrite).unwrap();
        let committed = other.commit(village.place("theirs")).unwrap();
        village.wait_for(committed.sequence);
        assert!(village.shows("theirs"));
        let told = live.recv().await.unwrap();
        assert_eq!(told.sequence, committed.sequence);
        // Its own change comes after it, with both in the snapshot.
        let done = village
            .keeper
            .apply(village.place("ours"), Vec::new(), false)
            .await
            .unwrap();
        assert_eq!(done.sequence, committed.sequence + 1);
        assert!(village.shows("theirs") && village.shows("ours"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn sets_that_come_together_are_each_all_or_nothing() {
        let village = village();
        let mut half = village.place("half");
        half.changes.push(Change {
            layer: "place".into(),
            operation: Operation::Delete("nobody".into()),
        });
        let keeper = &village.keeper;
        let sets = (0..40).map(|number| {
            let set = if number % 4 == 3 {
                half.clone()
            } else {
                village.place(&format!("p{number}"))
            };
            keeper.apply(set, Vec::new(), false)
        });
        let done = futures::future::join_all(sets).await;
        let refused = done.iter().filter(|done| done.is_err()).count();
        assert_eq!(refused, 10);
        assert!(!village.shows("half"));
        let store = GeoPackage::open(&village.path, &village.catalog, Access::ReadOnly).unwrap();
        assert_eq!(store.count("place").unwrap(), 30);
        assert_eq!(store.changes(0, 100).unwrap().len(), 30);
        assert_eq!(village.atlas.snapshot().layer("place").unwrap().len(), 30);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_rehearsal_changes_nothing() {
        let village = village();
        let done = village
            .keeper
            .apply(village.place("x"), Vec::new(), true)
            .await
            .unwrap();
        assert_eq!(
            (done.sequence, done.change_set, done.entries.len()),
            (0, None, 1)
        );
        assert!(!village.shows("x"));
    }
}
