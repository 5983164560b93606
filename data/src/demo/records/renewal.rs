//! Renewal units of whole grids, and projects.

use geo::Geometry;

use super::Writer;
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
            let stage = dice.weighted(&[
                ("0", 3),
                ("1", 5),
                ("2", 5),
                ("3", 3),
                ("4", 3),
                ("5", 2),
                ("6", 2),
                ("7", 2),
            ]);
            let progress = stage.parse::<f64>().unwrap_or(0.0);
            let maturity = (progress * 9.0 + dice.between(12.0, 34.0)).min(96.0);
            let planned = now * dice.between(1.1, 1.7);
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
                .set(
                    "plan_year",
                    i64::from(chrono::Datelike::year(&made.spec.as_of))
                        + 1
                        + ((100.0 - maturity) / 18.0) as i64,
                )
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
