//! What the map holds: layers, fields, code lists, features, coordinate systems,
//! file formats, and the store with its history.
//!
//! Nothing here knows HTTP, users' rights or screens.

pub mod catalog;
pub mod change;
pub mod check;
pub mod clock;
pub mod course;
pub mod crs;
pub mod demo;
pub mod export;
mod formula;
pub mod geometry;
mod hexadecimal;
pub mod import;
pub mod measure;
pub mod overlay;
pub mod packed;
pub mod record;
mod relief;
pub mod seal;
pub mod store;
pub mod topology;
pub mod value;

pub use catalog::{Catalog, Field, FieldKind, GeometryKind, Layer, Sensitivity, Serial, Text};
pub use change::{Change, ChangeSet, Expected, Key, Lineage, Operation};
pub use formula::Formula;
pub use hexadecimal::hexadecimal;
pub use record::{Id, Record};
pub use relief::Relief;
pub use value::Value;
