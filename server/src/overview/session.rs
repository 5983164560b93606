//! `GET /session`: who is asking, and what they may do.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::http::App;

/// A file without accounts gives everyone on this machine full rights.
pub(super) async fn session(State(app): State<App>) -> Json<Value> {
    let read_only = app.config().read_only;
    Json(json!({
        "user": null,
        "accounts": false,
        "read_only": read_only,
        "rights": { "read": true, "change": false, "unmask": false },
        "notice": {
            "zh": "此文件没有账户：本机任何人都可查看，个人信息已遮盖",
            "en": "This file has no accounts: anyone on this machine may read; personal data is masked",
        },
    }))
}
