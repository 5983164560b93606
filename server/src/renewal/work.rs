//! `GET /renewal/units/{id}/work`: how far the work on a unit is. The survey house by house,
//! measures and phases whose sums are the unit's, votes, public notices, money and works.

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    extract::{Path, State},
};
use chrono::NaiveDate;
use serde::Serialize;
use yizhangtu_data::{
    Catalog, Layer, Record, Text, Value, clock,
    store::{GeoPackage, StoreError},
    topology::polygons,
};
use yizhangtu_index::Rule;

use super::facts::titled;
use crate::{
    atlas::{LayerSnapshot, hundredths},
    http::{App, Parameters, Problem},
    policy::{Action, Seen, Viewer},
    statistics::Subject,
};

/// Houses that are named one by one where they are not surveyed.
const NAMED: usize = 200;

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

/// Houses by measure and phase; together every house of the unit once.
#[derive(Serialize)]
struct Measures {
    rows: Vec<Measure>,
    total: Sum,
}

#[derive(Serialize)]
struct Measure {
    /// Code of the measure; none where none was set.
    measure: Option<String>,
    label: Text,
    color: Option<String>,
    phase: Option<i64>,
    #[serde(flatten)]
    sum: Sum,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Sum {
    count: u64,
    footprint_m2: f64,
    floor_area_m2: f64,
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

/// The tables about one unit, as a viewer sees them.
struct Registers<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    store: &'a GeoPackage,
    unit: &'a str,
}

/// A row with its layer.
struct Row<'a> {
    viewer: &'a Viewer,
    layer: &'a Layer,
    record: Record,
}

impl Row<'_> {
    fn text(&self, field: &str) -> String {
        match self.viewer.see(self.layer, &self.record).get(field) {
            Seen::Nothing => String::new(),
            seen => seen.to_text(),
        }
    }

    fn code(&self, field: &str) -> &str {
        let value = self.record.get(self.layer, field);
        value.as_text().unwrap_or_default()
    }

    fn day(&self, field: &str) -> Option<NaiveDate> {
        self.record.get(self.layer, field).as_date()
    }

    fn whole(&self, field: &str) -> Option<i64> {
        self.record.get(self.layer, field).as_integer()
    }

    fn number(&self, field: &str) -> Option<f64> {
        self.record.get(self.layer, field).as_decimal()
    }

    fn id(&self) -> String {
        self.record.id.to_string()
    }
}

impl<'a> Registers<'a> {
    /// The rows of a table about the unit; none where the viewer may not see them.
    fn rows(&self, table: &str) -> Result<Option<Vec<Row<'a>>>, StoreError> {
        let Some(layer) = (self.app.layer(table)).filter(|own| self.viewer.may(Action::View, own))
        else {
            return Ok(None);
        };
        let found = self
            .store
            .find(table, "renewal_unit", &Value::from(self.unit))?;
        let row = |record| Row {
            viewer: self.viewer,
            layer,
            record,
        };
        Ok(Some(found.into_iter().map(row).collect()))
    }

    fn label(&self, list: &str, code: &str) -> Text {
        titled(self.app.catalog(), list, code)
    }

    fn survey(
        &self,
        houses: &LayerSnapshot,
        within: &[u32],
        named: Option<&LayerSnapshot>,
    ) -> Result<Option<Survey>, StoreError> {
        let Some(rows) = self.rows("unit_survey")? else {
            return Ok(None);
        };
        let mut by_house: HashMap<&str, &Row<'_>> = HashMap::new();
        for row in &rows {
            by_house.insert(row.code("building"), row);
        }
        let mut survey = Survey {
            houses: within.len() as u64,
            entered: 0,
            reviewed: 0,
            published: 0,
            objections: 0,
            lawful_m2: 0.0,
            untitled_m2: 0.0,
            missing: Vec::new(),
        };
        let (mut lawful, mut untitled) = (0, 0);
        for at in within {
            let house = houses.record(*at);
            let row = by_house.get(&*house.id).copied();
            if let Some(row) = row {
                survey.entered += 1;
                survey.published += u64::from(row.day("published_on").is_some());
                survey.objections += row.whole("objections").unwrap_or(0);
                lawful += hundredths(&row.record, row.layer.position("lawful_m2"));
                untitled += hundredths(&row.record, row.layer.position("untitled_m2"));
            }
            if row.is_some_and(|row| row.day("reviewed_on").is_some()) {
                survey.reviewed += 1;
            } else if survey.missing.len() < NAMED
                && let Some(named) = named
                && let Some(house) = named.get(&house.id)
            {
                let view = self.viewer.see(&named.layer, house);
                let text = |field: &str| match view.get(field) {
                    Seen::Nothing => String::new(),
                    seen => seen.to_text(),
                };
                survey.missing.push(House {
                    id: house.id.to_string(),
                    code: text("code"),
                    address: text("address"),
                    row: row.map(Row::id),
                });
            }
        }
        (survey.lawful_m2, survey.untitled_m2) = (metres(lawful), metres(untitled));
        Ok(Some(survey))
    }

    fn votes(&self) -> Result<Option<Vec<Vote>>, StoreError> {
        let Some(rows) = self.rows("unit_vote")? else {
            return Ok(None);
        };
        let mut votes: Vec<Vote> = (rows.iter())
            .map(|row| Vote {
                id: row.id(),
                subject: row.text("subject"),
                entitled: row.whole("entitled"),
                agreed: row.whole("agreed"),
                share: share(row.number("agreed"), row.number("entitled")),
                voted_on: row.day("voted_on"),
                notarised: row.record.get(row.layer, "notarised").as_boolean() == Some(true),
            })
            .collect();
        votes.sort_by(|a, b| b.voted_on.cmp(&a.voted_on).then(a.id.cmp(&b.id)));
        Ok(Some(votes))
    }

    fn notices(&self) -> Result<Option<Vec<Notice>>, StoreError> {
        let Some(rows) = self.rows("unit_notice")? else {
            return Ok(None);
        };
        let today = clock::today();
        let mut notices: Vec<Notice> = (rows.iter())
            .map(|row| Notice {
                id: row.id(),
                kind: self.label("notice_kind", row.code("kind")),
                from_on: row.day("from_on"),
                to_on: row.day("to_on"),
                place: row.text("place"),
                objections: row.whole("objections").unwrap_or(0),
                answered: row.whole("answered").unwrap_or(0),
                over: row.day("to_on").is_some_and(|last| last < today),
            })
            .collect();
        notices.sort_by(|a, b| b.from_on.cmp(&a.from_on).then(a.id.cmp(&b.id)));
        Ok(Some(notices))
    }

    fn money(&self) -> Result<Option<Money>, StoreError> {
        let Some(rows) = self.rows("unit_money")? else {
            return Ok(None);
        };
        let mut sums: BTreeMap<(usize, String), (i64, i64)> = BTreeMap::new();
        let list = self.app.catalog().code_list("renewal_cost");
        for row in &rows {
            let item = row.code("item");
            let rank = list.and_then(|list| list.codes.iter().position(|own| own.code == item));
            let amount = row.whole("amount_fen").unwrap_or(0);
            let own = sums
                .entry((rank.unwrap_or(usize::MAX), item.to_owned()))
                .or_default();
            own.0 += amount;
            if row.day("paid_on").is_some() {
                own.1 += amount;
            }
        }
        Ok(Some(Money {
            amount_fen: sums.values().map(|own| own.0).sum(),
            paid_fen: sums.values().map(|own| own.1).sum(),
            items: (sums.into_iter())
                .map(|((_, item), (amount_fen, paid_fen))| Item {
                    label: self.label("renewal_cost", &item),
                    item,
                    amount_fen,
                    paid_fen,
                })
                .collect(),
        }))
    }

    fn works(&self) -> Result<Option<Works>, StoreError> {
        let Some(rows) = self.rows("unit_measure")? else {
            return Ok(None);
        };
        let tasks: Vec<Task> = (rows.iter())
            .map(|row| Task {
                id: row.id(),
                group: self.label("measure_group", row.code("group")),
                title: row.text("title"),
                responsible: row.text("responsible"),
                start_on: row.day("start_on"),
                end_on: row.day("end_on"),
                progress_percent: row.number("progress_percent"),
                weight: row.number("weight").unwrap_or(1.0),
            })
            .collect();
        let weight: f64 = tasks.iter().map(|task| task.weight).sum();
        let done: f64 = (tasks.iter())
            .map(|task| task.weight * task.progress_percent.unwrap_or(0.0))
            .sum();
        Ok(Some(Works {
            progress_percent: (weight > 0.0).then(|| done / weight),
            rows: tasks,
        }))
    }
}

impl Measures {
    fn of(catalog: &Catalog, houses: &LayerSnapshot, within: &[u32]) -> Self {
        let list = catalog.code_list("renewal_measure");
        let (footprint, floors) = (
            houses.layer.position("footprint_m2"),
            houses.layer.position("floor_area_m2"),
        );
        type Key = (usize, Option<String>, Option<i64>);
        let mut groups: BTreeMap<Key, [i64; 3]> = BTreeMap::new();
        let mut total = [0_i64; 3];
        for at in within {
            let record = houses.record(*at);
            let measure = record.get(&houses.layer, "measure").as_text();
            let rank = (measure.zip(list))
                .and_then(|(own, list)| list.codes.iter().position(|code| code.code == own));
            let key = (
                rank.unwrap_or(usize::MAX),
                measure.map(str::to_owned),
                record.get(&houses.layer, "phase").as_integer(),
            );
            let own = groups.entry(key).or_default();
            let counts = [1, hundredths(record, footprint), hundredths(record, floors)];
            for ((own, total), count) in own.iter_mut().zip(&mut total).zip(counts) {
                *own += count;
                *total += count;
            }
        }
        let none = Text {
            zh: "未定".to_owned(),
            en: "Not set".to_owned(),
        };
        Self {
            rows: (groups.into_iter())
                .map(|((_, measure, phase), counts)| Measure {
                    label: (measure.as_deref()).map_or_else(
                        || none.clone(),
                        |own| titled(catalog, "renewal_measure", own),
                    ),
                    color: (measure.as_deref().zip(list))
                        .and_then(|(own, list)| list.get(own)?.color.clone()),
                    measure,
                    phase,
                    sum: Sum::of(counts),
                })
                .collect(),
            total: Sum::of(total),
        }
    }
}

impl Sum {
    fn of([count, footprint, floors]: [i64; 3]) -> Self {
        Self {
            count: count.unsigned_abs(),
            footprint_m2: metres(footprint),
            floor_area_m2: metres(floors),
        }
    }
}

fn share(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    Some(part? / whole.filter(|whole| *whole > 0.0)?)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sums stay below 2^53 hundredths"
)]
fn metres(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}
