//! A village made: its land, streets, houses and people, ready to be written.

use super::{
    dice::Dice,
    houses::{self, Building},
    people::People,
    regions,
    spec::Spec,
    streets::Streets,
    village::Land,
};
use geo::{Geometry, MultiPolygon};

/// A village and all that its records are written from.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) spec: Spec,
    /// The seed of the whole file, which identifiers carry.
    pub(super) root: u64,
    /// The village's own seed.
    pub(super) seed: u64,
    pub(super) land: Land,
    pub(super) streets: Streets,
    pub(super) buildings: Vec<Building>,
    pub(super) people: People,
    pub(super) co_op_names: Vec<String>,
    /// Position of the village's first person among all of a file.
    pub(super) first_person: u64,
    /// The grids of each renewal unit.
    pub(super) units: Vec<Vec<usize>>,
}

impl Made {
    /// Makes a village.
    pub(super) fn new(spec: Spec, root: u64, first_person: u64) -> Self {
        let seed = Dice::new(root, "village", spec.ordinal).bits();
        let land = Land::draw(&spec.size, seed);
        let streets = Streets::name(&land, spec.great_road, spec.stream, seed);
        let buildings = houses::register(&land, &streets.doors, &spec, seed);
        let people = People::settle(&buildings, &spec, seed);
        let co_op_names = co_op_names(&spec, seed);
        let mut made = Self {
            spec,
            root,
            seed,
            land,
            streets,
            buildings,
            people,
            co_op_names,
            first_person,
            units: Vec::new(),
        };
        made.units = made.choose_units();
        made
    }

    /// The union of the faces that belong to a territory.
    pub(super) fn territory(&self, belongs: impl Fn(usize) -> bool) -> Geometry<f64> {
        let mut parts = regions::union(&self.land.mesh, &self.land.frame, |face| {
            belongs(face as usize)
        });
        if parts.len() == 1 {
            Geometry::Polygon(parts.remove(0))
        } else {
            Geometry::MultiPolygon(MultiPolygon::new(parts))
        }
    }

    /// The whole address of a building.
    pub(super) fn address(&self, building: usize) -> String {
        let door = &self.buildings[building].door;
        format!(
            "广东省广州市{}{}{}{}{}号",
            self.spec.district, self.spec.town, self.spec.name, door.street, door.number
        )
    }

    /// The address as people say it, from the street on.
    pub(super) fn short_address(&self, building: usize) -> String {
        let door = &self.buildings[building].door;
        format!("{}{}{}号", self.spec.name, door.street, door.number)
    }

    /// A building's code: the village's twelve digits and five of its own.
    pub(super) fn building_code(&self, building: usize) -> String {
        format!("{}{:05}", self.spec.code, building + 1)
    }

    /// A grid's code: the village's twelve digits and three of its own.
    pub(super) fn grid_code(&self, grid: usize) -> String {
        format!("{}{:03}", self.spec.code, grid + 1)
    }

    /// How many grids the village has.
    pub(super) fn grids(&self) -> usize {
        self.land.grid.iter().max().map_or(0, |&last| last + 1)
    }

    /// Renewal units of whole, touching grids, the most built over first.
    fn choose_units(&self) -> Vec<Vec<usize>> {
        let grids = self.grids();
        let mut built = vec![0.0; grids];
        for building in &self.buildings {
            built[self.land.grid[building.face]] += building.floor_area_m2;
        }
        let mut near = vec![std::collections::BTreeSet::new(); grids];
        for pair in self.land.mesh.halves.as_chunks::<2>().0 {
            let (a, b) = (pair[0].face, pair[1].face);
            if a == super::mesh::OUTSIDE || b == super::mesh::OUTSIDE {
                continue;
            }
            let (a, b) = (self.land.grid[a as usize], self.land.grid[b as usize]);
            if a != b {
                near[a].insert(b);
                near[b].insert(a);
            }
        }
        let mut dice = Dice::new(self.seed, "units", 0);
        let mut order: Vec<usize> = (0..grids).collect();
        order.sort_by(|&a, &b| built[b].total_cmp(&built[a]).then(a.cmp(&b)));
        let mut free = vec![true; grids];
        let mut units = Vec::new();
        let most = (grids / self.spec.renewal_units.max(1)).clamp(1, 5);
        for &first in &order {
            if units.len() == self.spec.renewal_units {
                break;
            }
            if !free[first] {
                continue;
            }
            free[first] = false;
            let mut unit = vec![first];
            let size = dice.whole(1, most as i64) as usize;
            while unit.len() < size {
                let next = unit
                    .iter()
                    .flat_map(|&grid| near[grid].iter().copied())
                    .filter(|&grid| free[grid])
                    .max_by(|&a, &b| built[a].total_cmp(&built[b]).then(b.cmp(&a)));
                // Enough grids must be left for the units to come.
                let left = free.iter().filter(|&&f| f).count();
                match next {
                    Some(next) if left + units.len() + 1 > self.spec.renewal_units => {
                        free[next] = false;
                        unit.push(next);
                    }
                    _ => break,
                }
            }
            unit.sort_unstable();
            units.push(unit);
        }
        units
    }
}

fn co_op_names(spec: &Spec, seed: u64) -> Vec<String> {
    const WORDS: [&str; 40] = [
        "东一", "东二", "西一", "西二", "南边", "北边", "上村", "下村", "新村", "旧围", "大塘",
        "石岗", "沙岗", "田心", "水边", "岗头", "榕树", "井头", "塘边", "坑口", "元岗", "社前",
        "祠前", "桥头", "企岭", "福庆", "永安", "龙岗", "凤尾", "长岭", "米岗", "车田", "谷仓",
        "禾场", "莲塘", "黄庄", "沙田", "花园", "大坑", "南坑",
    ];
    let mut order = Dice::new(seed, "co-op names", 0)
        .order(WORDS.len())
        .into_iter();
    (0..spec.size.co_ops)
        .map(|at| match order.next() {
            Some(word) => format!("{}{}", WORDS[word], spec.co_op_suffix),
            None => format!("第{}{}", super::codes::numeral(at + 1), spec.co_op_suffix),
        })
        .collect()
}
