//! Streets and the numbers on the doors.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    codes::numeral,
    dice::Dice,
    mesh::{Along, Mesh, Point, cross, distance, distance_to_segment, dot, sub},
    village::Land,
};

/// Where a house stands: its street and number.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) street: String,
    pub(super) number: usize,
}

/// A road as one line.
#[derive(Clone, Debug)]
pub(super) struct Road {
    pub(super) cut: u32,
    pub(super) along: Along,
    pub(super) line: Vec<Point>,
    pub(super) name: String,
}

/// All streets of a village.
#[derive(Clone, Debug)]
pub(super) struct Streets {
    pub(super) roads: Vec<Road>,
    /// Names of each block's alleys, in the block's order.
    pub(super) alleys: Vec<Vec<String>>,
    /// The door of every house, in the register's order.
    pub(super) doors: Vec<Door>,
}

impl Streets {
    /// Names the streets and numbers the houses: odd on the left, even on the right.
    pub(super) fn name(land: &Land, great: &str, stream: &str, seed: u64) -> Self {
        let mut roads = lines(&land.mesh);
        name_roads(&mut roads, great, stream, seed);
        let by_cut: BTreeMap<u32, usize> = roads
            .iter()
            .enumerate()
            .map(|(at, road)| (road.cut, at))
            .collect();
        let fronts: Vec<Vec<usize>> = (0..land.mesh.faces.len() as u32)
            .map(|face| {
                let cuts: BTreeSet<usize> = land
                    .mesh
                    .ring(face)
                    .iter()
                    .filter_map(|&h| by_cut.get(&land.mesh.half(h).cut).copied())
                    .collect();
                cuts.into_iter().collect()
            })
            .collect();
        let alleys = name_alleys(land, &roads, &fronts, great);
        let doors = number(land, &roads, &fronts, &alleys, great);
        Self {
            roads,
            alleys,
            doors,
        }
    }
}

/// The edges of each cut that a road runs along, as lines.
fn lines(mesh: &Mesh) -> Vec<Road> {
    let mut edges: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for at in (0..mesh.halves.len() as u32).step_by(2) {
        let half = mesh.half(at);
        if half.along.class().is_some() || half.along == Along::Bank {
            edges.entry(half.cut).or_default().push(at);
        }
    }
    let mut roads = Vec::new();
    for (cut, edges) in edges {
        let mut near: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &edge in &edges {
            let (a, b) = (mesh.half(edge).origin, mesh.half(edge ^ 1).origin);
            near.entry(a).or_default().push(b);
            near.entry(b).or_default().push(a);
        }
        let start = near
            .iter()
            .find(|(_, next)| next.len() == 1)
            .or_else(|| near.iter().next())
            .map_or(0, |(&vertex, _)| vertex);
        let (mut line, mut last, mut at) = (vec![start], u32::MAX, start);
        while let Some(&next) = near[&at].iter().find(|&&v| v != last) {
            last = at;
            at = next;
            line.push(at);
            if at == start {
                break;
            }
        }
        roads.push(Road {
            cut,
            along: mesh.half(edges[0]).along,
            line: line.iter().map(|&v| mesh.points[v as usize]).collect(),
            name: String::new(),
        });
    }
    roads
}

fn name_roads(roads: &mut [Road], great: &str, stream: &str, seed: u64) {
    const FIRST: [&str; 32] = [
        "新", "永", "兴", "文", "福", "仁", "德", "龙", "凤", "东", "西", "南", "北", "广", "金",
        "富", "安", "太", "宝", "长", "和", "明", "联", "顺", "大", "荔", "榕", "水", "石", "沙",
        "田", "岗",
    ];
    const LAST: [&str; 32] = [
        "丰", "兴", "华", "昌", "安", "和", "宁", "盛", "康", "平", "源", "庆", "泰", "城", "园",
        "塘", "岭", "桥", "井", "基", "社", "围", "埔", "涌", "洲", "秀", "云", "光", "乐", "业",
        "贤", "坊",
    ];
    let mut dice = Dice::new(seed, "street names", 0);
    let mut words: Vec<(usize, usize)> = (0..32)
        .flat_map(|a| (0..32).map(move |b| (a, b)))
        .filter(|&(a, b)| FIRST[a] != LAST[b])
        .collect();
    for at in (1..words.len()).rev() {
        words.swap(at, dice.below(at + 1));
    }
    let mut words = words.into_iter().cycle();
    let mut taken = BTreeSet::new();
    let (mut greats, mut banks) = (0, 0);
    let mut order: Vec<usize> = (0..roads.len()).collect();
    order.sort_by(|&a, &b| roads[b].along.cmp(&roads[a].along).then(a.cmp(&b)));
    for at in order {
        let road = &mut roads[at];
        road.name = match road.along {
            Along::Bank => {
                banks += 1;
                format!("{stream}{}路", ["东", "西", "南", "北"][(banks - 1) % 4])
            }
            Along::Trunk if greats < 4 => {
                greats += 1;
                format!("{great}{}", ["大道", "中路", "东路", "西路"][greats - 1])
            }
            along => loop {
                let (a, b) = words.next().unwrap_or((0, 0));
                let suffix: &str = match along {
                    Along::Trunk => "大道",
                    Along::Secondary | Along::Branch => "路",
                    _ => dice.pick::<&str>(&["街", "街", "横街", "直街", "大街", "横路"]),
                };
                let name = format!("{}{}{suffix}", FIRST[a], LAST[b]);
                if taken.insert(name.clone()) {
                    break name;
                }
            },
        };
    }
}

/// Names alleys after the road nearest to them, counted along it.
fn name_alleys(
    land: &Land,
    roads: &[Road],
    fronts: &[Vec<usize>],
    great: &str,
) -> Vec<Vec<String>> {
    // (road, position along it, face, alley)
    let mut order: Vec<(usize, f64, usize, usize)> = Vec::new();
    for (face, block) in land.blocks.iter().enumerate() {
        for (at, (line, _)) in block.alleys.iter().enumerate() {
            let best = fronts[face]
                .iter()
                .flat_map(|&road| line.iter().map(move |&end| (road, end)))
                .map(|(road, end)| (locate(&roads[road].line, end), road))
                .min_by(|a, b| a.0.far.total_cmp(&b.0.far));
            match best {
                Some((spot, road)) => order.push((road, spot.along, face, at)),
                None => order.push((usize::MAX, 0.0, face, at)),
            }
        }
    }
    order.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut names: Vec<Vec<String>> = land
        .blocks
        .iter()
        .map(|block| vec![String::new(); block.alleys.len()])
        .collect();
    let mut count: BTreeMap<usize, usize> = BTreeMap::new();
    for (road, _, face, at) in order {
        let number = count.entry(road).or_insert(0);
        *number += 1;
        let parent = roads.get(road).map_or(great, |road| road.name.as_str());
        names[face][at] = format!("{parent}{}巷", numeral(*number));
    }
    names
}

/// Where a place is along a line.
#[derive(Clone, Copy, Debug)]
struct Spot {
    far: f64,
    along: f64,
    left: bool,
}

fn locate(line: &[Point], place: Point) -> Spot {
    let mut best = Spot {
        far: f64::MAX,
        along: 0.0,
        left: true,
    };
    let mut run = 0.0;
    for pair in line.windows(2) {
        let far = distance_to_segment(place, pair[0], pair[1]);
        let length = distance(pair[0], pair[1]);
        if far < best.far {
            let way = sub(pair[1], pair[0]);
            let to = sub(place, pair[0]);
            let along = (dot(to, way) / length.max(1e-9)).clamp(0.0, length);
            best = Spot {
                far,
                along: run + along,
                left: cross(way, to) > 0.0,
            };
        }
        run += length;
    }
    best
}

fn number(
    land: &Land,
    roads: &[Road],
    fronts: &[Vec<usize>],
    alleys: &[Vec<String>],
    great: &str,
) -> Vec<Door> {
    // Street name → houses on it with where they stand.
    let mut streets: BTreeMap<String, Vec<(bool, f64, usize)>> = BTreeMap::new();
    let mut count = 0;
    for (index, house) in land.houses().enumerate() {
        let face = house.face as usize;
        let on_road = fronts[face].iter().map(|&at| {
            let spot = locate(&roads[at].line, house.middle);
            (
                spot.far - roads[at].along.width() / 2.0,
                spot,
                roads[at].name.clone(),
            )
        });
        let block = &land.blocks[face];
        let on_alley = block
            .alleys
            .iter()
            .zip(&alleys[face])
            .map(|((line, width), name)| {
                let spot = locate(line, house.middle);
                (spot.far - width / 2.0, spot, name.clone())
            });
        let best = on_road.chain(on_alley).min_by(|a, b| a.0.total_cmp(&b.0));
        let (spot, name) = best.map_or_else(
            || {
                let spot = Spot {
                    far: 0.0,
                    along: index as f64,
                    left: true,
                };
                (spot, format!("{great}村道"))
            },
            |(_, spot, name)| (spot, name),
        );
        streets
            .entry(name)
            .or_default()
            .push((spot.left, spot.along, index));
        count += 1;
    }
    let mut doors = vec![
        Door {
            street: String::new(),
            number: 0
        };
        count
    ];
    for (street, mut houses) in streets {
        houses.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.2.cmp(&b.2)));
        let (mut odd, mut even) = (1, 2);
        for (left, _, index) in houses {
            let next = if left { &mut odd } else { &mut even };
            doors[index] = Door {
                street: street.clone(),
                number: *next,
            };
            *next += 2;
        }
    }
    doors
}
