//! The accounts of a file and the keys of programs. What a role may do is not decided here.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{GeoPackage, StoreError};

/// A feature that an account's territory consists of: a grid, a co-operative, a village, a
/// building.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Territory {
    /// The layer's identifier.
    pub layer: String,
    /// The feature's identifier.
    pub id: String,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name that is typed to sign in; case does not matter.
    pub user: String,
    /// The person's own name; may be empty.
    pub name: String,
    /// Where the person works; may be empty.
    pub unit: String,
    /// The role's identifier.
    pub role: String,
    /// What the account is bound to; empty for the whole file.
    pub territory: Vec<Territory>,
    /// The password's hash as a PHC string; none where the account can't sign in with one.
    pub password: Option<String>,
    /// Hashes of the passwords before, the latest first.
    pub former_passwords: Vec<String>,
    /// When the password was last set.
    pub password_changed_at: Option<DateTime<Utc>>,
    /// Whether a new password must be chosen at the next sign-in.
    pub must_change: bool,
    /// Whether an administrator has locked the account.
    pub locked: bool,
    /// The secret of the one-time codes, where a second factor is set up.
    pub totp: Option<String>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When somebody last signed in with it.
    pub last_login_at: Option<DateTime<Utc>>,
}

impl Account {
    /// An account that nobody can sign in with yet.
    pub fn new(user: impl Into<String>, role: impl Into<String>, at: DateTime<Utc>) -> Self {
        Self {
            user: user.into(),
            name: String::new(),
            unit: String::new(),
            role: role.into(),
            territory: Vec::new(),
            password: None,
            former_passwords: Vec::new(),
            password_changed_at: None,
            must_change: false,
            locked: false,
            totp: None,
            created_at: at,
            last_login_at: None,
        }
    }
}

/// A key by which a program acts for an account. Only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// What the key is called in lists; no secret.
    pub id: String,
    /// The account that it acts for.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// SHA-256 of the key, hexadecimal.
    pub hash: String,
    /// Actions that it may do, of those that the account may; empty for all.
    pub scope: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

const ACCOUNT: &str = "SELECT user, name, unit, role, territory, password, former_passwords, \
     password_changed_at, must_change, locked, totp, created_at, last_login_at FROM account";

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        user: row.get(0)?,
        name: row.get(1)?,
        unit: row.get(2)?,
        role: row.get(3)?,
        territory: json(row, 4)?,
        password: row.get(5)?,
        former_passwords: json(row, 6)?,
        password_changed_at: row.get(7)?,
        must_change: row.get(8)?,
        locked: row.get(9)?,
        totp: row.get(10)?,
        created_at: row.get(11)?,
        last_login_at: row.get(12)?,
    })
}

fn key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: row.get(0)?,
        user: row.get(1)?,
        label: row.get(2)?,
        hash: row.get(3)?,
        scope: json(row, 4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
        revoked_at: row.get(7)?,
    })
}

fn json<T: for<'a> Deserialize<'a>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

fn as_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

impl GeoPackage {
    /// Whether the file has tables of accounts. One made by another program, or before there
    /// were accounts and never opened to be changed since, has none.
    pub(super) fn has_accounts_table(&self) -> Result<bool, StoreError> {
        if !self.own {
            return Ok(false);
        }
        let found = self.connection.query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'audit'",
            [],
            |_| Ok(()),
        );
        let found = found.optional().map_err(|error| self.error(error))?;
        Ok(found.is_some())
    }

    /// All accounts in the order in which they were made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        if !self.has_accounts_table()? {
            return Ok(Vec::new());
        }
        self.query(&format!("{ACCOUNT} ORDER BY fid"), [], account)
    }

    /// The account of a user.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn account(&self, user: &str) -> Result<Option<Account>, StoreError> {
        if !self.has_accounts_table()? {
            return Ok(None);
        }
        let mut found = self.query(&format!("{ACCOUNT} WHERE user = ?1"), [user], account)?;
        Ok(found.pop())
    }

    /// Writes an account: a new one, or the one of the same user. On the disk when this
    /// returns.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_account(&self, account: &Account) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        let write = || {
            transaction.execute(
                "INSERT INTO account (user, name, unit, role, territory, password, former_passwords,
                   password_changed_at, must_change, locked, totp, created_at, last_login_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                 ON CONFLICT (user) DO UPDATE SET name = excluded.name, unit = excluded.unit,
                   role = excluded.role, territory = excluded.territory,
                   password = excluded.password, former_passwords = excluded.former_passwords,
                   password_changed_at = excluded.password_changed_at,
                   must_change = excluded.must_change, locked = excluded.locked,
                   totp = excluded.totp, last_login_at = excluded.last_login_at",
                params![
                    account.user,
                    account.name,
                    account.unit,
                    account.role,
                    as_json(&account.territory)?,
                    account.password,
                    as_json(&account.former_passwords)?,
                    account.password_changed_at,
                    account.must_change,
                    account.locked,
                    account.totp,
                    account.created_at,
                    account.last_login_at,
                ],
            )
        };
        write()
            .and_then(|_| transaction.commit())
            .map_err(|error| self.error(error))
    }

    /// All keys of programs, the ended ones included.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        if !self.has_accounts_table()? {
            return Ok(Vec::new());
        }
        self.query(
            "SELECT id, user, label, hash, scope, created_at, expires_at, revoked_at
             FROM api_key ORDER BY fid",
            [],
            key,
        )
    }

    /// Writes a key: a new one, or when an existing one was taken back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        let write = || {
            transaction.execute(
                "INSERT INTO api_key (id, user, label, hash, scope, created_at, expires_at, revoked_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (id) DO UPDATE SET revoked_at = excluded.revoked_at",
                params![
                    key.id,
                    key.user,
                    key.label,
                    key.hash,
                    as_json(&key.scope)?,
                    key.created_at,
                    key.expires_at,
                    key.revoked_at,
                ],
            )
        };
        write()
            .and_then(|_| transaction.commit())
            .map_err(|error| self.error(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Catalog,
        store::{About, Access},
    };

    #[test]
    fn an_account_is_found_again_whatever_its_case() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let store = GeoPackage::create(&path, &Catalog::embedded(), &About::default()).unwrap();
        assert!(store.accounts().unwrap().is_empty());
        let mut account = Account::new("Li.Si", "grid_worker", Utc::now());
        account.territory.push(Territory {
            layer: "grid".into(),
            id: "g1".into(),
        });
        store.save_account(&account).unwrap();
        account.locked = true;
        store.save_account(&account).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(reader.account("li.si").unwrap().as_ref(), Some(&account));
        assert_eq!(reader.accounts().unwrap(), [account.clone()]);
        assert!(reader.save_account(&account).is_err());
    }

    #[test]
    fn a_file_from_before_there_were_accounts_gets_their_tables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let catalog = Catalog::embedded();
        let store = GeoPackage::create(&path, &catalog, &About::default()).unwrap();
        store
            .connection
            .execute_batch("DROP TABLE account; DROP TABLE api_key; DROP TABLE audit")
            .unwrap();
        drop(store);
        let store = GeoPackage::open(&path, &catalog, Access::ReadOnly).unwrap();
        assert!(store.accounts().unwrap().is_empty() && store.account("x").unwrap().is_none());
        drop(store);
        let store = GeoPackage::open(&path, &catalog, Access::ReadWrite).unwrap();
        store
            .save_account(&Account::new("x", "leader", Utc::now()))
            .unwrap();
        assert_eq!(store.accounts().unwrap().len(), 1);
    }
}
