//! Geometry on an integer grid, and its making from longitudes and latitudes.

use geo::{Coord, Geometry, LineString};

use crate::{
    grid::{GridPoint, Lattice, Level},
    ring,
};

/// Points, lines or polygons on an integer grid, never mixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape<P> {
    /// One or more points.
    Points(Vec<P>),
    /// Lines of two points or more.
    Lines(Vec<Vec<P>>),
    /// Polygons whose parts do not overlap.
    Polygons(Vec<Polygon<P>>),
}

/// A polygon. Rings are open: the first point is not repeated at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polygon<P> {
    /// The outer ring; its area by the surveyor's formula is positive.
    pub exterior: Vec<P>,
    /// The holes; their areas are negative.
    pub holes: Vec<Vec<P>>,
}

impl<P> Shape<P> {
    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Points(points) => points.is_empty(),
            Self::Lines(lines) => lines.is_empty(),
            Self::Polygons(polygons) => polygons.is_empty(),
        }
    }
}

/// Rounds geometries in degrees to the world grid of a zoom, in buffers that one after the
/// other uses.
pub(crate) struct Quantiser {
    level: Level,
    spare_rings: Vec<Vec<GridPoint>>,
    spare_polygons: Vec<Polygon<GridPoint>>,
}

impl Quantiser {
    pub(crate) fn new(level: Level) -> Self {
        Self {
            level,
            spare_rings: Vec::new(),
            spare_polygons: Vec::new(),
        }
    }

    /// A geometry on the grid. Of a collection the parts of the highest dimension count. None
    /// where nothing is left or a coordinate is no number.
    ///
    /// Parts that collapse on the grid go, unless the whole feature would: then its largest
    /// extent is kept as the least shape that can be drawn, one unit wide.
    pub(crate) fn quantise(&mut self, geometry: &Geometry<f64>) -> Option<Shape<GridPoint>> {
        let mut parts = Parts {
            polygons: std::mem::take(&mut self.spare_polygons),
            ..Parts::default()
        };
        self.add(geometry, &mut parts)?;
        if !parts.polygons.is_empty() || parts.least_polygon.is_some() {
            if parts.polygons.is_empty() {
                parts.polygons.extend(parts.least_polygon.map(least_square));
            }
            return Some(Shape::Polygons(parts.polygons));
        }
        if !parts.lines.is_empty() || parts.least_line.is_some() {
            if parts.lines.is_empty() {
                parts.lines.extend(parts.least_line.map(least_line));
            }
            return Some(Shape::Lines(parts.lines));
        }
        (!parts.points.is_empty()).then_some(Shape::Points(parts.points))
    }

    /// Takes the buffers of a shape back, which is needed no more.
    pub(crate) fn take_back(&mut self, shape: Shape<GridPoint>) {
        match shape {
            Shape::Points(points) => self.spare_rings.push(points),
            Shape::Lines(lines) => self.spare_rings.extend(lines),
            Shape::Polygons(mut polygons) => {
                for polygon in polygons.drain(..) {
                    self.spare_rings.push(polygon.exterior);
                    self.spare_rings.extend(polygon.holes);
                }
                self.spare_polygons = polygons;
            }
        }
    }

    fn add(&mut self, geometry: &Geometry<f64>, parts: &mut Parts) -> Option<()> {
        match geometry {
            Geometry::Point(point) => parts.points.push(self.level.project(point.0)?),
            Geometry::MultiPoint(points) => {
                for point in points {
                    parts.points.push(self.level.project(point.0)?);
                }
            }
            Geometry::Line(line) => self.add_line(&[line.start, line.end], parts)?,
            Geometry::LineString(line) => self.add_line(&line.0, parts)?,
            Geometry::MultiLineString(lines) => {
                for line in lines {
                    self.add_line(&line.0, parts)?;
                }
            }
            Geometry::Polygon(polygon) => self.add_polygon(polygon, parts)?,
            Geometry::MultiPolygon(polygons) => {
                for polygon in polygons {
                    self.add_polygon(polygon, parts)?;
                }
            }
            Geometry::Rect(rect) => self.add_polygon(&rect.to_polygon(), parts)?,
            Geometry::Triangle(triangle) => self.add_polygon(&triangle.to_polygon(), parts)?,
            Geometry::GeometryCollection(collection) => {
                for part in collection {
                    self.add(part, parts)?;
                }
            }
        }
        Some(())
    }

    fn add_line(&mut self, line: &[Coord<f64>], parts: &mut Parts) -> Option<()> {
        let points = self.round(line)?;
        match points.len() {
            0 => {}
            1 => parts.least_line = Some(points[0]),
            _ => parts.lines.push(points),
        }
        Some(())
    }

    fn add_polygon(&mut self, polygon: &geo::Polygon<f64>, parts: &mut Parts) -> Option<()> {
        let outline = self.round(&polygon.exterior().0)?;
        let first = outline.first().copied();
        let Some(exterior) = ring::tidy(outline, ring::Turn::Positive) else {
            parts.least_polygon = parts.least_polygon.or(first);
            return Some(());
        };
        let mut holes = Vec::with_capacity(polygon.interiors().len());
        for LineString(hole) in polygon.interiors() {
            holes.extend(ring::tidy(self.round(hole)?, ring::Turn::Negative));
        }
        parts.polygons.push(Polygon { exterior, holes });
        Some(())
    }

    /// Points on the grid, without those that fall together with the one before.
    fn round(&mut self, line: &[Coord<f64>]) -> Option<Vec<GridPoint>> {
        let mut points = self.spare_rings.pop().unwrap_or_default();
        points.clear();
        points.reserve(line.len());
        for &place in line {
            let point = self.level.project(place)?;
            if points.last() != Some(&point) {
                points.push(point);
            }
        }
        Some(points)
    }
}

#[derive(Default)]
struct Parts {
    points: Vec<GridPoint>,
    lines: Vec<Vec<GridPoint>>,
    polygons: Vec<Polygon<GridPoint>>,
    least_line: Option<GridPoint>,
    least_polygon: Option<GridPoint>,
}

fn least_square(at: GridPoint) -> Polygon<GridPoint> {
    let (x, y) = at.xy();
    let corner = |dx, dy| GridPoint {
        x: x + dx,
        y: y + dy,
    };
    Polygon {
        exterior: vec![corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)],
        holes: Vec::new(),
    }
}

fn least_line(at: GridPoint) -> Vec<GridPoint> {
    vec![
        at,
        GridPoint {
            x: at.x + 1,
            y: at.y,
        },
    ]
}
