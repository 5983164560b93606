//! A village's land, drawn: roads, blocks, houses and territories, in its own metres.

use rayon::prelude::*;

use super::{
    blocks::{self, Block},
    buildings::{House, Kind},
    dice::Dice,
    frame::Frame,
    mesh::{Ground, Mesh, Point, area, centroid, distance},
    outline,
    regions::Neighbours,
    roads::{self, Bridge, Field},
    zoning::{Shares, Zone, Zoning},
};

/// What a village is to be.
#[derive(Clone, Debug)]
pub(super) struct Size {
    pub(super) longitude: f64,
    pub(super) latitude: f64,
    pub(super) area_m2: f64,
    /// Hills: bearing in radians from east, breadth in radians, share of the village.
    pub(super) hills: Vec<(f64, f64, f64)>,
    pub(super) shares: Shares,
    pub(super) cores: usize,
    pub(super) houses: usize,
    pub(super) schools: usize,
    pub(super) estates: usize,
    pub(super) parks: usize,
    pub(super) co_ops: usize,
    pub(super) grids: usize,
    pub(super) party_areas: usize,
    pub(super) sheets: usize,
}

/// The village as drawn.
#[derive(Clone, Debug)]
pub(super) struct Land {
    pub(super) frame: Frame,
    /// The village boundary.
    pub(super) outline: Vec<Point>,
    pub(super) mesh: Mesh,
    pub(super) stream: Vec<Point>,
    /// Bridges: the cut that they carry on, what runs over them, and their ends.
    pub(super) bridges: Vec<Bridge>,
    pub(super) zones: Vec<Zone>,
    pub(super) middles: Vec<Point>,
    pub(super) blocks: Vec<Block>,
    /// For each face: its co-operative, grid, party area and sheet.
    pub(super) co_op: Vec<usize>,
    pub(super) grid: Vec<usize>,
    pub(super) party_area: Vec<usize>,
    pub(super) sheet: Vec<usize>,
}

impl Land {
    /// Draws a village.
    pub(super) fn draw(size: &Size, seed: u64) -> Self {
        let frame = Frame::new(size.longitude, size.latitude);
        let outline = outline::outline(seed, size.area_m2);
        let mut mesh = Mesh::new(outline.clone());
        let mut cuts = 1;
        for &(bearing, breadth, share) in &size.hills {
            outline::hill(&mut mesh, seed ^ cuts as u64, bearing, breadth, share, cuts);
            cuts += 1;
        }
        let stream = outline::stream(&mut mesh, seed, &mut cuts);
        let zoning = Zoning::new(&mesh, outline, seed, size.cores, size.shares);
        let field = Field::new(seed);
        let bridges = roads::lay(&mut mesh, &field, &zoning, seed, &mut cuts);
        let count = u32::try_from(mesh.faces.len()).expect("few faces");
        let corners: Vec<Vec<Point>> = (0..count).map(|face| mesh.corners(face)).collect();
        let middles: Vec<Point> = corners.iter().map(|ring| centroid(ring)).collect();
        let sizes: Vec<f64> = corners.iter().map(|ring| area(ring)).collect();
        let mut zones: Vec<Zone> = (0..mesh.faces.len())
            .map(|face| zoning.zone(middles[face], mesh.grounds[face]))
            .collect();
        special(&mut zones, &mesh, &zoning, &middles, &sizes, size, seed);
        let blocks = settle(&mesh, &mut zones, &zoning, &middles, size.houses, seed);
        let mut land = Self {
            frame,
            outline: zoning.outline.clone(),
            mesh,
            stream,
            bridges,
            zones,
            middles,
            blocks,
            co_op: Vec::new(),
            grid: Vec::new(),
            party_area: Vec::new(),
            sheet: Vec::new(),
        };
        land.divide(size, &sizes, seed);
        land
    }

    /// Every house with its position in the register.
    pub(super) fn houses(&self) -> impl Iterator<Item = &House> {
        self.blocks.iter().flat_map(|block| &block.houses)
    }

    fn divide(&mut self, size: &Size, sizes: &[f64], seed: u64) {
        let near = Neighbours::new(&self.mesh);
        let houses: Vec<f64> = self.blocks.iter().map(|b| b.houses.len() as f64).collect();
        let total: f64 = houses.iter().sum();
        let whole: f64 = sizes.iter().sum();
        let mixed = |by_house: f64| -> Vec<f64> {
            (0..sizes.len())
                .map(|f| by_house * houses[f] / total + (1.0 - by_house) * sizes[f] / whole)
                .collect()
        };
        let all: Vec<u32> = (0..self.mesh.faces.len() as u32).collect();
        let mut dice = Dice::new(seed, "territories", 0);
        let weights = mixed(0.45);
        self.co_op = near.partition(&all, &self.middles, &weights, size.co_ops, &mut dice);
        let weights = mixed(0.62);
        self.grid = near.refine(
            &self.co_op,
            size.co_ops,
            &self.middles,
            &weights,
            size.grids,
            &mut dice,
        );
        self.party_area = near.refine(
            &self.grid,
            size.grids,
            &self.middles,
            &weights,
            size.party_areas,
            &mut dice,
        );
        let weights = mixed(0.95);
        self.sheet = near.refine(
            &self.grid,
            size.grids,
            &self.middles,
            &weights,
            size.sheets,
            &mut dice,
        );
    }
}

/// Gives some blocks their special use.
fn special(
    zones: &mut [Zone],
    mesh: &Mesh,
    zoning: &Zoning,
    middles: &[Point],
    sizes: &[f64],
    size: &Size,
    seed: u64,
) {
    let mut dice = Dice::new(seed, "special", 0);
    for face in 0..zones.len() {
        if zones[face] == Zone::Works && sizes[face] > 13_500.0 && dice.chance(0.45) {
            zones[face] = Zone::Logistics;
        }
    }
    let main = |face: usize| {
        mesh.ring(face as u32)
            .iter()
            .any(|&h| mesh.half(h).along >= super::mesh::Along::Secondary)
    };
    for (face, zone) in zones.iter_mut().enumerate() {
        if *zone == Zone::Village && main(face) && dice.chance(0.3) {
            *zone = Zone::Commerce;
        }
    }
    let mut give = |zone: Zone, count: usize, low: f64, high: f64, least: f64| {
        let mut given: Vec<Point> = Vec::new();
        let mut gap = 900.0;
        while given.len() < count && gap > 1.0 {
            for face in dice.order(zones.len()) {
                let fits = (low..high).contains(&sizes[face])
                    && matches!(zones[face], Zone::Village | Zone::Commerce)
                    && mesh.grounds[face] == Ground::Town
                    && zoning.density(middles[face]) > least
                    && given
                        .iter()
                        .all(|&other| distance(other, middles[face]) > gap);
                if fits && given.len() < count {
                    zones[face] = zone;
                    given.push(middles[face]);
                }
            }
            gap *= 0.7;
        }
    };
    give(Zone::School, size.schools, 6500.0, 30_000.0, -0.5);
    give(Zone::Estate, size.estates, 5000.0, 30_000.0, -0.2);
    give(Zone::Park, size.parks, 900.0, 4800.0, 0.0);
}

/// Builds on every block and lets the village grow outwards from its cores until it has
/// exactly the houses asked for; what is left over lies open or is tilled.
fn settle(
    mesh: &Mesh,
    zones: &mut [Zone],
    zoning: &Zoning,
    middles: &[Point],
    houses: usize,
    seed: u64,
) -> Vec<Block> {
    let build = |face: usize, zone: Zone| blocks::build(mesh, face as u32, zone, seed);
    let mut blocks: Vec<Block> = (0..zones.len())
        .into_par_iter()
        .map(|face| build(face, zones[face]))
        .collect();
    let mut order: Vec<usize> = (0..zones.len())
        .filter(|&face| zones[face].is_dense())
        .collect();
    order.sort_by(|&a, &b| {
        let score = |face: usize| zoning.density(middles[face]);
        score(b).total_cmp(&score(a)).then(a.cmp(&b))
    });
    let fixed: usize = (0..zones.len())
        .filter(|&face| !zones[face].is_dense())
        .map(|face| blocks[face].houses.len())
        .sum();
    let mut left = houses.saturating_sub(fixed);
    let mut spare: Vec<usize> = Vec::new();
    for face in order {
        let count = blocks[face].houses.len();
        if left == 0 {
            spare.push(face);
        } else {
            // Where the village ends in the middle of a block, its last lots stay empty.
            blocks[face].houses.truncate(left);
            left -= count.min(left);
        }
    }
    for face in spare {
        let idle = Dice::new(seed, "spare", face as u64).chance(zoning.density(middles[face]));
        zones[face] = if idle { Zone::Open } else { Zone::Farm };
        blocks[face] = build(face, zones[face]);
    }
    // Too few: fields nearest to the village are built over.
    let mut fields: Vec<usize> = (0..zones.len())
        .filter(|&face| zones[face] == Zone::Farm)
        .collect();
    fields.sort_by(|&a, &b| {
        let score = |face: usize| zoning.density(middles[face]);
        score(b).total_cmp(&score(a)).then(a.cmp(&b))
    });
    for face in fields {
        if left == 0 {
            break;
        }
        zones[face] = Zone::Village;
        blocks[face] = build(face, Zone::Village);
        let count = blocks[face].houses.len();
        blocks[face].houses.truncate(left);
        left -= count.min(left);
    }
    blocks
}

/// Whether people live in a building of a kind.
pub(super) fn is_lived_in(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::OldHouse | Kind::House | Kind::Flats | Kind::Dormitory
    )
}
