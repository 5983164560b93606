//! `GET /health`: ready, or why not; `GET /health/live`: whether anybody answers at all.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};

use super::{App, Problem};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/health", get(health))
        .route("/health/live", get(live))
}

/// Nothing, and that at once: what restarts a dead process asks this often, and a disk that is
/// slow must not have it killed.
async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Ready once the map is in memory and its file can still be read.
async fn health(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let stored = app.pool().read(|store| store.sequence()).await.map_err(|_| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "数据文件已无法读取，请检查磁盘和文件 / the data file can no longer be read; check the disk and the file",
        )
    })?;
    Ok(Json(json!({
        "status": "ready",
        "version": env!("CARGO_PKG_VERSION"),
        "read_only": app.read_only(),
        "damage": app.damage().get(),
        "sequence": app.snapshot().sequence,
        "stored_sequence": stored,
        "uptime_s": app.started().elapsed().as_secs(),
    })))
}
