//! `GET /events`: the events that a total is made of, the last reported first.

use axum::{Json, extract::State};
use serde_json::{Value, json};
use yizhangtu_data::clock::now;

use super::{
    asked::Asked,
    figures::{Definition, Standing},
};
use crate::{
    http::{App, Parameters, Problem},
    policy::{Action, Seen, Viewer},
};

/// Events in one answer, unless another number is asked for.
const USUAL: usize = 200;
/// Events in one answer at most.
const MOST: usize = 10_000;
/// Fields that are told, as words.
const SHOWN: [&str; 9] = [
    "code",
    "type",
    "title",
    "place",
    "state",
    "level",
    "department",
    "reported_at",
    "closed_at",
];

/// `figure=` one of the totals' counts; the filters are those of the totals.
pub(super) async fn events(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Value>, Problem> {
    let asked = Asked::take(&mut given)?;
    let limit = given
        .parse::<usize>("limit", "正整数", "a positive integer")?
        .unwrap_or(USUAL)
        .clamp(1, MOST);
    given.finish()?;
    tokio::task::spawn_blocking(move || listed(&app, &viewer, &asked, limit))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

fn listed(app: &App, viewer: &Viewer, asked: &Asked, limit: usize) -> Result<Value, Problem> {
    let meant = asked.meant(app, viewer)?;
    viewer.require(Action::View, &meant.layer)?;
    let Some(closing) = meant.process.closing.as_ref() else {
        return Err(viewer.refused());
    };
    let definition = Definition::new(&meant.process, closing, now());
    let mut rows: Vec<_> = (meant.counted.iter())
        .map(|(at, _)| (meant.events.record(*at), *at))
        .collect();
    rows.sort_by_cached_key(|(event, _)| {
        let at = definition.period(&meant.layer, event);
        (std::cmp::Reverse(at), event.id.clone())
    });
    let matched = rows.len();
    rows.truncate(limit);
    let rows: Vec<Value> = (rows.into_iter())
        .map(|(event, at)| {
            let view = viewer.see(&meant.layer, event);
            let mut told = json!({ "id": &*event.id });
            for name in SHOWN {
                told[name] = match view.get(name) {
                    Seen::Nothing => Value::Null,
                    seen => seen.to_text().into(),
                };
            }
            let state = event.get(&meant.layer, &meant.process.state).as_text();
            let list = meant.layer.field(&meant.process.state);
            let list = list.and_then(|field| app.catalog().code_list(field.code_list.as_ref()?));
            if let Some(code) = state.and_then(|code| list?.get(code)) {
                told["title_of_state"] = json!(code.label);
            }
            let standing = definition.standing(&meant.layer, event);
            told["overdue"] = (standing == Standing::Overdue).into();
            told["due"] = match standing {
                Standing::InTime | Standing::Overdue => {
                    let due = definition.due(&meant.layer, event);
                    due.map(|due| due.to_rfc3339()).into()
                }
                _ => Value::Null,
            };
            told["place_at"] = match meant.events.shape(at) {
                Some(shape) => {
                    let place = shape.representative();
                    json!([place.lon(), place.lat()])
                }
                None => Value::Null,
            };
            told
        })
        .collect();
    Ok(json!({ "matched": matched, "rows": rows }))
}
