//! What stands in the places of a form: read from the case, its parties and its course.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value as Json};
use yizhangtu_data::{
    Layer, Record, Value,
    catalog::{
        Field, Form, Office,
        document::{Filled, ISSUED},
    },
    clock,
    store::{GeoPackage, StoreError, attachments},
};

use super::{
    super::{CASES, facts},
    list::{Issued, issued},
};
use crate::{
    http::App,
    policy::{Channel, Seen, Viewer},
    process,
};

/// The layer of the parties.
pub(super) const PARTIES: &str = "violation_party";

/// What a form is filled from.
pub(super) struct Source<'a> {
    pub(super) app: &'a App,
    pub(super) viewer: &'a Viewer,
    pub(super) store: &'a GeoPackage,
    pub(super) layer: &'a Layer,
    pub(super) case: &'a Record,
    /// The party that it is addressed to; the first where none is named.
    pub(super) party: Option<String>,
    /// What was answered.
    pub(super) answers: &'a Map<String, Json>,
    /// Whether the parties are named in clear, as only what is issued names them.
    pub(super) in_clear: bool,
}

impl Source<'_> {
    /// A form filled in, under a number. What is issued names its parties in clear: its viewer
    /// may read persons, and the log says so. A draft leaves without a second person's leave,
    /// so they are masked on it as on any paper.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn fill(&self, form: &Form, number: &str) -> Result<Filled, StoreError> {
        let mut values = self.office();
        values.insert("number".to_owned(), number.to_owned());
        values.extend(self.case_fields());
        values.extend(self.parties()?);
        values.extend(self.course()?);
        values.extend(self.place());
        for one in issued(self.app, self.store, &self.case.id)? {
            let Issued { kind, number, .. } = one;
            values.insert(format!("{ISSUED}{kind}"), number);
        }
        let own = (form.asks.iter()).filter_map(|ask| {
            let given = self.answers.get(&ask.name)?;
            Some((ask.name.clone(), answer(given)))
        });
        values.extend(own);
        Ok(form.body.fill(|name| values.get(name).cloned()))
    }

    fn office(&self) -> BTreeMap<String, String> {
        let (street, village) = place_names(self.app, self.case);
        let office = self.app.catalog().office.clone();
        let named = |text: &str| named(text, &street, &village);
        let Office {
            address,
            phone,
            review,
            court,
            ..
        } = &*office;
        let today = clock::now().date_naive();
        BTreeMap::from([
            ("office".to_owned(), named(&office.name)),
            ("office_address".to_owned(), named(address)),
            ("office_phone".to_owned(), phone.clone()),
            ("review".to_owned(), named(review)),
            ("court".to_owned(), named(court)),
            ("date".to_owned(), day(today)),
            ("year".to_owned(), today.year().to_string()),
            ("street".to_owned(), street),
            ("village".to_owned(), village),
        ])
    }

    fn case_fields(&self) -> BTreeMap<String, String> {
        let view = self.viewer.see(self.layer, self.case);
        let mut values: BTreeMap<String, String> = (view.fields())
            .filter_map(|(field, seen)| match seen {
                Seen::Open(value) => Some((field.name.clone(), self.shown(field, value)?)),
                _ => None,
            })
            .collect();
        let names: Vec<&str> = match self.case.get(self.layer, "handlers") {
            Value::Json(list) => (list.as_array().into_iter().flatten())
                .filter_map(Json::as_str)
                .collect(),
            _ => Vec::new(),
        };
        for (at, name) in names.iter().enumerate() {
            values.insert(format!("handler_{}", at + 1), (*name).to_owned());
        }
        values.insert("handler_names".to_owned(), names.join("、"));
        values.insert("building_list".to_owned(), self.buildings());
        values
    }

    /// A value as it is written on paper; none where it is not for paper.
    fn shown(&self, field: &Field, value: &Value) -> Option<String> {
        let code = |text: &str| {
            let list = self.app.catalog().code_list(field.code_list.as_ref()?)?;
            Some(list.get(text)?.label.zh.clone())
        };
        Some(match value {
            Value::Null | Value::Json(_) => return None,
            Value::Text(text) => code(text).unwrap_or_else(|| text.to_string()),
            Value::Boolean(truth) if field.name == "is_new" => {
                if *truth { "新增" } else { "存量" }.to_owned()
            }
            Value::Boolean(truth) => if *truth { "是" } else { "否" }.to_owned(),
            Value::Integer(fen) if field.unit.as_deref() == Some("fen") => {
                format!("{}.{:02}", fen / 100, fen % 100)
            }
            Value::Integer(number) => number.to_string(),
            Value::Decimal(number) => {
                format!(
                    "{number:.places$}",
                    places = usize::from(field.decimals.unwrap_or(2))
                )
            }
            Value::Date(date) => day(*date),
            Value::DateTime(at) => at
                .with_timezone(&clock::CHINA)
                .format("%Y年%-m月%-d日 %H:%M")
                .to_string(),
        })
    }

    fn buildings(&self) -> String {
        let Some(houses) = self.app.layer("building") else {
            return String::new();
        };
        let snapshot = self.app.seen_by(self.viewer);
        let label = houses.label.as_deref().unwrap_or("code");
        let ids = match self.case.get(self.layer, "buildings") {
            Value::Json(list) => list.as_array().cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        let name = |id: &Json| {
            let house = snapshot.layer("building")?.get(id.as_str()?)?.clone();
            Some(self.viewer.see(houses, &house).get(label).to_text())
        };
        ids.iter().filter_map(name).collect::<Vec<_>>().join("、")
    }

    fn parties(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let Some(layer) = self.app.layer(PARTIES) else {
            return Ok(BTreeMap::new());
        };
        let mut all = self
            .store
            .find(PARTIES, CASES, &Value::from(&*self.case.id))?;
        all.sort_by(|a, b| a.id.cmp(&b.id));
        if let Some(id) = &self.party {
            all.retain(|party| *party.id == **id);
        }
        let paper = self.viewer.clone().through(Channel::Sheet);
        let text = |party: &Record, name: &str| {
            let view = match self.in_clear {
                true => paper.see_unmasked(layer, party),
                false => paper.see(layer, party),
            };
            view.get(name).to_text()
        };
        let names: Vec<String> = all.iter().map(|party| text(party, "name")).collect();
        let mut values = BTreeMap::from([
            ("party".to_owned(), names.join("、")),
            ("parties".to_owned(), names.join("、")),
        ]);
        if let Some(first) = all.first() {
            let identity = Some(text(first, "id_number")).filter(|number| !number.is_empty());
            for (name, value) in [
                ("party_role", text(first, "role")),
                ("party_id", identity.unwrap_or_else(|| text(first, "uscc"))),
                ("party_phone", text(first, "phone")),
                ("party_address", text(first, "address")),
            ] {
                values.insert(name.to_owned(), value);
            }
        }
        Ok(values)
    }

    /// What the steps were told, the last of each step: `serve.served_on`.
    fn course(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let mut values = BTreeMap::new();
        for taken in process::taken(self.app, self.store, CASES, &self.case.id)? {
            for (name, told) in &taken.data {
                values.insert(format!("{}.{name}", taken.step), answer(told));
            }
        }
        Ok(values)
    }

    /// What the place of the case implies.
    fn place(&self) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        if let Some(facts) = facts::of_place(self.app, self.viewer, self.case) {
            if let Some(area) = facts["area_m2"].as_f64() {
                values.insert("outline_m2".to_owned(), format!("{area:.2}"));
            }
            for home in ["grid", "co_op"] {
                if let Some(title) = facts["homes"][home]["title"].as_str() {
                    values.insert(home.to_owned(), title.to_owned());
                }
            }
            let lines: Vec<String> = (facts["control_line"].as_array().into_iter().flatten())
                .map(|line| {
                    let title = line["title"]["zh"].as_str().unwrap_or_default();
                    format!(
                        "{title} {:.2} 平方米",
                        line["area_m2"].as_f64().unwrap_or(0.0)
                    )
                })
                .collect();
            values.insert("ground".to_owned(), lines.join("；"));
        }
        if let Ok(rows) =
            self.store
                .find(attachments::LAYER, "feature", &Value::from(&*self.case.id))
            && let Some(own) = self.app.layer(attachments::LAYER)
        {
            let photos = rows.iter().filter(|row| {
                let text = |name| row.get(own, name).as_text();
                text("layer") == Some(CASES)
                    && text("media_type").is_some_and(|media| media.starts_with("image/"))
            });
            values.insert("photo_count".to_owned(), photos.count().to_string());
        }
        values
    }
}

/// The names of the town and the village that a case lies in.
pub(super) fn place_names(app: &App, case: &Record) -> (String, String) {
    let snapshot = app.snapshot();
    let names = || {
        let villages = snapshot.layer("village")?;
        let shape = case
            .geometry
            .as_ref()
            .and_then(|outline| yizhangtu_index::Shape::new(outline).ok());
        let here = shape.and_then(|shape| villages.at(shape.representative()).first().copied());
        let record = villages.record(here.or_else(|| villages.records().next().map(|(at, _)| at))?);
        let text = |name| {
            record
                .get(&villages.layer, name)
                .as_text()
                .unwrap_or_default()
                .to_owned()
        };
        Some((text("street"), text("name")))
    };
    names().unwrap_or_default()
}

/// A text of the office with the names of the place.
pub(super) fn named(text: &str, street: &str, village: &str) -> String {
    text.replace("{street}", street)
        .replace("{village}", village)
}

fn day(date: NaiveDate) -> String {
    date.format("%Y年%-m月%-d日").to_string()
}

/// An answer as it is written on paper.
fn answer(given: &Json) -> String {
    match given {
        Json::String(text) => {
            NaiveDate::parse_from_str(text, "%Y-%m-%d").map_or_else(|_| text.clone(), day)
        }
        Json::Bool(truth) => if *truth { "是" } else { "否" }.to_owned(),
        Json::Array(list) => list.iter().map(answer).collect::<Vec<_>>().join("、"),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}
