//! Shares that a unit should reach at some stages: a book of the office's rules.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use yizhangtu_data::Text;

use super::{facts::SHARES, figures::Figures};
use crate::office::{Book, Misrule, Ruled, within};

/// All thresholds: data with a version, `data/catalog/thresholds.toml`.
#[derive(Debug, Deserialize)]
pub(crate) struct Rules {
    thresholds: Vec<Threshold>,
}

/// A share that should be reached.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Threshold {
    code: String,
    title: Text,
    pub(super) figure: String,
    at_least: f64,
    /// Codes of the stages at which it holds.
    stages: Vec<String>,
    on: bool,
    source: String,
}

/// The book of these rules.
pub(crate) static THRESHOLDS: Book<Rules> = Book::new(
    "thresholds",
    include_str!("../../../data/catalog/thresholds.toml"),
);

impl Ruled for Rules {
    fn misruled(&self) -> Vec<Misrule> {
        let mut codes = BTreeSet::new();
        let all = self.thresholds.iter().enumerate();
        all.filter_map(|(at, own)| {
            within(
                codes.insert(&own.code),
                &format!("thresholds.{at}.code"),
                "代码已用过",
                "the code is another's",
            )
        })
        .collect()
    }
}

/// The shares that a threshold may be of, with what each is called.
pub(crate) fn shares() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    SHARES.into_iter()
}

/// Those in force at a stage that some figures do not reach, or that are not known.
pub(super) fn short_of(figures: &Figures, stage: &str) -> Vec<Threshold> {
    in_force()
        .filter(|own| own.is_missed(figures, stage))
        .cloned()
        .collect()
}

/// Those that hold.
pub(super) fn in_force() -> impl Iterator<Item = &'static Threshold> {
    let all = THRESHOLDS.current().thresholds.iter();
    all.filter(|own| own.on)
}

impl Threshold {
    fn is_missed(&self, figures: &Figures, stage: &str) -> bool {
        let reached = |own: f64| own >= self.at_least;
        self.stages.iter().any(|own| own == stage)
            && !figures.get(&self.figure).is_some_and(reached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_source_confirms_is_off() {
        assert_eq!(in_force().count(), 0);
        assert!(!THRESHOLDS.current().thresholds.is_empty());
    }

    #[test]
    fn a_threshold_is_missed_at_its_stages_below_its_share_or_without_it() {
        let own = &THRESHOLDS.current().thresholds[0];
        let with = |share: Option<f64>| {
            let mut figures = Figures::default();
            figures.set("consent_share", share);
            figures
        };
        let missed = |share, stage| own.is_missed(&with(share), stage);
        assert!(missed(Some(0.66), "3") && missed(None, "3"));
        assert!(!missed(Some(0.6667), "3") && !missed(Some(0.1), "5"));
    }
}
