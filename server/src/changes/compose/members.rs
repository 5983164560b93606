//! The members of a change as the request has them, each read or refused by its name.

use axum::http::StatusCode;
use geo::Coord;
use serde_json::{Map, Value as Json};
use yizhangtu_data::{Id, geometry::snap_coord};

use super::Composer;
use crate::{changes::post::version_of, http::Problem};

impl Composer<'_> {
    pub(super) fn member<'j>(
        &self,
        members: &'j Map<String, Json>,
        name: &str,
    ) -> Result<&'j Json, Problem> {
        members
            .get(name)
            .ok_or_else(|| self.bad(name, "不能缺少", "is missing"))
    }

    pub(super) fn text<'j>(
        &self,
        members: &'j Map<String, Json>,
        name: &str,
    ) -> Result<&'j str, Problem> {
        self.member(members, name)?
            .as_str()
            .ok_or_else(|| self.bad(name, "应为文本", "must be a text"))
    }

    pub(super) fn ids(&self, members: &Map<String, Json>, name: &str) -> Result<Vec<Id>, Problem> {
        let ids = self.member(members, name)?.as_array();
        ids.and_then(|ids| ids.iter().map(|id| id.as_str().map(Id::from)).collect())
            .ok_or_else(|| self.bad(name, "应为编号的数组", "must be an array of ids"))
    }

    pub(super) fn coordinate(
        &self,
        members: &Map<String, Json>,
        name: &str,
    ) -> Result<Coord, Problem> {
        let numbers: Option<Vec<f64>> = (self.member(members, name)?.as_array())
            .and_then(|numbers| numbers.iter().map(Json::as_f64).collect());
        match numbers.as_deref() {
            Some(&[x, y]) if x.abs() <= 180.0 && y.abs() <= 90.0 => Ok(snap_coord(Coord { x, y })),
            _ => Err(self.bad(name, "应为 [经度, 纬度]", "must be [longitude, latitude]")),
        }
    }

    pub(super) fn version_missing(&self) -> Problem {
        Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            format!(
                "changes[{place}].version：缺少读到的版本号 / changes[{place}].version: the version that was read is missing",
                place = self.place
            ),
        )
    }

    pub(super) fn bad(&self, name: &str, zh: &str, en: &str) -> Problem {
        let place = self.place;
        let name = if name.is_empty() {
            format!("changes[{place}]")
        } else {
            format!("changes[{place}].{name}")
        };
        Problem::parameter(&name, zh, en)
    }
}

/// A version as a number, or as the entity tag that holds it.
pub(super) fn number(version: &Json) -> Option<u64> {
    version.as_u64().or_else(|| version_of(version.as_str()?))
}
