//! 集体合同: what runs out, what is owed, what is let too cheaply, and what stands idle.

mod rent;
mod standing;

use std::collections::{HashMap, HashSet};
use yizhangtu_data::clock;

use axum::{Json, Router, extract::State, routing::get};
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use serde_json::Value as Told;
use yizhangtu_data::{Layer, Record, Relief, Text, Value};

use self::rent::{Month, Terms};
pub(crate) use self::standing::{AHEAD, Standing};
use crate::{
    atlas::LayerSnapshot,
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
    statistics::named,
};

/// The routes of the contracts.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/contracts", get(ledger))
        .route("/contracts/{id}/rent", get(one))
}

/// One contract of the ledger. Money in 分, areas in m².
#[derive(Serialize)]
struct Entry {
    id: String,
    code: Told,
    name: Told,
    lessee: Told,
    /// On the day of the ledger.
    state: &'static str,
    #[serde(skip)]
    standing: Standing,
    co_op: Told,
    start_on: Option<NaiveDate>,
    end_on: Option<NaiveDate>,
    /// Until the last day; less than 0 where that is past.
    days_left: Option<i64>,
    /// `ahead`, `running` or `over` on the day of the ledger.
    course: &'static str,
    /// The least of the ledger's `ahead` within which it ends.
    ends_within: Option<i64>,
    area_m2: Option<f64>,
    amount_fen: Option<i64>,
    /// A month's rent today, with its step-ups.
    monthly_fen: i64,
    /// Due for the months that begin this year, with step-ups and relief.
    due_this_year_fen: i64,
    relief_this_year_fen: i64,
    arrears_fen: i64,
    overdue_days: Option<i64>,
    /// The rent of a m² a month, and what the guide price is on the mean of its assets.
    rent_per_m2_fen: Option<f64>,
    guide_per_m2_fen: Option<f64>,
    below_guide: bool,
    assets: Vec<String>,
    reliefs: Vec<Relief>,
    /// Why some that the register holds are none; the rent is reckoned without them.
    unread_reliefs: Vec<Text>,
}

/// An asset of the ledger.
#[derive(Serialize)]
struct Asset {
    id: String,
    code: Told,
    name: Told,
    kind: Told,
    state: Told,
    area_m2: Option<f64>,
    /// Longitude, latitude; none where it is nowhere.
    place: Option<[f64; 2]>,
}

/// The ledger.
#[derive(Serialize)]
struct Ledger {
    sequence: u64,
    on: NaiveDate,
    count: usize,
    amount_fen: i64,
    monthly_fen: i64,
    due_this_year_fen: i64,
    arrears_fen: i64,
    /// Days ahead that are looked at, the least first.
    ahead: [i64; 3],
    /// How many end within each of them.
    expiring: [usize; 3],
    below_guide: usize,
    contracts: Vec<Entry>,
    /// What the contracts are over.
    assets: Vec<Asset>,
    /// Assets without a contract that runs today.
    idle: Vec<Asset>,
    idle_m2: f64,
}

/// The contracts that are asked for: all, one, or those over one asset.
#[derive(Default)]
struct Wanted {
    contract: Option<String>,
    asset: Option<String>,
}

/// `GET /contracts?on=DAY&asset=ID&contract=ID`: every contract that the viewer sees, one of them, or
/// those over one asset, the next to end first.
async fn ledger(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Ledger>, Problem> {
    let on = given.take("on")?;
    let wanted = Wanted {
        contract: given.take("contract")?,
        asset: given.take("asset")?,
    };
    given.finish()?;
    let today = clock::today();
    let on = match on {
        None => today,
        Some(text) => text.parse().map_err(|_| {
            Problem::parameter(
                "on",
                format_args!("“{text}”不是日期，应如 2026-11-22"),
                format_args!("“{text}” is no day such as 2026-11-22"),
            )
        })?,
    };
    tokio::task::spawn_blocking(move || Ledger::of(&app, &viewer, on, &wanted))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

/// `GET /contracts/{id}/rent`: what is due month by month.
async fn one(
    State(app): State<App>,
    axum::extract::Path(id): axum::extract::Path<String>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Vec<Month>>, Problem> {
    given.finish()?;
    let seen = app.seen_by(&viewer);
    let contracts = seen.contracts.as_ref().ok_or_else(|| viewer.refused())?;
    viewer.require(Action::View, &contracts.layer)?;
    let record = contracts
        .get(&id)
        .ok_or_else(|| Problem::not_found(format!("没有合同 {id} / there is no contract {id}")))?;
    let (terms, _) = terms(&contracts.layer, record);
    Ok(Json(terms.months()))
}

/// What a contract says of its rent, and the reliefs in it that can't be read.
fn terms(layer: &Layer, record: &Record) -> (Terms, Vec<Text>) {
    let (reliefs, unread) = match record.get(layer, "adjustments") {
        Value::Json(list) => Relief::of(list),
        _ => Default::default(),
    };
    let terms = Terms {
        start: record.get(layer, "start_on").as_date(),
        end: record.get(layer, "end_on").as_date(),
        monthly_fen: record
            .get(layer, "monthly_rent_fen")
            .as_integer()
            .unwrap_or(0),
        step_percent: record
            .get(layer, "step_percent")
            .as_decimal()
            .unwrap_or(0.0),
        reliefs,
    };
    (terms, unread)
}

impl Ledger {
    fn of(app: &App, viewer: &Viewer, on: NaiveDate, wanted: &Wanted) -> Result<Self, Problem> {
        let seen = app.seen_by(viewer);
        let contracts = seen.contracts.as_ref().ok_or_else(|| viewer.refused())?;
        viewer.require(Action::View, &contracts.layer)?;
        let assets = seen.layer("asset");
        let guides = assets.map(|layer| guide_prices(layer)).unwrap_or_default();
        let mut entries = Vec::new();
        let mut let_out: HashSet<String> = HashSet::new();
        for (_, record) in contracts.records() {
            let entry = entry(viewer, contracts, record, &guides, on);
            if entry.standing.runs() {
                let_out.extend(entry.assets.iter().cloned());
            }
            if wanted.has(&entry) {
                entries.push(entry);
            }
        }
        // What is over needs nobody's eye any more.
        entries.sort_by_key(|it| (it.standing.is_over(), it.end_on.is_none(), it.end_on));
        let leased: HashSet<&str> = (entries.iter())
            .flat_map(|own| own.assets.iter().map(String::as_str))
            .collect();
        let (mut over, mut idle) = (Vec::new(), Vec::new());
        for (layer, at, record) in (assets.into_iter())
            .flat_map(|layer| (layer.records()).map(move |(at, record)| (layer, at, record)))
        {
            let own = wanted.covers(&record.id);
            // What the collective uses itself is not idle.
            let used = record.get(&layer.layer, "state").as_text() == Some("自用");
            if leased.contains(&*record.id) {
                over.push(Asset::of(viewer, layer, at));
            }
            if own && !used && !let_out.contains(&*record.id) {
                idle.push(Asset::of(viewer, layer, at));
            }
        }
        let sum = |pick: fn(&Entry) -> i64| entries.iter().map(pick).sum();
        Ok(Self {
            sequence: seen.sequence,
            on,
            count: entries.len(),
            amount_fen: sum(|own| own.amount_fen.unwrap_or(0)),
            monthly_fen: entries
                .iter()
                .filter(|own| own.standing.runs())
                .map(|own| own.monthly_fen)
                .sum(),
            due_this_year_fen: sum(|own| own.due_this_year_fen),
            arrears_fen: sum(|own| own.arrears_fen),
            ahead: AHEAD,
            expiring: AHEAD.map(|days| {
                let soon = |own: &&Entry| own.standing.ends_within(days);
                entries.iter().filter(soon).count()
            }),
            below_guide: entries.iter().filter(|own| own.below_guide).count(),
            idle_m2: idle.iter().filter_map(|own| own.area_m2).sum(),
            contracts: entries,
            assets: over,
            idle,
        })
    }
}

impl Wanted {
    fn has(&self, entry: &Entry) -> bool {
        let over = |asset: &String| entry.assets.contains(asset);
        (self.contract.as_ref()).is_none_or(|id| *id == entry.id)
            && self.asset.as_ref().is_none_or(over)
    }

    /// Whether it is asked if an asset stands idle.
    fn covers(&self, asset: &str) -> bool {
        self.contract.is_none() && self.asset.as_deref().is_none_or(|own| own == asset)
    }
}

/// Guide price and area of each asset that has both.
fn guide_prices(assets: &LayerSnapshot) -> HashMap<String, (f64, f64)> {
    let layer = &assets.layer;
    (assets.records())
        .filter_map(|(_, record)| {
            let price = record.get(layer, "guide_rent_fen").as_decimal()?;
            let area = record
                .get(layer, "area_m2")
                .as_decimal()
                .filter(|own| *own > 0.0)?;
            Some((record.id.to_string(), (price, area)))
        })
        .collect()
}

fn told(viewer: &Viewer, layer: &Layer, record: &Record, field: &str) -> Told {
    serde_json::to_value(viewer.see(layer, record).get(field)).unwrap_or(Told::Null)
}

fn entry(
    viewer: &Viewer,
    contracts: &LayerSnapshot,
    record: &Record,
    guides: &HashMap<String, (f64, f64)>,
    on: NaiveDate,
) -> Entry {
    let layer = &contracts.layer;
    let (terms, unread_reliefs) = terms(layer, record);
    let assets: Vec<String> = (named(record.get(layer, "asset")).into_iter())
        .map(str::to_owned)
        .collect();
    let area = record
        .get(layer, "area_m2")
        .as_decimal()
        .filter(|own| *own > 0.0);
    let monthly_fen = terms.monthly_on(on);
    #[expect(clippy::cast_precision_loss, reason = "rents stay below 2^53 分")]
    let rent_per_m2 = area
        .filter(|_| monthly_fen > 0)
        .map(|area| monthly_fen as f64 / area);
    // The mean of the assets' guide prices by their areas: one contract may be over many.
    let (mut worth, mut ground) = (0.0, 0.0);
    for (price, area) in assets.iter().filter_map(|id| guides.get(id)) {
        worth += price * area;
        ground += area;
    }
    let guide_per_m2 = (ground > 0.0).then(|| worth / ground);
    let standing = Standing::of(layer, record, on);
    // One that was ended before its last day is due no more.
    let months = if standing.is_terminated() {
        Vec::new()
    } else {
        terms.months()
    };
    let year: Vec<Month> = (months.into_iter())
        .filter(|month| month.from.year() == on.year())
        .collect();
    Entry {
        id: record.id.to_string(),
        code: told(viewer, layer, record, "code"),
        name: told(viewer, layer, record, "name"),
        lessee: told(viewer, layer, record, "lessee"),
        state: standing.state.code(),
        standing,
        co_op: told(viewer, layer, record, "co_op"),
        start_on: terms.start,
        end_on: terms.end,
        days_left: standing.days_left,
        course: standing.course(),
        ends_within: standing.ends_soon(),
        area_m2: area,
        amount_fen: record.get(layer, "amount_fen").as_integer(),
        monthly_fen,
        due_this_year_fen: year.iter().map(|month| month.due_fen).sum(),
        relief_this_year_fen: year.iter().map(|month| month.relief_fen).sum(),
        arrears_fen: record.get(layer, "arrears_fen").as_integer().unwrap_or(0),
        overdue_days: record.get(layer, "overdue_days").as_integer(),
        below_guide: matches!((rent_per_m2, guide_per_m2), (Some(rent), Some(guide)) if rent < guide),
        rent_per_m2_fen: rent_per_m2,
        guide_per_m2_fen: guide_per_m2,
        assets,
        reliefs: terms.reliefs,
        unread_reliefs,
    }
}

impl Asset {
    fn of(viewer: &Viewer, assets: &LayerSnapshot, at: u32) -> Self {
        let (layer, record) = (&assets.layer, assets.record(at));
        let place = assets.shape(at).map(|shape| shape.representative());
        Self {
            id: record.id.to_string(),
            code: told(viewer, layer, record, "code"),
            name: told(viewer, layer, record, "name"),
            kind: told(viewer, layer, record, "kind"),
            state: told(viewer, layer, record, "state"),
            area_m2: record.get(layer, "area_m2").as_decimal(),
            place: place.map(|place| [place.lon(), place.lat()]),
        }
    }
}
