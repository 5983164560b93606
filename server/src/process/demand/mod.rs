//! What a step asks for: who, when, and what must be held.

mod feature;
mod handed_in;
mod standing;

use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value as Json};
use yizhangtu_data::{
    Catalog, Layer, Record, Text,
    catalog::{
        Calendar,
        process::{Ask, Transition},
    },
    course::{Course, SYSTEM},
};

pub(super) use handed_in::shown;

use super::figures::Known;
use crate::policy::Viewer;

/// Why a step is not taken: what kind of demand, on what, in words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unmet {
    /// The demand of the machine: `role`, `wait`, `photos`, …
    pub(super) demand: &'static str,
    /// The field or member of the request.
    pub(super) field: String,
    pub(super) zh: String,
    pub(super) en: String,
}

impl Unmet {
    pub(super) fn of(
        demand: &'static str,
        field: &str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self {
            demand,
            field: field.to_owned(),
            zh: zh.into(),
            en: en.into(),
        }
    }
}

/// What is handed in with a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) note: String,
    /// Longitude and latitude of who takes it.
    pub(super) place: Option<[f64; 2]>,
    pub(super) fields: Map<String, Json>,
    /// Photographs: `hash`, `shows`, `at`, `place`, `bearing`.
    pub(super) photos: Vec<Json>,
    /// Documents: `kind`, `number`.
    pub(super) documents: Vec<Json>,
    /// The shape as drawn now.
    pub(super) geometry: Option<Json>,
}

/// A step of a feature, to be held against the machine.
pub(super) struct Demands<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) layer: &'a Layer,
    pub(super) calendar: &'a Calendar,
    pub(super) course: &'a Course<'a>,
    pub(super) step: &'a Transition,
    /// What hangs on the feature; none where the file keeps no photographs.
    pub(super) attached: Option<&'a [Attached]>,
    /// Documents that were issued by their forms and stand: `kind`, `number`.
    pub(super) issued: &'a [Json],
    /// What is known of the feature in figures.
    pub(super) figures: &'a Known,
    pub(super) now: DateTime<FixedOffset>,
}

/// A photograph or document that hangs on the feature.
#[derive(Clone, Debug)]
pub(super) struct Attached {
    pub(super) hash: String,
    pub(super) kind: String,
}

impl Demands<'_> {
    /// Whether a viewer may take the step as far as roles go; the system itself is nobody.
    pub(super) fn role(&self, viewer: Option<&Viewer>) -> Option<Unmet> {
        let Some(viewer) = viewer else {
            return (!self.step.auto)
                .then(|| Unmet::of("role", "", "不是自动步骤", "is no automatic step"));
        };
        let role = viewer.who().role.as_ref().map(|role| role.id.as_str());
        // Whoever serves a file without accounts has every role, and is still one person.
        let fits = role == Some("local") && !self.step.roles.is_empty()
            || role.is_some_and(|role| self.step.roles.iter().any(|own| own == role));
        (!fits).then(|| {
            let roles = if self.step.roles.is_empty() {
                SYSTEM.to_owned()
            } else {
                self.step.roles.join(", ")
            };
            Unmet::of(
                "role",
                "",
                "您的角色不办理这一步",
                format!("your role does not take this step; it is taken by: {roles}"),
            )
        })
    }

    fn asks(&self, name: &str) -> bool {
        self.step.fields.iter().any(|ask| ask.name == name)
    }

    fn title(&self, step: &str) -> Text {
        let known = self.course.process.transition(step);
        known.map_or_else(Text::default, |step| step.title.clone())
    }

    fn label(&self, name: &str) -> Text {
        if let Some((step, answer)) = name.split_once('.') {
            let step = self.course.process.transition(step);
            let ask = step.and_then(|step| step.fields.iter().find(|ask| ask.name == answer));
            return ask.map_or_else(Text::default, |ask| label(self.layer, ask));
        }
        let field = self.layer.field(name);
        field.map_or_else(Text::default, |field| field.label.clone())
    }
}

/// The title of something to fill in.
pub(super) fn label(layer: &Layer, ask: &Ask) -> Text {
    let own = ask.label.clone();
    own.or_else(|| layer.field(&ask.name).map(|field| field.label.clone()))
        .unwrap_or_default()
}

/// The code after the present one in a field's list; the second where there is none yet.
pub(super) fn next_code(
    catalog: &Catalog,
    layer: &Layer,
    field: &str,
    record: &Record,
) -> Option<String> {
    let list = catalog.code_list(layer.field(field)?.code_list.as_ref()?)?;
    let now = record.get(layer, field).as_text();
    let at = now.and_then(|now| list.codes.iter().position(|code| code.code == now));
    let next = list.codes.get(at.unwrap_or(0) + 1)?;
    Some(next.code.clone())
}
