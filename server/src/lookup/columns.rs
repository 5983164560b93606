//! What is at a point, as columns of a table: grid, house, unit and case.

use yizhangtu_data::{Layer, Record};

use super::answer::{At, Lookup};

/// The columns that a table gets: name, title, layer and field.
pub(crate) const COLUMNS: [(&str, &str); 17] = [
    ("village_code", "村代码"),
    ("village", "村"),
    ("grid_code", "网格编码"),
    ("grid", "网格"),
    ("grid_worker", "网格员"),
    ("co_op", "经济社"),
    ("building_code", "房屋编码"),
    ("building_address", "房屋地址"),
    ("building_use", "房屋用途"),
    ("residents", "居住人数"),
    ("households", "户数"),
    ("renewal_unit_code", "更新单元编号"),
    ("renewal_unit", "更新单元"),
    ("violation_case_code", "两违案件编号"),
    ("violation_case_state", "两违案件状态"),
    ("matched_by", "匹配方式"),
    ("unmatched_reason", "未匹配原因"),
];

/// The values of one row, in the order of [`COLUMNS`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    values: [String; COLUMNS.len()],
}

impl Row {
    /// The columns of what is at a point.
    pub(crate) fn at(lookup: &Lookup<'_>, at: &At<'_>, matched_by: &str) -> Self {
        let snapshot = lookup.snapshot();
        let mut row = Self::default();
        for (column, layer, field) in [
            ("village_code", "village", "code"),
            ("village", "village", "name"),
            ("grid_code", "grid", "code"),
            ("grid", "grid", "name"),
            ("grid_worker", "grid", "worker"),
            ("co_op", "co_op", "name"),
            ("renewal_unit_code", "renewal_unit", "code"),
            ("renewal_unit", "renewal_unit", "name"),
            ("violation_case_code", "violation_case", "code"),
            ("violation_case_state", "violation_case", "state"),
        ] {
            let Some(own) = snapshot.layer(layer) else {
                continue;
            };
            let found: Vec<String> = at
                .records(layer)
                .map(|record| seen(lookup, &own.layer, record, field))
                .collect();
            row.set(column, found.join("; "));
        }
        let house = snapshot.layer("building").zip(at.building());
        if let Some(position) = house.and_then(|(layer, record)| layer.position(&record.id)) {
            row.set_building(lookup, position);
        }
        if at.is_empty() {
            row.set(
                "unmatched_reason",
                "此点不在任何图层的面内 / the point is in no area of any layer",
            );
        } else {
            row.set("matched_by", matched_by);
        }
        row
    }

    /// Sets the columns of the building at a position of its layer.
    pub(crate) fn set_building(&mut self, lookup: &Lookup<'_>, position: u32) {
        let snapshot = lookup.snapshot();
        let Some(buildings) = snapshot.layer("building") else {
            return;
        };
        let record = buildings.record(position);
        for (column, field) in [
            ("building_code", "code"),
            ("building_address", "address"),
            ("building_use", "use"),
        ] {
            self.set(column, seen(lookup, &buildings.layer, record, field));
        }
        if !lookup.viewer().may_see_people() {
            return;
        }
        let tally = &snapshot.houses.at(position).tally;
        self.set("residents", tally.residents().to_string());
        self.set("households", tally.households.to_string());
    }

    /// Whether the row was matched.
    pub(crate) fn is_matched(&self) -> bool {
        let at = COLUMNS.iter().position(|(name, _)| *name == "matched_by");
        at.is_some_and(|at| !self.values[at].is_empty())
    }

    /// A row that could not be matched, and why.
    pub(crate) fn unmatched(reason: impl Into<String>) -> Self {
        let mut row = Self::default();
        row.set("unmatched_reason", reason);
        row
    }

    /// Sets one column.
    pub(crate) fn set(&mut self, column: &str, value: impl Into<String>) {
        let at = COLUMNS.iter().position(|(name, _)| *name == column);
        self.values[at.expect("a column of the list")] = value.into();
    }

    /// The values, in the order of [`COLUMNS`].
    pub(crate) fn values(&self) -> &[String] {
        &self.values
    }
}

fn seen(lookup: &Lookup<'_>, layer: &Layer, record: &Record, field: &str) -> String {
    lookup.viewer().see(layer, record).get(field).to_text()
}
