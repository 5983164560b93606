//! Land use now and as planned, and the lines that bind both.

use geo::{Area, BooleanOps, Buffer, Geometry, MultiPolygon, Polygon};
use rayon::prelude::*;

use super::Writer;
use crate::{
    GeometryKind,
    demo::{
        blocks::Open, dice::Dice, houses::round2, lots::to_polygon, made::Made, mesh::Ground,
        zoning::Zone,
    },
    geometry, measure,
};

/// A patch of land: its shape, and its class in 用地用海.
struct Patch {
    shape: Geometry<f64>,
    face: usize,
    class: &'static str,
}

/// The whole village in patches: the land inside each block's roads, and the roads.
fn patches(made: &Made, class: impl Fn(usize) -> &'static str + Sync) -> Vec<Patch> {
    let frame = made.land.frame;
    (0..made.land.mesh.faces.len())
        .into_par_iter()
        .flat_map_iter(|face| {
            let whole = to_polygon(&made.land.mesh.corners(face as u32));
            let zone = made.land.zones[face];
            if zone == Zone::Stream {
                let shape = Geometry::Polygon(frame.project(&whole));
                return vec![Patch {
                    shape,
                    face,
                    class: "1701",
                }];
            }
            let parts = &made.land.blocks[face].parts;
            let rest = whole.difference(&MultiPolygon::new(parts.clone()));
            let inner = parts.iter().map(|part| (part.clone(), class(face)));
            let roads = rest
                .into_iter()
                .filter(|part| part.unsigned_area() > 1.0)
                .map(|part| (part, "1207"));
            inner
                .chain(roads)
                .filter_map(|(shape, class)| {
                    // On the lattice, a strip that runs out in a needle may cross itself.
                    let shape = Geometry::Polygon(frame.project(&shape));
                    let shape = geometry::prepare(shape, GeometryKind::Polygon)
                        .ok()?
                        .geometry;
                    Some(Patch { shape, face, class })
                })
                .collect()
        })
        .collect()
}

/// Land use as surveyed.
pub(super) fn land_use(made: &Made, writer: &mut Writer<'_>) {
    let patches = patches(made, |face| class_now(made, face));
    let titles: std::collections::BTreeMap<&str, String> = patches
        .iter()
        .map(|patch| (patch.class, writer.title("land_use_sea", patch.class)))
        .collect();
    writer.add_all(
        &patches,
        |patch| Some(patch.shape.clone()),
        |index, patch, row| {
            let area = round2(measure::area_m2(&patch.shape));
            row.set("code", format!("{}T{:05}", made.spec.code, index + 1))
                .set("class_std", "用地用海")
                .set("class_code", patch.class)
                .set("name", titles[patch.class].as_str())
                .set("area_m2", area)
                .set("class_area_m2", area)
                .set("ownership", "集体")
                .set("owner_code", made.spec.code.as_str())
                .set("owner_name", format!("{}农民集体", made.spec.name))
                .set("location_code", made.spec.code.as_str())
                .set("location_name", made.spec.name.as_str())
                .set(
                    "year",
                    i64::from(chrono::Datelike::year(&made.spec.as_of) - 1),
                );
            if !matches!(
                patch.class,
                "0101" | "0103" | "0201" | "0301" | "1701" | "1704"
            ) {
                row.set("settlement_class", "203");
            }
        },
    );
}

fn class_now(made: &Made, face: usize) -> &'static str {
    match made.land.zones[face] {
        Zone::Core | Zone::Village => "0703",
        Zone::Estate => "0701",
        Zone::Works => "1001",
        Zone::Logistics => "1101",
        Zone::Commerce => "0901",
        Zone::School => "0804",
        Zone::Park => "1401",
        Zone::Open => "2301",
        Zone::Forest => "0301",
        Zone::Stream => "1701",
        Zone::Farm => {
            let mut sizes = [("0101", 0.0), ("0103", 0.0), ("0201", 0.0), ("1704", 0.0)];
            for (kind, shape) in &made.land.blocks[face].open {
                let at = match kind {
                    Open::Paddy => 0,
                    Open::Vegetables => 1,
                    Open::Orchard => 2,
                    Open::FishPond => 3,
                    _ => continue,
                };
                sizes[at].1 += shape.unsigned_area();
            }
            let largest = sizes.iter().max_by(|a, b| a.1.total_cmp(&b.1));
            largest.map_or("0103", |(class, _)| class)
        }
    }
}

/// The plan in force, and a draft that is to take its place.
pub(super) fn documents(made: &Made, writer: &mut Writer<'_>) {
    let name = &made.spec.name;
    let year = chrono::Datelike::year(&made.spec.as_of);
    writer.add(None, |row| {
        row.set("code", format!("{}P01", made.spec.code))
            .set("name", format!("{name}村庄规划（2020—2035年）"))
            .set("kind", "村庄规划")
            .set("edition", "批复稿")
            .set("approved_on", made.ago(900))
            .set("valid_from", made.ago(900))
            .set("state", "已批复");
    });
    if has_draft(made) {
        writer.add(None, |row| {
            row.set("code", format!("{}P02", made.spec.code))
                .set("name", format!("{name}村庄规划修编（{year}年草案）"))
                .set("kind", "村庄规划")
                .set("edition", "草案")
                .set("state", "草案");
        });
    }
}

/// Whether a village is at work on its plan: of a district, the first is.
fn has_draft(made: &Made) -> bool {
    made.spec.ordinal == 0
}

/// Plots of the draft: what the plan in force leaves open it settles.
pub(super) fn plan_plots(made: &Made, writer: &mut Writer<'_>) {
    if has_draft(made) {
        planned(made, writer, "S", 1, |face| class_drafted(made, face));
    }
}

fn class_drafted(made: &Made, face: usize) -> &'static str {
    let mut dice = Dice::new(made.seed, "drafted class", face as u64);
    match class_planned(made, face) {
        "0703" if dice.chance(0.12) => dice.pick(&["0701", "0704", "1401"]),
        "1001" if dice.chance(0.2) => "0901",
        "2301" => "1401",
        class => class,
    }
}

/// Land use as planned.
pub(super) fn plan_land(made: &Made, writer: &mut Writer<'_>) {
    planned(made, writer, "G", 0, |face| class_planned(made, face));
}

/// Plots of a plan, the `document`th of the village.
fn planned(
    made: &Made,
    writer: &mut Writer<'_>,
    letter: &str,
    document: usize,
    class: impl Fn(usize) -> &'static str + Sync,
) {
    let patches = patches(made, class);
    let titles: std::collections::BTreeMap<&str, String> = patches
        .iter()
        .map(|patch| (patch.class, writer.title("land_use_sea", patch.class)))
        .collect();
    writer.add_all(
        &patches,
        |patch| Some(patch.shape.clone()),
        |index, patch, row| {
            let mut dice = Dice::new(made.seed, "plan", index as u64);
            let area = round2(measure::area_m2(&patch.shape));
            let (ratio, density, green, height) = match patch.class {
                "0701" => (dice.between(2.2, 3.4), 28.0, 30.0, 80.0),
                "0703" => (dice.between(1.4, 2.6), 55.0, 10.0, 15.0),
                "0901" | "0902" => (dice.between(2.0, 4.5), 45.0, 20.0, 100.0),
                "1001" | "1101" => (dice.between(1.5, 3.0), 50.0, 15.0, 40.0),
                "0804" => (dice.between(0.6, 0.9), 25.0, 35.0, 24.0),
                "0702" => (dice.between(1.0, 1.8), 35.0, 25.0, 24.0),
                _ => (0.0, 0.0, 0.0, 0.0),
            };
            row.set(
                "code",
                format!("{}{letter}{:05}", made.spec.code, index + 1),
            )
            .link("plan", &made.id("plan_doc", document))
            .set("class_std", "用地用海")
            .set("class_code", patch.class)
            .set("name", titles[patch.class].as_str())
            .set("area_m2", area)
            .set("block_no", format!("{:03}", made.land.grid[patch.face] + 1));
            if ratio > 0.0 {
                let ratio = round2(ratio);
                row.set("floor_area_ratio", ratio)
                    .set("floor_area_m2", round2(area * ratio))
                    .set("density_percent", density)
                    .set("green_percent", green)
                    .set("height_limit_m", height);
            }
        },
    );
}

fn class_planned(made: &Made, face: usize) -> &'static str {
    let mut dice = Dice::new(made.seed, "planned class", face as u64);
    match made.land.zones[face] {
        Zone::Core => "0703",
        Zone::Village => dice.weighted(&[
            ("0703", 55),
            ("0701", 22),
            ("0901", 8),
            ("1401", 8),
            ("0702", 7),
        ]),
        Zone::Works => dice.weighted(&[("1001", 62), ("0902", 20), ("0701", 10), ("1401", 8)]),
        Zone::Logistics => dice.weighted(&[("1101", 60), ("1001", 25), ("0902", 15)]),
        Zone::Open => dice.weighted(&[
            ("1401", 30),
            ("0701", 25),
            ("0804", 12),
            ("0702", 13),
            ("0901", 20),
        ]),
        _ => class_now(made, face),
    }
}

/// Lines that bind: fields, ecology, building land, the stream's banks.
pub(super) fn control_lines(made: &Made, writer: &mut Writer<'_>) {
    let zones = &made.land.zones;
    let built = |face: usize| !matches!(zones[face], Zone::Farm | Zone::Forest | Zone::Stream);
    let kept = |face: usize| {
        zones[face] == Zone::Farm && Dice::new(made.seed, "kept field", face as u64).chance(0.6)
    };
    let wooded = |face: usize| zones[face] == Zone::Forest;
    let union = |belongs: &dyn Fn(usize) -> bool| {
        if (0..zones.len()).any(belongs) {
            made.territory(belongs)
        } else {
            Geometry::MultiPolygon(MultiPolygon::new(Vec::new()))
        }
    };
    let lines = [
        ("永久基本农田", "国家级", union(&kept)),
        ("生态保护红线", "省级", union(&wooded)),
        ("村庄建设边界", "村级", union(&built)),
    ];
    let mut number = 0;
    for (kind, level, land) in lines {
        let parts = match land {
            Geometry::MultiPolygon(parts) => parts.0,
            Geometry::Polygon(part) => vec![part],
            _ => Vec::new(),
        };
        for part in parts {
            let shape = Geometry::Polygon(part);
            let area = round2(measure::area_m2(&shape));
            number += 1;
            writer.add(Some(shape), |row| {
                row.set("kind", kind)
                    .set("code", format!("{}K{number:04}", made.spec.code))
                    .set("name", format!("{}{kind}", made.spec.name))
                    .set("level", level)
                    .set("doc_no", "演示〔2020〕1号")
                    .set("declared_area_m2", area)
                    .set("valid_from", made.ago(900));
            });
        }
    }
    let water: Vec<Polygon<f64>> = (0..zones.len())
        .filter(|&face| made.land.mesh.grounds[face] == Ground::Stream)
        .map(|face| to_polygon(&made.land.mesh.corners(face as u32)))
        .collect();
    if water.is_empty() {
        return;
    }
    let village = to_polygon(&made.land.outline);
    let reach = MultiPolygon::new(water).buffer(10.0).intersection(&village);
    for part in reach {
        number += 1;
        let shape = Geometry::Polygon(made.land.frame.project(&part));
        writer.add(Some(shape), |row| {
            row.set("kind", "河道管理范围")
                .set("code", format!("{}K{number:04}", made.spec.code))
                .set("name", format!("{}管理范围", made.spec.stream))
                .set("level", "区级")
                .set("doc_no", "演示〔2020〕2号");
        });
    }
}
