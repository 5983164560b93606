//! 划定区域即时统计: what is in a drawn area, or in a feature of a layer.
//!
//! One function makes each number. The panel of a grid, the group of a grid in a larger
//! area, and an area drawn along the grid's border all come from [`count::Counts`] over a
//! selection of features, and from [`overlay`] for areas.

mod area;
mod buffer;
mod count;
mod features;
mod figure;
mod groups;
mod houses;
mod overlay;
mod people;
mod request;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    routing::{get, post},
};
use chrono::{NaiveDate, SecondsFormat};
use geo::MultiPolygon;
use serde::Serialize;
use yizhangtu_data::clock;
use yizhangtu_index::Rule;

use crate::{
    atlas::Snapshot,
    audit::Entry,
    http::{App, Parameters, Problem},
    people::Terms,
    policy::Viewer,
    release::Rules,
};
pub(crate) use area::Subject;
pub(crate) use count::{Counted, Counts, Selection, named};
use groups::Group;
pub(crate) use overlay::{ByClass, ByKind, Class, Wanted, class_of, inside};
pub(crate) use people::people_asked_for;
use request::Request;

/// Largest body: an outline of a million vertices.
const LARGEST_BODY: usize = 64 << 20;

/// The routes of the statistics.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/statistics",
            post(statistics).layer(DefaultBodyLimit::max(LARGEST_BODY)),
        )
        .route(
            "/statistics/houses",
            post(houses::houses).layer(DefaultBodyLimit::max(LARGEST_BODY)),
        )
        .route(
            "/statistics/features",
            post(features::features).layer(DefaultBodyLimit::max(LARGEST_BODY)),
        )
        .route("/statistics/people", get(people::people))
}

/// The answer of `POST /statistics`. Areas in m², money in 分.
#[derive(Serialize)]
pub(crate) struct Statistics {
    pub(crate) sequence: u64,
    pub(crate) as_of: String,
    rule: &'static str,
    /// The past day that people are counted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<NaiveDate>,
    pub(crate) area_m2: f64,
    #[serde(flatten)]
    pub(crate) counts: Counts,
    /// What counts as people (口径): Chinese, English.
    basis: Basis,
    pub(crate) land_use: Vec<ByClass>,
    pub(crate) plan_land: Vec<ByClass>,
    pub(crate) control_lines: Vec<ByKind>,
    groups: Vec<Group>,
    /// By which rules people were counted, where small numbers are not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    small_numbers: Option<&'static Rules>,
}

#[derive(Serialize)]
struct Basis {
    zh: String,
    en: String,
}

/// The same figures for an outline on the lattice, valid, in longitude and latitude, by the
/// default rule: what a panel, a report and a drawing table say of it is what
/// `POST /statistics` answers, of land as far as it is wanted. With the area that was counted in.
///
/// # Errors
/// When the viewer may count nothing, or the outline is none.
pub(crate) fn of_outline(
    app: &App,
    viewer: &Viewer,
    snapshot: &Snapshot,
    outline: &MultiPolygon<f64>,
    wanted: &Wanted,
) -> Result<(Statistics, Subject), Problem> {
    let seen = Counted::of(app, viewer)?;
    let subject = Subject::outlined(outline)?;
    let rule = Rule::default();
    let selection = Selection::within(snapshot, &subject.area, rule, &seen);
    let asked = (rule, None);
    let told = told(snapshot, &subject, &selection, asked, &seen, wanted);
    Ok((told, subject))
}

/// By which rules people are counted for a viewer, where small numbers are not told.
///
/// # Errors
/// When the viewer may count nothing.
pub(crate) fn small_numbers(app: &App, viewer: &Viewer) -> Result<Option<&'static Rules>, Problem> {
    Ok(Counted::of(app, viewer)?.is_composed().then(Rules::usual))
}

/// The figures of a selection, without groups; people as of a past day where one is given.
fn told(
    snapshot: &Snapshot,
    subject: &Subject,
    selection: &Selection,
    (rule, on): (Rule, Option<NaiveDate>),
    seen: &Counted,
    wanted: &Wanted,
) -> Statistics {
    let by_class = |is: bool, layer| {
        let all = || overlay::by_class(snapshot, layer, subject);
        if is { all() } else { Vec::new() }
    };
    let now = clock::now();
    let [zh, en] = basis(rule, on);
    Statistics {
        sequence: snapshot.sequence,
        as_of: now.to_rfc3339_opts(SecondsFormat::Secs, false),
        rule: rule_name(rule),
        on,
        basis: Basis { zh, en },
        area_m2: subject.area_m2,
        counts: Counts::of(snapshot, selection, now.date_naive(), seen),
        land_use: by_class(wanted.land_use, "land_use"),
        plan_land: by_class(wanted.plan_land, "plan_land"),
        control_lines: overlay::by_kind(snapshot, "control_line", subject, wanted),
        groups: Vec::new(),
        small_numbers: seen.is_composed().then(Rules::usual),
    }
}

async fn statistics(
    State(app): State<App>,
    viewer: Viewer,
    parameters: Parameters,
    body: Bytes,
) -> Result<Json<Statistics>, Problem> {
    parameters.finish()?;
    let seen = Counted::of(&app, &viewer)?;
    let outlines = app.seen_by(&viewer);
    tokio::task::spawn_blocking(move || {
        let request = Request::parse(&body)?;
        let snapshot = moment(&app, &viewer, &seen, &request)?;
        let answer = answer(&viewer, &snapshot, &outlines, &seen, &request)?;
        let area = format!("{:.0} m²", answer.area_m2);
        app.note(&viewer, Entry::of("count", area));
        Ok(answer)
    })
    .await
    .map_err(Problem::internal)?
    .map(Json)
}

/// The map that a request counts in.
fn moment(
    app: &App,
    viewer: &Viewer,
    seen: &Counted,
    request: &Request,
) -> Result<Arc<Snapshot>, Problem> {
    match request.on {
        None => Ok(app.counted_for(viewer)),
        // What is released of small numbers is of now.
        Some(_) if seen.is_composed() => Err(viewer.refused()),
        Some(day) => (app.past().of(app, viewer, day)).map_err(Problem::internal),
    }
}

/// The answer to a request that another part of the server makes, so that its numbers are
/// those of the panel. The moment is what the viewer sees and what is counted for it.
///
/// # Errors
/// As `POST /statistics`.
pub(crate) fn figures(
    app: &App,
    viewer: &Viewer,
    (outlines, counted): (&Snapshot, &Snapshot),
    request: &serde_json::Value,
) -> Result<serde_json::Value, Problem> {
    let seen = Counted::of(app, viewer)?;
    let request = Request::parse(request.to_string().as_bytes())?;
    let answer = answer(viewer, counted, outlines, &seen, &request)?;
    serde_json::to_value(answer).map_err(Problem::internal)
}

/// `snapshot` is what is counted, `outlines` what may be seen, and so what may be named.
fn answer(
    viewer: &Viewer,
    snapshot: &Snapshot,
    outlines: &Snapshot,
    seen: &Counted,
    request: &Request,
) -> Result<Statistics, Problem> {
    let subject = Subject::of(outlines, request)?;
    let by = request.group_layer(outlines)?;
    let selection = Selection::within(snapshot, &subject.area, request.rule, seen);
    let groups = by.map_or_else(Vec::new, |by| {
        groups::of(
            viewer,
            snapshot,
            by,
            &subject,
            (&selection, request.rule),
            clock::today(),
            seen,
        )
    });
    let asked = (request.rule, request.on);
    Ok(Statistics {
        groups,
        ..told(snapshot, &subject, &selection, asked, seen, &Wanted::all())
    })
}

fn rule_name(rule: Rule) -> &'static str {
    match rule {
        Rule::RepresentativePoint => "representative_point",
        Rule::Intersects => "intersects",
        Rule::Within => "within",
    }
}

/// What is counted, and of houses that the outline cuts which.
fn basis(rule: Rule, on: Option<NaiveDate>) -> [String; 2] {
    let [zh, en] = Terms::current().basis();
    let (cut_zh, cut_en) = match rule {
        Rule::RepresentativePoint => (
            "被边界切到的房屋按代表点在内计入",
            "a house that the outline cuts counts where its representative point is inside",
        ),
        Rule::Intersects => (
            "被边界切到或碰到的房屋全部计入",
            "every house that the outline cuts or touches counts",
        ),
        Rule::Within => ("只计完全在范围内的房屋", "only houses wholly inside count"),
    };
    let (past_zh, past_en) = on.map_or_else(Default::default, |day| {
        (
            format!("；人按登记的迁入、迁出日期推算到 {day}，房屋、户、套间按现状"),
            format!("; people as of {day} by the registered days of moving, houses, households and rooms as they are now"),
        )
    });
    [
        format!("{zh}；{cut_zh}{past_zh}"),
        format!("{en}; {cut_en}{past_en}"),
    ]
}
