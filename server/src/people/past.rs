//! What the houses counted on a day in the past, by the dates in the registers.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::NaiveDate;
use yizhangtu_data::store::StoreError;

use super::{Day, Tallies};
use crate::{
    atlas::{Houses, Snapshot},
    http::App,
    policy::Viewer,
};

/// Days that are kept: what two areas or two dates are compared by, for some people at once.
const KEPT: usize = 8;

/// Counts of past days, of the map as it is now.
#[derive(Default)]
pub(crate) struct Past {
    kept: Mutex<VecDeque<(u64, NaiveDate, Arc<Houses>)>>,
}

impl Past {
    /// The map that is counted for a viewer, with its houses as they counted on a day. Counts
    /// the registers, so it takes as long as they are.
    ///
    /// # Errors
    /// When the registers cannot be read.
    pub(crate) fn of(
        &self,
        app: &App,
        viewer: &Viewer,
        day: NaiveDate,
    ) -> Result<Arc<Snapshot>, StoreError> {
        let whole = app.snapshot();
        let counted = app.counted_for(viewer);
        let houses = self.houses(app, &whole, day)?;
        let shares = match (whole.layer("building"), counted.layer("building")) {
            (Some(all), Some(own)) => Arc::ptr_eq(all, own),
            _ => false,
        };
        let houses = if shares {
            houses
        } else {
            Arc::new(houses.part(counted.layer("building").map(|layer| &**layer)))
        };
        Ok(Arc::new(counted.with_houses(houses)))
    }

    fn houses(
        &self,
        app: &App,
        whole: &Snapshot,
        day: NaiveDate,
    ) -> Result<Arc<Houses>, StoreError> {
        let known = |kept: &VecDeque<(u64, NaiveDate, Arc<Houses>)>| {
            let mut kept = kept.iter();
            kept.find(|(sequence, on, _)| (*sequence, *on) == (whole.sequence, day))
                .map(|(.., houses)| Arc::clone(houses))
        };
        if let Some(houses) = known(&self.kept.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(houses);
        }
        let tallies = Tallies::read(&*app.pool().reader()?, Day::Past(day))?;
        let buildings = whole.layer("building").map(|layer| &**layer);
        let houses = Arc::new(Houses::new(buildings, tallies));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((whole.sequence, day, Arc::clone(&houses)));
        Ok(houses)
    }
}
