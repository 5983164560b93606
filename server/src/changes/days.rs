//! `GET /changes/days?layers=a,b`: the days on which something of these layers changed, so that a
//! page goes back from one to the next.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{
    collections::visible_layer,
    http::{App, Parameters, Problem},
    policy::Viewer,
};

pub(super) async fn days(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Value>, Problem> {
    let layers = given.take("layers")?.unwrap_or_default();
    given.finish()?;
    let layers = layers.split(',').filter(|layer| !layer.is_empty());
    let layers = layers
        .map(|layer| Ok(visible_layer(&app, &viewer, layer)?.id.clone()))
        .collect::<Result<Vec<String>, Problem>>()?;
    if layers.is_empty() {
        return Err(Problem::parameter(
            "layers",
            "请写明图层，以逗号分隔",
            "name the layers, commas between",
        ));
    }
    let days = (app.pool())
        .read(move |store| store.days_of_change(&layers))
        .await?;
    Ok(Json(json!({ "days": days })))
}
