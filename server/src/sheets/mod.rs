//! 图幅: the “人屋关联” grid sheets, about a hundred houses each, on paper.
//!
//! A sheet is an area. Where the layer `sheet` holds none for a grid, the grid is divided when
//! it is asked for ([`divide`]), so that every house is on exactly one. What is on a sheet is
//! derived from the snapshot at the moment of printing: the map, its houses, and the counts of
//! the same function that answers `POST /statistics`. A printed sheet carries the number of
//! the last change that it shows, and [`standing`] says what has changed since.

mod compose;
mod divide;
mod figures;
mod furniture;
mod ground;
mod map;
mod overview;
mod press;
mod residents;
mod routes;
mod set;
mod standing;
mod symbol;

pub(crate) use press::{Occasion, Press};
pub(crate) use routes::{asked_for, number, routes};
pub(crate) use set::Sheet;
