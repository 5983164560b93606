//! The named figures that formulas are made of.

use std::collections::{BTreeSet, HashMap};

use crate::{
    atlas::Snapshot,
    statistics::{ByClass, Statistics, Wanted},
};

/// The standard whose codes the names of land classes are of. GB/T 21010 gives some of the
/// same codes to other land: it is never added to these.
const STANDARD: &str = "用地用海";

/// 永久基本农田 among the kinds of control lines.
const FARMLAND: &str = "永久基本农田";
/// How much of it a unit takes; none where the village has no such line.
const TAKEN: &str = "basic_farmland_m2";
/// How much of a unit is planned, of 1.
pub(super) const PLANNED: &str = "planned_share";

/// Figures by name, of one outline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    known: HashMap<String, f64>,
    /// Square metres by land-use code.
    land: Vec<(String, f64)>,
    plan: Vec<(String, f64)>,
    /// Square metres under control lines, by kind.
    lines: Vec<(String, f64)>,
}

impl Figures {
    /// What statistics say of an outline. What the viewer may not count is not known.
    #[expect(clippy::cast_precision_loss, reason = "counts and 分 stay below 2^53")]
    pub(super) fn of(statistics: &Statistics) -> Self {
        let mut own = Self {
            land: by_code(&statistics.land_use),
            plan: by_code(&statistics.plan_land),
            lines: (statistics.control_lines.iter())
                .map(|line| (line.kind.clone(), line.area_m2))
                .collect(),
            ..Self::default()
        };
        own.set("area_m2", Some(statistics.area_m2));
        // A village without such a line takes none of it.
        let farmland = own.lines.iter().find(|(kind, _)| kind == FARMLAND);
        let farmland = farmland.map_or(0.0, |(_, area_m2)| *area_m2);
        own.set(TAKEN, Some(farmland));
        let counts = &statistics.counts;
        own.set(
            "people",
            counts
                .people
                .as_ref()
                .and_then(|it| it.total)
                .map(|all| all as f64),
        );
        own.set(
            "households",
            counts.households.flatten().map(|all| all as f64),
        );
        if let Some(buildings) = &counts.buildings {
            own.set("buildings", Some(buildings.count as f64));
            own.set("rentals", Some(buildings.rental as f64));
            own.set("footprint_m2", Some(buildings.footprint_m2));
            own.set("floor_area_m2", Some(buildings.floor_area_m2));
        }
        if let Some(cases) = &counts.violations {
            own.set("cases", Some(cases.count as f64));
            own.set("case_area_m2", Some(cases.area_m2));
            own.set("demolished_cases", Some(cases.demolished_count as f64));
            own.set("demolished_m2", Some(cases.demolished_m2));
        }
        if let Some(contracts) = &counts.contracts {
            own.set("contracts", Some(contracts.count as f64));
            own.set(
                "contracts_expiring_90d",
                Some(contracts.expiring_90d as f64),
            );
            own.set(
                "contract_amount_yuan",
                Some(contracts.amount_fen as f64 / 100.0),
            );
        }
        own
    }

    /// Adds a figure that is known.
    pub(crate) fn set(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.known.insert(name.to_owned(), value);
        }
    }

    /// A figure by its name. Land is named by the head of its code, `现状07_m2`, `规划0703_m2`;
    /// ground under a control line by its kind, `永久基本农田_m2`: none there counts 0.
    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        if let Some(known) = self.known.get(name) {
            return Some(*known);
        }
        let ground = name.strip_suffix("_m2")?;
        let codes = |head: &str, all: &[(String, f64)]| {
            (!head.is_empty() && head.bytes().all(|byte| byte.is_ascii_digit())).then(|| {
                let own = all.iter().filter(|(code, _)| code.starts_with(head));
                own.map(|(_, area_m2)| area_m2).sum()
            })
        };
        if let Some(head) = ground.strip_prefix("现状") {
            return codes(head, &self.land);
        }
        if let Some(head) = ground.strip_prefix("规划") {
            return codes(head, &self.plan);
        }
        let line = self.lines.iter().find(|(kind, _)| kind == ground);
        line.map(|(_, area_m2)| *area_m2)
    }
}

/// What of land has to be worked out for some named figures.
pub(super) fn wanted<'n>(snapshot: &Snapshot, names: impl Iterator<Item = &'n str>) -> Wanted {
    let names: BTreeSet<&str> = names.collect();
    let grounds = || names.iter().filter_map(|name| name.strip_suffix("_m2"));
    let of = |head: &str| grounds().any(|ground| ground.starts_with(head));
    let is_line = |kind: &str| {
        grounds().any(|ground| ground == kind) || (kind == FARMLAND && names.contains(TAKEN))
    };
    Wanted {
        land_use: of("现状"),
        plan_land: of("规划") || names.contains(PLANNED),
        ..Wanted::lines(snapshot, is_line)
    }
}

fn by_code(classes: &[ByClass]) -> Vec<(String, f64)> {
    (classes.iter())
        .filter(|class| class.class_std == STANDARD)
        .map(|class| (class.code.clone(), class.area_m2))
        .collect()
}
