//! `GET /quality`: what in the data is wrong or suspicious, as `yizhangtu check` finds it, and
//! what the registers leave open.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use yizhangtu_data::clock;

use axum::{Json, extract::State};
use chrono::SecondsFormat;
use serde_json::{Value as Json_, json};
use yizhangtu_data::check::{Report, check};

use crate::{
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// The last report, of one sequence number. Checking a large village takes seconds, and
/// nothing of it changes while nobody writes.
#[derive(Default)]
pub(crate) struct Quality(Mutex<Option<(u64, Arc<Report>)>>);

impl Quality {
    fn of(&self, app: &App) -> Result<(u64, Arc<Report>), Problem> {
        let store = app.pool().reader().map_err(Problem::internal)?;
        let sequence = store.sequence().map_err(Problem::internal)?;
        // Whoever asks meanwhile waits for the one report.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, report)) = &*kept
            && *of == sequence
        {
            return Ok((sequence, Arc::clone(report)));
        }
        let report = store.moment(|| check(&store)).map_err(Problem::internal)?;
        let report = Arc::new(report);
        *kept = Some((sequence, Arc::clone(&report)));
        Ok((sequence, report))
    }
}

/// `GET /quality`
///
/// Findings name features of every place, so they are for those whose rights end nowhere.
pub(super) async fn quality(
    State(app): State<App>,
    viewer: Viewer,
    parameters: Parameters,
) -> Result<Json<Json_>, Problem> {
    parameters.finish()?;
    let buildings = app.layer("building").ok_or_else(|| viewer.refused())?;
    viewer.require(Action::View, buildings)?;
    if viewer.ends(buildings) {
        return Err(viewer.refused());
    }
    tokio::task::spawn_blocking(move || {
        let (sequence, report) = app.quality().of(&app)?;
        let seen = |layer: &str| {
            app.layer(layer)
                .is_some_and(|layer| viewer.may(Action::View, layer))
        };
        let all = serde_json::to_value(&*report).map_err(Problem::internal)?;
        let findings = all["findings"].as_array().cloned().unwrap_or_default();
        let mut by: BTreeMap<String, Json_> = BTreeMap::new();
        for tally in all["tallies"].as_array().into_iter().flatten() {
            let layer = tally["layer"].as_str().unwrap_or_default();
            if seen(layer) {
                by.insert(
                    format!("{}/{layer}", tally["check"].as_str().unwrap_or_default()),
                    tally.clone(),
                );
            }
        }
        let findings: Vec<Json_> = (findings.into_iter())
            .filter(|finding| finding["layer"].as_str().is_some_and(&seen))
            .collect();
        Ok(Json(json!({
            "sequence": sequence,
            "as_of": clock::now().to_rfc3339_opts(SecondsFormat::Secs, false),
            "tallies": by.into_values().collect::<Vec<_>>(),
            "findings": findings,
        })))
    })
    .await
    .map_err(Problem::internal)?
}
