//! Holding a record against its layer's rules.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use geo::{CoordsIter, Geometry};
use regex::Regex;

use super::{
    Catalog, Check, CodeList, Field, FieldKind, GeometryKind, Layer, Text,
    check_digit::{is_gb11643, is_uscc},
};
use crate::{Formula, Record, Value, relief::Relief};

/// What is wrong with one field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name; `geometry` for the geometry.
    pub field: String,
    /// The rule that is broken: `type`, `required`, `range`, `decimals`, `length`,
    /// `pattern`, `check`, `code` or `geometry`.
    pub code: &'static str,
    /// The field, the value and the remedy, in Chinese and English. Personal values are
    /// not repeated.
    pub message: String,
}

/// The rules of all layers, compiled once: millions of records go through them.
#[derive(Debug, Default)]
pub(super) struct Rules {
    layers: HashMap<String, Vec<Rule>>,
}

type Codes = Arc<HashSet<Box<str>>>;

/// A code list: its title, and its codes.
type Listed = (Text, Codes);

#[derive(Debug)]
struct Rule {
    pattern: Option<Regex>,
    codes: Option<Listed>,
    /// Position of the choosing field, and the list that each of its values chooses.
    codes_when: Option<(usize, HashMap<String, Listed>)>,
    check_when: Option<(usize, Vec<String>)>,
}

impl Rules {
    pub(super) fn new(layers: &[Arc<Layer>], lists: &BTreeMap<String, Arc<CodeList>>) -> Self {
        let sets: HashMap<&str, Codes> = lists
            .iter()
            .map(|(id, list)| {
                let codes = list.codes.iter().map(|code| code.code.as_str().into());
                (id.as_str(), Arc::new(codes.collect()))
            })
            .collect();
        let named = |id: &String| {
            sets.get(id.as_str())
                .map(|codes| (lists[id].title.clone(), Arc::clone(codes)))
        };
        let rule = |layer: &Layer, field: &Field| Rule {
            pattern: field
                .pattern
                .as_deref()
                .and_then(|pattern| Regex::new(&format!("^(?:{pattern})$")).ok()),
            codes: field.code_list.as_ref().and_then(named),
            codes_when: field.code_list_when.as_ref().and_then(|when| {
                let chosen = when.lists.iter();
                let lists = chosen.filter_map(|(value, id)| Some((value.clone(), named(id)?)));
                Some((layer.position(&when.field)?, lists.collect()))
            }),
            check_when: field
                .check_when
                .as_ref()
                .and_then(|when| Some((layer.position(&when.field)?, when.values.clone()))),
        };
        let layers = layers.iter().map(|layer| {
            let rules = layer
                .fields
                .iter()
                .map(|field| rule(layer, field))
                .collect();
            (layer.id.clone(), rules)
        });
        Self {
            layers: layers.collect(),
        }
    }
}

impl Catalog {
    /// Everything that is wrong with a record by the rules of its layer; empty when all is
    /// well.
    ///
    /// Uniqueness and references are not looked at: they need the other records. A layer
    /// that is not of this catalog is held against its fields' own limits only.
    pub fn validate(&self, layer: &Layer, record: &Record) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let rules = self.rules.layers.get(&layer.id);
        let rules = rules.filter(|rules| rules.len() == layer.fields.len());
        for (at, (field, value)) in layer.fields.iter().zip(&record.values).enumerate() {
            let rule = rules.map(|rules| &rules[at]);
            if let Some((code, zh, en)) = fault(field, value, rule, record) {
                errors.push(FieldError {
                    field: field.name.clone(),
                    code,
                    message: format!(
                        "{}（{}）：{zh} / {}: {en}",
                        field.label.zh, field.name, field.name
                    ),
                });
            }
        }
        if let Some(geometry) = &record.geometry
            && let Some((zh, en)) = geometry_fault(layer.geometry, geometry)
        {
            errors.push(FieldError {
                field: "geometry".to_owned(),
                code: "geometry",
                message: format!("图形：{zh} / geometry: {en}"),
            });
        }
        errors
    }
}

type Said = (&'static str, String, String);

fn fault(field: &Field, value: &Value, rule: Option<&Rule>, record: &Record) -> Option<Said> {
    match (field.kind, value) {
        (_, Value::Null) => field.required.then(|| {
            let (zh, en) = ("不能为空，请填写", "must not be empty; fill it in");
            ("required", zh.to_owned(), en.to_owned())
        }),
        (FieldKind::Text, Value::Text(text)) => text_fault(field, text, rule, record),
        (FieldKind::Integer, Value::Integer(number)) => {
            #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
            let number = *number as f64;
            range_fault(field, number)
        }
        (FieldKind::Decimal, Value::Decimal(number)) => decimal_fault(field, *number),
        (FieldKind::Boolean, Value::Boolean(_))
        | (FieldKind::Date, Value::Date(_))
        | (FieldKind::DateTime, Value::DateTime(_)) => None,
        (FieldKind::Json, Value::Json(json)) => match field.check {
            Some(Check::Reliefs) => {
                (Relief::of(json).1.into_iter().next()).map(|Text { zh, en }| ("check", zh, en))
            }
            _ => None,
        },
        (kind, other) => {
            let (zh, en) = kind_name(kind);
            let shown = shown(field, &plain(other));
            Some((
                "type",
                format!("应为{zh}，不是{shown}，请改正"),
                format!("must be {en}, not {shown}; correct it"),
            ))
        }
    }
}

fn text_fault(field: &Field, text: &str, rule: Option<&Rule>, record: &Record) -> Option<Said> {
    if field.required && text.trim().is_empty() {
        return Some((
            "required",
            "不能为空，请填写".to_owned(),
            "must not be empty; fill it in".to_owned(),
        ));
    }
    let value = || shown(field, text);
    if let Some(most) = field.max_length {
        // A text of so few bytes cannot have too many characters.
        let length = if text.len() <= most as usize {
            0
        } else {
            text.chars().count()
        };
        if length > most as usize {
            return Some((
                "length",
                format!("{}有 {length} 个字，最多 {most} 个，请缩短", value()),
                format!(
                    "{} has {length} characters, {most} at most; shorten it",
                    value()
                ),
            ));
        }
    }
    let rule = rule?;
    let other = |at: usize| record.values.get(at).and_then(Value::as_text);
    let chosen = rule
        .codes_when
        .as_ref()
        .and_then(|(at, lists)| lists.get(other(*at)?));
    if let Some((title, codes)) = chosen.or(rule.codes.as_ref())
        && !codes.contains(text)
    {
        return Some((
            "code",
            format!("{}不在代码表“{}”中，请用表中的代码", value(), title.zh),
            format!(
                "{} is not in the code list “{}”; use one of its codes",
                value(),
                title.en
            ),
        ));
    }
    if let Some(pattern) = &rule.pattern
        && !pattern.is_match(text)
    {
        let form = field.pattern.as_deref().unwrap_or_default();
        return Some((
            "pattern",
            format!("{}不合格式 {form}，请改正", value()),
            format!("{} does not have the form {form}; correct it", value()),
        ));
    }
    let holds = rule.check_when.as_ref().is_none_or(|(at, values)| {
        other(*at).is_none_or(|decider| values.iter().any(|value| value == decider))
    });
    match field.check {
        Some(Check::Gb11643) if holds && !is_gb11643(text) => Some((
            "check",
            format!(
                "{}不是有效的公民身份号码（GB 11643：位数、出生日期或校验码不对），请核对原件",
                value()
            ),
            format!(
                "{} is no identity number by GB 11643 (length, birthday or check digit); compare the document",
                value()
            ),
        )),
        Some(Check::Uscc) if holds && !is_uscc(text) => Some((
            "check",
            format!(
                "{}不是有效的统一社会信用代码（GB 32100：位数、字符或校验码不对），请核对执照",
                value()
            ),
            format!(
                "{} is no unified social credit code by GB 32100 (length, characters or check character); compare the licence",
                value()
            ),
        )),
        Some(Check::Formula) if holds => Formula::read(text).err().map(|error| {
            (
                "check",
                format!("{}不是能计算的公式（{error}），请改正", value()),
                format!(
                    "{} is no formula that can be reckoned ({error}); correct it",
                    value()
                ),
            )
        }),
        _ => None,
    }
}

fn range_fault(field: &Field, number: f64) -> Option<Said> {
    let [least, greatest] = field.range?;
    (!(least..=greatest).contains(&number)).then(|| {
        let value = shown(field, &number.to_string());
        (
            "range",
            format!("{value}超出范围，应在 {least} 到 {greatest} 之间"),
            format!("{value} is out of range; it must lie between {least} and {greatest}"),
        )
    })
}

fn decimal_fault(field: &Field, number: f64) -> Option<Said> {
    let value = || shown(field, &number.to_string());
    if !number.is_finite() {
        return Some((
            "type",
            format!("{}不是数，请改为数字或留空", value()),
            format!("{} is no number; write a number or leave it empty", value()),
        ));
    }
    if let Some(places) = field.decimals {
        let scale = 10_f64.powi(places.into());
        // Decimals are stored rounded, so rounding again must change nothing.
        #[expect(clippy::float_cmp, reason = "the same computation gives the same bits")]
        let rounded = (number * scale).round() / scale == number;
        if !rounded {
            return Some((
                "decimals",
                format!("{}的小数超过 {places} 位，请四舍五入", value()),
                format!("{} has more than {places} decimals; round it", value()),
            ));
        }
    }
    range_fault(field, number)
}

/// The value between quotation marks; nothing of it where it is about a person.
fn shown(field: &Field, value: &str) -> String {
    const MOST: usize = 60;
    if field.sensitivity.is_personal() {
        return "“***”".to_owned();
    }
    match value.char_indices().nth(MOST) {
        Some((end, _)) => format!("“{}…”", &value[..end]),
        None => format!("“{value}”"),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Date(day) => day.to_string(),
        Value::DateTime(instant) => instant.to_rfc3339(),
        Value::Json(json) => json.to_string(),
    }
}

fn kind_name(kind: FieldKind) -> (&'static str, &'static str) {
    match kind {
        FieldKind::Text => ("文本", "a text"),
        FieldKind::Integer => ("整数", "a whole number"),
        FieldKind::Decimal => ("小数", "a decimal"),
        FieldKind::Boolean => ("是或否", "yes or no"),
        FieldKind::Date => ("日期", "a date"),
        FieldKind::DateTime => ("日期时间", "a date and time"),
        FieldKind::Json => ("结构化值（JSON）", "a structured value (JSON)"),
    }
}

fn geometry_fault(kind: GeometryKind, geometry: &Geometry<f64>) -> Option<(String, String)> {
    let fits = match kind {
        GeometryKind::None => false,
        GeometryKind::Any => true,
        GeometryKind::Point => matches!(geometry, Geometry::Point(_) | Geometry::MultiPoint(_)),
        GeometryKind::Line => matches!(
            geometry,
            Geometry::Line(_) | Geometry::LineString(_) | Geometry::MultiLineString(_)
        ),
        GeometryKind::Polygon => matches!(
            geometry,
            Geometry::Polygon(_)
                | Geometry::MultiPolygon(_)
                | Geometry::Rect(_)
                | Geometry::Triangle(_)
        ),
    };
    if !fits {
        let (zh, en) = match kind {
            GeometryKind::None => ("没有图形", "no geometry"),
            GeometryKind::Point => ("点", "points"),
            GeometryKind::Line => ("线", "lines"),
            GeometryKind::Polygon => ("面", "polygons"),
            GeometryKind::Any => ("任意图形", "any geometry"),
        };
        return Some((
            format!("本图层应为{zh}，请换一个图层或改正图形"),
            format!("this layer takes {en}; choose another layer or correct the geometry"),
        ));
    }
    let wrong = geometry.coords_iter().find(|place| {
        !((-180.0..=180.0).contains(&place.x) && (-90.0..=90.0).contains(&place.y))
    })?;
    Some((
        format!(
            "坐标 ({}, {}) 不是经纬度，请写明原坐标系再导入",
            wrong.x, wrong.y
        ),
        format!(
            "({}, {}) is no longitude and latitude; name the coordinate system and import again",
            wrong.x, wrong.y
        ),
    ))
}
