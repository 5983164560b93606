//! Features as GeoJSON, written without an intermediate tree.

use std::io::{self, Write};

use geo::{Area, Coord, Geometry, LineString, Polygon};

use super::super::crs::Projection;
use crate::policy::View;

/// Writes features of one layer.
pub(crate) struct FeatureWriter<'a> {
    /// Positions of the fields that are given; all where none are named.
    pub(crate) properties: Option<&'a [usize]>,
    /// The system of the coordinates.
    pub(crate) projection: &'a Projection,
}

impl FeatureWriter<'_> {
    /// Writes one feature up to its closing brace, so that members may follow.
    ///
    /// # Errors
    /// When the geometry cannot be turned into the system.
    pub(crate) fn open(&self, out: &mut Vec<u8>, view: &View<'_>) -> io::Result<()> {
        out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":");
        json(out, view.id())?;
        out.extend_from_slice(b",\"geometry\":");
        match view.geometry() {
            None => out.extend_from_slice(b"null"),
            Some(geometry) => {
                let geometry = self
                    .projection
                    .project(geometry)
                    .map_err(io::Error::other)?;
                self.geometry(out, &geometry)?;
            }
        }
        out.extend_from_slice(b",\"properties\":{");
        let mut first = true;
        let mut property = |out: &mut Vec<u8>, (field, seen): (&yizhangtu_data::Field, _)| {
            if !std::mem::replace(&mut first, false) {
                out.push(b',');
            }
            json(out, &field.name)?;
            out.push(b':');
            json(out, &seen)
        };
        match self.properties {
            None => view.fields().try_for_each(|pair| property(out, pair))?,
            Some(positions) => (positions.iter())
                .map(|position| (view.field(*position), view.at(*position)))
                .try_for_each(|pair| property(out, pair))?,
        }
        out.push(b'}');
        Ok(())
    }

    /// Writes one feature.
    ///
    /// # Errors
    /// As [`FeatureWriter::open`].
    pub(crate) fn feature(&self, out: &mut Vec<u8>, view: &View<'_>) -> io::Result<()> {
        self.open(out, view)?;
        out.push(b'}');
        Ok(())
    }

    fn geometry(&self, out: &mut Vec<u8>, geometry: &Geometry<f64>) -> io::Result<()> {
        let single =
            |out: &mut Vec<u8>, kind: &str| write!(out, "{{\"type\":\"{kind}\",\"coordinates\":");
        match geometry {
            Geometry::Point(point) => {
                single(out, "Point")?;
                self.coordinate(out, point.0)?;
            }
            Geometry::MultiPoint(points) => {
                single(out, "MultiPoint")?;
                list(out, points.iter(), |out, point| {
                    self.coordinate(out, point.0)
                })?;
            }
            Geometry::Line(line) => {
                single(out, "LineString")?;
                list(out, [line.start, line.end], |out, at| {
                    self.coordinate(out, at)
                })?;
            }
            Geometry::LineString(line) => {
                single(out, "LineString")?;
                self.line(out, line, false)?;
            }
            Geometry::MultiLineString(lines) => {
                single(out, "MultiLineString")?;
                list(out, lines.iter(), |out, line| self.line(out, line, false))?;
            }
            Geometry::Polygon(polygon) => {
                single(out, "Polygon")?;
                self.polygon(out, polygon)?;
            }
            Geometry::MultiPolygon(polygons) => {
                single(out, "MultiPolygon")?;
                list(out, polygons.iter(), |out, polygon| {
                    self.polygon(out, polygon)
                })?;
            }
            Geometry::Rect(rect) => {
                single(out, "Polygon")?;
                self.polygon(out, &rect.to_polygon())?;
            }
            Geometry::Triangle(triangle) => {
                single(out, "Polygon")?;
                self.polygon(out, &triangle.to_polygon())?;
            }
            Geometry::GeometryCollection(parts) => {
                out.extend_from_slice(b"{\"type\":\"GeometryCollection\",\"geometries\":");
                list(out, parts.iter(), |out, part| self.geometry(out, part))?;
            }
        }
        out.push(b'}');
        Ok(())
    }

    /// Outer rings anticlockwise, holes clockwise (RFC 7946 §3.1.6).
    fn polygon(&self, out: &mut Vec<u8>, polygon: &Polygon<f64>) -> io::Result<()> {
        let rings = std::iter::once((polygon.exterior(), true))
            .chain(polygon.interiors().iter().map(|ring| (ring, false)));
        list(out, rings, |out, (ring, outer)| {
            let area = Polygon::new(ring.clone(), Vec::new()).signed_area();
            self.line(out, ring, (area < 0.0) == outer)
        })
    }

    fn line(&self, out: &mut Vec<u8>, line: &LineString<f64>, reversed: bool) -> io::Result<()> {
        if reversed {
            list(out, line.0.iter().rev(), |out, at| {
                self.coordinate(out, *at)
            })
        } else {
            list(out, line.0.iter(), |out, at| self.coordinate(out, *at))
        }
    }

    fn coordinate(&self, out: &mut Vec<u8>, at: Coord<f64>) -> io::Result<()> {
        let Coord { mut x, mut y } = at;
        if self.projection.north_first {
            std::mem::swap(&mut x, &mut y);
        }
        out.push(b'[');
        json(out, &x)?;
        out.push(b',');
        json(out, &y)?;
        out.push(b']');
        Ok(())
    }
}

/// A feature in longitude and latitude as a tree, for answers that hold few.
///
/// # Errors
/// When a coordinate cannot be written as JSON.
pub(crate) fn feature_json(view: &View<'_>) -> io::Result<serde_json::Value> {
    let projection = Projection::stored();
    let writer = FeatureWriter {
        properties: None,
        projection: &projection,
    };
    let mut out = Vec::new();
    writer.feature(&mut out, view)?;
    serde_json::from_slice(&out).map_err(io::Error::other)
}

/// Writes a value as JSON.
pub(crate) fn json(out: &mut Vec<u8>, value: &(impl serde::Serialize + ?Sized)) -> io::Result<()> {
    serde_json::to_writer(out, value).map_err(io::Error::other)
}

fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T) -> io::Result<()>,
) -> io::Result<()> {
    out.push(b'[');
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(out, item)?;
    }
    out.push(b']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use geo::{line_string, polygon};

    use super::*;

    fn written(geometry: &Geometry<f64>, projection: &Projection) -> String {
        let mut out = Vec::new();
        let writer = FeatureWriter {
            properties: None,
            projection,
        };
        writer.geometry(&mut out, geometry).expect("a geometry");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn rings_turn_as_the_standard_says() {
        let clockwise = polygon!(
            exterior: [(x: 0., y: 0.), (x: 0., y: 4.), (x: 4., y: 4.), (x: 4., y: 0.)],
            interiors: [[(x: 1., y: 1.), (x: 2., y: 1.), (x: 2., y: 2.), (x: 1., y: 2.)]]
        );
        assert_eq!(
            written(&clockwise.into(), &Projection::stored()),
            "{\"type\":\"Polygon\",\"coordinates\":[[[0.0,0.0],[4.0,0.0],[4.0,4.0],[0.0,4.0],\
             [0.0,0.0]],[[1.0,1.0],[1.0,2.0],[2.0,2.0],[2.0,1.0],[1.0,1.0]]]}"
        );
    }

    #[test]
    fn what_is_written_reads_back() {
        let line: Geometry<f64> =
            line_string![(x: 113.123456789, y: 23.1), (x: 1e-9, y: -5.)].into();
        let text = written(&line, &Projection::stored());
        let read: geojson::Geometry = text.parse().expect("GeoJSON");
        assert_eq!(Geometry::<f64>::try_from(read).expect("a geometry"), line);
    }
}
