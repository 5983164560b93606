//! Which feature a row is: so that the same file may come again without doubles.

use std::collections::HashMap;

use geo::{CoordsIter, Geometry, LineString, MultiLineString, MultiPolygon};
use sha2::{Digest, Sha256};
use yizhangtu_index::Shape;

use crate::{Id, Layer, Record, Value, geometry, hexadecimal, overlay};

/// The id of a row that brings none: by its code, else by its place, else by its values.
/// The same row of the same file has the same id next time.
pub(super) fn derive(layer: &Layer, record: &Record) -> Id {
    let mut hash = Sha256::new();
    hash.update(layer.id.as_bytes());
    if let Some(within) = within(layer, record) {
        hash.update(b"\0within\0");
        hash.update(within.as_bytes());
    }
    if let Some(code) = code(layer, record) {
        hash.update(b"\0code\0");
        hash.update(code.as_bytes());
    } else if let Some(geometry) = &record.geometry {
        hash.update(b"\0place\0");
        for coord in geometry.coords_iter() {
            hash.update(coord.x.to_bits().to_le_bytes());
            hash.update(coord.y.to_bits().to_le_bytes());
        }
    } else {
        update_values(&mut hash, record);
    }
    name(layer, hash)
}

/// The id of a row whose place is that of another, different row.
pub(super) fn derive_with_values(layer: &Layer, record: &Record) -> Id {
    let mut hash = Sha256::new();
    hash.update(derive(layer, record).as_bytes());
    update_values(&mut hash, record);
    name(layer, hash)
}

fn update_values(hash: &mut Sha256, record: &Record) {
    for value in &record.values {
        hash.update(b"\0");
        hash.update(format!("{value:?}").as_bytes());
    }
}

fn name(layer: &Layer, hash: Sha256) -> Id {
    format!("{}-{}", layer.id, hexadecimal(&hash.finalize()[..10])).into()
}

/// The value of the layer's code field.
pub(super) fn code<'a>(layer: &Layer, record: &'a Record) -> Option<&'a str> {
    let at = layer.position(layer.code.as_deref()?)?;
    record.values[at].as_text().filter(|code| !code.is_empty())
}

/// What the code counts within, where the layer says so: a version of a plan.
pub(super) fn within<'a>(layer: &Layer, record: &'a Record) -> Option<&'a str> {
    let at = layer.position(layer.code_within.as_deref()?)?;
    record.values[at].as_text()
}

/// Rows of one id as one feature: pieces of it that a tile's edge has cut.
///
/// `None` where their values differ, or where they do not hang together.
pub(super) fn merge(pieces: &[&Record]) -> Option<Geometry<f64>> {
    let (first, rest) = pieces.split_first()?;
    if rest.iter().any(|piece| piece.values != first.values) {
        return None;
    }
    let shapes: Vec<&Geometry<f64>> = pieces
        .iter()
        .map(|piece| piece.geometry.as_ref())
        .collect::<Option<_>>()?;
    if !hang_together(&shapes) {
        return None;
    }
    let mut areas: Vec<MultiPolygon<f64>> = Vec::new();
    let mut lines: Vec<LineString<f64>> = Vec::new();
    for shape in &shapes {
        match shape {
            Geometry::Polygon(it) => areas.push(MultiPolygon(vec![it.clone()])),
            Geometry::MultiPolygon(it) => areas.push(it.clone()),
            Geometry::LineString(it) => lines.push(it.clone()),
            Geometry::MultiLineString(it) => lines.extend(it.0.iter().cloned()),
            _ => return None,
        }
    }
    let merged = match (areas.is_empty(), lines.is_empty()) {
        (false, true) => Geometry::MultiPolygon(overlay::union(&areas).ok()?),
        (true, false) => Geometry::MultiLineString(MultiLineString(lines)),
        _ => return None,
    };
    geometry::prepare(merged, crate::GeometryKind::Any)
        .ok()
        .map(|prepared| prepared.geometry)
}

/// Whether shapes touch one another in one chain.
fn hang_together(geometries: &[&Geometry<f64>]) -> bool {
    let shapes = geometries.iter().map(|own| Shape::new(own).ok());
    let Some(shapes) = shapes.collect::<Option<Vec<_>>>() else {
        return false;
    };
    let mut reached = vec![false; shapes.len()];
    let mut open = vec![0];
    reached[0] = true;
    while let Some(at) = open.pop() {
        for (other, shape) in shapes.iter().enumerate() {
            if !reached[other] && shapes[at].intersects(shape) {
                reached[other] = true;
                open.push(other);
            }
        }
    }
    reached.iter().all(|it| *it)
}

/// Values that no two features may share, by field.
#[derive(Default)]
pub(super) struct Unique {
    seen: HashMap<(usize, String), Id>,
}

impl Unique {
    /// The field whose value another feature of this import has already.
    pub(super) fn claim(&mut self, layer: &Layer, record: &Record) -> Option<(usize, Id)> {
        for (at, field) in layer.fields.iter().enumerate() {
            if !field.unique || record.values[at] == Value::Null {
                continue;
            }
            let text = match &record.values[at] {
                Value::Text(text) => text.to_string(),
                other => format!("{other:?}"),
            };
            match self.seen.entry((at, text)) {
                std::collections::hash_map::Entry::Occupied(other) if *other.get() != record.id => {
                    return Some((at, other.get().clone()));
                }
                std::collections::hash_map::Entry::Occupied(_) => {}
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(record.id.clone());
                }
            }
        }
        None
    }
}
