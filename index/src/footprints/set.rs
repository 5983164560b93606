//! A survey: outlines in a plane, found by their boxes.

use crate::{Boxes, metric::metres_of_degree};
use geo::{Coord, Geometry, LineString, Polygon};

/// A plane in metres through a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    origin: Coord<f64>,
    /// Metres of a degree to the east and to the north.
    metres: (f64, f64),
}

impl Frame {
    /// The plane through a place in degrees.
    pub fn at(origin: Coord<f64>) -> Self {
        Self {
            origin,
            metres: metres_of_degree(origin.y),
        }
    }

    fn plane(&self, at: Coord<f64>) -> [f64; 2] {
        [
            (at.x - self.origin.x) * self.metres.0,
            (at.y - self.origin.y) * self.metres.1,
        ]
    }

    /// By how much an area at a height of the plane is larger there than on the ground.
    fn scale(&self, y: f64) -> f64 {
        let own = metres_of_degree(self.origin.y + y / self.metres.1);
        self.metres.0 * self.metres.1 / (own.0 * own.1)
    }
}

/// A building of a survey.
#[derive(Clone, Debug, PartialEq)]
pub struct Footprint {
    /// What its maker knows it by.
    pub key: u32,
    /// Outline in degrees: a polygon, or a multipolygon.
    pub outline: Geometry<f64>,
    /// Floors, where they are known.
    pub floors: Option<f64>,
}

/// A survey. Rings lie one after the other; inner ones take away.
#[derive(Debug)]
pub struct Footprints {
    frame: Frame,
    points: Vec<[f64; 2]>,
    /// Where each ring begins among the points, and one more.
    rings: Vec<u32>,
    houses: Vec<House>,
    boxes: Boxes,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct House {
    pub(super) key: u32,
    /// First ring and how many.
    rings: (u32, u32),
    /// In the plane.
    pub(super) area: f64,
    pub(super) edge: f64,
    pub(super) center: [f64; 2],
    pub(super) low: [f64; 2],
    pub(super) high: [f64; 2],
    pub(super) floors: Option<f64>,
}

impl Footprints {
    /// A survey in a frame. What is no area, or none of a square metre, is left out.
    pub fn new(frame: Frame, all: impl IntoIterator<Item = Footprint>) -> Self {
        let mut set = Self {
            frame,
            points: Vec::new(),
            rings: Vec::new(),
            houses: Vec::new(),
            boxes: Boxes::new(&[]),
        };
        for one in all {
            set.add(&one);
        }
        set.rings.push(count(set.points.len()));
        let boxes: Vec<_> = (set.houses.iter())
            .map(|house| [house.low, house.high])
            .collect();
        set.boxes = Boxes::new(&boxes);
        set
    }

    fn add(&mut self, one: &Footprint) {
        let polygons: &[Polygon<f64>] = match &one.outline {
            Geometry::Polygon(polygon) => std::slice::from_ref(polygon),
            Geometry::MultiPolygon(several) => &several.0,
            _ => return,
        };
        let first = self.rings.len();
        let begin = self.points.len();
        let (mut area, mut edge, mut sum) = (0.0, 0.0, [0.0; 2]);
        for polygon in polygons {
            let inner = polygon.interiors().iter().map(|ring| (ring, -1.0));
            for (ring, sign) in std::iter::once((polygon.exterior(), 1.0)).chain(inner) {
                let Some(own) = self.ring(ring, sign) else {
                    continue;
                };
                area += own.area;
                edge += own.edge;
                sum = [sum[0] + own.moment[0], sum[1] + own.moment[1]];
            }
        }
        if !area.is_finite() || area < 1.0 {
            self.points.truncate(begin);
            self.rings.truncate(first);
            return;
        }
        let own = &self.points[begin..];
        let fold = |pick: fn(f64, f64) -> f64, from: f64| {
            own.iter().fold([from; 2], |all, point| {
                [pick(all[0], point[0]), pick(all[1], point[1])]
            })
        };
        self.houses.push(House {
            key: one.key,
            rings: (count(first), count(self.rings.len() - first)),
            area,
            edge,
            center: sum.map(|moment| moment / area),
            low: fold(f64::min, f64::INFINITY),
            high: fold(f64::max, f64::NEG_INFINITY),
            floors: one.floors,
        });
    }

    /// Keeps a ring, outer ones turning left and inner ones right, so that areas add up.
    fn ring(&mut self, ring: &LineString<f64>, sign: f64) -> Option<Measures> {
        let mut points: Vec<[f64; 2]> = ring.coords().map(|at| self.frame.plane(*at)).collect();
        if points.first() == points.last() {
            points.pop();
        }
        points.dedup();
        if points.len() < 3 {
            return None;
        }
        let mut own = measures(&points);
        if own.area * sign < 0.0 {
            points.reverse();
            own = measures(&points);
        }
        self.rings.push(count(self.points.len()));
        self.points.extend(points);
        Some(own)
    }

    /// Number of buildings.
    pub fn len(&self) -> usize {
        self.houses.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.houses.is_empty()
    }

    pub(super) fn house(&self, at: usize) -> &House {
        &self.houses[at]
    }

    pub(super) fn rings(&self, at: usize) -> impl Iterator<Item = &[[f64; 2]]> {
        let (first, many) = self.houses[at].rings;
        (first..first + many).map(|ring| {
            let ring = ring as usize;
            &self.points[self.rings[ring] as usize..self.rings[ring + 1] as usize]
        })
    }

    /// Buildings whose boxes meet one.
    pub(super) fn meeting(&self, low: [f64; 2], high: [f64; 2]) -> Vec<usize> {
        self.boxes.meeting(low, high)
    }

    /// An area of the plane about a place in m² on the ground.
    pub(super) fn on_ground(&self, area: f64, at: [f64; 2]) -> f64 {
        area / self.frame.scale(at[1])
    }

    /// The share of each building, by key, that the buildings of another set in the same frame
    /// cover: permits, parcels. Where those overlap each other the share is at most 1.
    pub fn covered_by<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (u32, f64)> + 'a {
        (0..self.len()).map(move |at| {
            let house = self.house(at);
            let covers = other.meeting(house.low, house.high).into_iter();
            let sum: f64 = covers
                .map(|by| super::clip::overlap(self, at, [0.0; 2], other, by))
                .sum();
            (house.key, (sum / house.area).clamp(0.0, 1.0))
        })
    }
}

/// What a ring measures: signed area, length, and area times middle.
struct Measures {
    area: f64,
    edge: f64,
    moment: [f64; 2],
}

fn measures(points: &[[f64; 2]]) -> Measures {
    // About the first corner, where the numbers are small.
    let [x0, y0] = points[0];
    let (mut area, mut edge, mut moment) = (0.0, 0.0, [0.0; 2]);
    for (a, b) in points.iter().zip(points.iter().cycle().skip(1)) {
        let (ax, ay, bx, by) = (a[0] - x0, a[1] - y0, b[0] - x0, b[1] - y0);
        let cross = ax * by - bx * ay;
        area += cross / 2.0;
        edge += (bx - ax).hypot(by - ay);
        moment = [
            moment[0] + (ax + bx) * cross / 6.0,
            moment[1] + (ay + by) * cross / 6.0,
        ];
    }
    Measures {
        area,
        edge,
        moment: [moment[0] + area * x0, moment[1] + area * y0],
    }
}

#[expect(clippy::cast_possible_truncation, reason = "fewer than 2³² corners")]
fn count(number: usize) -> u32 {
    number as u32
}
