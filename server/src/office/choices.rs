//! What figures of the books are chosen from.

use serde_json::{Value, json};
use yizhangtu_data::{Layer, Text};

use crate::{
    http::App,
    policy::{Channel, Mask},
    renewal,
};

/// One of what is offered.
pub(super) struct Choice {
    pub(super) code: String,
    title: Text,
}

impl Choice {
    pub(super) fn json(&self) -> Value {
        json!({ "code": self.code, "title": self.title })
    }
}

fn choice(code: &str, zh: &str, en: &str) -> Choice {
    Choice {
        code: code.to_owned(),
        title: Text {
            zh: zh.to_owned(),
            en: en.to_owned(),
        },
    }
}

/// What a choice of a name is made from: `list:NAME` a code list of the catalog, or one of the
/// names here; nothing of another.
pub(super) fn offered(app: &App, name: &str) -> Vec<Choice> {
    if let Some(list) = name.strip_prefix("list:") {
        let list = app.catalog().code_list(list);
        let codes = list.iter().flat_map(|list| &list.codes);
        return codes
            .map(|code| choice(&code.code, &code.label.zh, &code.label.en))
            .collect();
    }
    let masks = || Mask::ALL.map(|(mask, zh, en)| choice(mask.name(), zh, en));
    match name {
        "masks" => masks().into(),
        "shown" => {
            let mut shown = vec![
                choice("masked", "按字段原有遮盖", "As the field's mask leaves it"),
                choice("open", "明文（不留记录）", "Open, without a record"),
            ];
            shown.extend(masks());
            shown
        }
        "channels" => Channel::ALL
            .map(|(channel, zh, en)| choice(channel.name(), zh, en))
            .into(),
        "roles" => (app.identity().rights().roles.iter())
            .map(|role| choice(&role.id, &role.title.zh, &role.title.en))
            .collect(),
        "personal_fields" => (app.layers().iter())
            .flat_map(|layer| fields(layer))
            .collect(),
        "outcomes" => vec![
            choice("done", "成功", "Done"),
            choice("refused", "拒绝", "Refused"),
        ],
        "measures" => vec![
            choice("rows", "次数", "Rows of the log"),
            choice("records", "涉及条数", "Records"),
        ],
        "unit_shares" => renewal::shares()
            .map(|(code, zh, en)| choice(code, zh, en))
            .collect(),
        _ => Vec::new(),
    }
}

fn fields(layer: &Layer) -> impl Iterator<Item = Choice> {
    let masked = layer
        .fields
        .iter()
        .filter(|field| Mask::of(field).is_some());
    masked.map(|field| {
        let title = |layer: &str, field: &str| format!("{layer} · {field}");
        Choice {
            code: format!("{}.{}", layer.id, field.name),
            title: Text {
                zh: title(&layer.title.zh, &field.label.zh),
                en: title(&layer.title.en, &field.label.en),
            },
        }
    })
}
