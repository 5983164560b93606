//! `POST /registers`: a register of people as a village keeps it in Excel, matched to houses and
//! people, checked cell by cell, and taken in as one change set that can be taken back.

mod columns;
mod houses;
mod rows;
mod sheet;
#[cfg(test)]
mod tests;
mod value;

use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use serde::Serialize;
use yizhangtu_data::clock;
use yizhangtu_data::{Change, ChangeSet, store::StoreError};

use self::{
    houses::Houses,
    rows::{Known, Report},
    sheet::Sheet,
};
use crate::{
    atlas::Snapshot,
    audit::Entry,
    changes,
    http::{App, Parameters, Problem},
    policy::Action,
    policy::Viewer,
};

/// Largest workbook.
pub(super) const LARGEST: usize = 32 << 20;

/// What came of a register.
#[derive(Serialize)]
pub(super) struct Taken {
    #[serde(flatten)]
    report: Report,
    /// Whether it was only looked at.
    dry_run: bool,
    sequence: u64,
    /// Takes the register back (`POST /changes/{change_set}/revert`); none where nothing was new.
    change_set: Option<i64>,
}

/// `POST /registers?dry_run=true`; without `dry_run` a register with faults is refused, unless
/// `partial=true` leaves the lines with faults out.
pub(super) async fn registers(
    State(app): State<App>,
    viewer: Viewer,
    mut parameters: Parameters,
    body: Bytes,
) -> Result<Json<Taken>, Problem> {
    let dry_run = flag(&mut parameters, "dry_run")?;
    let partial = flag(&mut parameters, "partial")?;
    parameters.finish()?;
    for layer in ["person", "residence", "room"] {
        let layer = app.layer(layer).ok_or_else(|| viewer.refused())?;
        changes::may(&app, &viewer, Action::Create, layer)?;
    }
    // Houses outside the viewer's territory are not there.
    let snapshot = app.seen_by(&viewer);
    let (reader, shown) = (app.clone(), snapshot.clone());
    let (report, found) = tokio::task::spawn_blocking(move || read(&reader, &shown, &body))
        .await
        .map_err(Problem::internal)??;
    let entry = Entry::of("import", "registers").counting(report.people as u64);
    app.note(&viewer, entry.because(if dry_run { "dry run" } else { "" }));
    if dry_run || (!report.faults.is_empty() && !partial) || found.is_empty() {
        return Ok(Json(Taken {
            report,
            dry_run: true,
            sequence: snapshot.sequence,
            change_set: None,
        }));
    }
    let set = ChangeSet {
        author: viewer.author().to_owned(),
        reason: format!("导入人屋台账：{}", report.sheet),
        changes: found,
        ..ChangeSet::default()
    };
    let origin = (0..set.changes.len()).collect();
    let done = match app.keeper().apply(set, origin, false).await {
        Ok(done) => done,
        Err(refusal) => return Err(refusal.problem(&app, &viewer).await),
    };
    Ok(Json(Taken {
        report,
        dry_run: false,
        sequence: done.sequence,
        change_set: done.change_set,
    }))
}

fn flag(parameters: &mut Parameters, name: &'static str) -> Result<bool, Problem> {
    match parameters.take(name)?.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::parameter(
            name,
            "应为 true 或 false",
            "must be true or false",
        )),
    }
}

fn read(app: &App, snapshot: &Snapshot, body: &[u8]) -> Result<(Report, Vec<Change>), Problem> {
    let refused = |(zh, en): (String, String)| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{zh} / {en}"))
    };
    let sheet = Sheet::read(body).map_err(refused)?;
    let houses = Houses::new(snapshot).ok_or_else(|| {
        refused((
            "文件里没有房屋图层".to_owned(),
            "the file has no layer of houses".to_owned(),
        ))
    })?;
    let store = app.pool().reader().map_err(Problem::internal)?;
    let taken = store.moment(|| {
        let known = Known::new(&store, &houses, &sheet, clock::today())?;
        rows::read(&known, &sheet)
    });
    taken.map_err(|error: StoreError| Problem::internal(error))
}
