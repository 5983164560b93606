//! The village, its co-operatives, grids, party areas and sheets.

use super::{Writer, instant};
use crate::demo::{codes, dice::Dice, houses::round2, made::Made, names};

/// The village itself.
pub(super) fn village(made: &Made, writer: &mut Writer<'_>) {
    let spec = &made.spec;
    writer.add(Some(made.territory(|_| true)), |row| {
        row.set("code", spec.code.as_str())
            .set("name", spec.name.as_str())
            .set("declared_area_m2", round2(spec.declared_area_m2))
            .set("street", spec.town.as_str())
            .set("street_code", spec.town_code.as_str());
    });
}

/// Economic co-operatives; together they are the village.
pub(super) fn co_ops(made: &Made, writer: &mut Writer<'_>) {
    let mut households = vec![0i64; made.spec.size.co_ops];
    let mut members = vec![0i64; made.spec.size.co_ops];
    for household in made.people.households.iter().filter(|h| h.local) {
        let face = made.buildings[household.house as usize].face;
        households[made.land.co_op[face]] += 1;
        members[made.land.co_op[face]] += i64::from(household.size);
    }
    let all: Vec<usize> = (0..made.spec.size.co_ops).collect();
    writer.add_all(
        &all,
        |&co_op| Some(made.territory(|face| made.land.co_op[face] == co_op)),
        |_, &co_op, row| {
            let mut dice = Dice::new(made.seed, "co-op", co_op as u64);
            row.set("code", format!("{}J{:02}", made.spec.code, co_op + 1))
                .set(
                    "name",
                    format!("{}{}", made.spec.name, made.co_op_names[co_op]),
                )
                .set("level", "经济社")
                .set("uscc", codes::credit(dice.bits() % 90_000_000))
                .set("head", leader(&mut dice))
                .set("household_count_declared", households[co_op])
                .set("member_count_declared", members[co_op]);
        },
    );
}

/// Grids, numbered from west to east and north to south within their co-operative.
pub(super) fn grids(made: &Made, writer: &mut Writer<'_>) {
    let all: Vec<usize> = (0..made.grids()).collect();
    writer.add_all(
        &all,
        |&grid| Some(made.territory(|face| made.land.grid[face] == grid)),
        |_, &grid, row| {
            let mut dice = Dice::new(made.seed, "grid", grid as u64);
            let helpers = if made.spec.size.grids < 20 { 5 } else { 2 };
            let helpers: Vec<String> = (0..helpers).map(|_| leader(&mut dice)).collect();
            let number = codes::numeral(grid + 1);
            row.set("code", made.grid_code(grid))
                .set("name", format!("第{number}网格"))
                .set("kind", made.spec.grid_kind)
                .set(
                    "management_level",
                    dice.pick(&["一级", "二级", "二级", "三级"]),
                )
                .set("duty_subject", format!("{}村民委员会", made.spec.name))
                .set("leader", leader(&mut dice))
                .set("worker", leader(&mut dice))
                .json("workers_part_time", helpers.into())
                .set(
                    "party_branch",
                    format!("{}第{number}网格党支部", made.spec.name),
                )
                .set("valid_from", made.ago(700));
        },
    );
}

/// Party members' areas, each within one grid.
pub(super) fn party_areas(made: &Made, writer: &mut Writer<'_>) {
    let count = made.spec.size.party_areas;
    let weights = vec![1.0; count];
    let members = crate::demo::dice::apportion(made.spec.party_members, &weights);
    let mut grid_of = vec![0; count];
    for (face, &area) in made.land.party_area.iter().enumerate() {
        grid_of[area] = made.land.grid[face];
    }
    let all: Vec<usize> = (0..count).collect();
    writer.add_all(
        &all,
        |&area| Some(made.territory(|face| made.land.party_area[face] == area)),
        |_, &area, row| {
            let grid = grid_of[area];
            row.set("code", format!("{}D{:03}", made.spec.code, area + 1))
                .set("name", format!("第{}党员责任区", codes::numeral(area + 1)))
                .set(
                    "branch",
                    format!("{}第{}网格党支部", made.spec.name, codes::numeral(grid + 1)),
                )
                .json("grids", made.ids("grid", [grid]))
                .set("member_count", members[area] as i64);
        },
    );
}

/// Sheets of the “人屋关联” map: each within one grid, about 100 houses, all houses once.
pub(super) fn sheets(made: &Made, writer: &mut Writer<'_>) {
    let count = made.spec.size.sheets;
    let mut grid_of = vec![0; count];
    for (face, &sheet) in made.land.sheet.iter().enumerate() {
        grid_of[sheet] = made.land.grid[face];
    }
    let mut in_grid = vec![0; made.grids()];
    let parts: Vec<usize> = grid_of
        .iter()
        .map(|&grid| {
            in_grid[grid] += 1;
            in_grid[grid]
        })
        .collect();
    let all: Vec<usize> = (0..count).collect();
    writer.add_all(
        &all,
        |&sheet| Some(made.territory(|face| made.land.sheet[face] == sheet)),
        |_, &sheet, row| {
            let grid = grid_of[sheet];
            let code = format!("{}-{:02}", made.grid_code(grid), parts[sheet]);
            row.set("code", code.as_str())
                .set(
                    "title",
                    format!(
                        "{}第{}网格“人屋关联”网格图（{}）",
                        made.spec.name,
                        codes::numeral(grid + 1),
                        codes::numeral(parts[sheet])
                    ),
                )
                .set("scale", 1000i64)
                .set("paper", "A3")
                .json("grids", made.ids("grid", [grid]))
                .instant("data_as_of", instant(made.spec.as_of, 18 * 60));
        },
    );
}

/// An invented name of a person in office.
pub(super) fn leader(dice: &mut Dice) -> String {
    let male = dice.chance(0.7);
    let surname = names::surname(dice);
    format!("{surname}{}", names::given(dice, male))
}
