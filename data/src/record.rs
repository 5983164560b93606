//! A feature as stored: identity, geometry, and the values of its layer's fields.

use std::sync::Arc;

use geo::Geometry;

use crate::{Layer, Value};

/// A feature's identifier: stable for ever, never reused.
pub type Id = Arc<str>;

/// One feature of a layer as it is stored.
///
/// There is deliberately no `Serialize`: a record leaves the server only as the
/// view that its viewer may see.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The identifier, unique within the layer.
    pub id: Id,
    /// Longitude, latitude in EPSG:4490, on the canonical lattice.
    pub geometry: Option<Geometry<f64>>,
    /// One value for each of the layer's fields, in the catalog's order.
    pub values: Vec<Value>,
    /// The import batch that the row came from, where one brought it.
    pub batch: Option<Arc<str>>,
}

impl Record {
    /// An empty record of a layer: every field `Null`, no geometry.
    pub fn new(layer: &Layer, id: impl Into<Id>) -> Self {
        Self {
            id: id.into(),
            geometry: None,
            values: vec![Value::Null; layer.fields.len()],
            batch: None,
        }
    }

    /// The value of a field by name; `Null` where the layer has no such field.
    pub fn get(&self, layer: &Layer, field: &str) -> &Value {
        const NULL: &Value = &Value::Null;
        layer.position(field).map_or(NULL, |at| &self.values[at])
    }

    /// Sets a field by name.
    ///
    /// # Panics
    /// When the layer has no such field: the caller names fields of the catalog.
    pub fn set(&mut self, layer: &Layer, field: &str, value: impl Into<Value>) -> &mut Self {
        let at = layer
            .position(field)
            .unwrap_or_else(|| panic!("layer {} has no field {field}", layer.id));
        self.values[at] = value.into();
        self
    }
}
