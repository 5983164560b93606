//! The leave to take a file away: what may be in it, what it carries, what is on record.

use axum::http::StatusCode;
use chrono::Utc;
use sha2::{Digest, Sha256};
use yizhangtu_data::{
    clock, hexadecimal,
    store::{ExportRequest, ExportState},
};

use crate::{
    audit::Entry,
    http::{App, Parameters, Problem},
    policy::{Channel, Viewer},
};

/// What a viewer may take away by a path.
#[derive(Clone, Debug)]
pub(crate) struct Leave {
    /// The number that the file is on record by.
    number: String,
    /// The request that it was approved by.
    approval: Option<String>,
    /// Whether what is personal may be in the file.
    personal: bool,
}

/// A new number: the day, and what no other has.
pub(super) fn number() -> String {
    let ulid = ulid::Ulid::generate().to_string();
    let own = &ulid[ulid.len() - 8..];
    format!("DC{}-{own}", clock::now().format("%Y%m%d"))
}

/// The SHA-256 of a file, hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

impl Leave {
    /// The leave for the file at a path: what the query names as `approval`, or none. Whoever
    /// works with a file that has no accounts has the whole of it, and needs none.
    ///
    /// # Errors
    /// 403 where the approval is for another file, not given, refused or withdrawn; 404 where
    /// there is none such of one's own; 410 where it has ended.
    pub(crate) async fn take(
        app: &App,
        viewer: &Viewer,
        path: &str,
        given: &mut Parameters,
    ) -> Result<Self, Problem> {
        let Some(id) = given.take("approval")? else {
            return Ok(Self {
                number: number(),
                approval: None,
                personal: viewer.is_local(),
            });
        };
        let path = named(path, given);
        let user = viewer.who().user.clone().ok_or_else(|| viewer.refused())?;
        viewer.require_factor()?;
        let wanted = id.clone();
        let request = app.pool().read(move |store| store.export_request(&wanted));
        let request = (request.await?)
            .filter(|request| request.user.eq_ignore_ascii_case(&user))
            .ok_or_else(|| {
                Problem::not_found(format!("没有申请 {id} / there is no request {id}"))
            })?;
        let place = (request.asked.paths.iter()).position(|own| *own == path);
        let refused = |status, zh: &str, en: &str| Problem::new(status, format!("{zh} / {en}"));
        let Some(place) = place else {
            return Err(refused(
                StatusCode::FORBIDDEN,
                "批准的不是这个文件，请另行申请",
                "another file was approved; ask for this one",
            ));
        };
        match standing(&request) {
            Standing::Approved => {}
            Standing::Asked => {
                return Err(refused(
                    StatusCode::FORBIDDEN,
                    "此申请尚未审批",
                    "nobody has approved it yet",
                ));
            }
            Standing::Refused | Standing::Withdrawn => {
                return Err(refused(
                    StatusCode::FORBIDDEN,
                    "此申请未获批准",
                    "it was refused or withdrawn",
                ));
            }
            Standing::Ended => return Err(ended()),
        }
        Ok(Self {
            number: match request.asked.paths.len() {
                1 => id.clone(),
                _ => format!("{id}/{}", place + 1),
            },
            approval: Some(id),
            personal: true,
        })
    }

    /// Refuses where what is personal may not be in the file, and nothing else would be.
    ///
    /// # Errors
    /// 403 with `approval` in the problem, and how to ask.
    pub(crate) fn require(&self) -> Result<(), Problem> {
        if self.personal {
            return Ok(());
        }
        Err(needed())
    }

    /// The number that the file is on record by.
    pub(crate) fn number(&self) -> &str {
        &self.number
    }

    /// The name of the file: that of an approved one tells its number.
    pub(crate) fn file_name(&self, name: &str, ending: &str) -> String {
        match &self.approval {
            Some(_) => format!("{name}-{}.{ending}", self.number.replace('/', "-")),
            None => format!("{name}.{ending}"),
        }
    }

    /// Whoever takes it away, as the file is made for them: without what is personal where
    /// there is no leave for it.
    pub(crate) fn viewer(&self, viewer: &Viewer, channel: Channel) -> Viewer {
        let viewer = viewer.clone().through(channel);
        if self.personal { viewer } else { viewer.bare() }
    }

    /// What an approved file carries in each row or on each page; none of another.
    pub(crate) fn mark(&self, viewer: &Viewer) -> Option<String> {
        self.approval.as_ref()?;
        let who = viewer.who();
        let name = if who.name.is_empty() { "" } else { " " };
        Some(format!(
            "{} {}{name}{} {}",
            self.number,
            viewer.author(),
            who.name,
            clock::now().format("%Y-%m-%d %H:%M")
        ))
    }

    /// Puts on record that the file leaves now, with its rows and its hash; of an approved one
    /// first, and only where one may still be fetched. Waits for the disk.
    ///
    /// # Errors
    /// 410 where no fetch is left; 503 where an approved file cannot be put on record.
    pub(crate) fn hand_over(
        &self,
        app: &App,
        viewer: &Viewer,
        act: Entry,
        hash: &str,
    ) -> Result<(), Problem> {
        let object = format!("{} {} sha256:{hash}", act.object, self.number);
        let entry = Entry { object, ..act };
        let Some(id) = &self.approval else {
            app.note(viewer, entry);
            return Ok(());
        };
        let taken = (app.identity()).write(|store| store.take_fetch(id, Utc::now()))?;
        if !taken {
            return Err(ended());
        }
        let entry = entry.because(format!("approval {id}"));
        app.log(viewer, entry).map_err(|error| {
            tracing::error!(%error, "a file could not be put on record, and was not handed over");
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "无法写入审计日志，因此不出件 / the audit log can't be written, so no file is handed over",
            )
        })
    }
}

/// How a request stands at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    Asked,
    Approved,
    Refused,
    Withdrawn,
    /// Nobody decided in time, or the time to fetch or the fetches are over.
    Ended,
}

/// How a request stands now.
pub(super) fn standing(request: &ExportRequest) -> Standing {
    let over = request.ends_at <= Utc::now();
    match request.state {
        ExportState::Asked if over => Standing::Ended,
        ExportState::Approved if over || request.fetches_left == 0 => Standing::Ended,
        ExportState::Asked => Standing::Asked,
        ExportState::Approved => Standing::Approved,
        ExportState::Refused => Standing::Refused,
        ExportState::Withdrawn => Standing::Withdrawn,
    }
}

/// A path with its query, always written the same way.
pub(super) fn named(path: &str, given: &Parameters) -> String {
    let query = given.changed(&[]);
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}{mark}{query}")
}

fn ended() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "此申请已过期或次数已用完，请重新申请 / it has ended or was fetched as often as it may be; ask anew",
    )
}

/// The refusal of a file that somebody else must approve first.
pub(crate) fn needed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "含个人信息的文件须经另一人审批：请先申请（POST /exports） / a file with personal data must be approved by somebody else: ask for it first (POST /exports)",
    )
    .beside("approval", true.into())
}
