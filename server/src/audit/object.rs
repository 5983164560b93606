//! What a row of the log is about, in words: the log itself keeps ids, which stay.

use serde_json::{Value, json};
use yizhangtu_data::{Layer, Record, Text};

use crate::{http::App, office, policy::Mask};

/// The words of an object, Chinese and English; none where they would be the same.
///
/// Nothing personal is in them: the auditor has no data. Of a person, or of a table, the id
/// stands; of a house or an event its code.
pub(super) fn told(app: &App, object: &str) -> Option<Value> {
    let mut known = false;
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    let mut layer: Option<&Layer> = None;
    let mut before = "";
    for word in object.split(' ') {
        let found = match word.split_once('/') {
            Some((name, id)) if app.layer(name).is_some() => {
                layer = app.layer(name).map(|layer| &**layer);
                layer.map(|layer| feature(app, layer, id))
            }
            _ => (app.layer(word).map(|layer| layer.title.clone()))
                .or_else(|| before.is_empty().then(|| office::title(word)).flatten())
                .or_else(|| (before == "role").then(|| role(app, word)).flatten())
                .or_else(|| step(app, layer?, word)),
        };
        known |= found.is_some();
        before = word;
        match found {
            Some(text) => {
                zh.push(text.zh);
                en.push(text.en);
            }
            None => {
                zh.push(word.to_owned());
                en.push(word.to_owned());
            }
        }
    }
    known.then(|| json!({ "zh": zh.join(" "), "en": en.join(" ") }))
}

fn feature(app: &App, layer: &Layer, id: &str) -> Text {
    let snapshot = app.snapshot();
    let name = (snapshot.layer(&layer.id).filter(|_| !layer.personal))
        .and_then(|features| name(layer, features.get(id)?));
    let name = name.as_deref().unwrap_or(id);
    Text {
        zh: format!("{} {name}", layer.title.zh),
        en: format!("{} {name}", layer.title.en),
    }
}

/// The code of a feature, or what it is called, where that is not personal.
fn name(layer: &Layer, record: &Record) -> Option<String> {
    let open = |name: &&String| {
        layer
            .field(name)
            .is_some_and(|field| Mask::of(field).is_none())
    };
    let fields = layer.code.iter().chain(&layer.label).filter(open);
    let mut texts = fields.filter_map(|name| record.get(layer, name).as_text());
    texts.find(|text| !text.is_empty()).map(str::to_owned)
}

fn role(app: &App, id: &str) -> Option<Text> {
    Some(app.identity().rights().role(id)?.title.clone())
}

fn step(app: &App, layer: &Layer, id: &str) -> Option<Text> {
    let process = app.catalog().process(&layer.id)?;
    Some(process.transition(id)?.title.clone())
}
