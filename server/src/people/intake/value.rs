//! What cells say: texts, dates in the ways that people write them, words of code lists.

use chrono::{Days, NaiveDate};
use yizhangtu_data::{Catalog, Field, FieldKind, Value};

use super::sheet::Cell;

/// What is wrong with a cell: a word for programs; Chinese, English.
pub(super) type Wrong = (&'static str, &'static str, &'static str);

/// Spreadsheets hold numbers of this many digits and no more; a longer one has lost its end.
const EXACT: f64 = 1e15;

/// A text as written; numbers without a fraction as their digits.
pub(super) fn text(cell: &Cell) -> Result<Option<String>, Wrong> {
    match cell {
        Cell::Empty => Ok(None),
        Cell::Text(text) => Ok(Some(text.clone())),
        Cell::Date(day) => Ok(Some(day.to_string())),
        Cell::Broken => Err(("formula", "公式出错", "the formula failed")),
        Cell::Number(number) if number.abs() >= EXACT => Err((
            "digits",
            "长号码存成了数字，末几位已丢失，请改为文本格式重填",
            "a long number was stored as a number and lost its last digits; write it as text",
        )),
        Cell::Number(number) if number.fract() == 0.0 => Ok(Some(format!("{number:.0}"))),
        Cell::Number(number) => Ok(Some(number.to_string())),
    }
}

/// A day, in one of the five ways that registers write it: a date of the sheet, `2023-1-5` (or
/// with slashes or dots), `2023年1月5日`, `20230105`, or a sheet's day number.
pub(super) fn date(cell: &Cell) -> Result<Option<NaiveDate>, Wrong> {
    const WRONG: Wrong = (
        "date",
        "不是日期，请写成 2023-01-05、2023/1/5、2023.1.5、2023年1月5日 或 20230105",
        "is no date; write 2023-01-05, 2023/1/5, 2023.1.5, 2023年1月5日 or 20230105",
    );
    match cell {
        Cell::Empty => Ok(None),
        Cell::Date(day) => Ok(Some(*day)),
        Cell::Number(number) => of_number(*number).map(Some).ok_or(WRONG),
        Cell::Text(text) => of_text(text).map(Some).ok_or(WRONG),
        Cell::Broken => Err(("formula", "公式出错", "the formula failed")),
    }
}

fn of_number(number: f64) -> Option<NaiveDate> {
    /// Days of 1927 and of 2099, as sheets count them.
    const DAYS: std::ops::Range<f64> = 10_000.0..73_000.0;
    if number.fract() != 0.0 {
        return None;
    }
    if DAYS.contains(&number) {
        // Sheets count from the last day of 1899, with a 29 February 1900 that never was.
        let start = NaiveDate::from_ymd_opt(1899, 12, 30)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number in the range"
        )]
        return start.checked_add_days(Days::new(number as u64));
    }
    of_text(&format!("{number:.0}"))
}

fn of_text(text: &str) -> Option<NaiveDate> {
    let text = text.trim().trim_end_matches(" 00:00:00");
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return NaiveDate::parse_from_str(text, "%Y%m%d").ok();
    }
    let parts: Vec<&str> = text
        .trim_end_matches('日')
        .split(['-', '/', '.', '年', '月'])
        .map(str::trim)
        .collect();
    let &[year, month, day] = parts.as_slice() else {
        return None;
    };
    if year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The value of a field, of the words of its code list where it has one.
pub(super) fn value(catalog: &Catalog, field: &Field, cell: &Cell) -> Result<Value, Wrong> {
    if field.kind == FieldKind::Date {
        return Ok(date(cell)?.map_or(Value::Null, Value::from));
    }
    let Some(text) = text(cell)? else {
        return Ok(Value::Null);
    };
    let Some(list) = field
        .code_list
        .as_ref()
        .and_then(|list| catalog.code_list(list))
    else {
        return Ok(Value::from(text));
    };
    let code = list.codes.iter().find(|code| {
        code.code == text
            || code.label.zh == text
            || code.label.en == text
            || code.aliases.contains(&text)
    });
    match code {
        Some(code) => Ok(Value::from(code.code.as_str())),
        None => Err((
            "code",
            "不在可选值中，请照代码表填写",
            "is none of the choices of the code list",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_five_ways() {
        let day: NaiveDate = "2023-01-05".parse().unwrap();
        let text = |text: &str| Cell::Text(text.to_owned());
        let ways = [
            Cell::Date(day),
            text("2023-01-05"),
            text("2023/1/5"),
            text("2023.1.5"),
            text("2023年1月5日"),
            text("20230105"),
            Cell::Number(44_931.0),
            Cell::Number(20_230_105.0),
        ];
        for way in ways {
            assert_eq!(date(&way), Ok(Some(day)), "{way:?}");
        }
        for wrong in [
            text("2023-02-30"),
            text("去年"),
            text("1/5/2023"),
            text("2023-01"),
            Cell::Number(3.5),
        ] {
            assert!(date(&wrong).is_err(), "{wrong:?}");
        }
    }
}
