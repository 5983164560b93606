//! Which rows of a table answer a request: read from the file, at one moment.

use std::collections::BTreeSet;

use yizhangtu_data::{
    Layer, Record, Value,
    store::{GeoPackage, PageQuery, StoreError, Walk},
};

use super::{super::filter::Property, request::ItemsRequest, select::Reached};

/// How many rows are read from the file at a time.
const ROWS: u64 = 1000;

/// Hands over the page of a table's rows that match, in the order asked for, as the table was
/// after the change of a number.
///
/// # Errors
/// The receiver's, or the store's.
pub(super) fn rows<E: From<StoreError>>(
    store: &GeoPackage,
    layer: &Layer,
    request: &ItemsRequest,
    then: u64,
    mut each: impl FnMut(&Record) -> Result<(), E>,
) -> Result<Reached, E> {
    // A row has no place, so no box can be met.
    if request.boxes.is_some() {
        return Ok(Reached::default());
    }
    let behind = request.cursor.map(|cursor| cursor.behind);
    let mut walk = store.walk(&layer.id, then, behind)?;
    let simple = request.filter.is_none() && request.interval.is_none();
    if simple && !(request.equal.is_empty() && request.sort.is_empty()) {
        // SQLite itself selects and sorts what was not changed since.
        let done = store.moment(|| match walk.is_current()? {
            true => by_query(store, layer, request, &mut each).map(Some),
            false => Ok(None),
        })?;
        if let Some(matched) = done {
            return Ok(Reached {
                matched,
                last: None,
            });
        }
    }
    if request.sort.is_empty() {
        in_order(walk, layer, request, simple, each)
    } else {
        sorted(walk, layer, request, each)
    }
}

/// In the order of the file, from where the page before ended.
fn in_order<E: From<StoreError>>(
    mut walk: Walk<'_>,
    layer: &Layer,
    request: &ItemsRequest,
    simple: bool,
    mut each: impl FnMut(&Record) -> Result<(), E>,
) -> Result<Reached, E> {
    let mut reached = Reached::default();
    let mut known = request.cursor.map(|cursor| cursor.matched);
    let everything = simple && request.equal.is_empty();
    if known.is_none() && everything {
        known = Some(walk.count()?);
    }
    let end = request.offset.saturating_add(request.limit);
    let mut place = request.cursor.map_or(0, |_| request.offset);
    while known.is_none() || place < end {
        let wanted = if everything {
            end.saturating_sub(place).min(ROWS)
        } else {
            ROWS
        };
        let piece = walk.next(usize::try_from(wanted).unwrap_or(usize::MAX))?;
        if piece.is_empty() {
            break;
        }
        for (key, record) in piece {
            if !request.selects(layer, &record) {
                continue;
            }
            if request.on_page(place) {
                each(&record)?;
                reached.last = Some(key);
            }
            place += 1;
        }
    }
    reached.matched = known.unwrap_or(place);
    Ok(reached)
}

/// Sorted: only ids and the values that are sorted by are kept of what matches.
fn sorted<E: From<StoreError>>(
    mut walk: Walk<'_>,
    layer: &Layer,
    request: &ItemsRequest,
    mut each: impl FnMut(&Record) -> Result<(), E>,
) -> Result<Reached, E> {
    let by = |at: usize| (request.sort.iter()).any(|(by, _)| *by == Property::Field(at));
    let mut found: Vec<Record> = Vec::new();
    walk.each(|mut record| {
        if request.selects(layer, &record) {
            for (at, value) in record.values.iter_mut().enumerate() {
                if !by(at) {
                    *value = Value::Null;
                }
            }
            found.push(record);
        }
    })?;
    found.sort_by(|one, other| request.order(one, other));
    for (place, key) in (0..).zip(&found) {
        if request.on_page(place)
            && let Some(record) = walk.get(&key.id)?
        {
            each(&record)?;
        }
    }
    Ok(Reached {
        matched: found.len() as u64,
        last: None,
    })
}

/// As SQLite selects and sorts; gives how many match.
fn by_query<E: From<StoreError>>(
    store: &GeoPackage,
    layer: &Layer,
    request: &ItemsRequest,
    each: &mut impl FnMut(&Record) -> Result<(), E>,
) -> Result<u64, E> {
    let name = |at: usize| layer.fields[at].name.clone();
    // SQLite knows no greater number than an `i64`.
    let number = |number: u64| {
        usize::try_from(number)
            .unwrap_or(usize::MAX)
            .min(usize::MAX >> 1)
    };
    let query = PageQuery {
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
        limit: number(request.limit),
        offset: number(request.offset),
    };
    let matched = store.matched(&layer.id, &query)?;
    store.try_page(&layer.id, &query, |record| each(&record))?;
    Ok(matched)
}

/// As [`rows`], of some of the rows.
pub(super) fn some_rows<E: From<StoreError>>(
    store: &GeoPackage,
    layer: &Layer,
    ids: &BTreeSet<String>,
    request: &ItemsRequest,
    then: u64,
    mut each: impl FnMut(&Record) -> Result<(), E>,
) -> Result<Reached, E> {
    if request.boxes.is_some() {
        return Ok(Reached::default());
    }
    let mut walk = store.walk(&layer.id, then, None)?;
    let mut found = Vec::new();
    for id in ids {
        found.extend((walk.get(id)?).filter(|row| request.selects(layer, row)));
    }
    found.sort_by(|one, other| request.order(one, other));
    for (place, record) in (0..).zip(&found) {
        if request.on_page(place) {
            each(record)?;
        }
    }
    Ok(Reached {
        matched: found.len() as u64,
        last: None,
    })
}
