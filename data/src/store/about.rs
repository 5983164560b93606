//! What a project says of itself: the `about` table of keys and values.

use chrono::NaiveDate;
use rusqlite::{Connection, Result, params};

use crate::Text;

/// What a project says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The project's name.
    pub title: Text,
    /// Whether the data are invented; every screen and sheet says so then.
    pub synthetic: bool,
    /// What every reader must be told.
    pub notice: Option<Text>,
    /// Division code of the village or district, 12 or 6 digits.
    pub village_code: Option<String>,
    /// Licence and credit of the data.
    pub licence: Option<String>,
    /// The day that the data stand for.
    pub as_of: Option<NaiveDate>,
    /// Anything else that the maker wants kept, such as the seed of a demonstration.
    pub extra: Vec<(String, String)>,
}

/// Keys that are this program's own, and so never in [`About::extra`].
const OWN: [&str; 4] = ["format", "format_version", "open_change_set", "base"];

impl About {
    pub(crate) fn read(connection: &Connection) -> Result<Self> {
        let mut about = Self::default();
        let mut notice = Text::default();
        let mut statement = connection.prepare("SELECT key, value FROM about ORDER BY fid")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (key, value): (String, Option<String>) = (row.get(0)?, row.get(1)?);
            let value = value.unwrap_or_default();
            match key.as_str() {
                "title_zh" => about.title.zh = value,
                "title_en" => about.title.en = value,
                "synthetic" => about.synthetic = value == "true",
                "notice_zh" => notice.zh = value,
                "notice_en" => notice.en = value,
                "village_code" => about.village_code = Some(value),
                "licence" => about.licence = Some(value),
                "as_of" => about.as_of = value.parse().ok(),
                key if OWN.contains(&key) => {}
                _ => about.extra.push((key, value)),
            }
        }
        if !notice.zh.is_empty() || !notice.en.is_empty() {
            about.notice = Some(notice);
        }
        Ok(about)
    }

    pub(crate) fn write(&self, connection: &Connection) -> Result<()> {
        let (notice_zh, notice_en) = self
            .notice
            .as_ref()
            .map(|notice| (notice.zh.clone(), notice.en.clone()))
            .unzip();
        let rows = [
            ("title_zh", Some(self.title.zh.clone())),
            ("title_en", Some(self.title.en.clone())),
            ("synthetic", Some(self.synthetic.to_string())),
            ("notice_zh", notice_zh),
            ("notice_en", notice_en),
            ("village_code", self.village_code.clone()),
            ("licence", self.licence.clone()),
            ("as_of", self.as_of.map(|day| day.to_string())),
        ];
        let extra = self
            .extra
            .iter()
            .map(|(key, value)| (key.as_str(), Some(value.clone())));
        for (key, value) in rows.into_iter().chain(extra) {
            if let Some(value) = value {
                connection.execute(
                    "INSERT INTO about (key, value) VALUES (?1, ?2)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    params![key, value],
                )?;
            }
        }
        Ok(())
    }
}
