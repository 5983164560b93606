//! Indicators: named formulas over the figures of an outline, with unit and source.
//!
//! The program brings some (`data/catalog/indicators.toml`); an office's own stand in the
//! table `indicator_definition`, where every change is kept with who and when.

use std::sync::LazyLock;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use yizhangtu_data::{Formula, Layer, Record, Text, store::GeoPackage};

use super::figures::Figures;
use crate::{
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// The table of an office's own definitions.
const TABLE: &str = "indicator_definition";

/// How an indicator is reckoned.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Definition {
    pub(super) code: String,
    pub(super) title: Text,
    pub(super) formula: String,
    #[serde(default)]
    pub(super) unit: String,
    #[serde(default)]
    pub(super) decimals: u8,
    #[serde(default)]
    pub(super) source: String,
    /// The program's version that it is of; an office's own has none.
    #[serde(default)]
    pub(super) version: Option<String>,
}

/// A value with how it was reckoned.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Indicator {
    #[serde(flatten)]
    pub(super) definition: Definition,
    /// None where a figure is not known or the formula gives no number.
    pub(super) value: Option<f64>,
}

#[derive(Deserialize)]
struct Written {
    version: String,
    indicators: Vec<Definition>,
}

/// All definitions in the order in which they are shown.
pub(super) struct Definitions(Vec<(Definition, Formula)>);

/// The definitions that the program comes with.
fn built_in() -> &'static [Definition] {
    static OWN: LazyLock<Vec<Definition>> = LazyLock::new(|| {
        let text = include_str!("../../../data/catalog/indicators.toml");
        let written: Written =
            toml::from_str(text).unwrap_or_else(|error| panic!("indicators.toml: {error}"));
        let version = Some(written.version);
        (written.indicators.into_iter())
            .map(|own| Definition {
                version: version.clone(),
                ..own
            })
            .collect()
    });
    &OWN
}

impl Definitions {
    /// The program's and the office's definitions as they are now.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn read(app: &App) -> Result<Self, Problem> {
        let store = app.pool().reader().map_err(Problem::internal)?;
        Self::of_store(&store)
    }

    pub(super) fn of_store(store: &GeoPackage) -> Result<Self, Problem> {
        let own = rows(store, TABLE, definition)?;
        Ok(Self(overridden(built_in().to_vec(), own, |it| {
            (&it.code, &it.formula)
        })))
    }

    /// The figures that they are reckoned of.
    pub(super) fn figures(&self) -> impl Iterator<Item = &str> {
        let names = self.0.iter().flat_map(|(_, formula)| formula.names());
        names.map(String::as_str)
    }

    /// Every indicator of some figures.
    pub(super) fn of(&self, figures: &Figures) -> Vec<Indicator> {
        (self.0.iter())
            .map(|(definition, formula)| Indicator {
                definition: definition.clone(),
                value: formula.value(|name| figures.get(name)),
            })
            .collect()
    }
}

/// The rows of a table of definitions, each with whether it is hidden; none where the file is
/// of an older catalog that has no such table.
pub(super) fn rows<T>(
    store: &GeoPackage,
    table: &str,
    read: impl Fn(&Layer, &Record) -> T,
) -> Result<Vec<(T, bool)>, Problem> {
    let Some(layer) = store.layer(table).cloned() else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    store
        .scan(table, |record| {
            let hidden = record.get(&layer, "hidden").as_boolean() == Some(true);
            all.push((read(&layer, &record), hidden));
        })
        .map_err(Problem::internal)?;
    Ok(all)
}

/// The program's definitions with an office's own in their places: one of the same code takes
/// its place or hides it, others follow. `parts` are a definition's code and formula; what
/// cannot be reckoned is left out.
pub(super) fn overridden<T>(
    mut all: Vec<T>,
    own: Vec<(T, bool)>,
    parts: impl Fn(&T) -> (&str, &str),
) -> Vec<(T, Formula)> {
    for (own, hidden) in own {
        let place = all.iter().position(|other| parts(other).0 == parts(&own).0);
        match (place, hidden) {
            (Some(at), true) => drop(all.remove(at)),
            (Some(at), false) => all[at] = own,
            (None, true) => {}
            (None, false) => all.push(own),
        }
    }
    let read = all.into_iter().filter_map(|own| {
        let (code, formula) = parts(&own);
        match Formula::read(formula) {
            Ok(formula) => Some((own, formula)),
            // It was refused when it was written; an older program may have kept it.
            Err(error) => {
                tracing::warn!(code, %error, "a definition cannot be reckoned");
                None
            }
        }
    });
    read.collect()
}

/// The texts of a row in both languages.
pub(super) fn title(layer: &Layer, record: &Record) -> Text {
    let zh = record.get(layer, "title").as_text().unwrap_or_default();
    let en = record.get(layer, "title_en").as_text().unwrap_or(zh);
    Text {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

fn definition(layer: &Layer, record: &Record) -> Definition {
    let text = |field| {
        record
            .get(layer, field)
            .as_text()
            .unwrap_or_default()
            .to_owned()
    };
    let decimals = record.get(layer, "decimals").as_integer();
    Definition {
        code: text("code"),
        title: title(layer, record),
        formula: text("formula"),
        unit: text("unit"),
        decimals: decimals
            .and_then(|many| u8::try_from(many).ok())
            .unwrap_or(2),
        source: text("source"),
        version: None,
    }
}

/// `GET /renewal/indicators`: how each is reckoned.
pub(super) async fn indicators(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Vec<Definition>>, Problem> {
    given.finish()?;
    let units = app.catalog().layer("renewal_unit").cloned();
    let units = units.ok_or_else(|| Problem::internal("the catalog has no renewal units"))?;
    viewer.require(Action::View, &units)?;
    let definitions = tokio::task::spawn_blocking(move || Definitions::read(&app))
        .await
        .map_err(Problem::internal)??;
    let all = definitions.0.into_iter().map(|(definition, _)| definition);
    Ok(Json(all.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_formula_of_the_program_can_be_read_and_names_known_figures() {
        let mut figures = Figures::default();
        for name in [
            "area_m2",
            "people",
            "households",
            "buildings",
            "rentals",
            "footprint_m2",
            "floor_area_m2",
            "cases",
            "case_area_m2",
            "demolished_cases",
            "demolished_m2",
            "contracts",
            "contracts_expiring_90d",
            "contract_amount_yuan",
            "永久基本农田_m2",
        ] {
            figures.set(name, Some(2.0));
        }
        for own in built_in() {
            let formula = Formula::read(&own.formula).unwrap();
            assert!(
                formula.value(|name| figures.get(name)).is_some(),
                "{}",
                own.code
            );
        }
    }
}
