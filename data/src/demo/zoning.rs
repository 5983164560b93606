//! What stands where: old cores, new village, works, farmland.

use super::{
    dice::{Dice, Noise},
    mesh::{Ground, Mesh, Point, area, contains, distance},
};

/// What a block is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Zone {
    /// Old village core with its ancestral hall.
    Core,
    /// Handshake houses.
    Village,
    /// Flats that the village or a developer built.
    Estate,
    /// Factories.
    Works,
    /// Warehouses and parcels.
    Logistics,
    /// Markets, hotels, shops along a main road.
    Commerce,
    /// School.
    School,
    /// Park.
    Park,
    /// Fields, orchards and fish ponds.
    Farm,
    /// Open ground between the village and its fields.
    Open,
    /// Wooded hill.
    Forest,
    /// Stream.
    Stream,
}

impl Zone {
    /// Whether people's houses stand close together here.
    pub(super) fn is_dense(self) -> bool {
        matches!(self, Self::Core | Self::Village)
    }
}

/// How much of the village is what; shares of its dry, level land.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    pub(super) works: f64,
    pub(super) farm: f64,
}

/// The fields that decide what stands where.
#[derive(Clone, Debug)]
pub(super) struct Zoning {
    pub(super) outline: Vec<Point>,
    /// Old cores with their radii.
    pub(super) cores: Vec<(Point, f64)>,
    works: Vec<(Point, f64)>,
    works_noise: Noise,
    farm_noise: Noise,
    density_noise: Noise,
    works_least: f64,
    farm_least: f64,
    reach: f64,
}

impl Zoning {
    /// Zoning of a village whose hills and stream are already cut.
    pub(super) fn new(
        mesh: &Mesh,
        outline: Vec<Point>,
        seed: u64,
        cores: usize,
        shares: Shares,
    ) -> Self {
        let mut dice = Dice::new(seed, "zoning", 0);
        let town: Vec<Vec<Point>> = (0..mesh.faces.len())
            .filter(|&face| mesh.grounds[face] == Ground::Town)
            .map(|face| mesh.corners(u32::try_from(face).expect("few faces")))
            .collect();
        let size: f64 = town.iter().map(|ring| area(ring)).sum();
        let reach = (size / std::f64::consts::PI).sqrt();
        let places = scatter(&mut dice, &town, reach, cores, 0.9);
        let cores: Vec<(Point, f64)> = places
            .into_iter()
            .map(|place| (place, dice.between(65.0, 115.0)))
            .collect();
        let parks = 2 + cores.len() / 3;
        let works = scatter(&mut dice, &town, reach, parks, 0.5)
            .into_iter()
            .map(|place| (place, dice.between(0.35, 0.7) * reach))
            .collect();
        let mut zoning = Self {
            outline,
            cores,
            works,
            works_noise: Noise::new(seed, "works", 260.0),
            farm_noise: Noise::new(seed, "farm", 520.0),
            density_noise: Noise::new(seed, "density", 240.0),
            works_least: f64::MAX,
            farm_least: f64::MAX,
            reach,
        };
        let samples: Vec<Point> = (0..4000)
            .map(|_| {
                [
                    dice.between(-2.2, 2.2) * reach,
                    dice.between(-2.2, 2.2) * reach,
                ]
            })
            .filter(|&p| town.iter().any(|ring| contains(ring, p)))
            .collect();
        let least = |mut scores: Vec<f64>, share: f64| -> f64 {
            scores.sort_by(|a, b| b.total_cmp(a));
            let at = (share * samples.len() as f64) as usize;
            scores.get(at).copied().unwrap_or(f64::MIN)
        };
        zoning.works_least = least(
            samples.iter().map(|&p| zoning.works_score(p)).collect(),
            shares.works,
        );
        zoning.farm_least = least(
            samples
                .iter()
                .filter(|&&p| zoning.works_score(p) < zoning.works_least)
                .map(|&p| zoning.farm_score(p))
                .collect(),
            shares.farm,
        );
        zoning
    }

    fn works_score(&self, place: Point) -> f64 {
        let near = self
            .works
            .iter()
            .map(|&(centre, radius)| 1.0 - distance(centre, place) / radius)
            .fold(f64::MIN, f64::max);
        near + 0.35 * self.works_noise.at(place) - 1.4 * self.core_score(place).max(0.0)
    }

    fn farm_score(&self, place: Point) -> f64 {
        0.9 * self.farm_noise.at(place) - 1.1 * self.density(place)
    }

    /// Above 0 inside an old core.
    fn core_score(&self, place: Point) -> f64 {
        self.cores
            .iter()
            .map(|&(centre, radius)| 1.0 - distance(centre, place) / radius)
            .fold(f64::MIN, f64::max)
            + 0.25 * self.density_noise.at(place)
    }

    /// How close together houses stand: 1 in a core, falling outwards.
    pub(super) fn density(&self, place: Point) -> f64 {
        let far = self
            .cores
            .iter()
            .map(|&(centre, radius)| (distance(centre, place) - radius).max(0.0))
            .fold(f64::MAX, f64::min);
        1.0 - far / (0.55 * self.reach) + 0.35 * self.density_noise.at(place)
    }

    /// The use that the fields ask for at a place.
    pub(super) fn zone(&self, place: Point, ground: Ground) -> Zone {
        match ground {
            Ground::Hill => Zone::Forest,
            Ground::Stream => Zone::Stream,
            Ground::Town if self.core_score(place) > 0.0 => Zone::Core,
            Ground::Town if self.works_score(place) > self.works_least => Zone::Works,
            Ground::Town if self.farm_score(place) > self.farm_least => Zone::Farm,
            Ground::Town => Zone::Village,
        }
    }

    /// Whether a place is tilled.
    pub(super) fn is_field(&self, place: Point) -> bool {
        self.zone(place, Ground::Town) == Zone::Farm
    }

    /// The size in m² that blocks are to have about a place.
    pub(super) fn block_area(&self, place: Point, ground: Ground) -> f64 {
        match self.zone(place, ground) {
            Zone::Core => 2600.0,
            Zone::Works => 17_000.0,
            Zone::Farm => 11_000.0,
            Zone::Forest => 70_000.0,
            Zone::Stream => f64::MAX,
            _ => 4700.0 + 2600.0 * (1.0 - self.density(place)).clamp(0.0, 1.5),
        }
    }
}

/// Places inside some rings, as far apart as can be.
fn scatter(
    dice: &mut Dice,
    rings: &[Vec<Point>],
    reach: f64,
    count: usize,
    apart: f64,
) -> Vec<Point> {
    let mut gap = apart * reach * 2.0 / (count as f64).sqrt();
    let mut places: Vec<Point> = Vec::new();
    let mut misses = 0;
    while places.len() < count {
        let place = [
            dice.between(-2.0, 2.0) * reach,
            dice.between(-2.0, 2.0) * reach,
        ];
        let edge = rings.iter().any(|ring| {
            contains(ring, place)
                && ring
                    .iter()
                    .all(|&corner| distance(corner, place) > gap * 0.22)
        });
        if edge && places.iter().all(|&other| distance(other, place) > gap) {
            places.push(place);
        } else {
            misses += 1;
            if misses % 60 == 0 {
                gap *= 0.93;
            }
        }
    }
    places
}
