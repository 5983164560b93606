//! Limits around signing in, as data.

use std::time::Duration;

use serde::Deserialize;

use crate::office::{Book, Misrule, Ruled, within};

/// The limits; see `security.toml`, where each is explained.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Which version.
    #[serde(rename = "version")]
    _version: String,
    pub(super) session: SessionLimits,
    pub(super) lockout: Lockout,
    pub(crate) password: PasswordRules,
    pub(super) second_factor: SecondFactor,
    pub(super) account: AccountLimits,
    pub(super) rate: Rate,
    pub(crate) export: ExportLimits,
    pub(crate) audit: AuditLimits,
}

/// How long the audit log is kept in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditLimits {
    /// Days until rows are due to be archived.
    pub(crate) keep_days: i64,
    /// Days before which none is.
    pub(crate) least_days: i64,
}

/// Limits of files with personal data that somebody else approves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportLimits {
    /// Days within which somebody decides.
    pub(crate) decide_days: i64,
    /// Hours within which an approved file is fetched.
    pub(crate) fetch_hours: i64,
    /// How often each is fetched at most.
    pub(crate) fetches: u32,
    /// Files that one request names at most.
    pub(crate) files: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionLimits {
    idle_minutes: u64,
    administrator_idle_minutes: u64,
    absolute_hours: u64,
    pub(super) per_device_kind: usize,
}

impl SessionLimits {
    /// How long a session may rest.
    pub(super) fn idle(&self, administrator: bool) -> Duration {
        Duration::from_secs(
            60 * if administrator {
                self.administrator_idle_minutes
            } else {
                self.idle_minutes
            },
        )
    }

    /// How long a session may last.
    pub(super) fn absolute(&self) -> Duration {
        Duration::from_secs(3600 * self.absolute_hours)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lockout {
    pub(super) failures_per_account: usize,
    pub(super) failures_per_address: usize,
    minutes: u64,
}

impl Lockout {
    /// How long a lock lasts, and how long failures are remembered.
    pub(super) fn lasts(&self) -> Duration {
        Duration::from_secs(60 * self.minutes)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordRules {
    pub(super) least_characters: usize,
    pub(super) least_classes: usize,
    pub(super) former: usize,
    pub(super) greatest_age_days: i64,
    pub(super) denied: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecondFactor {
    pub(super) required: bool,
    pub(super) shared_accounts: bool,
}

/// Units of work; a plain request is one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rate {
    pub(super) per_minute: u32,
    pub(super) burst: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountLimits {
    pub(super) unused_days: i64,
}

impl PasswordRules {
    /// How many former passwords may not be taken again.
    pub(crate) fn former(&self) -> usize {
        self.former
    }
}

/// The book of these rules.
pub(crate) static LIMITS: Book<Settings> = Book::new(
    "security",
    include_str!("../../../data/catalog/security.toml"),
);

impl Ruled for Settings {
    fn misruled(&self) -> Vec<Misrule> {
        let session = &self.session;
        [
            within(
                session.administrator_idle_minutes <= session.idle_minutes,
                "session.administrator_idle_minutes",
                "管理员不应比他人更久",
                "administrators rest no longer than others",
            ),
            within(
                self.lockout.failures_per_account <= self.lockout.failures_per_address,
                "lockout.failures_per_address",
                "不应少于账户的次数",
                "must be no less than those of an account",
            ),
            within(
                self.audit.least_days <= self.audit.keep_days,
                "audit.keep_days",
                "不应少于最少保留天数",
                "must be no less than the least days",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Settings {
    /// The limits that the program comes with.
    pub(crate) fn usual() -> &'static Self {
        LIMITS.current()
    }
}
