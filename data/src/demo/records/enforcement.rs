//! 两违 cases and the spots that images showed.

use chrono::{Datelike, Days};
use geo::Geometry;

use super::{
    Writer,
    courses::{self, CaseDays},
    instant,
    territories::leader,
};
use crate::{
    demo::{
        blocks::Open,
        buildings::Kind,
        codes,
        dice::{Dice, apportion},
        frame::Frame,
        houses::round2,
        lots::turn,
        made::Made,
        mesh::centroid,
        names,
    },
    measure,
};

/// What a case is about.
struct Site {
    shape: Geometry<f64>,
    building: Option<usize>,
    area_m2: f64,
    address: String,
}

/// Places of cases: added storeys on houses, and what was put up on open land.
fn site(made: &Made, topic: &str, at: usize) -> Site {
    let mut dice = Dice::new(made.seed, topic, at as u64);
    for _ in 0..40 {
        if dice.chance(0.55) {
            let house = dice.below(made.buildings.len());
            let building = &made.buildings[house];
            if matches!(building.kind, Kind::House | Kind::OldHouse | Kind::Factory) {
                return Site {
                    shape: Geometry::Polygon(building.shape.clone()),
                    building: Some(house),
                    area_m2: building.footprint_m2,
                    address: made.short_address(house),
                };
            }
            continue;
        }
        let face = dice.below(made.land.blocks.len());
        let open: Vec<_> = made.land.blocks[face]
            .open
            .iter()
            .filter(|(kind, _)| matches!(kind, Open::Yard | Open::Vegetables | Open::Orchard))
            .collect();
        if open.is_empty() {
            continue;
        }
        let (_, field) = dice.pick(&open);
        let shape = shed(made.land.frame, field, &mut dice);
        return Site {
            area_m2: round2(measure::area_m2(&shape)),
            shape,
            building: None,
            address: format!(
                "{}{}",
                made.spec.name, made.co_op_names[made.land.co_op[face]]
            ),
        };
    }
    let building = &made.buildings[at % made.buildings.len()];
    Site {
        shape: Geometry::Polygon(building.shape.clone()),
        building: Some(at % made.buildings.len()),
        area_m2: building.footprint_m2,
        address: made.short_address(at % made.buildings.len()),
    }
}

/// A building in the middle of a field, with a corner off.
fn shed(frame: Frame, field: &geo::Polygon<f64>, dice: &mut Dice) -> Geometry<f64> {
    use geo::Area;
    let ring = crate::demo::lots::from_polygon(field);
    let middle = centroid(&ring);
    let side = field.unsigned_area().sqrt() * dice.between(0.22, 0.42);
    let (long, short) = (
        side * dice.between(0.8, 1.25),
        side * dice.between(0.5, 0.8),
    );
    let cut = dice.between(0.2, 0.5);
    let angle = crate::demo::lots::street_direction(&ring);
    let corners = [
        [0.0, 0.0],
        [long, 0.0],
        [long, short * (1.0 - cut)],
        [long * (1.0 - cut), short * (1.0 - cut)],
        [long * (1.0 - cut), short],
        [0.0, short],
    ];
    let corners = corners.map(|[x, y]| {
        let [x, y] = turn([x - long / 2.0, y - short / 2.0], angle);
        [middle[0] + x, middle[1] + y]
    });
    Geometry::Polygon(frame.polygon(&corners, &[]))
}

/// Cases: first those whose buildings were pulled down, as many and of as many square
/// metres as the report says, then those still open in other states.
pub(super) fn cases(made: &Made, writer: &mut Writer<'_>) {
    let done = made.spec.cases;
    let sites: Vec<Site> = (0..done + made.spec.open_cases)
        .map(|at| site(made, "case", at))
        .collect();
    let demolished = demolished(made, &sites[..done]);
    for (at, site) in sites.into_iter().enumerate() {
        let mut dice = Dice::new(made.seed, "case record", at as u64);
        let finished = at < done;
        let on_land = site.building.is_none();
        let Course {
            state,
            kind,
            measure,
            days,
        } = course(made, at, finished, on_land, &mut dice);
        let CaseDays {
            found,
            filed,
            pulled,
            closed,
            ..
        } = days;
        let title = if on_land {
            "擅自占地搭建"
        } else {
            dice.pick(&["擅自加建", "擅自改建", "抢建"])
        };
        let (year, number) = (filed.year(), at + 1);
        writer.add(Some(site.shape), |row| {
            row.set("code", format!("{}{year}违建{number:04}", made.spec.code))
                .set("title", format!("{}{title}案", site.address))
                .set("kind", kind)
                .set(
                    "source",
                    dice.weighted(&[
                        ("巡查", 38),
                        ("网格", 26),
                        ("群众举报", 16),
                        ("卫片", 12),
                        ("无人机", 8),
                    ]),
                )
                .set("state", state)
                .set("is_new", days.new)
                .set("address", site.address.as_str())
                .set("found_on", found)
                .set("land_area_m2", site.area_m2)
                .set("floors", dice.whole(1, 6))
                .set("building_count", 1i64)
                .set("use", if on_land { "仓储" } else { "住宅" })
                .set("land_nature", "集体")
                .set("permit", "未报建")
                .set("plan_conform", "不符合")
                .set("small_title", false)
                .set("importance", "一般")
                .json(
                    "handlers",
                    vec![leader(&mut dice), leader(&mut dice)].into(),
                );
            if state != "10" {
                row.set("accepted_on", found + Days::new(1));
            }
            if let Some(building) = site.building {
                row.json("buildings", made.ids("building", [building]));
            }
            if finished {
                let area = demolished[at] as f64 / 100.0;
                row.set("filed_on", filed)
                    .set("violation_area_m2", area)
                    .set("floor_area_m2", area)
                    .set("demolished_area_m2", area)
                    .set("demolished_buildings", 1i64)
                    .set("demolished_on", pulled)
                    .set("measure", measure);
                if matches!(state, "100" | "110" | "120") {
                    row.set("closed_on", closed);
                }
            } else {
                let area = round2(site.area_m2 * dice.between(0.4, 2.0));
                row.set("violation_area_m2", area)
                    .set("floor_area_m2", area);
                if state >= "50" {
                    row.set("filed_on", filed);
                }
            }
        });
    }
}

/// Hundredths of square metres that were demolished at each site, as many in all as the report
/// says.
fn demolished(made: &Made, sites: &[Site]) -> Vec<u64> {
    let weights: Vec<f64> = (sites.iter().enumerate())
        .map(|(at, site)| {
            let mut dice = Dice::new(made.seed, "demolished", at as u64);
            site.area_m2.clamp(20.0, 2600.0) * dice.between(0.5, 3.2)
        })
        .collect();
    apportion(made.spec.demolished_cm2, &weights)
}

/// What was pulled down in each case, and who measured it after; the sums are the cases'.
pub(super) fn demolitions(made: &Made, writer: &mut Writer<'_>) {
    let done = made.spec.cases;
    let sites: Vec<Site> = (0..done).map(|at| site(made, "case", at)).collect();
    let demolished = demolished(made, &sites);
    for (at, site) in sites.iter().enumerate() {
        let mut dice = Dice::new(made.seed, "case record", at as u64);
        let Course { state, days, .. } = course(made, at, true, site.building.is_none(), &mut dice);
        let about = match site.building {
            Some(building) => made.id("building", building),
            None => "全部".into(),
        };
        let case = made.id("violation_case", at);
        writer.add(None, |row| {
            row.link("violation_case", &case)
                .link("about", &about)
                .set("act", "拆除")
                .set("floor_area_m2", demolished[at] as f64 / 100.0)
                .set("demolished_on", days.pulled)
                .set("officer", "enforcer")
                .instant("at", instant(days.pulled, 16 * 60));
        });
        if state != "95" {
            writer.add(None, |row| {
                row.link("violation_case", &case)
                    .link("about", &about)
                    .set("act", "复测")
                    .set("remaining_m2", 0.0)
                    .set("officer", "legal_officer")
                    .instant("at", instant(days.pulled + Days::new(2), 10 * 60));
            });
        }
    }
}

/// So many of the open cases came in during the last days.
const FRESH: usize = 3;

/// How a case went, and when.
struct Course {
    state: &'static str,
    kind: &'static str,
    measure: &'static str,
    days: CaseDays,
}

/// The course of the case of a number; the dice are those of its record, from their first
/// throw on.
fn course(made: &Made, at: usize, finished: bool, on_land: bool, dice: &mut Dice) -> Course {
    let as_of = made.spec.as_of;
    let fresh = !finished && at < made.spec.cases + FRESH;
    let age = if finished {
        dice.whole(440, 1400)
    } else if fresh {
        dice.whole(5, 9)
    } else {
        dice.whole(6, 260)
    };
    let filed_after = dice.whole(4, 24) as u64;
    let pulled_after = dice.whole(30, 240) as u64;
    let closed_after = dice.whole(5, 60) as u64;
    let state = if finished {
        dice.weighted(&[("100", 70), ("110", 22), ("95", 6), ("96", 2)])
    } else if fresh {
        dice.weighted(&[("10", 2), ("20", 3), ("30", 3), ("41", 2)])
    } else {
        dice.weighted(&[
            ("10", 8),
            ("20", 8),
            ("30", 10),
            ("31", 6),
            ("40", 8),
            ("41", 12),
            ("50", 14),
            ("55", 12),
            ("60", 6),
            ("70", 6),
            ("75", 4),
            ("80", 4),
            ("81", 2),
        ])
    };
    let kind = if on_land {
        dice.weighted(&[("违法用地", 40), ("兼有", 35), ("违法建设", 25)])
    } else {
        "违法建设"
    };
    let mut own = Dice::new(made.seed, "case course", at as u64);
    let measure = own.weighted(&[("自拆", 46), ("助拆", 32), ("强拆", 22)]);
    let forced = finished && measure == "强拆";
    let age = if finished || fresh {
        age
    } else {
        age.max(courses::least_age(state))
    };
    let found = made.ago(age);
    let filed = found + Days::new(filed_after);
    // Force is used when every time to wait has passed.
    let pulled = filed
        + Days::new(if forced {
            courses::FORCED + pulled_after / 6
        } else {
            pulled_after
        });
    let closed = pulled + Days::new(closed_after);
    let visits = if matches!(state, "100" | "110") {
        let mut later = Dice::new(made.seed, "case visits", at as u64);
        courses::visits(closed, as_of, &mut later)
    } else {
        Vec::new()
    };
    // It is struck off when it has been looked at for the last time.
    let state = match (state, visits.len()) {
        ("100" | "110", 0) => "100",
        ("110", courses::VISITS) => "110",
        ("100" | "110", _) => "120",
        _ => state,
    };
    Course {
        state,
        kind,
        measure,
        days: CaseDays {
            found,
            filed,
            pulled,
            closed,
            visits,
            forced,
            new: if finished {
                own.chance(0.3)
            } else {
                state != "55"
            },
            court: kind != "违法建设",
        },
    }
}

/// What was done with each case.
pub(super) fn case_logs(made: &Made, writer: &mut Writer<'_>) {
    let done = made.spec.cases;
    for at in 0..done + made.spec.open_cases {
        let on_land = site(made, "case", at).building.is_none();
        let mut dice = Dice::new(made.seed, "case record", at as u64);
        let course = course(made, at, at < done, on_land, &mut dice);
        courses::of_case(course.state, &course.days).write(writer, "violation_case", at);
    }
}

/// Identity numbers of parties begin here, far from those of residents.
const FIRST_PARTY: u64 = 4_000_000;

/// Who built: the builder of every case, and in some who paid for it.
pub(super) fn parties(made: &Made, writer: &mut Writer<'_>) {
    for at in 0..made.spec.cases + made.spec.open_cases {
        let address = site(made, "case", at).address;
        let case = made.id("violation_case", at);
        let mut dice = Dice::new(made.seed, "case party", at as u64);
        let more = dice.chance(0.2);
        // Some build again: the same person as in a case shortly before.
        let mut again = Dice::new(made.seed, "case party again", at as u64);
        let back = if again.chance(0.1) {
            again.whole(1, 6) as usize
        } else {
            0
        };
        let at = if at > back { at - back } else { at };
        if back > 0 {
            dice = Dice::new(made.seed, "case party", at as u64);
            dice.chance(0.2);
        }
        for role in ["建设人", "投资人"].into_iter().take(1 + usize::from(more)) {
            let male = dice.chance(0.8);
            let name = format!(
                "{}{}",
                names::surname(&mut dice),
                names::given(&mut dice, male)
            );
            let birth = made.ago(dice.whole(25 * 365, 65 * 365));
            let number = 2 * (made.spec.ordinal * 10_000 + at as u64) + u64::from(role == "投资人");
            writer.add(None, |row| {
                row.link("violation_case", &case)
                    .set("role", role)
                    .set("name", name.as_str())
                    .set(
                        "id_number",
                        codes::identity(FIRST_PARTY + number, birth, male),
                    )
                    .set("phone", codes::phone(dice.bits()))
                    .set("address", address.as_str());
            });
        }
    }
}

/// Spots that two images show as changed.
pub(super) fn spots(made: &Made, writer: &mut Writer<'_>) {
    for at in 0..made.spec.spots {
        let mut dice = Dice::new(made.seed, "spot record", at as u64);
        let site = site(made, "spot", at);
        let before = made.ago(dice.whole(260, 320));
        let after = made.ago(dice.whole(40, 90));
        writer.add(Some(site.shape), |row| {
            row.set(
                "code",
                format!("{}TB{}{:04}", made.spec.code, after.year(), at + 1),
            )
            .set(
                "period",
                format!("{}年第{}期", after.year(), dice.whole(1, 4)),
            )
            .set("image_before_on", before)
            .set("image_after_on", after)
            .set("area_m2", site.area_m2)
            .set(
                "judgement",
                dice.weighted(&[
                    ("待核", 26),
                    ("违法", 24),
                    ("合法", 22),
                    ("伪变化", 18),
                    ("临时或设施农用地", 10),
                ]),
            );
        });
    }
}
