//! Numbers that are given to new features: 工单号, 案号.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a field of new features is numbered, where its author gave none: `{village}E{n:6}`
/// gives `440118101224E000001` and counts on from the greatest of its prefix.
///
/// `{village}` is the code of the village at the feature's place, `{year}` the year of the
/// day it is made (China's time), `{n:D}` the number with at least D digits. Words may follow
/// the number: `责停字〔{year}〕{n:1}号`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial {
    /// What stands before the number, with the other placeholders in it.
    prefix: String,
    digits: usize,
    /// What stands after it.
    suffix: String,
}

impl Serial {
    /// What stands before the number of a feature made in a village and year.
    pub fn prefix(&self, village: &str, year: i32) -> String {
        (self.prefix.replace("{village}", village)).replace("{year}", &year.to_string())
    }

    /// A number after its prefix.
    pub fn number(&self, prefix: &str, number: u64) -> String {
        let (width, suffix) = (self.digits, &self.suffix);
        format!("{prefix}{number:0width$}{suffix}")
    }

    /// Whether a text is a number that this gives, in some village and year.
    pub fn gave(&self, text: &str) -> bool {
        let wild = |text: &str| {
            (regex::escape(text).replace("\\{village\\}", "[0-9A-Za-z]*"))
                .replace("\\{year\\}", "[0-9]{4}")
        };
        let (prefix, digits) = (wild(&self.prefix), self.digits);
        let pattern = format!("^{prefix}[0-9]{{{digits},}}{}$", wild(&self.suffix));
        regex::Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(text))
    }

    /// What stands after the number.
    pub fn suffix(&self) -> &str {
        &self.suffix
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
                "编号式“{text}”应有 {{n:位数}}，此前只可用 {{village}} 和 {{year}}，此后只可有文字 / \
                 the serial “{text}” needs {{n:DIGITS}}, with only {{village}} and {{year}} before it and plain words after it"
            )
        };
        let (prefix, end) = text.rsplit_once("{n:").ok_or_else(fault)?;
        let (digits, suffix) = end.split_once('}').ok_or_else(fault)?;
        let digits = (digits.parse().ok())
            .filter(|digits| (1..=18).contains(digits))
            .ok_or_else(fault)?;
        if suffix.contains(['{', '}']) || suffix.starts_with(|letter: char| letter.is_ascii_digit())
        {
            return Err(fault());
        }
        let bare = prefix.replace("{village}", "").replace("{year}", "");
        if bare.contains(['{', '}']) {
            return Err(fault());
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            digits,
            suffix: suffix.to_owned(),
        })
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{n:{}}}{}", self.prefix, self.digits, self.suffix)
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
    fn a_document_is_numbered_in_its_year() {
        let serial = serial("责停字〔{year}〕{n:1}号").unwrap();
        let prefix = serial.prefix("", 2026);
        assert_eq!(serial.number(&prefix, 12), "责停字〔2026〕12号");
        assert_eq!(serial.to_string(), "责停字〔{year}〕{n:1}号");
        assert!(serial.gave("责停字〔2031〕7号"));
        assert!(!serial.gave("责停字〔2031〕号") && !serial.gave("责停字〔31〕7号"));
    }

    #[test]
    fn a_serial_without_a_number_is_refused() {
        for text in [
            "E",
            "{n:6}0",
            "{n:6}{year}",
            "{n:0}",
            "{n:x}",
            "{month}{n:6}",
            "{n:6",
        ] {
            assert!(serial(text).is_err(), "{text}");
        }
    }
}
