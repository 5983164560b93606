//! Photos and documents that hang on features of any layer.
//!
//! A file lies beside the map under the hash of what it holds; the row that hangs it on a
//! feature is a change set like any other, with history. Who may see the feature may see what
//! hangs on it, except what shows a person; where and on whose telephone a photo was taken is
//! for those who work with the feature.

mod access;
mod camera;
mod change;
mod give;
mod issued;
mod list;
mod media;
mod receive;
mod rules;
mod strip;
mod thumbnail;

use axum::{
    Extension, Router,
    routing::{delete, get},
};

pub(crate) use change::forget;
pub(crate) use give::asked_for;
pub(crate) use issued::{Made, MadeMedia};
pub(crate) use list::told_of_owners;
pub(crate) use rules::RULES;

use crate::http::App;

/// The paths of attachments.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/collections/{layer}/items/{id}/attachments",
            get(change::list).post(change::add),
        )
        .route(
            "/collections/{layer}/items/{id}/attachments/{attachment}",
            delete(change::remove),
        )
        .route("/attachments/{hash}", get(give::attachment))
        .route("/attachments/{hash}/thumbnail", get(give::small))
        .layer(Extension(change::Turn::default()))
}
