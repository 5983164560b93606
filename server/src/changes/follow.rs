//! What came of changes is shown: the next snapshot, the tiles that were touched, the notice
//! to everybody. What other programs wrote to the file comes in by the same way.

use std::{collections::BTreeMap, sync::Arc, time::Instant};
use yizhangtu_data::clock;

use yizhangtu_data::{Change, store::StoreError};

use super::{Touched, events::messages, writer::Writer};
use crate::{
    atlas::{Atlas, MOST_FOREIGN, Snapshot},
    attachments::told_of_owners,
};

impl Writer {
    /// The snapshot with what other programs wrote since.
    pub(super) fn caught_up(&self, shown: &Arc<Snapshot>) -> Result<Arc<Snapshot>, StoreError> {
        if self.store.sequence()? == shown.sequence {
            return Ok(Arc::clone(shown));
        }
        match shown.caught_up(&self.store)? {
            Some(next) => Ok(Arc::new(next)),
            None => Atlas::read(&self.store).map(Arc::new),
        }
    }

    /// The snapshot after changes that are in the file already.
    pub(super) fn next(&self, now: &Snapshot, changes: &[Change]) -> Result<Snapshot, StoreError> {
        now.applied(&self.store, changes)
    }

    /// Publishes a snapshot: what was touched on the way to it is drawn anew, and everybody
    /// is told.
    pub(super) fn show(&self, before: &Arc<Snapshot>, next: Snapshot) {
        let next = self.shown.atlas.publish(next);
        let shown = Instant::now();
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
                self.shown.hub.reload(next.sequence);
                return;
            }
            Err(error) => {
                tracing::error!(%error, "the history cannot be read");
                self.shown.tiles.clear();
                self.shown.hub.reload(next.sequence);
                return;
            }
        };
        let (messages, touched): (_, BTreeMap<Arc<str>, Touched>) =
            messages(&entries, Some(before), &next, &*self.shown.reports);
        self.shown.tiles.advance(before, &next, &touched);
        self.shown.tiles.followed(shown.elapsed());
        self.shown.hub.tell(messages);
    }

    /// Counts ages and what is overdue anew on a new day, and everything by new terms.
    fn turn_the_day(&self) {
        let now = self.shown.atlas.snapshot();
        if now.houses.day() == clock::today() && !now.houses.is_outdated() {
            return;
        }
        match now.recounted(&self.store) {
            Ok(next) => {
                let next = self.shown.atlas.publish(next);
                self.shown.hub.reload(next.sequence);
            }
            Err(error) => {
                tracing::warn!(%error, "the registers could not be counted for the new day")
            }
        }
    }

    /// Takes in what other programs wrote, where they did.
    pub(super) fn follow(&mut self) {
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
    pub(super) fn reload(&self) {
        match Atlas::read(&self.store) {
            Ok(snapshot) => {
                let next = self.shown.atlas.publish(snapshot);
                self.shown.tiles.clear();
                self.shown.hub.reload(next.sequence);
            }
            Err(error) => tracing::error!(%error, "the file cannot be read"),
        }
    }
}
