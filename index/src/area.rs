//! One prepared area: polygons with holes on the lattice, and which points it contains.

use std::sync::Arc;

use geo::{LineString, MultiPolygon, Polygon};

use crate::{
    Point, Rect, ShapeError,
    bytes::{BytesError, In, Out},
    interior::Interior,
    point::refuse_antimeridian,
    stripes::{STRIPES_FROM, Stripes},
    vertices::{Close, Vertices, View},
};

/// Polygons with holes, prepared for exact tests.
///
/// Outer rings are turned anticlockwise and holes clockwise. For [`Area::contains`] all
/// rings count alike, by the even-odd rule: a point is inside where a ray from it
/// crosses the rings an odd number of times. For valid polygons that is the usual meaning.
///
/// Cloning shares what is large.
#[derive(Clone, Debug)]
pub struct Area {
    rect: Rect,
    interior: Point,
    /// Offsets from the rectangle's south-west corner.
    vertices: Vertices,
    more: Option<Arc<More>>,
}

/// What few areas have.
#[derive(Debug, Default)]
struct More {
    /// Start of each ring after the first. Rings are closed: the first vertex is repeated.
    later_rings: Box<[u32]>,
    stripes: Option<Stripes>,
}

impl Area {
    /// Prepares one polygon, longitude and latitude in degrees.
    ///
    /// # Errors
    /// When a coordinate is no longitude or latitude, no ring has three vertices left on the
    /// lattice, or an edge crosses the antimeridian.
    pub fn from_polygon(polygon: &Polygon<f64>) -> Result<Self, ShapeError> {
        Self::from_polygons(std::slice::from_ref(polygon))
    }

    /// Prepares a multipolygon, longitude and latitude in degrees.
    ///
    /// # Errors
    /// As [`Area::from_polygon`].
    pub fn from_multi_polygon(polygons: &MultiPolygon<f64>) -> Result<Self, ShapeError> {
        Self::from_polygons(&polygons.0)
    }

    fn from_polygons(polygons: &[Polygon<f64>]) -> Result<Self, ShapeError> {
        let mut points = Vec::new();
        let mut starts = Vec::new();
        let mut interior = Interior::default();
        for polygon in polygons {
            let first = starts.len();
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                let start = points.len();
                if push_ring(ring, &mut points)? {
                    wind(&mut points[start..], starts.len() == first);
                    starts.push(start);
                } else {
                    points.truncate(start);
                }
            }
            let ends = starts[first..]
                .iter()
                .skip(1)
                .copied()
                .chain([points.len()]);
            interior.offer(
                starts[first..]
                    .iter()
                    .zip(ends)
                    .map(|(&start, end)| &points[start..end]),
            );
        }
        Self::from_rings(points, &starts, interior)
    }

    /// The rectangle as an area.
    pub fn from_rect(rect: Rect) -> Self {
        let Rect { min, max } = rect;
        let corner = |x, y| Point { x, y };
        let ring = vec![min, corner(max.x, min.y), max, corner(min.x, max.y), min];
        let mut interior = Interior::default();
        interior.offer(std::iter::once(ring.as_slice()));
        Self::from_rings(ring, &[0], interior).expect("a rectangle has a ring")
    }

    fn from_rings(
        points: Vec<Point>,
        starts: &[usize],
        interior: Interior,
    ) -> Result<Self, ShapeError> {
        let first = *points.first().ok_or(ShapeError::Empty)?;
        let rect = points.iter().fold(Rect::of(first, first), |rect, &p| {
            rect.join(&Rect::of(p, p))
        });
        let offsets: Vec<[i64; 2]> = (points.iter())
            .map(|p| [p.x - rect.min.x, p.y - rect.min.y])
            .collect();
        let index = |at: usize| u32::try_from(at).map_err(|_| ShapeError::TooManyVertices);
        index(points.len())?;
        let later_rings = starts.iter().skip(1).map(|&start| index(start));
        let later_rings = later_rings.collect::<Result<_, _>>()?;
        let interior = interior.point().unwrap_or(first);
        Ok(Self::of(
            rect,
            interior,
            Vertices::new(&offsets),
            later_rings,
        ))
    }

    /// With its stripes, which follow from its vertices.
    fn of(rect: Rect, interior: Point, vertices: Vertices, later_rings: Box<[u32]>) -> Self {
        let mut area = Self {
            rect,
            interior,
            vertices,
            more: None,
        };
        let stripes = area.vertex_count() >= STRIPES_FROM;
        if stripes || !later_rings.is_empty() {
            area.more = Some(Arc::new(More {
                later_rings,
                stripes: None,
            }));
        }
        if stripes {
            let stripes = Some(Stripes::new(&area));
            let more = area.more.as_mut().and_then(Arc::get_mut);
            more.expect("nobody else knows it yet").stripes = stripes;
        }
        area
    }

    /// One ring of so many corners within 1.7 km: offsets from the south-west corner of its
    /// rectangle, the first corner not repeated.
    #[inline(always)]
    pub(crate) fn small(
        min: Point,
        interior: [Close; 2],
        count: usize,
        corners: impl Fn(usize) -> [Close; 2],
    ) -> Self {
        let ring = (0..count).chain(std::iter::once(0)).map(&corners);
        let vertices = Vertices::close(count + 1, ring);
        let (mut x, mut y) = (0, 0);
        if let View::Close(vertices) = vertices.view() {
            for vertex in vertices {
                x = x.max(i64::from(vertex[0]));
                y = y.max(i64::from(vertex[1]));
            }
        }
        let at = |x, y| Point {
            x: min.x + x,
            y: min.y + y,
        };
        Self {
            rect: Rect { min, max: at(x, y) },
            interior: at(interior[0].into(), interior[1].into()),
            vertices,
            more: None,
        }
    }

    fn later_rings(&self) -> &[u32] {
        self.more.as_ref().map_or(&[], |more| &more.later_rings)
    }

    #[inline]
    fn stripes(&self) -> Option<&Stripes> {
        self.more.as_ref()?.stripes.as_ref()
    }

    /// The smallest rectangle around it.
    pub fn rect(&self) -> Rect {
        self.rect
    }

    /// The representative point: always the same for the same geometry, and inside it
    /// wherever a lattice point is.
    ///
    /// It is chosen as GEOS's and JTS's “point on surface” is: the middle of the widest
    /// stretch inside, on a line half way between the vertices nearest to the mid-height.
    pub fn interior(&self) -> Point {
        self.interior
    }

    /// Whether the point is in the area, exactly, by the half-open rule.
    ///
    /// A boundary point belongs to the side towards the east, and on an east-west edge to
    /// the side towards the north: the answer is that of the point moved by an amount
    /// towards the east too small to matter, and by one yet smaller towards the north.
    /// So of areas that tile the land exactly one contains each point.
    pub fn contains(&self, p: Point) -> bool {
        self.rect.holds(p) && self.inside::<1>(p)
    }

    /// The half-open rule for a point given in units of 1/`SCALE` of the lattice's.
    pub(crate) fn inside<const SCALE: i64>(&self, p: Point) -> bool {
        let (x, y) = (p.x - SCALE * self.rect.min.x, p.y - SCALE * self.rect.min.y);
        match self.vertices.view() {
            View::Close(vertices) => self.odd::<SCALE, _>(vertices, x, y),
            View::Near(vertices) => self.odd::<SCALE, _>(vertices, x, y),
            View::Far(vertices) => self.odd::<SCALE, _>(vertices, x, y),
        }
    }

    /// Whether a ray from the point towards the east crosses the rings oddly often.
    fn odd<const SCALE: i64, T: Copy + Into<i64>>(
        &self,
        vertices: &[[T; 2]],
        x: i64,
        y: i64,
    ) -> bool {
        let mut odd = false;
        if let Some(stripes) = self.stripes() {
            for &edge in stripes.at(y.div_euclid(SCALE)) {
                let edge = edge as usize;
                odd ^= crossed::<SCALE, T>(vertices[edge], vertices[edge + 1], x, y);
            }
            return odd;
        }
        for (start, end) in self.ring_ranges() {
            for edge in vertices[start..end].windows(2) {
                odd ^= crossed::<SCALE, T>(edge[0], edge[1], x, y);
            }
        }
        odd
    }

    /// Start and end of each ring in the vertices.
    pub(crate) fn ring_ranges(&self) -> impl Iterator<Item = (usize, usize)> {
        let later = || self.later_rings().iter().map(|&start| start as usize);
        let ends = later().chain(std::iter::once(self.vertex_count()));
        std::iter::once(0).chain(later()).zip(ends)
    }

    /// Number of vertices, each ring's first counted twice.
    pub fn vertex_count(&self) -> usize {
        self.vertices.len()
    }

    /// One vertex.
    pub(crate) fn vertex(&self, at: usize) -> Point {
        let [x, y] = self.vertices.at(at);
        Point {
            x: self.rect.min.x + x,
            y: self.rect.min.y + y,
        }
    }

    /// Whether it is one ring.
    pub(crate) fn is_simple(&self) -> bool {
        self.later_rings().is_empty()
    }

    /// The first vertex of each ring.
    pub(crate) fn ring_starts(&self) -> impl Iterator<Item = Point> {
        self.ring_ranges().map(|(start, _)| self.vertex(start))
    }

    /// All edges, as the position of their first vertex.
    pub(crate) fn edge_positions(&self) -> impl Iterator<Item = usize> {
        self.ring_ranges().flat_map(|(start, end)| start..end - 1)
    }

    /// The vertices, where they lie within 1.7 km: offsets from the rectangle's south-west corner.
    pub(crate) fn close(&self) -> Option<&[[Close; 2]]> {
        match self.vertices.view() {
            View::Close(vertices) => Some(vertices),
            _ => None,
        }
    }

    /// The vertices of the one ring that it is, with the representative point: offsets from the
    /// rectangle's south-west corner. Nothing where it is more, or larger than 1.7 km.
    pub(crate) fn as_small(&self) -> Option<(&[[Close; 2]], [Close; 2])> {
        let vertices = self.close()?;
        let inner = |place: i64, from: i64| Close::try_from(place - from).ok();
        let (min, inside) = (self.rect.min, self.interior);
        let inside = [inner(inside.x, min.x)?, inner(inside.y, min.y)?];
        self.is_simple().then_some((vertices, inside))
    }

    /// All edges.
    pub fn edges(&self) -> impl Iterator<Item = (Point, Point)> {
        self.edge_positions()
            .map(|at| (self.vertex(at), self.vertex(at + 1)))
    }

    /// Visits each edge whose rectangle meets the given one, until the visitor says stop
    /// by returning true. Returns whether it did.
    pub(crate) fn any_edge_near(
        &self,
        rect: &Rect,
        mut visit: impl FnMut(Point, Point) -> bool,
    ) -> bool {
        self.any_position_near(rect, |_, a, b| visit(a, b))
    }

    /// As [`Area::any_edge_near`], with the position of the edge's first vertex.
    pub(crate) fn any_position_near(
        &self,
        rect: &Rect,
        mut visit: impl FnMut(usize, Point, Point) -> bool,
    ) -> bool {
        if !self.rect.meets(rect) {
            return false;
        }
        let mut try_edge = |at: usize| {
            let (a, b) = (self.vertex(at), self.vertex(at + 1));
            Rect::of(a, b).meets(rect) && visit(at, a, b)
        };
        match self.stripes() {
            Some(stripes) => stripes.between(
                rect.min.y - self.rect.min.y,
                rect.max.y - self.rect.min.y,
                |at| self.vertex(at).y.min(self.vertex(at + 1).y) - self.rect.min.y,
                &mut try_edge,
            ),
            None => self.edge_positions().any(try_edge),
        }
    }

    pub(crate) fn put(&self, out: &mut Out) {
        self.rect.put(out);
        self.interior.put(out);
        out.u32s(self.later_rings());
        self.vertices.put(out);
    }

    /// Reads an area. Its stripes are made again: they follow from its vertices.
    pub(crate) fn take(from: &mut In<'_>) -> Result<Self, BytesError> {
        let (rect, interior) = (Rect::take(from)?, Point::take(from)?);
        let later_rings: Box<[u32]> = from.u32s()?.collect();
        let vertices = Vertices::take(from)?;
        // Each ring has vertices, and begins where the last one ends.
        let starts = std::iter::once(0).chain(later_rings.iter().map(|&start| start as usize));
        let ends = starts.clone().skip(1).chain([vertices.len()]);
        if starts.zip(ends).any(|(start, end)| start + 4 > end) {
            return Err(BytesError::Damaged);
        }
        Ok(Self::of(rect, interior, vertices, later_rings))
    }

    /// Bytes that it takes, itself included.
    pub fn bytes(&self) -> usize {
        let more = self.more.as_ref().map_or(0, |more| {
            size_of_val(&*more.later_rings)
                + size_of::<More>()
                + 16
                + more.stripes.as_ref().map_or(0, Stripes::bytes)
        });
        size_of::<Self>() + self.vertices.bytes() + more
    }
}

impl PartialEq for Area {
    /// Whether they have the same rings, corner for corner.
    fn eq(&self, other: &Self) -> bool {
        self.rect == other.rect
            && self.vertices == other.vertices
            && self.later_rings() == other.later_rings()
    }
}

impl Eq for Area {}

/// Whether the ray from the point towards the east crosses the edge, half-open: the lower
/// end counts, the upper does not, and a point on the edge is not crossed.
#[inline]
fn crossed<const SCALE: i64, T: Copy + Into<i64>>(a: [T; 2], b: [T; 2], x: i64, y: i64) -> bool {
    let [ax, ay] = a.map(|part| SCALE * part.into());
    let [bx, by] = b.map(|part| SCALE * part.into());
    if (ay <= y) == (by <= y) {
        return false;
    }
    let (lx, ly, hx, hy) = if ay < by {
        (ax, ay, bx, by)
    } else {
        (bx, by, ax, ay)
    };
    i128::from(x - lx) * i128::from(hy - ly) < i128::from(y - ly) * i128::from(hx - lx)
}

/// Turns a closed ring so that outer rings run anticlockwise and holes clockwise: the
/// inside is on the left of every edge.
fn wind(ring: &mut [Point], outer: bool) {
    let origin = ring[0];
    let doubled: i128 = ring
        .windows(2)
        .map(|edge| {
            let [(ax, ay), (bx, by)] = [edge[0], edge[1]].map(|p| (p.x - origin.x, p.y - origin.y));
            i128::from(ax) * i128::from(by) - i128::from(bx) * i128::from(ay)
        })
        .sum();
    if (doubled > 0) != outer {
        ring.reverse();
    }
}

/// Snaps a ring, drops repeated vertices and closes it. False where nothing is left that
/// could enclose a point.
fn push_ring(ring: &LineString<f64>, points: &mut Vec<Point>) -> Result<bool, ShapeError> {
    let start = points.len();
    for coord in &ring.0 {
        let point = Point::snap(coord.x, coord.y).ok_or(ShapeError::NoPlace {
            lon: coord.x,
            lat: coord.y,
        })?;
        if points.len() == start || points.last() != Some(&point) {
            points.push(point);
        }
    }
    if points.len() > start && points.last() != Some(&points[start]) {
        points.push(points[start]);
    }
    refuse_antimeridian(&points[start..])?;
    Ok(points.len() - start >= 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::wkt;

    fn area(polygon: &Polygon<f64>) -> Area {
        Area::from_polygon(polygon).unwrap()
    }

    fn at(lon: f64, lat: f64) -> Point {
        Point::snap(lon, lat).unwrap()
    }

    #[test]
    fn the_antimeridian_is_refused_and_the_whole_world_is_not() {
        let over = wkt!(POLYGON((179. 0.,-179. 0.,-179. 1.,179. 1.,179. 0.)));
        let error = Area::from_polygon(&over).unwrap_err();
        assert_eq!(error, ShapeError::Antimeridian);
        assert!(error.to_string().contains("切开"), "{error}");
        let line = geo::LineString::from(vec![(179.5, 0.0), (-179.5, 0.0)]);
        assert_eq!(
            crate::Line::new(&line).unwrap_err(),
            ShapeError::Antimeridian
        );
        let world = area(&wkt!(POLYGON((-180. -90.,180. -90.,180. 90.,-180. 90.,-180. -90.))));
        assert!(world.contains(at(179.9, 0.0)) && world.contains(at(-179.9, 0.0)));
        let half = area(&wkt!(POLYGON((0. 0.,180. 0.,180. 1.,0. 1.,0. 0.))));
        assert!(half.contains(at(179.9, 0.5)));
    }

    #[test]
    fn vertices_are_kept_exactly_however_wide_the_area_is() {
        for size in [4, (1 << 24) - 1, 1 << 24, (1_i64 << 32) - 1, 1 << 32] {
            let corners = [(0, 0), (size, 1), (size, size), (1, size)];
            let ring = geo::LineString::from_iter(corners.map(|(x, y)| {
                let p = Point { x, y };
                (p.lon(), p.lat())
            }));
            let area = area(&Polygon::new(ring, vec![]));
            let mut kept: Vec<Point> = (0..area.vertex_count()).map(|at| area.vertex(at)).collect();
            kept.sort_unstable();
            kept.dedup();
            let mut given = corners.map(|(x, y)| Point { x, y });
            given.sort_unstable();
            assert_eq!(kept, given);
            let mut out = Out::default();
            area.put(&mut out);
            let back = Area::take(&mut In::new(&out.0)).unwrap();
            assert!(area.edges().eq(back.edges()), "{size}");
        }
    }

    #[test]
    fn a_square_owns_its_west_and_south_edges_only() {
        let square = area(&wkt!(POLYGON((0. 0.,2. 0.,2. 2.,0. 2.,0. 0.))));
        assert!(square.contains(at(1.0, 1.0)));
        assert!(square.contains(at(0.0, 1.0)), "west");
        assert!(square.contains(at(1.0, 0.0)), "south");
        assert!(square.contains(at(0.0, 0.0)), "south-west corner");
        assert!(!square.contains(at(2.0, 1.0)), "east");
        assert!(!square.contains(at(1.0, 2.0)), "north");
        assert!(!square.contains(at(2.0, 0.0)), "south-east corner");
        assert!(!square.contains(at(0.0, 2.0)), "north-west corner");
    }

    #[test]
    fn a_hole_is_outside_and_its_edges_go_to_the_other_side() {
        let ring =
            area(&wkt!(POLYGON((0. 0.,6. 0.,6. 6.,0. 6.,0. 0.),(2. 2.,4. 2.,4. 4.,2. 4.,2. 2.))));
        assert!(!ring.contains(at(3.0, 3.0)));
        assert!(!ring.contains(at(2.0, 3.0)), "the hole owns its west edge");
        assert!(
            ring.contains(at(4.0, 3.0)),
            "the ring owns the hole's east edge"
        );
        assert!(ring.contains(ring.interior()));
    }

    #[test]
    fn a_ring_of_too_few_vertices_is_refused() {
        let flat = wkt!(POLYGON((0. 0.,0. 0.,1e-12 0.,0. 0.)));
        assert!(matches!(Area::from_polygon(&flat), Err(ShapeError::Empty)));
        let nowhere = wkt!(POLYGON((0. 0.,500. 0.,1. 1.,0. 0.)));
        assert!(matches!(
            Area::from_polygon(&nowhere),
            Err(ShapeError::NoPlace { .. })
        ));
    }

    #[test]
    fn an_area_wider_than_four_degrees_is_kept_in_wide_form() {
        let wide = area(&wkt!(POLYGON((70. 10.,130. 12.,131. 50.,71. 52.,70. 10.))));
        assert!(matches!(wide.vertices, Vertices::Far(_)));
        assert!(wide.contains(at(113.5, 23.1)));
        assert!(!wide.contains(at(69.9, 23.1)));
    }
}
