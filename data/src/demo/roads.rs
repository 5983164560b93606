//! Roads: streamlines of a smooth field of directions that cut the village into
//! blocks, the widest first.

use std::f64::consts::FRAC_PI_2;

use super::{
    cuts::{cut, go_on},
    dice::{Dice, Noise},
    mesh::{Along, Ground, Mesh, Point, area, centroid},
    zoning::Zoning,
};

/// The directions that roads follow: smooth, so that roads wind but neighbours agree.
#[derive(Clone, Debug)]
pub(super) struct Field {
    base: f64,
    broad: Noise,
    middle: Noise,
    fine: Noise,
}

impl Field {
    /// The field of a village.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            base: Dice::new(seed, "field", 0).between(0.0, FRAC_PI_2),
            broad: Noise::new(seed, "field broad", 1100.0),
            middle: Noise::new(seed, "field middle", 340.0),
            fine: Noise::new(seed, "field fine", 95.0),
        }
    }

    /// The angle from east at a place, in radians; roads follow it or cross it squarely.
    pub(super) fn at(&self, place: Point) -> f64 {
        self.base
            + 0.85 * self.broad.at(place)
            + 0.42 * self.middle.at(place)
            + 0.13 * self.fine.at(place)
    }
}

/// A bridge over the stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bridge {
    /// The cut whose road it carries on.
    pub(super) cut: u32,
    pub(super) along: Along,
    pub(super) ends: [Point; 2],
}

/// Cuts the whole village into blocks of the sizes that its zoning asks for; the bridges.
pub(super) fn lay(
    mesh: &mut Mesh,
    field: &Field,
    zoning: &Zoning,
    seed: u64,
    cuts: &mut u32,
) -> Vec<Bridge> {
    let mut bridges = Vec::new();
    let total: f64 = area(&zoning.outline);
    // Widest first: a queue, so that the great roads run before small ones are in the way.
    let count = u32::try_from(mesh.faces.len()).expect("few faces");
    let mut queue: std::collections::VecDeque<u32> = (0..count).collect();
    while let Some(face) = queue.pop_front() {
        let ground = mesh.grounds[face as usize];
        if ground == Ground::Stream {
            continue;
        }
        let corners = mesh.corners(face);
        let size = area(&corners);
        let middle = centroid(&corners);
        let goal = zoning.block_area(middle, ground);
        let mut dice = Dice::new(seed, "cut", u64::from(*cuts) << 20 | u64::from(face));
        if size < goal * dice.between(1.15, 1.8) {
            continue;
        }
        let along = class(size, total, ground, zoning.is_field(middle), &mut dice);
        let step = if along >= Along::Branch { 18.0 } else { 11.0 };
        for attempt in 0..9 {
            let Some((new, banks)) = cut(
                mesh, face, &corners, field, along, step, attempt, &mut dice, *cuts,
            ) else {
                continue;
            };
            let road = *cuts;
            *cuts += 1;
            queue.push_back(face);
            queue.push_back(new);
            // Roads of rank go on over the water.
            for (end, heading) in banks {
                if along < Along::Branch || (along == Along::Branch && dice.chance(0.5)) {
                    continue;
                }
                if let Some((far, beyond)) = go_on(mesh, field, along, end, heading, *cuts) {
                    *cuts += 1;
                    bridges.push(Bridge {
                        cut: road,
                        along,
                        ends: [end, far],
                    });
                    queue.push_back(beyond);
                }
            }
            break;
        }
    }
    bridges
}

fn class(size: f64, total: f64, ground: Ground, tilled: bool, dice: &mut Dice) -> Along {
    if ground == Ground::Hill {
        return if size > 600_000.0 && dice.chance(0.5) {
            Along::Lane
        } else {
            Along::Ridge
        };
    }
    if size > (total * 0.085).max(480_000.0) {
        Along::Trunk
    } else if size > 210_000.0 {
        Along::Secondary
    } else if size > 46_000.0 {
        Along::Branch
    } else if tilled && size < 24_000.0 {
        Along::Ridge
    } else {
        Along::Lane
    }
}
