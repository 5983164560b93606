//! What a layer and the houses are as bytes, beside their indexes.

use std::sync::Arc;

use rayon::prelude::*;
use yizhangtu_data::{
    Layer,
    packed::{put_number, put_signed, take_number, take_signed},
    seal::Keys,
    store::BlobError,
};
use yizhangtu_index::Slots;

use super::super::{House, LayerSnapshot, records::Taken};
use crate::people::Tally;

/// Pages of records that stand in one piece.
const PAGES: usize = 64;

/// Houses that stand in one piece.
const HOUSES: usize = 1 << 14;

/// The records of a layer, some pages in each part.
pub(super) fn records(layer: &LayerSnapshot, keys: &Keys) -> Result<Vec<Vec<u8>>, BlobError> {
    (layer.records.page_numbers().par_chunks(PAGES))
        .map(|pages| {
            let mut out = Vec::new();
            for &page in pages {
                layer.records.pack(page, &layer.layer, keys, &mut out)?;
            }
            Ok(out)
        })
        .collect()
}

/// The pages in a part.
pub(super) fn pages(layer: &Arc<Layer>, keys: &Arc<Keys>, mut from: &[u8]) -> Option<Vec<Taken>> {
    let mut pages = Vec::with_capacity(PAGES);
    while !from.is_empty() {
        pages.push(Taken::take(layer, keys, &mut from)?);
    }
    Some(pages)
}

/// The houses, some in each part.
pub(super) fn houses(houses: &Slots<House>) -> Vec<Vec<u8>> {
    let all: Vec<(u32, &House)> = houses.iter().collect();
    (all.par_chunks(HOUSES))
        .map(|some| {
            let mut out = Vec::new();
            for (at, house) in some {
                put_number((*at).into(), &mut out);
                put_house(house, &mut out);
            }
            out
        })
        .collect()
}

/// The houses in a part, with their positions.
pub(super) fn houses_of(mut from: &[u8]) -> Option<Vec<(u32, House)>> {
    let mut houses = Vec::with_capacity(HOUSES);
    while !from.is_empty() {
        let at = u32::try_from(take_number(&mut from)?).ok()?;
        houses.push((at, take_house(&mut from)?));
    }
    Some(houses)
}

fn put_house(house: &House, out: &mut Vec<u8>) {
    // Nothing is left out by mistake.
    let House {
        tally:
            Tally {
                people,
                ages,
                stays,
                unverified,
                overdue,
                households,
                rooms,
                rooms_let,
                rooms_vacant,
            },
        rental,
        rental_without_head,
        access_control,
        footprint,
        floor_area,
    } = house;
    for counts in [people, ages, stays] {
        put_number(counts.len() as u64, out);
        counts
            .iter()
            .for_each(|&count| put_number(count.into(), out));
    }
    for count in [
        unverified,
        overdue,
        households,
        rooms,
        rooms_let,
        rooms_vacant,
    ] {
        put_number((*count).into(), out);
    }
    for truth in [rental, rental_without_head, access_control] {
        put_number((*truth).into(), out);
    }
    put_signed(*footprint, out);
    put_signed(*floor_area, out);
}

fn take_house(from: &mut &[u8]) -> Option<House> {
    let count = |from: &mut &[u8]| u32::try_from(take_number(from)?).ok();
    let counts = |from: &mut &[u8]| {
        (0..take_number(from)?)
            .map(|_| count(from))
            .collect::<Option<Vec<u32>>>()
    };
    Some(House {
        tally: Tally {
            people: counts(from)?,
            ages: counts(from)?,
            stays: counts(from)?,
            unverified: count(from)?,
            overdue: count(from)?,
            households: count(from)?,
            rooms: count(from)?,
            rooms_let: count(from)?,
            rooms_vacant: count(from)?,
        },
        rental: count(from)? != 0,
        rental_without_head: count(from)? != 0,
        access_control: count(from)? != 0,
        footprint: take_signed(from)?,
        floor_area: take_signed(from)?,
    })
}
