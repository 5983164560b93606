//! `POST /night-counts`: 夜间清点, the plates that stand somewhere at night. Who is seen on enough
//! nights is a resident vehicle (常住车辆), by the rule of `people.toml`.

use std::collections::BTreeSet;

use axum::{Json, body::Bytes, extract::State, http::HeaderMap};
use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};
use geo::{Geometry, Point};
use serde_json::{Map, Value as Json_, json};
use yizhangtu_data::{
    Change, ChangeSet, Expected, Layer, Operation, Record, Value, clock,
    store::{GeoPackage, StoreError},
};

use super::Terms;
use crate::{
    changes::{self, Fault, may_on, ulid},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// Plates in one session at most.
const MOST: usize = 500;

/// What was seen: when, where, and which plates.
struct Session {
    at: DateTime<FixedOffset>,
    place: [f64; 2],
    plates: BTreeSet<String>,
}

/// `POST /night-counts` `{at, place: [lon, lat], plates}`: each plate is written down once a
/// night, on its vehicle or a new one. Answers how many are new, and how many are residents now.
pub(super) async fn count(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Json<Json_>, Problem> {
    given.finish()?;
    app.writable()?;
    let session = read(changes::object(&headers, &body)?)?;
    let (to, by) = (app.clone(), viewer.clone());
    let (set, told) = tokio::task::spawn_blocking(move || compose(&to, &by, &session))
        .await
        .map_err(Problem::internal)??;
    if !set.changes.is_empty()
        && let Err(refusal) = app.keeper().apply(set, Vec::new(), false).await
    {
        return Err(refusal.problem(&app, &viewer).await);
    }
    Ok(Json(told))
}

fn compose(app: &App, viewer: &Viewer, session: &Session) -> Result<(ChangeSet, Json_), Problem> {
    let layer = app.layer("vehicle").ok_or_else(|| viewer.refused())?;
    let store = app.pool().reader().map_err(Problem::internal)?;
    let [lon, lat] = session.place;
    let mut set = ChangeSet {
        author: viewer.author().to_owned(),
        reason: "夜间清点 / count at night".to_owned(),
        ..ChangeSet::default()
    };
    let (mut new, mut again, mut residents) = (0, 0, 0);
    let mut faults: Vec<Fault> = Vec::new();
    for plate in &session.plates {
        let known = known(&store, layer, plate).map_err(Problem::internal)?;
        let mut record = match &known {
            Some((record, _)) => record.clone(),
            None => {
                let mut record = Record::new(layer, format!("vehicle-{}", ulid()));
                record.set(layer, "plate", plate.as_str());
                record.geometry = Some(Geometry::Point(Point::new(lon, lat)));
                record
            }
        };
        // Where it stands is the counter's own ground, wherever the vehicle is at home: what is
        // known of it elsewhere is not told.
        let here = {
            let mut here = record.clone();
            here.geometry = Some(Geometry::Point(Point::new(lon, lat)));
            here
        };
        may_on(
            app,
            viewer,
            &store,
            Action::Create,
            layer,
            (None, Some(&here)),
        )?;
        let mut log = sightings(layer, &record);
        let night = night_of(session.at);
        if nights(&log).contains(&night) {
            again += 1;
        } else {
            log.push(json!({
                "at": session.at.to_rfc3339(), "place": [lon, lat], "by": viewer.author(),
            }));
            record.set(layer, "seen_log", Value::Json(Box::new(log.clone().into())));
            faults.extend(faults_of(app, layer, &record));
            new += i32::from(known.is_none());
            let operation = match known {
                Some((_, version)) => {
                    set.expects.push(Expected {
                        layer: "vehicle".into(),
                        id: record.id.clone(),
                        version,
                    });
                    Operation::Update(record)
                }
                None => Operation::Insert(record),
            };
            set.changes.push(Change {
                layer: "vehicle".into(),
                operation,
            });
        }
        residents += i32::from(is_resident(&log, clock::today()));
    }
    if !faults.is_empty() {
        return Err(changes::unfit(&faults));
    }
    let [zh, en] = Terms::current().vehicles_basis();
    let told = json!({
        "counted": session.plates.len(), "new": new, "again": again, "resident": residents,
        "basis": { "zh": zh, "en": en },
    });
    Ok((set, told))
}

fn faults_of(app: &App, layer: &Layer, record: &Record) -> Vec<Fault> {
    let errors = app.catalog().validate(layer, record);
    (errors.into_iter())
        .map(|error| Fault {
            change: None,
            layer: layer.id.as_str().into(),
            id: record.id.clone(),
            field: error.field,
            code: error.code,
            message: error.message,
            place: None,
        })
        .collect()
}

/// The vehicle of a plate, with its version.
fn known(
    store: &GeoPackage,
    layer: &Layer,
    plate: &str,
) -> Result<Option<(Record, u64)>, StoreError> {
    let found = store.find(&layer.id, "plate", &Value::from(plate))?;
    let Some(record) = found.into_iter().min_by(|a, b| a.id.cmp(&b.id)) else {
        return Ok(None);
    };
    let version = store.version(&layer.id, &record.id)?;
    Ok(Some((record, version)))
}

/// When and where a vehicle was seen.
pub(super) fn sightings(layer: &Layer, record: &Record) -> Vec<Json_> {
    match record.get(layer, "seen_log") {
        Value::Json(log) => log.as_array().cloned().unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The nights of some sightings, each by the day on which it began.
fn nights(log: &[Json_]) -> BTreeSet<NaiveDate> {
    let at = |seen: &Json_| DateTime::parse_from_rfc3339(seen["at"].as_str()?).ok();
    log.iter().filter_map(at).map(night_of).collect()
}

/// The night of an instant: until noon it is the one that began the day before.
fn night_of(at: DateTime<FixedOffset>) -> NaiveDate {
    (at.with_timezone(&clock::CHINA) - TimeDelta::hours(12)).date_naive()
}

/// Whether a vehicle was seen on enough nights not too long ago.
pub(super) fn is_resident(log: &[Json_], today: NaiveDate) -> bool {
    let rule = &Terms::current().vehicles;
    let since = today - TimeDelta::days(rule.within_days.into());
    let seen = nights(log).into_iter().filter(|night| *night >= since);
    seen.count() >= rule.resident_nights
}

fn read(mut members: Map<String, Json_>) -> Result<Session, Problem> {
    let at = match members.remove("at") {
        None | Some(Json_::Null) => clock::now(),
        Some(at) => (at.as_str())
            .and_then(|at| DateTime::parse_from_rfc3339(at).ok())
            .filter(|at| *at <= clock::now())
            .ok_or_else(|| {
                Problem::parameter(
                    "at",
                    "应为带时区、不晚于现在的时间",
                    "must be a time with its zone, not in the future",
                )
            })?,
    };
    let place: Option<Vec<f64>> = (members.remove("place"))
        .and_then(|place| place.as_array()?.iter().map(Json_::as_f64).collect());
    let place = match place.as_deref() {
        Some(&[lon, lat]) if lon.abs() <= 180.0 && lat.abs() <= 90.0 => [lon, lat],
        _ => {
            return Err(Problem::parameter(
                "place",
                "应为 [经度, 纬度]",
                "must be [longitude, latitude]",
            ));
        }
    };
    // As they are read off in the dark: with blanks and points, in small letters.
    let plain = |plate: &str| -> String {
        (plate.chars())
            .filter(|letter| !letter.is_whitespace() && !matches!(letter, '·' | '.' | '-'))
            .flat_map(char::to_uppercase)
            .collect()
    };
    let plates: Option<BTreeSet<String>> = (members.remove("plates")).and_then(|plates| {
        let all = plates.as_array()?.iter();
        all.map(|plate| Some(plain(plate.as_str()?))).collect()
    });
    let plates = plates.filter(|plates| (1..=MOST).contains(&plates.len()));
    let plates = plates.ok_or_else(|| {
        Problem::parameter(
            "plates",
            format_args!("应为 1 到 {MOST} 个车牌"),
            format_args!("must be 1 to {MOST} plates"),
        )
    })?;
    changes::nothing_else(&members)?;
    Ok(Session { at, place, plates })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_ends_at_noon_and_counts_once() {
        let seen = |at: &str| json!({ "at": at });
        let log = [
            seen("2026-11-20T23:30:00+08:00"),
            seen("2026-11-21T02:00:00+08:00"),
            seen("2026-11-21T22:00:00+08:00"),
            seen("2026-11-21T15:00:00Z"),
        ];
        assert_eq!(nights(&log).len(), 2);
        let today = "2026-11-22".parse().unwrap();
        assert!(!is_resident(&log, today));
        let third = [&log[..], &[seen("2026-11-19T23:00:00+08:00")]].concat();
        assert!(is_resident(&third, today));
        assert!(!is_resident(&third, "2027-03-01".parse().unwrap()));
    }
}
