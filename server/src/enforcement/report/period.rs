//! The days that a report is of.

use chrono::{Datelike, Days, Months, NaiveDate};
use yizhangtu_data::Text;

use crate::{
    http::{Parameters, Problem},
    report::text,
};

/// How long a report's time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Day,
    /// From Monday to Sunday (GB/T 7408.1, ISO 8601).
    Week,
    Month,
    Year,
}

const SPANS: [(&str, Span); 4] = [
    ("day", Span::Day),
    ("week", Span::Week),
    ("month", Span::Month),
    ("year", Span::Year),
];

/// The days of a report, both ends among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    span: Span,
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
}

impl Period {
    /// Takes `period` and `day` out of a query: the week of today, where neither is given.
    pub(super) fn take(given: &mut Parameters, today: NaiveDate) -> Result<Self, Problem> {
        let span = match given.take("period")? {
            None => Span::Week,
            Some(name) => {
                let known = SPANS.iter().find(|(known, _)| *known == name);
                let names = SPANS.map(|(name, _)| name).join(", ");
                known.ok_or_else(|| Problem::one_of("period", &names))?.1
            }
        };
        let day = match given.take("day")? {
            None => today,
            // Years that a calendar of an office has.
            Some(words) => NaiveDate::parse_from_str(&words, "%Y-%m-%d")
                .ok()
                .filter(|day| (1949..=2999).contains(&day.year()))
                .ok_or_else(|| {
                    Problem::parameter(
                        "day",
                        "应为日期，如 2026-01-31",
                        "must be a day such as 2026-01-31",
                    )
                })?,
        };
        Ok(Self::of(span, day))
    }

    /// The period of a length that a day lies in.
    pub(super) fn of(span: Span, day: NaiveDate) -> Self {
        let back = |days: u32| day - Days::new(u64::from(days));
        let (from, next) = match span {
            Span::Day => (day, day + Days::new(1)),
            Span::Week => {
                let monday = back(day.weekday().num_days_from_monday());
                (monday, monday + Days::new(7))
            }
            Span::Month => {
                let first = back(day.day0());
                (first, first + Months::new(1))
            }
            Span::Year => {
                let first = back(day.ordinal0());
                (first, first + Months::new(12))
            }
        };
        Self {
            span,
            from,
            to: next - Days::new(1),
        }
    }

    /// The one before it, of the same kind.
    pub(super) fn before(self) -> Self {
        Self::of(self.span, self.from - Days::new(1))
    }

    /// The year up to its end.
    pub(super) fn year(self) -> Self {
        Self {
            to: self.to,
            ..Self::of(Span::Year, self.to)
        }
    }

    pub(super) fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }

    /// The name that a query gives it.
    pub(super) fn name(self) -> &'static str {
        let own = SPANS.iter().find(|(_, span)| *span == self.span);
        own.map_or("", |(name, _)| name)
    }

    /// What a report of it is called.
    pub(super) fn title(self) -> Text {
        let (from, to) = (self.from, self.to);
        match self.span {
            Span::Day => text(
                &format!("两违日报（{}）", from.format("%Y年%-m月%-d日")),
                &format!("Violations, day of {from}"),
            ),
            Span::Week => text(
                &format!(
                    "两违周报（{}至{}）",
                    from.format("%Y年%-m月%-d日"),
                    to.format("%-m月%-d日")
                ),
                &format!("Violations, week of {from} to {to}"),
            ),
            Span::Month => text(
                &format!("两违月报（{}）", from.format("%Y年%-m月")),
                &format!("Violations, month of {}", from.format("%Y-%m")),
            ),
            Span::Year => text(
                &format!("两违年报（{}）", from.format("%Y年")),
                &format!("Violations, year {}", from.format("%Y")),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a day")
    }

    #[test]
    fn periods_follow_one_another_without_gap() {
        for span in SPANS.map(|(_, span)| span) {
            let mut at = Period::of(span, day(2028, 3, 1));
            for _ in 0..500 {
                let before = at.before();
                assert_eq!(before.to + Days::new(1), at.from, "{span:?}");
                assert_eq!(Period::of(span, before.from), before);
                assert_eq!(Period::of(span, before.to), before);
                at = before;
            }
        }
    }

    #[test]
    fn a_week_begins_on_monday_and_may_cross_the_year() {
        let week = Period::of(Span::Week, day(2027, 1, 1));
        assert_eq!((week.from, week.to), (day(2026, 12, 28), day(2027, 1, 3)));
        assert_eq!(week.year().from, day(2027, 1, 1));
        assert_eq!(week.title().zh, "两违周报（2026年12月28日至1月3日）");
    }
}
