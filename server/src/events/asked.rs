//! Which events are meant: filters that totals and list share.

use std::sync::Arc;

use chrono::{Datelike, Months, NaiveDate};
use yizhangtu_data::{
    Layer, Record, Value,
    catalog::{CodeList, Process},
    clock::{CHINA, now},
};

use super::{
    EVENTS,
    figures::{Definition, Figures, LISTED, Steps, steps},
};
use crate::{
    atlas::LayerSnapshot,
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// Fields that events are filtered and grouped by.
const PLAIN: [&str; 4] = ["type", "source", "level", "urgency"];
/// Layers that events are filtered and grouped by, by where they lie.
const PLACES: [&str; 3] = ["grid", "co_op", "village"];

/// What events are put together by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum By {
    Month,
    Field(&'static str),
    Place(&'static str),
}

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) by: Option<By>,
    /// First and last day.
    pub(super) from: Option<NaiveDate>,
    pub(super) to: Option<NaiveDate>,
    equal: Vec<(&'static str, String)>,
    within: Vec<(&'static str, String)>,
    figure: Option<String>,
}

/// The events that are meant.
pub(super) struct Meant {
    pub(super) layer: Arc<Layer>,
    pub(super) events: Arc<LayerSnapshot>,
    pub(super) process: Arc<Process>,
    /// Positions in `events`, with what each counts.
    pub(super) counted: Vec<(u32, Figures)>,
    /// The layer that `by` names.
    pub(super) places: Option<Arc<LayerSnapshot>>,
    pub(super) sequence: u64,
}

impl Asked {
    /// Takes the filters out of a query.
    pub(super) fn take(given: &mut Parameters) -> Result<Self, Problem> {
        let by = match given.take("by")?.as_deref() {
            None => None,
            Some("month") => Some(By::Month),
            Some(name) => {
                let field = PLAIN
                    .into_iter()
                    .find(|field| *field == name)
                    .map(By::Field);
                let place = (PLACES.into_iter().find(|layer| *layer == name)).map(By::Place);
                let offered = || [&["month"][..], &PLAIN, &PLACES].concat().join(", ");
                Some(
                    field
                        .or(place)
                        .ok_or_else(|| Problem::one_of("by", &offered()))?,
                )
            }
        };
        let mut day = |name: &'static str| {
            given.parse(name, "日期，如 2026-01-31", "a day such as 2026-01-31")
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
        let figure = given.take("figure")?;
        if let Some(figure) = &figure
            && !LISTED.contains(&figure.as_str())
        {
            return Err(Problem::one_of("figure", &LISTED.join(", ")));
        }
        Ok(Self {
            by,
            from,
            to,
            equal,
            within,
            figure,
        })
    }

    /// The same a year before, where a period with both ends is asked for: 同比, of the same
    /// days, for a part of a year too.
    pub(super) fn a_year_before(&self) -> Option<Self> {
        let year = Months::new(12);
        Some(Self {
            from: Some(self.from?.checked_sub_months(year)?),
            to: Some(self.to?.checked_sub_months(year)?),
            by: None,
            ..self.clone()
        })
    }

    /// The events that a viewer may count.
    ///
    /// # Errors
    /// 403 of one who may not count events, 404 where there are none, or a named place is not
    /// there.
    pub(super) fn meant(&self, app: &App, viewer: &Viewer) -> Result<Meant, Problem> {
        let none = || Problem::not_found("这个文件没有网格事件 / this file has no grid events");
        let layer = app.layer(EVENTS).ok_or_else(none)?;
        viewer.require(Action::Count, layer)?;
        let process = app.catalog().process(EVENTS).ok_or_else(none)?;
        let closing = process.closing.as_ref().ok_or_else(none)?;
        let log = app.layer(&process.log).ok_or_else(none)?;
        let seen = app.counted_for(viewer);
        let events = seen.layer(EVENTS).ok_or_else(none)?;
        let places = |name: &str| {
            let missing =
                || Problem::not_found(format!("没有图层 {name} / there is no layer {name}"));
            let layer = app
                .layer(name)
                .filter(|layer| viewer.may(Action::View, layer));
            let known = layer.ok_or_else(missing)?;
            app.snapshot().layer(&known.id).cloned().ok_or_else(missing)
        };
        let mut areas = Vec::new();
        for (name, id) in &self.within {
            let places = places(name)?;
            let at = places.position(id).ok_or_else(|| {
                Problem::not_found(format!(
                    "图层 {name} 没有要素 {id} / the layer {name} has no feature {id}"
                ))
            })?;
            areas.push((places, at));
        }
        let store = app.pool().reader().map_err(Problem::internal)?;
        let steps = steps(&store, log, layer, closing).map_err(Problem::internal)?;
        let definition = Definition::new(process, closing, now());
        let list = layer
            .field("type")
            .and_then(|field| field.code_list.as_ref());
        let kinds = list.and_then(|list| app.catalog().code_list(list));
        let counted = (events.records())
            .filter(|(at, event)| {
                self.selects(&definition, layer, kinds.map(|list| &**list), event)
                    && areas.iter().all(|(places, area)| {
                        let place = events.shape(*at).map(|shape| shape.representative());
                        place.is_some_and(|place| places.at(place).contains(area))
                    })
            })
            .map(|(at, event)| {
                let steps: Steps = steps.get(&*event.id).copied().unwrap_or_default();
                (at, Figures::of(&definition, layer, event, steps))
            })
            .filter(|(_, own)| {
                let figure = self.figure.as_deref();
                figure.is_none_or(|figure| own.count(figure) > 0)
            })
            .collect();
        Ok(Meant {
            layer: Arc::clone(layer),
            events: Arc::clone(events),
            process: Arc::clone(process),
            counted,
            places: match self.by {
                Some(By::Place(name)) => Some(places(name)?),
                _ => None,
            },
            sequence: seen.sequence,
        })
    }

    fn selects(
        &self,
        definition: &Definition<'_>,
        layer: &Layer,
        kinds: Option<&CodeList>,
        event: &Record,
    ) -> bool {
        let fits = self.equal.iter().all(|(field, wanted)| {
            let own = event.get(layer, field).as_text();
            // A type stands for those under it too.
            let above = || {
                let code = kinds.filter(|_| *field == "type")?.get(own?)?;
                code.parent.as_deref()
            };
            own == Some(wanted) || above() == Some(wanted)
        });
        if !fits {
            return false;
        }
        if self.from.is_some() || self.to.is_some() {
            let day =
                (definition.period(layer, event)).map(|at| at.with_timezone(&CHINA).date_naive());
            let inside = day.is_some_and(|day| {
                self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
            });
            if !inside {
                return false;
            }
        }
        true
    }
}

impl Meant {
    /// The key of the group that an event is in; none of one that is nowhere.
    pub(super) fn key(&self, by: By, position: u32) -> Option<String> {
        let event = self.events.record(position);
        match by {
            By::Month => {
                let closing = self.process.closing.as_ref()?;
                match event.get(&self.layer, &closing.period) {
                    Value::DateTime(at) => {
                        let day = at.with_timezone(&CHINA);
                        Some(format!("{:04}-{:02}", day.year(), day.month()))
                    }
                    _ => None,
                }
            }
            By::Field(name) => {
                let text = event.get(&self.layer, name).as_text()?;
                Some(text.to_owned()).filter(|text| !text.is_empty())
            }
            By::Place(_) => {
                let places = self.places.as_ref()?;
                let place = self.events.shape(position)?.representative();
                let first = places.at(place).first().copied()?;
                Some(places.record(first).id.to_string())
            }
        }
    }
}
