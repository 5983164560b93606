//! Firms and shops, what the collective owns, and the contracts over it.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use geo::Geometry;
use serde_json::json;

use super::{Writer, territories::leader};
use crate::{
    demo::{
        blocks::Open,
        buildings::Kind,
        codes,
        dice::{Dice, apportion},
        houses::round2,
        made::Made,
        names,
    },
    measure,
};

/// Firms and places: first the park and its hundred firms, then the cleared 散乱污
/// places that the report counts, then all others.
pub(super) fn places(made: &Made, writer: &mut Writer<'_>) {
    let of = |kinds: &[Kind]| -> Vec<usize> {
        (0..made.buildings.len())
            .filter(|&at| kinds.contains(&made.buildings[at].kind))
            .collect()
    };
    let works = of(&[Kind::Factory, Kind::Warehouse]);
    let shops = of(&[Kind::Shops, Kind::House, Kind::Dormitory]);
    let pick = |dice: &mut Dice, pool: &[usize]| -> usize {
        if pool.is_empty() {
            dice.below(made.buildings.len())
        } else {
            dice.pick(pool)
        }
    };
    let park = made.id("place", 0);
    let tenants = if made.spec.parks.0 > 0 {
        100.min(made.spec.places / 4)
    } else {
        0
    };
    let park_house = pick(&mut Dice::new(made.seed, "park", 0), &works);
    for at in 0..made.spec.places.max(made.spec.cleared_places + tenants + 1) {
        let mut dice = Dice::new(made.seed, "place", at as u64);
        let in_park = at > 0 && at <= tenants;
        let cleared = at > tenants && at <= tenants + made.spec.cleared_places;
        let (kind, industry, suffix) = if at == 0 {
            ("园区", "L", "电商创意园")
        } else if in_park {
            ("企业", "F", "电子商务有限公司")
        } else {
            dice.weighted(&[
                (("工厂", "C", "制品厂"), 16),
                (("仓储", "G", "物流有限公司"), 12),
                (("企业", "F", "贸易有限公司"), 16),
                (("个体", "F", "便利店"), 16),
                (("餐饮", "H", "饮食店"), 16),
                (("三小场所", "O", "维修店"), 14),
                (("三小场所", "C", "制衣坊"), 10),
            ])
        };
        let house = match kind {
            "园区" => park_house,
            "工厂" | "仓储" | "企业" => pick(&mut dice, &works),
            _ => pick(&mut dice, &shops),
        };
        let name = if at == 0 {
            format!("{}{suffix}", made.spec.great_road)
        } else {
            format!("{}{suffix}", names::firm(&mut dice))
        };
        let place = Geometry::Point(made.buildings[house].place);
        let opened = made.ago(dice.whole(400, 4000));
        writer.add(Some(place), |row| {
            row.set("name", name)
                .set("kind", kind)
                .set(
                    "uscc",
                    codes::credit(made.spec.ordinal * 100_000 + at as u64),
                )
                .set("address", made.short_address(house))
                .link("building", &made.id("building", house))
                .set("industry", industry)
                .set("legal_person", leader(&mut dice))
                .set("phone", codes::phone(dice.bits()))
                .set(
                    "staff",
                    dice.whole(1, if kind == "工厂" { 120 } else { 14 }),
                )
                .set("opened_on", opened)
                .set("fire_checked_on", made.ago(dice.whole(3, 380)));
            if in_park {
                row.link("park", &park);
            }
            if cleared {
                let found = made.ago(dice.whole(420, 900));
                row.set(
                    "swl_type",
                    dice.weighted(&[("散", 46), ("乱", 34), ("污", 20)]),
                )
                .set(
                    "swl_measure",
                    dice.weighted(&[("关停取缔", 62), ("整合搬迁", 24), ("升级改造", 14)]),
                )
                .set("swl_found_on", found)
                .set("cleared_on", found + Days::new(dice.whole(10, 300) as u64))
                .set("swl_state", "50")
                .set("recurred", false);
            }
        });
    }
}

/// Something that the collective owns.
struct Asset {
    shape: Geometry<f64>,
    kind: &'static str,
    name: String,
    building: Option<usize>,
    face: usize,
    area_m2: f64,
}

/// Halls and shops first, then fields, ponds and building land; the first of them are
/// those under contract.
fn owned(made: &Made) -> Vec<Asset> {
    let count = made.spec.contracts + made.spec.contracts / 6 + 2;
    let mut halls: Vec<usize> = (0..made.buildings.len())
        .filter(|&at| {
            matches!(
                made.buildings[at].kind,
                Kind::Factory | Kind::Warehouse | Kind::Shops
            )
        })
        .collect();
    let order = Dice::new(made.seed, "assets", 0).order(halls.len());
    halls = order.into_iter().map(|at| halls[at]).collect();
    let lands = made
        .land
        .blocks
        .iter()
        .enumerate()
        .flat_map(|(face, block)| {
            block
                .open
                .iter()
                .map(move |(kind, shape)| (face, kind, shape))
        });
    let mut lands: Vec<_> = lands
        .filter_map(|(face, kind, shape)| {
            let (kind, word) = match kind {
                Open::Paddy | Open::Vegetables => ("农用地", "菜地"),
                Open::Orchard => ("农用地", "果园"),
                Open::FishPond => ("水面", "鱼塘"),
                Open::Yard => ("建设用地", "空地"),
                _ => return None,
            };
            Some((face, kind, word, shape))
        })
        .collect();
    let order = Dice::new(made.seed, "leased land", 0).order(lands.len());
    lands = order.into_iter().map(|at| lands[at]).collect();
    let mut assets = Vec::new();
    let (mut halls, mut lands) = (halls.into_iter(), lands.into_iter());
    for at in 0..count {
        let hall = if at % 4 == 3 { None } else { halls.next() };
        if let Some(house) = hall {
            let building = &made.buildings[house];
            let word = match building.kind {
                Kind::Factory => "厂房",
                Kind::Warehouse => "仓库",
                _ => "商铺",
            };
            assets.push(Asset {
                shape: Geometry::Polygon(building.shape.clone()),
                kind: "经营性物业",
                name: format!("{}{}号{word}", building.door.street, building.door.number),
                building: Some(house),
                face: building.face,
                area_m2: building.floor_area_m2,
            });
        } else if let Some((face, kind, word, shape)) = lands.next() {
            let shape = Geometry::Polygon(made.land.frame.project(shape));
            assets.push(Asset {
                kind,
                name: format!(
                    "{}{word}{}号",
                    made.co_op_names[made.land.co_op[face]],
                    at + 1
                ),
                building: None,
                face,
                area_m2: round2(measure::area_m2(&shape)),
                shape,
            });
        } else {
            break;
        }
    }
    // A village of few halls still has squares and roads: the count is kept with its land.
    while assets.len() < made.spec.contracts {
        let at = assets.len() % made.buildings.len();
        let building = &made.buildings[at];
        assets.push(Asset {
            shape: Geometry::Polygon(building.shape.clone()),
            kind: "经营性物业",
            name: format!("{}{}号物业", building.door.street, building.door.number),
            building: Some(at),
            face: building.face,
            area_m2: building.floor_area_m2,
        });
    }
    assets
}

/// Assets that a contract is over beside its own, by the contract: every other one that has none, with
/// the first contract of its co-operative.
fn bundled(made: &Made, assets: &[Asset]) -> BTreeMap<usize, usize> {
    let co_op = |at: usize| made.land.co_op[assets[at].face];
    let mut with = BTreeMap::new();
    for more in (made.spec.contracts..assets.len()).step_by(2) {
        let of = (0..made.spec.contracts)
            .find(|own| !with.contains_key(own) && co_op(*own) == co_op(more));
        with.extend(of.map(|own| (own, more)));
    }
    with
}

/// What the collective owns.
pub(super) fn assets(made: &Made, writer: &mut Writer<'_>) {
    let assets = owned(made);
    let with = bundled(made, &assets);
    let is_let = |at: usize| at < made.spec.contracts || with.values().any(|more| *more == at);
    let states: Vec<bool> = (0..assets.len()).map(is_let).collect();
    // What a m² brings in a month, in 分, of what is let and of what is like it.
    let monthly: Vec<f64> = (worths(made, &assets).iter().zip(&assets))
        .map(|(worth, asset)| worth.yuan as f64 * 100.0 / (worth.years * 12) as f64 / asset.area_m2)
        .collect();
    let like: Vec<f64> = (assets.iter().enumerate())
        .map(|(at, asset)| {
            let same = |own: &usize| assets[*own].kind == asset.kind;
            let own = Some(at).filter(|at| *at < monthly.len());
            let like = own.or_else(|| (0..monthly.len()).find(same));
            like.map_or(1000.0, |like| monthly[like])
        })
        .collect();
    for (at, asset) in assets.into_iter().enumerate() {
        let mut dice = Dice::new(made.seed, "asset", at as u64);
        writer.add(Some(asset.shape), |row| {
            row.set("code", format!("{}Z{:04}", made.spec.code, at + 1))
                .set("name", asset.name)
                .set("kind", asset.kind)
                .set("area_m2", asset.area_m2)
                .link("co_op", &made.id("co_op", made.land.co_op[asset.face]))
                // A quarter is let below it.
                .set(
                    "guide_rent_fen",
                    (like[at] * dice.between(0.7, 1.1)).round() as i64,
                )
                .set(
                    "state",
                    if states[at] {
                        "出租"
                    } else {
                        dice.weighted(&[("空置", 60), ("自用", 40)])
                    },
                );
            if let Some(building) = asset.building {
                row.link("building", &made.id("building", building))
                    .set("address", made.short_address(building));
            }
        });
    }
}

/// What a contract is worth, in 元, and for how many years.
struct Worth {
    yuan: u64,
    years: i64,
}

/// The contracts' worth, exactly what the report says together: rounded to 100 元 as people sign them,
/// the rest on the first.
fn worths(made: &Made, assets: &[Asset]) -> Vec<Worth> {
    let years: Vec<i64> = (0..made.spec.contracts)
        .map(|at| {
            let terms = [(1, 12), (3, 38), (5, 35), (10, 15)];
            Dice::new(made.seed, "term", at as u64).weighted(&terms)
        })
        .collect();
    let weights: Vec<f64> = (0..made.spec.contracts)
        .map(|at| {
            let mut dice = Dice::new(made.seed, "rent", at as u64);
            let per_m2 = if assets[at].building.is_some() {
                14.0
            } else {
                0.4
            };
            // Small lots have a least rent.
            (assets[at].area_m2 * per_m2 + 400.0) * years[at] as f64 * dice.between(0.7, 1.5)
        })
        .collect();
    let hundreds = apportion(made.spec.contracts_fen / 10_000, &weights);
    let rest = made.spec.contracts_fen / 100 % 100;
    (hundreds.into_iter().zip(years).enumerate())
        .map(|(at, (hundreds, years))| Worth {
            yuan: hundreds * 100 + if at == 0 { rest } else { 0 },
            years,
        })
        .collect()
}

/// Contracts over the assets, worth exactly what the report says.
pub(super) fn contracts(made: &Made, writer: &mut Writer<'_>) {
    let assets = owned(made);
    let with = bundled(made, &assets);
    let worths = worths(made, &assets);
    for at in 0..made.spec.contracts {
        let mut dice = Dice::new(made.seed, "contract", at as u64);
        let asset = &assets[at];
        let Worth { yuan, years } = worths[at];
        let (amount, months) = (yuan * 100, years * 12);
        let signed = made.ago(dice.whole(20, 500));
        let start = signed + Days::new(dice.whole(1, 40) as u64);
        let end = start + Months::new(u32::try_from(months).unwrap_or(12)) - Days::new(1);
        let more = with.get(&at).copied();
        let area_m2 = asset.area_m2 + more.map_or(0.0, |more| assets[more].area_m2);
        let and = if more.is_some() { "等2处" } else { "" };
        writer.add(None, |row| {
            let firm = format!("{}贸易有限公司", names::firm(&mut dice));
            row.set(
                "code",
                format!("{}-HT{}-{:03}", made.spec.code, signed.year(), at + 1),
            )
            .set("name", format!("{}{and}租赁合同", asset.name))
            .link("co_op", &made.id("co_op", made.land.co_op[asset.face]))
            .json("asset", made.ids("asset", [at].into_iter().chain(more)))
            .set("area_m2", round2(area_m2))
            .set(
                "use_after",
                dice.pick(&["仓储物流", "制衣", "电商", "零售", "种植", "养殖"]),
            )
            .set("amount_fen", amount as i64)
            .set("monthly_rent_fen", amount as i64 / months)
            .set("step_percent", dice.pick(&[0.0, 3.0, 5.0]))
            .set("deposit_fen", amount as i64 / months * 3)
            .set(
                "pay_cycle",
                dice.weighted(&[("月", 60), ("季", 25), ("年", 15)]),
            )
            .set("signed_on", signed)
            .set("start_on", start)
            .set("end_on", end)
            .set("trade_way", "公开招投标")
            .set("trade_no", format!("JY{}{:04}", signed.year(), at + 1));
            let mut state = dice.weighted(&[("履行中", 92), ("逾期", 8)]);
            if end < made.spec.as_of {
                state = "已到期";
            }
            row.set("state", state);
            if dice.chance(0.55) {
                row.set("lessee", firm)
                    .set("lessee_uscc", codes::credit(50_000_000 + at as u64));
            } else {
                row.set("lessee", leader(&mut dice));
            }
            if state == "逾期" {
                let behind = dice.whole(1, 4);
                row.set("arrears_fen", amount as i64 / months * behind)
                    .set("overdue_days", 30 * behind - dice.whole(0, 20));
            }
            let reliefs = reliefs(made, start);
            if !reliefs.is_empty() && asset.building.is_some() && dice.chance(0.5) {
                row.json("adjustments", reliefs.into());
            }
        });
    }
}

/// Relief as the report has it, half of February's rent, 30 % of March's and 20 % of April's: of the
/// last spring that a contract was running in.
fn reliefs(made: &Made, start: NaiveDate) -> Vec<serde_json::Value> {
    let year = made.spec.as_of.year() - i32::from(made.spec.as_of.month() < 5);
    let day = |month: u32| NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(start);
    if start > day(2) {
        return Vec::new();
    }
    let month = |(month, percent): (u32, u32)| {
        let (from, to) = (day(month), day(month + 1) - Days::new(1));
        json!({ "from": from, "to": to, "percent": percent, "reason": "减租惠企" })
    };
    [(2, 50), (3, 30), (4, 20)].map(month).into()
}
