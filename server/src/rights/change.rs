//! `PATCH /rights`: another version of the matrix, in force at once.

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::Deserialize;
use serde_json::json;
use yizhangtu_data::{Layer, store::OfficeVersion};

use crate::{
    audit::Entry,
    http::{App, FieldProblem, Problem},
    identity::small_body,
    office::version_name,
    policy::{Amendment, Duty, Grant, Mask, Place, Rights, Viewer},
};

/// Shortest and longest reason in characters.
const REASON: std::ops::RangeInclusive<usize> = 4..=200;

/// Changes of one version at most.
const MOST: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// The version that it was made from.
    version: String,
    reason: String,
    changes: Vec<Change>,
}

/// One thing of a role: its letters for a theme, or for a layer in the place of its theme's; the
/// fields of a layer that it never sees; its duties; whether it gives a one-time code; whether it
/// sees nothing without a territory.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    role: String,
    theme: Option<String>,
    layer: Option<String>,
    /// Letters such as `VCE@`; none takes the grant away, so that the theme's holds again.
    letters: Option<String>,
    hidden: Option<Vec<String>>,
    duties: Option<Vec<Duty>>,
    second_factor: Option<bool>,
    bound: Option<bool>,
}

/// `PATCH /rights`.
pub(super) async fn change(
    State(app): State<App>,
    viewer: Viewer,
    request: Request,
) -> Result<Response, Problem> {
    let wish: Wish = small_body(request).await?;
    viewer.require_factor()?;
    app.writable()?;
    let reason = wish.reason.trim().to_owned();
    if !REASON.contains(&reason.chars().count()) {
        let (least, most) = (REASON.start(), REASON.end());
        return Err(fault(
            "reason",
            format!(
                "请写明事由，{least} 至 {most} 个字 / give a reason of {least} to {most} characters"
            ),
        ));
    }
    if wish.changes.is_empty() || wish.changes.len() > MOST {
        return Err(fault(
            "changes",
            format!("一次 1 至 {MOST} 处改动 / 1 to {MOST} changes at a time"),
        ));
    }
    let app_of = app.clone();
    tokio::task::spawn_blocking(move || {
        let identity = app_of.identity();
        let last = identity
            .write(|store| store.office_versions("rights", 1))?
            .pop();
        let number = last.map_or(1, |last| last.number + 1);
        let before = identity.rights();
        if before.version != wish.version {
            return Err(outdated());
        }
        let mut rights = Rights::clone(&before);
        let mut words = Vec::with_capacity(wish.changes.len());
        for (at, change) in wish.changes.iter().enumerate() {
            let (changed, word) = changed(&app_of, &rights, change, &version_name(number))
                .map_err(|message| fault(&format!("changes[{at}]"), message))?;
            rights = changed;
            words.push(word);
        }
        let changes = words.join("; ");
        let version = OfficeVersion {
            subject: "rights".to_owned(),
            number,
            document: rights.written().map_err(Problem::internal)?,
            author: viewer.author().to_owned(),
            reason: reason.clone(),
            changes: changes.clone(),
            at: Utc::now(),
        };
        // On record before it holds.
        let entry = Entry::of(
            "rights_changed",
            format!("{} {changes}", version_name(number)),
        );
        app_of
            .log(&viewer, entry.because(reason).counting(words.len() as u64))
            .map_err(Problem::internal)?;
        if !identity.write(|store| store.save_office(&version))? {
            return Err(outdated());
        }
        identity.put_in_force(rights);
        let answer = json!({ "version": version_name(number), "changes": changes });
        Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
    })
    .await
    .map_err(Problem::internal)?
}

/// The matrix with one change, and the change in words.
fn changed(
    app: &App,
    rights: &Rights,
    change: &Change,
    version: &str,
) -> Result<(Rights, String), String> {
    let none = "没有这个角色 / there is no such role";
    let role = (rights.role(&change.role))
        .filter(|role| role.id != "local")
        .ok_or(none)?;
    // 三权分立: who makes accounts, gives rights or reads the log sees no data.
    if role.duties.iter().any(|duty| duty.is_separated()) {
        return Err(
            "系统、安全、审计三个管理员不接触业务数据，不能授予 / the three separated administrators see no data: nothing can be granted to them".to_owned(),
        );
    }
    let amendment = amendment(app, change)?;
    if let Amendment::Duties(duties) = &amendment
        && duties.iter().any(|duty| duty.is_separated())
    {
        return Err(
            "账户、授权、权限矩阵、审计只属于三个管理员；其他角色可给 exports、operate / accounts, roles, rights and audit are the three administrators' alone; others may have exports and operate".to_owned(),
        );
    }
    let words = amendment.words(role);
    let rights = rights.amended(version, &change.role, &amendment);
    Ok((rights.ok_or(none)?, words))
}

/// What a change wants, where it wants one thing and names what there is.
fn amendment(app: &App, change: &Change) -> Result<Amendment, String> {
    let place = || -> Result<Place, String> {
        match (&change.theme, &change.layer) {
            (Some(theme), None) => theme_of(app, theme),
            (None, Some(layer)) => layer_of(app, layer).map(|layer| Place::Layer(layer.id.clone())),
            _ => Err("请给出 theme 或 layer 之一 / give a theme or a layer".to_owned()),
        }
    };
    let letters = change.letters.as_deref();
    let given = (letters, &change.hidden, &change.duties);
    let wanted = match (given, change.second_factor, change.bound) {
        ((letters, None, None), None, None) => {
            let grant = letters.map(Grant::parse).transpose()?;
            return Ok(Amendment::Grant(place()?, grant));
        }
        ((None, Some(fields), None), None, None) => {
            let layer = change.layer.as_deref().unwrap_or_default();
            return hidden_in(layer_of(app, layer)?, fields);
        }
        ((None, None, Some(duties)), None, None) => {
            let mut duties = duties.clone();
            duties.sort();
            duties.dedup();
            Amendment::Duties(duties)
        }
        ((None, None, None), Some(on), None) => Amendment::SecondFactor(on),
        ((None, None, None), None, Some(on)) => Amendment::Bound(on),
        _ => {
            return Err(
                "一处改动只写一项：letters、hidden、duties、second_factor 或 bound / a change has one of letters, hidden, duties, second_factor and bound".to_owned(),
            );
        }
    };
    if change.theme.is_some() || change.layer.is_some() {
        return Err(
            "这一项属于整个角色，不写 theme、layer / this is of the whole role, of no theme or layer".to_owned(),
        );
    }
    Ok(wanted)
}

fn theme_of(app: &App, theme: &str) -> Result<Place, String> {
    let known = app.catalog().themes.iter().any(|own| own.id == *theme);
    if known || theme == "other" {
        return Ok(Place::Theme(theme.to_owned()));
    }
    Err(format!("没有主题“{theme}” / there is no theme “{theme}”"))
}

fn layer_of<'a>(app: &'a App, layer: &str) -> Result<&'a Layer, String> {
    // Reached through the feature that they belong to.
    if layer == "attachment" {
        return Err("附件的权限随所属要素 / attachments go with their features".to_owned());
    }
    let found = app.layer(layer).map(|layer| &**layer);
    found.ok_or_else(|| format!("没有图层“{layer}” / there is no layer “{layer}”"))
}

fn hidden_in(layer: &Layer, fields: &[String]) -> Result<Amendment, String> {
    let id = &layer.id;
    for name in fields {
        let Some(field) = layer.field(name) else {
            return Err(format!(
                "图层 {id} 没有字段“{name}” / the layer {id} has no field “{name}”"
            ));
        };
        if Mask::of(field).is_none() {
            return Err(format!(
                "{id}.{name} 不是个人信息：图块、名称和搜索要用它，不能按角色隐藏 / {id}.{name} is not personal: tiles, labels and the search use it, and it can't be hidden from a role"
            ));
        }
    }
    // In the order of the layer, each once.
    let all = layer.fields.iter().map(|field| &field.name);
    let hidden = all.filter(|name| fields.contains(name)).cloned().collect();
    Ok(Amendment::Hidden(layer.id.clone(), hidden))
}

fn fault(field: &str, message: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message.clone()).with(FieldProblem {
        field: field.to_owned(),
        row: None,
        code: "invalid",
        message,
    })
}

fn outdated() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "权限矩阵已被他人修改，请重新载入 / somebody else changed the matrix; load it again",
    )
}
