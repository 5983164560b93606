//! Turning what a file has into a value of a field.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

use super::{
    names::{fold, plain},
    source::Raw,
    units,
};
use crate::{Field, FieldKind, Text, Value, catalog::CodeList, clock::CHINA};

/// What else a value is read by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading<'a> {
    /// The factor from the heading's unit to that of the field.
    pub(super) factor: Option<f64>,
    /// The list that a text belongs to.
    pub(super) codes: Option<&'a CodeList>,
}

fn words(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text {
        zh: zh.into(),
        en: en.into(),
    }
}

/// The value of a field.
///
/// # Errors
/// What is wrong with it and what to do, without row and field.
pub(super) fn parse(field: &Field, raw: &Raw, reading: Reading<'_>) -> Result<Value, Text> {
    if let Raw::Garbled(text) = raw {
        let shown = shown(field, text);
        return Err(words(
            format!("值“{shown}”有乱码，请用 --encoding 指定编码，或在原软件中修正"),
            format!(
                "value “{shown}” is garbled; give the encoding with --encoding, or correct it at its source"
            ),
        ));
    }
    if is_nothing(raw, field.kind) {
        return Ok(Value::Null);
    }
    match field.kind {
        FieldKind::Text => text(field, raw, reading.codes),
        FieldKind::Integer => integer(field, raw, reading.factor),
        FieldKind::Decimal => decimal(field, raw, reading.factor),
        FieldKind::Boolean => boolean(field, raw),
        FieldKind::Date => date(field, raw),
        FieldKind::DateTime => date_time(field, raw),
        FieldKind::Json => Ok(json(raw)),
    }
}

/// A value as a message may show it: personal ones are not repeated.
pub(super) fn shown(field: &Field, text: &str) -> String {
    if field.sensitivity.is_personal() {
        return "***".to_owned();
    }
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn is_nothing(raw: &Raw, kind: FieldKind) -> bool {
    let text = match raw {
        Raw::Null => return true,
        Raw::Text(text) => plain(text),
        Raw::Number(number) => return number.is_nan(),
        _ => return false,
    };
    match text.to_lowercase().as_str() {
        "" | "null" | "<null>" | "<空>" | "n/a" | "none" => true,
        "/" | "-" | "--" | "—" | "——" | "无" => {
            kind != FieldKind::Text && kind != FieldKind::Boolean
        }
        _ => false,
    }
}

fn as_text(raw: &Raw) -> String {
    match raw {
        Raw::Null => String::new(),
        Raw::Boolean(truth) => truth.to_string(),
        Raw::Integer(number) => number.to_string(),
        Raw::Number(number) => number.to_string(),
        Raw::Text(text) | Raw::Garbled(text) => text.clone(),
        Raw::Json(value) => value.to_string(),
    }
}

fn text(field: &Field, raw: &Raw, codes: Option<&CodeList>) -> Result<Value, Text> {
    // A sheet that keeps 18 digits as a number has lost the last of them.
    let lost = match raw {
        Raw::Number(number) => number.abs() >= 9_007_199_254_740_992.0,
        Raw::Integer(number) => number.unsigned_abs() > 9_007_199_254_740_992,
        _ => false,
    };
    if lost {
        return Err(words(
            "编号被存为数字，末几位已丢失；请在表格中把该列设为文本并重新填写",
            "the number was kept as a number and has lost its last digits; make the column a text in the sheet and enter it again",
        ));
    }
    let text = as_text(raw);
    let text = text.trim();
    let Some(codes) = codes else {
        return Ok(Value::from(text));
    };
    match code(codes, text) {
        Some(code) => Ok(Value::from(code)),
        None => {
            let some: Vec<&str> = codes
                .codes
                .iter()
                .take(12)
                .map(|it| it.label.zh.as_str())
                .collect();
            let more = if codes.codes.len() > some.len() {
                "…"
            } else {
                ""
            };
            let (shown, some, title) = (shown(field, text), some.join("、"), &codes.title);
            Err(words(
                format!(
                    "“{shown}”不在“{}”之列；可用：{some}{more}（或在 --map 的 [codes.{}] 中对应）",
                    title.zh, field.name
                ),
                format!(
                    "“{shown}” is not in “{}”; use one of: {some}{more} (or translate it in [codes.{}] of --map)",
                    title.en, field.name
                ),
            ))
        }
    }
}

/// The code of what people write: the code, its name in either language, another
/// spelling, or code and name together (`0703 农村宅基地`, `0703农村宅基地`).
fn code<'a>(codes: &'a CodeList, text: &str) -> Option<&'a str> {
    let by = |text: &str| {
        let wanted = fold(text);
        codes
            .codes
            .iter()
            .find(|it| it.code == text)
            .or_else(|| {
                codes.codes.iter().find(|it| {
                    [&it.code, &it.label.zh, &it.label.en]
                        .into_iter()
                        .chain(&it.aliases)
                        .any(|name| fold(name) == wanted)
                })
            })
            .map(|it| it.code.as_str())
    };
    let text = plain(text);
    by(&text).or_else(|| {
        // Layers of drawings often have nothing between the two: `1401公园绿地`.
        let (head, rest) = (text.split_once([' ', '-', '_', ':', '：', '/']))
            .or_else(|| text.split_at_checked(text.find(|it: char| !it.is_ascii_digit())?))?;
        let found = by(head)?;
        // The name behind must not say otherwise.
        (by(rest) == Some(found)).then_some(found)
    })
}

/// A number as it is written: digits, without blanks and commas between thousands.
fn written(text: &str) -> String {
    let text = plain(text).replace([' ', '\u{a0}'], "");
    let commas = text.contains(',')
        && text
            .split('.')
            .next()
            .unwrap_or_default()
            .split(',')
            .skip(1)
            .all(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()));
    if commas { text.replace(',', "") } else { text }
}

/// The number, and the factor of the unit behind it.
fn number(field: &Field, raw: &Raw) -> Option<(String, Option<f64>)> {
    let kept = field.unit.as_deref().unwrap_or_default();
    let text = match raw {
        Raw::Integer(_) | Raw::Number(_) => return Some((as_text(raw), None)),
        Raw::Text(text) => written(text),
        _ => return None,
    };
    let (digits, unit) = units::behind(kept, &text);
    digits.parse::<f64>().ok().filter(|it| it.is_finite())?;
    Some((digits.to_owned(), unit.map(|it| it.1)))
}

fn integer(field: &Field, raw: &Raw, factor: Option<f64>) -> Result<Value, Text> {
    let fault = || {
        let shown = shown(field, &as_text(raw));
        words(
            format!("不是整数“{shown}”，请改为数字"),
            format!("not a whole number “{shown}”; write digits"),
        )
    };
    let (digits, own) = number(field, raw).ok_or_else(fault)?;
    let factor = own.or(factor).unwrap_or(1.0);
    let money = field.unit.as_deref() == Some("fen");
    #[expect(
        clippy::cast_possible_truncation,
        reason = "factors are whole and small"
    )]
    let whole = scaled(&digits, factor as i128, money).ok_or_else(fault)?;
    i64::try_from(whole)
        .map(Value::Integer)
        .map_err(|_| fault())
}

/// A decimal text times a whole factor, exactly. Money is rounded to the 分, anything
/// else must be whole.
fn scaled(digits: &str, factor: i128, round: bool) -> Option<i128> {
    if digits.contains(['e', 'E']) {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "checked whole"
        )]
        {
            let number: f64 = digits.parse::<f64>().ok()? * factor as f64;
            return (number.abs() < 9e15 && (round || number.fract() == 0.0))
                .then_some(number.round() as i128);
        }
    }
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    if part.len() > 18 {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(part.len()).ok()?);
    let all: i128 = format!("{whole}{part}").parse().ok()?;
    let product = all.checked_mul(factor)?;
    if round {
        Some(sign * ((2 * product + scale) / (2 * scale)))
    } else {
        (product % scale == 0).then_some(sign * product / scale)
    }
}

fn decimal(field: &Field, raw: &Raw, factor: Option<f64>) -> Result<Value, Text> {
    let fault = || {
        let shown = shown(field, &as_text(raw));
        words(
            format!("不是数字“{shown}”，请改为数字"),
            format!("not a number “{shown}”; write digits"),
        )
    };
    let (digits, own) = number(field, raw).ok_or_else(fault)?;
    let number: f64 = digits.parse().map_err(|_| fault())?;
    let number = number * own.or(factor).unwrap_or(1.0);
    if !number.is_finite() {
        return Err(fault());
    }
    Ok(Value::Decimal(match field.decimals {
        Some(decimals) => {
            let scale = 10_f64.powi(decimals.into());
            let scaled = number * scale;
            if scaled.abs() < 9e15 {
                scaled.round() / scale
            } else {
                number
            }
        }
        None => number,
    }))
}

fn boolean(field: &Field, raw: &Raw) -> Result<Value, Text> {
    let truth = match raw {
        Raw::Boolean(truth) => Some(*truth),
        Raw::Integer(0) => Some(false),
        Raw::Integer(1) => Some(true),
        Raw::Number(number) if *number == 0.0 => Some(false),
        Raw::Number(number) if *number == 1.0 => Some(true),
        Raw::Text(text) => match plain(text).to_lowercase().as_str() {
            "是" | "有" | "对" | "真" | "√" | "✓" | "y" | "yes" | "t" | "true" | "1" => {
                Some(true)
            }
            "否" | "无" | "没有" | "不是" | "假" | "×" | "x" | "n" | "no" | "f" | "false" | "0" => {
                Some(false)
            }
            _ => None,
        },
        _ => None,
    };
    truth.map(Value::Boolean).ok_or_else(|| {
        let shown = shown(field, &as_text(raw));
        words(
            format!("“{shown}”不是“是”或“否”"),
            format!("“{shown}” is neither yes nor no; write 是 or 否"),
        )
    })
}

/// Days since 1899-12-30, as sheets count; from 1954 to 2119.
const SERIALS: std::ops::RangeInclusive<f64> = 20_000.0..=80_000.0;

fn serial(number: f64) -> Option<NaiveDateTime> {
    if !SERIALS.contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "days and seconds in range")]
    let (days, seconds) = (
        number.trunc() as i64,
        (number.fract() * 86_400.0).round() as i64,
    );
    NaiveDate::from_ymd_opt(1899, 12, 30)?
        .and_time(NaiveTime::MIN)
        .checked_add_signed(chrono::TimeDelta::days(days) + chrono::TimeDelta::seconds(seconds))
}

/// A day, and the time behind it where one is written.
fn moment(raw: &Raw) -> Option<(NaiveDate, Option<NaiveTime>)> {
    #[expect(clippy::cast_precision_loss, reason = "dates have 8 digits")]
    let number = match raw {
        Raw::Integer(number) => Some(*number as f64),
        Raw::Number(number) => Some(*number),
        _ => None,
    };
    if let Some(it) = number.and_then(serial) {
        let time = (it.time() != NaiveTime::MIN).then(|| it.time());
        return Some((it.date(), time));
    }
    let text = plain(&as_text(raw));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() == 8 && digits(&text) {
        return NaiveDate::parse_from_str(&text, "%Y%m%d")
            .ok()
            .map(|day| (day, None));
    }
    if text.len() == 14 && digits(&text) {
        let it = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%S").ok()?;
        return Some((it.date(), Some(it.time())));
    }
    let split = text
        .find([' ', 'T'])
        .or_else(|| text.find('日').map(|at| at + '日'.len_utf8()));
    let (day, time) = match split {
        Some(at) if at < text.len() => (&text[..at], text[at..].trim_start_matches([' ', 'T'])),
        _ => (text.as_str(), ""),
    };
    let day: String = day
        .chars()
        .map(|c| {
            if matches!(c, '年' | '月' | '/' | '.') {
                '-'
            } else {
                c
            }
        })
        .filter(|c| *c != '日' && *c != '号')
        .collect();
    let parts: Vec<&str> = day.split('-').collect();
    let [year, month, day] = parts[..] else {
        return None;
    };
    if year.len() != 4 {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(
        year.parse().ok()?,
        month.trim().parse().ok()?,
        day.trim().parse().ok()?,
    )?;
    if time.is_empty() {
        return Some((day, None));
    }
    let time = time.replace(['时', '点', '分'], ":").replace('秒', "");
    let time = time
        .trim_end_matches(':')
        .split('.')
        .next()
        .unwrap_or_default();
    ["%H:%M:%S", "%H:%M"]
        .iter()
        .find_map(|form| NaiveTime::parse_from_str(time, form).ok())
        .map(|time| (day, Some(time)))
}

fn date(field: &Field, raw: &Raw) -> Result<Value, Text> {
    if let Some((day, _)) = moment(raw) {
        return Ok(Value::Date(day));
    }
    if let Raw::Text(text) = raw
        && let Ok(moment) = DateTime::parse_from_rfc3339(text.trim())
    {
        return Ok(Value::Date(moment.date_naive()));
    }
    let shown = shown(field, &as_text(raw));
    Err(words(
        format!("“{shown}”不是日期，请改为 2023-01-02 的写法"),
        format!("“{shown}” is not a date; write it as 2023-01-02"),
    ))
}

fn date_time(field: &Field, raw: &Raw) -> Result<Value, Text> {
    if let Raw::Text(text) = raw
        && let Ok(moment) = DateTime::parse_from_rfc3339(text.trim())
    {
        return Ok(Value::DateTime(moment));
    }
    // 北京时间 where nothing else is written.
    if let Some((day, time)) = moment(raw)
        && let Some(moment) = CHINA
            .from_local_datetime(&day.and_time(time.unwrap_or_default()))
            .single()
    {
        return Ok(Value::DateTime(moment));
    }
    let shown = shown(field, &as_text(raw));
    Err(words(
        format!("“{shown}”不是时间，请改为 2023-01-02 08:30 的写法"),
        format!("“{shown}” is not a time; write it as 2023-01-02 08:30"),
    ))
}

fn json(raw: &Raw) -> Value {
    let value = match raw {
        Raw::Json(value) => value.clone(),
        Raw::Text(text) => serde_json::from_str(text).unwrap_or_else(|_| {
            text.split(['、', ',', '，', ';', '；', '|'])
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(serde_json::Value::from)
                .collect()
        }),
        Raw::Integer(number) => (*number).into(),
        Raw::Number(number) => (*number).into(),
        Raw::Boolean(truth) => (*truth).into(),
        Raw::Null | Raw::Garbled(_) => return Value::Null,
    };
    Value::Json(Box::new(value))
}
