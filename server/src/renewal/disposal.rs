//! 分类处置: every house in one class or in none, classed one by one or by a rule.
//!
//! A rule is a CQL2 condition on houses, within a unit or everywhere. It is tried first: the
//! answer says how many houses it is about and what class each has now; only then is it
//! written, as one change set with the author's reason, and every house keeps its old class in
//! its history.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, body::Bytes, extract::State};
use serde::{Deserialize, Serialize};
use yizhangtu_data::{Layer, Record, Text, Value};

use super::{
    rule::{Found, Setting, positions, reasoned, within},
    steps::unfit,
};
use crate::{
    atlas::{LayerSnapshot, hundredths},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

const FIELD: &str = "disposal_class";
const LIST: &str = "disposal_class";

/// A house of no class.
const NONE: &str = "未分类";

/// Houses of one class.
#[derive(Debug, Default, Serialize)]
struct Class {
    code: String,
    label: Text,
    color: Option<String>,
    count: u64,
    floor_area_m2: f64,
    /// The houses themselves, where they are asked for: what a map is coloured by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<String>,
    /// Where each of them is: longitude, latitude. From afar houses have no names on the map.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    places: Vec<[f64; 2]>,
}

/// How many houses are of each class: together every house once.
#[derive(Serialize)]
pub(super) struct Classes {
    /// Version of the list of classes.
    version: String,
    houses: u64,
    classes: Vec<Class>,
}

/// `GET /renewal/disposal?unit=`.
pub(super) async fn classes(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Classes>, Problem> {
    let unit = given.take("unit")?;
    let named = given.take("houses")?.as_deref() == Some("true");
    given.finish()?;
    let snapshot = app.counted_for(&viewer);
    let houses = snapshot.layer("building").ok_or_else(|| viewer.refused())?;
    viewer.require(Action::Count, &houses.layer)?;
    let area = within(&app.seen_by(&viewer), unit.as_deref())?;
    let positions = positions(houses, area.as_ref());
    let mut classes = counted(&app, houses, &positions)?;
    if named {
        viewer.require(Action::View, &houses.layer)?;
        name_houses(&mut classes, houses, &positions);
    }
    Ok(Json(classes))
}

/// What is asked of a rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A CQL2 text on the fields of a house.
    filter: String,
    unit: Option<String>,
    class: String,
    /// The document that the class rests on.
    #[serde(default)]
    basis: String,
    #[serde(default)]
    reason: String,
    /// Whether it is only tried.
    #[serde(default)]
    dry_run: bool,
}

/// What a rule did, or would do.
#[derive(Serialize)]
pub(super) struct Ruled {
    /// Houses that meet it.
    matched: u64,
    /// Those of them whose class it changes.
    changed: u64,
    /// What they are classed as before it.
    before: Classes,
    /// Some of the houses, to look at.
    sample: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_set: Option<i64>,
}

/// `POST /renewal/disposal`.
pub(super) async fn rule(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
    body: Bytes,
) -> Result<Json<Ruled>, Problem> {
    given.finish()?;
    let asked: Asked = serde_json::from_slice(&body).map_err(|error| Problem::not_json(&error))?;
    app.writable()?;
    let layer = app
        .layer("building")
        .cloned()
        .ok_or_else(|| viewer.refused())?;
    viewer.require(Action::Edit, &layer)?;
    let list = app.catalog().code_list(LIST);
    if list.is_none_or(|list| list.get(&asked.class).is_none()) {
        return Err(unfit(
            "class",
            &format!(
                "没有类别“{}”，请从分类处置代码表中选 / there is no class “{}”; choose one of the list",
                asked.class, asked.class
            ),
        ));
    }
    reasoned(&asked.reason, asked.dry_run)?;
    let dry_run = asked.dry_run;
    let (worker, by) = (app.clone(), viewer.clone());
    let (ruled, found) = tokio::task::spawn_blocking(move || tried(&worker, &by, &layer, &asked))
        .await
        .map_err(Problem::internal)??;
    Ok(Json(Ruled {
        change_set: found.keep(&app, &viewer, dry_run).await?,
        ..ruled
    }))
}

fn tried(
    app: &App,
    viewer: &Viewer,
    layer: &Arc<Layer>,
    asked: &Asked,
) -> Result<(Ruled, Found), Problem> {
    // What may be edited: where a right ends at a territory, the houses in it.
    let snapshot = app.cuts().of(viewer, Action::Edit, &app.snapshot());
    let houses = snapshot.layer("building").ok_or_else(|| viewer.refused())?;
    let wanted = (asked.class != NONE).then_some(asked.class.as_str());
    let basis = (!asked.basis.is_empty()).then_some(asked.basis.as_str());
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let setting = Setting {
        filter: &asked.filter,
        unit: asked.unit.as_deref(),
        is_set: &|layer, record| class_of(layer, record) == wanted,
        fields: vec![(FIELD, text(wanted)), ("disposal_basis", text(basis))],
        reason: &asked.reason,
    };
    let found = setting.hold(app, viewer, layer, houses)?;
    let ruled = Ruled {
        matched: found.matched.len() as u64,
        changed: found.set.changes.len() as u64,
        before: counted(app, houses, &found.matched)?,
        sample: (found.matched.iter().take(20))
            .map(|at| houses.record(*at).id.to_string())
            .collect(),
        change_set: None,
    };
    Ok((ruled, found))
}

/// The class of a house; none where it has none, or is written as having none.
fn class_of<'r>(layer: &Layer, record: &'r Record) -> Option<&'r str> {
    let own = record.get(layer, FIELD).as_text();
    own.filter(|class| *class != NONE)
}

/// Names the houses of each class: as many as are counted.
fn name_houses(classes: &mut Classes, houses: &LayerSnapshot, positions: &[u32]) {
    for at in positions {
        let record = houses.record(*at);
        let class = class_of(&houses.layer, record).unwrap_or(NONE);
        if let Some(own) = classes.classes.iter_mut().find(|own| own.code == class) {
            own.ids.push(record.id.to_string());
            let place = houses.shape(*at).map(|shape| shape.representative());
            own.places
                .extend(place.map(|place| [place.lon(), place.lat()]));
        }
    }
}

fn counted(app: &App, houses: &LayerSnapshot, positions: &[u32]) -> Result<Classes, Problem> {
    let list = app
        .catalog()
        .code_list(LIST)
        .ok_or_else(|| Problem::internal("the catalog has no classes of disposal"))?;
    let floors = houses.layer.position("floor_area_m2");
    let mut sums: BTreeMap<&str, (u64, i64)> = BTreeMap::new();
    for at in positions {
        let record = houses.record(*at);
        let own = sums
            .entry(class_of(&houses.layer, record).unwrap_or(NONE))
            .or_default();
        own.0 += 1;
        own.1 += hundredths(record, floors);
    }
    // The list's order; a class that the list has no longer comes last.
    let gone = sums.keys().filter(|code| list.get(code).is_none());
    let codes: Vec<&str> = (list.codes.iter().map(|own| own.code.as_str()))
        .chain(gone.copied())
        .collect();
    let classes = codes
        .into_iter()
        .map(|code| {
            let (count, floors) = sums.get(code).copied().unwrap_or_default();
            let known = list.get(code);
            Class {
                code: code.to_owned(),
                label: known.map_or_else(
                    || Text {
                        zh: code.to_owned(),
                        en: code.to_owned(),
                    },
                    |own| own.label.clone(),
                ),
                color: known.and_then(|own| own.color.clone()),
                count,
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "sums stay below 2^53 hundredths"
                )]
                floor_area_m2: floors as f64 / 100.0,
                ids: Vec::new(),
                places: Vec::new(),
            }
        })
        .collect();
    Ok(Classes {
        version: list.version.clone(),
        houses: positions.len() as u64,
        classes,
    })
}
