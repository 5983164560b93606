//! What serde cannot see: names that lead nowhere, ranges out of order, missing masks.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use regex::Regex;

use super::{
    Calendar, Check, CodeList, Field, FieldKind, Form, Generalise, GeometryKind, Layer, Style,
    Text, Theme,
    fault::{Fault, Problem},
    load::joined,
    source::{Source, Step, Step::Index, Step::Key},
};

/// The ways in which a personal value is masked.
pub(super) const MASKS: [&str; 7] = [
    "name",
    "id_number",
    "phone",
    "plate",
    "address",
    "birth",
    "hidden",
];

/// Columns that every table has beside its fields.
const RESERVED: [&str; 4] = ["fid", "geom", "id", "source_batch"];

pub(super) struct ReadThemes<'a> {
    pub(super) source: Source<'a>,
    pub(super) themes: Vec<Theme>,
}

pub(super) struct ReadLayer<'a> {
    pub(super) source: Source<'a>,
    pub(super) layer: Layer,
    /// Where each field stands among the file's fields.
    pub(super) places: Vec<usize>,
    /// Whether every field could be read.
    pub(super) complete: bool,
}

pub(super) struct ReadCodeList<'a> {
    pub(super) source: Source<'a>,
    pub(super) list: CodeList,
    /// Where each code stands among the file's codes.
    pub(super) places: Vec<usize>,
}

pub(super) struct ReadCalendar<'a> {
    pub(super) source: Source<'a>,
    pub(super) calendar: Calendar,
}

pub(super) struct ReadForm<'a> {
    pub(super) source: Source<'a>,
    pub(super) form: Form,
}

/// What a name may lead to.
pub(super) struct Known<'a> {
    pub(super) themes: BTreeSet<&'a str>,
    pub(super) layers: BTreeSet<&'a str>,
    pub(super) lists: BTreeSet<&'a str>,
    pub(super) read_lists: HashMap<&'a str, &'a CodeList>,
}

/// One file under inspection.
pub(super) struct Inspection<'a, 'f> {
    pub(super) source: &'a Source<'a>,
    pub(super) faults: &'f mut Vec<Fault>,
}

impl Inspection<'_, '_> {
    pub(super) fn fault(&mut self, steps: &[Step<'_>], problem: Problem) {
        self.faults.push(self.source.fault(steps, problem));
    }

    pub(super) fn identifier(&mut self, steps: &[Step<'_>], id: &str) {
        if !is_identifier(id) {
            self.fault(steps, Problem::BadName(id.to_owned()));
        }
    }

    pub(super) fn file_name(&mut self, id: &str) {
        let stem = self.source.stem();
        if id != stem {
            let (id, stem) = (id.to_owned(), stem.to_owned());
            self.fault(&[Key("id")], Problem::IdIsNotFileName { id, stem });
        }
    }

    pub(super) fn text(&mut self, steps: &[Step<'_>], text: &Text) {
        for (key, words) in [("zh", &text.zh), ("en", &text.en)] {
            if words.trim().is_empty() {
                let mut deeper = steps.to_vec();
                deeper.push(Key(key));
                self.fault(&deeper, Problem::EmptyText(key.to_owned()));
            }
        }
    }

    fn color(&mut self, steps: &[Step<'_>], color: &str) {
        let digits = color.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.fault(steps, Problem::BadColor(color.to_owned()));
        }
    }

    fn bounds(
        &mut self,
        steps: &[Step<'_>],
        key: &'static str,
        value: f64,
        most: (f64, &'static str),
    ) {
        if !(0.0..=most.0).contains(&value) {
            let value = value.to_string();
            let problem = Problem::OutOfBounds {
                key,
                value,
                least: "0",
                greatest: most.1,
            };
            self.fault(steps, problem);
        }
    }
}

fn is_identifier(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_lowercase())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

pub(super) fn themes(read: &ReadThemes<'_>, faults: &mut Vec<Fault>) {
    let mut at = Inspection {
        source: &read.source,
        faults,
    };
    let mut seen = BTreeMap::new();
    for (index, theme) in read.themes.iter().enumerate() {
        let place = [Key("themes"), Index(index), Key("id")];
        at.identifier(&place, &theme.id);
        at.text(&[Key("themes"), Index(index), Key("title")], &theme.title);
        let line = at.source.line(&place);
        if let Some(first) = seen.insert(theme.id.as_str(), line) {
            at.fault(&place, Problem::Duplicate(theme.id.clone(), first));
        }
    }
}

pub(super) fn layer(read: &ReadLayer<'_>, known: &Known<'_>, faults: &mut Vec<Fault>) {
    let layer = &read.layer;
    let mut at = Inspection {
        source: &read.source,
        faults,
    };
    at.identifier(&[Key("id")], &layer.id);
    at.file_name(&layer.id);
    at.text(&[Key("title")], &layer.title);
    for (key, text) in [
        ("description", &layer.description),
        ("counter", &layer.counter),
    ] {
        if let Some(text) = text {
            at.text(&[Key(key)], text);
        }
    }
    if !known.themes.contains(layer.theme.as_str()) {
        let problem = Problem::NoTheme {
            name: layer.theme.clone(),
            known: joined(known.themes.iter().copied()),
        };
        at.fault(&[Key("theme")], problem);
    }
    if layer.partition && layer.geometry != GeometryKind::Polygon {
        at.fault(&[Key("partition")], Problem::PartitionOfNoPolygons);
    }
    if let Some(covered) = &layer.covers
        && !known.layers.contains(covered.as_str())
    {
        at.fault(&[Key("covers")], Problem::NoLayer(covered.clone()));
    }
    if let Some(drafts) = &layer.published_from
        && !known.layers.contains(drafts.as_str())
    {
        at.fault(&[Key("published_from")], Problem::NoLayer(drafts.clone()));
    }
    if layer.fields.is_empty() && read.complete {
        at.fault(&[Key("fields")], Problem::EmptyList("fields"));
    }
    if read.complete {
        named_fields(layer, &mut at);
    }
    match &layer.style {
        Some(_) if !layer.is_mapped() => at.fault(&[Key("style")], Problem::StyleOfTable),
        Some(style) => self::style(style, &mut at),
        // A layer about persons has no tiles, so nothing draws it.
        None if layer.is_mapped() && !layer.personal => {
            at.fault(&[Key("geometry")], Problem::NoStyle)
        }
        None => {}
    }
    if let Some(rules) = &layer.generalise {
        generalise(layer, rules, known, &mut at);
    }
    let mut seen = BTreeMap::new();
    let mut spellings: HashMap<String, &str> = HashMap::new();
    for (field, &index) in layer.fields.iter().zip(&read.places) {
        let place = [Key("fields"), Index(index), Key("name")];
        let line = at.source.line(&place);
        if let Some(first) = seen.insert(field.name.as_str(), line) {
            at.fault(&place, Problem::Duplicate(field.name.clone(), first));
        }
        self::field(layer, field, index, known, &mut at);
        let own = [field.name.as_str(), field.label.zh.as_str()];
        for spelling in own
            .into_iter()
            .chain(field.aliases.iter().map(String::as_str))
        {
            let other = spellings.insert(spelling.to_lowercase(), &field.name);
            if let Some(other) = other.filter(|other| *other != field.name) {
                let problem = Problem::Ambiguous {
                    name: spelling.to_owned(),
                    first: other.to_owned(),
                    second: field.name.clone(),
                };
                at.fault(&[Key("fields"), Index(index), Key("aliases")], problem);
            }
        }
    }
}

/// The fields that the layer's head names.
fn named_fields(layer: &Layer, at: &mut Inspection<'_, '_>) {
    let mut names: Vec<(&'static str, Vec<Step<'_>>, &str)> = Vec::new();
    if let Some(code) = &layer.code {
        names.push(("code", vec![Key("code")], code));
    }
    if let Some(label) = &layer.label {
        names.push(("label", vec![Key("label")], label));
    }
    for (index, name) in layer.search.iter().enumerate() {
        names.push(("search", vec![Key("search"), Index(index)], name));
    }
    if let Some(name) = layer
        .style
        .as_ref()
        .and_then(|style| style.color_by.as_ref())
    {
        names.push(("color_by", vec![Key("style"), Key("color_by")], name));
    }
    let filter_by = (layer.style.as_ref()).and_then(|style| style.filter_by.as_ref());
    if let Some(name) = filter_by {
        names.push(("filter_by", vec![Key("style"), Key("filter_by")], name));
    }
    if let Some(name) = &layer.code_within {
        names.push(("code_within", vec![Key("code_within")], name));
    }
    for (key, steps, name) in names {
        let Some(field) = layer.field(name) else {
            let problem = Problem::NoField {
                name: name.to_owned(),
                known: joined(layer.fields.iter().map(|field| field.name.as_str())),
            };
            at.fault(&steps, problem);
            continue;
        };
        if matches!(key, "label" | "color_by" | "filter_by")
            && field.sensitivity.is_personal()
            && !layer.personal
        {
            let field = field.name.clone();
            at.fault(&steps, Problem::PersonalOnMap { key, field });
        }
        if key == "color_by" && field.code_list.is_none() {
            let problem = Problem::WrongKind {
                key: "color_by",
                zh: "有代码表的",
                en: "coded",
            };
            at.fault(&steps, problem);
        }
    }
}

fn generalise(layer: &Layer, rules: &Generalise, known: &Known<'_>, at: &mut Inspection<'_, '_>) {
    let zooms = [
        ("exact_zoom", rules.exact_zoom),
        ("merge_zoom", rules.merge_zoom),
    ];
    for (key, zoom) in zooms {
        at.bounds(
            &[Key("generalise"), Key(key)],
            key,
            zoom.unwrap_or(0).into(),
            (24.0, "24"),
        );
    }
    let list = (layer.color_by())
        .and_then(|by| layer.field(by)?.code_list.as_deref())
        .filter(|list| known.lists.contains(list));
    let codes = list.and_then(|list| known.read_lists.get(list));
    for (code, &zoom) in &rules.appear {
        let place = [Key("generalise"), Key("appear"), Key(code)];
        at.bounds(&place, "appear", zoom.into(), (24.0, "24"));
        let listed = match (list, codes) {
            // A list that could not be read is at fault itself.
            (Some(_), None) => true,
            (_, Some(codes)) => codes.codes.iter().any(|known| known.code == *code),
            (None, None) => false,
        };
        if !listed {
            at.fault(&place, Problem::UnknownAppearing(code.clone()));
        }
    }
}

fn style(style: &Style, at: &mut Inspection<'_, '_>) {
    at.color(&[Key("style"), Key("color")], &style.color);
    if let Some(outline) = &style.outline {
        at.color(&[Key("style"), Key("outline")], outline);
    }
    for (key, value, most) in [
        ("fill_opacity", style.fill_opacity, (1.0, "1")),
        ("width", style.width, (100.0, "100")),
        ("min_zoom", style.min_zoom.into(), (24.0, "24")),
        (
            "label_zoom",
            style.label_zoom.unwrap_or(0).into(),
            (24.0, "24"),
        ),
    ] {
        at.bounds(&[Key("style"), Key(key)], key, value, most);
    }
    for (index, &dash) in style.dash.iter().flatten().enumerate() {
        at.bounds(
            &[Key("style"), Key("dash"), Index(index)],
            "dash",
            dash,
            (100.0, "100"),
        );
    }
}

fn field(
    layer: &Layer,
    field: &Field,
    index: usize,
    known: &Known<'_>,
    at: &mut Inspection<'_, '_>,
) {
    let place = |key| [Key("fields"), Index(index), Key(key)];
    at.identifier(&place("name"), &field.name);
    if RESERVED.contains(&field.name.as_str()) {
        at.fault(&place("name"), Problem::ReservedName(field.name.clone()));
    }
    at.text(&place("label"), &field.label);
    if let Some(note) = &field.note {
        at.text(&place("note"), note);
    }
    kinds(field, index, at);
    if let Some([least, greatest]) = field.range
        && !(least.is_finite() && greatest.is_finite() && least <= greatest)
    {
        let problem = Problem::BadRange(least.to_string(), greatest.to_string());
        at.fault(&place("range"), problem);
    }
    if let Some(decimals) = field.decimals {
        at.bounds(&place("decimals"), "decimals", decimals.into(), (9.0, "9"));
    }
    if let Some(pattern) = &field.pattern
        && let Err(error) = Regex::new(pattern)
    {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default();
        let problem = Problem::BadPattern {
            pattern: pattern.clone(),
            reason: reason.trim_start_matches("error: ").to_owned(),
        };
        at.fault(&place("pattern"), problem);
    }
    if let Some(reference) = &field.reference
        && !known.layers.contains(reference.as_str())
    {
        at.fault(&place("reference"), Problem::NoLayer(reference.clone()));
    }
    if let Some(list) = &field.code_list
        && !known.lists.contains(list.as_str())
    {
        at.fault(&place("code_list"), Problem::NoCodeList(list.clone()));
    }
    chosen_by_others(layer, field, index, known, at);
    match &field.mask {
        None if field.sensitivity.is_personal() => {
            at.fault(&place("sensitivity"), Problem::NoMask(MASKS.join(", ")));
        }
        Some(mask) if !MASKS.contains(&mask.as_str()) => {
            let problem = Problem::BadMask {
                name: mask.clone(),
                known: MASKS.join(", "),
            };
            at.fault(&place("mask"), problem);
        }
        Some(_) if !field.sensitivity.is_personal() => {
            at.fault(&place("mask"), Problem::NeedlessMask)
        }
        _ => {}
    }
}

/// Keys that fit only some kinds of fields.
fn kinds(field: &Field, index: usize, at: &mut Inspection<'_, '_>) {
    use FieldKind::{Date, Decimal, Integer, Json, Text};
    let text: &[FieldKind] = &[Text];
    let rules: [(bool, &'static str, &[FieldKind], &'static str, &'static str); 12] = [
        (
            field.decimals.is_some(),
            "decimals",
            &[Decimal],
            "小数",
            "decimal",
        ),
        (
            field.range.is_some(),
            "range",
            &[Integer, Decimal],
            "整数和小数",
            "integer and decimal",
        ),
        (
            field.max_length.is_some(),
            "max_length",
            text,
            "文本",
            "text",
        ),
        (field.pattern.is_some(), "pattern", text, "文本", "text"),
        (field.serial.is_some(), "serial", text, "文本", "text"),
        (
            field.check.is_some_and(|check| check != Check::Reliefs),
            "check",
            text,
            "文本",
            "text",
        ),
        (
            field.check == Some(Check::Reliefs),
            "check",
            &[Json],
            "JSON",
            "JSON",
        ),
        (field.code_list.is_some(), "code_list", text, "文本", "text"),
        (
            field.code_list_when.is_some(),
            "code_list_when",
            text,
            "文本",
            "text",
        ),
        (
            field.reference.is_some(),
            "reference",
            &[Text, Json],
            "文本和 JSON",
            "text and JSON",
        ),
        (
            field.unique,
            "unique",
            &[Text, Integer],
            "文本和整数",
            "text and integer",
        ),
        (
            field.mask.as_deref() == Some("birth"),
            "mask = \"birth\"",
            &[Date],
            "日期",
            "date",
        ),
    ];
    for (there, key, kinds, zh, en) in rules {
        if there && !kinds.contains(&field.kind) {
            let step = key.split(' ').next().unwrap_or(key);
            at.fault(
                &[Key("fields"), Index(index), Key(step)],
                Problem::WrongKind { key, zh, en },
            );
        }
    }
    if field.kind == Decimal && field.decimals.is_none() {
        at.fault(
            &[Key("fields"), Index(index), Key("type")],
            Problem::NoDecimals,
        );
    }
}

/// Rules of a field that hang on the value of another.
fn chosen_by_others(
    layer: &Layer,
    field: &Field,
    index: usize,
    known: &Known<'_>,
    at: &mut Inspection<'_, '_>,
) {
    let mut choices: Vec<(&'static str, &str, Vec<&str>)> = Vec::new();
    if let Some(when) = &field.code_list_when {
        let place = [Key("fields"), Index(index), Key("code_list_when")];
        for list in when.lists.values() {
            if !known.lists.contains(list.as_str()) {
                at.fault(&place, Problem::NoCodeList(list.clone()));
            }
        }
        let values = when.lists.keys().map(String::as_str).collect();
        choices.push(("code_list_when", &when.field, values));
    }
    if let Some(when) = &field.check_when {
        let values = when.values.iter().map(String::as_str).collect();
        choices.push(("check_when", &when.field, values));
    }
    for (key, name, values) in choices {
        let place = [Key("fields"), Index(index), Key(key)];
        let Some(chooser) = layer.field(name) else {
            let problem = Problem::NoField {
                name: name.to_owned(),
                known: joined(layer.fields.iter().map(|field| field.name.as_str())),
            };
            at.fault(&place, problem);
            continue;
        };
        let list = chooser
            .code_list
            .as_deref()
            .and_then(|id| known.read_lists.get(id));
        for value in values {
            if let Some(list) = list
                && list.get(value).is_none()
            {
                let problem = Problem::NoCode {
                    list: list.id.clone(),
                    code: value.to_owned(),
                };
                at.fault(&place, problem);
            }
        }
    }
}

pub(super) fn code_list(read: &ReadCodeList<'_>, faults: &mut Vec<Fault>) {
    let list = &read.list;
    let mut at = Inspection {
        source: &read.source,
        faults,
    };
    at.identifier(&[Key("id")], &list.id);
    at.file_name(&list.id);
    at.text(&[Key("title")], &list.title);
    if list.codes.is_empty() && read.places.is_empty() {
        at.fault(&[Key("codes")], Problem::EmptyList("codes"));
    }
    let mut seen = BTreeMap::new();
    let mut spellings: HashMap<String, &str> = HashMap::new();
    for (code, &index) in list.codes.iter().zip(&read.places) {
        let place = |key| [Key("codes"), Index(index), Key(key)];
        let line = at.source.line(&place("code"));
        if code.code.trim().is_empty() {
            at.fault(&place("code"), Problem::EmptyText("code".to_owned()));
        }
        if let Some(first) = seen.insert(code.code.as_str(), line) {
            at.fault(&place("code"), Problem::Duplicate(code.code.clone(), first));
        }
        at.text(&place("label"), &code.label);
        if let Some(color) = &code.color {
            at.color(&place("color"), color);
        }
        if let Some(parent) = &code.parent
            && !is_rooted(list, &code.code)
        {
            at.fault(&place("parent"), Problem::BadParent(parent.clone()));
        }
        let own = [code.code.as_str(), code.label.zh.as_str()];
        for spelling in own
            .into_iter()
            .chain(code.aliases.iter().map(String::as_str))
        {
            let other = spellings.insert(spelling.to_lowercase(), &code.code);
            if let Some(other) = other.filter(|other| *other != code.code) {
                let problem = Problem::Ambiguous {
                    name: spelling.to_owned(),
                    first: other.to_owned(),
                    second: code.code.clone(),
                };
                at.fault(&place("code"), problem);
            }
        }
    }
}

/// Whether a code's parents are all there and end in one without a parent.
fn is_rooted(list: &CodeList, code: &str) -> bool {
    let mut code = code;
    for _ in 0..=list.codes.len() {
        match list.get(code) {
            None => return false,
            Some(found) => match &found.parent {
                None => return true,
                Some(parent) => code = parent,
            },
        }
    }
    false
}

/// Fields that a layer must have to keep what was issued.
const ISSUED: [&str; 6] = ["number", "kind", "issued_on", "data", "form", "voids"];

pub(super) fn form(read: &ReadForm<'_>, layers: &BTreeMap<&str, &Layer>, faults: &mut Vec<Fault>) {
    let form = &read.form;
    let mut at = Inspection {
        source: &read.source,
        faults,
    };
    at.identifier(&[Key("id")], &form.id);
    at.file_name(&form.id);
    at.text(&[Key("title")], &form.title);
    for fault in form.faults() {
        at.fault(&[Key("serial")], Problem::BadForm(fault));
    }
    if let Some(layer) = layers.get(form.layer.as_str()) {
        for place in form.body.places() {
            if !form.knows(layer, &place.name) {
                let fault = format!("正文中没有“{0}”可填 / nothing fills “{0}”", place.name);
                at.fault(&[Key("body")], Problem::BadForm(fault));
            }
        }
    }
    for (key, name) in [("layer", &form.layer), ("record", &form.record)] {
        if !layers.contains_key(name.as_str()) {
            at.fault(&[Key(key)], Problem::NoLayer(name.clone()));
        }
    }
    if let Some(record) = layers.get(form.record.as_str()) {
        let refers = (record.fields.iter())
            .any(|field| field.reference.as_deref() == Some(form.layer.as_str()));
        let lacks = ISSUED.iter().find(|name| record.field(name).is_none());
        if let Some(field) = lacks.or((!refers).then_some(&"reference")) {
            let (log, field) = (record.id.clone(), (*field).to_owned());
            at.fault(&[Key("record")], Problem::LogLacks { log, field });
        }
        if !record.append_only {
            at.fault(&[Key("record")], Problem::LogIsEdited(record.id.clone()));
        }
    }
}

pub(super) fn calendar(read: &ReadCalendar<'_>, faults: &mut Vec<Fault>) {
    let mut at = Inspection {
        source: &read.source,
        faults,
    };
    at.identifier(&[Key("id")], &read.calendar.id);
    at.file_name(&read.calendar.id);
    at.text(&[Key("title")], &read.calendar.title);
    for (key, value) in read.calendar.faults() {
        at.fault(&[Key(key)], Problem::BadTime { key, value });
    }
}
