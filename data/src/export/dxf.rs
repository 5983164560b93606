//! AutoCAD drawing exchange, release 12: what every CAD program reads.
//!
//! One layer for the shapes and one for the labels; shapes that the map colours by a code have a
//! layer a class (`0703_农村宅基地`), which is what the drawing is read by again. Texts are GBK, as
//! the code page in the header says; east is X and north is Y.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Write as _},
    path::PathBuf,
    sync::Arc,
};

use geo::{Coord, Geometry, InteriorPoint, LineString, Polygon};

use super::{ExportError, Losses, Setting, csv::coordinate_names, disk, text::text};
use crate::{Catalog, Field, Layer, Record, catalog::Code};

/// Height of labels in metres.
const LETTER: f64 = 2.5;

pub(super) struct Writer {
    to: BufWriter<File>,
    path: PathBuf,
    layer: Arc<Layer>,
    catalog: Arc<Catalog>,
    /// The drawing's layer of shapes that have no class.
    shapes: String,
    /// The field whose code says which layer a shape is on.
    class: Option<Field>,
    /// The drawing's layer of labels.
    labels: String,
    letter: f64,
}

impl Writer {
    pub(super) fn new(setting: &Setting<'_>, losses: &mut Losses) -> Result<Self, ExportError> {
        let path = setting.path.clone();
        let file = File::create(&path).map_err(|error| disk(&path, error))?;
        losses.always(
            None,
            "DXF 只有图形和注记，不带属性",
            "DXF holds shapes and labels, no attributes",
        );
        let shapes = layer_name(&setting.layer.title.zh);
        let degrees = coordinate_names(&setting.crs)[0] == "lon";
        let by = setting
            .layer
            .style
            .as_ref()
            .and_then(|own| own.color_by.as_ref());
        let class = by.and_then(|by| setting.layer.field(by));
        let class = class.filter(|field| field.code_list.is_some()).cloned();
        let mut writer = Self {
            catalog: Arc::clone(setting.catalog),
            class,
            to: BufWriter::new(file),
            path,
            layer: Arc::clone(setting.layer),
            labels: format!("{shapes}_注记"),
            shapes,
            letter: if degrees { LETTER / 111_000.0 } else { LETTER },
        };
        let list = writer.class.as_ref().and_then(|own| own.code_list.as_ref());
        let list = list.and_then(|list| setting.catalog.code_list(list));
        let classes = list.iter().flat_map(|list| list.codes.iter());
        let names: Vec<String> = [writer.shapes.clone(), writer.labels.clone()]
            .into_iter()
            .chain(classes.map(class_name))
            .collect();
        let mut head = format!(
            "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1009\n9\n$DWGCODEPAGE\n3\nANSI_936\n0\nENDSEC\n0\nSECTION\n2\nTABLES\n0\nTABLE\n2\nLAYER\n70\n{}\n",
            names.len()
        );
        for name in &names {
            let _ = write!(head, "0\nLAYER\n2\n{name}\n70\n0\n62\n7\n6\nCONTINUOUS\n");
        }
        head.push_str("0\nENDTAB\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n");
        writer.put(&head)?;
        Ok(writer)
    }

    fn put(&mut self, text: &str) -> Result<(), ExportError> {
        let (bytes, _, _) = encoding_rs::GBK.encode(text);
        self.to
            .write_all(&bytes)
            .map_err(|error| disk(&self.path, error))
    }

    /// The drawing's layer that a feature is on.
    fn layer_of(&self, row: &Record) -> String {
        let class = self.class.as_ref().and_then(|field| {
            let code = row.get(&self.layer, &field.name).as_text()?;
            let chosen = field.code_list_when.as_ref().and_then(|when| {
                let value = row.get(&self.layer, &when.field).as_text()?;
                when.lists.get(value)
            });
            let list = self
                .catalog
                .code_list(chosen.or(field.code_list.as_ref())?)?;
            Some(list.get(code).map_or_else(|| layer_name(code), class_name))
        });
        class.unwrap_or_else(|| self.shapes.clone())
    }

    fn line(to: &mut String, layer: &str, line: &LineString<f64>, closed: bool) {
        let closed = closed || line.is_closed();
        let _ = write!(
            to,
            "0\nPOLYLINE\n8\n{layer}\n66\n1\n70\n{}\n10\n0.0\n20\n0.0\n30\n0.0\n",
            i32::from(closed)
        );
        // A closed polyline returns to its start by itself.
        let kept = line.0.len() - usize::from(closed && line.is_closed() && line.0.len() > 1);
        for at in &line.0[..kept] {
            let _ = write!(
                to,
                "0\nVERTEX\n8\n{layer}\n10\n{}\n20\n{}\n30\n0.0\n",
                at.x, at.y
            );
        }
        let _ = write!(to, "0\nSEQEND\n8\n{layer}\n");
    }

    fn polygon(to: &mut String, layer: &str, polygon: &Polygon<f64>, losses: &mut Losses) {
        Self::line(to, layer, polygon.exterior(), true);
        for hole in polygon.interiors() {
            losses.count(
                None,
                "内环写成单独的多段线",
                "holes are written as polylines of their own",
            );
            Self::line(to, layer, hole, true);
        }
    }

    fn shape(to: &mut String, layer: &str, geometry: &Geometry<f64>, losses: &mut Losses) {
        match geometry {
            Geometry::Point(point) => {
                let Coord { x, y } = point.0;
                let _ = write!(to, "0\nPOINT\n8\n{layer}\n10\n{x}\n20\n{y}\n30\n0.0\n");
            }
            Geometry::Line(line) => {
                Self::line(to, layer, &LineString(vec![line.start, line.end]), false);
            }
            Geometry::LineString(line) => Self::line(to, layer, line, false),
            Geometry::Polygon(polygon) => Self::polygon(to, layer, polygon, losses),
            Geometry::Rect(rect) => Self::polygon(to, layer, &rect.to_polygon(), losses),
            Geometry::Triangle(own) => Self::polygon(to, layer, &own.to_polygon(), losses),
            Geometry::MultiPoint(points) => {
                for point in &points.0 {
                    Self::shape(to, layer, &Geometry::Point(*point), losses);
                }
            }
            Geometry::MultiLineString(lines) => {
                for line in &lines.0 {
                    Self::line(to, layer, line, false);
                }
            }
            Geometry::MultiPolygon(polygons) => {
                for polygon in &polygons.0 {
                    Self::polygon(to, layer, polygon, losses);
                }
            }
            Geometry::GeometryCollection(parts) => {
                for part in &parts.0 {
                    Self::shape(to, layer, part, losses);
                }
            }
        }
    }
}

impl super::Writer for Writer {
    fn write(&mut self, row: &Record, losses: &mut Losses) -> Result<(), ExportError> {
        let Some(geometry) = &row.geometry else {
            losses.count(
                None,
                "没有图形的要素未写入",
                "features without geometry are left out",
            );
            return Ok(());
        };
        let mut entities = String::new();
        Self::shape(&mut entities, &self.layer_of(row), geometry, losses);
        let label = self.layer.label.as_ref().or(self.layer.code.as_ref());
        let label = label.map(|field| text(row.get(&self.layer, field)));
        if let (Some(label), Some(at)) = (label, geometry.interior_point())
            && !label.is_empty()
        {
            let (layer, height) = (&self.labels, self.letter);
            let (x, y) = at.x_y();
            // A line break would end the group.
            let label: String = label
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            if encoding_rs::GBK.encode(&label).2 {
                losses.count(
                    self.layer.label.as_deref(),
                    "GBK 没有的字写成“?”",
                    "characters that GBK lacks are written as “?”",
                );
            }
            let label: String = label
                .chars()
                .map(|c| {
                    let mut buffer = [0; 4];
                    let known = !encoding_rs::GBK.encode(c.encode_utf8(&mut buffer)).2;
                    if known { c } else { '?' }
                })
                .collect();
            let _ = write!(
                entities,
                "0\nTEXT\n8\n{layer}\n10\n{x}\n20\n{y}\n30\n0.0\n40\n{height}\n1\n{label}\n"
            );
        }
        self.put(&entities)
    }

    fn finish(mut self: Box<Self>, _: &mut Losses) -> Result<Vec<PathBuf>, ExportError> {
        self.put("0\nENDSEC\n0\nEOF\n")?;
        self.to.flush().map_err(|error| disk(&self.path, error))?;
        Ok(vec![self.path])
    }
}

/// The drawing's layer of a class: its code, and its name where CAD programs take it as it is.
fn class_name(code: &Code) -> String {
    let name = &code.label.zh;
    if *name == code.code || layer_name(name) != *name {
        layer_name(&code.code)
    } else {
        format!("{}_{name}", layer_name(&code.code))
    }
}

/// A layer's name without the letters that CAD programs refuse.
fn layer_name(title: &str) -> String {
    title
        .chars()
        .map(|c| {
            if "<>/\\\":;?*|=`, ".contains(c) || c.is_control() {
                '_'
            } else {
                c
            }
        })
        .collect()
}
