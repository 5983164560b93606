//! Footprints: handshake houses, halls, slabs, schools, and the ground left open.

use geo::{BooleanOps, Polygon};

use super::{
    blocks::{Block, Open},
    dice::Dice,
    lots::{Lots, Pattern, clip, cut, extent, from_polygon, to_polygon, turn},
    mesh::{Point, area, centroid},
    zoning::Zone,
};

/// What a building is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Village house of the old core.
    OldHouse,
    /// Handshake house, mostly let by the room.
    House,
    /// Flats.
    Flats,
    /// Ancestral hall.
    Hall,
    /// Factory hall.
    Factory,
    /// Warehouse.
    Warehouse,
    /// Workers' dormitory.
    Dormitory,
    /// Shops, market, hotel.
    Shops,
    /// School building.
    School,
}

/// A building as drawn, in the village's metres.
#[derive(Clone, Debug)]
pub(super) struct House {
    pub(super) face: u32,
    pub(super) kind: Kind,
    pub(super) footprint: Polygon<f64>,
    pub(super) middle: Point,
}

/// Fills a part of a block.
pub(super) fn fill(
    block: &mut Block,
    face: u32,
    zone: Zone,
    ring: &[Point],
    direction: f64,
    dice: &mut Dice,
) {
    match zone {
        Zone::Core => core(block, face, ring, direction, dice),
        Zone::Village => {
            let pattern = Pattern {
                lot: [dice.between(10.0, 13.0), dice.between(11.8, 15.8)],
                gap: [0.8, 1.7],
                alley: [2.0, 3.4],
                alley_from: 4.5,
                jitter: 0.14,
            };
            let lots = cut(ring, direction, &pattern, dice);
            place(block, face, lots, direction, dice, Kind::House, 0.6);
        }
        Zone::Estate => {
            let pattern = Pattern {
                lot: [dice.between(46.0, 62.0), dice.between(27.0, 33.0)],
                gap: [6.0, 9.0],
                alley: [7.0, 10.0],
                alley_from: 3.0,
                jitter: 0.08,
            };
            let lots = cut(ring, direction, &pattern, dice);
            slabs(block, face, lots, direction, dice);
        }
        Zone::Works => works(block, face, ring, direction, dice),
        Zone::Logistics => {
            let pattern = Pattern {
                lot: [dice.between(75.0, 120.0), dice.between(42.0, 70.0)],
                gap: [14.0, 24.0],
                alley: [18.0, 28.0],
                alley_from: 2.0,
                jitter: 0.05,
            };
            let lots = cut(ring, direction, &pattern, dice);
            place(block, face, lots, direction, dice, Kind::Warehouse, 5.0);
        }
        Zone::Commerce => {
            let pattern = Pattern {
                lot: [dice.between(24.0, 38.0), dice.between(18.0, 28.0)],
                gap: [2.5, 5.0],
                alley: [5.0, 8.0],
                alley_from: 4.0,
                jitter: 0.12,
            };
            let lots = cut(ring, direction, &pattern, dice);
            place(block, face, lots, direction, dice, Kind::Shops, 1.2);
        }
        Zone::School => school(block, face, ring, direction, dice),
        Zone::Farm => fields(block, face, ring, direction, dice),
        Zone::Park => {
            let kind = if area(ring) < 6000.0 {
                Open::PocketPark
            } else {
                Open::Park
            };
            block.open.push((kind, to_polygon(ring)));
        }
        Zone::Open => block.open.push((Open::Yard, to_polygon(ring))),
        Zone::Forest | Zone::Stream => {}
    }
}

fn core(block: &mut Block, face: u32, ring: &[Point], direction: f64, dice: &mut Dice) {
    let pattern = Pattern {
        lot: [dice.between(8.0, 9.8), dice.between(9.6, 12.4)],
        gap: [0.8, 1.4],
        alley: [1.6, 2.6],
        alley_from: 3.5,
        jitter: 0.2,
    };
    // Every third core block keeps its hall, with the square and the pond before it.
    if area(ring) < 1800.0 || !dice.chance(0.3) {
        let lots = cut(ring, direction, &pattern, dice);
        place(block, face, lots, direction, dice, Kind::OldHouse, 0.5);
        return;
    }
    let local: Vec<Point> = ring.iter().map(|&p| turn(p, -direction)).collect();
    let (low, high) = extent(&local);
    let axis = usize::from(high[1] - low[1] > high[0] - low[0]);
    let span = high[axis] - low[axis];
    let at = [0.0, 0.24, 0.42, 0.68, 1.0].map(|share: f64| low[axis] + span * share);
    for strip in 0..4 {
        for upper in clip(&local, axis, at[strip + 1] - 0.8, true) {
            for piece in clip(&upper, axis, at[strip] + 0.8, false) {
                let piece: Vec<Point> = piece.iter().map(|&p| turn(p, direction)).collect();
                if area(&piece) < 60.0 {
                    continue;
                }
                match strip {
                    0 => block.open.push((Open::VillagePond, pond(&piece))),
                    1 => block.open.push((Open::Square, to_polygon(&piece))),
                    2 => {
                        let halls = Pattern {
                            lot: [dice.between(15.0, 19.0), dice.between(22.0, 30.0)],
                            gap: [1.2, 2.0],
                            ..pattern
                        };
                        let lots = cut(&piece, direction, &halls, dice);
                        place(block, face, lots, direction, dice, Kind::Hall, 0.8);
                    }
                    _ => {
                        let lots = cut(&piece, direction, &pattern, dice);
                        place(block, face, lots, direction, dice, Kind::OldHouse, 0.5);
                    }
                }
            }
        }
    }
}

/// A pond with round banks inside a piece of land (Chaikin's corner cutting).
fn pond(ring: &[Point]) -> Polygon<f64> {
    let middle = centroid(ring);
    let mut shape: Vec<Point> = ring
        .iter()
        .map(|p| {
            [
                middle[0] + (p[0] - middle[0]) * 0.93,
                middle[1] + (p[1] - middle[1]) * 0.93,
            ]
        })
        .collect();
    for _ in 0..3 {
        let mut next = Vec::with_capacity(shape.len() * 2);
        for k in 0..shape.len() {
            let (p, q) = (shape[k], shape[(k + 1) % shape.len()]);
            for share in [0.25, 0.75] {
                next.push([p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share]);
            }
        }
        shape = next;
    }
    to_polygon(&super::roads::simplify_ring(&shape, 0.12))
}

fn works(block: &mut Block, face: u32, ring: &[Point], direction: f64, dice: &mut Dice) {
    let pattern = Pattern {
        lot: [dice.between(38.0, 64.0), dice.between(26.0, 44.0)],
        gap: [5.0, 9.0],
        alley: [8.0, 14.0],
        alley_from: 3.0,
        jitter: 0.12,
    };
    let lots = cut(ring, direction, &pattern, dice);
    let mut halls = Lots::default();
    for lot in lots.lots {
        if dice.chance(0.16) {
            // A lot for the workers: two or three narrow buildings.
            let dormitories = Pattern {
                lot: [dice.between(11.0, 14.0), dice.between(28.0, 36.0)],
                gap: [4.0, 6.0],
                alley: [4.0, 6.0],
                alley_from: 9.0,
                jitter: 0.05,
            };
            let lots = cut(&lot, direction, &dormitories, dice);
            place(block, face, lots, direction, dice, Kind::Dormitory, 0.8);
        } else {
            halls.lots.push(lot);
        }
    }
    halls.alleys = lots.alleys;
    place(block, face, halls, direction, dice, Kind::Factory, 3.0);
}

fn school(block: &mut Block, face: u32, ring: &[Point], direction: f64, dice: &mut Dice) {
    let local: Vec<Point> = ring.iter().map(|&p| turn(p, -direction)).collect();
    let (low, high) = extent(&local);
    let axis = usize::from(high[1] - low[1] > high[0] - low[0]);
    let at = low[axis] + (high[axis] - low[axis]) * dice.between(0.36, 0.48);
    for piece in clip(&local, axis, at - 4.0, true) {
        let piece: Vec<Point> = piece.iter().map(|&p| turn(p, direction)).collect();
        block.open.push((Open::Playground, to_polygon(&piece)));
    }
    for piece in clip(&local, axis, at + 4.0, false) {
        let piece: Vec<Point> = piece.iter().map(|&p| turn(p, direction)).collect();
        let pattern = Pattern {
            lot: [dice.between(40.0, 52.0), dice.between(24.0, 30.0)],
            gap: [7.0, 10.0],
            alley: [9.0, 12.0],
            alley_from: 9.0,
            jitter: 0.08,
        };
        let lots = cut(&piece, direction, &pattern, dice);
        for lot in lots.lots {
            if let Some(shape) = footprint(&lot, direction, dice, 2.0, 260.0) {
                let shape = if dice.chance(0.6) {
                    courtyard(&shape, direction, dice)
                } else {
                    shape
                };
                push(block, face, Kind::School, shape);
            }
        }
    }
}

fn fields(block: &mut Block, face: u32, ring: &[Point], direction: f64, dice: &mut Dice) {
    let pattern = Pattern {
        lot: [dice.between(16.0, 34.0), dice.between(60.0, 110.0)],
        gap: [0.5, 0.9],
        alley: [1.5, 2.5],
        alley_from: 4.0,
        jitter: 0.22,
    };
    let main = *dice.weighted(&[
        (Open::Vegetables, 4),
        (Open::Paddy, 3),
        (Open::Orchard, 3),
        (Open::FishPond, 2),
    ]);
    for lot in cut(ring, direction, &pattern, dice).lots {
        if area(&lot) < 90.0 {
            continue;
        }
        let kind = if dice.chance(0.78) {
            main
        } else {
            *dice.pick(&[Open::Vegetables, Open::Paddy, Open::Orchard])
        };
        let shape = if kind == Open::FishPond {
            pond(&lot)
        } else {
            to_polygon(&lot)
        };
        block.open.push((kind, shape));
    }
    let _ = face;
}

fn slabs(block: &mut Block, face: u32, lots: Lots, direction: f64, dice: &mut Dice) {
    for lot in lots.lots {
        let local: Vec<Point> = lot.iter().map(|&p| turn(p, -direction)).collect();
        let (low, high) = extent(&local);
        let axis = usize::from(high[1] - low[1] <= high[0] - low[0]);
        let middle = f64::midpoint(low[axis], high[axis]);
        let half = dice.between(6.2, 7.6);
        for band in clip(&local, axis, middle + half, true) {
            for band in clip(&band, axis, middle - half, false) {
                let band: Vec<Point> = band.iter().map(|&p| turn(p, direction)).collect();
                if let Some(shape) = footprint(&band, direction, dice, 0.2, 240.0) {
                    push(block, face, Kind::Flats, shape);
                }
            }
        }
    }
    block.alleys.extend(lots.alleys);
}

fn place(
    block: &mut Block,
    face: u32,
    lots: Lots,
    direction: f64,
    dice: &mut Dice,
    kind: Kind,
    setback: f64,
) {
    let least = match kind {
        Kind::OldHouse => 38.0,
        Kind::House => 52.0,
        Kind::Hall => 120.0,
        Kind::Dormitory => 90.0,
        Kind::Shops => 110.0,
        _ => 300.0,
    };
    for lot in lots.lots {
        if let Some(shape) = footprint(&lot, direction, dice, setback, least) {
            push(block, face, kind, shape);
        }
    }
    block.alleys.extend(lots.alleys);
}

fn push(block: &mut Block, face: u32, kind: Kind, shape: Polygon<f64>) {
    let ring = from_polygon(&shape);
    block.houses.push(House {
        face,
        kind,
        middle: centroid(&ring),
        footprint: shape,
    });
}

/// A footprint on a lot: set back on every side, and at times with a corner or a light
/// well cut out; none where the lot is too small or too thin.
fn footprint(
    lot: &[Point],
    direction: f64,
    dice: &mut Dice,
    setback: f64,
    least: f64,
) -> Option<Polygon<f64>> {
    let mut ring: Vec<Point> = lot.iter().map(|&p| turn(p, -direction)).collect();
    let (low, high) = extent(&ring);
    for axis in 0..2 {
        for below in [true, false] {
            let back = dice.unit() * dice.unit() * setback;
            let limit = if below {
                high[axis] - back
            } else {
                low[axis] + back
            };
            ring = clip(&ring, axis, limit, below)
                .into_iter()
                .max_by(|a, b| area(a).total_cmp(&area(b)))?;
        }
    }
    ring = super::roads::simplify_ring(&ring, 0.15);
    let (low, high) = extent(&ring);
    let size = [high[0] - low[0], high[1] - low[1]];
    let thin = size[0].min(size[1]) < (least.sqrt() * 0.62);
    if ring.len() < 3 || area(&ring) < least || thin || area(&ring) < 0.52 * size[0] * size[1] {
        return None;
    }
    // Walls must not meet in needles.
    let blunt = (0..ring.len()).all(|k| {
        let (a, b, c) = (
            ring[(k + ring.len() - 1) % ring.len()],
            ring[k],
            ring[(k + 1) % ring.len()],
        );
        let (p, q) = (super::mesh::sub(a, b), super::mesh::sub(c, b));
        super::mesh::cross(p, q).abs().atan2(super::mesh::dot(p, q)) > 0.6
    });
    if !blunt {
        return None;
    }
    let shape = notch(&ring, low, size, dice);
    let ring: Vec<Point> = shape.iter().map(|&p| turn(p, direction)).collect();
    Some(to_polygon(&ring))
}

fn notch(ring: &[Point], low: Point, size: Point, dice: &mut Dice) -> Vec<Point> {
    let throw = dice.unit();
    let (wide, deep, at) = if throw < 0.2 {
        // An L: a corner left open.
        let corner = [
            f64::from(u8::from(dice.chance(0.5))),
            f64::from(u8::from(dice.chance(0.5))),
        ];
        let share = [dice.between(0.25, 0.48), dice.between(0.25, 0.48)];
        let at = [0, 1].map(|axis| low[axis] + corner[axis] * size[axis] * (1.0 - share[axis]));
        (size[0] * share[0], size[1] * share[1], at)
    } else if throw < 0.34 {
        // A light well in one side.
        let (wide, deep) = (dice.between(1.4, 2.6), dice.between(1.6, 3.2));
        let along = dice.between(0.3, 0.55);
        let side = if dice.chance(0.5) {
            low[1]
        } else {
            low[1] + size[1] - deep
        };
        (wide, deep, [low[0] + size[0] * along, side])
    } else {
        return ring.to_vec();
    };
    let frame = [
        [at[0] - 0.01, at[1] - 0.01],
        [at[0] + wide + 0.01, at[1] - 0.01],
        [at[0] + wide + 0.01, at[1] + deep + 0.01],
        [at[0] - 0.01, at[1] + deep + 0.01],
    ];
    let rest = to_polygon(ring).difference(&to_polygon(&frame));
    match rest.0.as_slice() {
        [whole] if whole.interiors().is_empty() => {
            let cut = super::roads::simplify_ring(&from_polygon(whole), 0.05);
            if area(&cut) > 0.6 * area(ring) {
                cut
            } else {
                ring.to_vec()
            }
        }
        _ => ring.to_vec(),
    }
}

/// A U about a court, for schools.
fn courtyard(shape: &Polygon<f64>, direction: f64, dice: &mut Dice) -> Polygon<f64> {
    let ring: Vec<Point> = from_polygon(shape)
        .iter()
        .map(|&p| turn(p, -direction))
        .collect();
    let (low, high) = extent(&ring);
    let size = [high[0] - low[0], high[1] - low[1]];
    if size[0] < 26.0 || size[1] < 18.0 {
        return shape.clone();
    }
    let wing = dice.between(7.5, 9.5);
    let court = [
        [low[0] + wing, low[1] + wing],
        [high[0] - wing, low[1] + wing],
        [high[0] - wing, high[1] + 1.0],
        [low[0] + wing, high[1] + 1.0],
    ];
    let rest = to_polygon(&ring).difference(&to_polygon(&court));
    match rest.0.as_slice() {
        [whole] if whole.interiors().is_empty() => {
            let ring: Vec<Point> = from_polygon(whole)
                .iter()
                .map(|&p| turn(p, direction))
                .collect();
            to_polygon(&ring)
        }
        _ => shape.clone(),
    }
}
