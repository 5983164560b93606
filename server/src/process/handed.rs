//! The body of a step: what its author fills in, hands in and says.

use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value as Json};
use yizhangtu_data::clock::{CHINA, now};

use super::demand::Given;
use crate::{changes, http::Problem};

/// Longest note in characters.
const LONGEST_NOTE: usize = 1000;

/// The body of a step.
pub(super) fn read(
    mut members: Map<String, Json>,
) -> Result<(Given, Option<DateTime<FixedOffset>>), Problem> {
    let mut given = Given::default();
    match members.remove("note") {
        None | Some(Json::Null) => {}
        Some(Json::String(note)) if note.chars().count() <= LONGEST_NOTE => given.note = note,
        Some(_) => {
            return Err(Problem::parameter(
                "note",
                format_args!("应为不超过 {LONGEST_NOTE} 字的文本"),
                format_args!("must be a text of {LONGEST_NOTE} characters at most"),
            ));
        }
    }
    if let Some(place) = members.remove("place").filter(|place| !place.is_null()) {
        let numbers: Option<Vec<f64>> =
            (place.as_array()).and_then(|list| list.iter().map(Json::as_f64).collect());
        match numbers.as_deref() {
            Some(&[x, y]) if x.abs() <= 180.0 && y.abs() <= 90.0 => given.place = Some([x, y]),
            _ => {
                return Err(Problem::parameter(
                    "place",
                    "应为 [经度, 纬度]",
                    "must be [longitude, latitude]",
                ));
            }
        }
    }
    match members.remove("fields") {
        None | Some(Json::Null) => {}
        Some(Json::Object(fields)) => given.fields = fields,
        Some(_) => {
            return Err(Problem::parameter(
                "fields",
                "应为对象",
                "must be an object",
            ));
        }
    }
    for (name, into) in [
        ("photos", &mut given.photos),
        ("documents", &mut given.documents),
    ] {
        match members.remove(name) {
            None | Some(Json::Null) => {}
            Some(Json::Array(list)) if list.iter().all(Json::is_object) => *into = list,
            Some(_) => {
                return Err(Problem::parameter(
                    name,
                    "应为对象的数组",
                    "must be an array of objects",
                ));
            }
        }
    }
    given.geometry = members
        .remove("geometry")
        .filter(|geometry| !geometry.is_null());
    let happened = match members.remove("at") {
        None | Some(Json::Null) => None,
        Some(at) => {
            let at = at
                .as_str()
                .and_then(|at| DateTime::parse_from_rfc3339(at).ok());
            let at = at
                .map(|at| at.with_timezone(&CHINA))
                .filter(|at| *at <= now());
            Some(at.ok_or_else(|| {
                Problem::parameter(
                    "at",
                    "应为带时区、不晚于现在的时间",
                    "must be a time with its zone, not in the future",
                )
            })?)
        }
    };
    changes::nothing_else(&members)?;
    Ok((given, happened))
}
