//! Footprints: handshake houses, halls, slabs, schools, and the ground left open.

use geo::Polygon;

use super::{
    blocks::{Block, Open},
    dice::Dice,
    footprints::{courtyard, footprint, pond},
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
    let main = dice.weighted(&[
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
            dice.pick(&[Open::Vegetables, Open::Paddy, Open::Orchard])
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
