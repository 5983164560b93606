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
use yizhangtu_data::store::RightsVersion;

use crate::{
    audit::Entry,
    http::{App, FieldProblem, Problem},
    identity::small_body,
    policy::{Duty, Grant, Place, Rights, Viewer},
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

/// One grant: of a role for a theme, or for a layer in the place of its theme's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    role: String,
    theme: Option<String>,
    layer: Option<String>,
    /// Letters such as `VCE@`; none takes the grant away, so that the theme's holds again.
    letters: Option<String>,
}

/// What an office's version of a number is called.
pub(super) fn name(number: u64) -> String {
    format!("office-{number}")
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
        let last = identity.write(|store| store.rights_versions(1))?.pop();
        let number = last.map_or(1, |last| last.number + 1);
        let before = identity.rights();
        if before.version != wish.version {
            return Err(outdated());
        }
        let mut rights = Rights::clone(&before);
        let mut words = Vec::with_capacity(wish.changes.len());
        for (at, change) in wish.changes.iter().enumerate() {
            let (changed, word) = changed(&app_of, &rights, change, &name(number))
                .map_err(|message| fault(&format!("changes[{at}]"), message))?;
            rights = changed;
            words.push(word);
        }
        let changes = words.join("; ");
        let version = RightsVersion {
            number,
            matrix: rights.written().map_err(Problem::internal)?,
            author: viewer.author().to_owned(),
            reason: reason.clone(),
            changes: changes.clone(),
            at: Utc::now(),
        };
        // On record before it holds.
        let entry = Entry::of("rights_changed", format!("{} {changes}", name(number)));
        app_of
            .log(&viewer, entry.because(reason).counting(words.len() as u64))
            .map_err(Problem::internal)?;
        if !identity.write(|store| store.save_rights(&version))? {
            return Err(outdated());
        }
        identity.put_in_force(rights);
        let answer = json!({ "version": name(number), "changes": changes });
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
    let role = (rights.role(&change.role))
        .filter(|role| role.id != "local")
        .ok_or("没有这个角色 / there is no such role")?;
    // 三权分立: who makes accounts, gives rights or reads the log sees no data.
    let separated = [Duty::Accounts, Duty::Roles, Duty::Rights, Duty::Audit];
    if role.duties.iter().any(|duty| separated.contains(duty)) {
        return Err(
            "系统、安全、审计三个管理员不接触业务数据，不能授予 / the three separated administrators see no data: nothing can be granted to them".to_owned(),
        );
    }
    let place = match (&change.theme, &change.layer) {
        (Some(theme), None) => {
            let known = app.catalog().themes.iter().any(|own| own.id == *theme);
            if !known && theme != "other" {
                return Err(format!("没有主题“{theme}” / there is no theme “{theme}”"));
            }
            Place::Theme(theme.clone())
        }
        (None, Some(layer)) => {
            if app.layer(layer).is_none() {
                return Err(format!("没有图层“{layer}” / there is no layer “{layer}”"));
            }
            // Reached through the feature that they belong to.
            if layer == "attachment" {
                return Err("附件的权限随所属要素 / attachments go with their features".to_owned());
            }
            Place::Layer(layer.clone())
        }
        _ => return Err("请给出 theme 或 layer 之一 / give a theme or a layer".to_owned()),
    };
    let grant = (change.letters.as_deref()).map(Grant::parse).transpose()?;
    let told = |grant: Option<Grant>| {
        grant.map_or_else(
            || "—".to_owned(),
            |grant| {
                let letters = grant.to_string();
                if letters.is_empty() {
                    "0".to_owned()
                } else {
                    letters
                }
            },
        )
    };
    let name = match &place {
        Place::Theme(name) | Place::Layer(name) => name,
    };
    let word = format!(
        "{} {name} {} → {}",
        role.id,
        told(role.at(&place)),
        told(grant)
    );
    let rights = rights
        .changed(version, &change.role, &place, grant)
        .ok_or("没有这个角色 / there is no such role")?;
    Ok((rights, word))
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
