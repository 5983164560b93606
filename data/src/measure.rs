//! Areas, lengths and distances on the ellipsoid, and the units that they are written in.
//!
//! One function a number: every panel, list, export and report measures with these.

use geo::{Coord, Distance, Geodesic, Geometry, Length, Point};
pub use yizhangtu_index::ring_m2;

/// 1 亩 in m²: 2000/3.
pub const M2_PER_MU: f64 = 2000.0 / 3.0;
/// 1 公顷 in m².
pub const M2_PER_HECTARE: f64 = 10_000.0;
/// 1 平方公里 in m².
pub const M2_PER_KM2: f64 = 1_000_000.0;

/// Area in m² on the ellipsoid, within geodesics ([`ring_m2`]); longitude, latitude in degrees.
/// Holes count as nothing, lines and points have no area; the rings' direction does not matter.
pub fn area_m2(geometry: &Geometry<f64>) -> f64 {
    let polygon = |polygon: &geo::Polygon<f64>| {
        let holes = polygon.interiors().iter().map(|hole| hole.0.as_slice());
        polygon_m2(&polygon.exterior().0, holes)
    };
    match geometry {
        Geometry::Polygon(it) => polygon(it),
        Geometry::MultiPolygon(it) => sum(it.iter().map(polygon)),
        Geometry::Rect(it) => polygon(&it.to_polygon()),
        Geometry::Triangle(it) => polygon(&it.to_polygon()),
        Geometry::GeometryCollection(it) => sum(it.iter().map(area_m2)),
        Geometry::Point(_)
        | Geometry::Line(_)
        | Geometry::LineString(_)
        | Geometry::MultiPoint(_)
        | Geometry::MultiLineString(_) => 0.0,
    }
}

/// Area in m² on the ellipsoid of a polygon: of closed rings of longitudes and latitudes.
pub fn polygon_m2<'r>(exterior: &[Coord], holes: impl IntoIterator<Item = &'r [Coord]>) -> f64 {
    let holes = holes.into_iter().map(|hole| ring_m2(hole).abs());
    ring_m2(exterior).abs() - holes.sum::<f64>()
}

/// The sum of some measures. That of none is 0, where an iterator's is -0.0 and would be shown
/// with its sign.
pub fn sum(measures: impl IntoIterator<Item = f64>) -> f64 {
    measures.into_iter().fold(0.0, |sum, own| sum + own)
}

/// Length in m on the ellipsoid; longitude, latitude in degrees. That of lines, and of
/// all outlines for areas; points have none.
pub fn length_m(geometry: &Geometry<f64>) -> f64 {
    let rings = |polygon: &geo::Polygon<f64>| {
        std::iter::once(polygon.exterior())
            .chain(polygon.interiors())
            .map(|ring| Geodesic.length(ring))
            .sum::<f64>()
    };
    match geometry {
        Geometry::Line(it) => Geodesic.length(it),
        Geometry::LineString(it) => Geodesic.length(it),
        Geometry::MultiLineString(it) => Geodesic.length(it),
        Geometry::Polygon(it) => rings(it),
        Geometry::MultiPolygon(it) => it.iter().map(rings).sum(),
        Geometry::Rect(it) => rings(&it.to_polygon()),
        Geometry::Triangle(it) => rings(&it.to_polygon()),
        Geometry::GeometryCollection(it) => it.iter().map(length_m).sum(),
        Geometry::Point(_) | Geometry::MultiPoint(_) => 0.0,
    }
}

/// Distance in m on the ellipsoid between two points; longitude, latitude in degrees.
pub fn distance_m(from: Coord, to: Coord) -> f64 {
    Geodesic.distance(Point::from(from), Point::from(to))
}

/// An area in m² as people write it: 平方米 below a hectare, 万平方米 above.
pub fn area_text_zh(m2: f64) -> String {
    if m2.abs() < M2_PER_HECTARE {
        format!("{m2:.2} 平方米")
    } else {
        format!("{:.4} 万平方米", m2 / M2_PER_HECTARE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::polygon;

    fn close(left: f64, right: f64) -> bool {
        ((left - right) / right).abs() < 1e-9
    }

    #[test]
    fn units_of_land_are_those_of_the_law() {
        // 15 亩 = 1 公顷, 100 公顷 = 1 平方公里, 1 亩 = 666.666… m².
        assert!(close(15.0 * M2_PER_MU, M2_PER_HECTARE));
        assert!(close(1500.0 * M2_PER_MU, M2_PER_KM2));
        assert!(close(100.0 * M2_PER_HECTARE, M2_PER_KM2));
        assert!(close(3.0 * M2_PER_MU, 2000.0));
        assert_eq!(area_text_zh(9_999.99), "9999.99 平方米");
        assert_eq!(area_text_zh(800_000.0), "80.0000 万平方米");
    }

    #[test]
    fn no_ground_measures_nothing_without_a_sign() {
        let nothing = area_m2(&geo::MultiPolygon::<f64>(Vec::new()).into());
        assert_eq!(format!("{nothing:.2}"), "0.00");
    }

    #[test]
    fn a_square_kilometre_near_dayuan_measures_a_square_kilometre() {
        // 1 km × 1 km in EPSG:4547, which is 1.000101 times the ground there.
        let to =
            crate::crs::Transform::new(&crate::crs::Crs::Epsg(4547), &crate::crs::STORED).unwrap();
        let corner =
            |x: f64, y: f64| Coord::from(to.point(433_000.0 + x, 2_573_000.0 + y).unwrap());
        let ring = vec![
            corner(0.0, 0.0),
            corner(1000.0, 0.0),
            corner(1000.0, 1000.0),
            corner(0.0, 1000.0),
        ];
        let square = Geometry::Polygon(geo::Polygon::new(ring.into(), vec![]));
        let factor = 1_000_000.0 / area_m2(&square);
        assert!((1.000_10..1.000_12).contains(&factor), "{factor}");
        assert!(
            (3999.0..4000.0).contains(&length_m(&square)),
            "{}",
            length_m(&square)
        );
    }

    #[test]
    fn direction_does_not_matter_and_holes_count_as_nothing() {
        let outer = polygon![(x: 113.0, y: 23.0), (x: 113.01, y: 23.0), (x: 113.01, y: 23.01), (x: 113.0, y: 23.01)];
        let hole = polygon![(x: 113.002, y: 23.002), (x: 113.004, y: 23.002), (x: 113.004, y: 23.004), (x: 113.002, y: 23.004)];
        let whole = area_m2(&outer.clone().into());
        let mut turned = outer.exterior().clone();
        turned.0.reverse();
        assert!(close(
            area_m2(&geo::Polygon::new(turned, vec![]).into()),
            whole
        ));
        let holed = geo::Polygon::new(outer.exterior().clone(), vec![hole.exterior().clone()]);
        assert!(close(area_m2(&holed.into()), whole - area_m2(&hole.into())));
    }
}
