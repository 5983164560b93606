//! Geometries at the door: on the lattice, closed, wound, valid, or refused.

mod coords;
mod snap;

pub use coords::visit_mut;
pub use snap::{UNITS_PER_DEGREE, snap, snap_coord};
