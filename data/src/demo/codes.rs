//! Numbers that look like those of people, firms and cars, and belong to none.

use chrono::{Datelike, NaiveDate};

/// An identity number (GB 11643) with a right check digit but in an area, 99…, that no
/// division of the country has; different for every `index` below 5 million.
pub(super) fn identity(index: u64, birth: NaiveDate, male: bool) -> String {
    let area = 990_000 + index / 500 % 10_000;
    let sequence = index % 500 * 2 % 1000 + u64::from(male);
    let digits = format!(
        "{area:06}{:04}{:02}{:02}{sequence:03}",
        birth.year(),
        birth.month(),
        birth.day()
    );
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = b"10X98765432"[(sum % 11) as usize];
    format!("{digits}{}", char::from(check))
}

/// A telephone number under 129, which no operator has.
pub(super) fn phone(bits: u64) -> String {
    format!("129{:08}", bits % 100_000_000)
}

/// A number plate of 粤Z without the 港 or 澳 that real plates of this series end in;
/// different for every `index` below 240,000.
pub(super) fn plate(index: u64) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    // 77,773 has no divisor in common with 240,000: the plates are shuffled.
    let number = index * 77_773 % 240_000;
    let letter = char::from(SIGNS[(number % 24) as usize]);
    format!("粤Z{letter}{:04}", number / 24)
}

/// A unified social credit code (GB 32100) with right check signs, in the unassigned
/// area 990000.
pub(super) fn credit(index: u64) -> String {
    const SIGNS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let value = |sign: u8| SIGNS.iter().position(|&s| s == sign).unwrap_or(0) as u64;
    let body = format!("{:08}", index % 100_000_000);
    // The organisation's own check sign (GB 11714).
    let sum: u64 = body
        .bytes()
        .zip([3, 7, 9, 10, 5, 8, 4, 2])
        .map(|(digit, weight)| u64::from(digit - b'0') * weight)
        .sum();
    let own = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from(b'0' + digit as u8),
    };
    let code = format!("91990000{body}{own}");
    let weights = (0..17).scan(1u64, |weight, _| {
        let now = *weight;
        *weight = *weight * 3 % 31;
        Some(now)
    });
    let sum: u64 = code
        .bytes()
        .zip(weights)
        .map(|(sign, w)| value(sign) * w)
        .sum();
    let check = SIGNS[((31 - sum % 31) % 31) as usize];
    format!("{code}{}", char::from(check))
}

/// A whole number in Chinese, below 1000.
pub(super) fn numeral(number: usize) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let (hundreds, tens, ones) = (number / 100, number / 10 % 10, number % 10);
    let mut text = String::new();
    if hundreds > 0 {
        text.push_str(DIGITS[hundreds % 10]);
        text.push('百');
        if tens == 0 && ones > 0 {
            text.push('零');
        }
    }
    match tens {
        0 => {}
        1 if hundreds == 0 => text.push('十'),
        _ => {
            text.push_str(DIGITS[tens]);
            text.push('十');
        }
    }
    text.push_str(DIGITS[ones]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_numbers_check_and_belong_to_nobody() {
        let birth = NaiveDate::from_ymd_opt(1990, 3, 7).unwrap();
        for index in [0, 499, 500, 77_777, 4_999_999] {
            let number = identity(index, birth, index % 2 == 0);
            assert!(number.starts_with("99"), "{number}");
            let sum: u32 = number
                .bytes()
                .rev()
                .enumerate()
                .map(|(place, digit)| {
                    let value = if digit == b'X' {
                        10
                    } else {
                        u32::from(digit - b'0')
                    };
                    value * (2u32.pow(place as u32) % 11)
                })
                .sum();
            assert_eq!(sum % 11, 1, "{number}");
        }
        assert_ne!(identity(1, birth, true), identity(501, birth, true));
    }

    #[test]
    fn a_credit_code_is_what_the_standard_computes() {
        const SIGNS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
        for index in [1, 42, 12_345_678] {
            let code = credit(index);
            assert_eq!(code.len(), 18);
            let body: u64 = code[..17]
                .bytes()
                .enumerate()
                .map(|(at, sign)| {
                    let weight = (0..at).fold(1u64, |w, _| w * 3 % 31);
                    SIGNS.iter().position(|&s| s == sign).unwrap() as u64 * weight
                })
                .sum();
            let check = SIGNS
                .iter()
                .position(|&s| s == code.as_bytes()[17])
                .unwrap() as u64;
            assert_eq!((body + check) % 31, 0, "{code}");
        }
    }

    #[test]
    fn numerals_read_as_people_write_them() {
        let read: Vec<String> = [1, 10, 12, 20, 35, 101, 110, 999].map(numeral).into();
        assert_eq!(
            read,
            [
                "一",
                "十",
                "十二",
                "二十",
                "三十五",
                "一百零一",
                "一百一十",
                "九百九十九"
            ]
        );
    }
}
