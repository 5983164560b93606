//! Where the village is, to tell what lands beside it.

use geo::{Coord, Rect};
use yizhangtu_index::{Index, Point, Shape};

use crate::{
    crs::{Crs, bd09_to_wgs84, gcj02_to_wgs84},
    store::{GeoPackage, StoreError},
};

/// What lies further than this from the village's box is in the sea or in another city. In
/// metres.
pub(super) const FAR_M: f64 = 20_000.0;

/// The outlines of the villages in the target.
pub(super) struct Home {
    villages: Index,
    bounds: Rect<f64>,
}

/// A system that nearly all rows fit into, when few fit as they are.
pub(super) struct Shifted {
    pub(super) crs: Crs,
    /// Rows outside as they are, and outside once turned.
    pub(super) outside: usize,
    pub(super) left: usize,
    /// How far the places are apart, in metres.
    pub(super) distance_m: f64,
}

impl Home {
    /// `None` where the target has no village.
    pub(super) fn of(store: &GeoPackage) -> Result<Option<Self>, StoreError> {
        let mut shapes = Vec::new();
        if store.layer("village").is_some() {
            store.scan("village", |record| {
                let shape = record.geometry.as_ref().map(Shape::new);
                shapes.extend(shape.and_then(Result::ok));
            })?;
        }
        let villages = Index::build((0..).zip(shapes));
        let corner = |point: Point| Coord {
            x: point.lon(),
            y: point.lat(),
        };
        let bounds = villages
            .rect()
            .map(|rect| Rect::new(corner(rect.min), corner(rect.max)));
        Ok(bounds.map(|bounds| Self { villages, bounds }))
    }

    pub(super) fn center(&self) -> Coord {
        self.bounds.center()
    }

    pub(super) fn contains(&self, place: Coord) -> bool {
        Point::snap(place.x, place.y).is_some_and(|point| self.villages.first_at(point).is_some())
    }

    /// How far a place is from the village's box, in metres.
    pub(super) fn distance_m(&self, place: Coord) -> f64 {
        let nearest = Coord {
            x: place.x.clamp(self.bounds.min().x, self.bounds.max().x),
            y: place.y.clamp(self.bounds.min().y, self.bounds.max().y),
        };
        crate::measure::distance_m(place, nearest)
    }

    /// Whether places that lie outside come home by the shift of a web map.
    pub(super) fn shifted(&self, places: &[Coord]) -> Option<Shifted> {
        let outside = |turn: fn(Coord) -> Coord| {
            places
                .iter()
                .filter(|place| !self.contains(turn(**place)))
                .count()
        };
        let now = outside(|place| place);
        if now * 5 < places.len() || places.is_empty() {
            return None;
        }
        let (crs, turn, left) = [
            (Crs::Gcj02, gcj02_to_wgs84 as fn(Coord) -> Coord),
            (Crs::Bd09, bd09_to_wgs84),
        ]
        .into_iter()
        .map(|(crs, turn)| (crs, turn, outside(turn)))
        .min_by_key(|(_, _, left)| *left)?;
        (left * 20 <= places.len() && left * 4 <= now).then(|| Shifted {
            crs,
            outside: now,
            left,
            distance_m: crate::measure::distance_m(places[0], turn(places[0])),
        })
    }
}
