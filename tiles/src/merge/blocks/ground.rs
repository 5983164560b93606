//! The ground that areas cover, kept square by square: surveyed from near, and put together from
//! four for each zoom further out.

use super::{
    super::Sum,
    kinds::{HIDDEN, Kind, Kinds},
    mosaic::{Cell, Mosaic},
    square::SIDE,
};
use crate::Value;

/// What a cell holds that is covered all over.
pub(super) const WHOLE: u8 = 64;

/// How much of each cell of a square is covered, and by which kind most; of each kind how many
/// features have their middle in the square, and how large these are.
#[derive(Clone, Debug, PartialEq)]
pub struct Ground {
    pub(super) cells: Mosaic,
    pub(super) kinds: Vec<(Kind, Sum)>,
}

impl Ground {
    /// The ground of a square from that of its [quarters](super::SquareId::quarters); none where
    /// nothing is. Kinds that are not drawn from so far away are left out.
    pub fn of_quarters(
        quarters: [Option<&Self>; 4],
        is_drawn: impl Fn(Option<&Value<'_>>) -> bool,
    ) -> Option<Self> {
        let known = || quarters.iter().copied().flatten();
        let kinds = Kinds::of(known(), is_drawn);
        let mut cells = vec![Cell::default(); SIDE * SIDE];
        let half = SIDE / 2;
        for (at, quarter) in quarters.iter().enumerate() {
            let Some(quarter) = quarter else { continue };
            let seen = quarter.seen(&kinds);
            for y in 0..half {
                let row = ((at / 2) * half + y) * SIDE + (at % 2) * half;
                quarter.halve(y, &seen, &mut cells[row..][..half]);
            }
        }
        Self::of(&cells, kinds.counted(known()))
    }

    /// Ground with something on it.
    pub(super) fn of(cells: &[Cell], kinds: Vec<(Kind, Sum)>) -> Option<Self> {
        let counts = || kinds.iter().any(|(_, sum)| sum.count != 0);
        (cells.iter().any(|cell| cell.cover != 0) || counts()).then(|| Self {
            cells: Mosaic::new(cells),
            kinds,
        })
    }

    /// Its different cells with the places of their kinds among some; of kinds that are hidden
    /// nothing is there.
    pub(super) fn seen(&self, kinds: &Kinds) -> Vec<Cell> {
        let places = kinds.places(self);
        let seen = |cell: &Cell| match places[usize::from(cell.most)] {
            HIDDEN => Cell::default(),
            most => Cell { most, ..*cell },
        };
        self.cells.different.iter().map(seen).collect()
    }

    /// A row of cells twice as large, each of four. What covers any of these is not lost.
    fn halve(&self, y: usize, seen: &[Cell], onto: &mut [Cell]) {
        let mut rows = [[Cell::default(); SIDE]; 2];
        let [north, south] = &mut rows;
        self.cells.read((0, 2 * y), seen, north);
        self.cells.read((0, 2 * y + 1), seen, south);
        let fours = north.chunks_exact(2).zip(south.chunks_exact(2));
        for (cell, (north, south)) in onto.iter_mut().zip(fours) {
            let four = [north[0], north[1], south[0], south[1]];
            let weight = |kind: Option<u8>| -> u16 {
                let same = four
                    .iter()
                    .filter(|own| kind.is_none_or(|kind| own.most == kind));
                same.map(|own| u16::from(own.cover)).sum()
            };
            let sum = weight(None);
            let all = four.iter().filter(|own| own.cover > 0).map(|own| own.most);
            let first = all.max_by_key(|&kind| (weight(Some(kind)), std::cmp::Reverse(kind)));
            if let Some(most) = first {
                let cover = ((sum + 2) / 4).max(1) as u8;
                *cell = Cell { cover, most };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use geo::{Coord, polygon};

    use super::*;
    use crate::{Shape, SquareId, Survey, TileId};

    const HERE: Coord<f64> = Coord { x: 113.4, y: 23.1 };

    fn square(z: u8) -> SquareId {
        let tile = TileId::containing(HERE, z).unwrap();
        let holds = |square: &SquareId| {
            let bounds = square.bounds();
            let (low, high) = (bounds.min(), bounds.max());
            (low.x..high.x).contains(&HERE.x) && (low.y..high.y).contains(&HERE.y)
        };
        SquareId::around(tile).find(holds).unwrap()
    }

    fn houses(count: i32) -> Vec<(Shape<Coord<f64>>, Value<'static>)> {
        let house = |at: i32| {
            let (x, y) = (
                HERE.x + f64::from(at - 30) * 3e-4,
                HERE.y + f64::from(at % 7) * 1e-4,
            );
            let side = 0.8e-4;
            let outline = polygon![
                (x: x, y: y), (x: x + side, y: y), (x: x + side, y: y + side), (x: x, y: y + side)
            ];
            let kind = ["商", "住", "厂"][(at % 3) as usize];
            (Shape::from(&outline.into()), kind.into())
        };
        (0..count).map(house).collect()
    }

    fn surveyed<'h>(
        square: SquareId,
        houses: impl IntoIterator<Item = &'h (Shape<Coord<f64>>, Value<'static>)>,
    ) -> Option<Ground> {
        let mut survey = Survey::new(square);
        for (house, kind) in houses {
            survey.add(house.view(), Some(kind.clone()), || 64.0);
        }
        survey.finish()
    }

    fn cells(ground: &Ground) -> Vec<Cell> {
        let mut cells = vec![Cell::default(); SIDE * SIDE];
        for (y, row) in cells.chunks_exact_mut(SIDE).enumerate() {
            ground.cells.read((0, y), &ground.cells.different, row);
        }
        cells
    }

    fn count(ground: &Ground) -> i64 {
        ground.kinds.iter().map(|(_, sum)| sum.count).sum()
    }

    /// A tile is drawn anew from squares that were kept: they must not remember in which order
    /// features came.
    #[test]
    fn ground_does_not_depend_on_the_order_of_features() {
        let houses = houses(60);
        let forward = surveyed(square(14), &houses);
        assert!(forward.is_some());
        assert_eq!(forward, surveyed(square(14), houses.iter().rev()));
    }

    #[test]
    fn four_quarters_hold_what_they_held_together() {
        let houses = houses(60);
        let quarters = square(13)
            .quarters()
            .map(|quarter| surveyed(quarter, &houses));
        let known = || quarters.iter().flatten();
        assert!(known().count() > 1, "houses lie across a border");
        let whole = Ground::of_quarters(quarters.each_ref().map(Option::as_ref), |_| true).unwrap();
        assert_eq!(count(&whole), known().map(count).sum::<i64>());
        let covered = |ground: &Ground| {
            let cells = cells(ground);
            cells.iter().map(|cell| u32::from(cell.cover)).sum::<u32>()
        };
        let (near, far) = (known().map(covered).sum::<u32>(), 4 * covered(&whole));
        // A quarter of a cell is rounded.
        assert!(near.abs_diff(far) <= 2 * near / 100, "{near} and {far}");
    }

    #[test]
    fn a_kind_that_is_not_drawn_leaves_no_trace() {
        let houses = houses(60);
        let quarters = square(13)
            .quarters()
            .map(|quarter| surveyed(quarter, &houses));
        let known = quarters.each_ref().map(Option::as_ref);
        let living = Value::from("住");
        let rest = Ground::of_quarters(known, |kind| kind != Some(&living)).unwrap();
        assert_eq!(rest.kinds.len(), 2);
        let all = Ground::of_quarters(known, |_| true).unwrap();
        assert!(count(&rest) < count(&all) && rest.cells != all.cells);
        assert_eq!(Ground::of_quarters(known, |_| false), None);
    }

    /// A lone farmhouse is a sixteenth of a cell, and of the one around it again.
    #[test]
    fn what_is_small_is_not_lost_further_out() {
        let mut ground = surveyed(square(14), &houses(31)[30..]).unwrap();
        for _ in 0..10 {
            ground = Ground::of_quarters([Some(&ground), None, None, None], |_| true).unwrap();
            assert!(cells(&ground).iter().any(|cell| cell.cover > 0));
        }
    }
}
