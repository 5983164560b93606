//! The tables about one unit: survey, votes, notices, money and works.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use yizhangtu_data::{
    Layer, Record, Text, Value, clock,
    store::{GeoPackage, StoreError},
};

use super::{House, Item, Money, Notice, Survey, Task, Vote, Works, metres};
use crate::{
    atlas::{LayerSnapshot, hundredths},
    http::App,
    policy::{Action, Seen, Viewer},
    renewal::facts::titled,
};

/// Houses that are named one by one where they are not surveyed.
const NAMED: usize = 200;

/// The tables about one unit, as a viewer sees them.
pub(super) struct Registers<'a> {
    pub(super) app: &'a App,
    pub(super) viewer: &'a Viewer,
    pub(super) store: &'a GeoPackage,
    pub(super) unit: &'a str,
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

    pub(super) fn survey(
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

    pub(super) fn votes(&self) -> Result<Option<Vec<Vote>>, StoreError> {
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

    pub(super) fn notices(&self) -> Result<Option<Vec<Notice>>, StoreError> {
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

    pub(super) fn money(&self) -> Result<Option<Money>, StoreError> {
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

    pub(super) fn works(&self) -> Result<Option<Works>, StoreError> {
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

fn share(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    Some(part? / whole.filter(|whole| *whole > 0.0)?)
}
