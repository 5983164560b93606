//! What a step asks for: who, when, and what must be held.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, TimeDelta};
use geo::{Closest, Coord, Distance, Geodesic, HaversineClosestPoint, Point};
use serde_json::{Map, Value as Json};
use yizhangtu_data::{
    Catalog, FieldKind, Layer, Record, Text, Value,
    catalog::{
        Calendar,
        process::{Ask, Documents, Gate, Photographs, To, Transition, When},
    },
    course::{Course, SYSTEM},
};

use super::figures::Known;
use crate::policy::Viewer;

/// Why a step is not taken: what kind of demand, on what, in words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unmet {
    /// The demand of the machine: `role`, `wait`, `photos`, …
    pub(super) demand: &'static str,
    /// The field or member of the request.
    pub(super) field: String,
    pub(super) zh: String,
    pub(super) en: String,
}

impl Unmet {
    pub(super) fn of(
        demand: &'static str,
        field: &str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self {
            demand,
            field: field.to_owned(),
            zh: zh.into(),
            en: en.into(),
        }
    }
}

/// What is handed in with a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) note: String,
    /// Longitude and latitude of who takes it.
    pub(super) place: Option<[f64; 2]>,
    pub(super) fields: Map<String, Json>,
    /// Photographs: `hash`, `shows`, `at`, `place`, `bearing`.
    pub(super) photos: Vec<Json>,
    /// Documents: `kind`, `number`.
    pub(super) documents: Vec<Json>,
    /// The shape as drawn now.
    pub(super) geometry: Option<Json>,
}

/// A step of a feature, to be held against the machine.
pub(super) struct Demands<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) layer: &'a Layer,
    pub(super) calendar: &'a Calendar,
    pub(super) course: &'a Course<'a>,
    pub(super) step: &'a Transition,
    /// What hangs on the feature; none where the file keeps no photographs.
    pub(super) attached: Option<&'a [Attached]>,
    /// Documents that were issued by their forms and stand: `kind`, `number`.
    pub(super) issued: &'a [Json],
    /// What is known of the feature in figures.
    pub(super) figures: &'a Known,
    pub(super) now: DateTime<FixedOffset>,
}

/// A photograph or document that hangs on the feature.
#[derive(Clone, Debug)]
pub(super) struct Attached {
    pub(super) hash: String,
    pub(super) kind: String,
}

/// Kinds of attachments that show what was found.
const FOUND: [&str; 2] = ["现场照片", "处置前"];

impl Demands<'_> {
    /// Whether a viewer may take the step as far as roles go; the system itself is nobody.
    pub(super) fn role(&self, viewer: Option<&Viewer>) -> Option<Unmet> {
        let Some(viewer) = viewer else {
            return (!self.step.auto)
                .then(|| Unmet::of("role", "", "不是自动步骤", "is no automatic step"));
        };
        let role = viewer.who().role.as_ref().map(|role| role.id.as_str());
        // Whoever serves a file without accounts has every role, and is still one person.
        let fits = role == Some("local") && !self.step.roles.is_empty()
            || role.is_some_and(|role| self.step.roles.iter().any(|own| own == role));
        (!fits).then(|| {
            let roles = if self.step.roles.is_empty() {
                SYSTEM.to_owned()
            } else {
                self.step.roles.join(", ")
            };
            Unmet::of(
                "role",
                "",
                "您的角色不办理这一步",
                format!("your role does not take this step; it is taken by: {roles}"),
            )
        })
    }

    /// What stands against the step whatever is handed in.
    pub(super) fn standing(&self, actor: &str, record: &Record) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        if !self
            .course
            .process
            .leads_from(self.step, &self.course.state)
        {
            unmet.push(Unmet::of(
                "state",
                &self.course.process.state,
                "当前状态下没有这一步",
                "is no step from the present state",
            ));
        }
        if self.course.target(&self.step.to).is_none() {
            unmet.push(Unmet::of(
                "state",
                "",
                "没有可以回到的状态",
                "there is no state to go back to",
            ));
        }
        for other in &self.step.other_than {
            if self
                .course
                .last(other)
                .is_some_and(|last| last.actor == actor)
            {
                let title = self.title(other);
                unmet.push(Unmet::of(
                    "other_person",
                    "",
                    format!("“{}”是您办理的，这一步须由另一人办理", title.zh),
                    format!(
                        "you took “{}”; another person must take this step",
                        title.en
                    ),
                ));
                break;
            }
        }
        for (steps, here) in [(&self.step.after, true), (&self.step.once, false)] {
            for before in steps {
                let done = if here {
                    self.course.taken_here(before)
                } else {
                    self.course.last(before).is_some()
                };
                if !done {
                    let title = self.title(before);
                    unmet.push(Unmet::of(
                        "after",
                        "",
                        format!("须先办理“{}”", title.zh),
                        format!("“{}” comes first", title.en),
                    ));
                }
            }
        }
        if let Some(at_most) = &self.step.at_most
            && self.course.times(&at_most.step) >= at_most.times
        {
            unmet.push(Unmet::of(
                "at_most",
                "",
                format!("已办理 {} 次，不能再办，请报上级裁定", at_most.times),
                format!(
                    "was taken {} times; let the level above decide",
                    at_most.times
                ),
            ));
        }
        if let Some(within) = &self.step.within {
            let last = (within.steps.iter())
                .filter_map(|step| self.course.last(step))
                .map(|taken| taken.at)
                .max();
            if last.is_some_and(|last| self.now - last > TimeDelta::days(within.days.into())) {
                unmet.push(Unmet::of(
                    "within",
                    "",
                    format!("已超过 {} 天", within.days),
                    format!("more than {} days have passed", within.days),
                ));
            }
        }
        unmet.extend(self.waits(record));
        let gates = (self.step.figures.iter()).filter(|gate| gate.unless.is_none());
        unmet.extend(gates.filter_map(|gate| self.gate(gate)));
        // What is filled in may still make a condition true.
        let fixed = |when: &&When| !self.asks(&when.field);
        unmet.extend(
            (self.step.when.iter().filter(fixed)).filter_map(|when| self.condition(when, record)),
        );
        for group in &self.step.holds {
            let may = |name: &String| name == "photos" || self.asks(name);
            if !group.iter().any(may) {
                unmet.extend(self.held(group, record, 0));
            }
        }
        let next = self.step.sets.iter().find(|set| set.to == To::Next);
        if let Some(set) = next
            && next_code(self.catalog, self.layer, &set.field, record).is_none()
        {
            unmet.push(Unmet::of(
                "level",
                &set.field,
                "已是最高层级",
                "is at the highest level",
            ));
        }
        unmet
    }

    /// Times that have not passed yet.
    fn waits(&self, record: &Record) -> Vec<Unmet> {
        let waits = self.step.waits.iter();
        waits
            .filter_map(|wait| {
                let until = self
                    .course
                    .waits_until(self.calendar, wait, self.layer, record);
                let Text { zh, en } = &wait.title;
                match until {
                    Some(until) if until < self.now => None,
                    Some(until) => {
                        let day = until.format("%Y-%m-%d");
                        Some(Unmet::of(
                            "wait",
                            "",
                            format!("{zh}到 {day} 届满，此前不能办理"),
                            format!("{en} lasts until {day}; nobody skips it"),
                        ))
                    }
                    None => Some(Unmet::of(
                        "wait",
                        "",
                        format!("{zh}尚未开始"),
                        format!("{en} has not begun"),
                    )),
                }
            })
            .collect()
    }

    /// What is wrong with what was handed in; `after` is the feature as the step leaves it.
    pub(super) fn given(&self, given: &Given, before: &Record, after: &Record) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        if self.step.note && given.note.trim().is_empty() {
            unmet.push(Unmet::of("note", "note", "请写说明", "a note is needed"));
        }
        for ask in &self.step.fields {
            unmet.extend(self.answer(ask, given.fields.get(&ask.name), after));
        }
        for (at, photo) in given.photos.iter().enumerate() {
            let hash = photo.get("hash").and_then(Json::as_str).unwrap_or_default();
            if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                unmet.push(Unmet::of(
                    "photos",
                    &format!("photos[{at}].hash"),
                    "照片应有内容的 SHA-256（64 位十六进制）",
                    "a photograph needs the SHA-256 of its content, 64 hexadecimal digits",
                ));
            } else if self
                .attached
                .is_some_and(|all| all.iter().all(|one| one.hash != hash))
            {
                unmet.push(Unmet::of(
                    "photos",
                    &format!("photos[{at}].hash"),
                    "照片还没有上传到这个要素",
                    "the photograph does not hang on this feature; attach it first",
                ));
            }
        }
        for photos in &self.step.photos {
            unmet.extend(self.photographs(photos, given, before));
        }
        for (at, document) in given.documents.iter().enumerate() {
            let filled = |name| {
                (document.get(name).and_then(Json::as_str))
                    .is_some_and(|text| !text.trim().is_empty())
            };
            if !filled("kind") || !filled("number") {
                unmet.push(Unmet::of(
                    "documents",
                    &format!("documents[{at}]"),
                    "文书应有种类和文号",
                    "a document needs its kind and number",
                ));
            }
        }
        for documents in &self.step.documents {
            if self.document(documents, given).is_none() {
                unmet.push(Unmet::of(
                    "documents",
                    "documents",
                    format!("须有文书：{}", documents.any.join(" 或 ")),
                    format!("a document is needed: {}", documents.any.join(" or ")),
                ));
            }
        }
        for gate in &self.step.figures {
            let said = (gate.unless.as_ref()).map(|name| {
                given
                    .fields
                    .get(name)
                    .and_then(Json::as_str)
                    .unwrap_or_default()
            });
            if said.is_some_and(|said| said.trim().is_empty()) {
                unmet.extend(self.gate(gate));
            }
        }
        unmet.extend(self.near(given, before));
        if self.step.geometry && given.geometry.is_none() {
            unmet.push(Unmet::of(
                "geometry",
                "geometry",
                "请绘制实测图形",
                "draw the shape as measured",
            ));
        }
        if let Some(officers) = &self.step.officers {
            let names: BTreeSet<&str> = match after.get(self.layer, &officers.field) {
                Value::Json(list) => (list.as_array().into_iter().flatten())
                    .filter_map(Json::as_str)
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .collect(),
                _ => BTreeSet::new(),
            };
            if names.len() < officers.least {
                unmet.push(Unmet::of(
                    "officers",
                    &officers.field,
                    format!("办理人员不少于 {} 人", officers.least),
                    format!("at least {} different officers are needed", officers.least),
                ));
            }
        }
        let open = |when: &&When| self.asks(&when.field);
        unmet.extend(
            (self.step.when.iter().filter(open)).filter_map(|when| self.condition(when, after)),
        );
        for group in &self.step.holds {
            let attached = self.attached.map_or(0, <[Attached]>::len);
            unmet.extend(self.held(group, after, given.photos.len() + attached));
        }
        unmet
    }

    /// Whether a figure that is in force is not reached.
    fn gate(&self, gate: &Gate) -> Option<Unmet> {
        let figure = self.figures.get(&gate.figure);
        if !gate.on || gate.holds(figure) {
            return None;
        }
        let told = |value: f64| {
            let unit = gate.unit.as_deref().unwrap_or_default();
            if gate.percent {
                format!("{:.2}%", 100.0 * value)
            } else if value.fract() == 0.0 {
                format!("{value:.0} {unit}").trim_end().to_owned()
            } else {
                format!("{value:.2} {unit}").trim_end().to_owned()
            }
        };
        let (zh, en) = match (gate.at_least, gate.at_most) {
            (Some(least), _) => (
                format!("须不低于 {}", told(least)),
                format!("must be {} at least", told(least)),
            ),
            (_, most) => (
                format!("须不高于 {}", told(most.unwrap_or_default())),
                format!("must be {} at most", told(most.unwrap_or_default())),
            ),
        };
        let now = figure.map(told);
        Some(Unmet::of(
            "figures",
            gate.unless.as_deref().unwrap_or_default(),
            match &now {
                Some(now) => format!("{}为 {now}，{zh}", gate.title.zh),
                None => format!("{}还没有数据，{zh}", gate.title.zh),
            },
            match &now {
                Some(now) => format!("{}: {now}, {en}", gate.title.en),
                None => format!("{} is not known, {en}", gate.title.en),
            },
        ))
    }

    fn asks(&self, name: &str) -> bool {
        self.step.fields.iter().any(|ask| ask.name == name)
    }

    fn title(&self, step: &str) -> Text {
        let known = self.course.process.transition(step);
        known.map_or_else(Text::default, |step| step.title.clone())
    }

    fn label(&self, name: &str) -> Text {
        if let Some((step, answer)) = name.split_once('.') {
            let step = self.course.process.transition(step);
            let ask = step.and_then(|step| step.fields.iter().find(|ask| ask.name == answer));
            return ask.map_or_else(Text::default, |ask| label(self.layer, ask));
        }
        let field = self.layer.field(name);
        field.map_or_else(Text::default, |field| field.label.clone())
    }

    fn condition(&self, when: &When, record: &Record) -> Option<Unmet> {
        if self.course.is(when, self.layer, record) {
            return None;
        }
        let label = self.label(&when.field);
        let (zh, en) = if !when.is.is_empty() {
            let is = when.is.join("、");
            (
                format!("{}须为：{is}", label.zh),
                format!("{} must be: {is}", label.en),
            )
        } else if !when.not.is_empty() {
            let not = when.not.join("、");
            (
                format!("{}不能为：{not}", label.zh),
                format!("{} must not be: {not}", label.en),
            )
        } else if let Some(filled) = when.filled {
            if filled {
                (
                    format!("{}须填写", label.zh),
                    format!("{} must be filled in", label.en),
                )
            } else {
                (
                    format!("{}须为空", label.zh),
                    format!("{} must be empty", label.en),
                )
            }
        } else if let Some(least) = when.above {
            (
                format!("{}须大于 {least}", label.zh),
                format!("{} must be greater than {least}", label.en),
            )
        } else {
            let most = when.at_most.unwrap_or_default();
            (
                format!("{}须不大于 {most}", label.zh),
                format!("{} must be {most} at most", label.en),
            )
        };
        Some(Unmet::of("when", &when.field, zh, en))
    }

    fn held(&self, group: &[String], record: &Record, photos: usize) -> Option<Unmet> {
        let filled = |name: &String| {
            let there = match record.get(self.layer, name) {
                Value::Null => false,
                Value::Text(text) => !text.is_empty(),
                Value::Json(json) => json.as_array().is_none_or(|list| !list.is_empty()),
                _ => true,
            };
            there || (name == "photos" && photos > 0)
        };
        if group.iter().any(filled) {
            return None;
        }
        let labels: Vec<Text> = group.iter().map(|name| self.label(name)).collect();
        let join = |pick: fn(&Text) -> &str, or: &str| {
            labels.iter().map(pick).collect::<Vec<_>>().join(or)
        };
        Some(Unmet::of(
            "holds",
            group.first().map_or("", String::as_str),
            format!("须有{}", join(|text| &text.zh, "或")),
            format!("needs {}", join(|text| &text.en, " or ")),
        ))
    }

    fn answer(&self, ask: &Ask, given: Option<&Json>, after: &Record) -> Option<Unmet> {
        let Text { zh, en } = label(self.layer, ask);
        let fault = |why_zh: &str, why_en: String| {
            Some(Unmet::of(
                "fields",
                &ask.name,
                format!("{zh}{why_zh}"),
                format!("{en} {why_en}"),
            ))
        };
        let given = given.filter(|given| match given {
            Json::Null => false,
            Json::String(text) => !text.trim().is_empty(),
            Json::Array(list) => !list.is_empty(),
            _ => true,
        });
        let Some(given) = given else {
            let held = self.layer.field(&ask.name).is_some()
                && !ask.adds
                && self
                    .held(std::slice::from_ref(&ask.name), after, 0)
                    .is_none();
            if ask.required && !held {
                return fault("须填写", "must be filled in".to_owned());
            }
            return None;
        };
        if !ask.choices.is_empty()
            && !given
                .as_str()
                .is_some_and(|text| ask.choices.iter().any(|one| one == text))
        {
            let all = ask.choices.join("、");
            return fault(&format!("应为：{all}"), format!("must be one of: {all}"));
        }
        // Fields of the layer are held against the catalog with the feature.
        if let (None, Some(kind)) = (self.layer.field(&ask.name), ask.kind) {
            let fits = match kind {
                FieldKind::Text => given.is_string(),
                FieldKind::Integer => given.as_i64().is_some(),
                FieldKind::Decimal => given.is_number(),
                FieldKind::Boolean => given.is_boolean(),
                FieldKind::Date => given
                    .as_str()
                    .is_some_and(|day| chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok()),
                FieldKind::DateTime => {
                    (given.as_str()).is_some_and(|at| DateTime::parse_from_rfc3339(at).is_ok())
                }
                FieldKind::Json => true,
            };
            if !fits {
                return fault("格式不对", "is of another type".to_owned());
            }
            // What happened is told once it has happened.
            if kind == FieldKind::Date
                && given.as_str() > Some(&self.now.format("%Y-%m-%d").to_string())
            {
                return fault("不能晚于今天", "must not lie in the future".to_owned());
            }
        }
        if let (Some([least, most]), Some(number)) = (ask.range, given.as_f64())
            && !(least..=most).contains(&number)
        {
            return fault(
                &format!("应在 {least} 到 {most} 之间"),
                format!("must lie between {least} and {most}"),
            );
        }
        None
    }

    fn photographs(&self, wanted: &Photographs, given: &Given, before: &Record) -> Option<Unmet> {
        let shows = |photo: &&Json| {
            wanted.shows.is_none()
                || photo.get("shows").and_then(Json::as_str) == wanted.shows.as_deref()
        };
        let hash = |photo: &Json| photo.get("hash").and_then(Json::as_str).map(str::to_owned);
        let mut own: BTreeSet<String> =
            given.photos.iter().filter(shows).filter_map(hash).collect();
        let mut more = 0;
        if wanted.earlier {
            let earlier = self
                .course
                .taken
                .iter()
                .flat_map(|taken| &taken.attachments);
            own.extend(earlier.filter(shows).filter_map(hash));
            // Those of the report show what was found.
            if matches!(wanted.shows.as_deref(), None | Some("before")) {
                let found = (self.attached.into_iter().flatten())
                    .filter(|one| FOUND.contains(&one.kind.as_str()));
                own.extend(found.map(|one| one.hash.clone()));
            }
            if matches!(wanted.shows.as_deref(), None | Some("before"))
                && let Value::Json(list) = before.get(self.layer, "photos")
            {
                more = list.as_array().map_or(0, Vec::len);
            }
        }
        if own.len() + more >= wanted.least {
            return None;
        }
        let (zh, en) = shown(wanted.shows.as_deref());
        Some(Unmet::of(
            "photos",
            "photos",
            format!("{zh}照片不少于 {} 张", wanted.least),
            format!("at least {} photographs {en} are needed", wanted.least),
        ))
    }

    /// The document that meets a demand: of this step or of an earlier one.
    pub(super) fn document<'d>(&'d self, wanted: &Documents, given: &'d Given) -> Option<&'d Json> {
        let of_kind = |document: &&Json| {
            (document.get("kind").and_then(Json::as_str))
                .is_some_and(|kind| wanted.any.iter().any(|one| one == kind))
        };
        let earlier = (self.course.taken.iter().rev()).flat_map(|taken| &taken.attachments);
        let issued = self.issued.iter().rev();
        given
            .documents
            .iter()
            .chain(issued)
            .chain(earlier)
            .find(of_kind)
    }

    fn near(&self, given: &Given, before: &Record) -> Option<Unmet> {
        let most = self.step.near_m?;
        let Some([x, y]) = given.place else {
            return Some(Unmet::of(
                "near",
                "place",
                "须提供现场位置",
                "the place on site is needed",
            ));
        };
        let metres = before
            .geometry
            .as_ref()
            .and_then(|shape| distance_m(shape, Coord { x, y }));
        match metres {
            Some(metres) if metres <= most => None,
            Some(metres) => Some(Unmet::of(
                "near",
                "place",
                format!("您距现场 {metres:.0} 米，应在 {most:.0} 米以内"),
                format!("you are {metres:.0} m away; it must be within {most:.0} m"),
            )),
            None => Some(Unmet::of(
                "near",
                "place",
                "要素没有图形，无法核对位置",
                "the feature has no shape to hold the place against",
            )),
        }
    }
}

/// What photographs show, in words.
pub(super) fn shown(shows: Option<&str>) -> (&'static str, &'static str) {
    match shows {
        Some("before") => ("处置前", "of before"),
        Some("after") => ("处置后", "of after"),
        Some("service") => ("送达", "of the service"),
        Some("posting") => ("张贴", "of the posting"),
        _ => ("", "of the place"),
    }
}

/// The title of something to fill in.
pub(super) fn label(layer: &Layer, ask: &Ask) -> Text {
    let own = ask.label.clone();
    own.or_else(|| layer.field(&ask.name).map(|field| field.label.clone()))
        .unwrap_or_default()
}

/// The code after the present one in a field's list; the second where there is none yet.
pub(super) fn next_code(
    catalog: &Catalog,
    layer: &Layer,
    field: &str,
    record: &Record,
) -> Option<String> {
    let list = catalog.code_list(layer.field(field)?.code_list.as_ref()?)?;
    let now = record.get(layer, field).as_text();
    let at = now.and_then(|now| list.codes.iter().position(|code| code.code == now));
    let next = list.codes.get(at.unwrap_or(0) + 1)?;
    Some(next.code.clone())
}

/// Distance in m between a shape and a place; 0 within an area.
pub(super) fn distance_m(shape: &geo::Geometry<f64>, place: Coord<f64>) -> Option<f64> {
    let place = Point::from(place);
    match shape.haversine_closest_point(&place) {
        Closest::Intersection(_) => Some(0.0),
        Closest::SinglePoint(nearest) => Some(Geodesic.distance(place, nearest)),
        Closest::Indeterminate => None,
    }
}
