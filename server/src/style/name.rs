//! Names on the map.

use serde_json::{Value, json};
use yizhangtu_data::GeometryKind;

use super::{color::ink, layers::Drawing};
use crate::tiles::{LABELS, has_labels};

/// Families of desktops with Chinese, then the one that the page ships. Real names: MapLibre
/// takes the generic `sans-serif` for one.
const FONTS: [&str; 5] = [
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "Noto Sans SC Variable",
];
const BOLD: [&str; 2] = ["Microsoft YaHei Bold", "Noto Sans CJK SC Bold"];

const HALO: &str = "#fffdf8";

/// From this zoom on few areas are on screen, and their names need not fit into them.
const NEAR: u8 = 18;

/// The style layer of a layer's names.
pub(super) fn layer(drawing: &Drawing<'_>) -> Option<Value> {
    let (layer, style) = (drawing.layer, drawing.style);
    let zoom = style.label_zoom?;
    let field = layer.label.as_deref().or(layer.code.as_deref())?;
    let placed = has_labels(layer);
    let (line, point) = (
        layer.geometry == GeometryKind::Line,
        layer.geometry == GeometryKind::Point,
    );
    let bold = layer.partition;
    let text = text(field);
    let mut names = drawing.part("label", "symbol");
    names["minzoom"] = zoom.into();
    if placed {
        names["source-layer"] = format!("{}{LABELS}", layer.id).into();
        if zoom < NEAR {
            names["filter"] = fits(&text, drawing.metres_a_pixel);
        }
    }
    let layout = &mut names["layout"];
    layout["text-field"] = text;
    layout["text-font"] = json!(if bold {
        [&BOLD[..], &FONTS[..]].concat()
    } else {
        FONTS.to_vec()
    });
    layout["text-size"] = if bold {
        json!(["interpolate", ["linear"], ["zoom"], 12, 11.5, 18, 15])
    } else {
        json!(["interpolate", ["linear"], ["zoom"], 14, 10.5, 19, 12.5])
    };
    layout["text-max-width"] = 9.into();
    layout["text-padding"] = 3.into();
    layout["text-letter-spacing"] = json!(if bold { 0.04 } else { 0.0 });
    layout["symbol-placement"] = if line { "line" } else { "point" }.into();
    if line {
        layout["symbol-spacing"] = 320.into();
        layout["text-pitch-alignment"] = "viewport".into();
    }
    if placed && zoom < NEAR {
        // Where a village's name stands, that of the grid in its middle steps aside.
        layout["text-variable-anchor"] = json!(["center", "top", "bottom"]);
        layout["text-radial-offset"] = json!(1.4);
    } else if point {
        layout["text-variable-anchor"] = json!(["top", "bottom", "right", "left"]);
        layout["text-radial-offset"] = json!(0.7);
    }
    names["paint"] = json!({
        "text-color": ink(&style.color, style.outline.as_deref()),
        "text-halo-color": HALO,
        "text-halo-width": 1.4,
        "text-opacity": 1,
    });
    Some(names)
}

/// The text of a name; of an address what follows the village's name, which every house there
/// shares.
fn text(field: &str) -> Value {
    if field != "address" && field != "full" {
        // As plain as it can be: QGIS knows no other.
        return json!(["get", field]);
    }
    let text = json!(["to-string", ["coalesce", ["get", field], ""]]);
    let cut = json!(["index-of", "村", ["var", "text"]]);
    let after = json!(["slice", ["var", "text"], ["+", cut, 1]]);
    json!([
        "let",
        "text",
        text,
        ["case", [">", ["length", after], 0], after, ["var", "text"]]
    ])
}

/// Whether a name has room in its area at the zoom: about four pixels for each half of a
/// character.
fn fits(text: &Value, metres_a_pixel: f64) -> Value {
    let pixels = json!([
        "/",
        ["*", ["get", "room_m"], ["^", 2, ["zoom"]]],
        metres_a_pixel
    ]);
    json!([">=", pixels, ["*", 4, ["length", ["to-string", text]]]])
}
