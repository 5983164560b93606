//! `GET /enforcement/scattered`: 散乱污, by 家: premises that were found scattered, disorderly or
//! polluting, counted and listed by one definition.
//!
//! A place is on the list when its kind is told; it is cleared when the day is told on which it
//! was. How far its work is, its process says (`data/catalog/processes/place.toml`).

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Value as Tree, json};
use yizhangtu_data::{Layer, Record};

use crate::{
    collections::{AsOf, features},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// The layer of the premises.
const PLACES: &str = "place";
/// Fields that the list is narrowed by, and counted by.
const BY: [&str; 3] = ["swl_type", "swl_measure", "swl_state"];
/// Rows in one answer at most; the counts are of all.
const MOST: usize = 5000;

/// What some premises count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    /// 家 on the list.
    listed: u64,
    /// 已清理.
    cleared: u64,
    /// 待清理.
    open: u64,
    /// 复发.
    recurred: u64,
}

impl Counts {
    /// What one counts; nothing where it is not on the list.
    fn of(layer: &Layer, place: &Record) -> Option<Self> {
        place.get(layer, "swl_type").as_text()?;
        let cleared = place.get(layer, "cleared_on").as_date().is_some();
        let recurred = place.get(layer, "recurred").as_boolean() == Some(true);
        Some(Self {
            listed: 1,
            cleared: cleared.into(),
            open: (!cleared).into(),
            recurred: recurred.into(),
        })
    }

    fn add(&mut self, other: Self) {
        self.listed += other.listed;
        self.cleared += other.cleared;
        self.open += other.open;
        self.recurred += other.recurred;
    }
}

pub(super) async fn scattered(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Tree>, Problem> {
    let as_of = AsOf::take(&mut given)?;
    let mut wanted = Vec::new();
    for name in BY {
        if let Some(value) = given.take(name)? {
            wanted.push((name, value));
        }
    }
    given.finish()?;
    let missing =
        || Problem::not_found("此文件没有单位场所图层 / this file has no layer of premises");
    let layer = app.layer(PLACES).cloned().ok_or_else(missing)?;
    viewer.require(Action::View, &layer)?;
    let seen = features(&app, &viewer, &layer, as_of.as_ref()).await?;
    let told = tokio::task::spawn_blocking(move || {
        let text = |place: &Record, name: &str| {
            let value = place.get(&layer, name).as_text();
            value.unwrap_or_default().to_owned()
        };
        let mut total = Counts::default();
        let mut groups: BTreeMap<(&str, String), Counts> = BTreeMap::new();
        let mut rows = Vec::new();
        for (at, place) in seen.records() {
            let Some(counts) = Counts::of(&layer, place) else {
                continue;
            };
            if wanted
                .iter()
                .any(|(name, value)| text(place, name) != *value)
            {
                continue;
            }
            total.add(counts);
            for name in BY {
                groups
                    .entry((name, text(place, name)))
                    .or_default()
                    .add(counts);
            }
            rows.push((at, counts));
        }
        let by: Tree = BY
            .iter()
            .map(|name| {
                let own = groups.iter().filter(|((of, _), _)| of == name);
                let own: Vec<Tree> = own
                    .map(|((_, code), counts)| {
                        let mut told = json!(counts);
                        told["code"] = code.as_str().into();
                        told["title"] = json!(app.catalog().called(&layer, name, code));
                        told
                    })
                    .collect();
                ((*name).to_owned(), Tree::from(own))
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        let told: Vec<Tree> = (rows.iter().take(MOST))
            .map(|&(at, counts)| {
                let place = seen.record(at);
                let view = viewer.see(&layer, place);
                let spot = seen.shape(at).map(|shape| shape.representative());
                let mut told = json!({
                    "id": &*place.id,
                    "cleared": counts.cleared == 1, "recurred": counts.recurred == 1,
                    "place": spot.map(|spot| [spot.lon(), spot.lat()]),
                });
                for name in ["name", "address", "swl_found_on", "cleared_on"]
                    .iter()
                    .chain(&BY)
                {
                    told[*name] = json!(view.get(name));
                }
                told
            })
            .collect();
        json!({ "total": total, "by": by, "matched": rows.len(), "rows": told })
    });
    Ok(Json(told.await.map_err(Problem::internal)?))
}
