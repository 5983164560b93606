//! What the figures of 人屋 mean, as data.

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use crate::office::{Book, Misrule, Ruled, within};

/// The terms; see `people.toml`, where each is explained.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// Which version.
    pub(crate) version: String,
    main_residence: MainResidence,
    ages: Ages,
    verification: Verification,
    rooms: Rooms,
    pub(crate) visits: Visits,
    pub(crate) vehicles: Vehicles,
}

/// When a vehicle seen at night is a resident one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vehicles {
    /// Nights on which it was seen.
    pub(crate) resident_nights: usize,
    /// Days back to which they count.
    pub(crate) within_days: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MainResidence {
    kinds: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ages {
    from: Vec<u16>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verification {
    unverified_states: Vec<String>,
    overdue_days: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rooms {
    #[serde(rename = "let")]
    rented: Vec<String>,
    vacant: Vec<String>,
}

/// When a house was not seen for too long.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Visits {
    /// Days without a visit after which a house is due, and long due.
    pub(crate) unseen_days: [u32; 2],
    /// Outcomes at which the house was seen.
    pub(crate) seen: Vec<String>,
}

/// Word for people whose kind of residence is none of those that are named.
const OTHER_STAY: &str = "未登记";

/// A band of ages: its first age and, but for the last, its last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Band {
    pub(crate) from: u16,
    pub(crate) to: Option<u16>,
}

/// The book of these rules.
pub(crate) static TERMS: Book<Terms> =
    Book::new("people", include_str!("../../../data/catalog/people.toml"));

impl Ruled for Terms {
    fn misruled(&self) -> Vec<Misrule> {
        let ages = &self.ages.from;
        let [due, long] = self.visits.unseen_days;
        [
            within(
                ages.first() == Some(&0) && ages.is_sorted_by(|one, next| one < next),
                "ages.from",
                "应从 0 起，由小到大",
                "must begin with 0 and rise",
            ),
            within(
                !self.main_residence.kinds.is_empty(),
                "main_residence.kinds",
                "至少一类",
                "needs one at least",
            ),
            within(
                due < long,
                "visits.unseen_days",
                "前一个应小于后一个",
                "the first must be less than the second",
            ),
            within(
                u32::try_from(self.vehicles.resident_nights)
                    .is_ok_and(|nights| nights <= self.vehicles.within_days),
                "vehicles.resident_nights",
                "不应多于天数",
                "must be no more than the days",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Terms {
    /// The terms in force.
    pub(crate) fn current() -> &'static Self {
        TERMS.current()
    }

    /// The bands of ages, the youngest first.
    pub(crate) fn bands(&self) -> impl Iterator<Item = Band> + '_ {
        let from = &self.ages.from;
        from.iter().enumerate().map(|(at, &first)| Band {
            from: first,
            to: from.get(at + 1).map(|next| next - 1),
        })
    }

    /// Number of bands and one for those whose age is not known, which comes last.
    pub(crate) fn age_groups(&self) -> usize {
        self.ages.from.len() + 1
    }

    /// The group of an age: the place of its band, or the last where the birth is not known
    /// or lies after the day.
    pub(crate) fn age_group(&self, birth: Option<NaiveDate>, day: NaiveDate) -> usize {
        let Some(age) = birth.and_then(|birth| age(birth, day)) else {
            return self.ages.from.len();
        };
        self.ages
            .from
            .partition_point(|&from| u32::from(from) <= age)
            .saturating_sub(1)
    }

    /// The place of a kind of residence among those that make the main one; the least wins.
    pub(crate) fn residence_rank(&self, kind: Option<&str>) -> usize {
        let kinds = &self.main_residence.kinds;
        let place = kind.and_then(|kind| kinds.iter().position(|own| own == kind));
        place.unwrap_or(kinds.len())
    }

    /// The kinds of residence that people are counted by, and that of the others, which comes last.
    pub(crate) fn stays(&self) -> impl Iterator<Item = &str> {
        let kinds = self.main_residence.kinds.iter().map(String::as_str);
        kinds.chain([OTHER_STAY])
    }

    /// Whether somebody is not verified, by the main residence's date and the person's state.
    pub(crate) fn is_unverified(
        &self,
        verified_on: Option<NaiveDate>,
        state: Option<&str>,
    ) -> bool {
        let unverified = &self.verification.unverified_states;
        verified_on.is_none()
            || state.is_some_and(|state| unverified.iter().any(|own| own == state))
    }

    /// Whether a verification is too long ago on a day.
    pub(crate) fn is_overdue(&self, verified_on: NaiveDate, day: NaiveDate) -> bool {
        let since = day.signed_duration_since(verified_on).num_days();
        u64::try_from(since).is_ok_and(|days| days > self.verification.overdue_days)
    }

    /// After how many days a verification is overdue.
    pub(crate) fn overdue_days(&self) -> u64 {
        self.verification.overdue_days
    }

    /// Whether a way of use counts as let.
    pub(crate) fn is_let(&self, use_mode: &str) -> bool {
        self.rooms.rented.iter().any(|own| own == use_mode)
    }

    /// Whether a way of use counts as vacant.
    pub(crate) fn is_vacant(&self, use_mode: &str) -> bool {
        self.rooms.vacant.iter().any(|own| own == use_mode)
    }

    /// What counts as a resident vehicle, in Chinese and English.
    pub(crate) fn vehicles_basis(&self) -> [String; 2] {
        let (nights, days, version) = (
            self.vehicles.resident_nights,
            self.vehicles.within_days,
            &self.version,
        );
        [
            format!(
                "常住车辆：{days} 天内有 {nights} 个夜晚清点到（正午为界）。口径版本 {version}"
            ),
            format!(
                "Resident vehicles: counted on {nights} nights within {days} days; a night ends at noon. Terms {version}"
            ),
        ]
    }

    /// What counts as people, in Chinese and English: the 口径 of every answer with people.
    pub(crate) fn basis(&self) -> [String; 2] {
        let kinds = self.main_residence.kinds.join("、");
        let (version, days) = (&self.version, self.overdue_days());
        [
            format!(
                "现住人口：居住关系无迁出日期者，每人只在主居住地计一次（依次取{kinds}；同类取最近核实、最近迁入者）。\
                 未核：主居住地无核实日期或人员未核、存疑；逾期：核实已超过 {days} 天。口径版本 {version}"
            ),
            format!(
                "Residents: people with a residence that has no date of leaving, each counted once, at the main one \
                 (by kind in the order {kinds}; of one kind the last verified, then the last moved into). \
                 Unverified: no date of verification, or the person's state says so; overdue: verified more than {days} days ago. Terms {version}"
            ),
        ]
    }
}

/// Full years from a birth to a day; none before the birth.
pub(crate) fn age(birth: NaiveDate, day: NaiveDate) -> Option<u32> {
    let years = day.year()
        - birth.year()
        - i32::from((day.month(), day.day()) < (birth.month(), birth.day()));
    u32::try_from(years).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn ages_fall_into_bands_on_the_birthday() {
        let terms = Terms::current();
        let bands: Vec<Band> = terms.bands().collect();
        let band = |birth: &str| terms.age_group(Some(day(birth)), day("2026-11-22"));
        assert_eq!(bands[band("2008-11-22")].from, 18);
        assert_eq!(bands[band("2008-11-23")].to, Some(17));
        assert_eq!(bands[band("1900-01-01")].to, None);
        assert_eq!(bands[band("2026-11-22")].from, 0);
        assert_eq!(band("2026-11-23"), bands.len());
        assert_eq!(terms.age_group(None, day("2026-11-22")), bands.len());
        // A birthday that three years of four have not is on the first of March.
        assert_eq!(age(day("2008-02-29"), day("2026-02-28")), Some(17));
    }

    #[test]
    fn a_lived_in_home_stands_before_the_registered_one() {
        let terms = Terms::current();
        assert!(terms.residence_rank(Some("租住")) < terms.residence_rank(Some("户籍")));
        assert!(terms.residence_rank(Some("户籍")) < terms.residence_rank(None));
        assert!(
            terms.is_unverified(None, Some("1"))
                && terms.is_unverified(Some(day("2026-01-01")), Some("2"))
        );
        assert!(!terms.is_overdue(day("2025-11-22"), day("2026-11-22")));
        assert!(terms.is_overdue(day("2025-11-21"), day("2026-11-22")));
    }
}
