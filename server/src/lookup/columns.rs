//! What is at a point, as columns of a table: grid, house, unit and case.

use std::borrow::Cow;

use super::answer::{At, Lookup};

/// The columns that a table gets: name and title.
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

/// Places of the columns that are filled from anything but a feature's field.
const RESIDENTS: usize = 9;
const HOUSEHOLDS: usize = 10;
const MATCHED_BY: usize = 15;
const UNMATCHED_REASON: usize = 16;

/// Columns that show a field of what is at the point: the column, its layer and the field.
const PLACED: [(&str, &str, &str); 13] = [
    ("village_code", "village", "code"),
    ("village", "village", "name"),
    ("grid_code", "grid", "code"),
    ("grid", "grid", "name"),
    ("grid_worker", "grid", "worker"),
    ("co_op", "co_op", "name"),
    ("building_code", "building", "code"),
    ("building_address", "building", "address"),
    ("building_use", "building", "use"),
    ("renewal_unit_code", "renewal_unit", "code"),
    ("renewal_unit", "renewal_unit", "name"),
    ("violation_case_code", "violation_case", "code"),
    ("violation_case_state", "violation_case", "state"),
];

/// How the columns are filled from a lookup: found out once for many rows.
pub(crate) struct Columns<'a> {
    lookup: &'a Lookup<'a>,
    placed: Vec<Placed>,
    building: Option<usize>,
}

/// A column, its layer's place in the lookup, and the position of its field.
#[derive(Clone, Copy)]
struct Placed {
    column: usize,
    place: usize,
    field: usize,
}

impl<'a> Columns<'a> {
    /// The columns of what a lookup finds.
    pub(crate) fn of(lookup: &'a Lookup<'a>) -> Self {
        let placed = PLACED.iter().filter_map(|(column, layer, field)| {
            let place = lookup.place(layer)?;
            Some(Placed {
                column: COLUMNS.iter().position(|(name, _)| name == column)?,
                place,
                field: lookup.layer(place).layer.position(field)?,
            })
        });
        Self {
            placed: placed.collect(),
            building: lookup.place("building"),
            lookup,
        }
    }

    /// The row of what is at a point.
    pub(crate) fn row(&self, at: At<'_>, matched_by: &'static str) -> Row<'a> {
        let mut row = Row::default();
        for own in &self.placed {
            let positions = at.positions(own.place);
            // Of buildings over one another the first is told, and who lives there.
            let positions = match positions {
                [first, ..] if self.building == Some(own.place) => std::slice::from_ref(first),
                all => all,
            };
            let mut texts = positions.iter().map(|&position| self.text(own, position));
            row.values[own.column] = texts.next().unwrap_or_default();
            for text in texts {
                let all = row.values[own.column].to_mut();
                all.push_str("; ");
                all.push_str(&text);
            }
        }
        if let Some(position) = at.building() {
            self.count(&mut row, position);
        }
        if at.is_empty() {
            row.values[UNMATCHED_REASON] =
                "此点不在任何图层的面内 / the point is in no area of any layer".into();
        } else {
            row.values[MATCHED_BY] = matched_by.into();
        }
        row
    }

    /// Sets the columns of the building at a position of its layer.
    pub(crate) fn set_building(&self, row: &mut Row<'a>, position: u32) {
        for own in &self.placed {
            if self.building == Some(own.place) {
                row.values[own.column] = self.text(own, position);
            }
        }
        self.count(row, position);
    }

    fn count(&self, row: &mut Row<'a>, building: u32) {
        if let Some(houses) = self.lookup.houses() {
            let tally = &houses.at(building).tally;
            row.values[RESIDENTS] = tally.residents().to_string().into();
            row.values[HOUSEHOLDS] = tally.households.to_string().into();
        }
    }

    fn text(&self, own: &Placed, position: u32) -> Cow<'a, str> {
        let layer = self.lookup.layer(own.place);
        let value = layer.row(position).value(own.field);
        let sight = self.lookup.viewer().sight(&layer.layer);
        value.map_or_else(Cow::default, |value| sight.text(own.field, value))
    }
}

/// The values of one row, in the order of [`COLUMNS`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Row<'a> {
    values: [Cow<'a, str>; COLUMNS.len()],
}

impl<'a> Row<'a> {
    /// Whether the row was matched.
    pub(crate) fn is_matched(&self) -> bool {
        !self.values[MATCHED_BY].is_empty()
    }

    /// A row that could not be matched, and why.
    pub(crate) fn unmatched(reason: impl Into<Cow<'a, str>>) -> Self {
        let mut row = Self::default();
        row.values[UNMATCHED_REASON] = reason.into();
        row
    }

    /// The values, in the order of [`COLUMNS`].
    pub(crate) fn values(&self) -> &[Cow<'a, str>] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_where_they_are_filled() {
        let name = |at: usize| COLUMNS[at].0;
        assert_eq!(name(RESIDENTS), "residents");
        assert_eq!(name(HOUSEHOLDS), "households");
        assert_eq!(name(MATCHED_BY), "matched_by");
        assert_eq!(name(UNMATCHED_REASON), "unmatched_reason");
        for (column, ..) in PLACED {
            assert!(COLUMNS.iter().any(|(name, _)| *name == column), "{column}");
        }
    }
}
