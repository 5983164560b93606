//! Renewal units of whole grids, and projects.

use geo::Geometry;

use super::{Writer, courses::Tale, instant};
use crate::{
    demo::{buildings::Kind, codes::numeral, dice::Dice, houses::round2, made::Made},
    measure,
};

/// Renewal units: each the union of its grids, with every shared vertex.
pub(super) fn units(made: &Made, writer: &mut Writer<'_>) {
    let all: Vec<usize> = (0..made.units.len()).collect();
    writer.add_all(
        &all,
        |&unit| {
            let grids = &made.units[unit];
            Some(made.territory(|face| grids.contains(&made.land.grid[face])))
        },
        |_, &unit, row| {
            let mut dice = Dice::new(made.seed, "unit", unit as u64);
            let grids = &made.units[unit];
            let mut co_ops: Vec<usize> = (0..made.land.grid.len())
                .filter(|&face| grids.contains(&made.land.grid[face]))
                .map(|face| made.land.co_op[face])
                .collect();
            co_ops.sort_unstable();
            co_ops.dedup();
            let within = |face: usize| grids.contains(&made.land.grid[face]);
            let mut works = 0.0;
            let mut now = 0.0;
            let mut danger = 0.0;
            for (at, building) in made.buildings.iter().enumerate() {
                if within(building.face) {
                    now += building.floor_area_m2;
                    if matches!(building.kind, Kind::Factory | Kind::Warehouse) {
                        works += building.floor_area_m2;
                    }
                    if at % 97 == 0 {
                        danger += building.floor_area_m2;
                    }
                }
            }
            let stage = stage(&mut dice);
            let progress = f64::from(reached(stage));
            let maturity = (progress * 9.0 + dice.between(12.0, 34.0)).min(96.0);
            let planned = now * dice.between(1.1, 1.7);
            let begins = i64::from(chrono::Datelike::year(&made.spec.as_of))
                + 1
                + ((100.0 - maturity) / 18.0) as i64;
            row.set("code", format!("{}U{:02}", made.spec.code, unit + 1))
                .set(
                    "name",
                    format!("{}第{}更新单元", made.spec.name, numeral(unit + 1)),
                )
                .set(
                    "type",
                    if works > now * 0.5 {
                        "旧厂"
                    } else {
                        "旧村"
                    },
                )
                .set(
                    "mode",
                    dice.weighted(&[("混合改造", 50), ("微改造", 28), ("全面改造", 22)]),
                )
                .set("organisation", dice.pick(&["自行改造", "合作改造"]))
                .set("stage", stage)
                .set("stage_on", made.ago(dice.whole(10, 400)))
                .set("maturity", (maturity * 10.0).round() / 10.0)
                .set("plan_year", begins)
                .set("finish_year", begins + 2 + (unit % 4) as i64)
                .set("plan_level", "区")
                .json("grids", made.ids("grid", grids.iter().copied()))
                .json("co_ops", made.ids("co_op", co_ops))
                .set("floor_area_now_m2", round2(now))
                .set("dangerous_floor_area_m2", round2(danger))
                .set("floor_area_plan_m2", round2(planned))
                .set("subject", format!("{}股份合作经济联合社", made.spec.name));
            if progress >= 3.0 {
                row.set("consent_percent", round2(dice.between(66.7, 98.0)));
            }
        },
    );
}

/// How far a unit is: the first that its dice say.
fn stage(dice: &mut Dice) -> &'static str {
    dice.weighted(&[
        ("0", 3),
        ("1", 5),
        ("2", 5),
        ("3", 3),
        ("4", 3),
        ("5", 2),
        ("6", 2),
        ("7a", 1),
        ("7b", 1),
    ])
}

/// The number of a stage.
fn reached(stage: &str) -> u8 {
    stage.bytes().next().map_or(0, |digit| digit - b'0')
}

/// The units with the number of their stage.
fn stages(made: &Made) -> impl Iterator<Item = (usize, u8)> + '_ {
    (0..made.units.len()).map(|unit| {
        let mut dice = Dice::new(made.seed, "unit", unit as u64);
        (unit, reached(stage(&mut dice)))
    })
}

/// What was done with each unit, stage by stage.
pub(super) fn logs(made: &Made, writer: &mut Writer<'_>) {
    // The step out of each stage, and how long ago the last unit took it.
    let steps: [(u8, &str, &str, &str, i64); 7] = [
        (1, "approve_outline", "2", "plan_reviewer", 520),
        (2, "finish_survey", "3", "planner", 300),
        (3, "confirm_consent", "4", "planner", 210),
        (4, "approve_scheme", "5", "plan_reviewer", 95),
        (5, "approve_plan", "6", "plan_reviewer", 65),
        (6, "approve_implementation", "7a", "plan_reviewer", 28),
        (7, "start_demolition", "7b", "planner", 9),
    ];
    for unit in 0..made.units.len() {
        let mut dice = Dice::new(made.seed, "unit", unit as u64);
        let stage = stage(&mut dice);
        let at = |days: i64| instant(made.ago(days), 10 * 60 + unit as i64);
        let first = if stage == "0" { "0" } else { "1" };
        let mut tale = Tale::begun(first, at(700), "planner");
        for (from, step, to, by, days) in steps {
            let past = reached(stage) > from || stage == "7b" && from == 7;
            if !past {
                break;
            }
            if from == 1 {
                tale = tale.and("propose_outline", "1", at(540), "planner");
            }
            tale = tale.and(step, to, at(days), by);
        }
        tale.write(writer, "renewal_unit", unit);
    }
}

/// The survey of the houses of every unit that has come so far: whole once it is past.
pub(super) fn surveys(made: &Made, writer: &mut Writer<'_>) {
    let mut rows = Vec::new();
    for (unit, reached) in stages(made).filter(|(_, reached)| *reached >= 2) {
        let grids = &made.units[unit];
        let houses = (made.buildings.iter().enumerate())
            .filter(|(_, house)| grids.contains(&made.land.grid[house.face]));
        for (house, _) in houses {
            let mut dice = Dice::new(made.seed, "survey", house as u64);
            if reached > 2 || dice.chance(0.62) {
                rows.push((unit, house, reached > 2));
            }
        }
    }
    writer.add_all(
        &rows,
        |_| None,
        |_, &(unit, house, past), row| {
            let mut dice = Dice::new(made.seed, "survey row", house as u64);
            let floors = made.buildings[house].floor_area_m2;
            let lawful = round2(floors * dice.between(0.35, 1.0));
            row.link("renewal_unit", &made.id("renewal_unit", unit))
                .link("building", &made.id("building", house))
                .set(
                    "title_state",
                    dice.pick(&["不动产权证", "宅基地证", "报建", "无"]),
                )
                .set("lawful_m2", lawful)
                .set("untitled_m2", round2(floors - lawful));
            if past || dice.chance(0.8) {
                row.set("reviewed_on", made.ago(dice.whole(120, 300)));
            }
            if past {
                row.set("published_on", made.ago(dice.whole(60, 110)));
            }
        },
    );
}

/// Votes on the survey, and on the plan that carries a unit out.
pub(super) fn votes(made: &Made, writer: &mut Writer<'_>) {
    for (unit, reached) in stages(made) {
        for (from, subject, days) in [(3, "改造意愿征询", 240), (6, "实施方案表决", 90)]
        {
            if reached < from {
                continue;
            }
            let mut dice = Dice::new(made.seed, subject, unit as u64);
            let entitled = dice.whole(180, 900);
            let agreed = (entitled as f64 * dice.between(0.7, 0.97)) as i64;
            writer.add(None, |row| {
                row.link("renewal_unit", &made.id("renewal_unit", unit))
                    .set("subject", subject)
                    .set("entitled", entitled)
                    .set("agreed", agreed)
                    .set("voted_on", made.ago(days + dice.whole(0, 30)))
                    .set("notarised", from == 6);
            });
        }
    }
}

/// What was made public of each unit, stage by stage.
pub(super) fn notices(made: &Made, writer: &mut Writer<'_>) {
    let kinds = [
        (3, "调查结果", 200),
        (5, "片区策划", 130),
        (6, "详细规划", 100),
        (7, "实施方案", 60),
    ];
    for (unit, reached) in stages(made) {
        for (from, kind, days) in kinds {
            if reached < from {
                continue;
            }
            let mut dice = Dice::new(made.seed, kind, unit as u64);
            let objections = dice.whole(0, 6);
            writer.add(None, |row| {
                row.link("renewal_unit", &made.id("renewal_unit", unit))
                    .set("kind", kind)
                    .set("from_on", made.ago(days))
                    .set("to_on", made.ago(days - 30))
                    .set("place", format!("{}村务公开栏、村公众号", made.spec.name))
                    .set("objections", objections)
                    .set("answered", objections);
            });
        }
    }
}

/// Money by item, from the scheme on; what was paid first, paid.
pub(super) fn money(made: &Made, writer: &mut Writer<'_>) {
    let items = [
        ("前期费", 120),
        ("临迁费", 900),
        ("搬家补贴", 160),
        ("复建费", 8200),
        ("不可预见费", 500),
    ];
    for (unit, reached) in stages(made).filter(|(_, reached)| *reached >= 4) {
        for (place, (item, wan)) in items.into_iter().enumerate() {
            let mut dice = Dice::new(made.seed, item, unit as u64);
            let amount = dice.whole(wan, wan * 3) * 1_000_000;
            writer.add(None, |row| {
                row.link("renewal_unit", &made.id("renewal_unit", unit))
                    .set("item", item)
                    .set("amount_fen", amount);
                if place == 0 || (reached >= 7 && place < 3) {
                    row.set("paid_on", made.ago(dice.whole(20, 200)));
                }
            });
        }
    }
}

/// Projects: first the 电商创意园 that are finished and running, then public works.
pub(super) fn projects(made: &Made, writer: &mut Writer<'_>) {
    let halls: Vec<usize> = (0..made.buildings.len())
        .filter(|&at| matches!(made.buildings[at].kind, Kind::Factory | Kind::Warehouse))
        .collect();
    let (finished, running) = made.spec.parks;
    let order = Dice::new(made.seed, "parks", 0).order(halls.len());
    for at in 0..finished + running {
        let mut dice = Dice::new(made.seed, "park project", at as u64);
        let house = order
            .get(at)
            .map_or(at % made.buildings.len(), |&k| halls[k]);
        let building = &made.buildings[house];
        let done = at < finished;
        let shape = Geometry::Polygon(building.shape.clone());
        writer.add(Some(shape), |row| {
            row.set("code", format!("{}X{:03}", made.spec.code, at + 1))
                .set("name", format!("{}电商创意园", building.door.street))
                .set("kind", "电商创意园")
                .set("state", if done { "已完成" } else { "改造中" })
                .set("state_on", made.ago(dice.whole(10, 500)))
                .set("lead", format!("{}股份合作经济联合社", made.spec.name))
                .set("investment_fen", dice.whole(300, 6000) * 1_000_000)
                .set("start_on", made.ago(dice.whole(520, 900)))
                .set(
                    "progress_percent",
                    if done {
                        100.0
                    } else {
                        dice.whole(15, 90) as f64
                    },
                );
        });
    }
    let streams = [
        ("碧道景观", format!("{}碧道", made.spec.stream)),
        ("市政道路", format!("{}中路提升工程", made.spec.great_road)),
        ("消防通道", "内环路消防通道".to_owned()),
        ("截污纳管", format!("{}截污纳管工程", made.spec.name)),
    ];
    for (at, (kind, name)) in streams.into_iter().enumerate() {
        let mut dice = Dice::new(made.seed, "works project", at as u64);
        let line = match kind {
            "碧道景观" if made.land.stream.len() > 1 => Some(Geometry::LineString(
                made.land.frame.line(&made.land.stream),
            )),
            _ => made
                .streets
                .roads
                .iter()
                .filter(|road| road.along.class().is_some())
                .max_by(|a, b| (a.along, a.line.len()).cmp(&(b.along, b.line.len())))
                .map(|road| Geometry::LineString(made.land.frame.line(&road.line))),
        };
        debug_assert!(
            line.as_ref()
                .is_none_or(|line| measure::length_m(line) > 0.0)
        );
        writer.add(line, |row| {
            row.set(
                "code",
                format!("{}X{:03}", made.spec.code, finished + running + at + 1),
            )
            .set("name", name)
            .set("kind", kind)
            .set("state", "已完成")
            .set("state_on", made.ago(dice.whole(30, 400)))
            .set("lead", format!("{}村民委员会", made.spec.name))
            .set("investment_fen", dice.whole(80, 4000) * 1_000_000)
            .set("progress_percent", 100.0);
        });
    }
}
