//! The time that people here live by.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

/// China Standard Time, UTC+8, in the whole country and all year.
pub const CHINA: FixedOffset = FixedOffset::east_opt(8 * 3600).expect("within a day");

/// Now, in China.
pub fn now() -> DateTime<FixedOffset> {
    Utc::now().with_timezone(&CHINA)
}

/// Today, in China.
pub fn today() -> NaiveDate {
    now().date_naive()
}
