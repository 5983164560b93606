//! What changes the map: the one way in, and the notice of it to everybody.
//!
//! ```text
//! request → draft (the feature as it shall be) → ChangeSet
//!         → keeper: rules, topology, one transaction with history, fsync → sequence
//!         → the next snapshot → tiles that were touched → event stream
//! ```
//!
//! The keeper is one thread. It alone writes, and it alone makes snapshots, so that what
//! other programs write to the file comes in by the same door and in the same order.

mod answer;
mod compose;
mod days;
mod draft;
mod events;
mod follow;
mod hub;
mod keeper;
mod log;
pub(crate) mod misfits;
mod numbering;
mod post;
mod references;
mod refusal;
mod rights;
mod rules;
mod stream;
mod topology;
mod touched;
mod undo;
mod value;
mod writer;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use answer::current;
pub(crate) use draft::{Draft, feature_geometry, ulid};
pub(crate) use hub::Hub;
pub(crate) use keeper::{Done, Keeper};
pub(crate) use numbering::village;
pub(crate) use post::{REPLAYED, json, key, nothing_else, object, reason, recall, version_of};
pub(crate) use refusal::{Fault, Refusal, not_written, of_store, unfit};
pub(crate) use rights::{may, may_on};
pub(crate) use touched::{Touched, lattice};

use crate::http::App;

/// `/changes` and what takes changes back.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/changes", get(log::changes).post(post::changes))
        .route("/changes/days", get(days::days))
        .route("/changes/{change_set}/revert", post(post::revert_set))
        .route("/batches/{batch}/revert", post(post::revert_batch))
}
