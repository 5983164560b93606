//! A feature as it shall be, made of a request and of what is there.

use std::sync::Arc;

use geo::Geometry;
use serde_json::{Map, Value as Json, json};
use yizhangtu_data::{Catalog, Id, Layer, Record, Value, crs::Transform, geometry as door};

use super::{Fault, value};
use crate::policy::{Mask, Seen, Viewer};

/// Makes records of what is sent to one layer by one viewer.
pub(crate) struct Draft<'a> {
    /// The layer.
    pub(crate) layer: &'a Arc<Layer>,
    /// The catalog.
    pub(crate) catalog: &'a Catalog,
    /// Who asks.
    pub(crate) viewer: &'a Viewer,
    /// Place in the request's list of changes.
    pub(crate) change: Option<usize>,
    /// From the coordinate system of the request; none where it is longitude and latitude.
    pub(crate) from: Option<&'a (Transform, bool)>,
}

impl Draft<'_> {
    /// A new feature; an id is made where none is given.
    ///
    /// # Errors
    /// Every fault that the catalog finds.
    pub(crate) fn insert(&self, id: Option<&str>, feature: &Json) -> Result<Record, Vec<Fault>> {
        let members = self.members(feature)?;
        let id: Id = match id.or_else(|| members.get("id").and_then(Json::as_str)) {
            Some(id) => id.into(),
            None => format!("{}-{}", self.layer.id, ulid()).into(),
        };
        self.check_id(&id)?;
        let mut record = Record::new(self.layer, Arc::clone(&id));
        let mut faults = Vec::new();
        if let Some(given) = members.get("geometry") {
            self.take_geometry(&mut record, given, &mut faults);
        }
        self.take_properties(
            &mut record,
            None,
            &self.properties(members, &id)?,
            &mut faults,
        );
        for (at, field) in self.layer.fields.iter().enumerate() {
            if let Some(user) = self.viewer.who().user.as_deref().filter(|_| field.author) {
                record.values[at] = Value::from(user);
            }
        }
        self.finish(record, faults)
    }

    /// The whole feature anew: what is not named is emptied, but for what this viewer cannot
    /// see and so cannot name.
    ///
    /// # Errors
    /// Every fault that the catalog finds.
    pub(crate) fn replace(&self, base: &Record, feature: &Json) -> Result<Record, Vec<Fault>> {
        let members = self.members(feature)?;
        self.same_id(base, members)?;
        let mut faults = Vec::new();
        let mut record = base.clone();
        let properties = self.properties(members, &base.id)?;
        let view = self.viewer.see(self.layer, base);
        for at in 0..self.layer.fields.len() {
            if matches!(view.at(at), Seen::Open(_)) && !self.layer.fields[at].author {
                record.values[at] = Value::Null;
            }
        }
        match members.get("geometry") {
            Some(given) if !given.is_null() => self.take_geometry(&mut record, given, &mut faults),
            // Who is shown no geometry cannot mean to take it away.
            _ if view.geometry().is_none() => {}
            _ => record.geometry = None,
        }
        self.take_properties(&mut record, Some(base), &properties, &mut faults);
        self.finish(record, faults)
    }

    /// The feature with a JSON merge patch of its GeoJSON applied: what is not named stays.
    ///
    /// # Errors
    /// Every fault that the catalog finds.
    pub(crate) fn patch(&self, base: &Record, patch: &Json) -> Result<Record, Vec<Fault>> {
        let members = self.members(patch)?;
        self.same_id(base, members)?;
        let mut faults = Vec::new();
        let mut record = base.clone();
        match members.get("geometry") {
            None => {}
            Some(Json::Null) => {
                // What the viewer does not see is not the viewer's to take away.
                let seen = self.viewer.see(self.layer, base).geometry().is_some();
                record.geometry = record.geometry.take().filter(|_| !seen);
            }
            Some(given) => {
                let mut given = given.clone();
                if let (Json::Object(given), Some(old)) = (&mut given, &base.geometry)
                    && !given.contains_key("type")
                {
                    let old = geojson::GeometryValue::from(old);
                    given.insert("type".to_owned(), old.type_name().into());
                }
                self.take_geometry(&mut record, &given, &mut faults);
            }
        }
        let mut properties = self.properties(members, &base.id)?;
        for (name, given) in &mut properties {
            // A structured value is patched member by member.
            if let Some(at) = self.layer.position(name)
                && let (Value::Json(old), Json::Object(_)) = (&base.values[at], &*given)
            {
                let mut merged = (**old).clone();
                value::merge(&mut merged, given);
                *given = merged;
            }
        }
        self.take_properties(&mut record, Some(base), &properties, &mut faults);
        self.finish(record, faults)
    }

    /// A feature with some properties set, by the same rules.
    ///
    /// # Errors
    /// Every fault that the catalog finds.
    pub(crate) fn with_properties(
        &self,
        base: &Record,
        properties: Option<&Json>,
    ) -> Result<Record, Vec<Fault>> {
        let properties = properties.map_or_else(|| json!({}), Clone::clone);
        self.patch(base, &json!({ "properties": properties }))
    }

    fn members<'j>(&self, feature: &'j Json) -> Result<&'j Map<String, Json>, Vec<Fault>> {
        let Json::Object(members) = feature else {
            return Err(vec![self.fault(
                &"".into(),
                "feature",
                "type",
                "应为 GeoJSON 要素 / must be a GeoJSON feature".to_owned(),
            )]);
        };
        if let Some(kind) = members.get("type").filter(|kind| *kind != "Feature") {
            return Err(vec![self.fault(
                &"".into(),
                "type",
                "type",
                format!("“{kind}”不是 Feature / {kind} is not Feature"),
            )]);
        }
        Ok(members)
    }

    fn properties(
        &self,
        members: &Map<String, Json>,
        id: &Id,
    ) -> Result<Map<String, Json>, Vec<Fault>> {
        match members.get("properties") {
            None | Some(Json::Null) => Ok(Map::new()),
            Some(Json::Object(properties)) => Ok(properties.clone()),
            Some(_) => Err(vec![self.fault(
                id,
                "properties",
                "type",
                "properties 应为对象 / properties must be an object".to_owned(),
            )]),
        }
    }

    fn check_id(&self, id: &Id) -> Result<(), Vec<Fault>> {
        const LONGEST: usize = 200;
        let fit = !id.is_empty()
            && id.len() <= LONGEST
            && id.chars().all(|letter| !letter.is_control())
            && id.trim().len() == id.len();
        if fit {
            return Ok(());
        }
        Err(vec![self.fault(
            id,
            "id",
            "id",
            format!("编号应为 1 到 {LONGEST} 个字节，首尾无空格 / an id has 1 to {LONGEST} bytes and no space at its ends"),
        )])
    }

    fn same_id(&self, base: &Record, members: &Map<String, Json>) -> Result<(), Vec<Fault>> {
        match members.get("id") {
            None | Some(Json::Null) => Ok(()),
            Some(Json::String(id)) if **id == *base.id => Ok(()),
            Some(other) => Err(vec![self.fault(
                &base.id,
                "id",
                "id",
                format!(
                    "编号不能修改：应为“{id}”，不是 {other} / an id never changes: it is “{id}”, not {other}",
                    id = base.id
                ),
            )]),
        }
    }

    fn take_geometry(&self, record: &mut Record, given: &Json, faults: &mut Vec<Fault>) {
        if given.is_null() {
            record.geometry = None;
            return;
        }
        match feature_geometry(given, self.layer, self.from) {
            Ok(geometry) => record.geometry = Some(geometry),
            Err((message, place)) => faults.push(Fault {
                place,
                ..self.fault(&record.id, "geometry", "geometry", message)
            }),
        }
    }

    fn take_properties(
        &self,
        record: &mut Record,
        base: Option<&Record>,
        properties: &Map<String, Json>,
        faults: &mut Vec<Fault>,
    ) {
        for (name, given) in properties {
            let Some(at) = self.layer.position(name) else {
                faults.push(self.fault(
                    &record.id,
                    name,
                    "unknown_field",
                    format!(
                        "图层 {layer} 没有字段 {name} / the layer {layer} has no field {name}",
                        layer = self.layer.id
                    ),
                ));
                continue;
            };
            let field = &self.layer.fields[at];
            if let Some(base) = base
                && self.is_as_shown(base, at, given)
            {
                record.values[at] = base.values[at].clone();
                continue;
            }
            if field.author {
                let held = base.and_then(|base| base.values[at].as_text());
                if held != given.as_str() {
                    faults.push(self.fault(
                        &record.id,
                        name,
                        "author",
                        format!(
                            "{zh}（{name}）由系统记录，不能填写 / {name} is written by the system",
                            zh = field.label.zh
                        ),
                    ));
                }
                continue;
            }
            if Mask::of(field).is_some() && given.as_str().is_some_and(|text| text.contains('*')) {
                faults.push(self.fault(
                    &record.id,
                    name,
                    "masked",
                    format!(
                        "{zh}（{name}）是遮盖后的值，不能存入 / {name}: a masked value cannot be stored",
                        zh = field.label.zh
                    ),
                ));
                continue;
            }
            match value::read(field, given) {
                Ok(value) => record.values[at] = value,
                Err((zh, en)) => faults.push(self.fault(
                    &record.id,
                    name,
                    "type",
                    format!("{}（{name}）：{zh} / {name}: {en}", field.label.zh),
                )),
            }
        }
    }

    /// Whether a value is what the viewer is shown in place of one that they may not see.
    fn is_as_shown(&self, base: &Record, at: usize, given: &Json) -> bool {
        if base.values[at].is_null() {
            return false;
        }
        match self.viewer.see(self.layer, base).at(at) {
            Seen::Open(_) => false,
            Seen::Masked(shown) => given.as_str() == Some(&shown),
            Seen::Nothing => given.is_null(),
        }
    }

    fn finish(&self, record: Record, mut faults: Vec<Fault>) -> Result<Record, Vec<Fault>> {
        // A field that could not be read is empty here, and was named already.
        let named: Vec<String> = faults.iter().map(|fault| fault.field.clone()).collect();
        for error in self.catalog.validate(self.layer, &record) {
            // The writer gives the number.
            let numbered = error.code == "required"
                && (self.layer.field(&error.field)).is_some_and(|field| field.serial.is_some());
            if !numbered && !named.contains(&error.field) {
                faults.push(Fault {
                    field: error.field,
                    ..self.fault(&record.id, "", error.code, error.message)
                });
            }
        }
        if faults.is_empty() {
            Ok(record)
        } else {
            Err(faults)
        }
    }

    fn fault(&self, id: &Id, field: &str, code: &'static str, message: String) -> Fault {
        Fault {
            change: self.change,
            layer: self.layer.id.as_str().into(),
            id: Arc::clone(id),
            field: field.to_owned(),
            code,
            message,
            place: None,
        }
    }
}

/// What is wrong with a geometry, and where.
type Misdrawn = (String, Option<[f64; 2]>);

/// A geometry of a request on the lattice; refused, and not repaired, where it is invalid:
/// whoever draws it is there to say what is meant.
pub(crate) fn feature_geometry(
    given: &Json,
    layer: &Layer,
    from: Option<&(Transform, bool)>,
) -> Result<Geometry<f64>, Misdrawn> {
    let refused = |zh: &str, en: String| (format!("图形：{zh} / geometry: {en}"), None);
    let read = serde_json::from_value::<geojson::Geometry>(given.clone())
        .map_err(|error| refused("不是 GeoJSON 图形", error.to_string()))?;
    let mut geometry = Geometry::<f64>::try_from(read)
        .map_err(|error| refused("不是 GeoJSON 图形", error.to_string()))?;
    if let Some((transform, north_first)) = from {
        if *north_first {
            let _ = door::visit_mut(&mut geometry, &mut |at| {
                std::mem::swap(&mut at.x, &mut at.y);
                Ok::<_, std::convert::Infallible>(())
            });
        }
        transform
            .geometry(&mut geometry)
            .map_err(|error| refused("无法换算坐标", error.to_string()))?;
    }
    let mut outside = None;
    let checked = door::visit_mut(&mut geometry, &mut |at| {
        if at.x.abs() <= 180.0 && at.y.abs() <= 90.0 {
            return Ok(());
        }
        outside = Some(*at);
        Err(())
    });
    if let (Err(()), Some(at)) = (checked, outside) {
        return Err(refused(
            &format!("({}, {}) 不是经纬度", at.x, at.y),
            format!("({}, {}) is no longitude and latitude", at.x, at.y),
        ));
    }
    let prepared = door::prepare(geometry, layer.geometry).map_err(|error| {
        let place = match &error {
            door::GeometryError::Crossing { at, .. } => Some([at.x, at.y]),
            door::GeometryError::Unclosed { first, .. } => Some([first.x, first.y]),
            _ => None,
        };
        (format!("图形：{error}"), place)
    })?;
    for repair in &prepared.repairs {
        if let door::Repair::Rebuilt { at, .. } = repair {
            let place = at.map(|at| [at.x, at.y]);
            return Err((
                "图形：边界自相交、自接触或各部分重叠，请改正 / geometry: the outline crosses or touches itself, or parts overlap; correct it".to_owned(),
                place,
            ));
        }
    }
    Ok(prepared.geometry)
}

/// A new identifier: sorted by time, unique without asking anybody.
pub(crate) fn ulid() -> String {
    ulid::Ulid::generate().to_string().to_lowercase()
}
