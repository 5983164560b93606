//! The houses behind a number: each with its part, the largest part first. The parts add up to the
//! number.

use chrono::SecondsFormat;
use serde::Serialize;
use yizhangtu_data::clock;

use crate::{
    atlas::Snapshot,
    collections::corners,
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// Houses in one answer, unless another number is asked for.
const USUAL: usize = 100;
/// Houses in one answer at most: those of a town, which the map colours at once.
const MOST: usize = 50_000;

/// The page of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    limit: usize,
    offset: usize,
}

impl Page {
    /// Takes `limit` and `offset` out of a query.
    ///
    /// # Errors
    /// When they are no numbers.
    pub(crate) fn take(given: &mut Parameters) -> Result<Self, Problem> {
        let mut number = |name| given.parse::<usize>(name, "整数", "a whole number");
        Ok(Self {
            limit: number("limit")?.unwrap_or(USUAL).clamp(1, MOST),
            offset: number("offset")?.unwrap_or(0),
        })
    }

    /// What of a whole list is on the page.
    pub(crate) fn of<T>(self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        all.into_iter().skip(self.offset).take(self.limit)
    }
}

/// Houses with their parts in a number.
#[derive(Serialize)]
pub(crate) struct Listed {
    sequence: u64,
    as_of: String,
    /// The number.
    total: u64,
    /// Houses that have a part in it and may be told.
    matched: usize,
    /// The part of houses that are counted for this viewer and not shown.
    elsewhere: u64,
    /// Around all houses that may be told: west, south, east, north.
    #[serde(skip_serializing_if = "Option::is_none")]
    bbox: Option<[f64; 4]>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    code: String,
    address: String,
    /// The name of the grid that it lies in.
    grid: String,
    count: u64,
    /// A point in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    point: Option<[f64; 2]>,
}

impl Listed {
    /// A page of the houses at some positions of the counted building layer, with their parts.
    /// Houses without a part are left out.
    pub(crate) fn of(
        app: &App,
        viewer: &Viewer,
        counted: &Snapshot,
        parts: impl IntoIterator<Item = (u32, u64)>,
        page: Page,
    ) -> Self {
        let seen = app.seen_by(viewer);
        let mut listed = Self {
            sequence: counted.sequence,
            as_of: clock::now().to_rfc3339_opts(SecondsFormat::Secs, false),
            total: 0,
            matched: 0,
            elsewhere: 0,
            bbox: None,
            rows: Vec::new(),
        };
        let (Some(all), Some(shown)) = (counted.layer("building"), seen.layer("building")) else {
            return listed;
        };
        let code = |at: u32| {
            let record = shown.record(at);
            let code = record.get(&shown.layer, "code").as_text();
            (code.unwrap_or_default(), &*record.id)
        };
        let mut own = Vec::new();
        for (at, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
            listed.total += count;
            match shown.position(&all.record(at).id) {
                Some(at) => own.push((at, count)),
                None => listed.elsewhere += count,
            }
        }
        listed.matched = own.len();
        let around = shown.around(own.iter().map(|(at, _)| *at));
        listed.bbox = around.map(|rect| corners(&rect));
        own.sort_unstable_by(|(one, count), (other, most)| {
            most.cmp(count).then_with(|| code(*one).cmp(&code(*other)))
        });
        let rows = page.of(own);
        let grids = seen.layer("grid");
        listed.rows = rows
            .map(|(at, count)| {
                let record = shown.record(at);
                let view = viewer.see(&shown.layer, record);
                let grid = || {
                    let (grids, shape) = (grids?, shown.shape(at)?);
                    let grid = grids.record(*grids.at(shape.representative()).first()?);
                    Some(viewer.see(&grids.layer, grid).get("name").to_text())
                };
                Row {
                    id: record.id.to_string(),
                    code: view.get("code").to_text(),
                    address: view.get("address").to_text(),
                    grid: grid().unwrap_or_default(),
                    count,
                    point: shown.shape(at).map(|shape| {
                        let place = shape.representative();
                        [place.lon(), place.lat()]
                    }),
                }
            })
            .collect();
        listed
    }
}
