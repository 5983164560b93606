//! The thread that writes: change sets that come together share one transaction and one
//! `fsync`, each all or nothing.

use std::sync::{Arc, mpsc};
use yizhangtu_data::clock;

use serde_json::Value;
use tokio::sync::oneshot;
use yizhangtu_data::{
    Change, ChangeSet, Operation,
    store::{GeoPackage, Group, ImportBatch, StoreError, Undoing},
};

use super::{
    Fault, Hub, Refusal,
    keeper::{Done, EVERY, Task, Work},
    misfits, numbering, references, rules, topology,
};
use crate::{
    atlas::{Atlas, Snapshot, as_they_are},
    people::Registers,
    tiles::TileCache,
};

/// Change sets that share one `fsync` at most.
const TOGETHER: usize = 256;

/// Changes that a set may have to share one with others.
const FEW: usize = 256;

/// Whether a user is one of those who report, and whose name is for intake only.
pub(crate) type Reports = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What the writer shows its work on.
pub(super) struct Shown {
    pub(super) atlas: Arc<Atlas>,
    pub(super) tiles: Arc<TileCache>,
    pub(super) hub: Hub,
    /// Whose name as an author is told to nobody: those who report.
    pub(super) reports: Reports,
}

pub(super) struct Writer {
    pub(super) store: GeoPackage,
    pub(super) shown: Shown,
    /// The file's mark of other programs' writes that was last seen.
    pub(super) seen: i64,
}

/// A task and what came of it so far.
type Answered = (
    oneshot::Sender<Result<Done, Refusal>>,
    Result<Done, Refusal>,
);

impl Writer {
    /// A writer of a file that was read into what it shows its work on.
    pub(super) fn new(store: GeoPackage, shown: Shown, seen: i64) -> Self {
        Self { store, shown, seen }
    }

    /// Works until nobody is left who could ask.
    pub(super) fn write(&mut self, tasks: &mpsc::Receiver<Task>) {
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

    /// Applies tasks in their order: small ones in one transaction, each large one in its own.
    fn commit(&mut self, tasks: Vec<Task>) {
        let mut tasks = tasks.into_iter().peekable();
        while let Some(first) = tasks.next() {
            let mut together = vec![first];
            if !together[0].work.is_large() {
                while let Some(next) = tasks.next_if(|task| !task.work.is_large()) {
                    together.push(next);
                }
            }
            self.commit_together(together);
        }
    }

    /// Applies tasks in one transaction: each all or nothing.
    fn commit_together(&mut self, tasks: Vec<Task>) {
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
        let begun = match &tasks[..] {
            [one] if one.work.is_large() => self.store.group_of_one(),
            _ => self.store.group(),
        };
        let group = match begun {
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
        // What was only tried or refused changes nothing that is shown.
        if accepted.is_empty() && Arc::ptr_eq(&now, before) {
            return (answers, group.finish());
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
                self.set(group, now, accepted, *set, origin, rehearse)
            }
            Work::Import(batch, set) => self.import(group, now, accepted, &batch, *set),
            Work::Undo {
                what,
                author,
                reason,
            } => self.undo(group, now, accepted, &what, &author, &reason),
        }
    }

    /// Takes something back, where what comes of it fits what is there now.
    fn undo(
        &self,
        group: &Group<'_>,
        now: &Snapshot,
        accepted: &mut Vec<Change>,
        what: &Undoing,
        author: &str,
        reason: &str,
    ) -> Result<Done, Refusal> {
        let mut back = Vec::new();
        let mut warnings = Vec::new();
        let undone = group.undo(what, author, reason, |undone| {
            let entries = self.store.log_of(undone.change_set)?;
            back = as_they_are(&self.store, &entries)?;
            let gone: Vec<_> = (back.iter())
                .filter(|change| matches!(change.operation, Operation::Delete(_)))
                .map(|change| (Arc::clone(&change.layer), Arc::clone(change.operation.id())))
                .collect();
            let set = ChangeSet {
                changes: back.clone(),
                ..ChangeSet::default()
            };
            let found = topology::check(now, accepted, &set, &[]);
            warnings = found.warnings;
            let mut faults = references::left_behind(&self.store, &gone)?;
            faults.extend(found.faults);
            if faults.is_empty() {
                Ok(())
            } else {
                Err(Refusal::Rules(faults))
            }
        })?;
        let entries = self.store.log_of(undone.change_set)?;
        accepted.extend(back);
        Ok(Done {
            sequence: undone.sequence,
            change_set: Some(undone.change_set),
            entries,
            warnings,
            replayed: false,
        })
    }

    /// Writes what an import brings. Its rows were held against the catalog already.
    fn import(
        &self,
        group: &Group<'_>,
        now: &Snapshot,
        accepted: &mut Vec<Change>,
        batch: &ImportBatch,
        set: ChangeSet,
    ) -> Result<Done, Refusal> {
        let warnings = misfits::of(now, accepted, &set);
        let committed = group.apply_import(&set, Some(batch))?;
        accepted.extend(set.changes);
        Ok(Done {
            sequence: committed.sequence,
            change_set: committed.change_set,
            warnings,
            ..Done::default()
        })
    }

    fn set(
        &self,
        group: &Group<'_>,
        now: &Snapshot,
        accepted: &mut Vec<Change>,
        mut set: ChangeSet,
        mut origin: Vec<usize>,
        rehearse: bool,
    ) -> Result<Done, Refusal> {
        numbering::number(&self.store, now, &mut set)?;
        let mut faults: Vec<Fault> = references::settle(&self.store, &mut set, &mut origin)?;
        faults.extend(rules::check(&self.store, &set, &origin)?);
        faults.extend(Registers::new(&self.store, &set, &origin, clock::today()).check()?);
        let found = topology::check(now, accepted, &set, &origin);
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
}

impl Work {
    /// Whether it is too much to share a transaction with others.
    fn is_large(&self) -> bool {
        match self {
            Self::Set(set, _) => set.changes.len() > FEW,
            Self::Import(..) | Self::Undo { .. } => true,
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
