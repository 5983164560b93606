//! What territories are made of, by name: whoever gives them has no map to look at.

use serde_json::{Value, json};
use yizhangtu_data::{Layer, Record, Text, store::Territory};

use crate::atlas::{LayerSnapshot, Snapshot};

/// The places that an account may answer for: of each layer that the rights name for it, the
/// widest first, its title and its features by code.
pub(super) fn offered(snapshot: &Snapshot, layers: &[String]) -> Vec<Value> {
    (layers.iter())
        .filter_map(|id| snapshot.layer(id))
        .map(|layer| {
            let mut places: Vec<(String, String, &Record)> = (layer.records())
                .map(|(_, record)| {
                    let layer = &layer.layer;
                    let (code, name) = (layer.code.as_deref(), layer.label.as_deref());
                    (
                        told(layer, record, code),
                        told(layer, record, name),
                        &**record,
                    )
                })
                .collect();
            places.sort_by(|a, b| (&a.0, &a.1, &a.2.id).cmp(&(&b.0, &b.1, &b.2.id)));
            let places: Vec<Value> = (places.iter())
                .map(
                    |(code, name, record)| json!({ "id": &*record.id, "code": code, "name": name }),
                )
                .collect();
            json!({ "layer": layer.layer.id, "title": layer.layer.title, "places": places })
        })
        .collect()
}

/// A place with what it and its layer are called; its id where it is not there any more.
pub(super) fn named(snapshot: &Snapshot, place: &Territory) -> Value {
    let layer = snapshot.layer(&place.layer);
    let record = layer.and_then(|layer| layer.get(&place.id));
    let name = layer
        .zip(record)
        .map(|(layer, record)| name_of(layer, record));
    let title = layer.map(|layer| layer.layer.title.clone());
    json!({
        "layer": place.layer,
        "id": place.id,
        "title": title.unwrap_or_else(|| Text { zh: place.layer.clone(), en: place.layer.clone() }),
        "name": name.unwrap_or_else(|| place.id.clone()),
    })
}

fn name_of(layer: &LayerSnapshot, record: &Record) -> String {
    let own = &layer.layer;
    let name = told(own, record, own.label.as_deref());
    match name.is_empty() {
        true => told(own, record, own.code.as_deref()),
        false => name,
    }
}

/// A field's text; none of a personal one.
fn told(layer: &Layer, record: &Record, field: Option<&str>) -> String {
    let field = field.and_then(|name| layer.field(name));
    let open = field.filter(|field| !field.sensitivity.is_personal());
    let text = open.and_then(|field| record.get(layer, &field.name).as_text());
    text.unwrap_or_default().to_owned()
}
