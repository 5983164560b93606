//! Where things are: exact point, area and nearest queries over coordinates and keys.
//!
//! Every coordinate lies on one lattice of 1e-9° ([`Point`]), and every test on it is
//! done in integers, so an answer never depends on rounding. A point on the shared edge
//! of two areas belongs to exactly one of them ([`Area::contains`]), by a rule that looks
//! at geometry alone. Nothing here knows files, layers, HTTP or JSON.
//!
//! Coordinates are longitude, latitude in degrees everywhere; distances are metres on the
//! WGS 84 ellipsoid, which CGCS2000's equals to within a tenth of a millimetre.

mod area;
mod boxes;
mod bytes;
mod cells;
mod check;
mod cover;
pub mod footprints;
mod ground;
mod index;
mod interior;
mod line;
mod metric;
mod nearest;
mod overlay;
mod parts;
mod point;
mod rows;
mod shape;
mod shapes;
mod slots;
mod stripes;
mod vector;
mod vertices;

pub use area::Area;
pub use boxes::Boxes;
pub use bytes::BytesError;
pub use check::Fault;
pub use cover::Overlap;
pub use ground::ring_m2;
pub use index::{Edit, Feature, Index};
pub use line::Line;
pub use metric::degrees_of;
pub use point::{Point, Rect, UNITS_PER_DEGREE, side};
pub use rows::Sums;
pub use shape::{Shape, ShapeError};
pub use shapes::PackedShapes;
pub use slots::Slots;
pub use vector::{fetch, fetch_whole};

/// When a feature counts as being in an area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// Its representative point is in the area, by the half-open rule: over a partition,
    /// each feature counts exactly once.
    #[default]
    RepresentativePoint,
    /// It shares at least one point with the area, its boundary included.
    Intersects,
    /// No part of it is outside the area; it may touch the boundary.
    Within,
}

/// One answer of a nearest query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Key of the feature.
    pub key: u32,
    /// Geodesic distance in metres to its nearest point; 0 where it contains the point.
    pub distance_m: f64,
}
