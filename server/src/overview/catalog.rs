//! `GET /catalog`: layers, themes and code lists, as the page needs them.

use axum::{Json, extract::State};
use serde_json::{Value, json};
use yizhangtu_data::{
    Layer, Text,
    catalog::{CodeList, Theme},
};

use crate::{
    collections::corners,
    http::{App, Problem},
    policy::{Action, Viewer},
    style,
};

/// The theme of layers that another program made.
fn other() -> Theme {
    Theme {
        id: "other".to_owned(),
        title: Text {
            zh: "其他".to_owned(),
            en: "Other".to_owned(),
        },
    }
}

pub(super) async fn catalog(
    State(app): State<App>,
    viewer: Viewer,
) -> Result<Json<Value>, Problem> {
    let snapshot = app.seen_by(&viewer);
    // How many rows there are beyond a territory is not told.
    let counted = |layer: &Layer| !viewer.ends(layer);
    let seen: Vec<_> = (app.layers().iter())
        .filter(|layer| viewer.may(Action::View, layer))
        .collect();
    let tables: Vec<String> = (seen.iter())
        .filter(|layer| counted(layer))
        .filter(|layer| snapshot.layer(&layer.id).is_none())
        .map(|layer| layer.id.clone())
        .collect();
    // Tables are not in memory; the file counts them.
    let counts = app
        .pool()
        .read(move |store| {
            (tables.into_iter())
                .map(|table| Ok((store.count(&table)?, table)))
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let mut themes = app.catalog().themes.clone();
    let known = |layer: &Layer| {
        app.catalog()
            .themes
            .iter()
            .any(|theme| theme.id == layer.theme)
    };
    let mut layers = Vec::new();
    for layer in seen {
        let mut described = serde_json::to_value(&**layer).map_err(Problem::internal)?;
        let mapped = snapshot.layer(&layer.id);
        let count = match mapped {
            Some(mapped) => mapped.len() as u64,
            None => (counts.iter())
                .find(|(_, table)| *table == layer.id)
                .map_or(0, |(count, _)| *count),
        };
        let told = mapped.is_some() || counted(layer);
        if let Some(style) = style::look(layer, usize::try_from(count).unwrap_or(usize::MAX)) {
            described["style"] = json!(style);
        }
        if !known(layer) {
            described["theme"] = other().id.into();
        }
        if told {
            described["count"] = count.into();
        }
        described["tiles"] = (layer.is_mapped() && !layer.personal).into();
        described["bounds"] = mapped
            .filter(|_| !layer.personal)
            .and_then(|mapped| mapped.bounds())
            .map_or(Value::Null, |bounds| json!(corners(&bounds)));
        layers.push(described);
    }
    if !app.layers().iter().all(|layer| known(layer))
        && themes.iter().all(|theme| theme.id != "other")
    {
        themes.push(other());
    }
    let about = app.about();
    let bounds = snapshot.bounds().map(|bounds| corners(&bounds));
    Ok(Json(json!({
        "project": {
            "title": about.title,
            "synthetic": about.synthetic,
            "notice": about.notice,
            "bounds": bounds,
            "metric_crs": metric_crs(bounds),
            "sequence": snapshot.sequence,
            "read_only": app.read_only(),
        },
        "themes": themes,
        "layers": layers,
        "code_lists": app.catalog().code_lists.iter()
            .map(|(id, list)| (id.clone(), coloured(list)))
            .collect::<serde_json::Map<_, _>>(),
    })))
}

/// A code list with the colour of every code.
fn coloured(list: &CodeList) -> Value {
    let mut described = json!(list);
    let colors = list.colors();
    for (code, described) in list
        .codes
        .iter()
        .zip(described["codes"].as_array_mut().into_iter().flatten())
    {
        described["color"] = json!(colors.get(code.code.as_str()));
    }
    described
}

/// The 3° Gauss–Krüger zone of CGCS2000 around the middle of the map, by central meridian:
/// EPSG:4534 is 75° E, EPSG:4547 114° E, EPSG:4554 135° E.
fn metric_crs(bounds: Option<[f64; 4]>) -> String {
    let middle = bounds.map_or(114.0, |[west, _, east, _]| (west + east) / 2.0);
    #[expect(clippy::cast_possible_truncation, reason = "a zone is a small number")]
    let zone = ((middle / 3.0).round() as i64).clamp(25, 45);
    format!("EPSG:{}", 4534 + zone - 25)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_is_that_of_the_middle() {
        assert_eq!(metric_crs(Some([113.4, 23.0, 113.7, 23.2])), "EPSG:4547");
        assert_eq!(metric_crs(Some([121.2, 31.0, 121.4, 31.3])), "EPSG:4549");
        assert_eq!(metric_crs(Some([74.0, 39.0, 76.0, 40.0])), "EPSG:4534");
        assert_eq!(metric_crs(Some([-3.0, 51.0, -2.0, 52.0])), "EPSG:4534");
        assert_eq!(metric_crs(None), "EPSG:4547");
    }
}
