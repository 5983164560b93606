//! `GET /plans/structure`: 用地结构调整表, what of each class there is before and after, which
//! together is the ground that is asked about, to the last hundredth of a square metre.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use geo::MultiPolygon;
use serde::Serialize;
use yizhangtu_data::{Catalog, Text, clock, overlay, topology::polygons};

use super::{
    Lands, PLOTS, Version,
    balance::{Balance, hundredths, label, metres, rank},
    versions, workbook,
};
use crate::{
    atlas::Snapshot,
    audit::Entry,
    collections::AsOf,
    exports::{self, file},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
    statistics::{Class, Subject},
};

/// Layers whose features may be asked about.
const PLACES: [&str; 4] = ["village", "renewal_unit", "grid", "co_op"];
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A row: one class, before and after. Areas in m², to hundredths.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) class_std: String,
    pub(super) code: String,
    pub(super) label: Text,
    /// The head of its code, which rows are gathered under.
    pub(super) head: String,
    pub(super) head_label: Text,
    pub(super) before_m2: f64,
    pub(super) after_m2: f64,
    pub(super) change_m2: f64,
}

/// The table. The rows of a side, what has no land on it, less what lies on it twice, are the
/// ground.
#[derive(Serialize)]
pub(super) struct Structure {
    sequence: u64,
    pub(super) as_of: String,
    /// What is asked about.
    pub(super) place: Text,
    pub(super) before: Version,
    pub(super) after: Version,
    pub(super) area_m2: f64,
    pub(super) rows: Vec<Row>,
    /// Ground that no plot covers.
    pub(super) bare_m2: [f64; 2],
    /// Ground that is under two plots of one side, and so is counted twice in the rows.
    pub(super) twice_m2: [f64; 2],
}

/// `GET /plans/structure?before=&after=&layer=&id=&as-of=&f=json|xlsx`: on ground as it is now,
/// with land as it is or was.
pub(super) async fn structure(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let before = given.take("before")?.unwrap_or_else(|| "land_use".into());
    let after = given.take("after")?.unwrap_or_else(|| "plan_land".into());
    let layer = given.take("layer")?.unwrap_or_else(|| "village".into());
    let id = given.take("id")?;
    let as_of = AsOf::take(&mut given)?;
    let form = given.take("f")?.unwrap_or_else(|| "json".into());
    given.finish()?;
    if !PLACES.contains(&layer.as_str()) {
        return Err(Problem::parameter(
            "layer",
            format_args!("应为 {} 之一", PLACES.join("、")),
            format_args!("must be one of {}", PLACES.join(", ")),
        ));
    }
    let book = match form.as_str() {
        "json" => false,
        "xlsx" => true,
        other => {
            return Err(Problem::parameter(
                "f",
                format_args!("没有格式“{other}”，可用的有 json、xlsx"),
                format_args!("there is no format “{other}”; there are json, xlsx"),
            ));
        }
    };
    let seen = app.seen_by(&viewer);
    let lands = Lands::of(&app, &viewer, &seen, as_of.as_ref()).await?;
    tokio::task::spawn_blocking(move || {
        let (place, ground) = ground(&viewer, &seen, &layer, id.as_deref())?;
        let all = versions(&app, &viewer, &lands)?;
        let version = |id: &str, parameter: &str| {
            let found = all.iter().find(|own| own.id == id).cloned();
            found.ok_or_else(|| {
                let known: Vec<&str> = all.iter().map(|own| own.id.as_str()).collect();
                Problem::parameter(
                    parameter,
                    format_args!("没有规划版本“{id}”，有：{}", known.join("、")),
                    format_args!(
                        "there is no version “{id}”; there are: {}",
                        known.join(", ")
                    ),
                )
            })
        };
        let sides = [version(&before, "before")?, version(&after, "after")?];
        let table = Structure::of(app.catalog(), seen.sequence, &lands, place, &ground, sides)?;
        if !book {
            return Ok(Json(table).into_response());
        }
        let bytes = workbook::write(&table).map_err(Problem::internal)?;
        let act = Entry::of("export", format!("structure {layer}"))
            .counting(table.rows.len() as u64)
            .because(exports::hash(&bytes));
        app.note(&viewer, act);
        let name = format!("{} 用地结构表.xlsx", table.place.zh);
        let mut response = bytes.into_response();
        file::dress(&mut response, &name, XLSX);
        Ok(response)
    })
    .await
    .map_err(Problem::internal)?
}

/// The ground of a feature, or of all of a layer together, with what it is called.
fn ground(
    viewer: &Viewer,
    seen: &Snapshot,
    layer: &str,
    id: Option<&str>,
) -> Result<(Text, MultiPolygon<f64>), Problem> {
    let places = seen.layer(layer).ok_or_else(|| viewer.refused())?;
    viewer.require(Action::View, &places.layer)?;
    let none = || {
        Problem::not_found(format!(
            "图层 {layer} 没有要素 {id} / the layer {layer} has no feature {id}",
            id = id.unwrap_or_default()
        ))
    };
    let found: Vec<u32> = match id {
        Some(id) => vec![places.position(id).ok_or_else(none)?],
        None => places.rows().map(|(at, _)| at).collect(),
    };
    let outlines: Vec<MultiPolygon<f64>> = (found.iter())
        .filter_map(|at| polygons(places.record(*at).geometry.as_ref()?))
        .collect();
    let name = match found[..] {
        [] => return Err(none()),
        [at] => {
            let label = places.layer.label.as_deref().unwrap_or("name");
            let view = viewer.see(&places.layer, places.record(at));
            let name = view.get(label).to_text();
            Text {
                zh: name.clone(),
                en: name,
            }
        }
        _ => Text {
            zh: format!("{}（全部 {} 个）", places.layer.title.zh, found.len()),
            en: format!("{} (all {})", places.layer.title.en, found.len()),
        },
    };
    let whole = overlay::union(&outlines).map_err(|error| {
        Problem::parameter("layer", format_args!("{error}"), format_args!("{error}"))
    })?;
    Ok((name, whole))
}

impl Structure {
    fn of(
        catalog: &Catalog,
        sequence: u64,
        lands: &Lands,
        place: Text,
        ground: &MultiPolygon<f64>,
        [before, after]: [Version; 2],
    ) -> Result<Self, Problem> {
        let subject = Subject::outlined(ground)?;
        let (one, other) = rayon::join(
            || side(lands, &subject, &before),
            || side(lands, &subject, &after),
        );
        let mut keys: Vec<&Class> = one.classes.keys().chain(other.classes.keys()).collect();
        keys.sort_unstable_by_key(|(class_std, code)| (rank(class_std), code));
        keys.dedup();
        let rows = (keys.into_iter())
            .map(|key| {
                let (class_std, code) = key;
                // What bears no code has no head either.
                let head = code.chars().take_while(char::is_ascii_digit).take(2);
                let head: String = head.collect();
                let [was, is] = [&one, &other].map(|side| side.classes.get(key).copied());
                let (was, is) = (was.unwrap_or(0), is.unwrap_or(0));
                Row {
                    label: label(catalog, class_std, code),
                    head_label: label(catalog, class_std, &head),
                    class_std: class_std.clone(),
                    code: code.clone(),
                    head,
                    before_m2: metres(was),
                    after_m2: metres(is),
                    change_m2: metres(is - was),
                }
            })
            .collect();
        Ok(Self {
            sequence,
            as_of: clock::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, false),
            place,
            before,
            after,
            area_m2: metres(hundredths(subject.area_m2)),
            rows,
            bare_m2: [&one, &other].map(|side| metres(side.bare)),
            twice_m2: [&one, &other].map(|side| metres(side.twice)),
        })
    }
}

fn side(lands: &Lands, subject: &Subject, version: &Version) -> Balance {
    let Some(layer) = lands.get(version.layer) else {
        return Balance::bare(subject);
    };
    Balance::of(layer, subject, |at| {
        version.layer != PLOTS
            || layer.record(at).get(&layer.layer, "plan").as_text() == Some(&version.id)
    })
}
