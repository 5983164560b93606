//! The register of houses: what each is, and how many live in it.

use geo::{Geometry, InteriorPoint, Point as Place, Polygon};
use rayon::prelude::*;

use super::{
    buildings::Kind,
    dice::{Dice, apportion},
    spec::Spec,
    streets::Door,
    village::{Land, is_lived_in},
};
use crate::measure;

/// One building of the register.
#[derive(Clone, Debug)]
pub(super) struct Building {
    pub(super) kind: Kind,
    pub(super) face: usize,
    /// Longitude, latitude on the lattice.
    pub(super) shape: Polygon<f64>,
    /// A place inside of it.
    pub(super) place: Place<f64>,
    pub(super) door: Door,
    pub(super) floors: i64,
    pub(super) footprint_m2: f64,
    pub(super) floor_area_m2: f64,
    pub(super) structure: &'static str,
    pub(super) usage: &'static str,
    pub(super) built: i64,
    pub(super) rental: bool,
    pub(super) residents: u64,
    /// 小产权房 that was pulled down.
    pub(super) small_title: bool,
}

/// Two decimals, as areas are kept.
pub(super) fn round2(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Registers every house of a village.
pub(super) fn register(land: &Land, doors: &[Door], spec: &Spec, seed: u64) -> Vec<Building> {
    let houses: Vec<_> = land.houses().collect();
    let mut buildings: Vec<Building> = houses
        .par_iter()
        .enumerate()
        .map(|(index, house)| {
            let mut dice = Dice::new(seed, "building", index as u64);
            let shape = land.frame.project(&house.footprint);
            let footprint_m2 = round2(measure::area_m2(&Geometry::Polygon(shape.clone())));
            let place = shape.interior_point().map_or_else(
                || Place::from(land.frame.place(house.middle)),
                |point| Place::new(lattice(point.x()), lattice(point.y())),
            );
            describe(
                house.kind,
                &mut dice,
                Building {
                    kind: house.kind,
                    face: house.face as usize,
                    shape,
                    place,
                    door: doors[index].clone(),
                    floors: 1,
                    footprint_m2,
                    floor_area_m2: 0.0,
                    structure: "砖混",
                    usage: "住宅",
                    built: 1990,
                    rental: false,
                    residents: 0,
                    small_title: false,
                },
            )
        })
        .collect();
    small_titles(&mut buildings, spec, seed);
    let weights: Vec<f64> = buildings
        .par_iter()
        .enumerate()
        .map(|(index, building)| {
            if !is_lived_in(building.kind) || building.small_title {
                return 0.0;
            }
            let mut dice = Dice::new(seed, "lived in", index as u64);
            let crowd = if building.rental { 1.0 } else { 0.34 };
            building.floor_area_m2 * crowd * dice.between(0.45, 1.3)
        })
        .collect();
    for (building, residents) in buildings
        .iter_mut()
        .zip(apportion(spec.residents, &weights))
    {
        building.residents = residents;
    }
    buildings
}

fn lattice(degrees: f64) -> f64 {
    (degrees * 1e9).round() / 1e9
}

fn describe(kind: Kind, dice: &mut Dice, mut building: Building) -> Building {
    let (floors, structure, built) = match kind {
        Kind::OldHouse => (
            dice.weighted(&[(1, 22), (2, 40), (3, 28), (4, 10)]),
            dice.weighted(&[("砖木", 35), ("砖混", 65)]),
            dice.whole(1935, 1994),
        ),
        Kind::House => (
            dice.weighted(&[(3, 12), (4, 22), (5, 30), (6, 20), (7, 10), (8, 4), (9, 2)]),
            dice.weighted(&[("砖混", 55), ("钢混", 45)]),
            dice.whole(1987, 2016),
        ),
        Kind::Flats => (dice.whole(7, 18), "钢混", dice.whole(1998, 2019)),
        Kind::Hall => (1, "砖木", dice.whole(1720, 1930)),
        Kind::Factory => (
            dice.weighted(&[(1, 40), (2, 20), (3, 22), (4, 18)]),
            dice.weighted(&[("钢", 45), ("钢混", 55)]),
            dice.whole(1992, 2014),
        ),
        Kind::Warehouse => (
            dice.weighted(&[(1, 75), (2, 25)]),
            "钢",
            dice.whole(2000, 2018),
        ),
        Kind::Dormitory => (dice.whole(4, 7), "钢混", dice.whole(1995, 2014)),
        Kind::Shops => (
            dice.weighted(&[(2, 30), (3, 30), (4, 18), (5, 12), (6, 10)]),
            "钢混",
            dice.whole(1994, 2018),
        ),
        Kind::School => (dice.whole(3, 5), "钢混", dice.whole(1990, 2018)),
    };
    building.floors = floors;
    building.structure = structure;
    building.built = built;
    building.rental = match kind {
        Kind::OldHouse => dice.chance(0.45),
        Kind::House => dice.chance(0.78),
        Kind::Flats => dice.chance(0.35),
        Kind::Dormitory => true,
        _ => false,
    };
    building.usage = match kind {
        Kind::OldHouse if building.rental => "出租公寓",
        Kind::House if building.rental && floors >= 5 => {
            dice.weighted(&[("出租公寓", 72), ("商住", 28)])
        }
        Kind::House => dice.weighted(&[("住宅", 80), ("商住", 20)]),
        Kind::OldHouse | Kind::Flats => "住宅",
        Kind::Hall => "祠堂",
        Kind::Factory => "工业",
        Kind::Warehouse => "仓储",
        Kind::Dormitory => "出租公寓",
        Kind::Shops => dice.weighted(&[("商业", 70), ("办公", 18), ("商住", 12)]),
        Kind::School => "教育",
    };
    // Upper floors hang over the alley.
    let overhang = if kind == Kind::House {
        dice.between(1.0, 1.09)
    } else {
        1.0
    };
    let upper = building.footprint_m2 * overhang * (floors - 1) as f64;
    building.floor_area_m2 = round2(building.footprint_m2 + upper);
    building
}

/// The 小产权房 that were pulled down, the 栋 that the report names apart.
fn small_titles(buildings: &mut [Building], spec: &Spec, seed: u64) {
    let flats: Vec<usize> = (0..buildings.len())
        .filter(|&at| buildings[at].kind == Kind::Flats)
        .collect();
    let order = Dice::new(seed, "small titles", 0).order(flats.len());
    for at in order.into_iter().take(spec.small_title) {
        buildings[flats[at]].small_title = true;
        buildings[flats[at]].rental = false;
    }
}

/// Height in metres.
pub(super) fn height(building: &Building) -> f64 {
    let storey = match building.kind {
        Kind::Factory => 4.8,
        Kind::Warehouse => 9.0,
        Kind::Hall => 6.5,
        Kind::Shops | Kind::School => 3.9,
        _ => 3.1,
    };
    round2(storey * building.floors as f64 + 0.45)
}
