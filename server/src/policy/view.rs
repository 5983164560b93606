//! What a viewer sees of a record.

use std::borrow::Cow;

use chrono::NaiveDate;
use geo::Geometry;
use serde::{Serialize, Serializer};
use yizhangtu_data::{Field, Layer, Record, Value, packed::Glance};

use super::{
    Mask, Role, masked,
    masks::{RoleMasks, Shown},
};

/// What one viewer may see of the values of a layer.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    layer: &'a Layer,
    today: NaiveDate,
    /// Fields that the role never sees.
    hidden: &'a [String],
    /// What the role is shown by the way that the view leaves by.
    masks: &'a RoleMasks,
    bare: bool,
    unmasked: bool,
}

/// A record as one viewer may see it. Fields are masked as they are read, so a view costs
/// nothing to make.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    record: &'a Record,
    sight: Sight<'a>,
}

/// How the values of a field are seen.
enum Through {
    Open,
    Mask(Mask),
    Nothing,
}

/// A value as seen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen<'a> {
    /// The value itself.
    Open(&'a Value),
    /// What the mask leaves of it.
    Masked(String),
    /// Nothing: there is no value, or none that may be seen.
    Nothing,
}

/// A look at a value as seen: a text that may be is not copied.
pub(crate) struct Glimpse<'a>(Glance<'a>);

impl<'a> Sight<'a> {
    pub(super) fn new(
        layer: &'a Layer,
        today: NaiveDate,
        role: Option<&'a Role>,
        masks: &'a RoleMasks,
        bare: bool,
    ) -> Self {
        Self {
            layer,
            today,
            hidden: role.map_or(&[], |role| role.hidden(&layer.id)),
            masks,
            bare,
            unmasked: false,
        }
    }

    /// A record of the layer.
    pub(super) fn of(self, record: &'a Record) -> View<'a> {
        View {
            record,
            sight: self,
        }
    }

    /// How the values of the field at a position are seen.
    fn through(&self, position: usize) -> Through {
        let field = &self.layer.fields[position];
        if self.hidden.contains(&field.name) {
            return Through::Nothing;
        }
        match Mask::of(field) {
            _ if self.unmasked => Through::Open,
            None => Through::Open,
            Some(_) if self.bare => Through::Nothing,
            Some(mask) => match self.masks.shown(&self.layer.id, &field.name, mask) {
                Shown::Open => Through::Open,
                Shown::Masked => Through::Mask(mask),
                Shown::As(other) => Through::Mask(other),
            },
        }
    }

    /// What is seen of a value of the field at a position.
    pub(crate) fn value<'v>(&self, position: usize, value: &'v Value) -> Seen<'v> {
        if value.is_null() {
            return Seen::Nothing;
        }
        match self.through(position) {
            Through::Open => Seen::Open(value),
            Through::Mask(mask) => {
                masked(mask, value, self.today).map_or(Seen::Nothing, Seen::Masked)
            }
            Through::Nothing => Seen::Nothing,
        }
    }

    /// What is seen of a look at a value of the field at a position.
    pub(crate) fn glance<'v>(&self, position: usize, glance: Glance<'v>) -> Glimpse<'v> {
        Glimpse(match self.through(position) {
            Through::Open => glance,
            Through::Mask(mask) => {
                let text = masked(mask, &glance.into_value(), self.today);
                text.map_or(Value::Null, Value::from).into()
            }
            Through::Nothing => Value::Null.into(),
        })
    }

    /// As text in a table what is seen of a value of the field at a position: borrowed where
    /// the value is a text that is.
    pub(crate) fn text(&self, position: usize, value: Cow<'a, Value>) -> Cow<'a, str> {
        match value {
            Cow::Borrowed(value) => self.value(position, value).into_text(),
            Cow::Owned(value) => self.value(position, &value).into_text().into_owned().into(),
        }
    }
}

impl<'a> View<'a> {
    /// The same with nothing masked.
    pub(super) fn unmasked(mut self) -> Self {
        self.sight.unmasked = true;
        self
    }

    /// The identifier.
    pub(crate) fn id(&self) -> &'a str {
        &self.record.id
    }

    /// The geometry in longitude and latitude (EPSG:4490). A layer about persons shows none:
    /// it would say where they live.
    pub(crate) fn geometry(&self) -> Option<&'a Geometry<f64>> {
        if self.sight.layer.personal {
            return None;
        }
        self.record.geometry.as_ref()
    }

    /// A field by name.
    pub(crate) fn get(&self, field: &str) -> Seen<'a> {
        (self.sight.layer.position(field)).map_or(Seen::Nothing, |position| self.at(position))
    }

    /// The value at a position of the layer's fields.
    pub(crate) fn at(&self, position: usize) -> Seen<'a> {
        (self.record.values.get(position))
            .map_or(Seen::Nothing, |value| self.sight.value(position, value))
    }

    /// The field at a position of the layer's fields.
    pub(crate) fn field(&self, position: usize) -> &'a Field {
        &self.sight.layer.fields[position]
    }

    /// All fields in the catalog's order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a Field, Seen<'a>)> + '_ {
        let fields = self.sight.layer.fields.iter().enumerate();
        fields.map(|(position, field)| (field, self.at(position)))
    }

    /// The record with every masked value replaced by what is seen of it, for the writers of
    /// file formats, which take records.
    pub(crate) fn to_record(self) -> Record {
        let seen = self.fields().map(|(_, seen)| match seen {
            Seen::Open(value) => value.clone(),
            Seen::Masked(text) => Value::from(text),
            Seen::Nothing => Value::Null,
        });
        Record {
            id: self.record.id.clone(),
            geometry: self.geometry().cloned(),
            values: seen.collect(),
            batch: self.record.batch.clone(),
        }
    }
}

impl<'a> Seen<'a> {
    /// As text in a table: days as `2026-11-22`, truth as `true`, nothing as an empty text.
    pub(crate) fn to_text(&self) -> String {
        self.clone().into_text().into_owned()
    }

    /// As [`Seen::to_text`], borrowed where the value is a text.
    pub(crate) fn into_text(self) -> Cow<'a, str> {
        Cow::Owned(match self {
            Self::Open(Value::Text(text)) => return Cow::Borrowed(text),
            Self::Nothing | Self::Open(Value::Null) => return Cow::Borrowed(""),
            Self::Masked(text) => text,
            Self::Open(Value::Boolean(truth)) => truth.to_string(),
            Self::Open(Value::Integer(number)) => number.to_string(),
            Self::Open(Value::Decimal(number)) => number.to_string(),
            Self::Open(Value::Date(day)) => day.to_string(),
            Self::Open(Value::DateTime(instant)) => instant.to_rfc3339(),
            Self::Open(Value::Json(json)) => json.to_string(),
        })
    }
}

impl Serialize for Seen<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Masked(text) => to.serialize_str(text),
            Self::Nothing | Self::Open(Value::Null) => to.serialize_none(),
            Self::Open(Value::Boolean(truth)) => to.serialize_bool(*truth),
            Self::Open(Value::Integer(number)) => to.serialize_i64(*number),
            Self::Open(Value::Decimal(number)) => to.serialize_f64(*number),
            Self::Open(Value::Text(text)) => to.serialize_str(text),
            Self::Open(Value::Date(day)) => to.collect_str(day),
            Self::Open(Value::DateTime(instant)) => to.serialize_str(&instant.to_rfc3339()),
            Self::Open(Value::Json(json)) => json.serialize(to),
        }
    }
}

impl Serialize for Glimpse<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Glance::Text(text) => to.serialize_str(text),
            Glance::Value(value) => Seen::Open(value).serialize(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Viewer;

    fn person() -> Layer {
        let layer = r#"{
            "id": "person", "title": {"zh": "人", "en": "Person"}, "theme": "four_standards",
            "geometry": "point", "version": "1", "personal": true, "fields": [
                {"name": "name", "label": {"zh": "姓名", "en": "Name"}, "type": "text",
                 "sensitivity": "personal", "mask": "name"},
                {"name": "id_number", "label": {"zh": "证件号", "en": "Id"}, "type": "text",
                 "sensitivity": "sensitive", "mask": "id_number"},
                {"name": "care", "label": {"zh": "关怀", "en": "Care"}, "type": "text",
                 "sensitivity": "sensitive"},
                {"name": "kind", "label": {"zh": "类别", "en": "Kind"}, "type": "text"}
            ]}"#;
        serde_json::from_str(layer).expect("a layer")
    }

    #[test]
    fn a_view_masks_every_personal_field_and_the_place() {
        let layer = person();
        let mut record = Record::new(&layer, "p1");
        record.geometry = Some(geo::Point::new(113.5, 23.1).into());
        record
            .set(&layer, "name", "欧阳小明")
            .set(&layer, "id_number", "440111199001011234")
            .set(&layer, "care", "重大疾病")
            .set(&layer, "kind", "来穗");
        let viewer = Viewer::anyone();
        let view = viewer.see(&layer, &record);
        let seen: Vec<String> = view.fields().map(|(_, seen)| seen.to_text()).collect();
        assert_eq!(seen, ["欧阳**", "440***********1234", "", "来穗"]);
        assert_eq!(view.geometry(), None);
        let copy = view.to_record();
        assert_eq!(copy.get(&layer, "name").as_text(), Some("欧阳**"));
        assert!(copy.get(&layer, "care").is_null() && copy.geometry.is_none());
    }

    #[test]
    fn a_look_shows_what_the_value_does() {
        let layer = person();
        let values = [
            "欧阳小明".into(),
            "440111199001011234".into(),
            "重大疾病".into(),
            Value::Null,
        ];
        for viewer in [Viewer::anyone(), Viewer::anyone().bare()] {
            let sight = viewer.sight(&layer);
            for (at, value) in values.iter().enumerate() {
                let look = serde_json::to_string(&sight.glance(at, Glance::from(value)));
                let whole = serde_json::to_string(&sight.value(at, value));
                assert_eq!(look.unwrap(), whole.unwrap());
            }
        }
    }

    #[test]
    fn masked_fields_cannot_be_asked_by() {
        let layer = person();
        let viewer = Viewer::anyone();
        let open: Vec<&str> = (layer.fields.iter())
            .filter(|field| viewer.may_ask_by(&layer, field))
            .map(|field| field.name.as_str())
            .collect();
        assert_eq!(open, ["kind"]);
    }
}
