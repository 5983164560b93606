//! A feature's geometry, prepared: area, line, point, or several of them.

use std::sync::Arc;

use geo::Geometry;

use crate::{
    Area, Line, Point, Rect, Rule,
    bytes::{BytesError, In, Out},
    metric::Plane,
    point::segments_meet,
};

/// Why a geometry has no place in an index.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// Nothing is left of it on the lattice.
    #[error(
        "几何为空，或在 1e-9° 格网上没有三个不同的点 / the geometry is empty, or has no three distinct points on the 1e-9° lattice"
    )]
    Empty,
    /// A coordinate is no longitude or latitude.
    #[error("坐标 ({lon}, {lat}) 不是经纬度 / ({lon}, {lat}) is no longitude and latitude")]
    NoPlace {
        /// First number, which should be the longitude.
        lon: f64,
        /// Second number, which should be the latitude.
        lat: f64,
    },
    /// An edge reaches half round the earth or farther: its ends lie on the two sides of the
    /// antimeridian, or it is no edge.
    #[error(
        "有一条边横跨 180° 以上的经度：本图不跨越 180° 经线，请在该线处切开 / an edge spans more than 180° of longitude: the map does not cross the antimeridian, cut the geometry there"
    )]
    Antimeridian,
    /// More than 2³² vertices.
    #[error("顶点超过 2³² 个 / more than 2³² vertices")]
    TooManyVertices,
}

/// A prepared geometry. Cloning shares what is large.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Polygon or multipolygon.
    Area(Area),
    /// Line.
    Line(Arc<Line>),
    /// Point.
    Point(Point),
    /// The parts of a multipoint, a multiline or a collection; never empty.
    Several(Arc<[Shape]>),
}

impl Shape {
    /// Prepares a geometry, longitude and latitude in degrees.
    ///
    /// # Errors
    /// When it is empty on the lattice, a coordinate is no longitude or latitude, or an edge
    /// crosses the antimeridian.
    pub fn new(geometry: &Geometry<f64>) -> Result<Self, ShapeError> {
        let area = |area: Result<Area, _>| area.map(Self::Area);
        match geometry {
            Geometry::Polygon(polygon) => area(Area::from_polygon(polygon)),
            Geometry::MultiPolygon(polygons) => area(Area::from_multi_polygon(polygons)),
            Geometry::Rect(rect) => area(Area::from_polygon(&rect.to_polygon())),
            Geometry::Triangle(triangle) => area(Area::from_polygon(&triangle.to_polygon())),
            Geometry::LineString(line) => Ok(Self::Line(Arc::new(Line::new(line)?))),
            Geometry::Line(line) => Ok(Self::Line(Arc::new(Line::new(&(*line).into())?))),
            Geometry::Point(point) => {
                Point::snap(point.x(), point.y())
                    .map(Self::Point)
                    .ok_or(ShapeError::NoPlace {
                        lon: point.x(),
                        lat: point.y(),
                    })
            }
            Geometry::MultiPoint(points) => {
                Self::several(points.iter().map(|&p| Self::new(&p.into())))
            }
            Geometry::MultiLineString(lines) => Self::several(
                lines
                    .iter()
                    .map(|line| Ok(Self::Line(Arc::new(Line::new(line)?)))),
            ),
            Geometry::GeometryCollection(parts) => Self::several(parts.iter().map(Self::new)),
        }
    }

    fn several(parts: impl Iterator<Item = Result<Self, ShapeError>>) -> Result<Self, ShapeError> {
        let mut parts = parts.collect::<Result<Vec<_>, _>>()?;
        match parts.len() {
            0 => Err(ShapeError::Empty),
            1 => Ok(parts.remove(0)),
            _ => Ok(Self::Several(parts.into())),
        }
    }

    /// The area, where it is one.
    pub fn area(&self) -> Option<&Area> {
        match self {
            Self::Area(area) => Some(area),
            _ => None,
        }
    }

    /// The smallest rectangle around it.
    pub fn rect(&self) -> Rect {
        match self {
            Self::Area(area) => area.rect(),
            Self::Line(line) => line.rect(),
            Self::Point(point) => Rect::of(*point, *point),
            Self::Several(parts) => parts[1..]
                .iter()
                .fold(parts[0].rect(), |rect, part| rect.join(&part.rect())),
        }
    }

    /// The representative point: always the same for the same geometry, and inside an
    /// area, on a line, or the (first) point.
    pub fn representative(&self) -> Point {
        match self {
            Self::Area(area) => area.interior(),
            Self::Line(line) => line.middle(),
            Self::Point(point) => *point,
            Self::Several(parts) => parts
                .iter()
                .find(|part| matches!(part, Self::Area(_)))
                .unwrap_or(&parts[0])
                .representative(),
        }
    }

    /// Whether an area of it contains the point, by the half-open rule.
    pub fn contains(&self, p: Point) -> bool {
        match self {
            Self::Area(area) => area.contains(p),
            Self::Several(parts) => parts.iter().any(|part| part.contains(p)),
            Self::Line(_) | Self::Point(_) => false,
        }
    }

    /// Whether it counts as being in an area.
    pub fn is_in(&self, area: &Area, rule: Rule) -> bool {
        match (rule, self) {
            (Rule::RepresentativePoint, _) => area.contains(self.representative()),
            (Rule::Intersects, Self::Area(own)) => area.intersects(own),
            (Rule::Within, Self::Area(own)) => area.covers(own),
            (Rule::Intersects, Self::Line(line)) => line.intersects(area),
            (Rule::Within, Self::Line(line)) => line.is_within(area),
            (Rule::Intersects | Rule::Within, Self::Point(p)) => {
                area.contains(*p) || area.on_boundary(*p)
            }
            (Rule::Intersects, Self::Several(parts)) => {
                parts.iter().any(|part| part.is_in(area, rule))
            }
            (Rule::Within, Self::Several(parts)) => parts.iter().all(|part| part.is_in(area, rule)),
        }
    }

    /// Whether the two share a point, boundaries included.
    pub fn intersects(&self, other: &Self) -> bool {
        if !self.rect().meets(&other.rect()) {
            return false;
        }
        match (self, other) {
            (Self::Several(parts), whole) | (whole, Self::Several(parts)) => {
                parts.iter().any(|part| part.intersects(whole))
            }
            (shape, Self::Area(area)) | (Self::Area(area), shape) => {
                shape.is_in(area, Rule::Intersects)
            }
            (Self::Line(line), shape) | (shape, Self::Line(line)) => {
                line.segments().any(|(a, b)| shape.meets_segment(a, b))
            }
            (Self::Point(one), Self::Point(other)) => one == other,
        }
    }

    /// Whether it shares a point with a closed segment.
    pub(crate) fn meets_segment(&self, a: Point, b: Point) -> bool {
        match self {
            Self::Area(area) => area.meets_segment(a, b) || area.contains(a),
            Self::Line(line) => line.segments().any(|(c, d)| segments_meet(a, b, c, d)),
            Self::Point(p) => segments_meet(a, b, *p, *p),
            Self::Several(parts) => parts.iter().any(|part| part.meets_segment(a, b)),
        }
    }

    pub(crate) fn put(&self, out: &mut Out) {
        match self {
            Self::Area(area) => {
                out.u8(1);
                area.put(out);
            }
            Self::Line(line) => {
                out.u8(2);
                line.put(out);
            }
            Self::Point(point) => {
                out.u8(3);
                point.put(out);
            }
            Self::Several(parts) => {
                out.u8(4);
                out.count(parts.len());
                parts.iter().for_each(|part| part.put(out));
            }
        }
    }

    pub(crate) fn take(from: &mut In<'_>) -> Result<Self, BytesError> {
        Ok(match from.u8()? {
            1 => Self::Area(Area::take(from)?),
            2 => Self::Line(Arc::new(Line::take(from)?)),
            3 => Self::Point(Point::take(from)?),
            4 => {
                let count = from.count()?;
                let parts = (0..count).map(|_| Self::take(from));
                let parts: Arc<[Self]> = parts.collect::<Result<_, _>>()?;
                if parts.is_empty() {
                    return Err(BytesError::Damaged);
                }
                Self::Several(parts)
            }
            _ => return Err(BytesError::Damaged),
        })
    }

    /// Bytes that it takes beside itself.
    pub(crate) fn bytes(&self) -> usize {
        /// The two counts of an `Arc`.
        const COUNTS: usize = 16;
        match self {
            Self::Area(area) => area.bytes() - size_of::<Area>(),
            Self::Line(line) => line.bytes() + COUNTS,
            Self::Point(_) => 0,
            Self::Several(parts) => {
                COUNTS + size_of_val(&**parts) + parts.iter().map(Self::bytes).sum::<usize>()
            }
        }
    }

    /// Geodesic distance in metres from a point; 0 where an area of it contains the point.
    pub fn distance_m(&self, p: Point) -> f64 {
        self.distance_within_m(&Plane::at(p), f64::INFINITY)
            .expect("nothing is farther than that")
    }

    /// The same from a plane's point, where it is not surely more than a number of metres.
    pub(crate) fn distance_within_m(&self, plane: &Plane, most: f64) -> Option<f64> {
        let nearest = match self {
            Self::Area(area) if area.contains(plane.point()) => return Some(0.0),
            Self::Area(area) => plane.nearest_on(area.edges()),
            Self::Line(line) => plane.nearest_on(line.segments()),
            Self::Point(own) => plane.nearest_on(std::iter::once((*own, *own))),
            Self::Several(parts) => {
                let parts = parts.iter();
                return parts
                    .filter_map(|part| part.distance_within_m(plane, most))
                    .reduce(f64::min);
            }
        };
        nearest
            .filter(|found| found.at_least_m() <= most)
            .map(|found| found.distance_m())
    }
}
