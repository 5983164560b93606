//! The style layers of one layer of the catalog, from bottom to top.

use serde_json::{Value, json};
use yizhangtu_data::{
    Catalog, FieldKind, GeometryKind, Layer,
    catalog::{CodeList, Style},
};

use super::{color::darkened, name};

/// Metres along the equator.
const EQUATOR: f64 = 40_075_016.685_578_49;

/// The source of a layer's tiles.
pub(super) fn source(layer: &Layer) -> String {
    format!("layer:{}", layer.id)
}

/// What the drawing of a layer is made from.
pub(super) struct Drawing<'a> {
    pub(super) layer: &'a Layer,
    pub(super) style: &'a Style,
    /// The field that colours, and its codes with their colours.
    by: Option<(&'a str, bool, &'a CodeList)>,
    /// Metres of a pixel at zoom 0 in the middle of the map.
    pub(super) metres_a_pixel: f64,
    /// Whether features are merged from afar.
    merged: bool,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(
        layer: &'a Layer,
        style: &'a Style,
        catalog: &'a Catalog,
        latitude: f64,
        merged: bool,
    ) -> Self {
        let field = style.color_by.as_deref().and_then(|by| layer.field(by));
        let by = field.and_then(|field| {
            let list = catalog.code_list(field.code_list.as_deref()?)?;
            let text = !matches!(field.kind, FieldKind::Integer | FieldKind::Decimal);
            Some((field.name.as_str(), text, &**list))
        });
        Self {
            layer,
            style,
            by: by.filter(|(_, _, list)| !list.codes.is_empty()),
            metres_a_pixel: EQUATOR * latitude.to_radians().cos() / 512.0,
            merged,
        }
    }

    /// Areas, lines and points: whichever the layer has.
    pub(super) fn shapes(&self) -> Vec<Value> {
        use GeometryKind::{Any, Line, Point, Polygon};
        let kind = self.layer.geometry;
        let mut shapes = Vec::new();
        if matches!(kind, Polygon | Any) {
            shapes.extend(self.area());
        }
        if matches!(kind, Line | Any) {
            shapes.extend(self.line());
        }
        if matches!(kind, Point | Any) {
            shapes.push(self.point());
        }
        shapes
    }

    /// The layer of names, where there are any.
    pub(super) fn name(&self) -> Option<Value> {
        name::layer(self)
    }

    /// What every style layer of this one says.
    pub(super) fn part(&self, part: &str, kind: &str) -> Value {
        json!({
            "id": format!("layer:{}:{part}", self.layer.id),
            "type": kind,
            "metadata": { "yizhangtu:layer": self.layer.id },
            "source": source(self.layer),
            "source-layer": self.layer.id,
            "minzoom": self.style.min_zoom,
            "layout": { "visibility": if self.style.visible { "visible" } else { "none" } },
        })
    }

    /// A part that shows one kind of a layer of mixed geometry.
    fn only(&self, geometry: &str, part: &str, kind: &str) -> Value {
        let mut layer = self.part(part, kind);
        if self.layer.geometry == GeometryKind::Any {
            layer["filter"] = json!(["==", ["geometry-type"], geometry]);
        }
        layer
    }

    /// The colour, by the code list where the catalog says so.
    fn color(&self, shade: impl Fn(&str) -> String) -> Value {
        let rest = shade(&self.style.color);
        let Some((field, text, list)) = self.by else {
            return rest.into();
        };
        let value = json!(["get", field]);
        let value = if text {
            value
        } else {
            json!(["to-string", value])
        };
        let mut matches = vec!["match".into(), value];
        let colors = list.colors();
        for code in &list.codes {
            matches.push(code.code.as_str().into());
            matches.push(
                colors
                    .get(code.code.as_str())
                    .map_or(rest.clone(), |color| shade(color))
                    .into(),
            );
        }
        matches.push(rest.into());
        matches.into()
    }

    fn area(&self) -> Vec<Value> {
        let style = self.style;
        let color = self.color(str::to_owned);
        let mut layers = Vec::new();
        let filled = style.fill_opacity > 0.0;
        if filled {
            let fill = |part: &str, smooth: bool| {
                let mut fill = self.only("Polygon", part, "fill");
                fill["paint"] = json!({
                    "fill-color": color,
                    "fill-opacity": style.fill_opacity,
                    "fill-antialias": smooth,
                });
                fill
            };
            let (mut each, mut blocks) = (fill("fill", false), fill("blocks", true));
            if self.merged {
                // Features merged from afar have no borders of their own: their edges are smoothed. Two
                // layers, for not every viewer reads a choice.
                also(&mut each, json!(["!", ["has", "count"]]));
                also(&mut blocks, json!(["has", "count"]));
                layers.push(blocks);
            }
            layers.push(each);
        }
        if style.width > 0.0 {
            let outline = (style.outline.as_ref()).map_or_else(
                || self.color(|color| darkened(color, 0.25)),
                |outline| outline.as_str().into(),
            );
            // Mitred, as is the rule: a round corner of a pixel takes three times the triangles.
            let mut line = self.only("Polygon", "outline", "line");
            line["paint"] = json!({
                "line-color": outline,
                "line-opacity": 1,
                "line-width": self.width(0.0),
            });
            self.dash(&mut line);
            if filled && self.merged {
                also(&mut line, json!(["!", ["has", "count"]]));
            }
            layers.push(line);
        }
        layers
    }

    fn line(&self) -> Vec<Value> {
        let mut layers = Vec::new();
        let dashed = self.style.dash.is_some();
        let layout = |layer: &mut Value| {
            layer["layout"]["line-join"] = "round".into();
            layer["layout"]["line-cap"] = if dashed { "butt" } else { "round" }.into();
            if self.has_width() {
                // The wider road lies over the end of the narrower.
                layer["layout"]["line-sort-key"] = json!(["to-number", ["get", "width_m"], 0]);
            }
        };
        if let Some(outline) = self.style.outline.as_ref().filter(|_| !dashed) {
            let mut casing = self.only("LineString", "casing", "line");
            layout(&mut casing);
            casing["paint"] = json!({
                "line-color": outline,
                "line-opacity": 1,
                "line-width": self.width(1.6),
            });
            layers.push(casing);
        }
        let mut line = self.only("LineString", "line", "line");
        layout(&mut line);
        line["paint"] = json!({
            "line-color": self.color(str::to_owned),
            "line-opacity": 1,
            "line-width": self.width(0.0),
        });
        self.dash(&mut line);
        layers.push(line);
        layers
    }

    fn point(&self) -> Value {
        let style = self.style;
        let radius = if style.width > 0.0 { style.width } else { 4.0 };
        let mut circle = self.only("Point", "circle", "circle");
        circle["paint"] = json!({
            "circle-color": self.color(str::to_owned),
            "circle-opacity": 1,
            "circle-stroke-color": style.outline.as_deref().unwrap_or("#ffffff"),
            "circle-stroke-opacity": 1,
            "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 12, 0.5, 16, 1.2],
            "circle-radius": [
                "interpolate", ["linear"], ["zoom"],
                11, radius * 0.45, 16, radius, 20, radius * 1.6,
            ],
        });
        circle
    }

    fn dash(&self, line: &mut Value) {
        if let Some(dash) = &self.style.dash {
            line["paint"]["line-dasharray"] = json!(dash);
        }
    }

    /// Whether features say how wide they are on the ground.
    fn has_width(&self) -> bool {
        self.layer.geometry == GeometryKind::Line && self.layer.field("width_m").is_some()
    }

    /// Width in pixels, some more than that: of the ground where a feature knows it, else the
    /// catalog's, growing with the zoom.
    fn width(&self, more: f64) -> Value {
        let base = if self.style.width > 0.0 {
            self.style.width
        } else {
            1.2
        };
        if !self.has_width() {
            return json!([
                "interpolate",
                ["linear"],
                ["zoom"],
                12,
                base * 0.55 + more,
                16,
                base + more,
                20,
                base * 1.7 + more,
            ]);
        }
        let ground = |zoom: i32, least: f64| {
            let scale = f64::from(zoom).exp2() / self.metres_a_pixel;
            json!([
                "+",
                more,
                [
                    "max",
                    least,
                    ["*", ["to-number", ["get", "width_m"], 4], scale]
                ]
            ])
        };
        json!([
            "interpolate",
            ["exponential", 2],
            ["zoom"],
            12,
            ground(12, base * 0.6),
            22,
            ground(22, base),
        ])
    }
}

/// Narrows what a style layer shows.
fn also(layer: &mut Value, condition: Value) {
    layer["filter"] = match layer["filter"].take() {
        Value::Null => condition,
        known => json!(["all", known, condition]),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shapes of a layer of the catalog, its name, and all of them as text.
    fn drawn(catalog: &Catalog, id: &str) -> (Vec<Value>, Option<Value>) {
        let layer = catalog.layer(id).unwrap();
        let style = crate::style::look(layer, 1000).unwrap();
        let drawing = Drawing::new(layer, &style, catalog, 23.1, true);
        (drawing.shapes(), drawing.name())
    }

    fn ids(layers: &[Value]) -> Vec<&str> {
        layers
            .iter()
            .filter_map(|layer| layer["id"].as_str())
            .collect()
    }

    #[test]
    fn an_area_is_filled_by_its_code_and_outlined() {
        let catalog = Catalog::embedded();
        let (shapes, name) = drawn(&catalog, "land_use");
        assert_eq!(
            ids(&shapes),
            [
                "layer:land_use:blocks",
                "layer:land_use:fill",
                "layer:land_use:outline"
            ]
        );
        assert_eq!(shapes[0]["filter"], json!(["has", "count"]));
        assert_eq!(shapes[1]["filter"], json!(["!", ["has", "count"]]));
        assert_eq!(shapes[2]["filter"], json!(["!", ["has", "count"]]));
        let color = &shapes[0]["paint"]["fill-color"];
        assert_eq!(color[0], "match");
        assert_eq!(color[1], json!(["get", "class_code"]));
        let list = catalog.code_list("land_use_sea").unwrap();
        assert_eq!(color.as_array().unwrap().len(), 3 + 2 * list.codes.len());
        assert_eq!(shapes[0]["source"], "layer:land_use");
        assert_eq!(shapes[0]["source-layer"], "land_use");
        // Names stand at places of their own, where there is room for them.
        let name = name.unwrap();
        assert_eq!(name["source-layer"], "land_use.labels");
        assert!(name["filter"].to_string().contains("room_m"));
    }

    #[test]
    fn a_road_is_as_wide_as_on_the_ground_with_its_casing_below() {
        let catalog = Catalog::embedded();
        let (shapes, name) = drawn(&catalog, "road");
        assert_eq!(ids(&shapes), ["layer:road:casing", "layer:road:line"]);
        assert!(
            shapes[1]["paint"]["line-width"]
                .to_string()
                .contains("width_m")
        );
        let name = name.unwrap();
        assert_eq!(name["source-layer"], "road");
        assert_eq!(name["layout"]["symbol-placement"], "line");
    }

    #[test]
    fn every_layer_is_drawn_and_no_name_is_in_a_generic_font() {
        let catalog = Catalog::embedded();
        for layer in catalog.layers.iter().filter(|layer| layer.is_mapped()) {
            let Some(style) = crate::style::look(layer, 1000) else {
                continue;
            };
            let drawing = Drawing::new(layer, &style, &catalog, 23.1, true);
            assert!(!drawing.shapes().is_empty(), "{}", layer.id);
            for part in drawing.shapes().iter().chain(&drawing.name()) {
                assert!(part["paint"].is_object(), "{}", part["id"]);
                let fonts = &part["layout"]["text-font"];
                assert!(!fonts.to_string().contains("sans-serif"), "{}", part["id"]);
            }
        }
    }
}
