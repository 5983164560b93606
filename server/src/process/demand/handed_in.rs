//! What is wrong with what was handed in with a step.

use std::collections::BTreeSet;

use chrono::DateTime;
use geo::{Closest, Coord, Distance, Geodesic, HaversineClosestPoint, Point};
use serde_json::Value as Json;
use yizhangtu_data::{
    FieldKind, Record, Text, Value,
    catalog::process::{Ask, Documents, Photographs, When},
};

use super::{Attached, Demands, Given, Unmet, label};

/// Kinds of attachments that show what was found.
const FOUND: [&str; 2] = ["现场照片", "处置前"];
impl Demands<'_> {
    /// What is wrong with what was handed in; `after` is the feature as the step leaves it.
    pub(in crate::process) fn given(
        &self,
        given: &Given,
        before: &Record,
        after: &Record,
    ) -> Vec<Unmet> {
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
    pub(in crate::process) fn document<'d>(
        &'d self,
        wanted: &Documents,
        given: &'d Given,
    ) -> Option<&'d Json> {
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
pub(in crate::process) fn shown(shows: Option<&str>) -> (&'static str, &'static str) {
    match shows {
        Some("before") => ("处置前", "of before"),
        Some("after") => ("处置后", "of after"),
        Some("service") => ("送达", "of the service"),
        Some("posting") => ("张贴", "of the posting"),
        _ => ("", "of the place"),
    }
}

/// Distance in m between a shape and a place; 0 within an area.
fn distance_m(shape: &geo::Geometry<f64>, place: Coord<f64>) -> Option<f64> {
    let place = Point::from(place);
    match shape.haversine_closest_point(&place) {
        Closest::Intersection(_) => Some(0.0),
        Closest::SinglePoint(nearest) => Some(Geodesic.distance(place, nearest)),
        Closest::Indeterminate => None,
    }
}
