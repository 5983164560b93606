//! Numbers that are given to new features: 工单号, 案号.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a field of new features is numbered, where its author gave none: `{village}E{n:6}`
/// gives `440118101224E000001` and counts on from the greatest of its prefix.
///
/// `{village}` is the code of the village at the feature's place, `{year}` the year of the
/// day it is made (China's time), `{n:D}` the number with at least D digits, at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial {
    /// What stands before the number, with the other placeholders in it.
    prefix: String,
    digits: usize,
}

impl Serial {
    /// What stands before the number of a feature made in a village and year.
    pub fn prefix(&self, village: &str, year: i32) -> String {
        (self.prefix.replace("{village}", village)).replace("{year}", &year.to_string())
    }

    /// A number after its prefix.
    pub fn number(&self, prefix: &str, number: u64) -> String {
        format!("{prefix}{number:0width$}", width = self.digits)
    }

    /// The least number of digits.
    pub fn digits(&self) -> usize {
        self.digits
    }
}

impl TryFrom<String> for Serial {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fault = || {
            format!(
                "编号式“{text}”应以 {{n:位数}} 结尾，此前只可用 {{village}} 和 {{year}} / \
                 the serial “{text}” must end in {{n:DIGITS}}, with only {{village}} and {{year}} before it"
            )
        };
        let (prefix, end) = text.rsplit_once("{n:").ok_or_else(fault)?;
        let digits = (end.strip_suffix('}'))
            .and_then(|digits| digits.parse().ok())
            .filter(|digits| (1..=18).contains(digits))
            .ok_or_else(fault)?;
        let bare = prefix.replace("{village}", "").replace("{year}", "");
        if bare.contains(['{', '}']) {
            return Err(fault());
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            digits,
        })
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{n:{}}}", self.prefix, self.digits)
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> Self {
        serial.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(text: &str) -> Result<Serial, String> {
        text.to_owned().try_into()
    }

    #[test]
    fn an_event_is_numbered_in_its_village() {
        let serial = serial("{village}E{n:6}").unwrap();
        let prefix = serial.prefix("440118101224", 2026);
        assert_eq!(serial.number(&prefix, 181), "440118101224E000181");
        assert_eq!(serial.number(&prefix, 1_000_000), "440118101224E1000000");
        assert_eq!(serial.to_string(), "{village}E{n:6}");
    }

    #[test]
    fn a_serial_without_a_number_at_its_end_is_refused() {
        for text in ["E", "{n:6}E", "{n:0}", "{n:x}", "{month}{n:6}", "{n:6"] {
            assert!(serial(text).is_err(), "{text}");
        }
    }
}
