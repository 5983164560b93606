//! Figures of a feature that a gate is held to.

use yizhangtu_data::{Layer, Record, catalog::process::Transition, store::GeoPackage};

use crate::{
    enforcement,
    http::{App, Problem},
    plans,
    policy::Viewer,
    renewal,
};

/// What is known of one feature in figures.
pub(super) enum Known {
    Nothing,
    Indicators(renewal::Figures),
    Case(enforcement::Outstanding),
}

/// Whether the features of a layer have figures.
pub(super) fn has(layer: &str) -> bool {
    [renewal::UNITS, plans::DOCUMENTS, enforcement::CASES].contains(&layer)
}

impl Known {
    /// The figures of a feature, worked out only where one of some steps asks for any. They are
    /// those that the viewer may count; the system by itself knows none.
    pub(super) fn of<'s>(
        app: &App,
        viewer: Option<&Viewer>,
        store: &GeoPackage,
        layer: &Layer,
        record: &Record,
        mut steps: impl Iterator<Item = &'s Transition>,
    ) -> Result<Self, Problem> {
        let asked = has(&layer.id) && steps.any(|step| !step.figures.is_empty());
        let Some(viewer) = viewer.filter(|_| asked) else {
            return Ok(Self::Nothing);
        };
        match layer.id.as_str() {
            enforcement::CASES => enforcement::Outstanding::of(app, store, layer, record)
                .map(Self::Case)
                .map_err(Problem::internal),
            plans::DOCUMENTS => plans::figures(app, store, &record.id).map(Self::Indicators),
            _ => renewal::figures_of(app, viewer, store, layer, record).map(Self::Indicators),
        }
    }

    /// A figure by its name.
    pub(super) fn get(&self, name: &str) -> Option<f64> {
        match self {
            Self::Nothing => None,
            Self::Indicators(figures) => figures.get(name),
            Self::Case(open) => open.get(name),
        }
    }
}
