//! `/accounts`: the administrators' way to the accounts. Who makes and locks them and who
//! gives roles are different people.

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::Deserialize;
use serde_json::{Value, json};
use yizhangtu_data::store::{Account, Territory};

use super::{Settings, gate::note, hash, made, places, renew, routes::read};
use crate::{
    atlas::Snapshot,
    audit::Entry,
    http::{App, FieldProblem, Problem},
    policy::{Duty, Viewer},
};

/// Longest name of a unit in characters.
const LONGEST_UNIT: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    user: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    unit: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    locked: Option<bool>,
    #[serde(default)]
    new_password: bool,
    #[serde(default)]
    reset_second_factor: bool,
    role: Option<String>,
    /// Where the person works: what is given to the unit is theirs.
    unit: Option<String>,
    territory: Option<Vec<Territory>>,
}

/// `GET /accounts`: for those who make accounts and those who give roles.
pub(super) async fn list(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    if !viewer.holds(Duty::Accounts) && !viewer.holds(Duty::Roles) {
        return Err(viewer.refused());
    }
    let accounts = app.pool().read(|store| store.accounts()).await?;
    let snapshot = app.snapshot();
    let accounts: Vec<Value> = (accounts.iter())
        .map(|account| placed(&snapshot, account))
        .collect();
    let rights = app.identity().rights();
    let roles: Vec<Value> = (rights.roles.iter())
        .filter(|role| role.id != "local")
        .map(|role| json!({ "id": role.id, "title": role.title, "bound": role.bound }))
        .collect();
    let levels = places::levels(&snapshot, &rights.territories);
    Ok(unkept(
        json!({ "accounts": accounts, "roles": roles, "territories": levels }),
    ))
}

/// `POST /accounts`: a new one without a role, which somebody else gives.
pub(super) async fn make(
    State(app): State<App>,
    viewer: Viewer,
    request: Request,
) -> Result<Response, Problem> {
    let given: NewAccount = read(request).await?;
    let user = given.user.trim().to_owned();
    if !is_name(&user) {
        return Err(fault(
            "user",
            "1 至 64 个字母、汉字、数字或 . _ - @ / 1 to 64 letters, digits or . _ - @",
        ));
    }
    if app.identity().accounts.load().get(&user).is_some() {
        return Err(fault("user", "已有此用户 / there is this user already"));
    }
    let mut account = Account::new(&user, "", Utc::now());
    (account.name, account.unit) = (given.name, given.unit);
    let (account, password) = with_password(account).await?;
    app.identity().save(&account)?;
    let mut answer = placed(&app.snapshot(), &account);
    note(app, viewer, Entry::of("account_made", user)).await;
    answer["password"] = password.into();
    Ok((StatusCode::CREATED, unkept(answer)).into_response())
}

/// `PATCH /accounts/{user}`: nobody changes their own.
pub(super) async fn change(
    State(app): State<App>,
    Path(user): Path<String>,
    viewer: Viewer,
    request: Request,
) -> Result<Response, Problem> {
    let given: Change = read(request).await?;
    let (keeping, giving) = (
        given.locked.is_some() || given.new_password || given.reset_second_factor,
        given.role.is_some() || given.unit.is_some() || given.territory.is_some(),
    );
    let may = (!keeping || viewer.holds(Duty::Accounts)) && (!giving || viewer.holds(Duty::Roles));
    if !may || !(keeping || giving) {
        return Err(viewer.refused());
    }
    let account = app.identity().accounts.load().get(&user).cloned();
    let mut account = account
        .map(|account| (*account).clone())
        .ok_or_else(|| Problem::not_found(format!("没有用户 {user} / there is no user {user}")))?;
    if viewer.who().user.as_ref() == Some(&account.user) {
        return Err(fault(
            "user",
            "不能改变自己的账户 / one's own account is for others to change",
        ));
    }
    let mut done = Vec::new();
    if let Some(locked) = given.locked {
        account.locked = locked;
        done.push(if locked { "locked" } else { "unlocked" }.to_owned());
    }
    if let Some(role) = given.role {
        if app
            .identity()
            .rights()
            .role(&role)
            .is_none_or(|role| role.id == "local")
        {
            return Err(fault("role", "没有这个角色 / there is no such role"));
        }
        done.push(format!("role {role}"));
        account.role = role;
    }
    if let Some(unit) = given.unit {
        let unit = unit.trim().to_owned();
        if unit.chars().count() > LONGEST_UNIT || unit.chars().any(char::is_control) {
            return Err(fault("unit", "最多 64 个字 / 64 characters at most"));
        }
        if unit != account.unit {
            done.push(format!("unit {unit}"));
            account.unit = unit;
        }
    }
    if let Some(territory) = given.territory {
        let snapshot = app.snapshot();
        // Who gives territories has no data to look ids up in: codes will do.
        let territory: Vec<Territory> = (territory.into_iter())
            .map(|place| by_code(&snapshot, place))
            .collect();
        let missing = territory.iter().find(|place| {
            let layer = snapshot.layer(&place.layer);
            layer.is_none_or(|layer| layer.get(&place.id).is_none())
        });
        if let Some(place) = missing {
            let message = format!(
                "没有 {layer}/{id} / there is no {layer}/{id}",
                layer = place.layer,
                id = place.id
            );
            return Err(fault("territory", &message));
        }
        let places: Vec<String> = (territory.iter())
            .map(|place| format!("{}/{}", place.layer, place.id))
            .collect();
        done.push(format!("territory {}", places.join(" ")));
        account.territory = territory;
    }
    if given.reset_second_factor {
        account.totp = None;
        done.push("second factor taken away".to_owned());
    }
    let mut password = None;
    if given.new_password {
        let (renewed, new) = with_password(account).await?;
        (account, password) = (renewed, Some(new));
        done.push("password".to_owned());
    }
    app.identity().save(&account)?;
    app.identity().end_all(&account.user, None);
    let entry = Entry::of("account_changed", account.user.clone()).because(done.join("; "));
    let mut answer = placed(&app.snapshot(), &account);
    note(app, viewer, entry).await;
    if let Some(password) = password {
        answer["password"] = password.into();
    }
    Ok(unkept(answer))
}

/// A place named by its code, by its id.
fn by_code(snapshot: &Snapshot, place: Territory) -> Territory {
    let found = snapshot.layer(&place.layer).and_then(|layer| {
        let code = layer.layer.code.as_deref()?;
        if layer.get(&place.id).is_some() {
            return None;
        }
        let mut records = layer.records().map(|(_, record)| record);
        let record =
            records.find(|record| record.get(&layer.layer, code).as_text() == Some(&place.id))?;
        Some(record.id.to_string())
    });
    match found {
        Some(id) => Territory { id, ..place },
        None => place,
    }
}

/// The account with a random password, to be changed at the first sign-in.
async fn with_password(mut account: Account) -> Result<(Account, String), Problem> {
    let rules = &Settings::usual().password;
    let password = made(rules);
    let secret = password.clone();
    let hash = tokio::task::spawn_blocking(move || hash(&secret)).await;
    renew(&mut account, hash.map_err(Problem::internal)?, rules.former);
    account.must_change = true;
    Ok((account, password))
}

/// Whether a name can be typed and stands plainly in a log.
fn is_name(user: &str) -> bool {
    (1..=64).contains(&user.chars().count())
        && user
            .chars()
            .all(|letter| letter.is_alphanumeric() || "._-@".contains(letter))
}

fn fault(field: &str, message: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message).with(FieldProblem {
        field: field.to_owned(),
        row: None,
        code: "invalid",
        message: message.to_owned(),
    })
}

fn unkept(answer: Value) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// An account as its administrators see it, its territory by name.
fn placed(snapshot: &Snapshot, account: &Account) -> Value {
    let mut told = described(account);
    let named = (account.territory.iter()).map(|place| places::named(snapshot, place));
    told["territory"] = named.collect();
    told
}

/// An account without anything of its secrets.
pub(crate) fn described(account: &Account) -> Value {
    json!({
        "user": account.user,
        "name": account.name,
        "unit": account.unit,
        "role": account.role,
        "territory": account.territory,
        "locked": account.locked,
        "second_factor": account.totp.is_some(),
        "must_change_password": account.must_change,
        "created_at": account.created_at,
        "last_login_at": account.last_login_at,
    })
}
