//! Going over the coordinates of a geometry.

use geo::{Coord, Geometry, LineString, Polygon};

/// Calls `visit` with every coordinate; stops at its first error, having changed what
/// came before. (geo's own mapping does not compile for collections inside collections.)
pub fn visit_mut<E>(
    geometry: &mut Geometry<f64>,
    visit: &mut dyn FnMut(&mut Coord) -> Result<(), E>,
) -> Result<(), E> {
    match geometry {
        Geometry::Point(it) => visit(&mut it.0),
        Geometry::Line(it) => {
            visit(&mut it.start)?;
            visit(&mut it.end)
        }
        Geometry::LineString(it) => line(it, visit),
        Geometry::Polygon(it) => polygon(it, visit),
        Geometry::MultiPoint(it) => it.iter_mut().try_for_each(|point| visit(&mut point.0)),
        Geometry::MultiLineString(it) => it.iter_mut().try_for_each(|part| line(part, visit)),
        Geometry::MultiPolygon(it) => it.iter_mut().try_for_each(|part| polygon(part, visit)),
        Geometry::GeometryCollection(it) => {
            it.iter_mut().try_for_each(|part| visit_mut(part, visit))
        }
        Geometry::Rect(it) => {
            let mut whole = Geometry::Polygon(it.to_polygon());
            visit_mut(&mut whole, visit)?;
            *geometry = whole;
            Ok(())
        }
        Geometry::Triangle(it) => {
            let mut whole = Geometry::Polygon(it.to_polygon());
            visit_mut(&mut whole, visit)?;
            *geometry = whole;
            Ok(())
        }
    }
}

fn line<E>(
    line: &mut LineString<f64>,
    visit: &mut dyn FnMut(&mut Coord) -> Result<(), E>,
) -> Result<(), E> {
    line.0.iter_mut().try_for_each(visit)
}

fn polygon<E>(
    polygon: &mut Polygon<f64>,
    visit: &mut dyn FnMut(&mut Coord) -> Result<(), E>,
) -> Result<(), E> {
    let mut result = Ok(());
    // The rings stay closed: their last coordinate is turned like their first.
    polygon.exterior_mut(|ring| result = line(ring, visit));
    result?;
    let mut result = Ok(());
    polygon.interiors_mut(|rings| {
        result = rings.iter_mut().try_for_each(|ring| line(ring, visit));
    });
    result
}
