//! Which features answer a request, from the atlas or from the file.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use geo::Intersects;
use yizhangtu_data::{
    Layer, Operation, Record, Value,
    store::{GeoPackage, PageQuery, StoreError},
};
use yizhangtu_index as index;

use super::{
    super::{
        datetime::AsOf,
        filter::{Property, compare},
    },
    item::past_is_open,
    request::ItemsRequest,
};
use crate::{
    atlas::LayerSnapshot,
    http::{App, Pool, Problem},
    policy::{Viewer, past, rows as rows_of},
};

/// How many rows are read from the file at a time.
const ROWS: usize = 1000;

impl ItemsRequest {
    /// Whether a feature is asked for, its place aside.
    fn selects(&self, layer: &Layer, record: &Record) -> bool {
        self.equal.iter().all(|(field, wanted)| match field {
            None => wanted.as_text() == Some(&*record.id),
            Some(at) => compare(&record.values[*at], wanted) == Some(Ordering::Equal),
        }) && (self.interval).is_none_or(|interval| interval.meets(layer, record))
            && (self.filter.as_ref()).is_none_or(|filter| filter.selects(record))
    }

    /// Whether a feature meets one of the boxes. One that is nowhere meets none.
    fn meets_boxes(&self, record: &Record) -> bool {
        self.boxes.as_ref().is_none_or(|boxes| {
            record
                .geometry
                .as_ref()
                .is_some_and(|own| boxes.iter().any(|rect| own.intersects(rect)))
        })
    }

    fn order(&self, one: &Record, other: &Record) -> Ordering {
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
    fn on_page(&self, place: u64) -> bool {
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
        request.meets_boxes(record) && request.selects(&snapshot.layer, record)
    };
    let mut found: Vec<u32> = match &request.boxes {
        None => snapshot
            .records()
            .map(|(at, _)| at)
            .filter(matches)
            .collect(),
        Some(boxes) => {
            let mut near: Vec<u32> = boxes
                .iter()
                .filter_map(lattice)
                .flat_map(|rect| snapshot.in_box(&rect))
                .collect();
            near.sort_unstable();
            near.dedup();
            near.retain(matches);
            near
        }
    };
    if !request.sort.is_empty() {
        // Stable, so that equals keep the order of the file from page to page.
        found.sort_by(|one, other| request.order(snapshot.record(*one), snapshot.record(*other)));
    }
    found
}

/// The box on the lattice that stored coordinates lie on, a step wider than asked: the exact
/// test follows.
fn lattice(rect: &geo::Rect<f64>) -> Option<index::Rect> {
    const STEP: f64 = 1e-9;
    let corner = |x: f64, y: f64| index::Point::snap(x.clamp(-180.0, 180.0), y.clamp(-90.0, 90.0));
    let low = corner(rect.min().x - STEP, rect.min().y - STEP)?;
    let high = corner(rect.max().x + STEP, rect.max().y + STEP)?;
    Some(index::Rect::of(low, high))
}

/// Hands over the page of a table's rows that match, in the order asked for, and gives how
/// many match in all.
///
/// # Errors
/// The receiver's, or the store's.
fn rows<E: From<StoreError>>(
    store: &GeoPackage,
    layer: &Layer,
    request: &ItemsRequest,
    mut each: impl FnMut(&Record) -> Result<(), E>,
) -> Result<u64, E> {
    // A row has no place, so no box can be met.
    if request.boxes.is_some() {
        return Ok(0);
    }
    if request.filter.is_none() && request.interval.is_none() {
        return by_query(store, layer, request, each);
    }
    let mut matched = 0;
    if request.sort.is_empty() {
        store.try_scan(&layer.id, |record| {
            if request.selects(layer, &record) {
                if request.on_page(matched) {
                    each(&record)?;
                }
                matched += 1;
            }
            Ok::<_, E>(())
        })?;
        return Ok(matched);
    }
    // Only ids and the values that are sorted by are kept of what matches.
    let mut found: Vec<Record> = Vec::new();
    store.try_scan(&layer.id, |mut record| {
        if request.selects(layer, &record) {
            for (at, value) in record.values.iter_mut().enumerate() {
                if !request
                    .sort
                    .iter()
                    .any(|(by, _)| *by == Property::Field(at))
                {
                    *value = Value::Null;
                }
            }
            found.push(record);
        }
        Ok::<_, E>(())
    })?;
    found.sort_by(|one, other| request.order(one, other));
    for (place, key) in (0..).zip(&found) {
        if request.on_page(place)
            && let Some(record) = store.get(&layer.id, &key.id)?
        {
            each(&record)?;
        }
    }
    Ok(found.len() as u64)
}

/// As [`rows`], where SQLite itself can select and sort.
fn by_query<E: From<StoreError>>(
    store: &GeoPackage,
    layer: &Layer,
    request: &ItemsRequest,
    mut each: impl FnMut(&Record) -> Result<(), E>,
) -> Result<u64, E> {
    let name = |at: usize| layer.fields[at].name.clone();
    let mut query = PageQuery {
        bbox: None,
        equal: (request.equal.iter())
            .map(|(field, value)| (field.map_or_else(|| "id".to_owned(), name), value.clone()))
            .collect(),
        sort: (request.sort.iter())
            .map(|(property, descending)| match property {
                Property::Field(at) => (name(*at), *descending),
                _ => ("id".to_owned(), *descending),
            })
            .collect(),
        limit: 0,
        offset: usize::try_from(request.offset).unwrap_or(usize::MAX >> 1),
    };
    let matched = store.matched(&layer.id, &query)?;
    let mut left = usize::try_from(request.limit).unwrap_or(usize::MAX);
    while left > 0 {
        query.limit = left.min(ROWS);
        let page = store.page(&layer.id, &query)?;
        for record in &page {
            each(record)?;
        }
        if page.len() < query.limit {
            break;
        }
        left -= page.len();
        query.offset += page.len();
    }
    Ok(matched)
}

/// As [`rows`], of some of the rows.
fn some_rows<E: From<StoreError>>(
    store: &GeoPackage,
    layer: &Layer,
    ids: &BTreeSet<String>,
    request: &ItemsRequest,
    mut each: impl FnMut(&Record) -> Result<(), E>,
) -> Result<u64, E> {
    if request.boxes.is_some() {
        return Ok(0);
    }
    let mut found = Vec::new();
    for id in ids {
        found.extend((store.get(&layer.id, id)?).filter(|row| request.selects(layer, row)));
    }
    found.sort_by(|one, other| request.order(one, other));
    for (place, record) in (0..).zip(&found) {
        if request.on_page(place) {
            each(record)?;
        }
    }
    Ok(found.len() as u64)
}

/// Where the features of a layer are read from.
#[derive(Clone)]
pub(super) enum Source {
    /// In memory: the layer has a place on the map.
    Atlas(Arc<LayerSnapshot>),
    /// In the file: a table.
    Table(Pool),
    /// In the file: some rows of a table, by their ids.
    Rows(Pool, Arc<BTreeSet<String>>),
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
        Source::Table(_) | Source::Rows(..) => Err(Problem::not_found(format!(
            "图层 {layer} 没有图形 / the layer {layer} has no shapes",
            layer = layer.id
        ))),
    }
}

impl Source {
    /// Where what a viewer may see of a layer is read from, as it is now or was.
    ///
    /// # Errors
    /// When the file cannot be read; 403 for the past of a table that the viewer sees a part of.
    pub(super) async fn of(
        app: &App,
        viewer: &Viewer,
        layer: &Arc<Layer>,
        as_of: Option<&AsOf>,
    ) -> Result<Self, Problem> {
        let now = app.seen_by(viewer).layer(&layer.id).cloned();
        let Some(as_of) = as_of.cloned() else {
            if let Some(now) = now {
                return Ok(Self::Atlas(now));
            }
            let pool = app.pool().clone();
            let (app, viewer, layer) = (app.clone(), viewer.clone(), Arc::clone(layer));
            let read = move |store: &GeoPackage| {
                rows_of(app.cuts(), &viewer, &app.snapshot(), store, &layer)
            };
            return Ok(match pool.read(read).await? {
                None => Self::Table(pool),
                Some(ids) => Self::Rows(pool, Arc::new(ids)),
            });
        };
        past_is_open(viewer, layer)?;
        let snapshot = app.snapshot();
        if let AsOf::Sequence(sequence) = as_of
            && let Some(kept) = app.atlas().pinned(sequence)
            && let Some(features) = kept.layer(&layer.id)
        {
            let features = Arc::clone(features);
            return Ok(Self::Atlas(past(viewer, &snapshot, features)));
        }
        let layer = Arc::clone(layer);
        // What lies in a territory now lay elsewhere then: the whole layer is turned back.
        let now = now.and_then(|_| snapshot.layer(&layer.id).cloned());
        let was = app
            .pool()
            .read(move |store| {
                store.moment(|| {
                    let sequence = as_of.sequence(store)?;
                    let was = store.as_of(&layer.id, sequence)?;
                    let now = match now {
                        Some(now) if was.is_empty() => return Ok(now),
                        Some(now) => now,
                        None => {
                            let mut rows = Vec::new();
                            store.scan(&layer.id, |record| rows.push(record))?;
                            Arc::new(LayerSnapshot::new(Arc::clone(&layer), rows))
                        }
                    };
                    let operations: Vec<Operation> = was
                        .into_iter()
                        .map(|(id, record)| record.map_or(Operation::Delete(id), Operation::Update))
                        .collect();
                    Ok(Arc::new(now.after(&operations)))
                })
            })
            .await?;
        Ok(Self::Atlas(past(viewer, &snapshot, was)))
    }

    /// Hands over the features of the page asked for, and gives how many match in all.
    ///
    /// # Errors
    /// The receiver's, or the store's.
    pub(super) fn each<E: From<StoreError>>(
        &self,
        layer: &Layer,
        request: &ItemsRequest,
        mut each: impl FnMut(&Record) -> Result<(), E>,
    ) -> Result<u64, E> {
        match self {
            Self::Table(pool) => rows(&*pool.reader()?, layer, request, each),
            Self::Rows(pool, ids) => some_rows(&*pool.reader()?, layer, ids, request, each),
            Self::Atlas(snapshot) => {
                let found = positions(snapshot, request);
                let skip = usize::try_from(request.offset).unwrap_or(usize::MAX);
                let take = usize::try_from(request.limit).unwrap_or(usize::MAX);
                for position in found.iter().skip(skip).take(take) {
                    each(snapshot.record(*position))?;
                }
                Ok(found.len() as u64)
            }
        }
    }
}
