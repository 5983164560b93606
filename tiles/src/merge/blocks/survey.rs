//! Surveying a square: which of its ground some features cover.

use geo::Coord;

use super::{
    super::{Sum, middle},
    cover::{Cover, FULL},
    ground::{Ground, WHOLE},
    kinds::{Kind, MOST},
    mosaic::Cell,
    plane::Plane,
    square::{SIDE, SquareId},
};
use crate::{
    Value,
    grid::{GridPoint, Lattice},
    quantise::quantise,
    shape::{Shape, View},
};

/// A square that is being surveyed.
#[derive(Debug)]
pub struct Survey {
    square: SquareId,
    kinds: Vec<(Kind, Cover, Sum)>,
    /// The feature that is being added, on the grid.
    shape: Shape<GridPoint>,
}

impl Survey {
    /// A square with nothing on it.
    pub fn new(square: SquareId) -> Self {
        Self {
            square,
            kinds: Vec::new(),
            shape: Shape::default(),
        }
    }

    /// Adds a feature: where it is, as longitude and latitude in degrees, its kind, and how many
    /// square metres it is large, which is asked where it counts. What has no area covers nothing.
    pub fn add(
        &mut self,
        place: View<'_, Coord<f64>>,
        kind: Option<Value<'_>>,
        m2: impl FnOnce() -> f64,
    ) {
        if place.dimensions() != Some(2) || !quantise(self.square.level, place, &mut self.shape) {
            return;
        }
        let at = self.place(kind);
        let (_, cover, sum) = &mut self.kinds[at];
        let shape = self.shape.view();
        for polygon in shape.polygons() {
            cover.add(&polygon);
        }
        if middle(shape).is_some_and(|middle| cover.holds(middle.xy())) {
            sum.add(Sum {
                count: 1,
                size: (m2() * 1e4).round() as i64,
            });
        }
    }

    fn place(&mut self, kind: Option<Value<'_>>) -> usize {
        // They are few, and mostly the first few.
        if let Some(place) = self.kinds.iter().position(|(known, ..)| *known == kind) {
            return place;
        }
        if self.kinds.len() < MOST {
            let cover = Cover::new(self.square.origin(), SIDE);
            let kind = kind.map(Value::into_owned);
            self.kinds.push((kind, cover, Sum::default()));
        }
        self.kinds.len() - 1
    }

    /// What was found; none where nothing was.
    pub fn finish(mut self) -> Option<Ground> {
        // Whichever feature came first, the kinds are the same and in the same order.
        self.kinds.sort_unstable_by(|(a, ..), (b, ..)| a.cmp(b));
        let mut covered = Plane::of(0, SIDE * SIDE);
        let mut most = Plane::of(0, SIDE * SIDE);
        let mut weight = Plane::of(0, SIDE * SIDE);
        for (at, (_, cover, _)) in (0_u8..).zip(&mut self.kinds) {
            cover.settle();
            let own = cover.cells.iter().map(|&own| own * (WHOLE / FULL));
            let all = covered.iter_mut().zip(most.iter_mut());
            for (((cell, most), weight), own) in all.zip(weight.iter_mut()).zip(own) {
                // Without a branch: many cells are done at once.
                *most = if own > *weight { at } else { *most };
                *weight = own.max(*weight);
                *cell = (*cell + own).min(WHOLE);
            }
        }
        let kinds = self.kinds.into_iter();
        let cells = covered.iter().zip(&*most);
        let cells: Vec<Cell> = cells.map(|(&cover, &most)| Cell { cover, most }).collect();
        Ground::of(&cells, kinds.map(|(kind, _, sum)| (kind, sum)).collect())
    }
}
