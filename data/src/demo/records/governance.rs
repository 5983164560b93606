//! The tree of organisations, and the numbers that reports give.

use super::{Writer, territories::leader};
use crate::demo::{codes::numeral, dice::Dice, made::Made};

/// 大工委, 大党委, 大支部, grid branches, and the collective's own bodies.
pub(super) fn orgs(made: &Made, writer: &mut Writer<'_>) {
    let spec = &made.spec;
    let (code, name) = (spec.code.as_str(), spec.name.as_str());
    let mut dice = Dice::new(made.seed, "orgs", 0);
    // The town's node stands first in its seat's records.
    let town = super::id(made.root, "org", spec.seat, 0);
    if spec.seat == spec.ordinal {
        writer.add(None, |row| {
            row.set("code", format!("{}-DGW", spec.town_code))
                .set("name", format!("{}“大工委”", spec.town))
                .set("type", "大工委")
                .set("leader", leader(&mut dice))
                .set("meeting_cadence", "季")
                .set("founded_on", made.ago(200));
        });
    }
    let party = made.id("org", writer.records.len());
    writer.add(None, |row| {
        row.set("code", format!("{code}-DDW"))
            .set("name", format!("{name}“大党委”"))
            .set("type", "大党委")
            .link("parent", &town)
            .set("territory", &*made.id("village", 0))
            .set("territory_layer", "village")
            .set("leader", leader(&mut dice))
            .set("meeting_cadence", "月")
            .set("members", spec.party_members as i64);
    });
    let union = made.id("org", writer.records.len());
    writer.add(None, |row| {
        row.set("code", format!("{code}-LS"))
            .set("name", format!("{name}股份合作经济联合社"))
            .set("type", "经济联社")
            .link("parent", &party)
            .set("territory", &*made.id("village", 0))
            .set("territory_layer", "village")
            .set("leader", leader(&mut dice));
    });
    writer.add(None, |row| {
        row.set("code", format!("{code}-ZZ"))
            .set("name", format!("{name}综治中心"))
            .set("type", "综治中心")
            .link("parent", &party)
            .set("territory", &*made.id("village", 0))
            .set("territory_layer", "village");
    });
    let first_branch = writer.records.len();
    for (co_op, word) in made.co_op_names.iter().enumerate() {
        writer.add(None, |row| {
            row.set("code", format!("{code}-DZB{:02}", co_op + 1))
                .set("name", format!("{name}{word}“大支部”"))
                .set("type", "大支部")
                .link("parent", &party)
                .set("territory", &*made.id("co_op", co_op))
                .set("territory_layer", "co_op")
                .set("leader", leader(&mut dice))
                .set("meeting_cadence", "随时");
        });
    }
    for (co_op, word) in made.co_op_names.iter().enumerate() {
        writer.add(None, |row| {
            row.set("code", format!("{code}-JS{:02}", co_op + 1))
                .set("name", format!("{name}{word}"))
                .set("type", "经济社")
                .link("parent", &union)
                .set("territory", &*made.id("co_op", co_op))
                .set("territory_layer", "co_op")
                .set("leader", leader(&mut dice));
        });
    }
    let mut co_op_of = vec![0; made.grids()];
    for (face, &grid) in made.land.grid.iter().enumerate() {
        co_op_of[grid] = made.land.co_op[face];
    }
    for (grid, &co_op) in co_op_of.iter().enumerate() {
        writer.add(None, |row| {
            row.set("code", format!("{code}-WG{:03}", grid + 1))
                .set("name", format!("{name}第{}网格党支部", numeral(grid + 1)))
                .set("type", "网格党支部")
                .link("parent", &made.id("org", first_branch + co_op))
                .set("territory", &*made.id("grid", grid))
                .set("territory_layer", "grid")
                .set("leader", leader(&mut dice));
        });
    }
    writer.add(None, |row| {
        row.set("code", format!("{code}-ZY"))
            .set("name", format!("{name}志愿服务总队"))
            .set("type", "志愿队")
            .link("parent", &party)
            .set("members", dice.whole(40, 600));
    });
}

/// Numbers as the reports give them, each with its source; none is made to agree.
pub(super) fn indicators(made: &Made, writer: &mut Writer<'_>) {
    for &(name, period, value, unit, source) in &made.spec.indicators {
        writer.add(None, |row| {
            row.set("name", name)
                .set("period", period)
                .set("value", value)
                .set("unit", unit)
                .set("scope", made.spec.name.as_str())
                .set("definition", "按来源所载，未与台账核对")
                .set("source", source)
                .set("as_of", made.spec.as_of);
        });
    }
}
