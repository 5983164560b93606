//! A version takes the place of the plan in force: its plots become those that everything counts
//! by, and what they lie on goes to the version that it was of.
//!
//! A version need not cover all that the one before it did. A plot in force of which it covers
//! only a part keeps the rest; the part goes to the plots of the earlier version, so that its
//! plots, in force and not, are still its ground once.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use axum::http::StatusCode;
use geo::{Geometry, MultiPolygon};
use rayon::prelude::*;
use yizhangtu_data::{
    Change, Expected, Id, Layer, Operation, Record, Value, measure,
    overlay::{self, TooWide},
    store::{GeoPackage, StoreError},
    topology::{self, TOLERANCE_M2, polygons},
};
use yizhangtu_index::{Rule, Shape};

use super::{DOCUMENTS, IN_FORCE, PLOTS};
use crate::{
    atlas::LayerSnapshot,
    changes,
    http::{App, Problem},
    renewal::Figures,
};

/// The log of the documents.
const LOG: &str = "plan_log";

/// What was laid down for a plot as a whole, and is not known of a part of it.
const OF_THE_WHOLE: [&str; 4] = ["floor_area_m2", "parking_bays", "residents", "households"];

/// What a version's coming into force changes.
pub(crate) struct Succession {
    pub(crate) changes: Vec<Change>,
    /// The plots as they were read: whoever changed one meanwhile is not overwritten.
    pub(crate) expects: Vec<Expected>,
    /// Documents that no ground in force is of any more.
    pub(crate) ended: Vec<Record>,
}

/// What becomes of a plot in force.
enum Fate {
    Stays,
    Goes,
    Parted {
        rest: MultiPolygon<f64>,
        gone: MultiPolygon<f64>,
    },
}

impl Succession {
    /// The plots of a plan instead of what they lie on.
    ///
    /// # Errors
    /// 409 where plots lie too far apart; when the file cannot be read.
    pub(crate) fn of(app: &App, store: &GeoPackage, plan: &str) -> Result<Self, Problem> {
        let (plots, lands) = layers(app)?;
        let coming = of_plan(store, PLOTS, plan)?;
        let mut standing = Vec::new();
        (store.scan(IN_FORCE, |record| standing.push(record))).map_err(Problem::internal)?;
        let fates = fates(&plots, &coming, &standing)?;
        let gone = |(fate, _): &(Fate, &Record)| !matches!(fate, Fate::Stays);
        let unnamed = (fates.into_iter().zip(&standing)).filter(gone);
        let mut own = Self {
            changes: Vec::new(),
            expects: Vec::new(),
            ended: Vec::new(),
        };
        let mut touched = BTreeSet::new();
        let mut left: BTreeSet<String> = BTreeSet::new();
        let mut parted = BTreeSet::new();
        for (fate, record) in unnamed {
            // What names no plan it was of goes to none; the history keeps it.
            let of = record.get(&lands, "plan").as_text();
            touched.insert(Arc::clone(&record.id));
            left.extend(of.map(str::to_owned));
            let mut archived = moved(&lands, record, &plots);
            match fate {
                Fate::Parted { rest, gone } => {
                    parted.extend(of.map(str::to_owned));
                    part(&plots, &mut archived, gone);
                    let mut kept = record.clone();
                    part(&lands, &mut kept, rest);
                    own.push(IN_FORCE, Operation::Update(kept));
                }
                _ => own.push(IN_FORCE, Operation::Delete(Arc::clone(&record.id))),
            }
            if of.is_some() {
                own.push(PLOTS, Operation::Insert(archived));
            }
            own.expect(store, IN_FORCE, record)?;
        }
        for record in &coming {
            own.push(PLOTS, Operation::Delete(Arc::clone(&record.id)));
            own.push(IN_FORCE, Operation::Insert(moved(&plots, record, &lands)));
            own.expect(store, PLOTS, record)?;
        }
        for record in &standing {
            if let Some(of) = record.get(&lands, "plan").as_text()
                && !touched.contains(&record.id)
            {
                parted.insert(of.to_owned());
            }
        }
        for id in left
            .iter()
            .filter(|id| !parted.contains(*id) && *id != plan)
        {
            let document = store.get(DOCUMENTS, id).map_err(Problem::internal)?;
            own.ended.extend(document);
        }
        Ok(own)
    }

    fn push(&mut self, layer: &str, operation: Operation) {
        let layer = layer.into();
        self.changes.push(Change { layer, operation });
    }

    fn expect(&mut self, store: &GeoPackage, layer: &str, record: &Record) -> Result<(), Problem> {
        let version = store.version(layer, &record.id);
        self.expects.push(Expected {
            layer: layer.into(),
            id: Arc::clone(&record.id),
            version: version.map_err(Problem::internal)?,
        });
        Ok(())
    }
}

/// What becomes of each plot in force once others come.
fn fates(layer: &Arc<Layer>, coming: &[Record], standing: &[Record]) -> Result<Vec<Fate>, Problem> {
    let new = LayerSnapshot::new(Arc::clone(layer), coming.to_vec());
    let fate = |record: &Record| -> Result<Fate, TooWide> {
        let Some(ground) = record.geometry.as_ref().and_then(polygons) else {
            return Ok(Fate::Stays);
        };
        let over = over(&new, &ground);
        if over.is_empty() {
            return Ok(Fate::Stays);
        }
        let cover = overlay::union(&over)?;
        let mut rest = overlay::difference(&ground, &cover)?;
        rest.0.retain(|part| m2(part.clone().into()) > TOLERANCE_M2);
        let gone = overlay::intersection(&ground, &cover)?;
        Ok(if m2(gone.clone().into()) <= TOLERANCE_M2 {
            Fate::Stays
        } else if rest.0.is_empty() {
            Fate::Goes
        } else {
            Fate::Parted { rest, gone }
        })
    };
    let fates: Result<_, TooWide> = standing.par_iter().map(fate).collect();
    fates.map_err(too_wide)
}

fn too_wide(error: TooWide) -> Problem {
    Problem::new(StatusCode::CONFLICT, error.to_string())
}

/// The plots of a layer that some ground meets.
fn over(plots: &LayerSnapshot, ground: &MultiPolygon<f64>) -> Vec<MultiPolygon<f64>> {
    let Ok(area) = yizhangtu_index::Area::from_multi_polygon(ground) else {
        return Vec::new();
    };
    let found = plots.within(&area, Rule::Intersects).into_iter();
    found
        .filter_map(|at| polygons(plots.record(at).geometry.as_ref()?))
        .collect()
}

/// What is known of a plan's plots, for the gates of its way: how many there are and are in
/// force, how many pairs of them overlap, and how many were changed since each step of its way.
///
/// # Errors
/// When the file cannot be read.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub(crate) fn figures(app: &App, store: &GeoPackage, plan: &str) -> Result<Figures, Problem> {
    let (plots, _) = layers(app)?;
    let own = of_plan(store, PLOTS, plan)?;
    let mut all = Figures::default();
    all.set("plots", Some(own.len() as f64));
    all.set(
        "plots_in_force",
        Some(of_plan(store, IN_FORCE, plan)?.len() as f64),
    );
    for (step, changed) in changed(app, store, plan, &own).map_err(Problem::internal)? {
        all.set(&format!("changed_since_{step}"), Some(changed as f64));
    }
    let pairs = overlaps(&plots, own).map_err(too_wide)?;
    all.set("overlaps", Some(pairs as f64));
    Ok(all)
}

/// Pairs of plots that share more ground than borders that do not quite fit.
fn overlaps(layer: &Arc<Layer>, own: Vec<Record>) -> Result<usize, TooWide> {
    let grounds: Vec<MultiPolygon<f64>> = (own.iter())
        .filter_map(|record| polygons(record.geometry.as_ref()?))
        .collect();
    let sum: f64 = grounds.iter().cloned().map(|own| m2(own.into())).sum();
    // As in a plan that fits: where together they are as large as their sum, no two share ground.
    if sum - m2(overlay::union(&grounds)?.into()) <= TOLERANCE_M2 {
        return Ok(0);
    }
    let all = LayerSnapshot::new(Arc::clone(layer), own);
    let positions: Vec<u32> = all.rows().map(|(at, _)| at).collect();
    let ground = |at: u32| polygons(all.record(at).geometry.as_ref()?);
    let pairs = |at: u32| {
        let (Some(Shape::Area(area)), Some(one)) = (all.shape(at), ground(at)) else {
            return 0;
        };
        let others = all.within(&area, Rule::Intersects).into_iter();
        (others.filter(|other| *other > at))
            .filter_map(ground)
            .filter(|other| topology::overlap(&one, other).is_some())
            .count()
    };
    Ok(positions.into_par_iter().map(pairs).sum())
}

/// How many plots came, went or were changed since the last time that each step was taken.
fn changed(
    app: &App,
    store: &GeoPackage,
    plan: &str,
    own: &[Record],
) -> Result<Vec<(String, usize)>, StoreError> {
    let Some(log) = app.layer(LOG) else {
        return Ok(Vec::new());
    };
    let mut steps: BTreeMap<String, u64> = BTreeMap::new();
    for row in store.find(LOG, "plan", &Value::from(plan))? {
        let step = row.get(log, "step").as_text().unwrap_or_default();
        let at = store.version(LOG, &row.id)?;
        let last = steps.entry(step.to_owned()).or_insert(at);
        *last = at.max(*last);
    }
    let Some(earliest) = steps.values().min() else {
        return Ok(Vec::new());
    };
    let touches = store.touches(PLOTS, *earliest, "plan", plan)?;
    let own: HashSet<&Id> = own.iter().map(|record| &record.id).collect();
    let changed_since = |at: u64| {
        let mut seen: HashSet<&Id> = HashSet::new();
        // What was of the plan at the step, as the first change since then found it, or is now.
        (touches.iter().filter(|touch| touch.sequence > at))
            .filter(|touch| seen.insert(&touch.id) && (touch.held || own.contains(&touch.id)))
            .count()
    };
    let counts = steps.iter();
    Ok(counts
        .map(|(step, at)| (step.clone(), changed_since(*at)))
        .collect())
}

fn layers(app: &App) -> Result<(Arc<Layer>, Arc<Layer>), Problem> {
    match (app.layer(PLOTS), app.layer(IN_FORCE)) {
        (Some(plots), Some(lands)) => Ok((Arc::clone(plots), Arc::clone(lands))),
        _ => Err(Problem::not_found(
            "这个文件没有规划图层，请用新版程序打开一次 / this file has no layers of plans",
        )),
    }
}

fn of_plan(store: &GeoPackage, layer: &str, plan: &str) -> Result<Vec<Record>, Problem> {
    let found = store.find(layer, "plan", &Value::from(plan));
    found.map_err(Problem::internal)
}

/// A plot as one of another layer, with an id of its own: ids are given once.
fn moved(from: &Layer, record: &Record, to: &Layer) -> Record {
    let mut copy = Record::new(to, format!("{}-{}", to.id, changes::ulid()));
    copy.geometry.clone_from(&record.geometry);
    for field in &to.fields {
        if from.field(&field.name).is_some() {
            copy.set(to, &field.name, record.get(from, &field.name).clone());
        }
    }
    copy
}

/// Makes a plot a part of what it was.
fn part(layer: &Layer, record: &mut Record, ground: MultiPolygon<f64>) {
    let shape = match <[_; 1]>::try_from(ground.0) {
        Ok([one]) => Geometry::Polygon(one),
        Err(many) => Geometry::MultiPolygon(MultiPolygon(many)),
    };
    let area_m2 = (measure::area_m2(&shape) * 100.0).round() / 100.0;
    record.geometry = Some(shape);
    for field in OF_THE_WHOLE {
        record.set(layer, field, Value::Null);
    }
    record.set(layer, "area_m2", area_m2);
}

fn m2(geometry: Geometry<f64>) -> f64 {
    measure::area_m2(&geometry)
}
