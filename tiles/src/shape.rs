//! Points, lines and polygons in one array, whichever space their points live in.

use geo::{Coord, Geometry, LineString};

/// What a part of a shape is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Points, each for itself.
    Points,
    /// A line of two points or more.
    Line,
    /// The outer ring of a polygon. In a tile it is open, its first point not repeated at the
    /// end, and its area by the surveyor's formula is positive.
    Exterior,
    /// A hole in the polygon of the exterior before it; in a tile its area is negative.
    Hole,
}

impl Kind {
    /// Dimensions of what it draws.
    pub(crate) fn dimensions(self) -> u8 {
        match self {
            Self::Points => 0,
            Self::Line => 1,
            Self::Exterior | Self::Hole => 2,
        }
    }
}

/// A run of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    kind: Kind,
    /// Where it ends among all points; it begins where the one before ends.
    end: u32,
}

/// Points, lines or polygons. All lie in one array, so that shape after shape can be put into
/// the same memory, and many into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape<P> {
    points: Vec<P>,
    parts: Vec<Part>,
}

impl<P> Default for Shape<P> {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            parts: Vec::new(),
        }
    }
}

impl<P> Shape<P> {
    /// Forgets what is in it and keeps the memory.
    pub fn clear(&mut self) {
        self.points.clear();
        self.parts.clear();
    }

    /// Makes room.
    pub(crate) fn reserve(&mut self, points: usize, parts: usize) {
        self.points.reserve(points);
        self.parts.reserve(parts);
    }

    /// Adds a point to the part that is being put in.
    pub fn push(&mut self, point: P) {
        self.points.push(point);
    }

    /// Ends the part that is being put in. What is in it stands from here on.
    ///
    /// # Panics
    /// Beyond four thousand million points.
    pub fn close(&mut self, kind: Kind) {
        let end = u32::try_from(self.points.len()).expect("as many points as a number tells");
        self.parts.push(Part { kind, end });
    }

    /// Adds a whole part.
    pub fn add(&mut self, kind: Kind, points: impl IntoIterator<Item = P>) {
        self.points.extend(points);
        self.close(kind);
    }

    /// Adds all of another shape.
    pub(crate) fn append(&mut self, other: View<'_, P>)
    where
        P: Copy,
    {
        let from = self.closed() as u32;
        self.points.extend_from_slice(other.points);
        let moved = |part: &Part| Part {
            kind: part.kind,
            end: part.end - other.first + from,
        };
        self.parts.extend(other.parts.iter().map(moved));
    }

    /// Lets go of what was put in since the last part ended.
    pub(crate) fn drop_open(&mut self) {
        self.points.truncate(self.closed());
    }

    /// How many points lie in parts that have ended.
    pub(crate) fn closed(&self) -> usize {
        self.parts.last().map_or(0, |part| part.end as usize)
    }

    /// The points, for changing those that were put in since the last part ended.
    pub(crate) fn open(&mut self) -> &mut Vec<P> {
        &mut self.points
    }

    /// The whole of it.
    pub fn view(&self) -> View<'_, P> {
        View {
            points: &self.points,
            parts: &self.parts,
            first: 0,
        }
    }

    /// Of several shapes in one: that which begins and ends at some [`Shape::mark`]s.
    pub(crate) fn between(&self, from: Mark, to: Mark) -> View<'_, P> {
        View {
            points: &self.points[from.points as usize..to.points as usize],
            parts: &self.parts[from.parts as usize..to.parts as usize],
            first: from.points,
        }
    }

    /// Where the next part will begin.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            points: self.closed() as u32,
            parts: self.parts.len() as u32,
        }
    }
}

/// A place between two parts of a shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    points: u32,
    parts: u32,
}

impl Shape<Coord<f64>> {
    /// Adds a geometry, part by part.
    pub fn add_geometry(&mut self, geometry: &Geometry<f64>) {
        match geometry {
            Geometry::Point(point) => self.add(Kind::Points, [point.0]),
            Geometry::MultiPoint(points) => {
                self.add(Kind::Points, points.iter().map(|point| point.0));
            }
            Geometry::Line(line) => self.add(Kind::Line, [line.start, line.end]),
            Geometry::LineString(line) => self.add_line(Kind::Line, line),
            Geometry::MultiLineString(lines) => {
                lines
                    .iter()
                    .for_each(|line| self.add_line(Kind::Line, line));
            }
            Geometry::Polygon(polygon) => self.add_polygon(polygon),
            Geometry::MultiPolygon(polygons) => {
                polygons
                    .iter()
                    .for_each(|polygon| self.add_polygon(polygon));
            }
            Geometry::Rect(rect) => self.add_polygon(&rect.to_polygon()),
            Geometry::Triangle(triangle) => self.add_polygon(&triangle.to_polygon()),
            Geometry::GeometryCollection(parts) => {
                parts.iter().for_each(|part| self.add_geometry(part));
            }
        }
    }

    fn add_line(&mut self, kind: Kind, line: &LineString<f64>) {
        self.add(kind, line.0.iter().copied());
    }

    fn add_polygon(&mut self, polygon: &geo::Polygon<f64>) {
        self.add_line(Kind::Exterior, polygon.exterior());
        (polygon.interiors().iter()).for_each(|hole| self.add_line(Kind::Hole, hole));
    }
}

impl From<&Geometry<f64>> for Shape<Coord<f64>> {
    fn from(geometry: &Geometry<f64>) -> Self {
        let mut shape = Self::default();
        shape.add_geometry(geometry);
        shape
    }
}

/// A look at a shape.
#[derive(Debug)]
pub struct View<'a, P> {
    points: &'a [P],
    parts: &'a [Part],
    /// How many points lie before these where the parts count from.
    first: u32,
}

// By hand: a look can be copied whatever the points are.
impl<P> Clone for View<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for View<'_, P> {}

impl<P: PartialEq> PartialEq for View<'_, P> {
    fn eq(&self, other: &Self) -> bool {
        self.parts().eq(other.parts())
    }
}

impl<'a, P> View<'a, P> {
    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.parts.is_empty()
    }

    /// Its parts in their order.
    pub fn parts(self) -> impl Iterator<Item = (Kind, &'a [P])> {
        let mut from = 0;
        self.parts.iter().map(move |part| {
            let end = (part.end - self.first) as usize;
            (
                part.kind,
                &self.points[std::mem::replace(&mut from, end)..end],
            )
        })
    }

    /// The points of all its parts.
    pub fn points(self) -> &'a [P] {
        self.points
    }

    /// Of how many dimensions the parts are that have the most; none where nothing is in it.
    pub(crate) fn dimensions(self) -> Option<u8> {
        self.parts.iter().map(|part| part.kind.dimensions()).max()
    }

    /// Its lines.
    pub fn lines(self) -> impl Iterator<Item = &'a [P]> {
        self.parts()
            .filter_map(|(kind, line)| (kind == Kind::Line).then_some(line))
    }

    /// Its polygons.
    pub fn polygons(self) -> impl Iterator<Item = Polygon<'a, P>> {
        let mut parts = self.parts().peekable();
        std::iter::from_fn(move || {
            let (_, exterior) = parts.find(|&(kind, _)| kind == Kind::Exterior)?;
            let mut holes = Vec::new();
            while let Some((_, hole)) = parts.next_if(|&(kind, _)| kind == Kind::Hole) {
                holes.push(hole);
            }
            Some(Polygon { exterior, holes })
        })
    }
}

/// A polygon of a shape.
#[derive(Debug, PartialEq, Eq)]
pub struct Polygon<'a, P> {
    /// The outer ring.
    pub exterior: &'a [P],
    /// The holes.
    pub holes: Vec<&'a [P]>,
}

impl<'a, P> Polygon<'a, P> {
    /// The outer ring and then the holes.
    pub(crate) fn rings(&self) -> impl Iterator<Item = &'a [P]> + '_ {
        std::iter::once(self.exterior).chain(self.holes.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use geo::polygon;

    use super::*;

    #[test]
    fn polygons_come_with_their_holes() {
        let geometry: Geometry<f64> = polygon!(
            exterior: [(x: 0.0, y: 0.0), (x: 9.0, y: 0.0), (x: 9.0, y: 9.0)],
            interiors: [[(x: 5.0, y: 1.0), (x: 8.0, y: 1.0), (x: 8.0, y: 4.0)]],
        )
        .into();
        let mut shape = Shape::from(&geometry);
        let mark = shape.mark();
        shape.add_geometry(&geometry);
        assert_eq!(shape.view().polygons().count(), 2);
        let second = shape.between(mark, shape.mark());
        assert_eq!(second, Shape::from(&geometry).view());
        let polygon = second.polygons().next().unwrap();
        assert_eq!((polygon.exterior.len(), polygon.holes.len()), (4, 1));
        assert_eq!(polygon.holes[0][0], Coord { x: 5.0, y: 1.0 });
        assert_eq!(second.lines().count(), 0);
    }
}
