//! Geometry as a GeoPackage keeps it: the `GP` header and ISO WKB.
//!
//! OGC 12-128r17 §2.1.3. Written little-endian, with the envelope of everything
//! but points; read in either byte order, with Z and M dropped.

use geo::{
    BoundingRect, Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint,
    MultiPolygon, Point, Polygon, Rect,
};
use thiserror::Error;

/// Why a geometry blob cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The blob ends too early or lacks its header.
    #[error("图形数据不完整或已损坏 / the geometry is cut off or damaged")]
    Damaged,
    /// A kind of geometry that has no counterpart here.
    #[error(
        "不支持的图形类型 {0}（曲线、曲面或扩展类型），请先转换为折线或多边形 / geometry type {0} (curve, surface or extension) is not supported; convert it to lines or polygons first"
    )]
    Unsupported(u32),
    /// A geometry that the layer does not hold.
    #[error("图层只收{expected}，这是 {found} / the layer holds {expected} only, this is {found}")]
    WrongKind {
        /// What the layer holds.
        expected: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// A coordinate that is no number.
    #[error(
        "坐标不是有限数值，请修正后重试 / a coordinate is not a finite number; correct it and try again"
    )]
    NotFinite,
}

/// The blob of a geometry in a reference system.
///
/// # Errors
/// [`BlobError::NotFinite`] when a coordinate is NaN or infinite.
pub fn encode(geometry: &Geometry<f64>, srs_id: i32) -> Result<Vec<u8>, BlobError> {
    let body = encode_wkb(geometry)?;
    let bounds = match geometry {
        Geometry::Point(_) => None,
        other => other.bounding_rect(),
    };
    let empty = is_empty(geometry);
    let mut blob = Vec::with_capacity(40 + body.len());
    blob.extend_from_slice(b"GP\0");
    // Bit 0: little-endian; bits 1-3: envelope kind; bit 4: empty.
    blob.push(1 | u8::from(bounds.is_some()) << 1 | u8::from(empty) << 4);
    blob.extend_from_slice(&srs_id.to_le_bytes());
    if let Some(rect) = bounds {
        for edge in [rect.min().x, rect.max().x, rect.min().y, rect.max().y] {
            blob.extend_from_slice(&edge.to_le_bytes());
        }
    }
    blob.extend_from_slice(&body);
    Ok(blob)
}

/// The WKB of a geometry alone: what a blob has behind its header.
///
/// # Errors
/// As [`encode`].
pub fn encode_wkb(geometry: &Geometry<f64>) -> Result<Vec<u8>, BlobError> {
    let mut bytes = Vec::with_capacity(64);
    write_geometry(&mut bytes, geometry)?;
    Ok(bytes)
}

/// The geometry of a blob; `None` where it is empty.
///
/// # Errors
/// When the blob is damaged or holds a curve.
pub fn decode(blob: &[u8]) -> Result<Option<Geometry<f64>>, BlobError> {
    decode_wkb(header(blob)?.1)
}

/// The geometry of WKB; `None` where it is empty.
///
/// # Errors
/// As [`decode`].
pub fn decode_wkb(bytes: &[u8]) -> Result<Option<Geometry<f64>>, BlobError> {
    let geometry = Reader { bytes }.geometry(0)?;
    Ok((!is_empty(&geometry)).then_some(geometry))
}

/// Takes the parts of a geometry, as [`trace_wkb`] comes to them.
pub trait Pen {
    /// A place of the part that is being traced; x and y as they are stored.
    fn place(&mut self, at: Coord<f64>);
    /// The part that was being traced is whole.
    fn end(&mut self, part: Part);
}

/// What a part of a geometry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A point.
    Point,
    /// A line.
    Line,
    /// The outer ring of a polygon, closed.
    Exterior,
    /// A hole in the polygon of the ring before it.
    Hole,
}

/// Traces the geometry of WKB: [`decode_wkb`] without making one.
///
/// # Errors
/// As [`decode`]; what was traced until then stands.
pub fn trace_wkb(bytes: &[u8], pen: &mut impl Pen) -> Result<(), BlobError> {
    Reader { bytes }.trace(0, pen)
}

/// The bounds of a blob, from its header where that has them; `None` where it is empty.
///
/// # Errors
/// As [`decode`].
pub fn bounds(blob: &[u8]) -> Result<Option<Rect<f64>>, BlobError> {
    if let (Some([west, east, south, north]), _) = header(blob)? {
        let finite = [west, east, south, north]
            .iter()
            .all(|edge| edge.is_finite());
        return Ok(
            finite.then(|| Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north }))
        );
    }
    Ok(decode(blob)?.and_then(|geometry| geometry.bounding_rect()))
}

/// The envelope, where the header has one, and the WKB after it.
fn header(blob: &[u8]) -> Result<(Option<[f64; 4]>, &[u8]), BlobError> {
    let [b'G', b'P', _, flags, ..] = *blob else {
        return Err(BlobError::Damaged);
    };
    let little = flags & 1 == 1;
    let doubles = match flags >> 1 & 7 {
        0 => 0,
        1 => 4,
        2 | 3 => 6,
        4 => 8,
        _ => return Err(BlobError::Damaged),
    };
    let mut reader = Reader {
        bytes: blob.get(8..).ok_or(BlobError::Damaged)?,
    };
    let mut envelope = [0.0; 4];
    if doubles > 0 {
        for edge in &mut envelope {
            *edge = reader.double(little)?;
        }
    }
    // Heights and measures follow.
    for _ in 4..doubles {
        reader.double(little)?;
    }
    Ok(((doubles > 0).then_some(envelope), reader.bytes))
}

fn is_empty(geometry: &Geometry<f64>) -> bool {
    use geo::HasDimensions;
    match geometry {
        Geometry::Point(point) => point.x().is_nan(),
        other => other.is_empty(),
    }
}

/// What a geometry is, as WKB numbers it.
fn code(geometry: &Geometry<f64>) -> u32 {
    match geometry {
        Geometry::Point(_) => 1,
        Geometry::Line(_) | Geometry::LineString(_) => 2,
        Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => 3,
        Geometry::MultiPoint(_) => 4,
        Geometry::MultiLineString(_) => 5,
        Geometry::MultiPolygon(_) => 6,
        Geometry::GeometryCollection(_) => 7,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a geometry of four thousand million vertices does not fit in memory"
)]
fn count(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend_from_slice(&(length as u32).to_le_bytes());
}

fn write_coord(bytes: &mut Vec<u8>, coord: Coord<f64>) -> Result<(), BlobError> {
    if !(coord.x.is_finite() && coord.y.is_finite()) {
        return Err(BlobError::NotFinite);
    }
    bytes.extend_from_slice(&coord.x.to_le_bytes());
    bytes.extend_from_slice(&coord.y.to_le_bytes());
    Ok(())
}

fn write_coords(bytes: &mut Vec<u8>, line: &LineString<f64>) -> Result<(), BlobError> {
    count(bytes, line.0.len());
    line.0.iter().try_for_each(|at| write_coord(bytes, *at))
}

fn write_rings(bytes: &mut Vec<u8>, polygon: &Polygon<f64>) -> Result<(), BlobError> {
    if polygon.exterior().0.is_empty() {
        count(bytes, 0);
        return Ok(());
    }
    count(bytes, 1 + polygon.interiors().len());
    write_coords(bytes, polygon.exterior())?;
    polygon
        .interiors()
        .iter()
        .try_for_each(|ring| write_coords(bytes, ring))
}

fn start(bytes: &mut Vec<u8>, code: u32) {
    bytes.push(1);
    bytes.extend_from_slice(&code.to_le_bytes());
}

fn write_geometry(bytes: &mut Vec<u8>, geometry: &Geometry<f64>) -> Result<(), BlobError> {
    start(bytes, code(geometry));
    match geometry {
        Geometry::Point(point) => write_coord(bytes, point.0),
        Geometry::Line(line) => write_coords(bytes, &LineString(vec![line.start, line.end])),
        Geometry::LineString(line) => write_coords(bytes, line),
        Geometry::Polygon(polygon) => write_rings(bytes, polygon),
        Geometry::Rect(rect) => write_rings(bytes, &rect.to_polygon()),
        Geometry::Triangle(triangle) => write_rings(bytes, &triangle.to_polygon()),
        Geometry::MultiPoint(points) => {
            count(bytes, points.0.len());
            points.0.iter().try_for_each(|point| {
                start(bytes, 1);
                write_coord(bytes, point.0)
            })
        }
        Geometry::MultiLineString(lines) => {
            count(bytes, lines.0.len());
            lines.0.iter().try_for_each(|line| {
                start(bytes, 2);
                write_coords(bytes, line)
            })
        }
        Geometry::MultiPolygon(polygons) => {
            count(bytes, polygons.0.len());
            polygons.0.iter().try_for_each(|polygon| {
                start(bytes, 3);
                write_rings(bytes, polygon)
            })
        }
        Geometry::GeometryCollection(parts) => {
            count(bytes, parts.0.len());
            parts
                .0
                .iter()
                .try_for_each(|part| write_geometry(bytes, part))
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BlobError> {
        let (head, rest) = self
            .bytes
            .split_first_chunk::<N>()
            .ok_or(BlobError::Damaged)?;
        self.bytes = rest;
        Ok(*head)
    }

    fn double(&mut self, little: bool) -> Result<f64, BlobError> {
        let bytes = self.take::<8>()?;
        Ok(if little {
            f64::from_le_bytes(bytes)
        } else {
            f64::from_be_bytes(bytes)
        })
    }

    fn word(&mut self, little: bool) -> Result<u32, BlobError> {
        let bytes = self.take::<4>()?;
        Ok(if little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    /// A count of things that take at least `least` bytes each, so that a damaged
    /// count cannot ask for more memory than the blob could fill.
    fn length(&mut self, little: bool, least: usize) -> Result<usize, BlobError> {
        let length = self.word(little)? as usize;
        if length > self.bytes.len() / least {
            return Err(BlobError::Damaged);
        }
        Ok(length)
    }

    fn coord(&mut self, little: bool, extra: usize) -> Result<Coord<f64>, BlobError> {
        let coord = Coord {
            x: self.double(little)?,
            y: self.double(little)?,
        };
        for _ in 0..extra {
            self.double(little)?;
        }
        Ok(coord)
    }

    fn line(&mut self, little: bool, extra: usize) -> Result<LineString<f64>, BlobError> {
        (0..self.length(little, 16)?)
            .map(|_| self.coord(little, extra))
            .collect()
    }

    fn polygon(&mut self, little: bool, extra: usize) -> Result<Polygon<f64>, BlobError> {
        let mut rings = (0..self.length(little, 4)?)
            .map(|_| self.line(little, extra))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        Ok(Polygon::new(exterior, rings.collect()))
    }

    /// What begins a geometry: byte order, code, and ordinates beyond x and y.
    fn start(&mut self, depth: u8) -> Result<(bool, u32, usize), BlobError> {
        if depth > 8 {
            return Err(BlobError::Damaged);
        }
        let little = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            _ => return Err(BlobError::Damaged),
        };
        let (code, extra) = dimensions(self.word(little)?);
        Ok((little, code, extra))
    }

    fn trace(&mut self, depth: u8, pen: &mut impl Pen) -> Result<(), BlobError> {
        let (little, code, extra) = self.start(depth)?;
        match code {
            1 => {
                pen.place(self.coord(little, extra)?);
                pen.end(Part::Point);
            }
            2 => self.trace_line(little, extra, Part::Line, pen)?,
            3 => {
                for ring in 0..self.length(little, 4)? {
                    let part = if ring == 0 {
                        Part::Exterior
                    } else {
                        Part::Hole
                    };
                    self.trace_line(little, extra, part, pen)?;
                }
            }
            4..=7 => {
                for _ in 0..self.length(little, 9)? {
                    self.trace(depth + 1, pen)?;
                }
            }
            other => return Err(BlobError::Unsupported(other)),
        }
        Ok(())
    }

    fn trace_line(
        &mut self,
        little: bool,
        extra: usize,
        part: Part,
        pen: &mut impl Pen,
    ) -> Result<(), BlobError> {
        for _ in 0..self.length(little, 16)? {
            pen.place(self.coord(little, extra)?);
        }
        pen.end(part);
        Ok(())
    }

    fn geometry(&mut self, depth: u8) -> Result<Geometry<f64>, BlobError> {
        let (little, code, extra) = self.start(depth)?;
        Ok(match code {
            1 => Geometry::Point(Point(self.coord(little, extra)?)),
            2 => Geometry::LineString(self.line(little, extra)?),
            3 => Geometry::Polygon(self.polygon(little, extra)?),
            4..=7 => {
                let parts = (0..self.length(little, 9)?)
                    .map(|_| self.geometry(depth + 1))
                    .collect::<Result<Vec<_>, _>>()?;
                gather(code, parts)?
            }
            other => return Err(BlobError::Unsupported(other)),
        })
    }
}

/// The plain code and the number of ordinates beyond x and y, from ISO codes
/// (+1000 Z, +2000 M, +3000 both) and from the older high bits.
fn dimensions(raw: u32) -> (u32, usize) {
    let high = usize::from(raw & 0x8000_0000 != 0) + usize::from(raw & 0x4000_0000 != 0);
    let low = raw & 0x1fff_ffff;
    let iso = match low / 1000 {
        1 | 2 => 1,
        3 => 2,
        _ => 0,
    };
    (low % 1000, high + iso)
}

fn gather(code: u32, parts: Vec<Geometry<f64>>) -> Result<Geometry<f64>, BlobError> {
    fn all<T: TryFrom<Geometry<f64>>>(parts: Vec<Geometry<f64>>) -> Result<Vec<T>, BlobError> {
        parts
            .into_iter()
            .map(|part| T::try_from(part).map_err(|_| BlobError::Damaged))
            .collect()
    }
    Ok(match code {
        4 => Geometry::MultiPoint(MultiPoint(all::<Point<f64>>(parts)?)),
        5 => Geometry::MultiLineString(MultiLineString(all::<LineString<f64>>(parts)?)),
        6 => Geometry::MultiPolygon(MultiPolygon(all::<Polygon<f64>>(parts)?)),
        _ => Geometry::GeometryCollection(GeometryCollection(parts)),
    })
}

#[cfg(test)]
mod tests {
    use geo::line_string;
    use proptest::prelude::*;

    use super::*;

    fn coord() -> impl Strategy<Value = Coord<f64>> {
        (-180.0..180.0, -90.0..90.0).prop_map(|(x, y)| Coord { x, y })
    }

    fn line() -> impl Strategy<Value = LineString<f64>> {
        prop::collection::vec(coord(), 2..8).prop_map(LineString)
    }

    fn polygon() -> impl Strategy<Value = Polygon<f64>> {
        (line(), prop::collection::vec(line(), 0..3)).prop_map(|(out, ins)| Polygon::new(out, ins))
    }

    fn geometry() -> impl Strategy<Value = Geometry<f64>> {
        let simple = prop_oneof![
            coord().prop_map(|at| Geometry::Point(Point(at))),
            line().prop_map(Geometry::LineString),
            polygon().prop_map(Geometry::Polygon),
            prop::collection::vec(coord().prop_map(Point), 1..5)
                .prop_map(|points| Geometry::MultiPoint(MultiPoint(points))),
            prop::collection::vec(line(), 1..4)
                .prop_map(|lines| Geometry::MultiLineString(MultiLineString(lines))),
            prop::collection::vec(polygon(), 1..4)
                .prop_map(|parts| Geometry::MultiPolygon(MultiPolygon(parts))),
        ];
        simple.prop_recursive(2, 8, 3, |inner| {
            prop::collection::vec(inner, 1..3)
                .prop_map(|parts| Geometry::GeometryCollection(GeometryCollection(parts)))
        })
    }

    /// The parts of a geometry, one after the other.
    #[derive(Debug, Default, PartialEq)]
    struct Traced {
        open: Vec<Coord<f64>>,
        parts: Vec<(Part, Vec<Coord<f64>>)>,
    }

    impl Pen for Traced {
        fn place(&mut self, at: Coord<f64>) {
            self.open.push(at);
        }

        fn end(&mut self, part: Part) {
            self.parts.push((part, std::mem::take(&mut self.open)));
        }
    }

    impl Traced {
        fn follow(&mut self, geometry: &Geometry<f64>) {
            let mut add = |part, line: &LineString<f64>| self.parts.push((part, line.0.clone()));
            match geometry {
                Geometry::Point(point) => add(Part::Point, &LineString(vec![point.0])),
                Geometry::LineString(line) => add(Part::Line, line),
                Geometry::Polygon(polygon) => {
                    add(Part::Exterior, polygon.exterior());
                    (polygon.interiors().iter()).for_each(|hole| add(Part::Hole, hole));
                }
                Geometry::MultiPoint(parts) => {
                    (parts.iter()).for_each(|&part| self.follow(&part.into()));
                }
                Geometry::MultiLineString(parts) => {
                    (parts.iter()).for_each(|part| self.follow(&part.clone().into()));
                }
                Geometry::MultiPolygon(parts) => {
                    (parts.iter()).for_each(|part| self.follow(&part.clone().into()));
                }
                Geometry::GeometryCollection(parts) => {
                    parts.iter().for_each(|part| self.follow(part));
                }
                other => unreachable!("{other:?} is not made here"),
            }
        }
    }

    proptest! {
        #[test]
        fn a_geometry_comes_back_as_it_went(geometry in geometry(), srs in any::<i32>()) {
            let blob = encode(&geometry, srs).unwrap();
            prop_assert_eq!(&blob[4..8], srs.to_le_bytes());
            prop_assert_eq!(bounds(&blob).unwrap(), geometry.bounding_rect());
            let mut traced = Traced::default();
            let wkb = encode_wkb(&geometry).unwrap();
            prop_assert!(blob.ends_with(&wkb));
            trace_wkb(&wkb, &mut traced).unwrap();
            let mut same = Traced::default();
            same.follow(&geometry);
            prop_assert_eq!(traced, same);
            prop_assert_eq!(decode(&blob).unwrap(), Some(geometry));
        }

        #[test]
        fn what_is_cut_off_or_scrambled_is_refused_or_read_but_never_panics(
            geometry in geometry(),
            cut in 0_usize..400,
            scrambled in prop::collection::vec((0_usize..400, any::<u8>()), 0..4),
        ) {
            let mut blob = encode(&geometry, 4490).unwrap();
            let whole = blob.len();
            blob.truncate(cut);
            if cut < whole {
                prop_assert_eq!(decode(&blob), Err(BlobError::Damaged));
            }
            for (at, byte) in scrambled {
                if let Some(place) = blob.get_mut(at) {
                    *place = byte;
                }
            }
            let _ = (decode(&blob), bounds(&blob));
        }
    }

    #[test]
    fn heights_and_measures_are_dropped_in_either_byte_order() {
        for (code, extra) in [
            (1002_u32, 1),
            (2002, 1),
            (3002, 2),
            (0x8000_0002, 1),
            (0xc000_0002, 2),
        ] {
            for little in [true, false] {
                let word = |word: u32| {
                    if little {
                        word.to_le_bytes()
                    } else {
                        word.to_be_bytes()
                    }
                };
                let double = |number: f64| {
                    if little {
                        number.to_le_bytes()
                    } else {
                        number.to_be_bytes()
                    }
                };
                let mut blob = vec![
                    b'G',
                    b'P',
                    0,
                    u8::from(little),
                    0,
                    0,
                    0,
                    0,
                    u8::from(little),
                ];
                blob.extend(word(code));
                blob.extend(word(2));
                for (x, y) in [(1.0, 2.0), (3.0, 4.0)] {
                    blob.extend(double(x));
                    blob.extend(double(y));
                    for _ in 0..extra {
                        blob.extend(double(9.0));
                    }
                }
                assert_eq!(
                    decode(&blob).unwrap(),
                    Some(line_string![(x: 1.0, y: 2.0), (x: 3.0, y: 4.0)].into()),
                    "{code} {little}"
                );
            }
        }
    }

    #[test]
    fn curves_and_numbers_that_are_none_are_refused() {
        let mut curve = b"GP\0\x01\0\0\0\0\x01".to_vec();
        curve.extend(8_u32.to_le_bytes());
        assert_eq!(decode(&curve), Err(BlobError::Unsupported(8)));
        let nowhere = Geometry::Point(Point::new(f64::NAN, 1.0));
        assert_eq!(encode(&nowhere, 0), Err(BlobError::NotFinite));
    }
}
