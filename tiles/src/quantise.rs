//! From longitudes and latitudes to the world grid of a zoom.

use geo::Coord;

use crate::{
    grid::{GridPoint, Level, Projection},
    ring::{self, Turn},
    shape::{Kind, Shape, View},
};

/// Puts a shape in degrees on the grid. Of parts of several dimensions those of the most count.
/// Whether anything is left and every coordinate is a number.
///
/// Rings are open and turned as tiles want them. Parts that collapse on the grid go, unless the
/// whole feature would: then its largest extent is kept as the least shape that can be drawn,
/// one unit wide.
pub(crate) fn quantise(
    level: Level,
    from: View<'_, Coord<f64>>,
    onto: &mut Shape<GridPoint>,
) -> bool {
    onto.clear();
    let Some(dimensions) = from.dimensions() else {
        return false;
    };
    let projection = level.projection();
    let mut least = None;
    let mut has_exterior = false;
    let mut finite = true;
    for (kind, run) in from.parts() {
        if kind.dimensions() != dimensions || kind == Kind::Hole && !has_exterior {
            continue;
        }
        let start = onto.closed();
        let points = onto.open();
        finite &= round(&projection, run, kind != Kind::Points, points);
        let first = points.get(start).copied();
        match kind {
            Kind::Points => {}
            Kind::Line if points.len() - start > 1 => onto.close(kind),
            Kind::Exterior => {
                has_exterior = ring::tidy_from(points, start, Turn::Positive);
                if has_exterior {
                    onto.close(kind);
                } else {
                    least = least.or(first);
                }
            }
            Kind::Hole if ring::tidy_from(points, start, Turn::Negative) => onto.close(kind),
            Kind::Line => least = first,
            Kind::Hole => {}
        }
        if kind != Kind::Points {
            onto.drop_open();
        }
    }
    if dimensions == 0 && !onto.open().is_empty() {
        onto.close(Kind::Points);
    }
    if onto.view().is_empty()
        && let Some(GridPoint { x, y }) = least
    {
        let corner = |dx, dy| GridPoint {
            x: x + dx,
            y: y + dy,
        };
        if dimensions == 1 {
            onto.add(Kind::Line, [corner(0, 0), corner(1, 0)]);
        } else {
            let square = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
            onto.add(Kind::Exterior, square);
        }
    }
    finite && !onto.view().is_empty()
}

/// Adds places on the grid, where wanted without those that fall together with the one before.
/// Whether all coordinates are numbers.
fn round(
    projection: &Projection,
    run: &[Coord<f64>],
    once: bool,
    points: &mut Vec<GridPoint>,
) -> bool {
    points.reserve(run.len());
    let start = points.len();
    for &place in run {
        let Some(point) = projection.project(place) else {
            return false;
        };
        if !once || points.len() == start || points.last() != Some(&point) {
            points.push(point);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use geo::{Geometry, GeometryCollection, line_string, point, polygon};

    use super::*;

    fn quantised(geometry: &Geometry<f64>, z: u8) -> Option<Shape<GridPoint>> {
        let mut onto = Shape::default();
        let is_drawn = quantise(Level::mercator(z), Shape::from(geometry).view(), &mut onto);
        is_drawn.then_some(onto)
    }

    #[test]
    fn of_a_collection_the_largest_dimension_is_drawn() {
        let all = Geometry::GeometryCollection(GeometryCollection(vec![
            point!(x: 113.3, y: 23.1).into(),
            line_string![(x: 113.3, y: 23.1), (x: 113.4, y: 23.2)].into(),
        ]));
        let shape = quantised(&all, 14).unwrap();
        assert_eq!(shape.view().dimensions(), Some(1));
        assert_eq!(shape.view().lines().count(), 1);
    }

    #[test]
    fn what_collapses_is_drawn_one_unit_wide() {
        let house: Geometry<f64> = polygon![
            (x: 113.3, y: 23.1), (x: 113.3001, y: 23.1), (x: 113.3001, y: 23.1001)
        ]
        .into();
        let shape = quantised(&house, 3).unwrap();
        assert_eq!(shape.view().points().len(), 4);
        let nowhere: Geometry<f64> = point!(x: f64::NAN, y: 23.1).into();
        assert!(quantised(&nowhere, 3).is_none());
    }
}
