//! What territories are made of, by name: whoever gives them has no map to look at.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use yizhangtu_data::{Layer, Record, Text, store::Territory};

use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::{App, Parameters, Problem},
};

/// Places given in one answer; a longer word finds fewer.
const MOST: usize = 100;

/// The layers whose features an account may answer for, the widest first, with their titles.
pub(super) fn levels(snapshot: &Snapshot, layers: &[String]) -> Vec<Value> {
    (layers.iter())
        .filter_map(|id| snapshot.layer(id))
        .map(|layer| json!({ "layer": layer.layer.id, "title": layer.layer.title }))
        .collect()
}

/// `GET /accounts/places?layer=&q=`: the places of a level whose name or code has a word in it,
/// by code. Whoever gives territories sees their names and nothing else of them.
pub(super) async fn found(
    State(app): State<App>,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let (layer, word) = (given.take("layer")?, given.take("q")?);
    given.finish()?;
    let (layer, word) = (layer.unwrap_or_default(), word.unwrap_or_default());
    let levels = &app.identity().rights().territories;
    let snapshot = app.snapshot();
    let level = (levels.contains(&layer))
        .then(|| snapshot.layer(&layer))
        .flatten();
    let Some(level) = level.cloned() else {
        return Err(Problem::one_of("layer", &levels.join(", ")));
    };
    let found = tokio::task::spawn_blocking(move || matching(&level, word.trim()))
        .await
        .map_err(Problem::internal)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(found)).into_response())
}

fn matching(level: &LayerSnapshot, word: &str) -> Value {
    let (layer, word) = (&level.layer, word.to_lowercase());
    let mut found: Vec<(String, String, &Record)> = (level.records())
        .map(|(_, record)| {
            let (code, name) = (layer.code.as_deref(), layer.label.as_deref());
            (
                told(layer, record, code),
                told(layer, record, name),
                &**record,
            )
        })
        .filter(|(code, name, _)| {
            code.to_lowercase().contains(&word) || name.to_lowercase().contains(&word)
        })
        .collect();
    found.sort_by(|a, b| (&a.0, &a.1, &a.2.id).cmp(&(&b.0, &b.1, &b.2.id)));
    let places: Vec<Value> = (found.iter().take(MOST))
        .map(|(code, name, record)| json!({ "id": &*record.id, "code": code, "name": name }))
        .collect();
    json!({ "matched": found.len(), "places": places })
}

/// A place with what it and its layer are called.
pub(super) fn named(snapshot: &Snapshot, place: &Territory) -> Value {
    let layer = snapshot.layer(&place.layer);
    let title = layer.map(|layer| layer.layer.title.clone());
    json!({
        "layer": place.layer,
        "id": place.id,
        "title": title.unwrap_or_else(|| Text { zh: place.layer.clone(), en: place.layer.clone() }),
        "name": place_name(snapshot, place),
    })
}

/// What a place is called; its id where it is not there any more.
pub(crate) fn place_name(snapshot: &Snapshot, place: &Territory) -> String {
    let layer = snapshot.layer(&place.layer);
    let found = layer.and_then(|layer| Some((&layer.layer, layer.get(&place.id)?)));
    let names = found.map(|(layer, record)| {
        [layer.label.as_deref(), layer.code.as_deref()].map(|field| told(layer, record, field))
    });
    (names.into_iter().flatten())
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| place.id.clone())
}

/// A field's text; none of a personal one.
fn told(layer: &Layer, record: &Record, field: Option<&str>) -> String {
    let field = field.and_then(|name| layer.field(name));
    let open = field.filter(|field| !field.sensitivity.is_personal());
    let text = open.and_then(|field| record.get(layer, &field.name).as_text());
    text.unwrap_or_default().to_owned()
}
