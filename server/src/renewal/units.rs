//! `GET /renewal/units`: all units with figures, stage, year and maturity, the ripest first.

use axum::{Json, extract::State};
use rayon::prelude::*;
use serde::Serialize;
use yizhangtu_data::clock;
use yizhangtu_data::topology::polygons;

use super::{
    facts::{self, Registers},
    figures,
    indicators::{Definitions, Indicator},
    maturity::{Maturity, Terms},
    outline::titles,
};
use crate::{
    http::{App, Parameters, Problem},
    policy::{Action, Seen, Viewer},
    statistics::{self, Counts, Statistics},
};

/// One unit as it is listed.
#[derive(Serialize)]
pub(super) struct Unit {
    id: String,
    code: String,
    name: String,
    stage: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    mode: Option<String>,
    plan_year: Option<i64>,
    finish_year: Option<i64>,
    area_m2: f64,
    #[serde(flatten)]
    counts: Counts,
    indicators: Vec<Indicator>,
    maturity: Maturity,
}

/// The answer.
#[derive(Serialize)]
pub(super) struct Units {
    sequence: u64,
    as_of: String,
    units: Vec<Unit>,
}

/// `GET /renewal/units`.
pub(super) async fn units(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Units>, Problem> {
    given.finish()?;
    tokio::task::spawn_blocking(move || all(&app, &viewer))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

fn all(app: &App, viewer: &Viewer) -> Result<Units, Problem> {
    let store = app.pool().reader().map_err(Problem::internal)?;
    let definitions = Definitions::of_store(&store)?;
    let terms = Terms::of_store(&store)?;
    let registers = Registers::read(&store, viewer).map_err(Problem::internal)?;
    let (seen, counted) = (app.seen_by(viewer), app.counted_for(viewer));
    let Some(layer) = seen.layer("renewal_unit") else {
        return Err(viewer.refused());
    };
    viewer.require(Action::View, &layer.layer)?;
    let wanted = figures::wanted(&counted, definitions.figures().chain(terms.figures()));
    let records: Vec<u32> = layer.rows().map(|(at, _)| at).collect();
    let mut units: Vec<Unit> = records
        .into_par_iter()
        .filter_map(|at| {
            let record = layer.record(at);
            let ground = record.geometry.as_ref().and_then(polygons)?;
            Some((at, record, ground))
        })
        .map(|(at, record, ground)| {
            let (statistics, subject) =
                statistics::of_outline(app, viewer, &counted, &ground, &wanted)?;
            let figures = facts::figures(
                (app.catalog(), &counted),
                &registers,
                (&layer.layer, record),
                (&statistics, &subject),
            );
            let view = viewer.see(&layer.layer, record);
            let text = |field: &str| match view.get(field) {
                Seen::Nothing => None,
                seen => Some(seen.to_text()),
            };
            let stage = text("stage");
            let (code, name) = titles(viewer, layer, at);
            let Statistics {
                area_m2, counts, ..
            } = statistics;
            Ok(Unit {
                id: record.id.to_string(),
                code,
                name,
                kind: text("type"),
                mode: text("mode"),
                plan_year: text("plan_year").and_then(|year| year.parse().ok()),
                finish_year: text("finish_year").and_then(|year| year.parse().ok()),
                area_m2,
                counts,
                indicators: definitions.of(&figures),
                maturity: terms.of(&figures, stage.as_deref().unwrap_or_default()),
                stage,
            })
        })
        .collect::<Result<_, Problem>>()?;
    units.sort_by(|a, b| {
        (b.maturity.score.total_cmp(&a.maturity.score)).then_with(|| a.code.cmp(&b.code))
    });
    Ok(Units {
        sequence: counted.sequence,
        as_of: clock::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, false),
        units,
    })
}
