//! The cells of a square, each told by its place among those that differ.

use super::{ground::WHOLE, kinds::MOST, square::SIDE};

/// What a cell holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// How much of it is covered, up to [`WHOLE`].
    pub(super) cover: u8,
    /// The place of the kind that there is most of.
    pub(super) most: u8,
}

/// How many cells can differ.
const DIFFERENT: usize = (WHOLE as usize + 1) * (MOST + 1);

impl Cell {
    /// Its place among all that there can be.
    fn place(self) -> usize {
        usize::from(self.cover) * (MOST + 1) + usize::from(self.most)
    }
}

/// Cells of [`SIDE`] rows and columns. In most squares few differ, so that each takes a byte.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mosaic {
    /// Those that differ, in their order.
    pub(super) different: Vec<Cell>,
    /// Row by row, which of them.
    pub(super) places: Places,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Places {
    Few(Box<[u8]>),
    Many(Box<[u16]>),
}

impl Mosaic {
    /// All cells of a square, row by row.
    pub(super) fn new(cells: &[Cell]) -> Self {
        let mut places = vec![0_u16; DIFFERENT];
        cells.iter().for_each(|cell| places[cell.place()] = 1);
        let mut different = Vec::new();
        for cover in 0..=WHOLE {
            let row = usize::from(cover) * (MOST + 1);
            for (most, place) in (0_u8..).zip(&mut places[row..=row + MOST]) {
                if std::mem::replace(place, different.len() as u16) == 1 {
                    different.push(Cell { cover, most });
                }
            }
        }
        let of = |cell: &Cell| places[cell.place()];
        let places = if different.len() <= 1 << 8 {
            Places::Few(cells.iter().map(|cell| of(cell) as u8).collect())
        } else {
            Places::Many(cells.iter().map(of).collect())
        };
        Self { different, places }
    }

    /// Of cells in a row, from a column on, what the table says of each: it has a word for each of
    /// those that differ.
    pub(super) fn read<T: Copy>(&self, (x, y): (usize, usize), table: &[T], onto: &mut [T]) {
        let row = y * SIDE + x..y * SIDE + x + onto.len();
        match &self.places {
            Places::Few(places) => look_up(&places[row], table, onto),
            Places::Many(places) => look_up(&places[row], table, onto),
        }
    }
}

fn look_up<P: Copy + Into<usize>, T: Copy>(places: &[P], table: &[T], onto: &mut [T]) {
    for (own, &place) in onto.iter_mut().zip(places) {
        *own = table[place.into()];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(of: impl Fn(usize) -> Cell) {
        let cells: Vec<Cell> = (0..SIDE * SIDE).map(of).collect();
        let mosaic = Mosaic::new(&cells);
        let mut row = [Cell::default(); 5];
        for (at, own) in cells.chunks_exact(SIDE).enumerate() {
            mosaic.read((7, at), &mosaic.different, &mut row);
            assert_eq!(row, own[7..12]);
        }
    }

    #[test]
    fn every_cell_comes_back() {
        let cell = |at: usize, kinds: usize| Cell {
            cover: (at % 65) as u8,
            most: (at % kinds) as u8,
        };
        laid(|at| cell(at, 3));
        // More than a byte tells apart.
        laid(|at| cell(at, 249));
        laid(|_| cell(0, 1));
    }
}
