//! How a contract stands on a day: worked out from its dates and what is owed, told the same in the
//! ledger, on the map, in counts and in reports. What the register says of it grows old by itself.

use chrono::NaiveDate;
use yizhangtu_data::{Layer, Record};

/// Days ahead that people look for contracts that run out.
pub(crate) const AHEAD: [i64; 3] = [30, 60, 90];

/// The state of a contract, a code of the list `contract_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Its first day is to come.
    Ahead,
    Running,
    /// Within the longest of [`AHEAD`].
    EndsSoon,
    /// Rent is owed.
    Owing,
    /// Past its last day.
    Over,
    /// Ended by somebody before its last day.
    Terminated,
    /// The register tells that nobody has what it lets.
    Vacant,
}

impl State {
    /// Its code in the list of states.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Ahead => "未起租",
            Self::Running => "履行中",
            Self::EndsSoon => "即将到期",
            Self::Owing => "逾期",
            Self::Over => "已到期",
            Self::Terminated => "终止",
            Self::Vacant => "空置",
        }
    }
}

/// How a contract stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) state: State,
    /// Until its last day, less than 0 where that is past; none where it has none, or was ended
    /// before it.
    pub(crate) days_left: Option<i64>,
}

impl Standing {
    pub(crate) fn of(layer: &Layer, record: &Record, on: NaiveDate) -> Self {
        let day = |field| record.get(layer, field).as_date();
        let registered = record.get(layer, "state").as_text();
        // What is owed is known by its sum; by the register's word where there is none.
        let owing = match record.get(layer, "arrears_fen").as_integer() {
            Some(fen) => fen > 0,
            None => registered == Some(State::Owing.code()),
        };
        Self::reckon(registered, (day("start_on"), day("end_on")), owing, on)
    }

    fn reckon(
        registered: Option<&str>,
        (start, end): (Option<NaiveDate>, Option<NaiveDate>),
        owing: bool,
        on: NaiveDate,
    ) -> Self {
        let says = |state: State| registered == Some(state.code());
        let left = end.map(|end| (end - on).num_days());
        let state = if says(State::Terminated) {
            State::Terminated
        } else if left.map_or(says(State::Over), |left| left < 0) {
            State::Over
        } else if says(State::Vacant) {
            State::Vacant
        } else if start.is_some_and(|start| on < start) {
            State::Ahead
        } else if owing {
            State::Owing
        } else if left.is_some_and(|left| left <= AHEAD[2]) {
            State::EndsSoon
        } else {
            State::Running
        };
        Self {
            state,
            days_left: left.filter(|_| state != State::Terminated),
        }
    }

    /// Whether somebody has what it lets.
    pub(crate) fn runs(self) -> bool {
        matches!(self.state, State::Running | State::EndsSoon | State::Owing)
    }

    /// Where it is in its course: `ahead`, `running`, or `over`, as one is whose land or house the
    /// register says nobody has.
    pub(crate) fn course(self) -> &'static str {
        match self.state {
            State::Ahead => "ahead",
            State::Running | State::EndsSoon | State::Owing => "running",
            State::Over | State::Terminated | State::Vacant => "over",
        }
    }

    /// The least of [`AHEAD`] within which it ends.
    pub(crate) fn ends_soon(self) -> Option<i64> {
        AHEAD.into_iter().find(|days| self.ends_within(*days))
    }

    /// Whether nothing of it is to come: it is past its last day, or was ended before.
    pub(crate) fn is_over(self) -> bool {
        matches!(self.state, State::Over | State::Terminated)
    }

    /// Whether somebody ended it before its last day.
    pub(crate) fn is_terminated(self) -> bool {
        self.state == State::Terminated
    }

    /// Whether it ends in some days from the day on, that day included.
    pub(crate) fn ends_within(self, days: i64) -> bool {
        self.days_left
            .is_some_and(|left| (0..=days).contains(&left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    fn state(registered: &str, owing: bool, on: &str) -> State {
        let term = (day("2022-01-01"), day("2024-12-31"));
        Standing::reckon(Some(registered), term, owing, day(on).unwrap()).state
    }

    #[test]
    fn what_a_contract_is_follows_the_day() {
        for (on, told) in [
            ("2021-12-31", State::Ahead),
            ("2022-01-01", State::Running),
            ("2024-10-01", State::Running),
            ("2024-10-02", State::EndsSoon),
            ("2024-12-31", State::EndsSoon),
            ("2025-01-01", State::Over),
        ] {
            // Whatever the register still says of it.
            for registered in ["履行中", "已到期", "即将到期"] {
                assert_eq!(state(registered, false, on), told, "{registered} on {on}");
            }
        }
        assert_eq!(state("履行中", true, "2023-01-01"), State::Owing);
        assert_eq!(state("履行中", true, "2025-01-01"), State::Over);
    }

    #[test]
    fn how_soon_it_ends_is_told_by_the_least_of_the_days_ahead() {
        let term = (day("2022-01-01"), day("2024-12-31"));
        let soon = |on: &str| {
            let own = Standing::reckon(None, term, false, day(on).unwrap());
            (own.course(), own.ends_soon())
        };
        assert_eq!(soon("2021-12-31"), ("ahead", None));
        assert_eq!(soon("2024-10-01"), ("running", None));
        assert_eq!(soon("2024-10-02"), ("running", Some(90)));
        assert_eq!(soon("2024-11-01"), ("running", Some(60)));
        assert_eq!(soon("2024-12-31"), ("running", Some(30)));
        assert_eq!(soon("2025-01-01"), ("over", None));
    }

    #[test]
    fn what_no_date_can_tell_is_the_registers_word() {
        assert_eq!(state("终止", false, "2023-01-01"), State::Terminated);
        assert_eq!(state("空置", false, "2023-01-01"), State::Vacant);
        let on = day("2023-01-01").unwrap();
        let endless = |word| Standing::reckon(Some(word), (None, None), false, on);
        assert_eq!(endless("已到期").state, State::Over);
        assert_eq!(endless("履行中").state, State::Running);
        let ended = Standing::reckon(Some("终止"), (None, day("2024-12-31")), false, on);
        assert!(ended.days_left.is_none() && !ended.runs() && !ended.ends_within(9_999));
    }
}
