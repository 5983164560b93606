//! The geometry half of a Shapefile: `.shp` and its index `.shx`.
//!
//! ESRI Shapefile Technical Description, July 1998.

use std::{
    fs::File,
    io::{self, BufWriter, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use geo::{
    BoundingRect, Coord, Geometry, Rect,
    orient::{Direction, Orient},
};

/// What one file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Rows without geometry: a table only.
    Table,
    Point,
    MultiPoint,
    Line,
    Polygon,
}

impl Kind {
    /// The kind that a geometry goes into; `None` for collections, which go part by part.
    pub(super) fn of(geometry: &Geometry<f64>) -> Option<Self> {
        Some(match geometry {
            Geometry::Point(_) => Self::Point,
            Geometry::MultiPoint(_) => Self::MultiPoint,
            Geometry::Line(_) | Geometry::LineString(_) | Geometry::MultiLineString(_) => {
                Self::Line
            }
            Geometry::Polygon(_)
            | Geometry::MultiPolygon(_)
            | Geometry::Rect(_)
            | Geometry::Triangle(_) => Self::Polygon,
            Geometry::GeometryCollection(_) => return None,
        })
    }

    /// What is added to the name where a layer gives several files.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Table => "_table",
            Self::Point => "_point",
            Self::MultiPoint => "_multipoint",
            Self::Line => "_line",
            Self::Polygon => "_polygon",
        }
    }

    fn code(self) -> i32 {
        match self {
            Self::Table => 0,
            Self::Point => 1,
            Self::Line => 3,
            Self::Polygon => 5,
            Self::MultiPoint => 8,
        }
    }
}

/// Why a shape could not be added.
pub(super) enum ShapeError {
    /// The format counts 16-bit words in 31 bits: two gigabytes and no more fit.
    TooLarge,
    Io(io::Error),
}

impl From<io::Error> for ShapeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A `.shp` and its `.shx` under way.
pub(super) struct Shapes {
    kind: Kind,
    shp: BufWriter<File>,
    shx: BufWriter<File>,
    /// Length so far, in 16-bit words.
    words: i32,
    records: i32,
    bounds: Option<Rect<f64>>,
}

const HEADER_WORDS: i32 = 50;

impl Shapes {
    pub(super) fn create(stem: &Path, kind: Kind) -> io::Result<Self> {
        let mut shapes = Self {
            kind,
            shp: BufWriter::new(File::create(stem.with_extension("shp"))?),
            shx: BufWriter::new(File::create(stem.with_extension("shx"))?),
            words: HEADER_WORDS,
            records: 0,
            bounds: None,
        };
        // The headers' place; they are written when the lengths are known.
        shapes.shp.write_all(&[0; 100])?;
        shapes.shx.write_all(&[0; 100])?;
        Ok(shapes)
    }

    /// Adds a shape; `None` is a null shape.
    pub(super) fn add(&mut self, geometry: Option<&Geometry<f64>>) -> Result<(), ShapeError> {
        let content = geometry.map_or_else(|| 0_i32.to_le_bytes().to_vec(), content);
        let length = i32::try_from(content.len() / 2).map_err(|_| ShapeError::TooLarge)?;
        let end = self
            .words
            .checked_add(length + 4)
            .filter(|words| *words < 1 << 30)
            .ok_or(ShapeError::TooLarge)?;
        self.records += 1;
        self.shp.write_all(&self.records.to_be_bytes())?;
        self.shp.write_all(&length.to_be_bytes())?;
        self.shp.write_all(&content)?;
        self.shx.write_all(&self.words.to_be_bytes())?;
        self.shx.write_all(&length.to_be_bytes())?;
        self.words = end;
        if let Some(more) = geometry.and_then(BoundingRect::bounding_rect) {
            self.bounds = Some(self.bounds.map_or(more, |bounds| union(bounds, more)));
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        let index = HEADER_WORDS + 4 * self.records;
        for (file, words) in [(&mut self.shp, self.words), (&mut self.shx, index)] {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&header(self.kind, words, self.bounds))?;
            file.flush()?;
        }
        Ok(())
    }
}

fn union(a: Rect<f64>, b: Rect<f64>) -> Rect<f64> {
    let least = |a: f64, b: f64| a.min(b);
    let most = |a: f64, b: f64| a.max(b);
    Rect::new(
        Coord {
            x: least(a.min().x, b.min().x),
            y: least(a.min().y, b.min().y),
        },
        Coord {
            x: most(a.max().x, b.max().x),
            y: most(a.max().y, b.max().y),
        },
    )
}

fn header(kind: Kind, words: i32, bounds: Option<Rect<f64>>) -> Vec<u8> {
    let mut header = Vec::with_capacity(100);
    header.extend_from_slice(&9994_i32.to_be_bytes());
    header.extend_from_slice(&[0; 20]);
    header.extend_from_slice(&words.to_be_bytes());
    header.extend_from_slice(&1000_i32.to_le_bytes());
    header.extend_from_slice(&kind.code().to_le_bytes());
    let zero = Coord { x: 0.0, y: 0.0 };
    put_bounds(&mut header, bounds.unwrap_or_else(|| Rect::new(zero, zero)));
    header.resize(100, 0);
    header
}

fn put_bounds(to: &mut Vec<u8>, bounds: Rect<f64>) {
    for corner in [bounds.min(), bounds.max()] {
        put(to, corner);
    }
}

fn put(to: &mut Vec<u8>, coord: Coord<f64>) {
    to.extend_from_slice(&coord.x.to_le_bytes());
    to.extend_from_slice(&coord.y.to_le_bytes());
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the length of the record is checked against 31 bits"
)]
fn count(to: &mut Vec<u8>, number: usize) {
    to.extend_from_slice(&(number as i32).to_le_bytes());
}

/// The content of a record. Outer rings run clockwise, as the format asks.
fn content(geometry: &Geometry<f64>) -> Vec<u8> {
    let mut to = Vec::new();
    let kind = Kind::of(geometry).unwrap_or(Kind::Table);
    to.extend_from_slice(&kind.code().to_le_bytes());
    match geometry {
        Geometry::Point(point) => put(&mut to, point.0),
        Geometry::MultiPoint(points) => {
            if let Some(bounds) = points.bounding_rect() {
                put_bounds(&mut to, bounds);
            }
            count(&mut to, points.0.len());
            points.0.iter().for_each(|point| put(&mut to, point.0));
        }
        Geometry::Line(line) => parts(&mut to, &[vec![line.start, line.end]]),
        Geometry::LineString(line) => parts(&mut to, std::slice::from_ref(&line.0)),
        Geometry::MultiLineString(lines) => {
            let lines: Vec<_> = lines.0.iter().map(|line| line.0.clone()).collect();
            parts(&mut to, &lines);
        }
        Geometry::Polygon(polygon) => parts(&mut to, &rings(polygon)),
        Geometry::Rect(rect) => parts(&mut to, &rings(&rect.to_polygon())),
        Geometry::Triangle(triangle) => parts(&mut to, &rings(&triangle.to_polygon())),
        Geometry::MultiPolygon(polygons) => {
            let rings: Vec<_> = polygons.0.iter().flat_map(rings).collect();
            parts(&mut to, &rings);
        }
        Geometry::GeometryCollection(_) => {}
    }
    to
}

fn rings(polygon: &geo::Polygon<f64>) -> Vec<Vec<Coord<f64>>> {
    let polygon = polygon.orient(Direction::Reversed);
    let (exterior, interiors) = polygon.into_inner();
    std::iter::once(exterior)
        .chain(interiors)
        .map(|ring| ring.0)
        .collect()
}

fn parts(to: &mut Vec<u8>, parts: &[Vec<Coord<f64>>]) {
    let bounds = geo::MultiPoint::from(parts.concat()).bounding_rect();
    let zero = Coord { x: 0.0, y: 0.0 };
    put_bounds(to, bounds.unwrap_or_else(|| Rect::new(zero, zero)));
    count(to, parts.len());
    count(to, parts.iter().map(Vec::len).sum());
    let mut start = 0;
    for part in parts {
        count(to, start);
        start += part.len();
    }
    parts.iter().flatten().for_each(|coord| put(to, *coord));
}
