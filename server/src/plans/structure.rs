//! `GET /plans/structure`: 用地结构调整表, what of each class there is before and after, which
//! together is the ground that is asked about, to the last hundredth of a square metre.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use geo::MultiPolygon;
use serde::Serialize;
use yizhangtu_data::{Catalog, Text, clock, overlay, topology::polygons};

use super::{Lands, PLOTS, Version, versions, workbook};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    audit::Entry,
    collections::AsOf,
    exports::{self, file},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
    statistics::{self, Subject},
};

/// The code list of each standard. The same code means other land in another.
const LISTS: [(&str, &str); 3] = [
    ("用地用海", "land_use_sea"),
    ("GB/T 21010", "land_use_gbt21010"),
    ("国土调查", "land_use_survey"),
];
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
        None => places.records().map(|(at, _)| at).collect(),
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

/// One side: hundredths of a square metre by class, of no class at all, and of two at once.
struct Side {
    classes: BTreeMap<(String, String), i64>,
    bare: i64,
    twice: i64,
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
        let whole = hundredths(subject.area_m2);
        let (one, other) = rayon::join(
            || side(lands, &subject, &before, whole),
            || side(lands, &subject, &after, whole),
        );
        let mut keys: Vec<&(String, String)> =
            one.classes.keys().chain(other.classes.keys()).collect();
        keys.sort_unstable_by_key(|(class_std, code)| (rank(class_std), code));
        keys.dedup();
        let rows = (keys.into_iter())
            .map(|key| {
                let (class_std, code) = key;
                let head: String = code.chars().take(2).collect();
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
            area_m2: metres(whole),
            rows,
            bare_m2: [&one, &other].map(|side| metres(side.bare)),
            twice_m2: [&one, &other].map(|side| metres(side.twice)),
        })
    }
}

fn side(lands: &Lands, subject: &Subject, version: &Version, whole: i64) -> Side {
    let none = Side {
        classes: BTreeMap::new(),
        bare: whole,
        twice: 0,
    };
    let Some(layer) = lands.get(version.layer) else {
        return none;
    };
    let is_own = |at: u32| {
        version.layer != PLOTS
            || layer.record(at).get(&layer.layer, "plan").as_text() == Some(&version.id)
    };
    let inside: Vec<(u32, f64)> = statistics::inside(layer, subject)
        .into_iter()
        .filter(|(at, area_m2)| *area_m2 > 0.0 && is_own(*at))
        .collect();
    let sum: f64 = inside.iter().map(|(_, area_m2)| area_m2).sum();
    // The keeper of the map lets plots of a partition overlap nowhere.
    let covered = if layer.layer.partition {
        sum
    } else {
        covered(layer, subject, &inside).unwrap_or(sum)
    };
    let mut classes: BTreeMap<(String, String), f64> = BTreeMap::new();
    for (at, area_m2) in inside {
        let record = layer.record(at);
        let text = |field: &str| {
            record
                .get(&layer.layer, field)
                .as_text()
                .unwrap_or_default()
        };
        let class = (text("class_std").to_owned(), text("class_code").to_owned());
        *classes.entry(class).or_default() += area_m2;
    }
    balanced(classes, covered, sum, whole)
}

/// Rounds to hundredths so that classes, less what counts twice, with what is bare are the
/// whole: what rounding leaves over goes to the classes that lost most by it (最大余数).
fn balanced(classes: BTreeMap<(String, String), f64>, covered: f64, sum: f64, whole: i64) -> Side {
    // Below a square metre it is what measuring along straight and geodesic edges differs by.
    let small = |area_m2: f64| area_m2 < 1.0;
    let twice = hundredths(sum - covered);
    let twice = if small(sum - covered) { 0 } else { twice };
    let bare = whole - hundredths(covered);
    let bare = if small(metres(bare)) { 0 } else { bare };
    let target = whole - bare + twice;
    let mut rounded: Vec<((String, String), i64, f64)> = (classes.into_iter())
        .map(|(class, area_m2)| {
            let scaled = area_m2 * 100.0;
            (class, scaled.floor() as i64, scaled - scaled.floor())
        })
        .collect();
    let mut left = target - rounded.iter().map(|(_, own, _)| own).sum::<i64>();
    let mut order: Vec<usize> = (0..rounded.len()).collect();
    order.sort_by(|a, b| rounded[*b].2.total_cmp(&rounded[*a].2));
    // More than a hundredth each is left where the ground's edge is measured otherwise: then the
    // largest class takes it.
    for at in order {
        if left > 0 {
            rounded[at].1 += 1;
            left -= 1;
        }
    }
    if left != 0
        && let Some(largest) = rounded.iter_mut().max_by_key(|(_, own, _)| *own)
    {
        largest.1 += left;
    }
    Side {
        bare: if rounded.is_empty() { whole } else { bare },
        twice,
        classes: (rounded.into_iter())
            .map(|(class, own, _)| (class, own))
            .collect(),
    }
}

fn covered(layer: &LayerSnapshot, subject: &Subject, inside: &[(u32, f64)]) -> Option<f64> {
    let outlines: Vec<MultiPolygon<f64>> = (inside.iter())
        .filter_map(|(at, _)| polygons(layer.record(*at).geometry.as_ref()?))
        .collect();
    let outlines: Vec<&MultiPolygon<f64>> = outlines.iter().collect();
    overlay::covered_m2(&subject.outline, &outlines).ok()
}

fn label(catalog: &Catalog, class_std: &str, code: &str) -> Text {
    let list = LISTS.iter().find(|(own, _)| *own == class_std);
    let found = list.and_then(|(_, list)| catalog.code_list(list)?.get(code));
    let plain = |code: &str| {
        let code = if code.is_empty() { "未分类" } else { code };
        Text {
            zh: code.to_owned(),
            en: code.to_owned(),
        }
    };
    found.map_or_else(|| plain(code), |own| own.label.clone())
}

fn rank(class_std: &str) -> (usize, &str) {
    let place = LISTS.iter().position(|(own, _)| *own == class_std);
    (place.unwrap_or(LISTS.len()), class_std)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "areas are below 2^53 hundredths"
)]
fn hundredths(area_m2: f64) -> i64 {
    (area_m2 * 100.0).round() as i64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "areas are below 2^53 hundredths"
)]
fn metres(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn class(code: usize) -> (String, String) {
        ("用地用海".to_owned(), format!("{code:04}"))
    }

    proptest! {
        #[test]
        fn classes_bare_and_double_ground_are_the_whole(
            areas in prop::collection::vec(0.0..50_000.0_f64, 1..30),
            double in prop_oneof![Just(0.0), 1.0..300.0_f64],
            open in prop_oneof![Just(0.0), 1.0..9000.0_f64],
        ) {
            let sum: f64 = areas.iter().sum();
            let covered = (sum - double).max(sum / 2.0);
            let whole = hundredths(covered + open);
            let classes = areas.iter().enumerate().map(|(at, area)| (class(at), *area));
            let side = balanced(classes.collect(), covered, sum, whole);
            let rows: i64 = side.classes.values().sum();
            prop_assert_eq!(rows - side.twice + side.bare, whole);
            for (at, area) in areas.iter().enumerate() {
                let own = metres(side.classes[&class(at)]);
                prop_assert!((own - area).abs() < 1.02 , "{} {}", own, area);
            }
        }
    }
}
