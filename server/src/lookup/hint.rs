//! A word to those whose point comes from a shifted map.

use geo::Coord;
use serde::Serialize;
use yizhangtu_data::crs::shift_hint;
use yizhangtu_index::{Point, Rect};

use super::degrees;
use crate::atlas::Snapshot;

/// A point lies in the data only when taken as GCJ-02 or BD-09.
#[derive(Debug, Serialize)]
pub(super) struct Hint {
    /// The system to ask again with, as `crs=` takes it.
    crs: &'static str,
    /// Where the point then lies: longitude, latitude.
    point: [f64; 2],
    /// How far apart the two places are, in metres.
    distance_m: f64,
    zh: String,
    en: String,
}

/// The hint for a point outside the data, where there is one.
pub(super) fn of(snapshot: &Snapshot, point: Point) -> Option<Hint> {
    let villages = snapshot.layer("village").filter(|layer| layer.len() > 0);
    let bounds: Option<Rect> = snapshot.bounds();
    let inside = |place: Coord| {
        let Some(point) = Point::snap(place.x, place.y) else {
            return false;
        };
        match villages {
            Some(villages) => !villages.at(point).is_empty(),
            None => bounds.is_some_and(|bounds| bounds.holds(point)),
        }
    };
    let asked = Coord {
        x: point.lon(),
        y: point.lat(),
    };
    let hint = shift_hint(asked, inside)?;
    let system = hint.crs.to_string();
    let metres = hint.distance_m.round();
    Some(Hint {
        crs: if system.starts_with("BD") {
            "bd09"
        } else {
            "gcj02"
        },
        point: degrees(Point::snap(hint.point.x, hint.point.y)?),
        distance_m: hint.distance_m,
        zh: format!(
            "此点不在数据范围内；若按 {system} 坐标理解则在范围内（相差约 {metres} 米），请加上 crs 参数"
        ),
        en: format!(
            "the point is outside the data, but inside if taken as {system} (about {metres} m away); add the crs parameter"
        ),
    })
}
