//! Numbers that carry a check digit.

use chrono::NaiveDate;

/// Whether a text is a 公民身份号码 by GB 11643-1999: 18 characters with a birthday and a
/// check digit by ISO 7064 MOD 11-2, or the old 15 digits with a birthday in the 1900s.
pub(super) fn is_gb11643(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let number = |part: &[u8]| {
        part.iter()
            .fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'))
    };
    let is_day = |year: u32, month: &[u8], day: &[u8]| {
        i32::try_from(year)
            .ok()
            .and_then(|year| NaiveDate::from_ymd_opt(year, number(month), number(day)))
            .is_some()
    };
    match bytes.len() {
        18 => {
            let (body, check) = bytes.split_at(17);
            if !digits(body) || body[0] == b'0' {
                return false;
            }
            let year = number(&body[6..10]);
            if !(1800..=2199).contains(&year) || !is_day(year, &body[10..12], &body[12..14]) {
                return false;
            }
            check_character(body) == check[0].to_ascii_uppercase()
        }
        15 => {
            digits(bytes)
                && bytes[0] != b'0'
                && is_day(1900 + number(&bytes[6..8]), &bytes[8..10], &bytes[10..12])
        }
        _ => false,
    }
}

/// An identity number as it is compared: in capitals, and one of the old 15 digits (GB 11643
/// before 1999) with its century and check digit.
pub fn resident_number(text: &str) -> String {
    let text = text.trim().to_uppercase();
    if text.len() != 15 || !is_gb11643(&text) {
        return text;
    }
    let body = format!("{}19{}", &text[..6], &text[6..]);
    let check = check_character(body.as_bytes());
    format!("{body}{}", char::from(check))
}

/// The check character of the 17 digits before it, by ISO 7064 MOD 11-2.
fn check_character(body: &[u8]) -> u8 {
    // Weight of the i-th character from the left is 2^(17-i) mod 11.
    let sum = body.iter().enumerate().fold(0, |sum, (at, byte)| {
        sum + u32::from(byte - b'0') * ((1 << (17 - at)) % 11)
    });
    b"10X98765432"[(sum % 11) as usize]
}

/// Whether a text is a 统一社会信用代码 by GB 32100-2015: 18 characters of an alphabet
/// without I, O, S, V and Z, the last a check character modulo 31.
pub(super) fn is_uscc(text: &str) -> bool {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let bytes = text.as_bytes();
    if bytes.len() != 18 {
        return false;
    }
    let mut sum = 0;
    let mut weight = 1;
    for byte in &bytes[..17] {
        let Some(value) = ALPHABET.iter().position(|letter| letter == byte) else {
            return false;
        };
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET[(31 - sum % 31) % 31] == bytes[17]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_standard_passes() {
        // GB 11643-1999, annex: 11010519491231002X.
        assert!(is_gb11643("11010519491231002X"));
        assert!(is_gb11643("11010519491231002x"));
        assert!(is_gb11643("440524188001010014"));
    }

    #[test]
    fn a_wrong_digit_a_wrong_day_and_a_wrong_length_fail() {
        assert!(!is_gb11643("110105194912310021"));
        assert!(!is_gb11643("110105194902310029"), "31 February");
        assert!(!is_gb11643("1101051949123100"));
        assert!(!is_gb11643("01010519491231002X"));
        assert!(!is_gb11643("１１０１０５19491231002X"));
        assert!(!is_gb11643(""));
    }

    #[test]
    fn an_old_number_is_that_of_today_with_its_century_and_check_digit() {
        assert_eq!(resident_number("110105491231002"), "11010519491231002X");
        assert_eq!(resident_number(" 11010519491231002x"), "11010519491231002X");
        assert_eq!(resident_number("e123"), "E123");
    }

    #[test]
    fn the_old_fifteen_digits_pass_with_a_day_that_was() {
        assert!(is_gb11643("110105491231002"));
        assert!(!is_gb11643("110105491331002"));
        assert!(is_gb11643("110105000229002") == NaiveDate::from_ymd_opt(1900, 2, 29).is_some());
    }

    #[test]
    fn credit_codes_known_from_public_registers_pass() {
        // Ministry of Finance, and a company listed on an exchange.
        assert!(is_uscc("91350100M000100Y43"));
        assert!(!is_uscc("91350100M000100Y44"));
        assert!(!is_uscc("91350100I000100Y43"), "I is not in the alphabet");
        assert!(!is_uscc("91350100m000100y43"));
    }

    proptest! {
        #[test]
        fn any_single_wrong_digit_is_found(at in 0usize..17, by in 1u8..10) {
            let mut number = b"11010519491231002X".to_vec();
            number[at] = b'0' + (number[at] - b'0' + by) % 10;
            prop_assert!(!is_gb11643(std::str::from_utf8(&number).unwrap()));
        }
    }
}
