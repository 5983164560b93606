//! The mask table: how each kind of personal value is shown to those without the right to
//! see it (`姓名 → 李**`, `证件号 → 440***********1234`, …).
//!
//! How much stays is data: `masks.toml`.

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use yizhangtu_data::{Field, Value};

use super::masks::{Birth, Ends, Masks};

/// A kind of mask, as the catalog names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mask {
    /// 姓名: the surname stays.
    Name,
    /// 证件号: 3 + 4 stay.
    IdNumber,
    /// 电话: 3 + 4 of a mobile, area code + 2 of a landline.
    Phone,
    /// 车牌: province, letter and two characters stay.
    Plate,
    /// 地址: to the village or grid.
    Address,
    /// 出生日期: the band of ten years of age.
    Birth,
    /// Not shown at all.
    Hidden,
}

impl Mask {
    /// All of them, Chinese and English.
    pub(crate) const ALL: [(Self, &str, &str); 7] = [
        (Self::Name, "姓名：留姓", "Name: the surname stays"),
        (Self::IdNumber, "证件号", "Identity number"),
        (Self::Phone, "电话", "Telephone"),
        (Self::Plate, "车牌", "Number plate"),
        (
            Self::Address,
            "地址：到村或网格",
            "Address: to the village or grid",
        ),
        (
            Self::Birth,
            "出生日期：年龄段",
            "Date of birth: a band of ages",
        ),
        (Self::Hidden, "不显示", "Not shown"),
    ];

    /// The word for it in the catalog and in rules.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::IdNumber => "id_number",
            Self::Phone => "phone",
            Self::Plate => "plate",
            Self::Address => "address",
            Self::Birth => "birth",
            Self::Hidden => "hidden",
        }
    }

    /// How a field is masked; none where anyone may read it.
    ///
    /// A personal field without a mask, or with one not known here, is hidden: a catalog
    /// that forgets a mask must not show what it protects.
    pub(crate) fn of(field: &Field) -> Option<Self> {
        if !field.sensitivity.is_personal() {
            return None;
        }
        Some(match field.mask.as_deref() {
            Some("name") => Self::Name,
            Some("id_number") => Self::IdNumber,
            Some("phone") => Self::Phone,
            Some("plate") => Self::Plate,
            Some("address") => Self::Address,
            Some("birth") => Self::Birth,
            _ => Self::Hidden,
        })
    }
}

/// What is shown of a value under a mask; none where nothing is.
///
/// `today` gives the age of a birth date.
pub(crate) fn masked(mask: Mask, value: &Value, today: NaiveDate) -> Option<String> {
    if let (Mask::Birth, Value::Date(birth)) = (mask, value) {
        return age_band(*birth, today);
    }
    let text = value.as_text()?.trim();
    if text.is_empty() {
        return None;
    }
    // Sealed, and its key is not at hand: there is nothing to show the ends of.
    if yizhangtu_data::seal::is_sealed(text) {
        return Some(stars(6));
    }
    match mask {
        Mask::Name => Some(name(text)),
        Mask::IdNumber => Some(id_number(text)),
        Mask::Phone => Some(phones(text)),
        Mask::Plate => Some(plate(text)),
        Mask::Address => Some(address(text)),
        Mask::Birth => age_band(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?, today),
        Mask::Hidden => None,
    }
}

fn stars(count: usize) -> String {
    "*".repeat(count)
}

/// Whether a character separates the parts of a minority or transliterated name.
fn is_dot(letter: char) -> bool {
    matches!(letter, '·' | '•' | '・' | '‧' | '∙' | '⋅')
}

/// The surname, then one star a character.
fn name(text: &str) -> String {
    if text.is_ascii() {
        return latin_name(text);
    }
    let letters: Vec<char> = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    if let Some(dot) = letters.iter().position(|letter| is_dot(*letter))
        && dot > 0
    {
        let first: String = letters[..dot].iter().collect();
        let rest = &letters[dot + 1..];
        let hidden = rest
            .iter()
            .map(|letter| if is_dot(*letter) { '·' } else { '*' });
        return format!("{first}·{}", hidden.collect::<String>());
    }
    match letters[..] {
        // A name of one character would be shown whole.
        [_] => stars(1),
        // Two characters are a surname and a given name, even where they look compound.
        [first, second, _, ..] if Masks::current().is_compound(first, second) => {
            format!("{first}{second}{}", stars(letters.len() - 2))
        }
        [first, ..] => format!("{first}{}", stars(letters.len() - 1)),
        [] => String::new(),
    }
}

/// The initials: which word is the surname differs from country to country.
fn latin_name(text: &str) -> String {
    text.split_whitespace()
        .map(|word| match word.chars().next() {
            Some(initial) if word.len() > 1 => format!("{initial}***"),
            _ => stars(1),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// 3 + 4 of the 18 or 15 characters of an identity card; of other documents the first and
/// the last two.
fn id_number(text: &str) -> String {
    let letters: Vec<char> = text
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    let card = matches!(letters.len(), 15 | 18)
        && letters[..letters.len() - 1]
            .iter()
            .all(char::is_ascii_digit);
    let keep = &Masks::current().keep;
    let ends = match letters.len() {
        _ if card => keep.id_number,
        8.. => keep.document,
        _ => Ends { head: 0, tail: 0 },
    };
    keep_ends(&letters, ends)
}

fn keep_ends(letters: &[char], ends: Ends) -> String {
    // However much is to stay, four are hidden where there are as many.
    let most = letters.len().saturating_sub(4);
    let head = ends.head.min(most);
    let tail = ends.tail.min(most - head);
    let first = letters[..head].iter();
    let last = letters[letters.len() - tail..].iter();
    let hidden = stars(letters.len() - head - tail);
    format!(
        "{}{hidden}{}",
        first.collect::<String>(),
        last.collect::<String>()
    )
}

/// Each of several numbers, as they are often written into one cell.
fn phones(text: &str) -> String {
    text.split([',', '，', ';', '；', '、', '/', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(phone)
        .collect::<Vec<_>>()
        .join("、")
}

fn phone(text: &str) -> String {
    let mut digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() > 11 && digits.starts_with(&['0', '0', '8', '6']) {
        digits.drain(..4);
    } else if digits.len() > 11 && digits.starts_with(&['8', '6']) {
        digits.drain(..2);
    }
    let keep = &Masks::current().keep;
    match digits[..] {
        ['1', '3'..='9', ..] if digits.len() == 11 => keep_ends(&digits, keep.mobile),
        // 010 and 02x are the area codes of three digits; all others have four.
        ['0', second, ..] if digits.len() >= 10 => {
            let area = if matches!(second, '1' | '2') { 3 } else { 4 };
            let (area, number) = digits.split_at(area);
            format!(
                "{}-{}",
                area.iter().collect::<String>(),
                keep_ends(number, keep.landline)
            )
        }
        _ if digits.len() >= 6 => keep_ends(&digits, keep.landline),
        _ => stars(digits.len().max(3)),
    }
}

/// Province and letter, then only the third and the last character: 粤A·**3*8.
fn plate(text: &str) -> String {
    let letters: Vec<char> = text
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    if letters.len() < 6 {
        return stars(letters.len().max(1));
    }
    let (place, number) = letters.split_at(2);
    let last = number.len() - 1;
    let shown = number.iter().enumerate().map(
        |(at, letter)| {
            if at == 2 || at == last { *letter } else { '*' }
        },
    );
    format!(
        "{}·{}",
        place.iter().collect::<String>(),
        shown.collect::<String>()
    )
}

/// To the grid where the address names one, else to the village or community, else to the
/// street or town, else to the district.
fn address(text: &str) -> String {
    let town = end_of_first(text, &["街道", "镇", "乡"], 0);
    let village = end_of_first(text, &["社区", "居委会", "村委会", "村"], town.unwrap_or(0));
    let grid = end_of_first(text, &["网格"], village.or(town).unwrap_or(0));
    let district = end_of_first(text, &["区", "县", "市"], 0);
    let kept = grid.or(village).or(town).or(district).unwrap_or(0);
    format!("{}***", &text[..kept])
}

/// Where the first of the words ends, after a position.
fn end_of_first(text: &str, words: &[&str], after: usize) -> Option<usize> {
    words
        .iter()
        .filter_map(|word| text[after..].find(word).map(|at| after + at + word.len()))
        .min()
}

/// The band of years that an age lies in; from the last one on all are one.
fn age_band(birth: NaiveDate, today: NaiveDate) -> Option<String> {
    let Birth {
        band_years,
        last_from,
    } = Masks::current().birth;
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    let age = today.year() - birth.year() - i32::from(!had_birthday);
    match age {
        ..0 => None,
        _ if age >= last_from => Some(format!("{last_from}+")),
        _ => {
            let from = age / band_years * band_years;
            Some(format!("{from}–{}", from + band_years - 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day")
    }

    fn shown(mask: Mask, text: &str) -> String {
        masked(mask, &Value::from(text), today()).unwrap_or_default()
    }

    #[test]
    fn the_table_of_names() {
        for (name, expected) in [
            ("李四", "李*"),
            ("李小四", "李**"),
            ("李", "*"),
            ("欧阳修", "欧阳*"),
            ("欧阳娜娜", "欧阳**"),
            ("司徒雷登", "司徒**"),
            ("欧阳", "欧*"),
            ("歐陽娜娜", "歐陽**"),
            ("阿·木提", "阿·**"),
            ("阿依古丽·买买提", "阿依古丽·***"),
            ("迪丽•热巴", "迪丽·**"),
            ("买买提·艾力·库尔班", "买买提·**·***"),
            ("李 小 四", "李**"),
            ("John Smith", "J*** S***"),
            ("Li", "L***"),
            ("X", "*"),
            ("𠮷田茂", "𠮷**"),
        ] {
            assert_eq!(shown(Mask::Name, name), expected, "{name}");
        }
    }

    #[test]
    fn the_table_of_numbers() {
        for (mask, text, expected) in [
            (Mask::IdNumber, "440111199001011234", "440***********1234"),
            (Mask::IdNumber, "44011119900101123X", "440***********123X"),
            (Mask::IdNumber, "440111900101123", "440********1123"),
            (Mask::IdNumber, "H12345678", "H******78"),
            (Mask::IdNumber, "123", "***"),
            (Mask::Phone, "13812345678", "138****5678"),
            (Mask::Phone, "+86 138-1234-5678", "138****5678"),
            (Mask::Phone, "0086 13812345678", "138****5678"),
            (Mask::Phone, "020-87654312", "020-******12"),
            (Mask::Phone, "02087654312", "020-******12"),
            (Mask::Phone, "0757-8765432", "0757-*****32"),
            (Mask::Phone, "87654312", "******12"),
            (Mask::Phone, "110", "***"),
            (
                Mask::Phone,
                "13812345678、020-87654312",
                "138****5678、020-******12",
            ),
            (Mask::Plate, "粤A12358", "粤A·**3*8"),
            (Mask::Plate, "粤A·12358", "粤A·**3*8"),
            (Mask::Plate, "粤AD12345", "粤A·**2**5"),
            (Mask::Plate, "粤A1", "***"),
        ] {
            assert_eq!(shown(mask, text), expected, "{text}");
        }
    }

    #[test]
    fn the_table_of_addresses() {
        for (address, expected) in [
            (
                "大源街道大源村第12网格三巷5号301",
                "大源街道大源村第12网格***",
            ),
            (
                "广东省广州市白云区大源街道大源村南路5号",
                "广东省广州市白云区大源街道大源村***",
            ),
            ("新塘镇东华社区村前路7号", "新塘镇东华社区***"),
            ("湖南省邵阳市洞口县", "湖南省邵阳市***"),
            ("三巷5号", "***"),
        ] {
            assert_eq!(shown(Mask::Address, address), expected, "{address}");
        }
    }

    #[test]
    fn a_birth_date_becomes_a_band() {
        let band = |year, month, day| {
            let birth = NaiveDate::from_ymd_opt(year, month, day).expect("a day");
            masked(Mask::Birth, &Value::Date(birth), today())
        };
        assert_eq!(band(1990, 1, 1).as_deref(), Some("30–39"));
        assert_eq!(band(1986, 11, 22).as_deref(), Some("40–49"));
        assert_eq!(band(1986, 11, 23).as_deref(), Some("30–39"));
        assert_eq!(band(2026, 1, 1).as_deref(), Some("0–9"));
        assert_eq!(band(1901, 1, 1).as_deref(), Some("90+"));
        assert_eq!(band(2027, 1, 1), None);
        assert_eq!(shown(Mask::Birth, "1990-01-01"), "30–39");
        assert_eq!(shown(Mask::Birth, "not a day"), "");
    }

    #[test]
    fn what_is_hidden_is_not_shown() {
        assert_eq!(masked(Mask::Hidden, &Value::from("secret"), today()), None);
        assert_eq!(masked(Mask::Name, &Value::Integer(7), today()), None);
        assert_eq!(masked(Mask::Name, &Value::from("  "), today()), None);
    }

    proptest! {
        #[test]
        fn no_name_leaves_whole(name in "[\\p{Han}A-Za-z· ]{1,12}") {
            let shown = shown(Mask::Name, &name);
            prop_assert!(shown.is_empty() || shown.contains('*') || name.contains('·'), "{shown}");
        }

        #[test]
        fn at_most_seven_digits_of_a_number_leave(number in "[0-9]{0,22}") {
            for mask in [Mask::IdNumber, Mask::Phone] {
                let left = shown(mask, &number).chars().filter(char::is_ascii_digit).count();
                prop_assert!(left <= 7, "{left}");
            }
        }
    }
}
