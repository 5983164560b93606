//! Requests to take personal data away as a file, and what a second person said to them.
//! Who may ask and who may decide is not decided here.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params, types::Type};
use serde::{Deserialize, Serialize};

use super::{GeoPackage, StoreError, Territory};
use crate::Text;

/// What is asked for, and by whom, as it was when it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The person's own name; may be empty.
    pub name: String,
    /// Where the person works; may be empty.
    pub unit: String,
    /// The role's identifier.
    pub role: String,
    /// What the account was bound to.
    pub territory: Vec<Territory>,
    /// Each file by its path and query.
    pub paths: Vec<String>,
    /// What is in the files, for whoever decides.
    pub title: Text,
    /// Rows that the files had when they were asked for.
    pub rows: u64,
    /// What they are wanted for.
    pub reason: String,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// Nobody has decided yet.
    Asked,
    /// The files may be fetched until the end.
    Approved,
    /// They may not.
    Refused,
    /// Taken back by whoever asked.
    Withdrawn,
}

impl ExportState {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Asked, "asked"),
        (Self::Approved, "approved"),
        (Self::Refused, "refused"),
        (Self::Withdrawn, "withdrawn"),
    ];

    fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("", |(_, word)| word)
    }

    fn of(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, own)| *own == word);
        found.map(|(state, _)| *state)
    }
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    /// Its number, which the files carry too.
    pub id: String,
    /// Whoever asks.
    pub user: String,
    /// What for.
    pub asked: Asked,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// How far it has come.
    pub state: ExportState,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// What whoever decided said.
    pub remark: String,
    /// Until when it can be decided, or the files fetched.
    pub ends_at: DateTime<Utc>,
    /// How many files may still be fetched.
    pub fetches_left: u32,
}

const REQUEST: &str = "SELECT id, user, asked, asked_at, state, decided_by, decided_at, remark, \
     ends_at, fetches_left FROM export_request";

fn read(row: &Row<'_>) -> rusqlite::Result<ExportRequest> {
    let fault =
        |column, error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error);
    let (asked, state): (String, String) = (row.get(2)?, row.get(4)?);
    Ok(ExportRequest {
        id: row.get(0)?,
        user: row.get(1)?,
        asked: serde_json::from_str(&asked).map_err(|error| fault(2, error.into()))?,
        asked_at: row.get(3)?,
        state: ExportState::of(&state).ok_or_else(|| fault(4, state.into()))?,
        decided_by: row.get(5)?,
        decided_at: row.get(6)?,
        remark: row.get(7)?,
        ends_at: row.get(8)?,
        fetches_left: row.get(9)?,
    })
}

impl GeoPackage {
    /// The requests, the latest first: at most so many, of one user where one is named.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn export_requests(
        &self,
        user: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ExportRequest>, StoreError> {
        if !self.has_accounts_table()? {
            return Ok(Vec::new());
        }
        self.query(
            &format!("{REQUEST} WHERE ?1 IS NULL OR user = ?1 ORDER BY fid DESC LIMIT ?2"),
            params![user, limit],
            read,
        )
    }

    /// A request by its number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn export_request(&self, id: &str) -> Result<Option<ExportRequest>, StoreError> {
        if !self.has_accounts_table()? {
            return Ok(None);
        }
        let mut found = self.query(&format!("{REQUEST} WHERE id = ?1"), [id], read)?;
        Ok(found.pop())
    }

    /// Writes a new request.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn ask_export(&self, request: &ExportRequest) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        let write = || {
            let asked = serde_json::to_string(&request.asked)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            transaction.execute(
                "INSERT INTO export_request (id, user, asked, asked_at, state, remark, ends_at, fetches_left)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    request.id,
                    request.user,
                    asked,
                    request.asked_at,
                    request.state.word(),
                    request.remark,
                    request.ends_at,
                    request.fetches_left,
                ],
            )
        };
        write()
            .and_then(|_| transaction.commit())
            .map_err(|error| self.error(error))
    }

    /// Writes what was decided of a request that nobody had decided; gives whether it was so.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn decide_export(&self, request: &ExportRequest) -> Result<bool, StoreError> {
        let transaction = self.begin()?;
        let write = || {
            transaction.execute(
                "UPDATE export_request SET state = ?2, decided_by = ?3, decided_at = ?4, remark = ?5, ends_at = ?6
                 WHERE id = ?1 AND state = 'asked'",
                params![
                    request.id,
                    request.state.word(),
                    request.decided_by,
                    request.decided_at,
                    request.remark,
                    request.ends_at,
                ],
            )
        };
        write()
            .and_then(|rows| transaction.commit().map(|()| rows == 1))
            .map_err(|error| self.error(error))
    }

    /// Takes one of the fetches that an approved request has left; gives whether there was one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn take_fetch(&self, id: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let transaction = self.begin()?;
        let write = || {
            transaction.execute(
                "UPDATE export_request SET fetches_left = fetches_left - 1
                 WHERE id = ?1 AND state = 'approved' AND fetches_left > 0 AND ends_at > ?2",
                params![id, now],
            )
        };
        write()
            .and_then(|rows| transaction.commit().map(|()| rows == 1))
            .map_err(|error| self.error(error))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{Catalog, store::About};

    #[test]
    fn a_request_is_decided_once_and_fetched_as_often_as_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("village.gpkg");
        let store = GeoPackage::create(&path, &Catalog::embedded(), &About::default()).unwrap();
        let now = Utc::now();
        let mut request = ExportRequest {
            id: "DC1".into(),
            user: "li.si".into(),
            asked: Asked {
                name: "李四".into(),
                unit: String::new(),
                role: "enforcement_lead".into(),
                territory: Vec::new(),
                paths: vec!["/collections/violation_party/export?f=xlsx".into()],
                title: Text::default(),
                rows: 3,
                reason: "案件移送".into(),
            },
            asked_at: now,
            state: ExportState::Asked,
            decided_by: None,
            decided_at: None,
            remark: String::new(),
            ends_at: now + TimeDelta::days(7),
            fetches_left: 2,
        };
        store.ask_export(&request).unwrap();
        assert!(!store.take_fetch("DC1", now).unwrap(), "nobody approved it");
        request.state = ExportState::Approved;
        request.decided_by = Some("zhao".into());
        request.decided_at = Some(now);
        request.ends_at = now + TimeDelta::hours(24);
        assert!(store.decide_export(&request).unwrap());
        let mut refused = request.clone();
        refused.state = ExportState::Refused;
        assert!(!store.decide_export(&refused).unwrap(), "it is decided");
        assert_eq!(store.export_request("DC1").unwrap(), Some(request.clone()));
        assert!(!store.take_fetch("DC1", now + TimeDelta::hours(25)).unwrap());
        assert!(store.take_fetch("DC1", now).unwrap() && store.take_fetch("DC1", now).unwrap());
        assert!(!store.take_fetch("DC1", now).unwrap(), "none is left");
        assert_eq!(store.export_requests(Some("LI.SI"), 10).unwrap().len(), 1);
        assert!(store.export_requests(Some("other"), 10).unwrap().is_empty());
    }
}
