//! Which column goes into which field.

use std::{collections::HashMap, sync::Arc};

use super::{Profile, names::fold, report::Mapped, units};
use crate::{FieldKind, Layer};

/// Spellings of OpenStreetMap and its tiles, for files that keep its keys.
const FOREIGN: [(&str, &str); 8] = [
    ("building:levels", "floors_up"),
    ("building:levels:underground", "floors_down"),
    ("building_levels", "floors_up"),
    ("addr_street", "address"),
    ("addr:full", "address"),
    ("name", "alias"),
    ("name:zh", "name"),
    ("@id", "osm_id"),
];

/// Where a column goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Target {
    /// Position of the field.
    pub(super) field: usize,
    /// From the column's unit to the field's.
    pub(super) factor: Option<f64>,
}

/// The columns of one file and layer.
pub(super) struct Mapping {
    layer: Arc<Layer>,
    profile: Arc<Profile>,
    targets: HashMap<Arc<str>, Option<Target>>,
    taken: Vec<bool>,
    /// Folded name of the column that identifies rows.
    id: Option<String>,
    pub(super) mapped: Vec<Mapped>,
    pub(super) unmapped: Vec<String>,
}

impl Mapping {
    pub(super) fn new(
        layer: &Arc<Layer>,
        profile: &Arc<Profile>,
        id: Option<&str>,
        columns: &[Arc<str>],
    ) -> Self {
        let mut mapping = Self {
            layer: Arc::clone(layer),
            profile: Arc::clone(profile),
            targets: HashMap::new(),
            taken: vec![false; layer.fields.len()],
            id: id
                .or(profile.id.as_deref())
                .map(fold)
                .or_else(|| layer.field("id").is_none().then(|| "id".to_owned())),
            mapped: Vec::new(),
            unmapped: Vec::new(),
        };
        // Better reasons first, so that an alias never takes a field from its own name.
        let mut ranked: Vec<(usize, usize)> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                (
                    mapping.guess(column).map_or(usize::MAX, |(_, rank)| rank),
                    at,
                )
            })
            .collect();
        ranked.sort_unstable();
        for (_, at) in ranked {
            mapping.resolve(&columns[at]);
        }
        mapping
    }

    /// Whether a column identifies rows.
    pub(super) fn is_id(&self, column: &str) -> bool {
        self.id.as_ref().is_some_and(|id| fold(column) == *id)
    }

    /// Whether any column fills a field.
    pub(super) fn fills(&self, field: usize) -> bool {
        self.taken[field]
    }

    /// Where a column goes; columns that were not seen before are looked at now.
    pub(super) fn target(&mut self, column: &Arc<str>) -> Option<Target> {
        match self.targets.get(column) {
            Some(target) => *target,
            None => self.resolve(column),
        }
    }

    fn resolve(&mut self, column: &Arc<str>) -> Option<Target> {
        let found = self
            .guess(column)
            .filter(|(field, _)| !self.taken[*field])
            .map(|(field, rank)| (self.aim(column, field, rank), rank));
        match &found {
            Some((target, rank)) => {
                self.taken[target.field] = true;
                let unit = self
                    .unit(column, target.field, *rank)
                    .map(|it| it.0.to_owned());
                self.mapped.push(Mapped {
                    column: column.to_string(),
                    field: self.layer.fields[target.field].name.clone(),
                    by: ["profile", "name", "label", "alias", "alias", "cut"][*rank],
                    unit,
                });
            }
            None if !self.is_id(column) => self.unmapped.push(column.to_string()),
            None => {}
        }
        let target = found.map(|(target, _)| target);
        self.targets.insert(Arc::clone(column), target);
        target
    }

    fn aim(&self, column: &str, field: usize, rank: usize) -> Target {
        Target {
            field,
            factor: self.unit(column, field, rank).map(|it| it.1),
        }
    }

    /// The unit of a column: the profile's, the heading's, or 元 where money has no other.
    fn unit(&self, column: &str, field: usize, rank: usize) -> Option<units::Unit> {
        let field = &self.layer.fields[field];
        if !matches!(field.kind, FieldKind::Integer | FieldKind::Decimal) {
            return None;
        }
        let kept = field.unit.as_deref()?;
        if let Some(name) = self.profile.units.get(column) {
            return units::named(kept, name);
        }
        // Our own columns are in our own units.
        if rank == 1 {
            return None;
        }
        units::of_heading(kept, column).or_else(|| (kept == "fen").then_some(("元", 100.0)))
    }

    /// The field of a column and how well founded that is, less being better.
    fn guess(&self, column: &str) -> Option<(usize, usize)> {
        if let Some(name) = self.profile.fields.get(column) {
            return self.layer.position(name).map(|at| (at, 0));
        }
        if self.profile.ignore.iter().any(|it| it == column) {
            return None;
        }
        let wanted = fold(column);
        if wanted.is_empty() {
            return None;
        }
        let fields = || self.layer.fields.iter().enumerate();
        let by = |test: &dyn Fn(&crate::Field) -> bool| {
            fields().find(|(_, field)| test(field)).map(|(at, _)| at)
        };
        if let Some(at) = by(&|field| fold(&field.name) == wanted) {
            return Some((at, 1));
        }
        if let Some(at) =
            by(&|field| fold(&field.label.zh) == wanted || fold(&field.label.en) == wanted)
        {
            return Some((at, 2));
        }
        if let Some(at) = by(&|field| field.aliases.iter().any(|alias| fold(alias) == wanted)) {
            return Some((at, 3));
        }
        if let Some((_, name)) = FOREIGN.iter().find(|(key, _)| fold(key) == wanted)
            && let Some(at) = self.layer.position(name)
        {
            return Some((at, 4));
        }
        by(&|field| {
            let names = [&field.name, &field.label.zh, &field.label.en];
            names
                .into_iter()
                .chain(&field.aliases)
                .any(|name| is_cut(column, name))
        })
        .map(|at| (at, 5))
    }
}

/// Whether a column's name is what a shapefile leaves of a longer one: 10 bytes, which
/// are three Chinese characters in UTF-8 and five in GBK.
fn is_cut(column: &str, name: &str) -> bool {
    if column.len() >= name.len() {
        return false;
    }
    let same = name
        .get(..column.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(column));
    let (gbk, _, _) = encoding_rs::GBK.encode(column);
    same && ((9..=10).contains(&column.len())
        || (!column.is_ascii() && (9..=10).contains(&gbk.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    fn map(columns: &[&str]) -> Mapping {
        let catalog = Catalog::embedded();
        let columns: Vec<Arc<str>> = columns.iter().map(|it| Arc::from(*it)).collect();
        Mapping::new(
            catalog.layer("building").unwrap(),
            &Arc::default(),
            None,
            &columns,
        )
    }

    fn fields(mapping: &Mapping) -> Vec<(&str, &str, &str)> {
        mapping
            .mapped
            .iter()
            .map(|it| (it.column.as_str(), it.field.as_str(), it.by))
            .collect()
    }

    #[test]
    fn columns_are_known_by_name_title_alias_and_cut() {
        let mapping = map(&[
            "code",
            "地址",
            "ＪＺＭＪ",
            "地上层",
            "标准建筑物",
            "floors_dow",
            "OBJECTID",
            "id",
        ]);
        assert_eq!(
            fields(&mapping),
            [
                ("code", "code", "name"),
                ("地址", "address", "label"),
                ("ＪＺＭＪ", "floor_area_m2", "alias"),
                ("地上层", "floors_up", "cut"),
                ("标准建筑物", "std_code", "cut"),
                ("floors_dow", "floors_down", "cut"),
            ]
        );
        assert_eq!(mapping.unmapped, ["OBJECTID"]);
        assert!(mapping.is_id("ID"));
    }

    #[test]
    fn an_alias_never_takes_a_field_from_its_own_name() {
        let mapping = map(&["房屋编号", "建筑编码"]);
        assert_eq!(fields(&mapping), [("建筑编码", "code", "label")]);
        assert_eq!(mapping.unmapped, ["房屋编号"]);
    }

    #[test]
    fn units_of_headings_are_kept_with_the_column() {
        let mapping = map(&["建筑面积（亩）"]);
        assert_eq!(mapping.mapped[0].unit.as_deref(), Some("亩"));
    }
}
