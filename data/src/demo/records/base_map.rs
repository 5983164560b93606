//! Roads, water and green: what everything else is drawn on.

use geo::{Geometry, LineString};

use super::Writer;
use crate::demo::{
    blocks::Open,
    dice::Dice,
    houses::round2,
    made::Made,
    mesh::{Along, Ground},
    zoning::Zone,
};

/// Roads, bridges and alleys.
pub(super) fn roads(made: &Made, writer: &mut Writer<'_>) {
    let frame = made.land.frame;
    for road in &made.streets.roads {
        let line = Geometry::LineString(frame.line(&road.line));
        writer.add(Some(line), |row| {
            let (class, width, lanes, surface) = match road.along {
                Along::Trunk => ("主干路", 26.0, 6i64, "沥青"),
                Along::Secondary => ("次干路", 15.0, 4, "沥青"),
                Along::Branch => ("支路", 7.0, 2, "沥青"),
                Along::Bank => ("巷道", 2.5, 1, "透水砖"),
                Along::Lane | Along::Ridge | Along::Boundary => ("村道", 4.5, 1, "水泥"),
            };
            row.set("name", road.name.as_str())
                .set("class", class)
                .set("width_m", width)
                .set("lanes", lanes)
                .set("surface", surface)
                .set("oneway", false)
                .set("bridge", false);
        });
    }
    for bridge in &made.land.bridges {
        let name = made
            .streets
            .roads
            .iter()
            .find(|road| road.cut == bridge.cut);
        let line = Geometry::LineString(frame.line(&bridge.ends));
        writer.add(Some(line), |row| {
            row.set(
                "name",
                name.map_or_else(String::new, |road| road.name.clone()),
            )
            .set("class", bridge.along.class().unwrap_or("支路"))
            .set("width_m", round2(bridge.along.width() * 0.8))
            .set("surface", "沥青")
            .set("bridge", true);
        });
    }
    for (block, names) in made.land.blocks.iter().zip(&made.streets.alleys) {
        for ((ends, width), name) in block.alleys.iter().zip(names) {
            let line: LineString<f64> = frame.line(ends);
            if line.0.len() < 2 {
                continue;
            }
            writer.add(Some(Geometry::LineString(line)), |row| {
                row.set("name", name.as_str())
                    .set("class", "巷道")
                    .set("width_m", round2(*width))
                    .set("lanes", 1i64)
                    .set("surface", "水泥")
                    .set("oneway", false)
                    .set("bridge", false);
            });
        }
    }
}

/// The stream and the ponds.
pub(super) fn waters(made: &Made, writer: &mut Writer<'_>) {
    let wet = |face: usize| made.land.mesh.grounds[face] == Ground::Stream;
    if made.land.mesh.grounds.contains(&Ground::Stream) {
        writer.add(Some(made.territory(wet)), |row| {
            row.set("name", made.spec.stream)
                .set("kind", "河涌")
                .set("width_m", 14.0)
                .set("quality", "Ⅳ")
                .set("quality_on", made.ago(20));
        });
    }
    for (kind, shape) in made.land.blocks.iter().flat_map(|block| &block.open) {
        let name = match kind {
            Open::FishPond => "鱼塘",
            Open::VillagePond => "风水塘",
            _ => continue,
        };
        let shape = Geometry::Polygon(made.land.frame.project(shape));
        writer.add(Some(shape), |row| {
            row.set("name", name).set("kind", "坑塘");
        });
    }
}

/// Wooded hills, fields, orchards, parks and playgrounds.
pub(super) fn greens(made: &Made, writer: &mut Writer<'_>) {
    let mut dice = Dice::new(made.seed, "hill names", 0);
    if made.land.zones.contains(&Zone::Forest) {
        let hills = made.territory(|face| made.land.zones[face] == Zone::Forest);
        let hills = match hills {
            Geometry::MultiPolygon(parts) => parts.0,
            Geometry::Polygon(part) => vec![part],
            _ => Vec::new(),
        };
        for hill in hills {
            let word = dice.pick(&["凤", "帽峰", "大岭", "虎头", "牛牯", "白坟", "茅岗", "尖峰"]);
            let name = format!("{word}{}", dice.pick(&["山", "岭", "嶂"]));
            writer.add(Some(Geometry::Polygon(hill)), |row| {
                row.set("name", name).set("kind", "山林");
            });
        }
    }
    for (kind, shape) in made.land.blocks.iter().flat_map(|block| &block.open) {
        let (name, kind) = match kind {
            Open::Paddy => ("水田", "农田"),
            Open::Vegetables => ("菜地", "农田"),
            Open::Orchard => ("果园", "园地"),
            Open::Park | Open::PocketPark => ("村民公园", "公园"),
            Open::Playground => ("运动场", "运动场"),
            Open::FishPond | Open::VillagePond | Open::Square | Open::Yard => continue,
        };
        let shape = Geometry::Polygon(made.land.frame.project(shape));
        writer.add(Some(shape), |row| {
            row.set("name", name).set("kind", kind);
        });
    }
}
