//! What was pulled down of a case, building by building, and who measured it again.

use serde_json::{Value, json};
use yizhangtu_data::{
    Layer, Record, measure,
    store::{GeoPackage, StoreError},
};

use super::{CASES, building_label};
use crate::{
    http::App,
    policy::{Action, Viewer},
    process::Table,
};

/// The table of it.
const ROWS: &str = "violation_demolition";
/// Acts of its rows.
const DEMOLISHED: &str = "拆除";
const MEASURED: &str = "复测";

/// What still stands against the closing of a case.
pub(crate) struct Outstanding {
    unmeasured: usize,
    unrestored_m2: f64,
}

impl Outstanding {
    /// Of one case: buildings that nobody measured since, farmland that was not restored.
    pub(crate) fn of(
        app: &App,
        store: &GeoPackage,
        layer: &Layer,
        case: &Record,
    ) -> Result<Self, StoreError> {
        let table = Table::of(app, store, ROWS, CASES, &case.id)?;
        let m2 = |name| case.get(layer, name).as_decimal().unwrap_or(0.0);
        Ok(Self {
            unmeasured: table.map_or(0, |table| table.undone(DEMOLISHED, MEASURED).len()),
            unrestored_m2: (m2("farmland_m2") - m2("restored_m2")).max(0.0),
        })
    }

    /// A figure by the name that gates have for it.
    #[expect(clippy::cast_precision_loss, reason = "a case has few buildings")]
    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        match name {
            "unmeasured" => Some(self.unmeasured as f64),
            "unrestored_m2" => Some(self.unrestored_m2),
            _ => None,
        }
    }
}

/// What was done to each building of a case, the oldest first; none where the viewer may not
/// see it.
pub(super) fn told(
    app: &App,
    viewer: &Viewer,
    store: &GeoPackage,
    case: &str,
) -> Result<Option<Vec<Value>>, StoreError> {
    let Some(table) = Table::of(app, store, ROWS, CASES, case)? else {
        return Ok(None);
    };
    if !viewer.may(Action::View, table.layer()) {
        return Ok(None);
    }
    let layer = table.layer();
    let rows = table.rows().map(|row| {
        let view = viewer.see(layer, row.record);
        let seen = |name| json!(view.get(name));
        let shape = serde_json::from_value::<geojson::Geometry>(seen("outline")).ok();
        let shape = shape.and_then(|shape| geo::Geometry::<f64>::try_from(shape).ok());
        json!({
            "act": row.act,
            "building": { "id": row.about, "title": building_label(app, viewer, row.about) },
            "floor_area_m2": seen("floor_area_m2"),
            "footprint_m2": seen("footprint_m2"),
            "demolished_on": seen("demolished_on"),
            "remaining_m2": seen("remaining_m2"),
            "outline": seen("outline"),
            "outline_m2": shape.map(|shape| (measure::area_m2(&shape) * 100.0).round() / 100.0),
            "reason": seen("reason"),
            "officer": seen("officer"),
            "at": row.at.to_rfc3339(),
        })
    });
    Ok(Some(rows.collect()))
}
