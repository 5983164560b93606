//! `GET /renewal/totals`: what the renewal units of each place hold, from grid and co-operative
//! to village, street and district, by the same figures and indicators as of one unit.
//!
//! The ground of a place is what of it lies in units, so that every level adds up to all units:
//! what lies in no place of the level is a row of its own.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use geo::MultiPolygon;
use rayon::prelude::*;
use serde::Serialize;
use yizhangtu_data::{
    Text, clock, overlay,
    topology::{TOLERANCE_M2, polygons},
};
use yizhangtu_index::{Area, Rule};

use super::{
    UNITS,
    figures::{self, Figures},
    indicators::{Definitions, Indicator},
    outline::titles,
    steps::too_wide,
};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
    release::Rules,
    statistics::{self, Counts, Statistics, Subject, Wanted},
};

/// Levels, from the least to the greatest.
const LEVELS: [&str; 5] = ["grid", "co_op", "village", "street", "district"];
/// The lists of codes that streets and districts are named by, with the length of theirs.
const DISTRICTS: &str = "district";
const STREET_CODE: usize = 9;
const DISTRICT_CODE: usize = 6;

/// The units of one place.
#[derive(Serialize)]
struct Place {
    /// The feature, or the code of a street or a district; none for all, and for what lies in none.
    id: Option<String>,
    code: String,
    name: String,
    /// Units that it has ground of.
    units: usize,
    /// The ground of units in it.
    area_m2: f64,
    #[serde(flatten)]
    counts: Counts,
    indicators: Vec<Indicator>,
}

/// The answer.
#[derive(Serialize)]
pub(super) struct Totals {
    sequence: u64,
    as_of: String,
    by: String,
    places: Vec<Place>,
    /// Ground of units in no place of the level.
    #[serde(skip_serializing_if = "Option::is_none")]
    nowhere: Option<Place>,
    total: Option<Place>,
    /// By which rules people were counted, where small numbers are not told: what lies across
    /// the border of two places may be in neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    small_numbers: Option<&'static Rules>,
}

/// A place before it is counted.
struct Bare {
    id: Option<String>,
    code: String,
    name: String,
    ground: MultiPolygon<f64>,
}

/// `GET /renewal/totals?by=grid|co_op|village|street|district`.
pub(super) async fn totals(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Totals>, Problem> {
    let by = given.take("by")?.unwrap_or_else(|| "village".into());
    given.finish()?;
    if !LEVELS.contains(&by.as_str()) {
        return Err(Problem::parameter(
            "by",
            format_args!("应为 {} 之一", LEVELS.join("、")),
            format_args!("must be one of {}", LEVELS.join(", ")),
        ));
    }
    tokio::task::spawn_blocking(move || Totals::of(&app, &viewer, by))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

impl Totals {
    fn of(app: &App, viewer: &Viewer, by: String) -> Result<Self, Problem> {
        let (seen, counted) = (app.seen_by(viewer), app.counted_for(viewer));
        let units = seen.layer(UNITS).ok_or_else(|| viewer.refused())?;
        viewer.require(Action::View, &units.layer)?;
        let definitions = Definitions::read(app)?;
        let grounds: Vec<MultiPolygon<f64>> = (units.records())
            .filter_map(|(_, record)| polygons(record.geometry.as_ref()?))
            .collect();
        let whole = overlay::union(&grounds).map_err(too_wide)?;
        let places = places(app, viewer, &seen, &by)?;
        let covered = overlay::union(places.iter().map(|place| &place.ground)).map_err(too_wide)?;
        let rest = overlay::difference(&whole, &covered).map_err(too_wide)?;
        let counter = Counter {
            app,
            viewer,
            counted: &counted,
            units,
            definitions: &definitions,
            wanted: figures::wanted(&counted, definitions.figures()),
        };
        let one = |name: &str, ground: &MultiPolygon<f64>| {
            let bare = Bare {
                id: None,
                code: String::new(),
                name: name.to_owned(),
                ground: ground.clone(),
            };
            counter.counted(bare)
        };
        let found: Result<Vec<Option<Place>>, Problem> = (places.into_par_iter())
            .map(|place| counter.inside(place))
            .collect();
        let mut places: Vec<Place> = found?.into_iter().flatten().collect();
        places.sort_by(|a, b| a.code.cmp(&b.code).then_with(|| a.name.cmp(&b.name)));
        Ok(Self {
            sequence: counted.sequence,
            as_of: clock::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, false),
            by,
            places,
            nowhere: one(&Text::nowhere().zh, &rest)?,
            total: one("合计", &whole)?,
            small_numbers: statistics::small_numbers(app, viewer)?,
        })
    }
}

struct Counter<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    counted: &'a Snapshot,
    units: &'a LayerSnapshot,
    definitions: &'a Definitions,
    wanted: Wanted,
}

impl Counter<'_> {
    /// What of a place lies in units; none where nothing does.
    fn inside(&self, mut place: Bare) -> Result<Option<Place>, Problem> {
        let Ok(area) = Area::from_multi_polygon(&place.ground) else {
            return Ok(None);
        };
        let near: Vec<MultiPolygon<f64>> = (self.units.within(&area, Rule::Intersects).into_iter())
            .filter_map(|at| polygons(self.units.record(at).geometry.as_ref()?))
            .collect();
        if near.is_empty() {
            return Ok(None);
        }
        let near = match near.as_slice() {
            [one] => one,
            many => &overlay::union(many).map_err(too_wide)?,
        };
        place.ground = overlay::intersection(&place.ground, near).map_err(too_wide)?;
        self.counted(place)
    }

    fn counted(&self, place: Bare) -> Result<Option<Place>, Problem> {
        if place.ground.0.is_empty() {
            return Ok(None);
        }
        let (statistics, subject) = statistics::of_outline(
            self.app,
            self.viewer,
            self.counted,
            &place.ground,
            &self.wanted,
        )?;
        if statistics.area_m2 <= TOLERANCE_M2 {
            return Ok(None);
        }
        let indicators = self.definitions.of(&Figures::of(&statistics));
        let Statistics {
            area_m2, counts, ..
        } = statistics;
        Ok(Some(Place {
            id: place.id,
            code: place.code,
            name: place.name,
            units: self.units_of(&subject),
            area_m2,
            counts,
            indicators,
        }))
    }

    fn units_of(&self, subject: &Subject) -> usize {
        let inside = statistics::inside(self.units, subject).into_iter();
        inside
            .filter(|(_, area_m2)| *area_m2 > TOLERANCE_M2)
            .count()
    }
}

/// The places of a level. Streets and districts are made of their villages, whose codes begin
/// with theirs.
fn places(app: &App, viewer: &Viewer, seen: &Snapshot, by: &str) -> Result<Vec<Bare>, Problem> {
    let head = match by {
        "street" => Some(STREET_CODE),
        "district" => Some(DISTRICT_CODE),
        _ => None,
    };
    let layer = head.map_or(by, |_| "village");
    let layer = seen.layer(layer).ok_or_else(|| viewer.refused())?;
    viewer.require(Action::View, &layer.layer)?;
    let all = (layer.records()).filter_map(|(at, record)| {
        let ground = polygons(record.geometry.as_ref()?)?;
        let (code, name) = titles(viewer, layer, at);
        Some((at, code, name, ground))
    });
    let Some(head) = head else {
        let bare = |(at, code, name, ground): (u32, _, _, _)| Bare {
            id: Some(layer.record(at).id.to_string()),
            code,
            name,
            ground,
        };
        return Ok(all.map(bare).collect());
    };
    let mut groups: BTreeMap<String, (String, Vec<MultiPolygon<f64>>)> = BTreeMap::new();
    for (at, code, _, ground) in all {
        let code: String = code.chars().take(head).collect();
        let name = if head == STREET_CODE {
            viewer
                .see(&layer.layer, layer.record(at))
                .get("street")
                .to_text()
        } else {
            let list = app.catalog().code_list(DISTRICTS);
            let found = list.and_then(|list| list.get(&code));
            found.map_or_else(|| code.clone(), |own| own.label.zh.clone())
        };
        let group = groups.entry(code).or_insert_with(|| (name, Vec::new()));
        group.1.push(ground);
    }
    let joined = |(code, (name, grounds)): (String, (String, Vec<_>))| {
        Ok(Bare {
            id: Some(code.clone()),
            name: if name.is_empty() { code.clone() } else { name },
            code,
            ground: overlay::union(&grounds).map_err(too_wide)?,
        })
    };
    groups.into_iter().map(joined).collect()
}
