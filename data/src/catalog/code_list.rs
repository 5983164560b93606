//! Closed lists of codes, with their standard and version.

use serde::{Deserialize, Serialize};

use super::Text;

/// A list of codes, such as 用地用海分类.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// Identifier, such as `land_use_class`.
    pub id: String,
    /// Title.
    pub title: Text,
    /// The standard that defines the codes, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// Version of the list.
    pub version: String,
    /// The codes in order of display.
    pub codes: Vec<Code>,
}

/// One code of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The stored value.
    pub code: String,
    /// What it is called.
    pub label: Text,
    /// The broader code, in lists with levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Colour on the map, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Other spellings that an import accepts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

impl CodeList {
    /// The code of a stored value.
    pub fn get(&self, code: &str) -> Option<&Code> {
        self.codes.iter().find(|entry| entry.code == code)
    }
}
