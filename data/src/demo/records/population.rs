//! Rooms, persons, households and who lives where.

use chrono::Days;
use geo::Geometry;
use rayon::prelude::*;

use super::Writer;
use crate::demo::{
    codes,
    dice::{Dice, mix},
    houses::round2,
    made::Made,
    people::{self, Household, Member},
};

/// Rooms and flats.
pub(super) fn rooms(made: &Made, writer: &mut Writer<'_>) {
    let mut rooms_of = vec![0u32; made.buildings.len()];
    for room in &made.people.rooms {
        rooms_of[room.house as usize] += 1;
    }
    writer.add_all(
        &made.people.rooms,
        |_| None,
        |index, room, row| {
            let house = room.house as usize;
            let building = &made.buildings[house];
            let mut dice = Dice::new(made.seed, "room", index as u64);
            let share = building.floor_area_m2 * 0.82 / f64::from(rooms_of[house].max(1));
            let household = room.household.map(|at| made.people.households[at as usize]);
            let usage = match household {
                Some(household) if household.local => "自住",
                Some(_) if building.rental => "出租",
                Some(_) => dice.weighted(&[("自住", 60), ("出租", 40)]),
                None if building.usage == "商住" && room.floor == 1 => "经营",
                None => "空置",
            };
            row.set(
                "code",
                format!(
                    "{}{:02}{:02}",
                    made.building_code(house),
                    room.floor,
                    room.number
                ),
            )
            .link("building", &made.id("building", house))
            .set("floor", i64::from(room.floor))
            .set("room_no", format!("{}{:02}", room.floor, room.number))
            .set("area_m2", round2(share.min(180.0) * dice.between(0.8, 1.1)))
            .set("use_mode", usage)
            .set("verified_on", made.ago(dice.whole(1, 300)));
            if usage == "经营" {
                row.set(
                    "format",
                    dice.pick(&["便利店", "餐饮", "理发", "五金", "制衣", "快递点"]),
                );
            }
            if usage == "出租" {
                row.set("capacity", household.map_or(2, |h| i64::from(h.size) + 1));
            }
        },
    );
}

/// Everyone on the register. Names, numbers and telephones are invented.
pub(super) fn persons(made: &Made, writer: &mut Writer<'_>) {
    let groups: Vec<(usize, Household)> =
        made.people.households.iter().copied().enumerate().collect();
    let members: Vec<(u32, bool, Member)> = groups
        .par_iter()
        .flat_map_iter(|(number, household)| {
            let (first, local) = (household.first, household.local);
            people::members(household, *number, &made.spec, made.seed)
                .into_iter()
                .zip(first..)
                .map(move |(member, at)| (at, local, member))
        })
        .collect();
    writer.add_all(
        &members,
        |_| None,
        |index, (_, local, member), row| {
            let mut dice = Dice::new(made.seed, "person", index as u64);
            let number = made.first_person + index as u64;
            let age = people::age(member.birth, made.spec.as_of);
            row.set("name", member.name.as_str())
                .set("sex", if member.male { "1" } else { "2" })
                .set("birth", member.birth)
                .set("verify_state", if dice.chance(0.94) { "1" } else { "0" });
            if member.abroad {
                row.set("id_type", "护照")
                    .set("id_number", format!("X{:08}", number % 100_000_000))
                    .set("hukou_type", "境外");
            } else {
                row.set("id_type", "居民身份证")
                    .set(
                        "id_number",
                        codes::identity(number, member.birth, member.male),
                    )
                    .set("ethnic", member.ethnic)
                    .set("hukou_type", if *local { "本村户籍" } else { "来穗" });
            }
            if age >= 14 {
                row.set("phone", codes::phone(dice.bits()));
            }
            if age >= 20 {
                row.set(
                    "education",
                    dice.weighted(&[("71", 40), ("61", 24), ("81", 16), ("31", 12), ("21", 8)]),
                )
                .set("marital", if age >= 27 { "20" } else { "10" })
                .set(
                    "political",
                    dice.weighted(&[("13", 94), ("03", 4), ("01", 2)]),
                )
                .set(
                    "occupation",
                    dice.pick(&[
                        "制衣工",
                        "快递员",
                        "个体经营",
                        "仓管",
                        "电商客服",
                        "司机",
                        "餐饮",
                        "装修",
                        "文员",
                        "务农",
                    ]),
                );
            }
        },
    );
}

/// Households, each with its head.
pub(super) fn households(made: &Made, writer: &mut Writer<'_>) {
    writer.add_all(
        &made.people.households,
        |_| None,
        |index, household, row| {
            row.set("number", format!("{}H{:06}", made.spec.code, index + 1))
                .link("head", &made.id("person", household.first as usize))
                .link("room", &made.id("room", household.room as usize))
                .link("building", &made.id("building", household.house as usize));
        },
    );
}

/// Who lives where, and where some lived before.
pub(super) fn residences(made: &Made, writer: &mut Writer<'_>) {
    let groups: Vec<(usize, Household)> =
        made.people.households.iter().copied().enumerate().collect();
    let living: Vec<(u32, usize, Member)> = groups
        .par_iter()
        .flat_map_iter(|(number, household)| {
            let (first, number) = (household.first, *number);
            people::members(household, number, &made.spec, made.seed)
                .into_iter()
                .zip(first..)
                .map(move |(member, at)| (at, number, member))
        })
        .collect();
    const SOURCES: [(&str, u32); 5] = [
        ("洗楼", 48),
        ("自主申报", 28),
        ("粤居码导入", 16),
        ("门禁", 6),
        ("其他", 2),
    ];
    writer.add_all(
        &living,
        |_| None,
        |index, (person, number, member), row| {
            let household = &made.people.households[*number];
            let building = &made.buildings[household.house as usize];
            let mut dice = Dice::new(made.seed, "residence", index as u64);
            let kind = if household.local {
                "户籍"
            } else if household.size > 5 {
                "集体宿舍"
            } else if building.rental {
                "租住"
            } else {
                dice.weighted(&[("自住", 45), ("租住", 45), ("借住", 10)])
            };
            row.link("person", &made.id("person", *person as usize))
                .link("room", &made.id("room", household.room as usize))
                .link("building", &made.id("building", household.house as usize))
                .link("household", &made.id("household", *number))
                .set("kind", kind)
                .set("relation_to_head", member.relation)
                .set("moved_in", member.moved_in)
                .set("source", dice.weighted(&SOURCES))
                .set("verified_on", made.ago(dice.whole(1, 240)));
        },
    );
    // One in forty moved here from another house of the village.
    let moved: Vec<&(u32, usize, Member)> = living
        .iter()
        .filter(|(person, number, _)| {
            !made.people.households[*number].local
                && mix(made.seed ^ u64::from(*person)).is_multiple_of(40)
        })
        .collect();
    writer.add_all(
        &moved,
        |_| None,
        |_, (person, _, member), row| {
            let mut dice = Dice::new(made.seed, "lived before", u64::from(*person));
            let room = dice.below(made.people.rooms.len());
            let house = made.people.rooms[room].house as usize;
            row.link("person", &made.id("person", *person as usize))
                .link("room", &made.id("room", room))
                .link("building", &made.id("building", house))
                .set("kind", "租住")
                .set(
                    "moved_in",
                    member.moved_in - Days::new(dice.whole(60, 900) as u64),
                )
                .set("moved_out", member.moved_in)
                .set("source", "洗楼");
        },
    );
}

/// Cars that stand in the village at night.
pub(super) fn vehicles(made: &Made, writer: &mut Writer<'_>) {
    let lived: Vec<usize> = (0..made.people.households.len()).collect();
    if lived.is_empty() {
        return;
    }
    let owners: Vec<usize> = (0..made.spec.vehicles)
        .map(|at| Dice::new(made.seed, "vehicle", at as u64).below(lived.len()))
        .collect();
    writer.add_all(
        &owners,
        |&owner| {
            let house = made.people.households[owner].house as usize;
            Some(Geometry::Point(made.buildings[house].place))
        },
        |index, &owner, row| {
            let mut dice = Dice::new(made.seed, "vehicle record", index as u64);
            let household = &made.people.households[owner];
            let kind = dice.weighted(&[("小客车", 70), ("货车", 16), ("摩托车", 10), ("客车", 4)]);
            let plate = match kind {
                "小客车" => "小型汽车",
                "摩托车" => "摩托车",
                _ => "大型汽车",
            };
            row.set(
                "plate",
                codes::plate(made.spec.ordinal * 4000 + index as u64),
            )
            .set("plate_kind", plate)
            .set("vehicle_type", kind)
            .link("room", &made.id("room", household.room as usize))
            .link("building", &made.id("building", household.house as usize))
            .set("declared_on", made.ago(dice.whole(3, 500)));
        },
    );
}
