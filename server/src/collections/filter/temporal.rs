//! Relations in time (OGC 21-065 §7.6): of instants and intervals, of the record or written.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use yizhangtu_data::{Record, Value};

use super::Property;
use yizhangtu_data::clock::CHINA;

/// How one stretch of time lies to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temporal {
    After,
    Before,
    Contains,
    Disjoint,
    During,
    Equals,
    FinishedBy,
    Finishes,
    Intersects,
    Meets,
    MetBy,
    OverlappedBy,
    Overlaps,
    StartedBy,
    Starts,
}

/// All relations by name.
pub(super) const RELATIONS: [(&str, Temporal); 15] = [
    ("t_after", Temporal::After),
    ("t_before", Temporal::Before),
    ("t_contains", Temporal::Contains),
    ("t_disjoint", Temporal::Disjoint),
    ("t_during", Temporal::During),
    ("t_equals", Temporal::Equals),
    ("t_finishedby", Temporal::FinishedBy),
    ("t_finishes", Temporal::Finishes),
    ("t_intersects", Temporal::Intersects),
    ("t_meets", Temporal::Meets),
    ("t_metby", Temporal::MetBy),
    ("t_overlappedby", Temporal::OverlappedBy),
    ("t_overlaps", Temporal::Overlaps),
    ("t_startedby", Temporal::StartedBy),
    ("t_starts", Temporal::Starts),
];

/// One end of a stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// A written moment.
    At(Moment),
    /// A field of the record.
    Of(Property),
    /// No end: `..`.
    Open,
}

/// A moment: an instant, or a day, which is from its first to its last millisecond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

/// An instant, or an interval of two ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Span {
    /// An instant (or day).
    Instant(End),
    /// From one end to the other.
    Interval(End, End),
}

impl Moment {
    /// Reads a day or an instant.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Self::of_day(day);
        }
        let at = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
        Some(Self {
            first: at,
            last: at,
        })
    }

    fn of_day(day: NaiveDate) -> Option<Self> {
        let at = |time: NaiveTime| {
            let local = CHINA.from_local_datetime(&day.and_time(time)).single()?;
            Some(local.to_utc())
        };
        Some(Self {
            first: at(NaiveTime::MIN)?,
            last: at(NaiveTime::from_hms_milli_opt(23, 59, 59, 999)?)?,
        })
    }

    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Date(day) => Self::of_day(*day),
            Value::DateTime(at) => Some(Self {
                first: at.to_utc(),
                last: at.to_utc(),
            }),
            _ => None,
        }
    }
}

impl Span {
    /// First and last instant; unknown where a field is empty.
    fn bounds(&self, record: &Record) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let moment = |end: &End| match end {
            End::At(moment) => Some(*moment),
            End::Of(property) => property.with(record, Moment::of),
            End::Open => None,
        };
        match self {
            Self::Instant(end) => moment(end).map(|at| (at.first, at.last)),
            Self::Interval(from, to) => {
                let first = match from {
                    End::Open => DateTime::<Utc>::MIN_UTC,
                    from => moment(from)?.first,
                };
                let last = match to {
                    End::Open => DateTime::<Utc>::MAX_UTC,
                    to => moment(to)?.last,
                };
                Some((first, last))
            }
        }
    }
}

impl Temporal {
    /// Whether it holds for a record; unknown where a field is empty.
    pub(super) fn holds(self, record: &Record, one: &Span, other: &Span) -> Option<bool> {
        let (s1, e1) = one.bounds(record)?;
        let (s2, e2) = other.bounds(record)?;
        Some(match self {
            Self::After => s1 > e2,
            Self::Before => e1 < s2,
            Self::Contains => s1 < s2 && e1 > e2,
            Self::Disjoint => e1 < s2 || s1 > e2,
            Self::During => s1 > s2 && e1 < e2,
            Self::Equals => s1 == s2 && e1 == e2,
            Self::FinishedBy => s1 < s2 && e1 == e2,
            Self::Finishes => s1 > s2 && e1 == e2,
            Self::Intersects => !(e1 < s2 || s1 > e2),
            Self::Meets => e1 == s2,
            Self::MetBy => s1 == e2,
            Self::OverlappedBy => s1 > s2 && s1 < e2 && e1 > e2,
            Self::Overlaps => s1 < s2 && e1 > s2 && e1 < e2,
            Self::StartedBy => s1 == s2 && e1 > e2,
            Self::Starts => s1 == s2 && e1 < e2,
        })
    }
}
