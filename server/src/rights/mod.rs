//! `/rights`: the matrix for the security administrator, and why somebody may see something.

mod change;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::SecondsFormat;
use serde_json::{Value, json};
use yizhangtu_data::{Layer, Text};

use crate::{
    atlas::Snapshot,
    audit::Entry,
    http::{App, Parameters, Problem},
    identity::place_name,
    office::version_name,
    policy::{self, Action, Mask, Masks, Place, Reach, Role, Viewer},
};

/// The routes of rights.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/rights", get(matrix).patch(change::change))
        .route("/rights/why", get(why))
}

/// Versions told of beside the one in force.
const PAST: u32 = 20;

/// `GET /rights`: the matrix as it is in force, what its places are called, and its past.
async fn matrix(State(app): State<App>) -> Result<Response, Problem> {
    let past = app
        .pool()
        .read(|store| store.office_versions("rights", PAST))
        .await?;
    let past: Vec<Value> = (past.iter())
        .map(|version| {
            json!({
                "version": version_name(version.number),
                "author": version.author,
                "reason": version.reason,
                "changes": version.changes,
                "at": version.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            })
        })
        .collect();
    let rights = app.identity().rights();
    let actions: Vec<Value> = (Action::ALL.iter())
        .map(|(action, letter)| json!({ "action": action.name(), "letter": letter.to_string() }))
        .collect();
    let roles: Vec<&Role> = rights.roles.iter().map(|role| &**role).collect();
    // This administrator sees no data, and so no catalog: what things are called stands here.
    let themes: Vec<Value> = (app.catalog().themes.iter())
        .map(|theme| json!({ "id": theme.id, "title": theme.title }))
        .collect();
    let layers: Vec<Value> = (app.layers().iter())
        .map(|layer| {
            let fields: Vec<Value> = (layer.fields.iter())
                .map(|field| {
                    let personal = Mask::of(field).is_some();
                    json!({ "name": field.name, "label": field.label, "personal": personal })
                })
                .collect();
            json!({ "id": layer.id, "title": layer.title, "theme": layer.theme, "fields": fields })
        })
        .collect();
    let answer = json!({
        "version": rights.version,
        "roles": roles,
        "places": *rights.places,
        "actions": actions,
        "themes": themes,
        "layers": layers,
        "past": past,
        "masks": Masks::current().version,
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// One step of a reason: what was looked at, and whether it speaks for it.
struct Step {
    holds: bool,
    zh: String,
    en: String,
}

fn step(holds: bool, zh: impl Into<String>, en: impl Into<String>) -> Step {
    Step {
        holds,
        zh: zh.into(),
        en: en.into(),
    }
}

/// `GET /rights/why?user=&layer=[&action=][&id=][&field=]`: step by step, by the rules that
/// the answers themselves come from.
async fn why(
    State(app): State<App>,
    asker: Viewer,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let wanted = |name: &'static str, value: Option<String>| {
        value.ok_or_else(|| Problem::parameter(name, "请给出", "is missing"))
    };
    let user = wanted("user", given.take("user")?)?;
    let layer = wanted("layer", given.take("layer")?)?;
    let action = given.take("action")?;
    let (id, field) = (given.take("id")?, given.take("field")?);
    given.finish()?;
    let action = match action.as_deref() {
        None => Action::View,
        Some(name) => (Action::ALL.into_iter())
            .map(|(action, _)| action)
            .find(|action| action.name() == name)
            .ok_or_else(|| {
                let known = Action::ALL.map(|(action, _)| action.name()).join(", ");
                Problem::parameter(
                    "action",
                    format_args!("没有操作“{name}”，可用的有 {known}"),
                    format_args!("there is no action “{name}”; there are {known}"),
                )
            })?,
    };
    let Some(layer) = app.layer(&layer).cloned() else {
        return Err(Problem::parameter(
            "layer",
            format_args!("没有图层“{layer}”"),
            format_args!("there is no layer “{layer}”"),
        ));
    };
    let Some((account, viewer)) = app.identity().as_if(&user) else {
        return Err(Problem::parameter(
            "user",
            "没有此用户",
            "there is no such user",
        ));
    };
    let mut steps = Vec::new();
    if account.locked {
        steps.push(step(false, "账户已停用", "the account is locked"));
    }
    let granted = viewer.may(action, &layer);
    match viewer.who().role.as_ref() {
        None => steps.push(step(false, "没有角色", "the account has no role")),
        Some(role) => {
            let (grant, from) = (role.grant(&layer), source(&app, role, &layer));
            steps.push(step(
                granted,
                format!(
                    "角色“{}”对图层“{}”的授权为“{grant}”（{from}）",
                    role.title.zh,
                    layer.title.zh,
                    from = from.zh
                ),
                format!(
                    "the role “{}” is granted “{grant}” on the layer “{}” ({from})",
                    role.title.en,
                    layer.title.en,
                    from = from.en
                ),
            ));
        }
    }
    let mut may = granted && !account.locked;
    let bound = (viewer.who().role.as_ref()).is_some_and(|role| role.grant(&layer).is_bound());
    if granted && bound {
        may &= limited(&app, &viewer, action, &layer, id.as_deref(), &mut steps).await?;
    }
    if let Some(name) = field {
        let Some(field) = layer.field(&name) else {
            return Err(Problem::parameter(
                "field",
                format_args!("图层没有字段“{name}”"),
                format_args!("the layer has no field “{name}”"),
            ));
        };
        let hidden = (viewer.who().role.as_ref()).is_some_and(|role| role.hides(&layer.id, &name));
        let unmasks = viewer.may(Action::Unmask, &layer);
        match Mask::of(field) {
            _ if hidden => {
                may = false;
                steps.push(step(
                    false,
                    "此字段对该角色隐藏",
                    "the field is hidden from the role",
                ));
            }
            Some(_) if unmasks => steps.push(step(
                true,
                "个人信息，平时遮盖；写明事由后可逐条查看明文，并有记录",
                "personal, shown masked; one record at a time unmasked for a reason, on record",
            )),
            Some(_) => steps.push(step(
                true,
                "个人信息，始终遮盖：该角色没有“F 查看明文”",
                "personal, always masked: the role has no “F”",
            )),
            None => steps.push(step(
                true,
                "非个人信息，照常显示",
                "not personal, shown as it is",
            )),
        }
    }
    app.note(
        &asker,
        Entry::of("rights_why", format!("{user} {}", layer.id)),
    );
    let steps: Vec<Value> = (steps.iter())
        .map(|step| json!({ "holds": step.holds, "zh": step.zh, "en": step.en }))
        .collect();
    let answer = json!({
        "user": account.user,
        "layer": layer.id,
        "action": action.name(),
        "may": may,
        "steps": steps,
        "version": app.identity().rights().version,
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// Where in the matrix a grant stands, in words.
fn source(app: &App, role: &Role, layer: &Layer) -> Text {
    let (zh, en) = match role.source(layer) {
        Some(Place::Layer(_)) => ("按图层另定".to_owned(), "by layer".to_owned()),
        Some(Place::Theme(id)) => {
            let theme = app.catalog().themes.iter().find(|theme| theme.id == id);
            let title = theme.map_or_else(Text::default, |theme| theme.title.clone());
            (
                format!("随主题“{}”", title.zh),
                format!("by its theme, {}", title.en),
            )
        }
        None => (
            "随其余主题".to_owned(),
            "as the themes not named".to_owned(),
        ),
    };
    Text { zh, en }
}

/// Whether a right that ends at the territory, or at one's own, reaches a feature, or any.
async fn limited(
    app: &App,
    viewer: &Viewer,
    action: Action,
    layer: &Arc<Layer>,
    id: Option<&str>,
    steps: &mut Vec<Step>,
) -> Result<bool, Problem> {
    let snapshot = app.snapshot();
    let territory = match viewer.reach(layer) {
        Reach::Territory(territory) => territory,
        Reach::Everywhere => {
            steps.push(step(
                true,
                "账户没有管辖范围限制，全部可及",
                "the account has no territory, so the right reaches everywhere",
            ));
            return Ok(true);
        }
        Reach::Own => return owned(app, viewer, action, layer, (id, &snapshot), steps).await,
    };
    let places: Vec<String> = (territory.iter())
        .map(|place| place_name(&snapshot, place))
        .collect();
    steps.push(step(
        !territory.is_empty(),
        format!("授权止于管辖范围：{}", places.join("、")),
        format!("the right ends at the territory: {}", places.join(", ")),
    ));
    let Some(id) = id else {
        return Ok(!territory.is_empty());
    };
    let inside = reaches(app, viewer, action, layer, (id, &snapshot)).await?;
    // Whether there is such a feature elsewhere is not told: this administrator has no data.
    steps.push(step(
        inside,
        if inside {
            "该要素在管辖范围内"
        } else {
            "该要素不在管辖范围内，或不存在"
        },
        if inside {
            "the feature lies in the territory"
        } else {
            "the feature lies outside the territory, or is none"
        },
    ));
    Ok(inside)
}

/// Whether a right that ends at one's own reaches a feature, or any.
async fn owned(
    app: &App,
    viewer: &Viewer,
    action: Action,
    layer: &Arc<Layer>,
    (id, snapshot): (Option<&str>, &Arc<Snapshot>),
    steps: &mut Vec<Step>,
) -> Result<bool, Problem> {
    let unit = match viewer.who().unit.as_str() {
        "" => "—",
        unit => unit,
    };
    steps.push(step(
        true,
        format!("授权只及本人：本账户上报的，或分派给本单位（{unit}）的"),
        format!("the right reaches one's own: what the account reported or was given to its unit ({unit})"),
    ));
    let Some(id) = id else {
        return Ok(true);
    };
    let own = reaches(app, viewer, action, layer, (id, snapshot)).await?;
    steps.push(step(
        own,
        if own {
            "该要素属于本人"
        } else {
            "该要素不属于本人，或不存在"
        },
        if own {
            "the feature is one's own"
        } else {
            "the feature is another's, or is none"
        },
    ));
    Ok(own)
}

/// Whether a right that ends somewhere reaches a feature.
async fn reaches(
    app: &App,
    viewer: &Viewer,
    action: Action,
    layer: &Arc<Layer>,
    (id, snapshot): (&str, &Arc<Snapshot>),
) -> Result<bool, Problem> {
    let cut = app.cuts().of(viewer, action, snapshot);
    if let Some(part) = cut.layer(&layer.id) {
        return Ok(part.get(id).is_some());
    }
    if layer.is_mapped() {
        return Ok(false);
    }
    let (own, by, layer) = (app.clone(), viewer.clone(), Arc::clone(layer));
    let (id, snapshot) = (id.to_owned(), Arc::clone(snapshot));
    let rows = (app.pool())
        .read(move |store| policy::rows(own.cuts(), &by, &snapshot, store, &layer, None));
    Ok(rows.await?.is_none_or(|rows| rows.contains(&id)))
}
