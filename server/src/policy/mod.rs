//! What a viewer may see: the one place where personal data is masked.
//!
//! A [`yizhangtu_data::Record`] cannot be serialised. JSON, CSV, search results, lookups and
//! exports all take the [`View`] that [`Viewer::see`] gives, so that no way out can forget
//! a mask.

mod cut;
mod described;
mod mask;
mod masks;
mod rights;
mod routes;
mod tables;
mod view;
mod viewer;

pub(crate) use cut::{Cuts, ground, past};
pub(crate) use mask::{Mask, masked};
pub(crate) use masks::{Channel, MASKS, Masks};
pub(crate) use rights::{Action, Amendment, Duty, Grant, Place, Rights, Role};
pub(crate) use routes::{Need, is_known, need};
pub(crate) use tables::rows;
use view::Sight;
pub(crate) use view::{Seen, View};
pub(crate) use viewer::{Pass, Reach, Viewer, Who};
