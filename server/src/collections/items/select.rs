//! Which features answer a request, from the atlas or from the file.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use yizhangtu_data::{Layer, Record, Value, store::StoreError};
use yizhangtu_index as index;

use super::{
    super::{
        datetime::AsOf,
        filter::{Property, compare},
    },
    request::ItemsRequest,
    rows::{rows, some_rows},
};
use crate::{
    atlas::LayerSnapshot,
    http::{App, Pool, Problem},
    policy::{Action, Viewer, past, rows as rows_of},
};

impl ItemsRequest {
    /// Whether a feature is asked for, its place aside.
    pub(super) fn selects(&self, layer: &Layer, record: &Record) -> bool {
        self.equal.iter().all(|(field, wanted)| match field {
            None => wanted.as_text() == Some(&*record.id),
            Some(at) => compare(&record.values[*at], wanted) == Some(Ordering::Equal),
        }) && (self.interval).is_none_or(|interval| interval.meets(layer, record))
            && (self.filter.as_ref()).is_none_or(|filter| filter.selects(record))
    }

    pub(super) fn order(&self, one: &Record, other: &Record) -> Ordering {
        for (property, descending) in &self.sort {
            let order = match property {
                Property::Id => one.id.cmp(&other.id),
                Property::Field(at) => order(&one.values[*at], &other.values[*at]),
                Property::Geometry => Ordering::Equal,
            };
            let order = if *descending { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }

    /// Whether the place of a match in their order lies in the page.
    pub(super) fn on_page(&self, place: u64) -> bool {
        place >= self.offset && place - self.offset < self.limit
    }
}

/// The order of two values; what is unknown comes first, as in SQLite.
fn order(one: &Value, other: &Value) -> Ordering {
    match (one.is_null(), other.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => compare(one, other).unwrap_or(Ordering::Equal),
    }
}

/// The positions of a mapped layer's features that match, in the order asked for.
fn positions(snapshot: &LayerSnapshot, request: &ItemsRequest) -> Vec<u32> {
    let matches = |position: &u32| {
        let record = snapshot.record(*position);
        request.selects(&snapshot.layer, record)
    };
    let mut found: Vec<u32> = match &request.boxes {
        None => snapshot
            .records()
            .map(|(at, _)| at)
            .filter(matches)
            .collect(),
        Some(boxes) => {
            let areas = boxes.iter().filter_map(area);
            let mut meeting: Vec<u32> = areas
                .flat_map(|area| snapshot.within(&area, index::Rule::Intersects))
                .collect();
            meeting.sort_unstable();
            meeting.dedup();
            meeting.retain(matches);
            meeting
        }
    };
    if !request.sort.is_empty() {
        // Stable, so that equals keep the order of the file from page to page.
        found.sort_by(|one, other| request.order(snapshot.record(*one), snapshot.record(*other)));
    }
    found
}

/// A box on the lattice that stored coordinates lie on.
fn area(rect: &geo::Rect<f64>) -> Option<index::Area> {
    let corner = |x: f64, y: f64| index::Point::snap(x.clamp(-180.0, 180.0), y.clamp(-90.0, 90.0));
    let low = corner(rect.min().x, rect.min().y)?;
    let high = corner(rect.max().x, rect.max().y)?;
    Some(index::Area::from_rect(index::Rect::of(low, high)))
}

/// Where the features of a layer are read from.
#[derive(Clone)]
pub(super) enum Source {
    /// In memory: the layer has a place on the map.
    Atlas(Arc<LayerSnapshot>),
    /// In the file: a table, as it was after the change of a number.
    Table(Pool, u64),
    /// In the file: some rows of a table, by their ids, as they were.
    Rows(Pool, Arc<BTreeSet<String>>, u64),
}

/// How far the handing over of a page came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// How many features match in all.
    pub(super) matched: u64,
    /// Where the next page goes on, where it can begin there: behind this place in the order
    /// of the file.
    pub(super) last: Option<i64>,
}

/// What a viewer may see of a layer with a place on the map, as it is now or was.
///
/// # Errors
/// As [`Source::of`]; 404 of a table.
pub(crate) async fn features(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    as_of: Option<&AsOf>,
) -> Result<Arc<LayerSnapshot>, Problem> {
    match Source::of(app, viewer, layer, as_of).await? {
        Source::Atlas(features) => Ok(features),
        Source::Table(..) | Source::Rows(..) => Err(Problem::not_found(format!(
            "图层 {layer} 没有图形 / the layer {layer} has no shapes",
            layer = layer.id
        ))),
    }
}

impl Source {
    /// Where what a viewer may see of a layer is read from, as it is now or was.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) async fn of(
        app: &App,
        viewer: &Viewer,
        layer: &Arc<Layer>,
        as_of: Option<&AsOf>,
    ) -> Result<Self, Problem> {
        let snapshot = app.snapshot();
        let Some(now) = snapshot.layer(&layer.id).cloned() else {
            return Self::table(app, viewer, layer, as_of).await;
        };
        let Some(as_of) = as_of.cloned() else {
            let part = app.cuts().of(viewer, Action::View, &snapshot);
            let part = part.layer(&layer.id).cloned();
            return part.map(Self::Atlas).ok_or_else(|| viewer.refused());
        };
        if let AsOf::Sequence(sequence) = as_of
            && let Some(kept) = app.atlas().pinned(sequence)
            && let Some(features) = kept.layer(&layer.id)
        {
            let features = Arc::clone(features);
            return Ok(Self::Atlas(past(viewer, &snapshot, features)));
        }
        // What lies in a territory now lay elsewhere then: the whole layer is turned back.
        let was = app
            .pool()
            .read(move |store| store.moment(|| now.as_of(store, as_of.sequence(store)?)))
            .await?;
        Ok(Self::Atlas(past(viewer, &snapshot, was)))
    }

    async fn table(
        app: &App,
        viewer: &Viewer,
        layer: &Arc<Layer>,
        as_of: Option<&AsOf>,
    ) -> Result<Self, Problem> {
        let (own, viewer, of) = (app.clone(), viewer.clone(), Arc::clone(layer));
        let as_of = as_of.cloned();
        let (ids, moment) = app
            .pool()
            .read(move |store| {
                store.moment(|| {
                    let then = as_of.map(|as_of| as_of.sequence(store)).transpose()?;
                    let ids = rows_of(own.cuts(), &viewer, &own.snapshot(), store, &of, then)?;
                    Ok((ids, then.unwrap_or(u64::MAX)))
                })
            })
            .await?;
        let pool = app.pool().clone();
        Ok(match ids {
            None => Self::Table(pool, moment),
            Some(ids) => Self::Rows(pool, Arc::new(ids), moment),
        })
    }

    /// Hands over the features of the page asked for, and tells how far that came.
    ///
    /// # Errors
    /// The receiver's, or the store's.
    pub(super) fn each<E: From<StoreError>>(
        &self,
        layer: &Layer,
        request: &ItemsRequest,
        mut each: impl FnMut(&Record) -> Result<(), E>,
    ) -> Result<Reached, E> {
        match self {
            Self::Table(pool, then) => rows(&*pool.reader()?, layer, request, *then, each),
            Self::Rows(pool, ids, then) => {
                some_rows(&*pool.reader()?, layer, ids, request, *then, each)
            }
            Self::Atlas(snapshot) => {
                let found = positions(snapshot, request);
                let skip = usize::try_from(request.offset).unwrap_or(usize::MAX);
                let take = usize::try_from(request.limit).unwrap_or(usize::MAX);
                for position in found.iter().skip(skip).take(take) {
                    each(snapshot.record(*position))?;
                }
                Ok(Reached {
                    matched: found.len() as u64,
                    last: None,
                })
            }
        }
    }
}
