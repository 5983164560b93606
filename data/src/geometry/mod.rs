//! Geometries at the door: on the lattice, closed, wound, valid, or refused.

mod coords;
mod outline;
mod prepare;
mod snap;
#[cfg(test)]
mod tests;

pub use coords::visit_mut;
pub use prepare::{CLOSING_GAP, GeometryError, Prepared, Repair, is_valid, prepare, repair, ring};
pub use snap::{UNITS_PER_DEGREE, snap, snap_coord};
