//! Dividing a grid into sheets of about a hundred houses.

use geo::{BooleanOps, BoundingRect, MultiPolygon, Rect, coord};
use yizhangtu_index::{Point, degrees_of};

/// Houses that a sheet should hold: what can be numbered legibly on A3 at 1:1000, and what
/// 东华's 15 sheets of 1,495 houses hold.
const HOUSES: usize = 100;

/// How far from the middle a cut may be moved to run through a gap, as a share of the houses.
const SLACK: usize = 10;

/// Divides an area so that each part holds about [`HOUSES`] of the houses, given by their
/// representative points. Each cut runs north–south or east–west, across the longer side,
/// through the widest gap between houses near the middle. A point is in exactly one part.
pub(super) fn divide(
    outline: &MultiPolygon<f64>,
    mut houses: Vec<Point>,
) -> Vec<MultiPolygon<f64>> {
    let parts = ((houses.len() + HOUSES / 2) / HOUSES).max(1);
    let mut found = Vec::new();
    cut(outline.clone(), &mut houses, parts, &mut found);
    found
}

fn cut(
    outline: MultiPolygon<f64>,
    houses: &mut [Point],
    parts: usize,
    found: &mut Vec<MultiPolygon<f64>>,
) {
    let place = (parts > 1)
        .then(|| outline.bounding_rect())
        .flatten()
        .and_then(|bounds| Some((bounds, place(bounds, houses, parts)?)));
    let Some((bounds, place)) = place else {
        found.push(outline);
        return;
    };
    let (low, high) = place.halves(bounds);
    let (before, after) = houses.split_at_mut(place.first);
    cut(
        outline.intersection(&low.to_polygon()),
        before,
        place.parts,
        found,
    );
    cut(
        outline.intersection(&high.to_polygon()),
        after,
        parts - place.parts,
        found,
    );
}

/// Where an area is cut.
struct Place {
    /// Whether the cut runs north to south, at a longitude.
    upright: bool,
    degrees: f64,
    /// Houses before it, and sheets that they make.
    first: usize,
    parts: usize,
}

impl Place {
    fn halves(&self, bounds: Rect<f64>) -> (Rect<f64>, Rect<f64>) {
        // Wider than the area, so that only the cut is an edge of the window.
        let (min, max) = (
            bounds.min() - coord! { x: 1e-3, y: 1e-3 },
            bounds.max() + coord! { x: 1e-3, y: 1e-3 },
        );
        let at = self.degrees;
        if self.upright {
            let low = Rect::new(min, coord! { x: at, y: max.y });
            (low, Rect::new(coord! { x: at, y: min.y }, max))
        } else {
            // Sheets are numbered from the north.
            let low = Rect::new(min, coord! { x: max.x, y: at });
            (Rect::new(coord! { x: min.x, y: at }, max), low)
        }
    }
}

/// The widest gap near the place that shares the houses out; none where all stand in a line.
fn place(bounds: Rect<f64>, houses: &mut [Point], parts: usize) -> Option<Place> {
    let (east, north) = degrees_of(1.0, bounds.center().y);
    let upright = bounds.width() / east >= bounds.height() / north;
    let along = |house: &Point| if upright { house.lon() } else { -house.lat() };
    houses.sort_by(|a, b| along(a).total_cmp(&along(b)));
    let share = parts / 2;
    let middle = houses.len() * share / parts;
    let slack = houses.len() / SLACK;
    let near = middle.saturating_sub(slack).max(1)..=(middle + slack).min(houses.len() - 1);
    let gap = |first: usize| along(&houses[first]) - along(&houses[first - 1]);
    let first = near.max_by(|&a, &b| gap(a).total_cmp(&gap(b)))?;
    if gap(first) <= 0.0 {
        return None;
    }
    let degrees = f64::midpoint(along(&houses[first - 1]), along(&houses[first]));
    Some(Place {
        upright,
        degrees: if upright { degrees } else { -degrees },
        first,
        parts: share,
    })
}

#[cfg(test)]
mod tests {
    use geo::{Area as _, Contains, polygon};
    use proptest::prelude::*;

    use super::*;

    fn grid() -> MultiPolygon<f64> {
        // A bend, so that a cut makes parts of parts.
        MultiPolygon(vec![polygon![
            (x: 113.0, y: 23.0), (x: 113.02, y: 23.0), (x: 113.02, y: 23.01),
            (x: 113.005, y: 23.01), (x: 113.005, y: 23.02), (x: 113.0, y: 23.02)
        ]])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_house_is_on_one_sheet_and_the_sheets_are_the_grid(
            places in prop::collection::vec((0.0..0.02_f64, 0.0..0.02_f64), 0..700)
        ) {
            let outline = grid();
            let inside = |&(x, y): &(f64, f64)| outline.contains(&geo::Point::new(113.0 + x, 23.0 + y));
            let houses: Vec<Point> = places.iter().filter(|place| inside(place))
                .map(|(x, y)| Point::snap(113.0 + x, 23.0 + y).unwrap()).collect();
            let sheets = divide(&outline, houses.clone());
            let held: Vec<usize> = sheets.iter().map(|sheet| houses.iter()
                .filter(|house| sheet.contains(&geo::Point::new(house.lon(), house.lat()))).count()).collect();
            prop_assert_eq!(held.iter().sum::<usize>(), houses.len());
            prop_assert!(held.iter().all(|&held| held <= 160), "{:?}", held);
            let area: f64 = sheets.iter().map(|sheet| sheet.unsigned_area()).sum();
            // As exact as the cutting is, which works on a grid of 2³⁰ over the area.
            prop_assert!((area / outline.unsigned_area() - 1.0).abs() < 1e-7);
        }
    }

    #[test]
    fn an_empty_grid_is_one_sheet_and_a_heap_of_houses_is_not_cut() {
        assert_eq!(divide(&grid(), Vec::new()).len(), 1);
        let heap = vec![Point::snap(113.002, 23.002).unwrap(); 500];
        assert_eq!(divide(&grid(), heap).len(), 1);
    }
}
