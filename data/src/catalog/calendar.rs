//! Working days and hours of an office, as data with a version.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{
    DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone,
};
use serde::{Deserialize, Serialize};

use super::{Text, process::Limit};
use crate::clock::CHINA;

/// When an office works. All times are those of China (UTC+8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Version.
    pub version: String,
    /// The notices that the days come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// Working hours of a day, from and to, in order: `["08:30", "12:00"]`.
    pub hours: Vec<[Time; 2]>,
    /// Days of the week that are worked, Monday 1 to Sunday 7.
    pub weekdays: Vec<u8>,
    /// Days off and days made up for, by year.
    #[serde(default)]
    pub years: Vec<Year>,
}

/// The holidays of a year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Year {
    /// The year.
    pub year: i32,
    /// First and last day of each holiday.
    pub holidays: Vec<[NaiveDate; 2]>,
    /// 调休: days of a weekend that are worked.
    #[serde(default)]
    pub worked: Vec<NaiveDate>,
}

/// A time of day, `08:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(NaiveTime);

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map(Self)
            .map_err(|_| {
                format!("“{text}”应为 08:30 这样的时间 / “{text}” must be a time such as 08:30")
            })
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.0.format("%H:%M").to_string()
    }
}

/// Days looked through for one that is worked; longer no office is closed.
const FARTHEST: u32 = 3660;

/// A time during which clocks stood still.
pub type Pause = (DateTime<FixedOffset>, DateTime<FixedOffset>);

impl Calendar {
    /// Whether a day is worked. A year without an entry has its weekends only.
    pub fn works_on(&self, day: NaiveDate) -> bool {
        // 调休 and holidays across New Year stand in the entry of either year.
        if self.years.iter().any(|year| year.worked.contains(&day)) {
            return true;
        }
        let off = (self.years.iter())
            .flat_map(|year| &year.holidays)
            .any(|[first, last]| (*first..=*last).contains(&day));
        let weekday = u8::try_from(day.weekday().number_from_monday()).unwrap_or(0);
        !off && self.weekdays.contains(&weekday)
    }

    /// Whether the holidays of a year are known.
    pub fn knows(&self, year: i32) -> bool {
        self.years.iter().any(|known| known.year == year)
    }

    /// When a time that began ends, the clock standing still during the pauses (in order, none
    /// overlapping), and `more` days of the same kind added.
    pub fn until(
        &self,
        began: DateTime<FixedOffset>,
        limit: &Limit,
        more: u32,
        pauses: &[Pause],
    ) -> DateTime<FixedOffset> {
        let began = began.with_timezone(&CHINA);
        if let Some(hours) = limit.hours {
            let more = TimeDelta::days(more.into());
            let span = TimeDelta::hours(hours.into());
            return if limit.working {
                let day = self.minutes_of_a_day();
                let span = span + TimeDelta::minutes(day * more.num_days());
                self.after_hours(began, span, pauses)
            } else {
                began + span + more + stood(pauses)
            };
        }
        let days = limit.days.unwrap_or(0) + more;
        if limit.working && limit.months.is_none() {
            let paused: u32 = (pauses.iter()).map(|pause| self.days_paused(pause)).sum();
            return self.close_of(self.after_days(began.date_naive(), days + paused));
        }
        let mut last = began.date_naive();
        if let Some(months) = limit.months {
            last = last.checked_add_months(Months::new(months)).unwrap_or(last);
        }
        last = last + Days::new(days.into());
        last = last + Days::new(stood(pauses).num_days().unsigned_abs());
        // 期间届满的最后一日是节假日的，以节假日后的第一日为届满日.
        end_of(self.working_from(last))
    }

    /// Working minutes between two instants.
    pub fn minutes_between(&self, from: DateTime<FixedOffset>, to: DateTime<FixedOffset>) -> i64 {
        let (from, to) = (from.with_timezone(&CHINA), to.with_timezone(&CHINA));
        let mut minutes = 0;
        let mut day = from.date_naive();
        while day <= to.date_naive() {
            for (start, end) in self.shifts(day) {
                let (start, end) = (start.max(from), end.min(to));
                minutes += (end - start).num_minutes().max(0);
            }
            day = day + Days::new(1);
        }
        minutes
    }

    fn minutes_of_a_day(&self) -> i64 {
        let shift = |[from, to]: &[Time; 2]| (to.0 - from.0).num_minutes();
        self.hours.iter().map(shift).sum()
    }

    fn shifts(
        &self,
        day: NaiveDate,
    ) -> impl Iterator<Item = (DateTime<FixedOffset>, DateTime<FixedOffset>)> + '_ {
        let hours = if self.works_on(day) {
            &*self.hours
        } else {
            &[]
        };
        (hours.iter()).map(move |[from, to]| (at(day.and_time(from.0)), at(day.and_time(to.0))))
    }

    fn after_hours(
        &self,
        began: DateTime<FixedOffset>,
        mut left: TimeDelta,
        pauses: &[Pause],
    ) -> DateTime<FixedOffset> {
        let mut day = began.date_naive();
        for _ in 0..FARTHEST {
            for (start, end) in self.shifts(day) {
                for (start, end) in cut(start.max(began), end, pauses) {
                    let open = end - start;
                    if open >= left && open > TimeDelta::zero() {
                        return start + left;
                    }
                    left -= open.max(TimeDelta::zero());
                }
            }
            day = day + Days::new(1);
        }
        at(day.and_time(NaiveTime::MIN))
    }

    /// The last of `days` working days after a day; the day itself, or the next that is worked,
    /// for none.
    fn after_days(&self, day: NaiveDate, days: u32) -> NaiveDate {
        let mut last = if days == 0 {
            self.working_from(day)
        } else {
            day
        };
        for _ in 0..days {
            last = self.working_from(last + Days::new(1));
        }
        last
    }

    /// The first working day from a day on.
    fn working_from(&self, day: NaiveDate) -> NaiveDate {
        let mut next = day;
        for _ in 0..FARTHEST {
            if self.works_on(next) {
                return next;
            }
            next = next + Days::new(1);
        }
        day
    }

    /// Working days that a pause takes away: those that began in it.
    fn days_paused(&self, (from, to): &Pause) -> u32 {
        let (first, last) = (
            from.with_timezone(&CHINA).date_naive(),
            to.with_timezone(&CHINA).date_naive(),
        );
        let mut day = first + Days::new(1);
        let mut days = 0;
        while day <= last {
            days += u32::from(self.works_on(day));
            day = day + Days::new(1);
        }
        days
    }

    fn close_of(&self, day: NaiveDate) -> DateTime<FixedOffset> {
        (self.hours.last()).map_or_else(|| end_of(day), |[_, to]| at(day.and_time(to.0)))
    }

    /// What is wrong with it: hours that overlap, days that are none.
    pub(super) fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut times = self.hours.iter().flatten();
        let mut last = times.next();
        for time in times {
            if last.is_some_and(|last| last >= time) {
                faults.push(("hours", String::from(*time)));
            }
            last = Some(time);
        }
        if self.hours.is_empty() {
            faults.push(("hours", "[]".to_owned()));
        }
        let fit = |day: &&u8| !(1..=7).contains(*day);
        if let Some(day) = self.weekdays.iter().find(fit) {
            faults.push(("weekdays", day.to_string()));
        }
        if self.weekdays.is_empty() {
            faults.push(("weekdays", "[]".to_owned()));
        }
        let mut seen: BTreeMap<i32, ()> = BTreeMap::new();
        for year in &self.years {
            if seen.insert(year.year, ()).is_some() {
                faults.push(("years", year.year.to_string()));
            }
            let mut days = BTreeSet::new();
            for [first, last] in &year.holidays {
                let near = |day: &NaiveDate| (day.year() - year.year).abs() <= 1;
                if first > last || !near(first) || !near(last) {
                    faults.push(("years", format!("{first}–{last}")));
                    continue;
                }
                let mut day = *first;
                while day <= *last {
                    if !days.insert(day) {
                        faults.push(("years", day.to_string()));
                    }
                    day = day + Days::new(1);
                }
            }
            for day in &year.worked {
                if days.contains(day) {
                    faults.push(("years", day.to_string()));
                }
            }
        }
        faults
    }
}

/// What pauses leave of a stretch.
fn cut(
    start: DateTime<FixedOffset>,
    end: DateTime<FixedOffset>,
    pauses: &[Pause],
) -> Vec<(DateTime<FixedOffset>, DateTime<FixedOffset>)> {
    let mut parts = Vec::new();
    let mut from = start;
    for (stopped, went_on) in pauses {
        if *went_on <= from || *stopped >= end {
            continue;
        }
        parts.push((from, (*stopped).max(from)));
        from = (*went_on).max(from);
    }
    parts.push((from, end));
    parts
}

fn stood(pauses: &[Pause]) -> TimeDelta {
    pauses.iter().map(|(from, to)| *to - *from).sum()
}

fn at(time: NaiveDateTime) -> DateTime<FixedOffset> {
    CHINA
        .from_local_datetime(&time)
        .single()
        .unwrap_or_else(|| CHINA.from_utc_datetime(&time))
}

/// The last second of a day.
fn end_of(day: NaiveDate) -> DateTime<FixedOffset> {
    at(day.and_time(NaiveTime::MIN)) + TimeDelta::days(1) - TimeDelta::seconds(1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Catalog;

    fn office() -> Arc<Calendar> {
        Arc::clone(&Catalog::embedded().calendars["office"])
    }

    fn time(text: &str) -> DateTime<FixedOffset> {
        at(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
    }

    fn until(began: &str, limit: Limit, more: u32, pauses: &[Pause]) -> String {
        let end = office().until(time(began), &limit, more, pauses);
        end.format("%Y-%m-%d %H:%M").to_string()
    }

    fn hours(hours: u32) -> Limit {
        Limit {
            hours: Some(hours),
            working: true,
            ..Limit::default()
        }
    }

    fn days(days: u32, working: bool) -> Limit {
        Limit {
            days: Some(days),
            working,
            ..Limit::default()
        }
    }

    #[test]
    fn working_hours_pass_over_noon_night_weekend_and_holidays() {
        // Friday 2026-11-20: 17:00–17:30, then Monday from 08:30.
        assert_eq!(
            until("2026-11-20 17:00", hours(2), 0, &[]),
            "2026-11-23 10:00"
        );
        assert_eq!(
            until("2026-11-20 11:30", hours(1), 0, &[]),
            "2026-11-20 14:30"
        );
        // 国庆 2026: 1 to 7 October off, Saturday 10 October worked.
        assert_eq!(
            until("2026-09-30 17:30", hours(1), 0, &[]),
            "2026-10-08 09:30"
        );
        assert!(office().works_on(NaiveDate::from_ymd_opt(2026, 10, 10).unwrap()));
        assert_eq!(
            office().minutes_between(time("2026-09-30 17:00"), time("2026-10-08 09:30")),
            90
        );
    }

    #[test]
    fn working_days_end_with_the_office_and_days_at_midnight() {
        assert_eq!(
            until("2026-11-20 09:00", days(1, true), 0, &[]),
            "2026-11-23 17:30"
        );
        assert_eq!(
            until("2026-11-20 09:00", days(0, true), 0, &[]),
            "2026-11-20 17:30"
        );
        assert_eq!(
            until("2026-11-21 09:00", days(0, true), 0, &[]),
            "2026-11-23 17:30"
        );
        assert_eq!(
            until("2026-11-20 09:00", days(1, true), 2, &[]),
            "2026-11-25 17:30"
        );
        // The last day is a Sunday: the Monday after it.
        assert_eq!(
            until("2026-11-12 09:00", days(10, false), 0, &[]),
            "2026-11-23 23:59"
        );
        let months = Limit {
            months: Some(6),
            ..Limit::default()
        };
        assert_eq!(
            until("2026-08-31 09:00", months, 0, &[]),
            "2027-03-01 23:59"
        );
    }

    #[test]
    fn a_clock_stands_still_while_it_is_stopped() {
        let pause = [(time("2026-11-23 09:00"), time("2026-11-25 09:00"))];
        assert_eq!(
            until("2026-11-23 08:30", hours(2), 0, &pause),
            "2026-11-25 10:30"
        );
        assert_eq!(
            until("2026-11-23 08:30", days(1, true), 0, &pause),
            "2026-11-26 17:30"
        );
        assert_eq!(
            until("2026-11-23 08:30", days(1, false), 0, &pause),
            "2026-11-26 23:59"
        );
    }
}
