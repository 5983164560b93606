//! `GET /renewal/units/{id}/work`: how far the work on a unit is. The survey house by house,
//! measures and phases whose sums are the unit's, votes, public notices, money and works.

mod measures;
mod registers;

use axum::{
    Json,
    extract::{Path, State},
};
use chrono::NaiveDate;
use serde::Serialize;
use yizhangtu_data::{Text, clock, store::StoreError, topology::polygons};
use yizhangtu_index::Rule;

use self::{measures::Measures, registers::Registers};
use crate::{
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
    statistics::Subject,
};

/// How far the work on a unit is. Money in 分, areas in m². What the viewer may not see is none.
#[derive(Serialize)]
pub(super) struct Work {
    id: String,
    sequence: u64,
    as_of: String,
    survey: Option<Survey>,
    measures: Option<Measures>,
    votes: Option<Vec<Vote>>,
    notices: Option<Vec<Notice>>,
    money: Option<Money>,
    works: Option<Works>,
}

/// The survey of the houses that are in the unit today.
#[derive(Serialize)]
struct Survey {
    houses: u64,
    /// Houses with a row.
    entered: u64,
    reviewed: u64,
    published: u64,
    objections: i64,
    lawful_m2: f64,
    untitled_m2: f64,
    /// Houses without a review, the first of them.
    missing: Vec<House>,
}

#[derive(Serialize)]
struct House {
    id: String,
    code: String,
    address: String,
    /// Its row of the survey, where it has one.
    row: Option<String>,
}

#[derive(Serialize)]
struct Vote {
    id: String,
    subject: String,
    entitled: Option<i64>,
    agreed: Option<i64>,
    /// 0 to 1.
    share: Option<f64>,
    voted_on: Option<NaiveDate>,
    notarised: bool,
}

#[derive(Serialize)]
struct Notice {
    id: String,
    kind: Text,
    from_on: Option<NaiveDate>,
    to_on: Option<NaiveDate>,
    place: String,
    objections: i64,
    answered: i64,
    /// Whether its time has passed.
    over: bool,
}

/// Money by item, in the order of the list of costs.
#[derive(Serialize)]
struct Money {
    items: Vec<Item>,
    amount_fen: i64,
    paid_fen: i64,
}

#[derive(Serialize)]
struct Item {
    item: String,
    label: Text,
    amount_fen: i64,
    paid_fen: i64,
}

/// The checklist of measures by group.
#[derive(Serialize)]
struct Works {
    rows: Vec<Task>,
    /// The mean of their progress by their weights, 0 to 100.
    progress_percent: Option<f64>,
}

#[derive(Serialize)]
struct Task {
    id: String,
    group: Text,
    title: String,
    responsible: String,
    start_on: Option<NaiveDate>,
    end_on: Option<NaiveDate>,
    progress_percent: Option<f64>,
    weight: f64,
}

/// `GET /renewal/units/{id}/work`.
pub(super) async fn work(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Work>, Problem> {
    given.finish()?;
    tokio::task::spawn_blocking(move || Work::of(&app, &viewer, id))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

impl Work {
    fn of(app: &App, viewer: &Viewer, id: String) -> Result<Self, Problem> {
        let (seen, counted) = (app.seen_by(viewer), app.counted_for(viewer));
        let units = seen.layer("renewal_unit").ok_or_else(|| viewer.refused())?;
        viewer.require(Action::View, &units.layer)?;
        let ground = (units.get(&id)).and_then(|unit| polygons(unit.geometry.as_ref()?));
        let ground = ground.ok_or_else(|| {
            Problem::not_found(format!("没有更新单元 {id} / there is no renewal unit {id}"))
        })?;
        let subject = Subject::outlined(&ground)?;
        let store = app.pool().reader().map_err(Problem::internal)?;
        let registers = Registers {
            app,
            viewer,
            store: &store,
            unit: &id,
        };
        let houses = counted
            .layer("building")
            .filter(|layer| viewer.may(Action::Count, &layer.layer))
            .map(|layer| (&**layer, layer.within(&subject.area, Rule::default())));
        let told = |read: Result<_, StoreError>| read.map_err(Problem::internal);
        let survey = match &houses {
            Some((layer, within)) => {
                let named = seen.layer("building").map(|layer| &**layer);
                told(registers.survey(layer, within, named))?
            }
            None => None,
        };
        Ok(Self {
            survey,
            measures: (houses.as_ref())
                .map(|(layer, within)| Measures::of(app.catalog(), layer, within)),
            votes: registers.votes().map_err(Problem::internal)?,
            notices: registers.notices().map_err(Problem::internal)?,
            money: registers.money().map_err(Problem::internal)?,
            works: registers.works().map_err(Problem::internal)?,
            sequence: counted.sequence,
            as_of: clock::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, false),
            id,
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sums stay below 2^53 hundredths"
)]
fn metres(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}
