//! `yizhangtu doctor`: what of a file's keeping would be regretted, told before it is.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::json;
use yizhangtu_data::{
    seal::Source,
    store::{Access, AuditState, GeoPackage},
};

use super::{Failure, Output};
use crate::identity;

/// 检查文件的保管：损坏、加密与密钥、账户、审计日志 / how a file is kept: damage, encryption and its key, accounts, the audit log
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// GeoPackage 文件 / the file
    file: PathBuf,
}

/// How a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    Warning,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    about: &'static str,
    state: State,
    message: String,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let store = super::open(&arguments.file, Access::ReadOnly)?;
    let mut findings = Vec::new();
    damage(&store, &mut findings)?;
    if store.is_own() {
        encryption(&store, &mut findings)?;
        accounts(&store, &mut findings)?;
        log(&store, &mut findings)?;
    }
    let bad = findings.iter().any(|finding| finding.state == State::Bad);
    let mut to = io::stdout().lock();
    if output.json {
        writeln!(to, "{}", json!({ "findings": findings }))?;
    } else {
        for finding in &findings {
            let mark = match finding.state {
                State::Good => "✓",
                State::Warning => "!",
                State::Bad => "✗",
            };
            writeln!(to, "{mark} {}", finding.message)?;
        }
    }
    if bad {
        return Err(Failure::Data(format!(
            "{file}：有必须处理的问题 / there is something that must be mended",
            file = arguments.file.display()
        )));
    }
    Ok(())
}

fn add(findings: &mut Vec<Finding>, about: &'static str, state: State, message: impl Into<String>) {
    findings.push(Finding {
        about,
        state,
        message: message.into(),
    });
}

fn damage(store: &GeoPackage, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    match store.damage()?.first() {
        None => add(
            findings,
            "file",
            State::Good,
            "文件完好 / the file is whole",
        ),
        Some(first) => add(
            findings,
            "file",
            State::Bad,
            format!(
                "文件已损坏（{first}），请用 yizhangtu restore 恢复备份 / the file is damaged; restore a backup with yizhangtu restore"
            ),
        ),
    }
    Ok(())
}

fn encryption(store: &GeoPackage, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    const ABOUT: &str = "encryption";
    let state = store.seal_state()?;
    let ring = store.keys().ring();
    let missing: Vec<&str> = (state.by_key.keys().map(String::as_str))
        .filter(|name| !ring.names().any(|own| own == *name))
        .collect();
    if !missing.is_empty() {
        add(
            findings,
            ABOUT,
            State::Bad,
            format!(
                "缺少密钥 {names}：用它加密的证件号和电话读不出来，请找回密钥副本并设置 YIZHANGTU_KEY_FILE / the key {names} is not here; find its copy and name it in YIZHANGTU_KEY_FILE",
                names = missing.join(", ")
            ),
        );
    }
    attachments(store, findings)?;
    if state.clear > 0 {
        let synthetic = store.about().synthetic;
        let remedy = if ring.current().is_some() {
            "yizhangtu key seal"
        } else {
            "yizhangtu key make, YIZHANGTU_KEY_FILE, yizhangtu key seal"
        };
        add(
            findings,
            ABOUT,
            if synthetic {
                State::Good
            } else {
                State::Warning
            },
            format!(
                "{count} 个证件号或电话以明文存放{note}，可加密：{remedy} / {count} identity numbers or telephones lie in clear; seal them: {remedy}",
                count = state.clear,
                note = if synthetic { "（虚构数据）" } else { "" },
            ),
        );
    }
    let Some(current) = ring.current() else {
        return Ok(());
    };
    let sealed: u64 = state.by_key.values().sum();
    add(
        findings,
        ABOUT,
        State::Good,
        format!(
            "{sealed} 个值已加密，当前密钥 {current} / {sealed} values are sealed; the key is {current}"
        ),
    );
    let old: u64 = (state.by_key.iter())
        .filter(|(name, _)| *name != current)
        .map(|(_, count)| count)
        .sum();
    if old > 0 && missing.is_empty() {
        add(
            findings,
            ABOUT,
            State::Warning,
            format!(
                "{old} 个值仍用旧密钥，请运行 yizhangtu key seal / {old} values are under an old key; run yizhangtu key seal"
            ),
        );
    }
    if store.key_copy()?.as_deref() != Some(current) {
        add(
            findings,
            ABOUT,
            State::Warning,
            "没有确认过密钥副本：密钥一旦丢失，证件号和电话无法恢复。请在另一处保存副本，再运行 yizhangtu key copy / no copy of the key was confirmed: keep one in another place, then run yizhangtu key copy",
        );
    }
    let beside = (store.keys().source().and_then(Source::file))
        .is_some_and(|keys| folder(keys).is_some() && folder(keys) == folder(store.path()));
    if beside {
        add(
            findings,
            ABOUT,
            State::Warning,
            "密钥文件与数据在同一文件夹，谁拿走数据也拿走密钥，请分开存放 / the key lies in the folder of the data: whoever takes the one has the other",
        );
    }
    Ok(())
}

/// The photographs and documents beside the map.
fn attachments(store: &GeoPackage, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    const ABOUT: &str = "attachments";
    let (clear, by_key) = store.attachments().seal_state()?;
    let ring = store.keys().ring();
    let lost: u64 = (by_key.iter())
        .filter(|(name, _)| !ring.names().any(|own| own == *name))
        .map(|(_, count)| count)
        .sum();
    let old: u64 = (by_key.iter())
        .filter(|(name, _)| ring.current() != Some(name))
        .map(|(_, count)| count)
        .sum();
    if lost > 0 {
        add(
            findings,
            ABOUT,
            State::Bad,
            format!(
                "{lost} 个附件的密钥不在，读不出来，请找回密钥副本 / the key of {lost} attachments is not here; find its copy"
            ),
        );
    } else if old > 0 {
        add(
            findings,
            ABOUT,
            State::Warning,
            format!(
                "{old} 个附件仍用旧密钥，请运行 yizhangtu key seal / {old} attachments are under an old key; run yizhangtu key seal"
            ),
        );
    }
    if clear > 0 && ring.current().is_some() {
        add(
            findings,
            ABOUT,
            State::Warning,
            format!(
                "{clear} 个照片或文件以明文存放，请运行 yizhangtu key seal / {clear} photographs or documents lie in clear; run yizhangtu key seal"
            ),
        );
    }
    Ok(())
}

fn folder(file: &Path) -> Option<PathBuf> {
    file.canonicalize().ok()?.parent().map(Path::to_path_buf)
}

fn accounts(store: &GeoPackage, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    const ABOUT: &str = "accounts";
    let accounts = store.accounts()?;
    let public = accounts.iter().filter(|account| {
        !account.locked && account.password.as_deref().is_some_and(identity::is_public)
    });
    let public = public.count();
    match (accounts.len(), public) {
        (0, _) => add(
            findings,
            ABOUT,
            State::Warning,
            "没有账户：只能在本机发布，本机用户有全部权限；yizhangtu serve --accounts 建立管理员 / no accounts: served on this machine only, whose users have full rights; yizhangtu serve --accounts makes administrators",
        ),
        (count, 0) => add(
            findings,
            ABOUT,
            State::Good,
            format!("{count} 个账户，口令各不公开 / {count} accounts, none with a public password"),
        ),
        (_, public) => add(
            findings,
            ABOUT,
            if store.about().synthetic {
                State::Good
            } else {
                State::Bad
            },
            format!(
                "{public} 个账户用演示的公开口令 / {public} accounts have the public password of the demonstration"
            ),
        ),
    }
    Ok(())
}

fn log(store: &GeoPackage, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let kept = identity::Settings::usual().audit.keep_days;
    let due = store.audit_rows_before(chrono::Utc::now() - chrono::TimeDelta::days(kept))?;
    if due > 0 {
        add(
            findings,
            "audit",
            State::Warning,
            format!(
                "{due} 行审计日志已满 {kept} 天，请用 yizhangtu audit archive 归档 / {due} rows of the audit log are older than {kept} days; move them by yizhangtu audit archive"
            ),
        );
    }
    match store.audit_state(None)? {
        AuditState::Whole { rows, last } => add(
            findings,
            "audit",
            State::Good,
            format!(
                "审计日志完整，{rows} 行，末行 {last} / the audit log is whole, {rows} rows, the last {last}"
            ),
        ),
        AuditState::Broken { sequence, fault } => add(
            findings,
            "audit",
            State::Bad,
            format!("审计日志第 {sequence} 行：{fault} / row {sequence} of the audit log"),
        ),
    }
    Ok(())
}
