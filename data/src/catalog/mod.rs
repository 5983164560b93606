//! The catalog: layers, fields and code lists as data.
//!
//! `data/catalog/*.toml` describes every layer once. Tables, GeoPackage schema rows,
//! validation, API schemas, forms, legends and export headings all come from it.

mod code_list;
mod field;
mod layer;
mod load;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

pub use code_list::{Code, CodeList};
pub use field::{Check, CodeListWhen, Field, FieldKind, Sensitivity};
pub use layer::{GeometryKind, Layer, Style};

/// A text in Chinese and English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Chinese, shown first.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A group of layers on the map, such as 国土规划 or 四标四实.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// Identifier, such as `planning`.
    pub id: String,
    /// Title shown in the layer tree.
    pub title: Text,
}

/// All layers, code lists and themes that a map is made of.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Themes in the order of the layer tree.
    pub themes: Vec<Theme>,
    /// Layers in the order of the layer tree.
    pub layers: Vec<Arc<Layer>>,
    /// Code lists by identifier.
    pub code_lists: BTreeMap<String, Arc<CodeList>>,
}

impl Catalog {
    /// The layer of an identifier.
    pub fn layer(&self, id: &str) -> Option<&Arc<Layer>> {
        self.layers.iter().find(|layer| layer.id == id)
    }

    /// The code list of an identifier.
    pub fn code_list(&self, id: &str) -> Option<&Arc<CodeList>> {
        self.code_lists.get(id)
    }
}
