//! Cutting polygons: the outlines' stretches inside, joined along the window's edge.
//!
//! Exteriors run with the inside on one hand and holes with it on the same hand, so the
//! stretch that leaves the window is followed, along the window's edge in its own
//! direction, by the next stretch that enters. Each loop found so is an outer ring of the
//! result; holes that lie wholly inside stay holes. A shape cut into several parts comes
//! out as several polygons, none with doubled edges.

use super::{
    Lie, Window,
    line::{Chain, Crossing},
};
use crate::{
    grid::{GridPoint, Lattice, TilePoint},
    ring::{self, Turn},
    shape::{Kind, Polygon, Shape},
};

impl Window {
    /// Adds the parts of a polygon within the window.
    pub(super) fn clip_polygon(
        &self,
        polygon: &Polygon<'_, GridPoint>,
        onto: &mut Shape<TilePoint>,
    ) {
        match self.lie(polygon.exterior) {
            Lie::Outside => {}
            Lie::Inside => {
                self.keep(Kind::Exterior, polygon.exterior, onto);
                (polygon.holes.iter()).for_each(|hole| self.keep(Kind::Hole, hole, onto));
            }
            Lie::Across => self.cut_polygon(polygon, onto),
        }
    }

    fn cut_polygon(&self, polygon: &Polygon<'_, GridPoint>, onto: &mut Shape<TilePoint>) {
        // The corner is on no vertex; it stands for the window where no outline crosses it.
        let covers = |outline: &[GridPoint]| ring::contains(&doubled(outline), self.probe());
        let mut chains = Vec::new();
        let mut holes = Vec::new();
        self.ring_chains(polygon.exterior, &mut chains);
        let crossed = !chains.is_empty();
        for hole in &polygon.holes {
            match self.lie(hole) {
                Lie::Outside => {}
                Lie::Inside => holes.push(*hole),
                Lie::Across => {
                    let before = chains.len();
                    self.ring_chains(hole, &mut chains);
                    if chains.len() == before && covers(hole) {
                        return;
                    }
                }
            }
        }
        let mut exteriors = Vec::new();
        if chains.is_empty() {
            if !crossed && covers(polygon.exterior) {
                exteriors.push((0..4).map(|side| self.corner(side)).collect());
            }
        } else {
            self.join(&chains, &mut exteriors);
            if self.is_too_much(&exteriors, polygon) {
                self.cut_each_ring(polygon, onto);
                return;
            }
        }
        let parts: Vec<Vec<TilePoint>> = (exteriors.into_iter())
            .filter_map(|exterior| ring::tidy(exterior, Turn::Positive))
            .collect();
        let home = |hole: &[GridPoint]| {
            let is_in = |part: &Vec<TilePoint>| {
                let inside = |point: &GridPoint| ring::contains(part, self.local(point.xy()).xy());
                hole.iter().any(inside)
            };
            match &parts[..] {
                [_] => Some(0),
                parts => parts.iter().position(is_in),
            }
        };
        let homes: Vec<Option<usize>> = holes.iter().map(|hole| home(hole)).collect();
        for (at, part) in parts.iter().enumerate() {
            onto.add(Kind::Exterior, part.iter().copied());
            for (hole, _) in (holes.iter().zip(&homes)).filter(|(_, home)| **home == Some(at)) {
                self.keep(Kind::Hole, hole, onto);
            }
        }
    }

    /// Whether rings hold more ground than the polygon that they come from. An outline that
    /// crosses itself, in the data or by the rounding to the grid, can close around the wrong
    /// side of the window, and a sliver then fills the tile.
    fn is_too_much(&self, rings: &[Vec<TilePoint>], polygon: &Polygon<'_, GridPoint>) -> bool {
        let ground = |area: i128| area.unsigned_abs();
        let found: u128 = rings
            .iter()
            .map(|ring| ground(ring::doubled_area(ring)))
            .sum();
        // Crossings are placed a unit outside of the window.
        let (width, height) = (self.high.0 - self.low.0 + 2, self.high.1 - self.low.1 + 2);
        let slack = 4 * (width + height).unsigned_abs();
        found > ground(ring::doubled_area(polygon.exterior)) + u128::from(slack)
    }

    /// Adds a polygon cut ring by ring: right whatever its outlines do to themselves, with doubled
    /// edges along the window where it falls apart.
    fn cut_each_ring(&self, polygon: &Polygon<'_, GridPoint>, onto: &mut Shape<TilePoint>) {
        let Some(exterior) = ring::tidy(self.cut_ring(polygon.exterior), Turn::Positive) else {
            return;
        };
        onto.add(Kind::Exterior, exterior);
        let holes = (polygon.holes.iter())
            .filter_map(|hole| ring::tidy(self.cut_ring(hole), Turn::Negative));
        holes.for_each(|hole| onto.add(Kind::Hole, hole));
    }

    /// A ring cut at each side of the window in turn (Sutherland and Hodgman, 1974).
    fn cut_ring(&self, ring: &[GridPoint]) -> Vec<TilePoint> {
        type Place = (i64, i64);
        let flip = |(x, y): Place| (y, x);
        let mut points: Vec<Place> = ring.iter().map(|point| point.xy()).collect();
        for (low, high) in [
            (self.low.0 - 1, self.high.0 + 1),
            (self.low.1 - 1, self.high.1 + 1),
        ] {
            for (bound, sign) in [(low, 1), (high, -1)] {
                let within = |point: Place| sign * (point.0 - bound) >= 0;
                let mut kept = Vec::with_capacity(points.len());
                let mut before = points.last().copied();
                for &point in &points {
                    if let Some(before) = before
                        && within(before) != within(point)
                    {
                        kept.push((bound, along(before, point, bound)));
                    }
                    if within(point) {
                        kept.push(point);
                    }
                    before = Some(point);
                }
                points = kept;
            }
            // The second round cuts the other way; after it all stand as they were.
            points = points.into_iter().map(flip).collect();
        }
        points.into_iter().map(|point| self.local(point)).collect()
    }

    /// Twice the coordinates of the window's north-west corner.
    fn probe(&self) -> (i64, i64) {
        (2 * self.low.0 - 1, 2 * self.low.1 - 1)
    }

    /// The stretches of a ring that crosses the window's edge, each with both crossings.
    fn ring_chains(&self, ring: &[GridPoint], chains: &mut Vec<Chain>) {
        // Begun outside, so that no stretch is cut where the ring begins.
        let Some(start) = ring.iter().position(|point| !self.holds(point.xy())) else {
            return;
        };
        let closed: Vec<GridPoint> = ring[start..]
            .iter()
            .chain(&ring[..=start])
            .copied()
            .collect();
        chains.extend(self.chains(&closed));
    }

    /// Joins stretches along the window's edge to closed rings.
    fn join(&self, chains: &[Chain], rings: &mut Vec<Vec<TilePoint>>) {
        let mut ends: Vec<(Crossing, Crossing, &Chain)> = chains
            .iter()
            .filter_map(|chain| Some((chain.entry?, chain.exit?, chain)))
            .collect();
        ends.sort_by(|a, b| a.0.compare(b.0));
        let count = ends.len();
        let mut used = vec![false; count];
        for start in 0..count {
            if used[start] {
                continue;
            }
            let mut ring = Vec::new();
            let mut at = start;
            loop {
                used[at] = true;
                let (entry, exit, chain) = &ends[at];
                ring.push(self.place(*entry));
                ring.extend(chain.points.iter().map(|point| self.local(point.xy())));
                ring.push(self.place(*exit));
                let after = ends.partition_point(|(entry, ..)| entry.compare(*exit).is_lt());
                // Of a valid polygon the first is free or the start; an outline that
                // crosses itself may have taken it.
                let next = (0..count)
                    .map(|step| (after + step) % count)
                    .find(|&next| next == start || !used[next])
                    .unwrap_or(start);
                self.push_corners(*exit, ends[next].0, &mut ring);
                if next == start {
                    break;
                }
                at = next;
            }
            rings.push(ring);
        }
    }

    /// The corners passed from one place on the window's edge to another.
    fn push_corners(&self, from: Crossing, to: Crossing, ring: &mut Vec<TilePoint>) {
        let mut corners = (4 + to.side - from.side) % 4;
        if corners == 0 && to.compare(from).is_lt() {
            corners = 4;
        }
        ring.extend((0..corners).map(|step| self.corner((from.side + step) % 4)));
    }
}

/// Where an edge is on its second axis when its first is at a bound between its ends.
fn along(from: (i64, i64), to: (i64, i64), bound: i64) -> i64 {
    let run = i128::from(to.0 - from.0);
    let rise = i128::from(to.1 - from.1) * i128::from(bound - from.0);
    from.1 + i64::try_from(rise / run).expect("between the ends of an edge")
}

fn doubled(ring: &[GridPoint]) -> Vec<GridPoint> {
    ring.iter()
        .map(|point| GridPoint {
            x: 2 * point.x,
            y: 2 * point.y,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{TileId, grid::Level, quantise::quantise};

    const BUFFER: i64 = 64;

    fn window() -> Window {
        Window::new(TileId::new(1, 0, 0).unwrap(), BUFFER)
    }

    fn ring(points: &[(i64, i64)]) -> Vec<GridPoint> {
        points.iter().map(|&(x, y)| GridPoint { x, y }).collect()
    }

    fn cut(exterior: &[(i64, i64)], holes: &[&[(i64, i64)]]) -> Shape<TilePoint> {
        let mut shape = Shape::default();
        let tidied = |points, turn| ring::tidy(ring(points), turn).unwrap();
        shape.add(Kind::Exterior, tidied(exterior, Turn::Positive));
        for hole in holes {
            shape.add(Kind::Hole, tidied(hole, Turn::Negative));
        }
        clipped(&window(), &shape)
    }

    fn clipped(window: &Window, shape: &Shape<GridPoint>) -> Shape<TilePoint> {
        let mut parts = Shape::default();
        window.clip(shape.view(), &mut parts);
        parts
    }

    fn area(parts: &Shape<TilePoint>) -> i128 {
        (parts.view().parts())
            .map(|(_, ring)| ring::doubled_area(ring))
            .sum()
    }

    fn count(parts: &Shape<TilePoint>) -> usize {
        parts.view().polygons().count()
    }

    const WHOLE: i128 = 2 * 4226 * 4226;

    #[test]
    fn a_polygon_around_the_window_becomes_the_window() {
        let parts = cut(
            &[(-9999, -9999), (9999, -9999), (9999, 9999), (-9999, 9999)],
            &[],
        );
        assert_eq!(count(&parts), 1);
        assert_eq!(area(&parts), WHOLE);
    }

    #[test]
    fn a_hole_around_the_window_leaves_nothing() {
        let parts = cut(
            &[(-9999, -9999), (9999, -9999), (9999, 9999), (-9999, 9999)],
            &[&[(-999, -999), (8000, -999), (8000, 8000), (-999, 8000)]],
        );
        assert!(parts.view().is_empty());
    }

    #[test]
    fn an_outline_that_crosses_itself_never_fills_the_tile() {
        // A road whose outline runs out along a spike and back across itself by a hair.
        let road = geo::Polygon::new(
            geo::LineString::from(vec![
                (113.64132999, 23.13288733),
                (113.641269741, 23.132798827),
                (113.641521068, 23.132718893),
                (113.641298193, 23.132789778),
                (113.641354777, 23.132872898),
                (113.641357833, 23.13287892),
                (113.641424723, 23.133068357),
                (113.641492907, 23.133277931),
                (113.641843009, 23.133209612),
                (113.64217957, 23.133128042),
                (113.642534163, 23.133031767),
                (113.642429202, 23.132818528),
                (113.642214021, 23.132448193),
                (113.642213213, 23.13244575),
                (113.642257023, 23.132426822),
                (113.642472769, 23.132798129),
                (113.642616754, 23.133098746),
                (113.642204397, 23.133210703),
                (113.641864414, 23.133293103),
                (113.641490719, 23.133365219),
                (113.641396674, 23.133076162),
                (113.64132999, 23.13288733),
            ]),
            vec![],
        );
        let tile = TileId::new(17, 106_911, 56_874).unwrap();
        let mut shape = Shape::default();
        let road = Shape::from(&road.into());
        assert!(quantise(Level::mercator(17), road.view(), &mut shape));
        let parts = clipped(&Window::new(tile, BUFFER), &shape);
        // 1.8 % of the tile by a computation apart; the whole tile is 35.7 million.
        let found = area(&parts);
        assert!((500_000..800_000).contains(&found), "{found}");
    }

    #[test]
    fn a_comb_falls_into_its_teeth() {
        // The back lies outside to the west, three teeth reach in.
        let parts = cut(
            &[
                (-500, 0),
                (1000, 0),
                (1000, 100),
                (-200, 100),
                (-200, 200),
                (1000, 200),
                (1000, 300),
                (-200, 300),
                (-200, 400),
                (1000, 400),
                (1000, 500),
                (-500, 500),
            ],
            &[],
        );
        assert_eq!(count(&parts), 3);
        assert_eq!(area(&parts), 3 * 2 * 1065 * 100);
    }

    #[test]
    fn a_hole_across_the_edge_becomes_a_bay() {
        let parts = cut(
            &[(-500, 0), (1000, 0), (1000, 1000), (-500, 1000)],
            &[
                &[(-300, 400), (200, 400), (200, 600), (-300, 600)],
                &[(500, 500), (600, 500), (600, 600), (500, 600)],
            ],
        );
        let holes: Vec<_> = (parts.view().polygons())
            .map(|part| part.holes.len())
            .collect();
        assert_eq!(holes, [1]);
        assert_eq!(area(&parts), 2 * (1065 * 1000 - 265 * 200 - 100 * 100));
    }

    #[test]
    fn a_hole_that_crosses_a_covered_window_cuts_it() {
        let parts = cut(
            &[(-9999, -9999), (9999, -9999), (9999, 9999), (-9999, 9999)],
            &[&[(-999, 1000), (8000, 1000), (8000, 2000), (-999, 2000)]],
        );
        assert_eq!(count(&parts), 2);
        assert_eq!(area(&parts), WHOLE - 2 * 4226 * 1000);
    }

    #[test]
    fn an_edge_past_a_corner_leaves_nothing() {
        let parts = cut(&[(-200, -50), (-50, -200), (-200, -200)], &[]);
        assert!(parts.view().is_empty());
    }

    /// A star around a centre: never crosses itself.
    fn star(centre: (i64, i64), radii: &[u16], turn: Turn) -> Option<Vec<GridPoint>> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "small numbers of a test"
        )]
        let points = radii
            .iter()
            .enumerate()
            .map(|(at, &radius)| {
                let angle = at as f64 / radii.len() as f64 * std::f64::consts::TAU;
                GridPoint {
                    x: centre.0 + (angle.cos() * f64::from(radius)).round() as i64,
                    y: centre.1 + (angle.sin() * f64::from(radius)).round() as i64,
                }
            })
            .collect();
        ring::tidy(points, turn)
    }

    /// The square of the distance from a point to an outline.
    #[expect(clippy::cast_precision_loss, reason = "small numbers of a test")]
    fn squared_distance(ring: &[GridPoint], (px, py): (i64, i64)) -> f64 {
        let mut least = f64::MAX;
        for at in 0..ring.len() {
            let (a, b) = (ring[at], ring[(at + 1) % ring.len()]);
            let (dx, dy) = ((b.x - a.x) as f64, (b.y - a.y) as f64);
            let (wx, wy) = ((px - a.x) as f64, (py - a.y) as f64);
            let t = ((wx * dx + wy * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
            least = least.min((wx - t * dx).powi(2) + (wy - t * dy).powi(2));
        }
        least
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// A place in the window is in the cut polygon exactly when it was in the whole one.
        #[test]
        fn what_is_inside_stays_inside(
            centre in (-1500_i64..5500, -1500_i64..5500),
            outer in prop::collection::vec(1500_u16..9000, 5..40),
            inner in prop::collection::vec(10_u16..1200, 5..20),
            probes in prop::collection::vec((-64_i64..=4160, -64_i64..=4160), 60),
        ) {
            let exterior = star(centre, &outer, Turn::Positive).unwrap();
            let mut whole = Shape::default();
            whole.add(Kind::Exterior, exterior);
            star(centre, &inner, Turn::Negative).into_iter().for_each(|hole| whole.add(Kind::Hole, hole));
            let parts = clipped(&window(), &whole);
            for (kind, ring) in parts.view().parts() {
                prop_assert_eq!(ring::doubled_area(ring) > 0, kind == Kind::Exterior);
            }
            let rings = || whole.view().parts().map(|(_, ring)| ring);
            for probe in probes {
                // An edge that is cut is redrawn to a whole unit: half a unit off at most.
                if rings().any(|ring| squared_distance(ring, probe) < 4.0) {
                    continue;
                }
                let before = rings().filter(|ring| ring::contains(ring, probe)).count() % 2;
                let after = (parts.view().parts())
                    .filter(|(_, ring)| ring::contains(ring, probe))
                    .count();
                prop_assert_eq!(before, after % 2, "at {:?}", probe);
            }
        }
    }
}
