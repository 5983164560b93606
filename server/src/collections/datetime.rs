//! The `datetime` parameter: an instant or an interval, RFC 3339, open ends as `..` or empty.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};
use yizhangtu_data::{
    Layer, Record, Value,
    clock::CHINA,
    store::{GeoPackage, StoreError},
};

use crate::http::{Parameters, Problem};

/// Fields that say from when until when a record holds, in the layers that have such a pair.
const VALID_TIME: [(&str, &str); 5] = [
    ("valid_from", "valid_to"),
    ("moved_in", "moved_out"),
    ("start_on", "end_on"),
    ("found_on", "closed_on"),
    ("reported_at", "closed_at"),
];

/// A stretch of time asked for, both ends included; an open end is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
}

/// A moment of the map itself: what it showed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AsOf {
    /// After the change of a number.
    Sequence(u64),
    /// At an instant, as the history writes it.
    Instant(String),
}

impl AsOf {
    /// Takes the parameter `as-of`: a sequence number, a day (its end), or an instant.
    pub(crate) fn take(given: &mut Parameters) -> Result<Option<Self>, Problem> {
        let Some(text) = given.take("as-of")? else {
            return Ok(None);
        };
        if let Ok(sequence) = text.parse() {
            return Ok(Some(Self::Sequence(sequence)));
        }
        match moment(&text, true) {
            Some(at) => Ok(Some(Self::of(at))),
            None => Err(Problem::parameter(
                "as-of",
                format_args!("“{text}”不是时间或修改编号"),
                format_args!("“{text}” is neither a time nor the number of a change"),
            )),
        }
    }

    fn of(at: DateTime<Utc>) -> Self {
        Self::Instant(at.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    /// The number of the last change that it shows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn sequence(&self, store: &GeoPackage) -> Result<u64, StoreError> {
        match self {
            Self::Sequence(sequence) => Ok(*sequence),
            Self::Instant(at) => store.sequence_at(at),
        }
    }
}

impl Interval {
    /// Reads the parameter.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let refused = || {
            Problem::parameter(
                "datetime",
                format_args!(
                    "“{text}”不是时间，请写 2026-01-31、2026-01-31T08:00:00Z 或 起/止，开口一端写 .."
                ),
                format_args!(
                    "“{text}” is no time; write 2026-01-31, 2026-01-31T08:00:00Z or START/END, an open end as .."
                ),
            )
        };
        let bound = |part: &str, end: bool| match part {
            "" | ".." => Ok(None),
            _ => moment(part, end).map(Some).ok_or_else(refused),
        };
        match text.split('/').collect::<Vec<_>>()[..] {
            [instant] if !instant.is_empty() && instant != ".." => Ok(Self {
                start: bound(instant, false)?,
                end: bound(instant, true)?,
            }),
            [start, end] => {
                let interval = Self {
                    start: bound(start, false)?,
                    end: bound(end, true)?,
                };
                match (interval.start, interval.end) {
                    (Some(start), Some(end)) if start > end => Err(refused()),
                    _ => Ok(interval),
                }
            }
            _ => Err(refused()),
        }
    }

    /// The map at its end; none where that is open, and so now.
    pub(crate) fn latest(&self) -> Option<AsOf> {
        self.end.map(AsOf::of)
    }

    /// Whether a record held at some moment of the interval. A record that says nothing of
    /// time always does, as the standard has it.
    pub(crate) fn meets(&self, layer: &Layer, record: &Record) -> bool {
        let Some((from, to)) = valid_time(layer) else {
            return true;
        };
        let from = as_moment(record.get(layer, from), false);
        let to = as_moment(record.get(layer, to), true);
        let begins_before_end = self
            .end
            .is_none_or(|end| from.is_none_or(|from| from <= end));
        let ends_after_start = self
            .start
            .is_none_or(|start| to.is_none_or(|to| to >= start));
        begins_before_end && ends_after_start
    }
}

/// The pair of fields that says when a layer's records hold.
pub(crate) fn valid_time(layer: &Layer) -> Option<(&'static str, &'static str)> {
    let has = |name: &str| layer.field(name).is_some();
    (VALID_TIME.iter().copied()).find(|(from, to)| has(from) && has(to))
}

/// A written moment; a day is its first instant, or its last as the end of something.
fn moment(text: &str, end: bool) -> Option<DateTime<Utc>> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return of_day(day, end);
    }
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|moment| moment.to_utc())
}

fn of_day(day: NaiveDate, end: bool) -> Option<DateTime<Utc>> {
    let time = if end {
        NaiveTime::from_hms_milli_opt(23, 59, 59, 999)?
    } else {
        NaiveTime::MIN
    };
    let local = CHINA.from_local_datetime(&day.and_time(time));
    local.single().map(|moment| moment.to_utc())
}

fn as_moment(value: &Value, end: bool) -> Option<DateTime<Utc>> {
    match value {
        Value::Date(day) => of_day(*day, end),
        Value::DateTime(moment) => Some(moment.to_utc()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer() -> Layer {
        serde_json::from_str(
            r#"{"id": "x", "title": {"zh": "", "en": ""}, "theme": "base", "geometry": "none",
            "version": "1", "fields": [
                {"name": "start_on", "label": {"zh": "", "en": ""}, "type": "date"},
                {"name": "end_on", "label": {"zh": "", "en": ""}, "type": "date"}]}"#,
        )
        .expect("a layer")
    }

    fn meets(asked: &str, start: Option<&str>, end: Option<&str>) -> bool {
        let layer = layer();
        let mut record = Record::new(&layer, "1");
        let day = |text: Option<&str>| text.map(|text| text.parse::<NaiveDate>().expect("a day"));
        record.set(&layer, "start_on", day(start));
        record.set(&layer, "end_on", day(end));
        let interval = Interval::parse(asked).expect("an interval");
        interval.meets(&layer, &record)
    }

    #[test]
    fn intervals_meet() {
        let (start, end) = (Some("2020-01-01"), Some("2020-12-31"));
        assert!(meets("2020-06-01", start, end));
        assert!(meets("2020-12-31", start, end));
        assert!(!meets("2021-01-01", start, end));
        assert!(!meets("2019-12-31", start, end));
        assert!(meets("2020-12-31T15:59:59Z", start, end));
        assert!(!meets("2020-12-31T16:00:00Z", start, end));
        assert!(meets("2019-01-01/2020-01-01", start, end));
        assert!(meets("../2020-01-01", start, end));
        assert!(!meets("2021-01-01/..", start, end));
        assert!(meets("2021-01-01/", start, None));
        assert!(meets("2021-01-01/..", None, None));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in [
            "",
            "..",
            "yesterday",
            "2020-13-01",
            "2021-01-01/2020-01-01",
            "a/b/c",
        ] {
            assert!(Interval::parse(wrong).is_err(), "{wrong}");
        }
    }
}
