//! What each figure of a book is called and may be: `office.toml`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use yizhangtu_data::Text;

use super::book::Misrule;

/// Longest text of a rule, and texts of one list at most.
const LONGEST: usize = 200;
const MOST: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    books: Vec<Described>,
}

/// One book.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    pub(super) id: String,
    title: Text,
    note: Text,
    /// Whether it comes into force at the next start only.
    #[serde(default)]
    pub(super) at_start: bool,
    sections: Vec<Section>,
    pub(super) fields: Vec<Figure>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Section {
    id: String,
    title: Text,
}

/// One figure.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Figure {
    /// Names that lead to it; `*` for each entry of a list.
    path: Vec<String>,
    label: Text,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) choices: Option<String>,
    #[serde(default)]
    optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Integer,
    Decimal,
    Boolean,
    Text,
    Texts,
    Integers,
}

/// What a book is called; none where there is none of that name.
pub(crate) fn title(id: &str) -> Option<Text> {
    let found = books().iter().find(|book| book.id == id);
    found.map(|book| book.title.clone())
}

/// The description of a book.
///
/// # Panics
/// Of a book that there is not.
pub(super) fn described(id: &str) -> &'static Described {
    let found = books().iter().find(|book| book.id == id);
    found.unwrap_or_else(|| panic!("office.toml has no book {id}"))
}

fn books() -> &'static [Described] {
    static BOOKS: LazyLock<Vec<Described>> = LazyLock::new(|| {
        let text = include_str!("../../../data/catalog/office.toml");
        let written: Written =
            toml::from_str(text).unwrap_or_else(|error| panic!("office.toml: {error}"));
        written.books
    });
    &BOOKS
}

impl Described {
    /// Everything in a document that is not as it is described. `offered` tells what a choice
    /// is made from.
    pub(super) fn faults(
        &self,
        document: &Value,
        offered: &dyn Fn(&str) -> Vec<String>,
    ) -> Vec<Misrule> {
        let mut faults = Vec::new();
        for figure in &self.fields {
            let choices = figure.choices.as_deref().map(offered);
            for (at, value) in found(document, &figure.path) {
                match value {
                    None | Some(Value::Null) if figure.optional => {}
                    None | Some(Value::Null) => {
                        faults.push(figure.fault(&at, "请填写", "is missing"));
                    }
                    Some(value) => {
                        faults.extend(figure.unfit(&at, value, choices.as_deref()));
                    }
                }
            }
        }
        let mut leaves = Vec::new();
        leaves_of(document, &mut Vec::new(), &mut leaves);
        for leaf in leaves {
            let known = |figure: &Figure| {
                figure.path.len() == leaf.len()
                    && (figure.path.iter().zip(&leaf)).all(|(own, step)| {
                        own == step || (own == "*" && step.parse::<usize>().is_ok())
                    })
            };
            if leaf != ["version"] && !self.fields.iter().any(known) {
                let at = leaf.join(".");
                faults.push(Misrule::new(at, "没有这一项", "there is no such figure"));
            }
        }
        faults
    }
}

impl Figure {
    fn fault(&self, at: &str, zh: &str, en: &str) -> Misrule {
        let label = &self.label;
        Misrule {
            at: at.to_owned(),
            message: format!("{}：{zh} / {}: {en}", label.zh, label.en),
        }
    }

    fn unfit(&self, at: &str, value: &Value, choices: Option<&[String]>) -> Option<Misrule> {
        let number = |value: &Value, whole: bool| {
            let fits = |number: &f64| !whole || number.fract() == 0.0;
            let number = value.as_f64().filter(fits)?;
            let [least, most] = self.range.unwrap_or([f64::MIN, f64::MAX]);
            (least <= number && number <= most).then_some(())
        };
        let text = |value: &Value| {
            let text = value.as_str()?;
            let length = text.chars().count();
            let offered = choices.is_none_or(|offered| offered.iter().any(|own| own == text));
            ((1..=LONGEST).contains(&length) && text.trim() == text && offered).then_some(())
        };
        let list = |one: &dyn Fn(&Value) -> Option<()>| {
            let list = value.as_array()?;
            let alone = |(at, entry): (usize, &Value)| !list[..at].contains(entry);
            (list.len() <= MOST
                && list.iter().all(|entry| one(entry).is_some())
                && list.iter().enumerate().all(alone))
            .then_some(())
        };
        let fits = match self.kind {
            Kind::Integer => number(value, true),
            Kind::Decimal => number(value, false),
            Kind::Boolean => value.as_bool().map(drop),
            Kind::Text => text(value),
            Kind::Texts => list(&text),
            Kind::Integers => list(&|value| number(value, true)),
        };
        if fits.is_some() {
            return None;
        }
        let (zh, en) = match (self.kind, self.range) {
            (Kind::Boolean, _) => (
                "应为 true 或 false".to_owned(),
                "must be true or false".to_owned(),
            ),
            (Kind::Text | Kind::Texts, _) if choices.is_some() => (
                "不在可选之列".to_owned(),
                "is none of those offered".to_owned(),
            ),
            (Kind::Text | Kind::Texts, _) => (
                format!("应为 1 至 {LONGEST} 个字，不重复"),
                format!("must be 1 to {LONGEST} characters, each once"),
            ),
            (kind, range) => {
                let [least, most] = range.unwrap_or([f64::MIN, f64::MAX]);
                let whole = kind != Kind::Decimal;
                let (zh, en) = if whole {
                    ("整数", "whole number")
                } else {
                    ("数", "number")
                };
                (
                    format!("应为 {least} 至 {most} 的{zh}"),
                    format!("must be a {en} from {least} to {most}"),
                )
            }
        };
        Some(self.fault(at, &zh, &en))
    }
}

/// The values that a path leads to, with where each stands; one that is not there once for
/// each entry that should have it.
fn found<'v>(document: &'v Value, path: &[String]) -> Vec<(String, Option<&'v Value>)> {
    let mut found = vec![(String::new(), Some(document))];
    for step in path {
        let mut next = Vec::new();
        for (at, value) in found {
            let beneath = |step: &str| {
                if at.is_empty() {
                    step.to_owned()
                } else {
                    format!("{at}.{step}")
                }
            };
            match (step.as_str(), value) {
                ("*", Some(Value::Array(entries))) => next.extend(
                    (entries.iter().enumerate())
                        .map(|(number, entry)| (beneath(&number.to_string()), Some(entry))),
                ),
                // No list, no entries: none lacks anything.
                ("*", None) => {}
                ("*", Some(_)) => next.push((beneath("*"), None)),
                (step, value) => {
                    next.push((beneath(step), value.and_then(|value| value.get(step))));
                }
            }
        }
        found = next;
    }
    found
}

/// Where the values of a document stand that are no tables.
pub(super) fn leaves_of(value: &Value, at: &mut Vec<String>, leaves: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                at.push(name.clone());
                leaves_of(member, at, leaves);
                at.pop();
            }
        }
        Value::Array(entries) if entries.iter().any(Value::is_object) => {
            for (number, entry) in entries.iter().enumerate() {
                at.push(number.to_string());
                leaves_of(entry, at, leaves);
                at.pop();
            }
        }
        _ => leaves.push(at.clone()),
    }
}
