//! Facilities, checkpoints, pocket parks and parking.

use std::collections::BTreeSet;

use geo::{Geometry, Point};

use super::{Row, Writer};
use crate::demo::{
    blocks::Open,
    codes::numeral,
    dice::Dice,
    made::Made,
    mesh::{Along, Point as Metres, distance},
    zoning::Zone,
};

/// Every facility: exactly the pocket parks and checkpoints that the report names, and
/// the smaller things of a village.
pub(super) fn facilities(made: &Made, writer: &mut Writer<'_>) {
    let mut number = 0;
    let mut next = || {
        number += 1;
        format!("{}S{number:05}", made.spec.code)
    };
    for (at, shape) in pocket_parks(made).into_iter().enumerate() {
        let code = next();
        let shape = Geometry::Polygon(made.land.frame.project(shape));
        writer.add(Some(shape), |row| {
            let mut dice = Dice::new(made.seed, "pocket park", at as u64);
            row.set("code", code)
                .set("kind", "口袋公园")
                .set("name", format!("第{}口袋公园", numeral(at + 1)))
                .set("state", "正常")
                .set("owner_org", format!("{}村民委员会", made.spec.name))
                .set("built_on", made.ago(dice.whole(90, 900)))
                .set("investment_fen", dice.whole(20, 180) * 1_000_000);
            serves(row, "口袋公园");
        });
    }
    for (at, (place, name)) in checkpoints(made).into_iter().enumerate() {
        let code = next();
        let place = Geometry::Point(Point::from(made.land.frame.place(place)));
        let co_op = &made.co_op_names[at % made.co_op_names.len()];
        writer.add(Some(place), |row| {
            row.set("code", code)
                .set("kind", "卡口")
                .set("name", format!("{name}卡口"))
                .set("state", "正常")
                .set("branch", format!("{}{co_op}党支部", made.spec.name));
        });
    }
    lanes_and_hydrants(made, writer, &mut next);
    let blocks = made.buildings.len() / 130 + 1;
    for (kind, count, owner) in [
        ("公厕", blocks / 2 + 2, "环卫站"),
        ("垃圾投放点", blocks * 2 + 3, "环卫站"),
        ("视频监控", blocks * 5 + 8, "综治中心"),
        ("充电桩", blocks + 3, "村民委员会"),
        ("微型消防站", made.spec.size.co_ops / 2 + 1, "村民委员会"),
        ("党群", made.spec.size.co_ops / 4 + 1, "村党委"),
        ("养老", made.spec.size.co_ops / 8 + 1, "村民委员会"),
        ("民意站", 1, "村民委员会"),
        ("代表联络站", 1, "村民委员会"),
        ("自助终端", 2, "村民委员会"),
        ("法律工作室", 1, "村民委员会"),
    ] {
        let mut dice = Dice::new(made.seed, kind, 0);
        for at in 0..count {
            let Some(place) = street_corner(made, &mut dice) else {
                return;
            };
            let code = next();
            writer.add(Some(Geometry::Point(place)), |row| {
                row.set("code", code)
                    .set("kind", kind)
                    .set("name", format!("{kind}{:03}", at + 1))
                    .set(
                        "state",
                        dice.weighted(&[("正常", 94), ("损坏", 4), ("停用", 2)]),
                    )
                    .set("owner_org", format!("{}{owner}", made.spec.name));
                serves(row, kind);
                if kind == "视频监控" {
                    row.set("bearing_deg", dice.whole(0, 359) as f64)
                        .set("view_angle_deg", 75.0)
                        .set("view_range_m", 60.0);
                }
            });
        }
    }
}

/// Tells how far a facility of this village is taken to serve, in metres; nothing of what serves no
/// houses around it.
fn serves(row: &mut Row<'_>, kind: &str) {
    let metres = match kind {
        "垃圾投放点" => 100.0,
        "消防栓" => 150.0,
        "公厕" | "口袋公园" | "充电桩" => 300.0,
        "微型消防站" | "养老" => 500.0,
        "党群" => 1000.0,
        _ => return,
    };
    row.set("service_radius_m", metres);
}

fn pocket_parks(made: &Made) -> Vec<&geo::Polygon<f64>> {
    let wanted = made.spec.pocket_parks;
    let mut shapes = Vec::new();
    for kinds in [
        &[Open::PocketPark, Open::Park][..],
        &[Open::Square][..],
        &[Open::Yard, Open::Vegetables, Open::Orchard][..],
    ] {
        for (face, block) in made.land.blocks.iter().enumerate() {
            let first = block.open.iter().find(|(kind, _)| kinds.contains(kind));
            let park = made.land.zones[face] == Zone::Park || !kinds.contains(&Open::Park);
            if let Some((_, shape)) = first
                && park
                && shapes.len() < wanted
            {
                shapes.push(shape);
            }
        }
    }
    shapes
}

/// Where roads of rank enter the village, and then the busiest junctions, well apart.
fn checkpoints(made: &Made) -> Vec<(Metres, String)> {
    let mut ends: Vec<(Along, Metres, String)> = Vec::new();
    for road in made
        .streets
        .roads
        .iter()
        .filter(|road| road.along >= Along::Lane)
    {
        for &end in [road.line.first(), road.line.last()].into_iter().flatten() {
            ends.push((road.along, end, road.name.clone()));
        }
    }
    let outer = |place: Metres| {
        let edge = &made.land.outline;
        (0..edge.len())
            .map(|k| {
                let (a, b) = (edge[k], edge[(k + 1) % edge.len()]);
                crate::demo::mesh::distance_to_segment(place, a, b)
            })
            .fold(f64::MAX, f64::min)
            < 1.0
    };
    let mut order: Vec<usize> = (0..ends.len()).collect();
    let rank: Vec<(bool, Along)> = ends.iter().map(|end| (outer(end.1), end.0)).collect();
    order.sort_by(|&a, &b| rank[b].cmp(&rank[a]).then(a.cmp(&b)));
    let mut chosen: Vec<(Metres, String)> = Vec::new();
    let mut gap = 600.0;
    while chosen.len() < made.spec.checkpoints && gap > 0.01 {
        for &at in &order {
            let (_, place, name) = &ends[at];
            let apart = chosen
                .iter()
                .all(|(other, _)| distance(*other, *place) > gap);
            if apart && chosen.len() < made.spec.checkpoints {
                chosen.push((*place, name.clone()));
            }
        }
        gap *= 0.6;
    }
    chosen
}

fn lanes_and_hydrants(made: &Made, writer: &mut Writer<'_>, next: &mut impl FnMut() -> String) {
    let mut seen = BTreeSet::new();
    for road in made
        .streets
        .roads
        .iter()
        .filter(|road| road.along == Along::Lane)
    {
        let mut dice = Dice::new(made.seed, "fire lane", u64::from(road.cut));
        if !dice.chance(0.35) || !seen.insert(road.name.clone()) {
            continue;
        }
        let code = next();
        let line = Geometry::LineString(made.land.frame.line(&road.line));
        writer.add(Some(line), |row| {
            row.set("code", code)
                .set("kind", "消防通道")
                .set("name", format!("{}消防通道", road.name))
                .set("state", dice.weighted(&[("正常", 88), ("堵塞", 12)]));
        });
        for &place in road.line.iter().step_by(5) {
            let code = next();
            let place = Geometry::Point(Point::from(made.land.frame.place(place)));
            writer.add(Some(place), |row| {
                row.set("code", code)
                    .set("kind", "消防栓")
                    .set("name", format!("{}消防栓", road.name))
                    .set("state", dice.weighted(&[("正常", 92), ("损坏", 8)]));
                serves(row, "消防栓");
            });
        }
    }
}

/// A place on a road.
pub(super) fn street_corner(made: &Made, dice: &mut Dice) -> Option<Point<f64>> {
    if made.streets.roads.is_empty() {
        return None;
    }
    let roads = &made.streets.roads;
    let road = &roads[dice.below(roads.len())];
    let place = dice.pick(&road.line);
    Some(Point::from(made.land.frame.place(place)))
}

/// Parking lots on open ground.
pub(super) fn parkings(made: &Made, writer: &mut Writer<'_>) {
    let yards = made.land.blocks.iter().flat_map(|block| &block.open);
    let yards = yards.filter(|(kind, _)| matches!(kind, Open::Yard | Open::Square));
    for (at, (kind, shape)) in yards.enumerate() {
        let mut dice = Dice::new(made.seed, "parking", at as u64);
        if !dice.chance(0.3) {
            continue;
        }
        let shape = Geometry::Polygon(made.land.frame.project(shape));
        let bays = crate::measure::area_m2(&shape) / 32.0;
        writer.add(Some(shape), |row| {
            row.set("code", format!("{}P{:04}", made.spec.code, at + 1))
                .set("name", format!("{}停车场{}", made.spec.name, at + 1))
                .set(
                    "kind",
                    if *kind == Open::Square {
                        "空地"
                    } else {
                        "公共停车场"
                    },
                )
                .set("bays", bays as i64)
                .set("charging_bays", dice.whole(0, 6))
                .set("operator", format!("{}股份合作经济联合社", made.spec.name));
        });
    }
}
