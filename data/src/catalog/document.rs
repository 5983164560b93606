//! Forms of documents that an office issues: 责令停止违法行为通知书, 行政处罚决定书, … as data.
//!
//! `documents/<id>.toml` describes one form: who issues it, how it is numbered, what is asked
//! for, and its text with places to be filled in. `documents/office.toml` names the authority.
//! An office replaces any of them by a file of the same name in its own catalog.

mod template;

use serde::{Deserialize, Serialize};

use super::{Layer, Serial, Text, process::Ask};

pub use template::{Block, Cell, Filled, Line, Place, Template};

/// The file of the folder that is no form: the authority.
pub const OFFICE: &str = "office";

/// What places begin with that name another document.
pub const ISSUED: &str = "文书:";

/// Places of a form that are filled by what is no field of the case and no answer.
pub const PLACES: [&str; 25] = [
    "number",
    "date",
    "year",
    "office",
    "office_address",
    "office_phone",
    "review",
    "court",
    "street",
    "village",
    "party",
    "parties",
    "party_role",
    "party_id",
    "party_phone",
    "party_address",
    "handler_1",
    "handler_2",
    "handler_names",
    "ground",
    "outline_m2",
    "grid",
    "co_op",
    "building_list",
    "photo_count",
];

/// The authority in whose name documents are issued. `{street}` and `{village}` stand for
/// the names of the place where the case lies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// `office`.
    pub id: String,
    /// Version.
    pub version: String,
    /// The name on the documents, and beside the seal.
    pub name: String,
    /// What numbers begin with: 机关代字.
    pub short: String,
    /// Where the party finds it.
    #[serde(default)]
    pub address: String,
    /// Its telephone.
    #[serde(default)]
    pub phone: String,
    /// Whom a party asks for review.
    #[serde(default)]
    pub review: String,
    /// Where a party sues, and the authority applies for enforcement.
    #[serde(default)]
    pub court: String,
}

/// A form of document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Identifier, the file's name.
    pub id: String,
    /// What it is called; the Chinese is the kind that processes ask for.
    pub title: Text,
    /// The layer of the cases that it is issued in.
    pub layer: String,
    /// The layer, append-only, that keeps what was issued.
    pub record: String,
    /// Version; what was issued keeps its own.
    pub version: String,
    /// Order among the forms.
    #[serde(default)]
    pub order: i32,
    /// The law or standard that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// How it is numbered: `{office}责停字〔{year}〕{n:1}号`; see [`Form::serial`].
    pub serial: String,
    /// Roles that issue it.
    pub roles: Vec<String>,
    /// What is asked for when it is issued.
    #[serde(default)]
    pub asks: Vec<Ask>,
    /// The text.
    pub body: Template,
}

impl Form {
    /// How it is numbered by an office that is called `short` in numbers.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn serial(&self, short: &str) -> Result<Serial, String> {
        self.serial.replace("{office}", short).try_into()
    }

    /// Whether a place of its text is filled by something: `step.question` by what a step
    /// was told, `文书:KIND` by the number of what was issued before.
    pub fn knows(&self, layer: &Layer, place: &str) -> bool {
        PLACES.contains(&place)
            || place.contains('.')
            || place.starts_with(ISSUED)
            || layer.field(place).is_some()
            || self.asks.iter().any(|ask| ask.name == place)
    }

    /// What is wrong with it, in words.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Err(fault) = self.serial("") {
            faults.push(fault);
        } else if !self.serial.contains("{year}") {
            faults.push("文号应含 {year} / the serial of documents needs {year}".to_owned());
        }
        for ask in &self.asks {
            if ask.label.is_none() || ask.kind.is_none() {
                faults.push(format!(
                    "“{0}”应有 label 和 type / “{0}” needs a label and a type",
                    ask.name
                ));
            }
        }
        faults
    }
}
