//! A layer read row by row: its records become bytes, and their places shapes, while the rest is
//! still read, so that a file is never in memory as a whole.

use std::sync::{Arc, Mutex, PoisonError};

use yizhangtu_data::{
    Layer, Record,
    seal::Keys,
    store::{GeoPackage, StoreError},
};
use yizhangtu_index::{Index, PackedShapes, Shape};

use super::{
    layer::{LayerSnapshot, shape},
    records::{PAGE, Records, Taken},
};

/// Pages that are packed together.
const SHARE: usize = 16;

/// Some pages, and where their records are.
type Share<Shapes> = (Vec<Taken>, Shapes);

/// Reads a layer, packing beside the reading.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn scanned(store: &GeoPackage, layer: &Arc<Layer>) -> Result<LayerSnapshot, StoreError> {
    let (records, shapes) = gathered(
        store,
        layer,
        |shapes| shapes,
        |each| store.scan(&layer.id, each),
    )?;
    let index = Index::build(shapes.into_iter().flatten());
    Ok(LayerSnapshot::restored(Arc::clone(layer), records, index))
}

/// Reads of a layer what it is drawn from: where its features are, and some fields. Shapes are
/// packed as they come, and nothing is made that a drawing does not ask for.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn drawn(
    store: &GeoPackage,
    layer: &Arc<Layer>,
    fields: &[usize],
) -> Result<LayerSnapshot, StoreError> {
    let packed = |shapes: Vec<_>| PackedShapes::new(&shapes);
    let (records, shapes) = gathered(store, layer, packed, |each| {
        store.scan_some(&layer.id, fields, each)
    })?;
    let index = Index::without_cells(shapes);
    Ok(LayerSnapshot::drawn(Arc::clone(layer), records, index))
}

/// The records of a layer as they are read, and what is made of the shapes of each share of them.
fn gathered<Shapes: Send>(
    store: &GeoPackage,
    layer: &Arc<Layer>,
    keep: impl Fn(Vec<(u32, Shape)>) -> Shapes + Sync,
    read: impl FnOnce(&mut dyn FnMut(Record)) -> Result<(), StoreError>,
) -> Result<(Records, Vec<Shapes>), StoreError> {
    let (keys, done) = (store.keys(), Mutex::new(Vec::new()));
    rayon::in_place_scope(|scope| {
        let (done, keep) = (&done, &keep);
        let mut waiting = Vec::with_capacity(SHARE * PAGE);
        let mut next = 0;
        let mut pack = |records: Vec<Record>| {
            let page = next;
            next += records.len().div_ceil(PAGE) as u32;
            scope.spawn(move |_| {
                let (pages, shapes) = packed(page, layer, keys, records);
                let share: Share<Shapes> = (pages, keep(shapes));
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.push((page, share));
            });
        };
        read(&mut |record| {
            waiting.push(record);
            if waiting.len() == SHARE * PAGE {
                pack(std::mem::replace(
                    &mut waiting,
                    Vec::with_capacity(SHARE * PAGE),
                ));
            }
        })?;
        pack(waiting);
        Ok::<_, StoreError>(())
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(page, _)| *page);
    let (mut pages, mut all) = (Vec::new(), Vec::with_capacity(done.len()));
    for (_, (own, shapes)) in done {
        pages.extend(own);
        all.push(shapes);
    }
    Ok((Taken::gathered(pages, 0), all))
}

/// Records from the first place of a page on.
fn packed(
    page: u32,
    layer: &Arc<Layer>,
    keys: &Arc<Keys>,
    records: Vec<Record>,
) -> Share<Vec<(u32, Shape)>> {
    let shapes = (page * PAGE as u32..).zip(&records);
    let shapes = shapes.filter_map(|(at, record)| Some((at, shape(layer, record)?)));
    let shapes = shapes.collect();
    let mut rest = records.into_iter().peekable();
    let mut pages = Vec::with_capacity(SHARE);
    while rest.peek().is_some() {
        let own = rest.by_ref().take(PAGE).collect();
        pages.push(Taken::pack(page + pages.len() as u32, layer, keys, own));
    }
    (pages, shapes)
}
