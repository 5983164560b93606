//! Which ground a change touched, and which tiles show it.

use yizhangtu_index::{Point, Rect};
use yizhangtu_tiles::{EXTENT, project};

use crate::tiles::LAST_ZOOM;

/// Tiles named in one event at most; beyond that they are named at a lesser zoom.
const MOST_TILES: usize = 64;

/// Units around a tile that its drawing reaches over.
const REACH: i64 = 68;

/// The ground of some features, before and after: rectangles on the lattice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    rects: Vec<Rect>,
}

impl Touched {
    /// Rectangles kept apart; more are joined into one.
    const MOST: usize = 1000;

    /// Adds the ground of one feature.
    pub(crate) fn add(&mut self, rect: Rect) {
        self.rects.push(rect);
        if self.rects.len() > Self::MOST {
            let all = self.bounds();
            self.rects = all.into_iter().collect();
        }
    }

    /// The rectangles.
    pub(crate) fn rects(&self) -> &[Rect] {
        &self.rects
    }

    /// The smallest rectangle around all.
    pub(crate) fn bounds(&self) -> Option<Rect> {
        self.rects.iter().copied().reduce(|all, one| all.join(&one))
    }

    /// The tiles that the ground lies in, at the deepest zoom where they are few: zoom,
    /// column, row.
    pub(crate) fn tiles(&self) -> Vec<[u32; 3]> {
        for z in (0..=LAST_ZOOM).rev() {
            if let Some(tiles) = self.tiles_at(z) {
                return tiles;
            }
        }
        Vec::new()
    }

    fn tiles_at(&self, z: u8) -> Option<Vec<[u32; 3]>> {
        let mut tiles = Vec::new();
        let last = (1_i64 << z) - 1;
        for rect in &self.rects {
            let (Some(west_south), Some(east_north)) = (corner(rect.min, z), corner(rect.max, z))
            else {
                continue;
            };
            let range = |from: i64, to: i64| {
                let tile = |unit: i64| unit.div_euclid(EXTENT).clamp(0, last);
                tile(from - REACH)..=tile(to + REACH)
            };
            let columns = range(west_south.x, east_north.x);
            let rows = range(east_north.y, west_south.y);
            let count = (columns.end() - columns.start() + 1) * (rows.end() - rows.start() + 1);
            if usize::try_from(count).is_ok_and(|count| tiles.len() + count > MOST_TILES * 4) {
                return None;
            }
            for x in columns {
                for y in rows.clone() {
                    let number = |unit| u32::try_from(unit).unwrap_or(0);
                    tiles.push([z.into(), number(x), number(y)]);
                }
            }
        }
        tiles.sort_unstable();
        tiles.dedup();
        (tiles.len() <= MOST_TILES).then_some(tiles)
    }
}

fn corner(at: Point, z: u8) -> Option<yizhangtu_tiles::GridPoint> {
    let coord = geo::Coord {
        x: at.lon(),
        y: at.lat(),
    };
    project(coord, z)
}

/// A rectangle of degrees on the lattice; none where it reaches beyond the world.
pub(crate) fn lattice(rect: geo::Rect<f64>) -> Option<Rect> {
    Some(Rect::of(
        Point::snap(rect.min().x, rect.min().y)?,
        Point::snap(rect.max().x, rect.max().y)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(west: f64, south: f64, east: f64, north: f64) -> Touched {
        let mut touched = Touched::default();
        let corner = |x, y| Point::snap(x, y).expect("a place");
        touched.add(Rect::of(corner(west, south), corner(east, north)));
        touched
    }

    #[test]
    fn a_house_touches_few_tiles_and_a_district_is_named_from_afar() {
        let house = touched(113.59, 23.11, 113.5901, 23.1101).tiles();
        assert!((1..=4).contains(&house.len()), "{house:?}");
        assert!(house.iter().all(|tile| tile[0] == u32::from(LAST_ZOOM)));
        // 113.59° E, 23.11° N at zoom 17.
        assert!(house.contains(&[17, 106_892, 56_884]), "{house:?}");
        let district = touched(113.0, 23.0, 113.5, 23.5).tiles();
        assert!((1..=MOST_TILES).contains(&district.len()));
        assert!(district[0][0] < u32::from(LAST_ZOOM));
        assert!(Touched::default().tiles().is_empty());
    }
}
