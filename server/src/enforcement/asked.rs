//! Which cases are meant: filters that totals, list, ledger and difference share.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};
use yizhangtu_data::{Id, Layer, Record, Value, clock};

use super::{CASES, Definition, Figures, figures::COUNTED};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    collections::{AsOf, features},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
    process::clocks,
};

/// Fields that a list of cases is filtered and grouped by.
const PLAIN: [&str; 6] = ["kind", "source", "state", "is_new", "importance", "measure"];
/// Layers that cases are filtered and grouped by, by where they lie.
const PLACES: [&str; 3] = ["grid", "co_op", "village"];
/// Dates by the name that `date=` gives.
const DATES: [(&str, &str); 4] = [
    ("found", "found_on"),
    ("filed", "filed_on"),
    ("demolished", "demolished_on"),
    ("closed", "closed_on"),
];

/// What is late counts by the clock, not by the case alone.
const OVERDUE: &str = "overdue";

/// What cases are put together by.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum By {
    Year,
    Month,
    Field(&'static str),
    Place(&'static str),
}

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) by: Option<By>,
    /// The field of the date that periods go by.
    pub(super) date: &'static str,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    equal: Vec<(&'static str, String)>,
    within: Vec<(&'static str, String)>,
    /// Only what counts in a figure: its name, or [`OVERDUE`].
    counted: Option<&'static str>,
    pub(super) as_of: Option<AsOf>,
}

/// The cases that are meant, with what each counts.
pub(super) struct Meant {
    pub(super) layer: Arc<Layer>,
    pub(super) cases: Arc<LayerSnapshot>,
    pub(super) definition: Definition,
    /// Positions in `cases`.
    pub(super) positions: Vec<u32>,
    /// Until when each had time, where those that are late were asked for.
    pub(super) deadlines: HashMap<Id, DateTime<FixedOffset>>,
    /// The layer that `by` names, as it was then.
    pub(super) places: Option<Arc<LayerSnapshot>>,
}

impl Asked {
    /// Takes the filters out of a query.
    pub(super) fn take(given: &mut Parameters) -> Result<Self, Problem> {
        let by = match given.take("by")?.as_deref() {
            None => None,
            Some("year") => Some(By::Year),
            Some("month") => Some(By::Month),
            Some(name) => {
                let field = PLAIN
                    .iter()
                    .find(|field| **field == name)
                    .map(|field| By::Field(field));
                let place = PLACES
                    .iter()
                    .find(|layer| **layer == name)
                    .map(|layer| By::Place(layer));
                let offered = || {
                    [&["year", "month"][..], &PLAIN, &PLACES]
                        .concat()
                        .join(", ")
                };
                Some(
                    field
                        .or(place)
                        .ok_or_else(|| Problem::one_of("by", &offered()))?,
                )
            }
        };
        let date = match given.take("date")?.as_deref() {
            None => DATES[0].1,
            Some(name) => {
                let known = DATES.iter().find(|(known, _)| *known == name);
                known
                    .ok_or_else(|| {
                        Problem::one_of("date", &DATES.map(|(name, _)| name).join(", "))
                    })?
                    .1
            }
        };
        let mut day = |name: &'static str| match given.take(name)? {
            None => Ok(None),
            Some(text) => NaiveDate::parse_from_str(&text, "%Y-%m-%d")
                .map(Some)
                .map_err(|_| {
                    Problem::parameter(
                        name,
                        "应为日期，如 2026-01-31",
                        "must be a day such as 2026-01-31",
                    )
                }),
        };
        let (from, to) = (day("from")?, day("to")?);
        let mut equal = Vec::new();
        for field in PLAIN {
            if let Some(value) = given.take(field)? {
                equal.push((field, value));
            }
        }
        let mut within = Vec::new();
        for layer in PLACES {
            if let Some(id) = given.take(layer)? {
                within.push((layer, id));
            }
        }
        let demolished = match given.take("demolished")?.as_deref() {
            None | Some("false") => None,
            Some("true") => Some("demolished"),
            Some(_) => return Err(Problem::one_of("demolished", "true, false")),
        };
        let counted = match given.take("counts")? {
            None => demolished,
            Some(name) => Some(figure(&name)?),
        };
        Ok(Self {
            by,
            date,
            from,
            to,
            equal,
            within,
            counted,
            as_of: AsOf::take(given)?,
        })
    }

    /// Whether it names a period of its own.
    pub(super) fn has_period(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// The cases that a viewer may count, as they are now or were.
    ///
    /// # Errors
    /// 403 of one who may not count cases, 404 where a named place is not there.
    pub(super) async fn meant(
        &self,
        app: &App,
        viewer: &Viewer,
        as_of: Option<&AsOf>,
    ) -> Result<Meant, Problem> {
        let layer = app.layer(CASES).ok_or_else(|| {
            Problem::not_found("这个文件没有两违案件 / this file has no violation cases")
        })?;
        viewer.require(Action::Count, layer)?;
        viewer.require(Action::View, layer)?;
        let cases = features(app, viewer, layer, as_of).await?;
        let definition = Definition::of(app.catalog());
        let snapshot = app.snapshot();
        let mut areas = Vec::new();
        for (name, id) in &self.within {
            let places = places(app, viewer, name, as_of, &snapshot).await?;
            let at = places.position(id).ok_or_else(|| {
                Problem::not_found(format!(
                    "图层 {name} 没有要素 {id} / the layer {name} has no feature {id}"
                ))
            })?;
            areas.push((places, at));
        }
        let places = match &self.by {
            Some(By::Place(name)) => Some(places(app, viewer, name, as_of, &snapshot).await?),
            _ => None,
        };
        let mut positions: Vec<u32> = (cases.records())
            .filter(|(at, case)| {
                self.selects(&definition, layer, case)
                    && areas.iter().all(|(places, area)| {
                        let place = cases.shape(*at).map(|shape| shape.representative());
                        place.is_some_and(|place| places.at(place).contains(area))
                    })
            })
            .map(|(at, _)| at)
            .collect();
        let mut deadlines = HashMap::new();
        if self.counted == Some(OVERDUE) {
            deadlines = late(app, layer, &cases, &positions, as_of).await?;
            positions.retain(|&at| deadlines.contains_key(&cases.record(at).id));
        }
        Ok(Meant {
            layer: Arc::clone(layer),
            cases,
            definition,
            positions,
            deadlines,
            places,
        })
    }

    fn selects(&self, definition: &Definition, layer: &Layer, case: &Record) -> bool {
        let period = || {
            if self.from.is_none() && self.to.is_none() {
                return true;
            }
            (case.get(layer, self.date).as_date()).is_some_and(|day| {
                self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
            })
        };
        self.equal
            .iter()
            .all(|(field, wanted)| text(layer, case, field) == *wanted)
            && period()
            && self.counts(&Figures::of(definition, layer, case))
    }

    /// Whether a case counts in the figure that was asked for, as far as it says itself.
    fn counts(&self, figures: &Figures) -> bool {
        let own = |(name, counts): &(&str, fn(&Figures) -> bool)| {
            (self.counted == Some(name)).then(|| counts(figures))
        };
        COUNTED.iter().find_map(own).unwrap_or(true)
    }

    /// The keys of the groups that a case is in; one that is nowhere is in the group without key.
    pub(super) fn keys(&self, meant: &Meant, position: u32) -> Vec<Option<String>> {
        let case = meant.cases.record(position);
        match &self.by {
            None => Vec::new(),
            Some(By::Year | By::Month) => {
                let day = case.get(&meant.layer, self.date).as_date();
                vec![day.map(|day| match self.by {
                    Some(By::Year) => day.year().to_string(),
                    _ => day.format("%Y-%m").to_string(),
                })]
            }
            Some(By::Field(name)) => {
                vec![Some(text(&meant.layer, case, name)).filter(|text| !text.is_empty())]
            }
            Some(By::Place(_)) => {
                let place = meant
                    .cases
                    .shape(position)
                    .map(|shape| shape.representative());
                let found = place.zip(meant.places.as_ref()).map(|(place, places)| {
                    // A partition: one at most.
                    let first = places.at(place).first().copied();
                    first.map(|at| places.record(at).id.to_string())
                });
                vec![found.flatten()]
            }
        }
    }
}

impl Meant {
    /// What each case counts.
    pub(super) fn figures(&self) -> impl Iterator<Item = (u32, Figures)> + '_ {
        self.positions.iter().map(|&at| {
            (
                at,
                Figures::of(&self.definition, &self.layer, self.cases.record(at)),
            )
        })
    }
}

/// The figures that cases may be asked for by.
pub(crate) fn counts() -> impl Iterator<Item = &'static str> {
    COUNTED.iter().map(|(name, _)| *name).chain([OVERDUE])
}

fn figure(name: &str) -> Result<&'static str, Problem> {
    counts().find(|known| *known == name).ok_or_else(|| {
        let known: Vec<&str> = counts().collect();
        Problem::one_of("counts", &known.join(", "))
    })
}

/// The cases that are late, with when their time was over.
async fn late(
    app: &App,
    layer: &Arc<Layer>,
    cases: &Arc<LayerSnapshot>,
    positions: &[u32],
    as_of: Option<&AsOf>,
) -> Result<HashMap<Id, DateTime<FixedOffset>>, Problem> {
    if as_of.is_some() {
        return Err(Problem::parameter(
            "counts",
            "超期按现在的时钟计，不能与 as-of 同用",
            "what is late goes by the clock of now; it has no as-of",
        ));
    }
    let (app, layer, cases) = (app.clone(), Arc::clone(layer), Arc::clone(cases));
    let positions = positions.to_vec();
    tokio::task::spawn_blocking(move || {
        let store = app.pool().reader().map_err(Problem::internal)?;
        let records = positions.iter().map(|&at| cases.record(at));
        let clocks = clocks(&app, &store, &layer, records)?;
        let now = clock::now();
        Ok((clocks.into_iter())
            .filter(|(_, clock)| clock.is_overdue(now))
            .filter_map(|(id, clock)| Some((id, clock.deadline?)))
            .collect())
    })
    .await
    .map_err(Problem::internal)?
}

async fn places(
    app: &App,
    viewer: &Viewer,
    name: &str,
    as_of: Option<&AsOf>,
    snapshot: &Snapshot,
) -> Result<Arc<LayerSnapshot>, Problem> {
    let missing = || Problem::not_found(format!("没有图层 {name} / there is no layer {name}"));
    let layer = app
        .layer(name)
        .filter(|layer| viewer.may(Action::View, layer))
        .ok_or_else(missing)?;
    match as_of {
        Some(_) => features(app, viewer, layer, as_of).await,
        None => snapshot.layer(name).cloned().ok_or_else(missing),
    }
}

/// A field's value as filters write it.
pub(super) fn text(layer: &Layer, case: &Record, field: &str) -> String {
    match case.get(layer, field) {
        Value::Text(text) => text.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        _ => String::new(),
    }
}
