//! Why a change set was refused, and how that is said.

use std::{io, path::Path, sync::Arc};

use axum::http::StatusCode;
use serde_json::{Value, json};
use yizhangtu_data::{Id, store::StoreError};

use crate::http::{App, Problem};
use crate::policy::Viewer;

const BUSY: &str = "修改太多，请稍后重试；未写入任何内容 / too many changes at once; try again later; nothing was written";

/// What is wrong with one change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// Place in the request's list of changes, from 0.
    pub(crate) change: Option<usize>,
    /// The layer.
    pub(crate) layer: Arc<str>,
    /// The feature.
    pub(crate) id: Id,
    /// The field, or `geometry`.
    pub(crate) field: String,
    /// A word that programs can tell faults apart by.
    pub(crate) code: &'static str,
    /// What is wrong and what to do: Chinese, English.
    pub(crate) message: String,
    /// Where on the map.
    pub(crate) place: Option<[f64; 2]>,
}

impl Fault {
    /// As a member of `errors`.
    pub(crate) fn json(&self) -> Value {
        let mut told = json!({
            "layer": &*self.layer, "id": &*self.id, "field": self.field,
            "code": self.code, "message": self.message,
        });
        if let Some(change) = self.change {
            told["change"] = change.into();
        }
        if let Some(place) = self.place {
            told["place"] = json!(place);
        }
        told
    }
}

/// Why nothing was changed.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// The rules of the catalog or of a layer.
    Rules(Vec<Fault>),
    /// The store.
    Store(Arc<StoreError>),
    /// The file is only read.
    ReadOnly,
    /// More is asked than can be done.
    Busy,
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl Refusal {
    /// Whether another feature has a value that must be the only one of its kind.
    pub(crate) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Store(error) if matches!(**error, StoreError::Duplicate { .. }))
    }

    /// In words, for who does not ask by HTTP.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Rules(faults) => (faults.iter())
                .map(|fault| fault.message.as_str())
                .collect::<Vec<_>>()
                .join("；"),
            Self::Store(error) => error.to_string(),
            Self::ReadOnly => {
                "服务只读，未写入 / the service is read-only; nothing was written".to_owned()
            }
            Self::Busy => BUSY.to_owned(),
        }
    }

    /// As a problem document. Features that others changed are given as they are now, as the
    /// viewer may see them.
    pub(crate) async fn problem(self, app: &App, viewer: &Viewer) -> Problem {
        match self {
            Self::Rules(faults) => unfit(&faults),
            Self::ReadOnly => Problem::read_only(),
            Self::Busy => Problem::new(StatusCode::SERVICE_UNAVAILABLE, BUSY),
            Self::Store(error) => {
                if let StoreError::Stale { features } = &*error {
                    let problem = of_store(&error);
                    return match super::answer::currents(app, viewer, features).await {
                        Ok(current) => problem.beside("current", current),
                        Err(_) => problem,
                    };
                }
                of_store(&error)
            }
        }
    }
}

/// 422: what was sent is not as the catalog or a rule wants it.
pub(crate) fn unfit(faults: &[Fault]) -> Problem {
    let first = faults.first().map_or("", |fault| fault.message.as_str());
    let detail = if faults.len() > 1 {
        format!("{first} (+{})", faults.len() - 1)
    } else {
        first.to_owned()
    };
    let errors: Vec<Value> = faults.iter().map(Fault::json).collect();
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).beside("errors", errors.into())
}

/// Why a file beside the map could not be written.
pub(crate) fn not_written(folder: &Path, source: io::Error) -> Problem {
    use io::ErrorKind as Kind;
    let path = folder.to_path_buf();
    of_store(&match source.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => StoreError::Full { path },
        _ => StoreError::Io { path, source },
    })
}

/// What a refusal of the store means to whoever asked.
pub(crate) fn of_store(error: &StoreError) -> Problem {
    let status = match error {
        StoreError::UnknownLayer { .. }
        | StoreError::NoFeature { .. }
        | StoreError::NoBatch { .. }
        | StoreError::NoChangeSet { .. } => StatusCode::NOT_FOUND,
        StoreError::UsedId { .. }
        | StoreError::Duplicate { .. }
        | StoreError::ChangedSince { .. }
        | StoreError::SetChangedSince { .. }
        | StoreError::IsStep { .. }
        | StoreError::Guarded { .. } => StatusCode::CONFLICT,
        StoreError::Invalid { .. }
        | StoreError::UnknownField { .. }
        | StoreError::Geometry { .. }
        | StoreError::KeyReused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        StoreError::Stale { .. } => StatusCode::PRECONDITION_FAILED,
        StoreError::Foreign { .. } | StoreError::ReadOnly { .. } => StatusCode::FORBIDDEN,
        StoreError::Full { .. } => StatusCode::INSUFFICIENT_STORAGE,
        StoreError::Locked { .. } | StoreError::Disk { .. } => StatusCode::SERVICE_UNAVAILABLE,
        _ => return Problem::internal(error),
    };
    let problem = Problem::new(status, error.to_string());
    let one = |layer: &str, id: &str, field: &str, code: &str| json!([{ "layer": layer, "id": id, "field": field, "code": code, "message": error.to_string() }]);
    match error {
        StoreError::Invalid { layer, id, faults } => {
            let errors: Vec<Value> = faults
                .iter()
                .map(|fault| {
                    json!({
                        "layer": layer, "id": id, "field": fault.field,
                        "code": fault.code, "message": fault.message,
                    })
                })
                .collect();
            problem.beside("errors", errors.into())
        }
        StoreError::Duplicate {
            layer, id, field, ..
        } => problem.beside("errors", one(layer, id, field, "unique")),
        StoreError::UsedId { layer, id } => {
            problem.beside("errors", one(layer, id, "id", "used_id"))
        }
        _ => problem,
    }
}
