//! The time that people here live by.

use chrono::{DateTime, FixedOffset, Utc};

/// China Standard Time, UTC+8, in the whole country and all year.
pub(crate) const CHINA: FixedOffset = FixedOffset::east_opt(8 * 3600).expect("within a day");

/// Now, in China.
pub(crate) fn china_now() -> DateTime<FixedOffset> {
    Utc::now().with_timezone(&CHINA)
}
