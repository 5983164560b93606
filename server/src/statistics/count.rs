//! Counts over a selection of features. All sums are of whole numbers, divided once at the end.

use std::{collections::HashSet, sync::Arc};

use chrono::NaiveDate;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use yizhangtu_data::{Layer, Record, Value};
use yizhangtu_index::{Area, Rule};

use super::figure::Figure;
use crate::{
    atlas::{Census, LayerSnapshot, Snapshot},
    contracts::{AHEAD, Standing},
    enforcement::{Definition, Figures},
    http::{App, Problem},
    people::Terms,
    policy::{Action, Viewer},
    release::Release,
};

/// What is counted: the buildings by their sums, and other features as positions in their
/// layers, ascending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) census: Census,
    pub(crate) cases: Vec<u32>,
    pub(crate) assets: Vec<u32>,
}

impl Selection {
    /// What is in an area by a rule.
    pub(crate) fn within(snapshot: &Snapshot, area: &Area, rule: Rule, counted: &Counted) -> Self {
        let of = |layer: &str| {
            snapshot
                .layer(layer)
                .map(|layer| layer.within(area, rule))
                .unwrap_or_default()
        };
        Self {
            census: match counted.release {
                // Sums of houses, which need no list of them.
                None => snapshot.houses.within(area, rule),
                Some(_) => counted.census(snapshot, &of("building")),
            },
            cases: of("violation_case"),
            assets: of("asset"),
        }
    }
}

/// The counts of a selection.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Counts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) people: Option<People>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) households: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<Rooms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) buildings: Option<Buildings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) violations: Option<Violations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contracts: Option<Contracts>,
}

/// What a viewer may count; what is not counted is left out, not told as none.
#[derive(Clone)]
pub(crate) struct Counted {
    /// Figures that people are counted by, for those who may not see them one by one.
    release: Option<Arc<Release>>,
    /// What cases are counted by.
    definition: Arc<Definition>,
    people: bool,
    households: bool,
    rooms: bool,
    buildings: bool,
    violations: bool,
    contracts: bool,
}

impl Counted {
    /// # Errors
    /// When nothing may be counted.
    pub(crate) fn of(app: &App, viewer: &Viewer) -> Result<Self, Problem> {
        let may = |layer: &str| {
            (app.catalog().layer(layer)).is_some_and(|layer| viewer.may(Action::Count, layer))
        };
        let person = app.catalog().layer("person");
        let sees_people = person.is_some_and(|person| viewer.may(Action::View, person));
        let counted = Self {
            release: (!sees_people && may("person")).then(|| app.releases().at(&app.snapshot())),
            definition: Arc::new(Definition::of(app.catalog())),
            people: may("person") && may("building"),
            households: may("household") && may("building"),
            rooms: may("room") && may("building"),
            buildings: may("building"),
            violations: may("violation_case"),
            contracts: may("contract") && may("asset"),
        };
        if app
            .catalog()
            .layers
            .iter()
            .any(|layer| viewer.may(Action::Count, layer))
        {
            Ok(counted)
        } else {
            Err(viewer.refused())
        }
    }

    /// What a case counts.
    pub(super) fn figures(&self, cases: &LayerSnapshot, position: u32) -> Figures {
        Figures::of(&self.definition, &cases.layer, cases.record(position))
    }

    /// Whether people are counted by released figures.
    pub(super) fn is_composed(&self) -> bool {
        self.release.is_some()
    }

    /// Whether it may be told which houses a figure is made of.
    pub(super) fn by_house(&self, figure: Figure) -> bool {
        match figure {
            Figure::Buildings
            | Figure::Rental
            | Figure::RentalWithoutHead
            | Figure::AccessControl => self.buildings,
            // Of a single house these tell who lives there.
            _ if self.is_composed() => false,
            Figure::Rooms | Figure::RoomsLet | Figure::RoomsVacant => self.rooms,
            Figure::Households => self.households,
            _ => self.people,
        }
    }

    /// What some buildings count, as far as it is told.
    pub(super) fn census(&self, snapshot: &Snapshot, buildings: &[u32]) -> Census {
        let mut census = snapshot.houses.count(buildings);
        if let Some(release) = &self.release {
            release.compose(snapshot, buildings, &mut census);
        }
        census
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct People {
    /// None where it is too small to be told.
    pub(crate) total: Option<u64>,
    /// Kinds that occur, each with at least one.
    #[serde(serialize_with = "as_map")]
    pub(crate) by_kind: Vec<(String, u64)>,
    /// What is counted of people only for those who may see them one by one.
    #[serde(flatten)]
    detail: Option<Detail>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Detail {
    /// Bands of ages that occur, the youngest first.
    by_age: Vec<ByAge>,
    /// Kinds of residence that occur.
    #[serde(serialize_with = "as_map")]
    by_stay: Vec<(String, u64)>,
    /// People who are not verified.
    unverified: u64,
    /// People who were verified too long ago.
    overdue: u64,
}

/// People of a band of ages, both ends included; of unknown age where it has no beginning.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct ByAge {
    from: Option<u16>,
    to: Option<u16>,
    count: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Rooms {
    count: u64,
    #[serde(rename = "let")]
    rented: u64,
    vacant: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Buildings {
    pub(crate) count: u64,
    pub(crate) rental: u64,
    /// Those of them without a 栋长.
    rental_without_head: u64,
    /// With 门禁.
    access_control: u64,
    pub(crate) footprint_m2: f64,
    pub(crate) floor_area_m2: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Violations {
    pub(crate) count: u64,
    /// 违建面积.
    pub(crate) area_m2: f64,
    pub(crate) demolished_count: u64,
    /// 拆除建筑面积 of the demolished.
    pub(crate) demolished_m2: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Contracts {
    /// Contracts with an asset in the selection.
    pub(crate) count: u64,
    /// Those of them that are not over.
    pub(crate) open: u64,
    /// Those that end within 30 days from today, today included.
    pub(crate) expiring_30d: u64,
    /// Within 60 days.
    pub(crate) expiring_60d: u64,
    /// Within 90 days.
    pub(crate) expiring_90d: u64,
    /// The last day of the contract that runs longest, of those that are not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_end_on: Option<NaiveDate>,
    /// 合同总金额.
    pub(crate) amount_fen: i64,
}

fn as_map<S: Serializer>(entries: &[(String, u64)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(entries.iter().map(|(kind, count)| (kind, count)))
}

impl Counts {
    /// Counts a selection, as of a day.
    pub(crate) fn of(
        snapshot: &Snapshot,
        selection: &Selection,
        today: NaiveDate,
        counted: &Counted,
    ) -> Self {
        let (census, composed) = (&selection.census, counted.is_composed());
        // Where there are houses and nothing is told of them, there may be people.
        let told = |count: u64| (count > 0 || !composed || census.buildings == 0).then_some(count);
        let cases = || {
            let layer = snapshot.layer("violation_case");
            layer
                .map(|cases| violations(cases, &selection.cases, counted))
                .unwrap_or_default()
        };
        Self {
            people: (counted.people).then(|| {
                let total = told(census.people.iter().sum());
                People {
                    detail: (!composed).then(|| Detail::of(census)),
                    ..people(snapshot, census, total)
                }
            }),
            households: (counted.households).then(|| told(census.households)),
            rooms: (counted.rooms && !composed).then_some(Rooms {
                count: census.rooms,
                rented: census.rooms_let,
                vacant: census.rooms_vacant,
            }),
            buildings: counted.buildings.then(|| buildings(census)),
            violations: counted.violations.then(cases),
            contracts: (counted.contracts).then(|| contracts(snapshot, &selection.assets, today)),
        }
    }
}

fn people(snapshot: &Snapshot, census: &Census, total: Option<u64>) -> People {
    let kinds = snapshot.houses.kinds().iter().zip(&census.people);
    People {
        total,
        by_kind: kinds
            .filter(|(_, count)| **count > 0)
            .map(|(kind, count)| (kind.to_string(), *count))
            .collect(),
        detail: None,
    }
}

impl Detail {
    fn of(census: &Census) -> Self {
        let bands = (Terms::current().bands().map(Some)).chain([None]);
        Self {
            by_age: (bands.zip(&census.ages))
                .filter(|(_, count)| **count > 0)
                .map(|(band, &count)| ByAge {
                    from: band.map(|band| band.from),
                    to: band.and_then(|band| band.to),
                    count,
                })
                .collect(),
            by_stay: (Terms::current().stays().zip(&census.stays))
                .filter(|(_, count)| **count > 0)
                .map(|(stay, &count)| (stay.to_owned(), count))
                .collect(),
            unverified: census.unverified,
            overdue: census.overdue,
        }
    }
}

fn buildings(census: &Census) -> Buildings {
    Buildings {
        count: census.buildings,
        rental: census.rental,
        rental_without_head: census.rental_without_head,
        access_control: census.access_control,
        footprint_m2: square_metres(census.footprint),
        floor_area_m2: square_metres(census.floor_area),
    }
}

fn violations(cases: &LayerSnapshot, positions: &[u32], counted: &Counted) -> Violations {
    let sum: Figures = (positions.iter())
        .map(|&at| counted.figures(cases, at))
        .sum();
    Violations {
        count: sum.cases,
        area_m2: square_metres(sum.violation),
        demolished_count: sum.demolished,
        demolished_m2: square_metres(sum.demolished_area),
    }
}

/// The days within which contracts are told to end, by the field that counts them.
pub(super) const EXPIRIES: [(&str, i64); 3] = [
    ("expiring_30d", AHEAD[0]),
    ("expiring_60d", AHEAD[1]),
    ("expiring_90d", AHEAD[2]),
];

/// The contracts of some assets, by their positions in the table of contracts.
pub(super) fn contracts_of<'a>(
    snapshot: &'a Snapshot,
    assets: &[u32],
) -> impl Iterator<Item = (u32, &'a Layer, &'a Record)> + use<'a> {
    // Without an asset there is no contract to look for.
    let tables =
        (snapshot.contracts.as_ref().zip(snapshot.layer("asset"))).filter(|_| !assets.is_empty());
    let ids: HashSet<&str> = tables
        .iter()
        .flat_map(|(_, layer)| assets.iter().map(|&at| &*layer.record(at).id))
        .collect();
    tables.into_iter().flat_map(move |(contracts, _)| {
        let (layer, ids) = (&*contracts.layer, ids.clone());
        (contracts.records())
            .filter(move |(_, record)| {
                let assets = named(record.get(layer, "asset"));
                assets.iter().any(|id| ids.contains(id))
            })
            .map(move |(at, record)| (at, layer, &**record))
    })
}

fn contracts(snapshot: &Snapshot, assets: &[u32], today: NaiveDate) -> Contracts {
    let mut found = Contracts::default();
    for (_, layer, record) in contracts_of(snapshot, assets) {
        let standing = Standing::of(layer, record, today);
        let soon = EXPIRIES.map(|(_, days)| u64::from(standing.ends_within(days)));
        found.count += 1;
        found.amount_fen += record.get(layer, "amount_fen").as_integer().unwrap_or(0);
        found.expiring_30d += soon[0];
        found.expiring_60d += soon[1];
        found.expiring_90d += soon[2];
        if !standing.is_over() {
            found.open += 1;
            let last = record.get(layer, "end_on").as_date();
            found.last_end_on = found.last_end_on.max(last);
        }
    }
    found
}

/// The ids in a list, or the one id of a text.
pub(crate) fn named(value: &Value) -> Vec<&str> {
    match value {
        Value::Text(id) => vec![id],
        Value::Json(json) => match &**json {
            Json::Array(ids) => ids.iter().filter_map(Json::as_str).collect(),
            Json::String(id) => vec![id.as_str()],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Hundredths of a square metre as square metres.
#[expect(
    clippy::cast_precision_loss,
    reason = "sums stay below 2^53 hundredths"
)]
pub(super) fn square_metres(hundredths: i128) -> f64 {
    hundredths as f64 / 100.0
}
