//! What a check found: counted in full, listed up to a limit.

use std::{collections::BTreeMap, fmt};

use geo::Coord;
use serde::{Serialize, Serializer};

use crate::Id;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The data are wrong: the check fails.
    Error,
    /// The data may be wrong: someone should look.
    Warning,
}

impl Severity {
    fn words(self) -> &'static str {
        match self {
            Self::Error => "错误 error",
            Self::Warning => "警告 warning",
        }
    }
}

/// What a check looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// A value breaks the rules of its field.
    Field,
    /// A geometry crosses itself, is empty, or has no place on the globe.
    InvalidGeometry,
    /// A feature of a mapped layer has no geometry.
    NoGeometry,
    /// Two features of a partition lie on each other.
    Overlap,
    /// A partition leaves a part uncovered that it ought to cover.
    Gap,
    /// A feature sticks out of the feature that it ought to divide.
    SticksOut,
    /// A reference leads to nothing.
    DanglingReference,
    /// A residence or household is in no building.
    Nowhere,
    /// A residence or household names a building other than that of its room.
    BuildingDisagrees,
    /// A person lives and lived nowhere.
    NoResidence,
    /// A house lies in no grid.
    NoGrid,
    /// A code or other single value stands at several features.
    DuplicateValue,
    /// Two houses have the same footprint, or nearly.
    SameFootprint,
    /// One person stands twice.
    SamePerson,
    /// A place is outside China.
    OutsideChina,
    /// A place is outside every village.
    OutsideVillage,
    /// Many places lie off by the shift of GCJ-02 or BD-09.
    Shifted,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// How grave it is.
    pub severity: Severity,
    /// What was looked for.
    pub check: Check,
    /// The layer.
    pub layer: String,
    /// The features concerned.
    #[serde(serialize_with = "texts")]
    pub ids: Vec<Id>,
    /// The place, longitude and latitude in degrees, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<[f64; 2]>,
    /// What is wrong and what to do, in Chinese and English; without personal values.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.severity.words();
        write!(
            f,
            "{words} {} {}: {}",
            self.layer,
            self.ids.join(", "),
            self.message
        )
    }
}

/// How often something was found in a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tally {
    /// How grave it is.
    pub severity: Severity,
    /// What was looked for.
    pub check: Check,
    /// The layer.
    pub layer: String,
    /// How often.
    pub count: u64,
}

/// All that a check found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Features looked at, by layer.
    pub checked: BTreeMap<String, u64>,
    /// Number of errors.
    pub errors: u64,
    /// Number of warnings.
    pub warnings: u64,
    /// How often each thing was found, gravest first.
    pub tallies: Vec<Tally>,
    /// What was found, up to [`Report::LISTED`] of a kind in a layer.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Most findings of one kind in one layer that are listed.
    pub const LISTED: u64 = 50;

    /// Counts a finding, and lists it while there is room.
    pub(super) fn add(&mut self, finding: Finding) {
        let Finding {
            severity, check, ..
        } = finding;
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        let same = |tally: &&mut Tally| {
            (tally.severity, tally.check, &tally.layer) == (severity, check, &finding.layer)
        };
        let count = match self.tallies.iter_mut().find(same) {
            Some(tally) => {
                tally.count += 1;
                tally.count
            }
            None => {
                self.tallies.push(Tally {
                    severity,
                    check,
                    layer: finding.layer.clone(),
                    count: 1,
                });
                1
            }
        };
        if count <= Self::LISTED {
            self.findings.push(finding);
        }
    }

    /// Puts everything in order: errors first, then by check and layer.
    pub(super) fn finish(mut self) -> Self {
        self.tallies
            .sort_by(|a, b| (a.severity, a.check, &a.layer).cmp(&(b.severity, b.check, &b.layer)));
        self.findings
            .sort_by(|a, b| (a.severity, a.check, &a.layer).cmp(&(b.severity, b.check, &b.layer)));
        self
    }
}

/// A place for a message and for the page, 1e-7° being a centimetre.
pub(super) fn place(at: Coord) -> String {
    format!("({:.7}, {:.7})", at.x, at.y)
}

fn texts<S: Serializer>(ids: &[Id], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(|id| &**id))
}
