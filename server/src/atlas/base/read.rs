//! A start from the base.

use std::{io, sync::Arc};

use rayon::prelude::*;
use yizhangtu_data::{Layer, clock, store::GeoPackage};
use yizhangtu_index::{Index, Slots};

use super::{
    file::{Piece, Reading, Unfit},
    head::{self, Head, HousesHead, LayerHead},
    pack, place,
};
use crate::{
    atlas::{
        Houses, LayerSnapshot, Layers, Snapshot,
        gather::scanned,
        grounds::Grounds,
        load::{is_contract, is_shown},
        records::Taken,
    },
    people::{Day, Tallies},
};

/// Whether a base lies beside a file and fits it, by what it says of itself.
pub(crate) fn fits(store: &GeoPackage) -> bool {
    begin(store).is_ok()
}

/// What a base says of itself, where it fits.
pub(super) fn begin(store: &GeoPackage) -> Result<(Reading, Head), Unfit> {
    let (reading, head) = Reading::begin::<Head>(&place(store))?;
    head.fits.check(store)?;
    Ok((reading, head))
}

/// The map as the file holds it, read from its base where that fits.
pub(in crate::atlas) fn read(store: &GeoPackage) -> Option<Snapshot> {
    if !store.is_own() {
        return None;
    }
    match store.moment(|| restored(store)) {
        Ok(snapshot) => Some(snapshot),
        Err(Unfit::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
        Err(reason) => {
            tracing::warn!(file = %place(store).display(), %reason, "the kept index does not fit and is made anew");
            None
        }
    }
}

/// The map from the base, or why that does not fit.
pub(super) fn restored(store: &GeoPackage) -> Result<Snapshot, Unfit> {
    let (file, head) = begin(store)?;
    let base = of_base(store, &file, &head)?;
    let snapshot = base
        .caught_up(store)?
        .ok_or(Unfit::Other("a state long ago"))?;
    // Whoever changed rows past the history has most likely changed their number.
    let kept = snapshot.layers.iter().chain(&snapshot.contracts);
    for layer in kept {
        if store.count(&layer.layer.id)? != layer.len() as u64 {
            return Err(Unfit::Other("other rows"));
        }
    }
    Ok(snapshot)
}

/// The map as the base has it, and what it does not have from the file.
fn of_base(store: &GeoPackage, file: &Reading, head: &Head) -> Result<Snapshot, Unfit> {
    let mut layers = Vec::new();
    for layer in store.layers().iter().filter(|layer| is_shown(layer)) {
        let kept = head.layers.iter().find(|kept| kept.id == layer.id);
        layers.push(Arc::new(match kept {
            Some(kept) => layer_of(store, file, layer, kept)?,
            None => scanned(store, layer)?,
        }));
    }
    let (contracts, layers): (Vec<_>, Vec<_>) = layers
        .into_iter()
        .partition(|layer| is_contract(&layer.layer));
    let buildings = layers.iter().find(|layer| layer.layer.id == "building");
    let houses = match buildings {
        Some(buildings) => houses_of(store, file, buildings, &head.houses)?,
        None => Houses::new(None, Tallies::read(store, Day::Now(clock::today()))?),
    };
    Ok(Snapshot {
        sequence: head.sequence,
        houses: Arc::new(houses),
        contracts: contracts.into_iter().next(),
        layers: Layers::new(layers),
    })
}

fn layer_of(
    store: &GeoPackage,
    file: &Reading,
    layer: &Arc<Layer>,
    kept: &LayerHead,
) -> Result<LayerSnapshot, Unfit> {
    let keys = store.keys();
    let (pages, index) = rayon::join(
        || {
            let parts = kept
                .records
                .par_iter()
                .map(|piece| pack::pages(layer, keys, &file.piece(piece)?).ok_or(Unfit::Damaged));
            parts.collect::<Result<Vec<_>, _>>()
        },
        || Ok::<_, Unfit>(Index::from_parts(&slices(&pieces(file, &kept.index)?))?),
    );
    let records = Taken::gathered(pages?.into_iter().flatten().collect(), kept.end);
    let grounds = pieces(file, &kept.grounds)?;
    let grounds = Grounds::of_parts(kept.merge_below, slices(&grounds)).ok_or(Unfit::Damaged)?;
    Ok(LayerSnapshot::restored(Arc::clone(layer), records, index?).with_grounds(grounds))
}

fn houses_of(
    store: &GeoPackage,
    file: &Reading,
    buildings: &LayerSnapshot,
    kept: &HousesHead,
) -> Result<Houses, Unfit> {
    let parts = kept
        .houses
        .par_iter()
        .map(|piece| pack::houses_of(&file.piece(piece)?).ok_or(Unfit::Damaged));
    let houses = parts.collect::<Result<Vec<_>, _>>()?;
    let measures = pieces(file, &kept.measures)?;
    let houses = Houses::restored(
        kept.kinds.iter().map(|kind| kind.as_str().into()).collect(),
        kept.day,
        Slots::build(houses.into_iter().flatten().collect()),
        buildings.index().measured_by_parts(&slices(&measures))?,
    );
    let today = clock::today();
    if kept.day == today && kept.terms == head::terms() {
        return Ok(houses);
    }
    // Ages and what is overdue are of a day.
    let tallies = Tallies::read(store, Day::Now(today))?;
    Ok(houses.recounted(buildings, tallies))
}

fn pieces(file: &Reading, pieces: &[Piece]) -> Result<Vec<Vec<u8>>, Unfit> {
    pieces.par_iter().map(|piece| file.piece(piece)).collect()
}

fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(|part| &**part).collect()
}
