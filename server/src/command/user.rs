//! `yizhangtu user`: the accounts of a file, managed by whoever holds the file.

use std::{
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
};

use chrono::{TimeDelta, Utc};
use clap::Subcommand;
use serde_json::{Value, json};
use yizhangtu_data::store::{Access, Account, ApiKey, GeoPackage, Territory};

use super::{Failure, Output};
use crate::{
    identity::{self, Settings},
    policy::{Action, Rights, Role},
};

/// 管理账户 / manage accounts
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// 新建账户；口令随机生成，只显示一次 / make an account; its random password is shown once
    Add {
        #[command(flatten)]
        target: Target,
        /// 角色 / the role
        #[arg(long)]
        role: String,
        /// 姓名 / the person's name
        #[arg(long, default_value = "")]
        name: String,
        /// 单位 / where the person works
        #[arg(long, default_value = "")]
        unit: String,
        /// 管辖范围，图层:编号，可多次给出 / territory as LAYER:ID or LAYER:CODE; may be given again
        #[arg(long = "territory", value_name = "LAYER:ID")]
        territory: Vec<String>,
        /// 口令取自标准输入的第一行 / take the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// 列出账户 / list the accounts
    List {
        /// GeoPackage 文件 / the file
        file: PathBuf,
    },
    /// 改变角色与管辖范围 / give another role and territory
    Role {
        #[command(flatten)]
        target: Target,
        /// 角色 / the role
        role: String,
        /// 管辖范围，图层:编号；不给则为全部 / territory as LAYER:ID or LAYER:CODE; none: the whole file
        #[arg(long = "territory", value_name = "LAYER:ID")]
        territory: Vec<String>,
    },
    /// 停用账户 / lock an account
    Lock {
        #[command(flatten)]
        target: Target,
        /// 重新启用 / unlock it
        #[arg(long)]
        undo: bool,
    },
    /// 为程序签发密钥，只显示一次；请求头 Authorization: Bearer / make a key for a program, shown once
    Key {
        #[command(flatten)]
        target: Target,
        /// 用途 / what it is for
        #[arg(long)]
        label: String,
        /// 有效天数 / days that it holds
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=366))]
        days: i64,
        /// 只限这些操作，如 view,count；不给则同账户 / only these actions; none: all that the account may
        #[arg(long, value_delimiter = ',')]
        scope: Vec<String>,
    },
    /// 列出程序密钥 / list the keys of programs
    Keys {
        /// GeoPackage 文件 / the file
        file: PathBuf,
    },
    /// 收回程序密钥 / take a key back
    Revoke {
        /// GeoPackage 文件 / the file
        file: PathBuf,
        /// 密钥编号 / the key's id
        id: String,
    },
    /// 取消动态码，用于手机遗失；下次登录重新设置 / take the one-time codes away, where the phone is lost
    Code {
        #[command(flatten)]
        target: Target,
    },
    /// 重设口令；随机生成，只显示一次 / give a new password; random, shown once
    Passwd {
        #[command(flatten)]
        target: Target,
        /// 口令取自标准输入的第一行 / take the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(clap::Args)]
struct Target {
    /// GeoPackage 文件 / the file
    file: PathBuf,
    /// 用户名 / the user
    user: String,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let rights = Rights::default_matrix();
    match arguments.verb {
        Verb::List { file } => list(&file, output),
        Verb::Add {
            target,
            role,
            name,
            unit,
            territory,
            password_stdin,
        } => {
            let store = open(&target.file)?;
            if store.account(&target.user)?.is_some() {
                return Err(Failure::Data(format!(
                    "用户 {user} 已存在 / the user {user} is there already",
                    user = target.user
                )));
            }
            check_name(&target.user)?;
            let role = known(&rights, &role)?;
            let mut account = Account::new(&target.user, &role.id, Utc::now());
            account.name = name;
            account.unit = unit;
            account.territory = territories(&store, role, &territory)?;
            let made = set_password(&mut account, password_stdin)?;
            store.save_account(&account)?;
            super::on_record(&store, "account_made", &account.user, &state(&account), 0)?;
            tell(&account, made.as_deref(), "已新建 / made", output)
        }
        Verb::Role {
            target,
            role,
            territory,
        } => change(&target, output, "已改变 / changed", |store, account| {
            let role = known(&rights, &role)?;
            account.territory = territories(store, role, &territory)?;
            account.role.clone_from(&role.id);
            Ok(None)
        }),
        Verb::Lock { target, undo } => {
            let done = if undo {
                "已启用 / unlocked"
            } else {
                "已停用 / locked"
            };
            change(&target, output, done, |_, account| {
                account.locked = !undo;
                Ok(None)
            })
        }
        Verb::Key {
            target,
            label,
            days,
            scope,
        } => make_key(&target, label, days, scope, output),
        Verb::Keys { file } => list_keys(&file, output),
        Verb::Revoke { file, id } => revoke(&file, &id, output),
        Verb::Code { target } => change(
            &target,
            output,
            "已取消动态码 / codes taken away",
            |_, account| {
                account.totp = None;
                Ok(None)
            },
        ),
        Verb::Passwd {
            target,
            password_stdin,
        } => change(
            &target,
            output,
            "口令已重设 / new password",
            |_, account| set_password(account, password_stdin),
        ),
    }
}

fn open(file: &Path) -> Result<GeoPackage, Failure> {
    let store = super::open(file, Access::ReadWrite)?;
    if store.is_own() {
        return Ok(store);
    }
    Err(Failure::Data(format!(
        "{file}：由其他软件建立，不能有账户；请先用 yizhangtu import 导入到自己的文件 \
         / made by another program, so it can't have accounts; import it into a file of your own first",
        file = file.display()
    )))
}

fn change(
    target: &Target,
    output: Output,
    done: &str,
    change: impl FnOnce(&GeoPackage, &mut Account) -> Result<Option<String>, Failure>,
) -> Result<(), Failure> {
    let store = open(&target.file)?;
    let mut account = (store.account(&target.user)?).ok_or_else(|| missing(&target.user))?;
    let made = change(&store, &mut account)?;
    store.save_account(&account)?;
    let reason = format!("{done}; {}", state(&account));
    super::on_record(&store, "account_changed", &account.user, &reason, 0)?;
    tell(&account, made.as_deref(), done, output)
}

/// What an account may do, in a line.
fn state(account: &Account) -> String {
    let places: Vec<String> = (account.territory.iter())
        .map(|place| format!("{}/{}", place.layer, place.id))
        .collect();
    let locked = if account.locked { "locked" } else { "" };
    [&account.role, &*places.join(" "), locked]
        .join(" ")
        .trim()
        .to_owned()
}

/// Names are typed and stand in logs: letters, digits, dots, dashes, underscores and Chinese.
fn check_name(user: &str) -> Result<(), Failure> {
    let sound = (1..=64).contains(&user.chars().count())
        && user
            .chars()
            .all(|letter| letter.is_alphanumeric() || "._-@".contains(letter));
    if sound {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "用户名“{user}”：1 至 64 个字母、汉字、数字或 . _ - @ / the user “{user}”: 1 to 64 letters, digits or . _ - @"
    )))
}

fn known<'a>(rights: &'a Rights, id: &str) -> Result<&'a Role, Failure> {
    let role = rights.role(id).map(|role| &**role);
    role.filter(|role| role.id != "local").ok_or_else(|| {
        let ids = rights.roles.iter().filter(|role| role.id != "local");
        let ids: Vec<&str> = ids.map(|role| role.id.as_str()).collect();
        Failure::Usage(format!(
            "没有角色“{id}”，可用的有 {known} / there is no role “{id}”; there are {known}",
            known = ids.join(", ")
        ))
    })
}

/// Reads `grid:第3网格`-like pairs by the feature's id or code.
fn territories(
    store: &GeoPackage,
    role: &Role,
    given: &[String],
) -> Result<Vec<Territory>, Failure> {
    if role.bound && given.is_empty() {
        return Err(Failure::Usage(format!(
            "角色 {id} 须有 --territory 图层:编号 / the role {id} takes --territory LAYER:ID",
            id = role.id
        )));
    }
    given
        .iter()
        .map(|text| {
            let (layer, name) = text.split_once(':').ok_or_else(|| {
                Failure::Usage(format!(
                    "--territory {text}：应为 图层:编号 / --territory {text}: should be LAYER:ID"
                ))
            })?;
            let described = store.layer(layer).ok_or_else(|| {
                Failure::Data(format!("没有图层 {layer} / there is no layer {layer}"))
            })?;
            let id = if store.get(layer, name)?.is_some() {
                name.to_owned()
            } else {
                let by_code = described.code.as_deref();
                let found = match by_code {
                    Some(code) => store.find(layer, code, &name.into())?,
                    None => Vec::new(),
                };
                found.first().map(|record| record.id.to_string()).ok_or_else(|| {
                    Failure::Data(format!(
                        "图层 {layer} 没有编号为 {name} 的要素 / the layer {layer} has no feature of the id or code {name}"
                    ))
                })?
            };
            Ok(Territory {
                layer: layer.to_owned(),
                id,
            })
        })
        .collect()
}

/// Sets the password: the one on standard input, or a random one, which is given back and must
/// be changed at the first sign-in.
fn set_password(account: &mut Account, from_stdin: bool) -> Result<Option<String>, Failure> {
    let rules = &Settings::usual().password;
    let (password, made) = if from_stdin {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        let password = line.trim_end_matches(['\r', '\n']).to_owned();
        if let Some(fault) = identity::fault(&password, &account.user, rules) {
            return Err(Failure::Data(format!(
                "口令不合要求：{fault} / the password will not do"
            )));
        }
        (password, false)
    } else {
        (identity::made(rules), true)
    };
    identity::renew(account, identity::hash(&password), rules.former());
    account.must_change = made;
    Ok(made.then_some(password))
}

fn tell(
    account: &Account,
    password: Option<&str>,
    done: &str,
    output: Output,
) -> Result<(), Failure> {
    let mut out = io::stdout();
    if output.json {
        let mut told = identity::described(account);
        if let Some(password) = password {
            told["password"] = password.into();
        }
        writeln!(out, "{told}")?;
        return Ok(());
    }
    writeln!(out, "{done}：{} {}", account.user, account.role)?;
    if let Some(password) = password {
        writeln!(
            out,
            "口令（只显示这一次，首次登录须修改）/ password (shown this once, to be changed at the first sign-in): {password}"
        )?;
    }
    Ok(())
}

fn make_key(
    target: &Target,
    label: String,
    days: i64,
    scope: Vec<String>,
    output: Output,
) -> Result<(), Failure> {
    let known: Vec<&str> = (Action::ALL.iter())
        .map(|(action, _)| action.name())
        .chain(["duties"])
        .collect();
    if let Some(other) = scope.iter().find(|word| !known.contains(&word.as_str())) {
        return Err(Failure::Usage(format!(
            "--scope 没有“{other}”，可用的有 {known} / there is no “{other}”; there are {known}",
            known = known.join(", ")
        )));
    }
    let store = open(&target.file)?;
    let account = store
        .account(&target.user)?
        .ok_or_else(|| missing(&target.user))?;
    let key = identity::made_key();
    let hash = identity::key_hash(&key);
    let now = Utc::now();
    let kept = ApiKey {
        id: hash[..12].to_owned(),
        user: account.user,
        label,
        hash,
        scope,
        created_at: now,
        expires_at: now + TimeDelta::days(days),
        revoked_at: None,
    };
    store.save_api_key(&kept)?;
    super::on_record(&store, "key_made", &kept.user, &kept.id, 0)?;
    let mut out = io::stdout();
    if output.json {
        let mut told = described_key(&kept);
        told["key"] = key.into();
        writeln!(out, "{told}")?;
    } else {
        writeln!(
            out,
            "密钥 {id}（只显示这一次）/ key {id} (shown this once): {key}",
            id = kept.id
        )?;
    }
    Ok(())
}

fn list_keys(file: &Path, output: Output) -> Result<(), Failure> {
    let keys = super::open(file, Access::ReadOnly)?.api_keys()?;
    let mut out = io::stdout();
    if output.json {
        let all: Vec<Value> = keys.iter().map(described_key).collect();
        writeln!(out, "{}", Value::from(all))?;
        return Ok(());
    }
    for key in &keys {
        writeln!(
            out,
            "{id}\t{user}\t{label}\t{scope}\t{until}\t{state}",
            id = key.id,
            user = key.user,
            label = key.label,
            scope = key.scope.join(","),
            until = key.expires_at.date_naive(),
            state = if key.revoked_at.is_some() {
                "已收回 revoked"
            } else {
                ""
            },
        )?;
    }
    Ok(())
}

fn revoke(file: &Path, id: &str, output: Output) -> Result<(), Failure> {
    let store = open(file)?;
    let found = store.api_keys()?.into_iter().find(|key| key.id == id);
    let mut key =
        found.ok_or_else(|| Failure::Data(format!("没有密钥 {id} / there is no key {id}")))?;
    key.revoked_at.get_or_insert(Utc::now());
    store.save_api_key(&key)?;
    super::on_record(&store, "key_revoked", &key.user, &key.id, 0)?;
    let mut out = io::stdout();
    if output.json {
        writeln!(out, "{}", described_key(&key))?;
    } else {
        writeln!(out, "已收回 / revoked: {id}")?;
    }
    Ok(())
}

fn described_key(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "user": key.user,
        "label": key.label,
        "scope": key.scope,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    })
}

fn missing(user: &str) -> Failure {
    Failure::Data(format!("没有用户 {user} / there is no user {user}"))
}

fn list(file: &Path, output: Output) -> Result<(), Failure> {
    let store = super::open(file, Access::ReadOnly)?;
    let accounts = store.accounts()?;
    let mut out = io::stdout();
    if output.json {
        let all: Vec<Value> = accounts.iter().map(identity::described).collect();
        writeln!(out, "{}", Value::from(all))?;
        return Ok(());
    }
    if accounts.is_empty() {
        writeln!(
            out,
            "此文件没有账户，只在本机发布 / no accounts in this file; it is served on this machine only"
        )?;
    }
    for account in &accounts {
        let territory: Vec<String> = (account.territory.iter())
            .map(|own| format!("{}:{}", own.layer, own.id))
            .collect();
        writeln!(
            out,
            "{user}\t{role}\t{name}\t{unit}\t{territory}\t{state}",
            user = account.user,
            role = account.role,
            name = account.name,
            unit = account.unit,
            territory = territory.join(","),
            state = if account.locked { "停用 locked" } else { "" },
        )?;
    }
    Ok(())
}
