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
    Polygon,
    grid::{GridPoint, Lattice, TilePoint},
    ring::{self, Turn},
};

impl Window {
    /// Adds the parts of a polygon within the window.
    pub(super) fn clip_polygon(
        &self,
        polygon: &Polygon<GridPoint>,
        kept: &mut Vec<Polygon<TilePoint>>,
    ) {
        match self.lie(&polygon.exterior) {
            Lie::Outside => {}
            Lie::Inside => kept.push(Polygon {
                exterior: self.local_all(&polygon.exterior),
                holes: polygon
                    .holes
                    .iter()
                    .map(|hole| self.local_all(hole))
                    .collect(),
            }),
            Lie::Across => self.cut_polygon(polygon, kept),
        }
    }

    fn cut_polygon(&self, polygon: &Polygon<GridPoint>, kept: &mut Vec<Polygon<TilePoint>>) {
        // The corner is on no vertex; it stands for the window where no outline crosses it.
        let covers = |outline: &[GridPoint]| ring::contains(&doubled(outline), self.probe());
        let mut chains = Vec::new();
        let mut holes = Vec::new();
        let before = chains.len();
        self.ring_chains(&polygon.exterior, &mut chains);
        let crossed = chains.len() > before;
        for hole in &polygon.holes {
            match self.lie(hole) {
                Lie::Outside => {}
                Lie::Inside => holes.push(self.local_all(hole)),
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
            if !crossed && covers(&polygon.exterior) {
                exteriors.push((0..4).map(|side| self.corner(side)).collect());
            }
        } else {
            self.join(&chains, &mut exteriors);
        }
        let first = kept.len();
        kept.extend(
            exteriors
                .into_iter()
                .filter_map(|exterior| ring::tidy(exterior, Turn::Positive))
                .map(|exterior| Polygon {
                    exterior,
                    holes: Vec::new(),
                }),
        );
        let parts = &mut kept[first..];
        for hole in holes {
            let home = if parts.len() == 1 {
                Some(0)
            } else {
                parts.iter().position(|part| {
                    hole.iter()
                        .any(|point| ring::contains(&part.exterior, point.xy()))
                })
            };
            if let Some(home) = home {
                parts[home].holes.push(hole);
            }
        }
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
    use crate::{Shape, TileId};

    const BUFFER: i64 = 64;

    fn window() -> Window {
        Window::new(TileId::new(1, 0, 0).unwrap(), BUFFER)
    }

    fn ring(points: &[(i64, i64)]) -> Vec<GridPoint> {
        points.iter().map(|&(x, y)| GridPoint { x, y }).collect()
    }

    fn cut(exterior: &[(i64, i64)], holes: &[&[(i64, i64)]]) -> Vec<Polygon<TilePoint>> {
        let shape = Shape::Polygons(vec![Polygon {
            exterior: ring::tidy(ring(exterior), Turn::Positive).unwrap(),
            holes: holes
                .iter()
                .map(|hole| ring::tidy(ring(hole), Turn::Negative).unwrap())
                .collect(),
        }]);
        let Shape::Polygons(parts) = window().clip(&shape) else {
            unreachable!("polygons stay polygons")
        };
        parts
    }

    fn area(parts: &[Polygon<TilePoint>]) -> i128 {
        parts
            .iter()
            .flat_map(|part| std::iter::once(&part.exterior).chain(&part.holes))
            .map(|ring| ring::doubled_area(ring))
            .sum()
    }

    const WHOLE: i128 = 2 * 4226 * 4226;

    #[test]
    fn a_polygon_around_the_window_becomes_the_window() {
        let parts = cut(
            &[(-9999, -9999), (9999, -9999), (9999, 9999), (-9999, 9999)],
            &[],
        );
        assert_eq!(parts.len(), 1);
        assert_eq!(area(&parts), WHOLE);
    }

    #[test]
    fn a_hole_around_the_window_leaves_nothing() {
        let parts = cut(
            &[(-9999, -9999), (9999, -9999), (9999, 9999), (-9999, 9999)],
            &[&[(-999, -999), (8000, -999), (8000, 8000), (-999, 8000)]],
        );
        assert!(parts.is_empty());
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
        assert_eq!(parts.len(), 3);
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
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].holes.len(), 1);
        assert_eq!(area(&parts), 2 * (1065 * 1000 - 265 * 200 - 100 * 100));
    }

    #[test]
    fn a_hole_that_crosses_a_covered_window_cuts_it() {
        let parts = cut(
            &[(-9999, -9999), (9999, -9999), (9999, 9999), (-9999, 9999)],
            &[&[(-999, 1000), (8000, 1000), (8000, 2000), (-999, 2000)]],
        );
        assert_eq!(parts.len(), 2);
        assert_eq!(area(&parts), WHOLE - 2 * 4226 * 1000);
    }

    #[test]
    fn an_edge_past_a_corner_leaves_nothing() {
        let parts = cut(&[(-200, -50), (-50, -200), (-200, -200)], &[]);
        assert!(parts.is_empty());
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
            let holes: Vec<_> = star(centre, &inner, Turn::Negative).into_iter().collect();
            let whole = Polygon { exterior, holes };
            let mut parts = Vec::new();
            window().clip_polygon(&whole, &mut parts);
            for part in &parts {
                prop_assert!(ring::doubled_area(&part.exterior) > 0);
                for hole in &part.holes {
                    prop_assert!(ring::doubled_area(hole) < 0);
                }
            }
            for probe in probes {
                // An edge that is cut is redrawn to a whole unit: half a unit off at most.
                let rings = || std::iter::once(&whole.exterior).chain(&whole.holes);
                if rings().any(|ring| squared_distance(ring, probe) < 4.0) {
                    continue;
                }
                let before = rings().filter(|ring| ring::contains(ring, probe)).count() % 2;
                let after = parts
                    .iter()
                    .flat_map(|part| std::iter::once(&part.exterior).chain(&part.holes))
                    .filter(|ring| ring::contains(ring, probe))
                    .count();
                prop_assert_eq!(before, after % 2, "at {:?}", probe);
            }
        }
    }
}
