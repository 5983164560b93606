//! A line on the lattice.

use geo::LineString;

use crate::{
    Area, Point, Rect, ShapeError,
    bytes::{BytesError, In, Out},
    point::refuse_antimeridian,
};

/// A prepared line.
#[derive(Debug)]
pub struct Line {
    rect: Rect,
    vertices: Box<[Point]>,
}

impl Line {
    /// Prepares a line, longitude and latitude in degrees.
    ///
    /// # Errors
    /// When a coordinate is no longitude or latitude, there is none, or a segment crosses the
    /// antimeridian.
    pub fn new(line: &LineString<f64>) -> Result<Self, ShapeError> {
        let mut vertices = line
            .0
            .iter()
            .map(|coord| {
                Point::snap(coord.x, coord.y).ok_or(ShapeError::NoPlace {
                    lon: coord.x,
                    lat: coord.y,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        refuse_antimeridian(&vertices)?;
        vertices.dedup();
        let first = *vertices.first().ok_or(ShapeError::Empty)?;
        if vertices.len() == 1 {
            vertices.push(first);
        }
        let rect = vertices.iter().fold(Rect::of(first, first), |rect, &p| {
            rect.join(&Rect::of(p, p))
        });
        Ok(Self {
            rect,
            vertices: vertices.into(),
        })
    }

    /// The smallest rectangle around it.
    pub fn rect(&self) -> Rect {
        self.rect
    }

    /// Its segments.
    pub fn segments(&self) -> impl Iterator<Item = (Point, Point)> {
        self.vertices.windows(2).map(|pair| (pair[0], pair[1]))
    }

    /// The representative point: its middle vertex.
    pub fn middle(&self) -> Point {
        self.vertices[self.vertices.len() / 2]
    }

    pub(crate) fn put(&self, out: &mut Out) {
        self.rect.put(out);
        out.count(self.vertices.len());
        self.vertices.iter().for_each(|vertex| vertex.put(out));
    }

    pub(crate) fn take(from: &mut In<'_>) -> Result<Self, BytesError> {
        let rect = Rect::take(from)?;
        let count = from.count()?;
        let vertices: Box<[Point]> = (0..count)
            .map(|_| Point::take(from))
            .collect::<Result<_, _>>()?;
        if vertices.len() < 2 {
            return Err(BytesError::Damaged);
        }
        Ok(Self { rect, vertices })
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.vertices)
    }

    /// Whether it shares a point with an area, the boundary included.
    pub(crate) fn intersects(&self, area: &Area) -> bool {
        self.segments().any(|(a, b)| area.meets_segment(a, b)) || area.contains(self.vertices[0])
    }

    /// Whether no part of it is outside an area; it may touch the boundary.
    pub(crate) fn is_within(&self, area: &Area) -> bool {
        self.segments().all(|(a, b)| area.covers_segment(a, b))
    }
}
