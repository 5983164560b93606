//! Maturity: which unit is ripe, by terms that everyone can see and reckon again.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use yizhangtu_data::{Formula, Layer, Record, Text, store::GeoPackage};

use super::{
    figures::Figures,
    indicators::{overridden, rows, title},
    thresholds::{self, Threshold},
};
use crate::http::Problem;

/// The table of an office's own terms.
const TABLE: &str = "maturity_term";

/// How a term is reckoned.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Term {
    pub(super) code: String,
    pub(super) title: Text,
    pub(super) formula: String,
    pub(super) weight: f64,
    #[serde(default)]
    source: String,
    /// The program's version that it is of; an office's own has none.
    #[serde(default)]
    version: Option<String>,
    /// The program's version of the term that an office's own takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    version: String,
    terms: Vec<Term>,
}

/// A term of one unit.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Scored {
    #[serde(flatten)]
    pub(super) term: Term,
    /// 0 to 1; none where a figure is not known.
    pub(super) value: Option<f64>,
    /// Its part of the score.
    pub(super) points: f64,
}

/// The maturity of one unit.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Maturity {
    /// 0 to 100.
    pub(super) score: f64,
    pub(super) terms: Vec<Scored>,
    /// Thresholds in force that are not reached.
    short_of: Vec<Threshold>,
}

/// The terms as they are now.
pub(super) struct Terms(Vec<(Term, Formula)>);

fn built_in() -> &'static Written {
    static OWN: LazyLock<Written> = LazyLock::new(|| {
        let text = include_str!("../../../data/catalog/maturity.toml");
        let mut written: Written =
            toml::from_str(text).unwrap_or_else(|error| panic!("maturity.toml: {error}"));
        for term in &mut written.terms {
            term.version = Some(written.version.clone());
        }
        written
    });
    &OWN
}

impl Terms {
    pub(super) fn of_store(store: &GeoPackage) -> Result<Self, Problem> {
        let own = rows(store, TABLE, term)?;
        Ok(Self(overridden(built_in().terms.clone(), own, |it| {
            (&it.code, &it.formula)
        })))
    }

    /// The figures that they and the thresholds in force are reckoned of.
    pub(super) fn figures(&self) -> impl Iterator<Item = &str> {
        let names = self.0.iter().flat_map(|(_, formula)| formula.names());
        let shares = thresholds::in_force().map(|own| own.figure.as_str());
        names.map(String::as_str).chain(shares)
    }

    /// The maturity of a unit at a stage, by its figures.
    pub(super) fn of(&self, figures: &Figures, stage: &str) -> Maturity {
        let whole: f64 = self.0.iter().map(|(term, _)| term.weight).sum();
        let terms: Vec<Scored> = (self.0.iter())
            .map(|(term, formula)| {
                let value = formula.value(|name| figures.get(name));
                let value = value.map(|value| value.clamp(0.0, 1.0));
                let share = if whole > 0.0 {
                    100.0 * term.weight / whole
                } else {
                    0.0
                };
                Scored {
                    term: term.clone(),
                    value,
                    points: value.unwrap_or(0.0) * share,
                }
            })
            .collect();
        Maturity {
            score: terms.iter().map(|term| term.points).sum(),
            terms,
            short_of: thresholds::short_of(figures, stage),
        }
    }
}

fn term(layer: &Layer, record: &Record) -> Term {
    let text = |field| {
        record
            .get(layer, field)
            .as_text()
            .unwrap_or_default()
            .to_owned()
    };
    let (code, built_in) = (text("code"), built_in());
    let same = built_in.terms.iter().any(|own| own.code == code);
    Term {
        replaces: same.then(|| built_in.version.clone()),
        code,
        title: title(layer, record),
        formula: text("formula"),
        weight: record.get(layer, "weight").as_decimal().unwrap_or(0.0),
        source: text("source"),
        version: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        let read = |term: &Term| (term.clone(), Formula::read(&term.formula).unwrap());
        Terms(built_in().terms.iter().map(read).collect())
    }

    #[test]
    fn a_score_is_the_weighted_sum_of_what_is_shown() {
        let mut figures = Figures::default();
        for (name, value) in [
            ("consent_share", 0.8),
            ("survey_share", 1.0),
            ("titled_share", 0.5),
            ("open_cases", 0.0),
            ("buildings", 100.0),
            ("open_disputes", 9.0),
            ("planned_share", 1.0),
            ("永久基本农田_m2", 0.0),
            ("area_m2", 1000.0),
        ] {
            figures.set(name, Some(value));
        }
        let made = terms().of(&figures, "3");
        // 25 × 0.8 + 15 + 15 × 0.5 + 15 + 0 + nothing known of funds + 10
        assert!((made.score - 67.5).abs() < 1e-9, "{}", made.score);
        let sum: f64 = made.terms.iter().map(|term| term.points).sum();
        assert!((made.score - sum).abs() < 1e-9);
        let funding = made
            .terms
            .iter()
            .find(|own| own.term.code == "funding")
            .unwrap();
        assert_eq!((funding.value, funding.points), (None, 0.0));
    }
}
