//! Buildings, their addresses and parcels.

use geo::Geometry;

use super::{Writer, territories::leader};
use crate::{
    demo::{
        buildings::Kind,
        dice::Dice,
        houses::{Building, height, round2},
        made::Made,
    },
    measure,
};

/// Every building.
pub(super) fn buildings(made: &Made, writer: &mut Writer<'_>) {
    writer.add_all(
        &made.buildings,
        |building| Some(Geometry::Polygon(building.shape.clone())),
        |index, building, row| {
            let mut dice = Dice::new(made.seed, "building record", index as u64);
            let home = matches!(building.kind, Kind::House | Kind::OldHouse | Kind::Flats);
            let right_doc = if home {
                dice.weighted(&[
                    ("宅基地证", 52),
                    ("不动产权证", 14),
                    ("报建", 8),
                    ("无", 26),
                ])
            } else {
                dice.weighted(&[("不动产权证", 40), ("报建", 20), ("无", 40)])
            };
            let old = i64::from(building.built < 1975);
            let danger = dice.weighted(&[
                ("A", 90),
                ("B", 8),
                ("C", 1 + 6 * old as u32),
                ("D", 2 * old as u32),
            ]);
            let illegal = dice.weighted(&[("无", 940), ("疑似", 40), ("在查", 20)]);
            row.set("code", made.building_code(index))
                .set("std_code", made.building_code(index))
                .set("address", made.address(index))
                .link("address_ref", &made.id("address", index))
                .set("floors_up", building.floors)
                .set(
                    "floors_down",
                    i64::from(building.kind == Kind::Flats && building.floors > 11),
                )
                .set("height_m", height(building))
                .set("footprint_m2", building.footprint_m2)
                .set("floor_area_m2", building.floor_area_m2)
                .set("structure", building.structure)
                .set("use", building.usage)
                .set("built_year", building.built)
                .set("land_nature", "集体")
                .set(
                    "right_doc",
                    if building.small_title {
                        "无"
                    } else {
                        right_doc
                    },
                )
                .set("rental", building.rental)
                .set("access_control", building.rental && dice.chance(0.55))
                .set("lift", building.floors > 7)
                .set("danger_grade", danger)
                .set(
                    "fire_risk",
                    dice.weighted(&[("低", 70), ("中", 25), ("高", 5)]),
                )
                .set("small_title", building.small_title)
                .set(
                    "illegal_state",
                    if building.small_title {
                        "已拆"
                    } else {
                        illegal
                    },
                )
                .set("surveyed_on", made.ago(dice.whole(5, 420)))
                .set(
                    "verify_state",
                    dice.weighted(&[("1", 90), ("0", 8), ("2", 2)]),
                );
            if home {
                row.set("owner", leader(&mut dice));
            } else {
                row.set("owner", format!("{}股份合作经济联合社", made.spec.name));
            }
            if building.rental && dice.chance(0.93) {
                row.set("building_head", leader(&mut dice));
            }
            if building.kind == Kind::Flats {
                row.set("building_leader", leader(&mut dice));
            }
            if building.kind == Kind::Hall {
                row.set(
                    "alias",
                    format!("{}公祠", crate::demo::names::surname(&mut dice)),
                );
            }
            if danger >= "C" {
                row.set("repair_state", dice.pick(&["待修缮", "修缮中", "已修缮"]));
            }
            if home {
                row.set(
                    "facade_grade",
                    dice.weighted(&[("好", 20), ("一般", 60), ("差", 20)]),
                );
            }
            renewal(made, building, row, &mut dice);
        },
    );
}

/// What the renewal of its unit means for a building.
fn renewal(made: &Made, building: &Building, row: &mut super::Row<'_>, dice: &mut Dice) {
    let grid = made.land.grid[building.face];
    if building.small_title {
        row.set("repair_state", "已拆除");
        return;
    }
    if !made.units.iter().any(|unit| unit.contains(&grid)) {
        return;
    }
    let measure = match building.kind {
        Kind::Hall | Kind::School => "保留",
        Kind::OldHouse => dice.weighted(&[("拆", 45), ("整治", 40), ("保留", 15)]),
        _ => dice.weighted(&[("拆", 30), ("整治", 45), ("保留", 25)]),
    };
    row.set("measure", measure)
        .set("phase", dice.whole(1, 4))
        .set(
            "disposal_class",
            dice.weighted(&[
                ("未分类", 40),
                ("补办", 22),
                ("整改", 20),
                ("拆除", 12),
                ("暂缓", 6),
            ]),
        );
}

/// The standard address of every building.
pub(super) fn addresses(made: &Made, writer: &mut Writer<'_>) {
    writer.add_all(
        &made.buildings,
        |building| Some(Geometry::Point(building.place)),
        |index, building, row| {
            row.set("full", made.address(index))
                .set("province", "广东省")
                .set("city", "广州市")
                .set("district", made.spec.district)
                .set("town", made.spec.town.as_str())
                .set("community", made.spec.name.as_str())
                .set("street", building.door.street.as_str())
                .set("plate", format!("{}号", building.door.number))
                .link("building", &made.id("building", index))
                .set("state", "在用");
        },
    );
}

/// Homesteads: the parcels under village houses.
pub(super) fn parcels(made: &Made, writer: &mut Writer<'_>) {
    let homes: Vec<usize> = (0..made.buildings.len())
        .filter(|&at| matches!(made.buildings[at].kind, Kind::House | Kind::OldHouse))
        .filter(|&at| Dice::new(made.seed, "parcel", at as u64).chance(0.6))
        .collect();
    writer.add_all(
        &homes,
        |&at| Some(Geometry::Polygon(made.buildings[at].shape.clone())),
        |number, &at, row| {
            let building = &made.buildings[at];
            let shape = Geometry::Polygon(building.shape.clone());
            row.set("code", format!("{}JC{:05}", made.spec.code, number + 1))
                .set("location", made.short_address(at))
                .set("right_type", "宅基地使用权")
                .set("ownership", "集体")
                .set("area_m2", round2(measure::area_m2(&shape)))
                .set("floor_area_m2", building.floor_area_m2)
                .set("actual_use", building.usage)
                .set("approved_use", "住宅")
                .set("homestead", true);
        },
    );
}
