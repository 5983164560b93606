//! Rent month by month: the base rent, its yearly step-up, and dated relief.
//!
//! The base rent of a contract is never changed: what is due is reckoned from it whenever
//! somebody asks, so that a relief taken back leaves nothing behind. Money in 分.

use chrono::{Months, NaiveDate};
use serde::Serialize;
use yizhangtu_data::Relief;

/// What a contract says of its rent.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    pub(super) start: Option<NaiveDate>,
    pub(super) end: Option<NaiveDate>,
    pub(super) monthly_fen: i64,
    /// Step-up a year, in percent, on top of the year before.
    pub(super) step_percent: f64,
    pub(super) reliefs: Vec<Relief>,
}

/// What is due for one month of a contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Month {
    /// The first day of it.
    pub(super) from: NaiveDate,
    /// With its step-ups.
    pub(super) rent_fen: i64,
    /// What is let off.
    pub(super) relief_fen: i64,
    pub(super) due_fen: i64,
}

impl Terms {
    /// The months of a contract. A month begins on the day of the contract's first; the last
    /// may be cut short, and is due by its days.
    pub(super) fn months(&self) -> Vec<Month> {
        let (Some(start), Some(end)) = (self.start, self.end) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for at in 0..12 * 100 {
            let (Some(from), Some(next)) = (
                start.checked_add_months(Months::new(at)),
                start.checked_add_months(Months::new(at + 1)),
            ) else {
                break;
            };
            if from > end {
                break;
            }
            let last = next.pred_opt().unwrap_or(next).min(end);
            let days = (next - from).num_days();
            let held = (last - from).num_days() + 1;
            let year = i32::try_from(at / 12).unwrap_or(i32::MAX);
            let stepped = fen(
                self.monthly_fen,
                (1.0 + self.step_percent / 100.0).powi(year),
            );
            let rent_fen = part(stepped, held, days);
            // A day is relieved once, by the greatest relief that covers it.
            let off: f64 = (from.iter_days().take_while(|day| *day <= last))
                .map(|day| self.relief_of(day))
                .sum();
            let relief_fen = fen(stepped, off / 100.0 / count(days));
            all.push(Month {
                from,
                rent_fen,
                relief_fen,
                due_fen: rent_fen - relief_fen,
            });
        }
        all
    }

    fn relief_of(&self, day: NaiveDate) -> f64 {
        let own = self
            .reliefs
            .iter()
            .filter(|own| own.from <= day && day <= own.to);
        own.map(|own| own.percent.clamp(0.0, 100.0))
            .fold(0.0, f64::max)
    }

    /// The rent of a month as it is on a day, with its step-ups and without relief.
    pub(super) fn monthly_on(&self, day: NaiveDate) -> i64 {
        let years = self
            .start
            .and_then(|start| day.years_since(start))
            .unwrap_or(0);
        let years = i32::try_from(years).unwrap_or(i32::MAX);
        fen(
            self.monthly_fen,
            (1.0 + self.step_percent / 100.0).powi(years),
        )
    }
}

/// A multiple of an amount, to the nearest 分.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "rents stay below 2^53 分"
)]
fn fen(amount: i64, times: f64) -> i64 {
    (amount as f64 * times).round() as i64
}

/// So many days' part of a month's rent.
fn part(amount: i64, held: i64, days: i64) -> i64 {
    if held == days {
        return amount;
    }
    fen(amount, count(held) / count(days))
}

#[expect(clippy::cast_precision_loss, reason = "days of a month")]
fn count(days: i64) -> f64 {
    days as f64
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn due_in(terms: &Terms, year: i32) -> i64 {
        let months = terms.months();
        let own = months.iter().filter(|month| month.from.year() == year);
        own.map(|month| month.due_fen).sum()
    }

    fn terms() -> Terms {
        Terms {
            start: Some(day("2019-01-01")),
            end: Some(day("2021-12-31")),
            monthly_fen: 1_000_000,
            step_percent: 5.0,
            reliefs: Vec::new(),
        }
    }

    #[test]
    fn rent_steps_up_every_year_and_is_due_every_month() {
        let terms = terms();
        assert_eq!(terms.months().len(), 36);
        assert_eq!(due_in(&terms, 2019), 12_000_000);
        assert_eq!(due_in(&terms, 2020), 12 * 1_050_000);
        assert_eq!(due_in(&terms, 2021), 12 * 1_102_500);
        assert_eq!(terms.monthly_on(day("2020-07-01")), 1_050_000);
        assert_eq!(terms.monthly_fen, 1_000_000);
    }

    #[test]
    fn relief_of_february_march_and_april_is_half_then_30_then_20_percent() {
        let mut terms = terms();
        for (from, to, percent) in [
            ("2020-02-01", "2020-02-29", 50.0),
            ("2020-03-01", "2020-03-31", 30.0),
            ("2020-04-01", "2020-04-30", 20.0),
        ] {
            terms.reliefs.push(Relief {
                from: day(from),
                to: day(to),
                percent,
                reason: "疫情减租".to_owned(),
            });
        }
        let months = terms.months();
        let relief: Vec<i64> = months[12..17]
            .iter()
            .map(|month| month.relief_fen)
            .collect();
        assert_eq!(relief, [0, 525_000, 315_000, 210_000, 0]);
        assert_eq!(due_in(&terms, 2020), 12 * 1_050_000 - 1_050_000);
        // Taken back, everything is due again.
        terms.reliefs.clear();
        assert_eq!(due_in(&terms, 2020), 12 * 1_050_000);
    }

    #[test]
    fn a_month_cut_short_and_half_a_relief_go_by_days() {
        let mut terms = Terms {
            start: Some(day("2024-01-01")),
            end: Some(day("2024-02-10")),
            monthly_fen: 290_000,
            ..Terms::default()
        };
        let rents: Vec<i64> = terms.months().iter().map(|month| month.rent_fen).collect();
        assert_eq!(rents, [290_000, 100_000]);
        // Two reliefs on one day do not add up.
        for percent in [50.0, 30.0] {
            terms.reliefs.push(Relief {
                from: day("2024-02-01"),
                to: day("2024-02-05"),
                percent,
                reason: String::new(),
            });
        }
        assert_eq!(terms.months()[1].relief_fen, 25_000);
        assert!(Terms::default().months().is_empty());
    }
}
