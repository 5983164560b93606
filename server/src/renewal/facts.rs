//! What is known of one unit beside the map: votes, surveys, money, disputes, titles.

use std::collections::{HashMap, HashSet};

use yizhangtu_data::{
    Catalog, Layer, Record, Text, Value, clock,
    store::{GeoPackage, StoreError},
    topology::polygons,
};
use yizhangtu_index::Rule;

use super::figures::{Figures, PLANNED};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{App, Problem},
    policy::{Action, Viewer},
    statistics::{self, Statistics, Subject, Wanted},
};

/// Papers that make a title clear: codes of `right_doc`.
const TITLES: [&str; 3] = ["不动产权证", "宅基地证", "报建"];

/// What of a unit is told as a share of 1, and what each is called.
pub(super) const SHARES: [(&str, &str, &str); 7] = [
    ("consent_share", "同意率", "Consent"),
    (
        "survey_share",
        "已复核调查占比",
        "Houses surveyed and reviewed",
    ),
    ("measured_share", "已定措施占比", "Houses with a measure"),
    ("titled_share", "权属清晰占比", "Houses with a clear title"),
    ("dangerous_share", "危房占比", "Dangerous houses"),
    ("funded_share", "已支付资金占比", "Funds paid"),
    (PLANNED, "有规划用地占比", "Planned ground"),
];

/// 两违 cases are closed from this state on (结案), or when not filed (不予立案).
const CLOSED_FROM: u32 = 100;
const NOT_FILED: &str = "31";

/// Rows of the tables about units, by unit.
#[derive(Default)]
pub(super) struct Registers {
    votes: HashMap<String, Vec<Vote>>,
    /// Houses whose survey is reviewed.
    reviewed: HashMap<String, HashSet<String>>,
    money: HashMap<String, (i64, i64)>,
    /// None where the viewer may not count them.
    notices: Option<HashMap<String, Vec<Notice>>>,
    variants: HashMap<String, u64>,
}

struct Notice {
    kind: String,
    /// Whether its last day is past.
    over: bool,
    /// Objections that nobody answered.
    open: i64,
}

struct Vote {
    on: Option<chrono::NaiveDate>,
    share: f64,
}

impl Registers {
    /// Reads the tables that a viewer may count.
    pub(super) fn read(store: &GeoPackage, viewer: &Viewer) -> Result<Self, StoreError> {
        let mut own = Self::default();
        let may = |table: &str| {
            (store.layer(table)).is_some_and(|layer| viewer.may(Action::Count, layer))
        };
        if may("unit_vote") {
            each(store, "unit_vote", |unit, get| {
                let number = |field| get(field).as_decimal();
                if let (Some(agreed), Some(all)) = (number("agreed"), number("entitled"))
                    && all > 0.0
                {
                    own.votes.entry(unit).or_default().push(Vote {
                        on: get("voted_on").as_date(),
                        share: agreed / all,
                    });
                }
            })?;
        }
        if may("unit_survey") {
            each(store, "unit_survey", |unit, get| {
                if get("reviewed_on").as_date().is_some()
                    && let Some(house) = get("building").as_text()
                {
                    own.reviewed
                        .entry(unit)
                        .or_default()
                        .insert(house.to_owned());
                }
            })?;
        }
        if may("unit_money") {
            each(store, "unit_money", |unit, get| {
                let amount = get("amount_fen").as_integer().unwrap_or(0);
                let (all, paid) = own.money.entry(unit).or_default();
                *all += amount;
                if get("paid_on").as_date().is_some() {
                    *paid += amount;
                }
            })?;
        }
        if may("unit_notice") {
            let today = clock::today();
            let mut notices: HashMap<String, Vec<Notice>> = HashMap::new();
            each(store, "unit_notice", |unit, get| {
                let many = |field| get(field).as_integer().unwrap_or(0);
                notices.entry(unit).or_default().push(Notice {
                    kind: get("kind").as_text().unwrap_or_default().to_owned(),
                    over: get("to_on").as_date().is_some_and(|last| last < today),
                    open: (many("objections") - many("answered")).max(0),
                });
            })?;
            own.notices = Some(notices);
        }
        // How many there are is no secret; what they are is their author's own.
        each(store, "unit_variant", |unit, _| {
            *own.variants.entry(unit).or_default() += 1;
        })?;
        Ok(own)
    }
}

/// Hands over the rows of a table with the unit that each is of.
fn each(
    store: &GeoPackage,
    table: &str,
    mut take: impl FnMut(String, &dyn Fn(&str) -> Value),
) -> Result<(), StoreError> {
    let Some(layer) = store.layer(table).cloned() else {
        return Ok(());
    };
    store.scan(table, |record| {
        if let Some(unit) = record.get(&layer, "renewal_unit").as_text() {
            take(unit.to_owned(), &|field| record.get(&layer, field).clone());
        }
    })
}

/// The figures of a unit: those of its ground, and what the registers know of it.
#[expect(clippy::cast_precision_loss, reason = "counts and 分 stay below 2^53")]
pub(super) fn figures(
    (catalog, snapshot): (&Catalog, &Snapshot),
    registers: &Registers,
    (layer, unit): (&Layer, &Record),
    (statistics, subject): (&Statistics, &Subject),
) -> Figures {
    let mut all = Figures::of(statistics);
    let number = |field| unit.get(layer, field).as_decimal();
    let id = &*unit.id;
    let last = registers
        .votes
        .get(id)
        .and_then(|votes| votes.iter().max_by_key(|vote| vote.on));
    let consent = last.map(|vote| vote.share);
    all.set(
        "consent_share",
        consent.or_else(|| number("consent_percent").map(|part| part / 100.0)),
    );
    let houses = all.get("buildings");
    if houses.is_some()
        && let Some(buildings) = snapshot.layer("building")
    {
        let (mut titled, mut dangerous, mut known) = (0_u64, 0_u64, 0_u64);
        let (mut reviewed, mut measured) = (0_u64, 0_u64);
        let surveyed = registers.reviewed.get(id);
        for at in buildings.within(&subject.area, Rule::default()) {
            let record = buildings.record(at);
            let text = |field| record.get(&buildings.layer, field).as_text();
            known += 1;
            titled += u64::from(text("right_doc").is_some_and(|own| TITLES.contains(&own)));
            dangerous += u64::from(matches!(text("danger_grade"), Some("C" | "D")));
            reviewed += u64::from(surveyed.is_some_and(|own| own.contains(&*record.id)));
            measured += u64::from(text("measure").is_some());
        }
        if known > 0 {
            all.set("survey_share", Some(reviewed as f64 / known as f64));
            all.set("measured_share", Some(measured as f64 / known as f64));
            all.set("titled_share", Some(titled as f64 / known as f64));
            all.set("dangerous_share", Some(dangerous as f64 / known as f64));
        }
    }
    if statistics.counts.violations.is_some()
        && let Some(cases) = snapshot.layer("violation_case")
    {
        let open = cases.within(&subject.area, Rule::default());
        let open = open
            .into_iter()
            .filter(|at| is_open(cases, cases.record(*at)));
        all.set("open_cases", Some(open.count() as f64));
    }
    if let Some(disputes) = snapshot.layer("dispute") {
        let within = disputes.within(&subject.area, Rule::default());
        let named = (disputes.records())
            .filter(|(_, own)| own.get(&disputes.layer, "renewal_unit").as_text() == Some(id));
        let mut about: Vec<u32> = within.into_iter().chain(named.map(|(at, _)| at)).collect();
        about.sort_unstable();
        about.dedup();
        let open = about.into_iter().filter(|at| {
            let record = disputes.record(*at);
            record.get(&disputes.layer, "closed_on").is_null()
        });
        all.set("open_disputes", Some(open.count() as f64));
    }
    let (budget, paid) = match registers.money.get(id) {
        Some((all, paid)) => (Some(*all as f64), Some(*paid as f64)),
        None => (number("budget_fen"), number("paid_fen")),
    };
    if let (Some(budget), Some(paid)) = (budget.filter(|all| *all > 0.0), paid) {
        all.set("funded_share", Some(paid / budget));
    }
    if let Some(budget) = budget {
        // 分 in 万元.
        all.set("budget_wan", Some(budget / 1e6));
    }
    if let Some(notices) = &registers.notices {
        let own = notices.get(id).map(Vec::as_slice).unwrap_or_default();
        let list = catalog.code_list("notice_kind").map(|list| &list.codes);
        for code in list.into_iter().flatten() {
            let over = own.iter().filter(|it| it.over && it.kind == code.code);
            all.set(&format!("notices_{}", code.code), Some(over.count() as f64));
        }
        let open: i64 = own.iter().map(|it| it.open).sum();
        all.set("open_objections", Some(open as f64));
    }
    let votes = registers.votes.get(id).map_or(0, Vec::len);
    all.set("votes", Some(votes as f64));
    let variants = registers.variants.get(id).copied().unwrap_or(0);
    all.set("variants", Some(variants as f64));
    all.set("parts", Some(subject.outline.0.len() as f64));
    let planned: f64 = statistics.plan_land.iter().map(|own| own.area_m2).sum();
    all.set(PLANNED, Some(planned / statistics.area_m2));
    all
}

/// The figures of a unit as it stands in the file, for a gate of its way.
///
/// # Errors
/// When the viewer may count nothing, or the file cannot be read.
pub(crate) fn figures_of(
    app: &App,
    viewer: &Viewer,
    store: &GeoPackage,
    layer: &Layer,
    unit: &Record,
) -> Result<Figures, Problem> {
    let Some(ground) = unit.geometry.as_ref().and_then(polygons) else {
        return Ok(Figures::default());
    };
    let counted = app.counted_for(viewer);
    let registers = Registers::read(store, viewer).map_err(Problem::internal)?;
    let (statistics, subject) =
        statistics::of_outline(app, viewer, &counted, &ground, &Wanted::all())?;
    Ok(figures(
        (app.catalog(), &counted),
        &registers,
        (layer, unit),
        (&statistics, &subject),
    ))
}

/// What a code of a list is called; the code itself where the list has none.
pub(super) fn titled(catalog: &Catalog, list: &str, code: &str) -> Text {
    let found = catalog.code_list(list).and_then(|list| list.get(code));
    found.map_or_else(
        || Text {
            zh: code.to_owned(),
            en: code.to_owned(),
        },
        |own| own.label.clone(),
    )
}

/// Whether a 两违 case is still to be dealt with.
pub(super) fn is_open(cases: &LayerSnapshot, case: &Record) -> bool {
    let state = case.get(&cases.layer, "state").as_text();
    state.is_some_and(|state| {
        state != NOT_FILED && state.parse::<u32>().is_ok_and(|code| code < CLOSED_FROM)
    })
}
