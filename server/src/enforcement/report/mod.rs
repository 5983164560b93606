//! `GET /enforcement/report`: 日报, 周报, 月报 and 年报 of 两违, as JSON, workbook and PDF.
//!
//! What happened in the period goes by the day that a case tells of it (found, filed,
//! demolished, closed), as `/enforcement/totals` counts it; how things stand is of the moment
//! that the report says it is of. The same period of the same moment gives the same report, and
//! the same hash.

mod period;
mod tables;
mod write;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::json;
use yizhangtu_data::{Text, clock};

use self::period::Period;
use super::{
    asked::{Asked, By, Meant},
    ledger::MEDIA,
    totals,
};
use crate::{
    audit::Entry,
    collections::AsOf,
    exports::{self, Leave, file},
    http::{App, Parameters, Problem},
    policy::{Channel, Viewer},
    report::Section,
};

/// A report of a period.
#[derive(Serialize)]
struct Report {
    title: Text,
    period: &'static str,
    from: String,
    to: String,
    /// The moment that it is of.
    as_of: String,
    sequence: u64,
    definition: String,
    /// SHA-256 of the period, the moment's sequence and all tables.
    hash: String,
    sections: Vec<Section>,
    /// How many cases it names.
    #[serde(skip)]
    named: u64,
}

#[derive(Clone, Copy)]
enum Form {
    Json,
    Workbook,
    Paper,
}

pub(super) async fn report(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let leave = Leave::take(&app, &viewer, "/enforcement/report", &mut given).await?;
    let form = match given.take("f")?.as_deref() {
        None | Some("json") => Form::Json,
        Some("xlsx") => Form::Workbook,
        Some("pdf") => Form::Paper,
        Some(_) => return Err(Problem::one_of("f", "json, xlsx, pdf")),
    };
    let now = clock::now();
    let period = Period::take(&mut given, now.date_naive())?;
    let mut asked = Asked::take(&mut given)?;
    given.finish()?;
    if asked.has_period() {
        return Err(Problem::parameter(
            "from",
            "报告的起止由 period 和 day 给出，不用 from、to",
            "the days of a report are given by period and day, not by from and to",
        ));
    }
    // Places are told apart by co-op, unless another way is asked for.
    asked.by.get_or_insert(By::Place("co_op"));
    let meant = asked.meant(&app, &viewer, asked.as_of.as_ref()).await?;
    tokio::task::spawn_blocking(move || {
        let (shown, channel) = match form {
            Form::Json => (viewer.clone(), None),
            Form::Workbook => (leave.viewer(&viewer, Channel::Export), Some("xlsx")),
            Form::Paper => (leave.viewer(&viewer, Channel::Sheet), Some("pdf")),
        };
        let made = Report::of(&app, &shown, (&asked, &meant), period)?;
        let Some(ending) = channel else {
            return Ok(Json(made).into_response());
        };
        let mark = leave.mark(&viewer);
        let who = mark
            .clone()
            .unwrap_or_else(|| format!("{} {}", viewer.author(), now.format("%F %H:%M")));
        let (bytes, media) = match form {
            Form::Paper => (write::paper(&made, &who), "application/pdf"),
            _ => {
                let book = write::workbook(&made, mark.as_deref()).map_err(Problem::internal)?;
                (book, MEDIA)
            }
        };
        let act = Entry::of("export", format!("violation_case report {}", period.name()))
            .counting(made.named);
        leave.hand_over(&app, &viewer, act, &exports::hash(&bytes))?;
        let mut response = bytes.into_response();
        let name = leave.file_name(&made.title.zh, ending);
        file::dress(&mut response, &name, media);
        Ok(response)
    })
    .await
    .map_err(Problem::internal)?
}

impl Report {
    /// The report of the cases that are meant.
    fn of(
        app: &App,
        viewer: &Viewer,
        (asked, meant): (&Asked, &Meant),
        period: Period,
    ) -> Result<Self, Problem> {
        let store = app.pool().reader().map_err(Problem::internal)?;
        let (sequence, overdue) = match &asked.as_of {
            Some(as_of) => {
                let sequence = AsOf::sequence(as_of, &store).map_err(Problem::internal)?;
                (sequence, None)
            }
            // Clocks are those of now.
            None => (app.snapshot().sequence, Some(totals::overdue(app, meant)?)),
        };
        let as_of = match &asked.as_of {
            Some(AsOf::Instant(at)) => at.clone(),
            Some(AsOf::Sequence(_)) => String::new(),
            None => clock::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, false),
        };
        let (found, demolished) = (
            tables::named(app, viewer, meant, period, "found_on"),
            tables::named(app, viewer, meant, period, "demolished_on"),
        );
        let named = (found.rows.len() + demolished.rows.len()) as u64;
        let own = tables::Happened::of(meant, period);
        let mut sections = vec![
            tables::progress(meant, &own, period),
            tables::standing(&own, overdue, totals::small_titles(app, viewer)),
            tables::places(app, (asked, meant), &own, period),
            tables::demolitions(app, (asked, meant), period),
        ];
        sections.extend(
            ["kind", "source"].map(|field| tables::kinds(app, meant, (&own, period), field)),
        );
        sections.extend([demolished, found]);
        let told = json!([
            period.name(),
            period.from,
            period.to,
            sequence,
            meant.definition.version,
            sections,
        ]);
        Ok(Self {
            title: period.title(),
            period: period.name(),
            from: period.from.to_string(),
            to: period.to.to_string(),
            as_of,
            sequence,
            definition: meant.definition.version.clone(),
            hash: exports::hash(told.to_string().as_bytes()),
            sections,
            named,
        })
    }
}
