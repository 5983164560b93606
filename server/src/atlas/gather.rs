//! A layer read row by row: its records become bytes, and their places shapes, while the rest is
//! still read, so that a file is never in memory as a whole.

use std::sync::{Arc, Mutex, PoisonError};

use yizhangtu_data::{
    Layer, Record,
    seal::Keys,
    store::{GeoPackage, StoreError},
};
use yizhangtu_index::{Index, Shape};

use super::{
    layer::{LayerSnapshot, shape},
    records::{PAGE, Taken},
};

/// Pages that are packed together.
const SHARE: usize = 16;

/// Some pages, and where their records are.
type Packed = (Vec<Taken>, Vec<(u32, Shape)>);

/// Reads a layer, packing beside the reading.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn scanned(store: &GeoPackage, layer: &Arc<Layer>) -> Result<LayerSnapshot, StoreError> {
    let (keys, done) = (store.keys(), Mutex::new(Vec::new()));
    rayon::in_place_scope(|scope| {
        let done = &done;
        let mut waiting = Vec::with_capacity(SHARE * PAGE);
        let mut next = 0;
        let mut pack = |records: Vec<Record>| {
            let page = next;
            next += records.len().div_ceil(PAGE) as u32;
            scope.spawn(move |_| {
                let packed = packed(page, layer, keys, records);
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.push((page, packed));
            });
        };
        store.scan(&layer.id, |record| {
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
    let (mut pages, mut shapes) = (Vec::new(), Vec::new());
    for (_, packed) in done {
        pages.extend(packed.0);
        shapes.extend(packed.1);
    }
    let records = Taken::gathered(pages, 0);
    Ok(LayerSnapshot::restored(
        Arc::clone(layer),
        records,
        Index::build(shapes),
    ))
}

/// Records from the first place of a page on.
fn packed(page: u32, layer: &Arc<Layer>, keys: &Arc<Keys>, records: Vec<Record>) -> Packed {
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
