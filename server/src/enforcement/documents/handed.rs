//! What is handed in to fill a form: answers and a party, and what is wrong with them.

use axum::{body::Bytes, http::HeaderMap};
use serde_json::{Map, Value as Tree};
use yizhangtu_data::{
    FieldKind,
    catalog::{Form, process::Ask},
};

use crate::{changes, http::Problem};

/// Longest answer in characters.
const LONGEST: usize = 20_000;

/// What is handed in: `{"fields": {…}, "party": "id"}`.
pub(super) struct Handed {
    pub(super) answers: Map<String, Tree>,
    pub(super) party: Option<String>,
}

/// Reads the body.
pub(super) fn handed(headers: &HeaderMap, body: &Bytes, form: &Form) -> Result<Handed, Problem> {
    let mut members = changes::object(headers, body)?;
    let answers = match members.remove("fields") {
        None | Some(Tree::Null) => Map::new(),
        Some(Tree::Object(fields)) => fields,
        Some(_) => {
            return Err(Problem::parameter(
                "fields",
                "应为对象",
                "must be an object",
            ));
        }
    };
    let party = match members.remove("party") {
        None | Some(Tree::Null) => None,
        Some(Tree::String(id)) => Some(id),
        Some(_) => {
            return Err(Problem::parameter(
                "party",
                "应为当事人的编号",
                "must be the id of a party",
            ));
        }
    };
    changes::nothing_else(&members)?;
    if let Some(name) = (answers.keys()).find(|name| form.asks.iter().all(|ask| ask.name != **name))
    {
        return Err(Problem::parameter(
            &format!("fields.{name}"),
            "此文书不填这一项",
            "this document does not ask for it",
        ));
    }
    Ok(Handed { answers, party })
}

/// What is wrong with the answers.
pub(super) fn faults(form: &Form, answers: &Map<String, Tree>) -> Vec<(String, String)> {
    (form.asks.iter())
        .filter_map(|ask| {
            Some((
                format!("fields.{}", ask.name),
                fault(ask, answers.get(&ask.name))?,
            ))
        })
        .collect()
}

fn fault(ask: &Ask, given: Option<&Tree>) -> Option<String> {
    let label = ask.label.clone().unwrap_or_default();
    let said = |zh: &str, en: &str| Some(format!("{}{zh} / {} {en}", label.zh, label.en));
    let empty = match given {
        None | Some(Tree::Null) => true,
        Some(Tree::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    };
    let Some(given) = given.filter(|_| !empty) else {
        return ask
            .required
            .then(|| said("须填写", "must be filled in"))
            .flatten();
    };
    let text = given.as_str();
    if text.is_some_and(|text| text.chars().count() > LONGEST) {
        return said("太长", "is too long");
    }
    if !ask.choices.is_empty()
        && !text.is_some_and(|text| ask.choices.iter().any(|one| one == text))
    {
        let all = ask.choices.join("、");
        return said(&format!("应为：{all}"), &format!("must be one of: {all}"));
    }
    let fits = match ask.kind {
        Some(FieldKind::Date) => {
            text.is_some_and(|day| chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok())
        }
        Some(FieldKind::Integer) => given.as_i64().is_some(),
        Some(FieldKind::Decimal) => given.is_number(),
        Some(FieldKind::Boolean) => given.is_boolean(),
        _ => text.is_some(),
    };
    if fits {
        None
    } else {
        said("格式不对", "is of another type")
    }
}
