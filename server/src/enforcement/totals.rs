//! `GET /enforcement/totals`: 宗 and 平方米, in all and by group.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde_json::{Value, json};
use yizhangtu_data::Text;

use super::{
    Figures,
    asked::{Asked, By, Meant},
};
use crate::{
    collections::AsOf,
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
    process::clocks,
};

pub(super) async fn totals(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Value>, Problem> {
    let asked = Asked::take(&mut given)?;
    given.finish()?;
    let meant = asked.meant(&app, &viewer, asked.as_of.as_ref()).await?;
    let small = small_titles(&app, &viewer);
    tokio::task::spawn_blocking(move || {
        let total: Figures = meant.figures().map(|(_, figures)| figures).sum();
        let mut groups: BTreeMap<Option<String>, Figures> = BTreeMap::new();
        for (position, figures) in meant.figures() {
            for key in asked.keys(&meant, position) {
                *groups.entry(key).or_default() += figures;
            }
        }
        // What is nowhere comes last.
        let (with, without): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(key, _)| key.is_some());
        let groups: Vec<Value> = (with.into_iter().chain(without))
            .map(|(key, figures)| {
                let mut told = json!(figures.told());
                told["title"] = json!(title(&app, &asked, &meant, key.as_deref()));
                told["key"] = key.into();
                told
            })
            .collect();
        let overdue = match &asked.as_of {
            // Clocks are those of now.
            Some(_) => Value::Null,
            None => overdue(&app, &meant)?.into(),
        };
        let store = app.pool().reader().map_err(Problem::internal)?;
        let sequence = match &asked.as_of {
            Some(as_of) => AsOf::sequence(as_of, &store).map_err(Problem::internal)?,
            None => app.snapshot().sequence,
        };
        let mut told = json!({
            "sequence": sequence,
            "definition": meant.definition.version,
            "total": total.told(),
            "groups": groups,
            "small_title_buildings": small,
        });
        told["total"]["overdue"] = overdue;
        Ok(Json(told))
    })
    .await
    .map_err(Problem::internal)?
}

/// How many of the cases are late.
pub(super) fn overdue(app: &App, meant: &Meant) -> Result<u64, Problem> {
    let store = app.pool().reader().map_err(Problem::internal)?;
    let records = meant.positions.iter().map(|&at| meant.cases.record(at));
    let clocks = clocks(app, &store, &meant.layer, records)?;
    let now = chrono::Utc::now().fixed_offset();
    Ok(clocks
        .values()
        .filter(|clock| clock.is_overdue(now))
        .count() as u64)
}

/// 小产权房, by 栋: told beside the cases and never added to them.
pub(super) fn small_titles(app: &App, viewer: &Viewer) -> Option<u64> {
    let layer = app.layer("building")?;
    if !viewer.may(Action::Count, layer) {
        return None;
    }
    let houses = app.counted_for(viewer);
    let houses = houses.layer("building")?;
    let at = layer.position("small_title")?;
    let small = |(_, house): &(u32, &std::sync::Arc<yizhangtu_data::Record>)| {
        house.values[at].as_boolean() == Some(true)
    };
    Some(houses.records().filter(small).count() as u64)
}

/// What a group is called.
pub(super) fn title(app: &App, asked: &Asked, meant: &Meant, key: Option<&str>) -> Text {
    let Some(key) = key else {
        return match &asked.by {
            Some(By::Place(_)) => Text::nowhere(),
            _ => Text::not_filled_in(),
        };
    };
    match &asked.by {
        Some(By::Field("is_new")) if key == "true" => Text::new("新增", "new"),
        Some(By::Field("is_new")) => Text::new("存量", "existing"),
        Some(By::Field(name)) => app.catalog().called(&meant.layer, name, key),
        Some(By::Place(_)) => {
            let named = meant.places.as_ref().and_then(|places| {
                let record = places.get(key)?;
                let label = places.layer.label.as_deref().unwrap_or("name");
                record.get(&places.layer, label).as_text()
            });
            Text::same(named.unwrap_or(key))
        }
        _ => Text::same(key),
    }
}
