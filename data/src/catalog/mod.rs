//! The catalog: layers, fields and code lists as data.
//!
//! `data/catalog/*.toml` describes every layer once. Tables, GeoPackage schema rows,
//! validation, API schemas, forms, legends and export headings all come from it.

mod calendar;
mod check_digit;
mod code_list;
mod color;
pub mod document;
mod fault;
mod field;
mod inspect;
mod layer;
mod load;
pub mod process;
mod process_check;
mod serial;
mod source;
#[cfg(test)]
mod tests;
mod validate;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::course::reference;
use validate::Rules;

pub use calendar::{Calendar, Pause, Time, Year};
pub use check_digit::resident_number;
pub use code_list::{Code, CodeList};
pub use document::{Form, Office};
pub use fault::{CatalogError, Fault, Problem};
pub use field::{Check, CheckWhen, CodeListWhen, Field, FieldKind, Sensitivity};
pub use layer::{Generalise, GeometryKind, Layer, Style};
pub use process::Process;
pub use serial::Serial;
pub use validate::FieldError;

/// A text in Chinese and English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Chinese, shown first.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A text in two languages.
    pub fn new(zh: &str, en: &str) -> Self {
        Self {
            zh: zh.to_owned(),
            en: en.to_owned(),
        }
    }

    /// What is the same in both languages: a name, a code.
    pub fn same(text: &str) -> Self {
        Self::new(text, text)
    }

    /// The group of what a field says nothing of.
    pub fn not_filled_in() -> Self {
        Self::new("未填", "not filled in")
    }

    /// The group of what lies in no place.
    pub fn nowhere() -> Self {
        Self::new("未归属", "nowhere")
    }
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
    /// Processes by layer, the versions of each in order, the one in force last.
    pub processes: BTreeMap<String, Vec<Arc<Process>>>,
    /// Calendars by identifier.
    pub calendars: BTreeMap<String, Arc<Calendar>>,
    /// Forms of documents by identifier.
    pub forms: BTreeMap<String, Arc<Form>>,
    /// The authority that issues them.
    pub office: Arc<Office>,
    /// What [`Catalog::validate`] holds records against, compiled once.
    rules: Arc<Rules>,
}

impl Catalog {
    /// A catalog of parts that stand for themselves; layers are put in the order of their
    /// themes, of `order` within a theme, and of identifiers.
    ///
    /// Names that lead nowhere are not looked for here: [`Catalog::load`] does that.
    pub fn new(
        themes: Vec<Theme>,
        mut layers: Vec<Arc<Layer>>,
        code_lists: Vec<Arc<CodeList>>,
    ) -> Self {
        let theme = |layer: &Layer| {
            let place = themes.iter().position(|theme| theme.id == layer.theme);
            place.unwrap_or(usize::MAX)
        };
        layers.sort_by(|a, b| (theme(a), a.order, &a.id).cmp(&(theme(b), b.order, &b.id)));
        let code_lists = code_lists
            .into_iter()
            .map(|list| (list.id.clone(), list))
            .collect();
        let rules = Arc::new(Rules::new(&layers, &code_lists));
        Self {
            themes,
            layers,
            code_lists,
            processes: BTreeMap::new(),
            calendars: BTreeMap::new(),
            forms: BTreeMap::new(),
            office: Arc::default(),
            rules,
        }
    }

    /// The same with processes and the calendars that they count by.
    #[must_use]
    pub fn with_processes(
        mut self,
        mut processes: Vec<Arc<Process>>,
        calendars: Vec<Arc<Calendar>>,
    ) -> Self {
        for process in processes.drain(..) {
            let versions = self.processes.entry(process.layer.clone()).or_default();
            versions.push(process);
        }
        self.calendars = (calendars.into_iter())
            .map(|calendar| (calendar.id.clone(), calendar))
            .collect();
        self
    }

    /// The same with forms of documents and the authority that issues them.
    #[must_use]
    pub fn with_forms(mut self, forms: Vec<Arc<Form>>, office: Option<Office>) -> Self {
        self.forms = (forms.into_iter())
            .map(|form| (form.id.clone(), form))
            .collect();
        self.office = Arc::new(office.unwrap_or_default());
        self
    }

    /// The forms of a layer's documents, in their order.
    pub fn forms_of(&self, layer: &str) -> Vec<&Arc<Form>> {
        let mut all: Vec<_> = (self.forms.values())
            .filter(|form| form.layer == layer)
            .collect();
        all.sort_by_key(|form| (form.order, &form.id));
        all
    }

    /// The process in force for a layer.
    pub fn process(&self, layer: &str) -> Option<&Arc<Process>> {
        self.processes.get(layer)?.last()
    }

    /// A version of a layer's process; the one in force where that version is not known.
    pub fn process_in(&self, layer: &str, version: &str) -> Option<&Arc<Process>> {
        let versions = self.processes.get(layer)?;
        let own = versions.iter().find(|process| process.version == version);
        own.or(versions.last())
    }

    /// The process whose log a layer is.
    pub fn process_of_log(&self, log: &str) -> Option<&Arc<Process>> {
        let current = self
            .processes
            .values()
            .filter_map(|versions| versions.last());
        current.into_iter().find(|process| process.log == log)
    }

    /// The log of a layer's process, with its field that names the feature.
    pub fn log_of(&self, layer: &str) -> Option<(&Arc<Layer>, &str)> {
        let log = self.layer(&self.process(layer)?.log)?;
        Some((log, reference(log, layer)?))
    }

    /// Why no edit and no import may touch a layer, where steps of a process alone change it.
    pub fn held(&self, layer: &Layer) -> Option<Text> {
        let (own, id) = (&layer.title.zh, &layer.id);
        if layer.append_only {
            return Some(Text {
                zh: format!("{own}只由办理流程写入，不能改、不能删、不能导入"),
                en: format!("{id} is written by the steps of a process and never edited"),
            });
        }
        let drafts = layer.published_from.as_ref()?;
        let title = self.layer(drafts).map_or(drafts, |layer| &layer.title.zh);
        Some(Text {
            zh: format!(
                "{own}只由发布改变：请把改动画在或导入到“{title}”的一个草案版本里，提请发布"
            ),
            en: format!(
                "{id} changes by publication only: draw or import what is to change in a draft version of {drafts}, and have it published"
            ),
        })
    }

    /// The layer of an identifier.
    pub fn layer(&self, id: &str) -> Option<&Arc<Layer>> {
        self.layers.iter().find(|layer| layer.id == id)
    }

    /// The code list of an identifier.
    pub fn code_list(&self, id: &str) -> Option<&Arc<CodeList>> {
        self.code_lists.get(id)
    }

    /// What the list of a field says of a stored code; none where the field has no list, or the list no such
    /// code.
    pub fn code(&self, layer: &Layer, field: &str, code: &str) -> Option<&Code> {
        let list = layer.field(field)?.code_list.as_ref()?;
        self.code_list(list)?.get(code)
    }

    /// What a group of a field's value is called: its code in words, or itself; [`Text::not_filled_in`]
    /// where it is empty.
    pub fn called(&self, layer: &Layer, field: &str, code: &str) -> Text {
        match self.code(layer, field, code) {
            Some(code) => code.label.clone(),
            None if code.is_empty() => Text::not_filled_in(),
            None => Text::same(code),
        }
    }
}
