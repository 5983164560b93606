//! How features look on paper: the catalog's one table of styles, as the page draws it.

use std::collections::BTreeMap;

use yizhangtu_data::{Catalog, Layer, Record, Value, catalog::CodeList};

use crate::print::{Color, Paint, Stroke};

/// Millimetres of a pixel of the catalog's widths: finer than a screen's 0.26, as print is.
const PIXEL: f64 = 0.15;

/// The paper under everything.
pub(super) const GROUND: Color = Color([0xFB, 0xFA, 0xF7]);

/// The look of one layer.
pub(super) struct Symbol<'a> {
    layer: &'a Layer,
    /// The field that colours it, its list and the colours by code.
    by: Option<(usize, &'a CodeList, BTreeMap<&'a str, Color>)>,
    color: Color,
    outline: Option<Color>,
    opacity: f64,
    width: f64,
    dash: Vec<f64>,
}

impl<'a> Symbol<'a> {
    /// The look of a layer; none for one that is not drawn.
    pub(super) fn of(layer: &'a Layer, catalog: &'a Catalog) -> Option<Self> {
        let style = layer.style.as_ref()?;
        let parse = |color: &str| Color::parse(color).unwrap_or(Color::GREY);
        let by = style.color_by.as_deref().and_then(|name| {
            let at = layer.position(name)?;
            let list = catalog.code_list(layer.fields[at].code_list.as_deref()?)?;
            Some((at, &**list, code_colors(list)))
        });
        let width = style.width * PIXEL;
        // Neighbours draw a shared border twice, out of step: partitions get a whole line.
        let dash = style.dash.as_ref().filter(|_| !layer.partition);
        Some(Self {
            layer,
            by,
            color: parse(&style.color),
            outline: style.outline.as_deref().map(parse),
            opacity: style.fill_opacity,
            width,
            dash: dash.map_or_else(Vec::new, |dash| {
                dash.iter().map(|length| length * width).collect()
            }),
        })
    }

    /// The look of an area.
    pub(super) fn area(&self, record: &Record) -> Paint {
        let color = self.color(record);
        let outline = self.outline.unwrap_or_else(|| darkened(color, 0.25));
        Paint {
            fill: (self.opacity > 0.0).then_some((color, self.opacity)),
            stroke: (self.width > 0.0).then(|| self.stroke(outline, self.width)),
        }
    }

    /// The looks of a line from below: its casing, where it has one, and the line. The width
    /// on the ground, in millimetres of the paper, takes the catalog's place where known.
    pub(super) fn line(&self, record: &Record, ground: Option<f64>) -> Vec<Stroke> {
        let width = ground.map_or(self.width, |ground| ground.max(self.width));
        let casing = self.outline.filter(|_| self.dash.is_empty());
        let casing = casing.map(|color| self.stroke(color, width + 0.25));
        let line = self.stroke(self.color(record), width);
        casing.into_iter().chain([line]).collect()
    }

    /// The look and radius of a point.
    pub(super) fn point(&self, record: &Record) -> (Paint, f64) {
        let paint = Paint {
            fill: Some((self.color(record), 1.0)),
            stroke: Some(Stroke::new(self.outline.unwrap_or(Color::WHITE), 0.15)),
        };
        (paint, self.width.max(PIXEL * 4.0))
    }

    /// The legend: each code that occurs in some records, with how often; one line without a
    /// code for a layer of one colour.
    pub(super) fn legend<'r>(
        &self,
        records: impl Iterator<Item = &'r Record>,
    ) -> Vec<(String, Color, usize)> {
        let Some((at, list, colors)) = &self.by else {
            return vec![(self.layer.title.zh.clone(), self.color, records.count())];
        };
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for record in records {
            *counts.entry(code(&record.values[*at])).or_default() += 1;
        }
        let mut lines = Vec::new();
        for own in &list.codes {
            if let Some(count) = counts.remove(&own.code) {
                let color = colors.get(own.code.as_str()).copied();
                lines.push((own.label.zh.clone(), color.unwrap_or(self.color), count));
            }
        }
        let rest = counts.into_values().sum::<usize>();
        if rest > 0 {
            lines.push(("其他".to_owned(), self.color, rest));
        }
        lines
    }

    fn color(&self, record: &Record) -> Color {
        let by = self.by.as_ref();
        by.and_then(|(at, _, colors)| colors.get(code(&record.values[*at]).as_str()).copied())
            .unwrap_or(self.color)
    }

    fn stroke(&self, color: Color, width: f64) -> Stroke {
        Stroke {
            color,
            width,
            dash: self.dash.clone(),
        }
    }
}

fn code(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Integer(number) => number.to_string(),
        _ => String::new(),
    }
}

fn code_colors(list: &CodeList) -> BTreeMap<&str, Color> {
    let parse = |color| Color::parse(color).unwrap_or(Color::GREY);
    (list.colors().into_iter())
        .map(|(code, color)| (code, parse(color)))
        .collect()
}

/// A colour darkened by a share.
fn darkened(Color(parts): Color, share: f64) -> Color {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "less than it was"
    )]
    Color(parts.map(|part| (f64::from(part) * (1.0 - share)).round() as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_of_the_catalog_has_a_look() {
        let catalog = Catalog::embedded();
        for layer in catalog.layers.iter().filter(|layer| layer.style.is_some()) {
            let symbol = Symbol::of(layer, &catalog).unwrap();
            let record = Record::new(layer, "x");
            let paint = symbol.area(&record);
            assert!(
                paint.fill.is_some() || paint.stroke.is_some() || symbol.width == 0.0,
                "{}",
                layer.id
            );
        }
    }

    #[test]
    fn a_house_has_the_colour_of_its_use() {
        let catalog = Catalog::embedded();
        let layer = catalog.layer("building").unwrap();
        let symbol = Symbol::of(layer, &catalog).unwrap();
        let list = catalog.code_list("building_use").unwrap();
        let mut record = Record::new(layer, "x");
        record.set(layer, "use", list.codes[0].code.as_str());
        let own = Color::parse(list.codes[0].color.as_deref().unwrap()).unwrap();
        assert_eq!(symbol.area(&record).fill.unwrap().0, own);
        let legend = symbol.legend([&record, &record].into_iter());
        assert_eq!(legend, [(list.codes[0].label.zh.clone(), own, 2)]);
    }
}
