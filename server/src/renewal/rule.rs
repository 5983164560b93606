//! Setting fields of many houses by a rule: a CQL2 condition, within a unit or everywhere. It is
//! tried first, and only then written, as one change set with the author's reason.

use std::sync::Arc;

use yizhangtu_data::{Change, ChangeSet, Layer, Operation, Record, Value, topology::polygons};
use yizhangtu_index::{Area, Rule};

use super::steps::unfit;
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    collections::parse_filter,
    http::{App, Problem},
    policy::Viewer,
};

/// Houses that one rule may change.
const MOST: usize = 20_000;

/// What a rule is about, and what it sets.
pub(super) struct Setting<'a> {
    /// CQL2 text on the fields of a house; every house where it is empty.
    pub(super) filter: &'a str,
    pub(super) unit: Option<&'a str>,
    /// Fields with their new values.
    pub(super) fields: Vec<(&'static str, Value)>,
    /// Whether a house that has these values already needs nothing.
    pub(super) is_set: &'a dyn Fn(&Layer, &Record) -> bool,
    pub(super) reason: &'a str,
}

/// Houses that meet a rule, and the change set that it makes.
pub(super) struct Found {
    pub(super) matched: Vec<u32>,
    pub(super) set: ChangeSet,
}

impl Setting<'_> {
    /// Holds the rule against some houses.
    ///
    /// # Errors
    /// 400 where the condition is none, 404 where the unit is not there, 422 where it is about
    /// too many houses.
    pub(super) fn hold(
        &self,
        app: &App,
        viewer: &Viewer,
        layer: &Arc<Layer>,
        houses: &LayerSnapshot,
    ) -> Result<Found, Problem> {
        let area = within(&app.seen_by(viewer), self.unit)?;
        let mut matched = positions(houses, area.as_ref());
        if !self.filter.trim().is_empty() {
            let condition = parse_filter(self.filter, layer, viewer)?;
            matched.retain(|at| condition.selects(houses.record(*at)));
        }
        if matched.len() > MOST {
            return Err(unfit(
                "filter",
                &format!(
                    "符合的有 {} 栋，一次最多 {MOST} 栋，请按单元分批 / {} houses meet it, at most {MOST} at once; take one unit after the other",
                    matched.len(),
                    matched.len()
                ),
            ));
        }
        let changes: Vec<Change> = (matched.iter())
            .map(|at| houses.record(*at))
            .filter(|record| !(self.is_set)(layer, record))
            .map(|record| {
                let mut record = Record::clone(record);
                for (field, value) in &self.fields {
                    record.set(layer, field, value.clone());
                }
                Change {
                    layer: "building".into(),
                    operation: Operation::Update(record),
                }
            })
            .collect();
        let set = ChangeSet {
            author: viewer.author().to_owned(),
            reason: self.reason.to_owned(),
            changes,
            ..ChangeSet::default()
        };
        Ok(Found { matched, set })
    }
}

impl Found {
    /// Writes what the rule makes, unless it is only tried or nothing is to be changed. The number
    /// of the change set.
    ///
    /// # Errors
    /// When the writer refuses it; nothing is changed then.
    pub(super) async fn keep(
        self,
        app: &App,
        viewer: &Viewer,
        only_tried: bool,
    ) -> Result<Option<i64>, Problem> {
        if only_tried || self.set.changes.is_empty() {
            return Ok(None);
        }
        let origin = (0..self.set.changes.len()).collect();
        match app.keeper().apply(self.set, origin, false).await {
            Ok(done) => Ok(done.change_set),
            Err(refusal) => Err(refusal.problem(app, viewer).await),
        }
    }
}

/// Says why a rule cannot be written without a reason.
///
/// # Errors
/// 422 where there is none.
pub(super) fn reasoned(reason: &str, dry_run: bool) -> Result<(), Problem> {
    if reason.trim().is_empty() && !dry_run {
        return Err(unfit(
            "reason",
            "请写明理由 / say why the houses are changed so",
        ));
    }
    Ok(())
}

/// The ground of a unit; none where every house is meant.
///
/// # Errors
/// 404 where there is no such unit.
pub(super) fn within(snapshot: &Snapshot, unit: Option<&str>) -> Result<Option<Area>, Problem> {
    let Some(unit) = unit else { return Ok(None) };
    let record = snapshot
        .layer(super::UNITS)
        .and_then(|layer| layer.get(unit));
    let outline = record.and_then(|record| polygons(record.geometry.as_ref()?));
    let area = outline.and_then(|outline| Area::from_multi_polygon(&outline).ok());
    area.map(Some).ok_or_else(|| {
        Problem::not_found(format!(
            "没有更新单元 {unit} / there is no renewal unit {unit}"
        ))
    })
}

/// The houses of an area, or all.
pub(super) fn positions(houses: &LayerSnapshot, area: Option<&Area>) -> Vec<u32> {
    match area {
        Some(area) => houses.within(area, Rule::default()),
        None => houses.rows().map(|(at, _)| at).collect(),
    }
}
