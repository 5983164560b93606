//! The overlay report of a unit: what lies on its ground, and what may stop it.
//!
//! One report is a list of sections, each a table. The page, the workbook and a printed sheet
//! show the same sections, so that a number is the same wherever it is read.

mod booklet;
mod houses;
mod land;
mod stops;
mod things;
mod workbook;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use chrono::DateTime;
use serde::Serialize;
use yizhangtu_data::clock;
use yizhangtu_data::{Catalog, Layer, Text, topology::polygons};

pub(crate) use self::stops::OBSTACLES;
use self::stops::Stop;
use super::{
    facts::{self, Registers},
    figures::Figures,
    indicators::{Definitions, Indicator},
    maturity::{Maturity, Terms},
    outline::{Member, members, titles},
};
use crate::{
    atlas::Snapshot,
    audit::Entry,
    exports::{self, Leave, file},
    http::{App, Parameters, Problem, percent_encoded},
    policy::{Action, Channel, Seen, Viewer},
    report::{Cell, Column, Section, text},
    statistics::{self, Statistics, Subject, Wanted},
};

/// The media type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What a section is made of.
struct Ground<'a> {
    viewer: &'a Viewer,
    catalog: &'a Catalog,
    /// What may be counted.
    snapshot: &'a Snapshot,
    /// What may be seen, and so named.
    seen: &'a Snapshot,
    statistics: &'a Statistics,
    subject: &'a Subject,
    figures: &'a Figures,
}

/// The report of one unit.
#[derive(Serialize)]
struct Report {
    id: String,
    code: String,
    name: String,
    stage: Text,
    sequence: u64,
    as_of: String,
    area_m2: f64,
    geometry: geojson::Geometry,
    grids: Vec<Member>,
    co_ops: Vec<Member>,
    maturity: Maturity,
    /// What may stop the unit, the gravest first.
    stops: Vec<Stop>,
    sections: Vec<Section>,
}

/// `GET /renewal/units/{id}/report?f=json|xlsx`.
pub(super) async fn report(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let path = format!("/renewal/units/{}/report", percent_encoded(&id));
    let leave = Leave::take(&app, &viewer, &path, &mut given).await?;
    let form = Form::take(&mut given)?;
    given.finish()?;
    tokio::task::spawn_blocking(move || {
        let shown = leave.viewer(&viewer, Channel::Sheet);
        let mark = leave.mark(&viewer);
        let (bytes, kind, name, rows) = match form {
            Form::Json => {
                let report = Report::of(&app, &viewer, &id, |report, _| report)?;
                app.note(&viewer, Entry::of("count", format!("renewal_unit/{id}")));
                return Ok(axum::Json(report).into_response());
            }
            Form::Workbook => {
                let made = Report::of(&app, &shown, &id, |report, _| {
                    workbook::write(&report, mark.as_deref())
                        .map(|bytes| (bytes, report.named(), report.name))
                })?;
                let (bytes, rows, name) = made.map_err(Problem::internal)?;
                let name = leave.file_name(&format!("{name} 叠加分析"), "xlsx");
                (bytes, XLSX, name, rows)
            }
            Form::Booklet => {
                let who = mark.unwrap_or_else(|| {
                    format!("{} {}", viewer.author(), clock::now().format("%F %H:%M"))
                });
                let (bytes, rows, name) = Report::of(&app, &shown, &id, |report, on| {
                    let bytes = booklet::print(&report, on, &who);
                    (bytes, report.named(), report.name)
                })?;
                let name = leave.file_name(&format!("{name} 一单元一册"), "pdf");
                (bytes, "application/pdf", name, rows)
            }
        };
        let act = Entry::of("export", format!("renewal_unit/{id}")).counting(rows);
        leave.hand_over(&app, &viewer, act, &exports::hash(&bytes))?;
        let mut response = bytes.into_response();
        file::dress(&mut response, &name, kind);
        Ok(response)
    })
    .await
    .map_err(Problem::internal)?
}

/// The forms that a report is had in.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Workbook,
    Booklet,
}

impl Form {
    fn take(given: &mut Parameters) -> Result<Self, Problem> {
        match given.take("f")?.as_deref() {
            None | Some("json") => Ok(Self::Json),
            Some("xlsx") => Ok(Self::Workbook),
            Some("pdf") => Ok(Self::Booklet),
            Some(other) => Err(Problem::parameter(
                "f",
                format_args!("没有格式“{other}”，可用的有 json、xlsx、pdf"),
                format_args!("there is no format “{other}”; there are json, xlsx, pdf"),
            )),
        }
    }
}

/// What a viewer asks to take away: its title, where the report names anybody, and the rows
/// that do.
///
/// # Errors
/// As the report itself.
pub(crate) async fn asked_for(
    app: &App,
    viewer: &Viewer,
    id: &str,
    mut given: Parameters,
) -> Result<(Option<Text>, u64), Problem> {
    let form = Form::take(&mut given)?;
    given.finish()?;
    let (app, id) = (app.clone(), id.to_owned());
    let viewer = viewer.clone().through(Channel::Sheet);
    tokio::task::spawn_blocking(move || {
        let (rows, name) = Report::of(&app, &viewer, &id, |report, _| {
            (report.named(), report.name)
        })?;
        let file = !matches!(form, Form::Json);
        let title = (file && rows > 0).then(|| Text {
            zh: format!("{name} 的叠加分析报告（含承租人）"),
            en: format!("Report of {name} (with the lessees)"),
        });
        Ok((title, rows))
    })
    .await
    .map_err(Problem::internal)?
}

impl Report {
    /// How many of its rows name a person.
    fn named(&self) -> u64 {
        (self.sections.iter()).map(|section| section.named).sum()
    }

    /// The moment that it is of, as people write it.
    fn minute(&self) -> String {
        DateTime::parse_from_rfc3339(&self.as_of).map_or_else(
            |_| self.as_of.clone(),
            |at| at.format("%F %H:%M").to_string(),
        )
    }

    /// The report of a unit, handed on with the ground that it is of.
    fn of<T>(
        app: &App,
        viewer: &Viewer,
        id: &str,
        make: impl FnOnce(Self, &Ground<'_>) -> T,
    ) -> Result<T, Problem> {
        let (seen, snapshot) = (app.seen_by(viewer), app.counted_for(viewer));
        let units = seen.layer("renewal_unit").ok_or_else(|| viewer.refused())?;
        viewer.require(Action::View, &units.layer)?;
        let none =
            || Problem::not_found(format!("没有更新单元 {id} / there is no renewal unit {id}"));
        let at = units.position(id).ok_or_else(none)?;
        let record = units.record(at);
        let ground = record
            .geometry
            .as_ref()
            .and_then(polygons)
            .ok_or_else(none)?;
        let store = app.pool().reader().map_err(Problem::internal)?;
        let registers = Registers::read(&store, viewer).map_err(Problem::internal)?;
        let definitions = Definitions::of_store(&store)?;
        let terms = Terms::of_store(&store)?;
        let (statistics, subject) =
            statistics::of_outline(app, viewer, &snapshot, &ground, &Wanted::all())?;
        let figures = facts::figures(
            (app.catalog(), &snapshot),
            &registers,
            (&units.layer, record),
            (&statistics, &subject),
        );
        let stage = match viewer.see(&units.layer, record).get("stage") {
            Seen::Nothing => String::new(),
            seen => seen.to_text(),
        };
        let on = Ground {
            viewer,
            catalog: app.catalog(),
            snapshot: &snapshot,
            seen: &seen,
            statistics: &statistics,
            subject: &subject,
            figures: &figures,
        };
        let mut sections = vec![indicators(&definitions.of(&figures))];
        sections.extend(land::sections(&on));
        sections.extend(houses::sections(&on));
        sections.extend(things::sections(&on));
        let (code, name) = titles(viewer, units, at);
        let report = Self {
            id: id.to_owned(),
            code,
            name,
            stage: on.label(&units.layer, "stage", &stage),
            sequence: statistics.sequence,
            as_of: statistics.as_of.clone(),
            area_m2: statistics.area_m2,
            geometry: geojson::Geometry::from(&super::outline::single(ground)),
            grids: members(viewer, &seen, "grid", &subject),
            co_ops: members(viewer, &seen, "co_op", &subject),
            maturity: terms.of(&figures, &stage),
            stops: stops::of(&on),
            sections,
        };
        Ok(make(report, &on))
    }
}

impl Ground<'_> {
    /// What a stored code of a field is called.
    fn label(&self, layer: &Layer, field: &str, code: &str) -> Text {
        let list = layer
            .field(field)
            .and_then(|field| field.code_list.as_deref());
        self.listed(list.unwrap_or_default(), code)
    }

    /// What a code of a list is called; the code itself where the list has none.
    fn listed(&self, list: &str, code: &str) -> Text {
        facts::titled(self.catalog, list, code)
    }
}

/// The indicators, each with its formula and source.
fn indicators(all: &[Indicator]) -> Section {
    let mut section = Section::new(
        "indicators",
        text("指标", "Indicators"),
        vec![
            Column::of("指标", "Indicator", ""),
            Column::of("数值", "Value", ""),
            Column::of("单位", "Unit", ""),
            Column::of("公式", "Formula", ""),
            Column::of("来源", "Source", ""),
        ],
    );
    section.rows = (all.iter())
        .map(|own| {
            vec![
                Cell::Label(own.definition.title.clone()),
                own.value.map_or(Cell::Nothing, Cell::Number),
                Cell::Text(own.definition.unit.clone()),
                Cell::Text(own.definition.formula.clone()),
                Cell::Text(own.definition.source.clone()),
            ]
        })
        .collect();
    section
}
