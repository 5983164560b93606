//! From a row's shape to a geometry fit for the layer.

use geo::Geometry;

use super::{
    source::{Shape, split},
    system::System,
};
use crate::{
    GeometryKind, Text,
    geometry::{self, Repair},
};

/// A row's place, and what was mended.
pub(super) type Placed = (Option<Geometry<f64>>, Vec<Repair>);

/// Turns, checks and mends the place of a row.
pub(super) fn place(shape: Shape, system: &System, kind: GeometryKind) -> Result<Placed, Text> {
    let (mut geometry, closed) = match shape {
        Shape::None => return Ok((None, Vec::new())),
        Shape::Bad(words) => return Err(words),
        Shape::Some(geometry) => (geometry, false),
        Shape::Closed(geometry) => (geometry, true),
    };
    if kind == GeometryKind::None {
        return Ok((None, Vec::new()));
    }
    geometry::visit_mut(&mut geometry, &mut |coord| {
        *coord = system.turn(*coord)?;
        Ok(())
    })?;
    let mut prepared =
        geometry::prepare(geometry, kind).map_err(|error| split(&error.to_string()))?;
    if closed {
        prepared.repairs.insert(0, Repair::Closed);
    }
    Ok((Some(prepared.geometry), prepared.repairs))
}
