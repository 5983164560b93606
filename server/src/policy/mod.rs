//! What a viewer may see: the one place where personal data is masked.
//!
//! A [`yizhangtu_data::Record`] cannot be serialised. JSON, CSV, search results, lookups and
//! exports all take the [`View`] that [`Viewer::see`] gives, so that no way out can forget
//! a mask.

mod described;
mod mask;
mod surname;
mod view;
mod viewer;

pub(crate) use mask::{Mask, masked};
pub(crate) use view::{Seen, View};
pub(crate) use viewer::Viewer;
