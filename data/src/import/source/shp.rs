//! The shapes of a shapefile (ESRI, July 1998). Z and M are left out.

use std::io::{self, Read};

use geo::{
    Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon,
    Winding,
    coordinate_position::{CoordPos, CoordinatePosition},
};

use super::Shape;
use crate::Text;

/// A shape above this many bytes is no shape of a village.
const LARGEST: usize = 512 << 20;

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "shp")
}

/// Reads the head, and gives the length in bytes that it states.
pub(super) fn head(reader: &mut impl Read) -> io::Result<u64> {
    let mut head = [0_u8; 100];
    reader.read_exact(&mut head)?;
    if i32::from_be_bytes([head[0], head[1], head[2], head[3]]) != 9994 {
        return Err(damaged());
    }
    let words = u32::from_be_bytes([head[24], head[25], head[26], head[27]]);
    Ok(u64::from(words) * 2)
}

/// The next shape; `None` at the end of the file.
pub(super) fn next(reader: &mut impl Read) -> io::Result<Option<Shape>> {
    let mut head = [0_u8; 8];
    if !fill(reader, &mut head)? {
        return Ok(None);
    }
    let words = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
    let length = words as usize * 2;
    if !(4..=LARGEST).contains(&length) {
        return Err(damaged());
    }
    // Not taken at its word: a damaged length must not reserve memory.
    let mut body = Vec::new();
    reader.by_ref().take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    shape(&body).map(Some)
}

/// Whether the buffer could be filled; an end right at its beginning is the file's end.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 if filled == 0 => return Ok(false),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => filled += read,
        }
    }
    Ok(true)
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*head)
    }

    fn count(&mut self) -> io::Result<usize> {
        let count = i32::from_le_bytes(self.take()?);
        let count = usize::try_from(count).map_err(|_| damaged())?;
        // Each thing counted takes four bytes at least.
        if count > self.0.len() / 4 {
            return Err(damaged());
        }
        Ok(count)
    }

    fn place(&mut self) -> io::Result<Coord> {
        Ok(Coord {
            x: f64::from_le_bytes(self.take()?),
            y: f64::from_le_bytes(self.take()?),
        })
    }

    fn places(&mut self, count: usize) -> io::Result<Vec<Coord>> {
        if count > self.0.len() / 16 {
            return Err(damaged());
        }
        (0..count).map(|_| self.place()).collect()
    }

    /// The parts of a line or an area.
    fn parts(&mut self) -> io::Result<Vec<Vec<Coord>>> {
        self.take::<32>()?;
        let (parts, points) = (self.count()?, self.count()?);
        let starts: Vec<usize> = (0..parts)
            .map(|_| usize::try_from(i32::from_le_bytes(self.take()?)).map_err(|_| damaged()))
            .collect::<io::Result<_>>()?;
        let places = self.places(points)?;
        starts
            .iter()
            .enumerate()
            .map(|(at, start)| {
                let end = starts.get(at + 1).copied().unwrap_or(points);
                places
                    .get(*start..end)
                    .map(<[Coord]>::to_vec)
                    .ok_or_else(damaged)
            })
            .collect()
    }
}

fn shape(body: &[u8]) -> io::Result<Shape> {
    let mut bytes = Bytes(body);
    let geometry = match i32::from_le_bytes(bytes.take()?) {
        0 => return Ok(Shape::None),
        1 | 11 | 21 => Geometry::Point(Point(bytes.place()?)),
        8 | 18 | 28 => {
            bytes.take::<32>()?;
            let count = bytes.count()?;
            Geometry::MultiPoint(MultiPoint(
                bytes.places(count)?.into_iter().map(Point).collect(),
            ))
        }
        3 | 13 | 23 => Geometry::MultiLineString(MultiLineString(
            bytes.parts()?.into_iter().map(LineString).collect(),
        )),
        5 | 15 | 25 => {
            let mut rings = Vec::new();
            let mut closed = false;
            for part in bytes.parts()? {
                let metres = part.iter().any(|c| c.x.abs() > 360.0);
                match crate::geometry::ring(part, metres) {
                    Ok((ring, was_open)) => {
                        closed |= was_open;
                        rings.push(ring);
                    }
                    Err(error) => {
                        return Ok(Shape::Bad(super::json_geometry::split(&error.to_string())));
                    }
                }
            }
            let areas = Geometry::MultiPolygon(assemble(rings));
            return Ok(if closed {
                Shape::Closed(areas)
            } else {
                Shape::Some(areas)
            });
        }
        other => {
            return Ok(Shape::Bad(Text {
                zh: format!("不支持的图形类型 {other}（如多面体），请先转换为面"),
                en: format!(
                    "shape type {other} (such as a multipatch) is not supported; convert it to polygons first"
                ),
            }));
        }
    };
    Ok(Shape::Some(geometry))
}

/// Outer rings run clockwise, holes counterclockwise; a hole belongs to the smallest
/// outer ring around it. A file that winds everything the other way is taken as meant.
fn assemble(rings: Vec<LineString<f64>>) -> MultiPolygon<f64> {
    if rings.len() == 1 {
        return MultiPolygon(
            rings
                .into_iter()
                .map(|ring| Polygon::new(ring, Vec::new()))
                .collect(),
        );
    }
    let (outers, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|ring| !ring.is_ccw());
    let (outers, holes) = if outers.is_empty() {
        (holes, outers)
    } else {
        (outers, holes)
    };
    let mut polygons: Vec<Polygon<f64>> = outers
        .into_iter()
        .map(|ring| Polygon::new(ring, Vec::new()))
        .collect();
    for hole in holes {
        let around = |polygon: &Polygon<f64>| {
            hole.0
                .iter()
                .find_map(|place| match polygon.coordinate_position(place) {
                    CoordPos::Inside => Some(true),
                    CoordPos::Outside => Some(false),
                    CoordPos::OnBoundary => None,
                })
                == Some(true)
        };
        use geo::Area;
        let home = polygons
            .iter_mut()
            .filter(|polygon| around(&Polygon::new(polygon.exterior().clone(), Vec::new())))
            .min_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()));
        match home {
            Some(polygon) => polygon.interiors_push(hole),
            // An outer ring wound the wrong way: kept, and judged with the whole.
            None => polygons.push(Polygon::new(hole, Vec::new())),
        }
    }
    MultiPolygon(polygons)
}
