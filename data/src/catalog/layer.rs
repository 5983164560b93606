//! One layer of the map.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Field, Text};

/// A layer: what its features are, which fields they have, how they are drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Identifier: table, collection and tile layer alike.
    pub id: String,
    /// Title in the layer tree.
    pub title: Text,
    /// Theme that it belongs to.
    pub theme: String,
    /// Kind of geometry.
    pub geometry: GeometryKind,
    /// Version of this description.
    pub version: String,
    /// Place within the theme, least first; layers of one order stand by identifier.
    #[serde(default = "last")]
    pub order: u32,
    /// Standard or document behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// What the features are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// Whether features never overlap, so that a point lies in at most one.
    #[serde(default)]
    pub partition: bool,
    /// Layer that the features together cover without gaps, as grids cover the villages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<String>,
    /// Whether the layer as a whole is about persons: it has no tiles and no public items.
    #[serde(default)]
    pub personal: bool,
    /// Whether rows are only ever added, by the steps of a process, and never edited.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub append_only: bool,
    /// The layer that its features are drafted in, where they come from there and go by steps of
    /// a process only, never by an edit or an import: the plan in force is what was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_from: Option<String>,
    /// Field with the business code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Field that the code counts within: plots of two versions of a plan may bear one number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_within: Option<String>,
    /// Field written on the map and in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Fields that the search finds features by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<String>,
    /// Unit of count: 栋, 宗, 个, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<Text>,
    /// How it is drawn; none for tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// How it is drawn from afar, where the rules for all layers do not do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generalise: Option<Generalise>,
    /// The fields, in order of display.
    pub fields: Vec<Field>,
}

/// A layer that does not say where it stands comes after those that do.
fn last() -> u32 {
    1000
}

/// The kind of geometry of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GeometryKind {
    /// A table without geometry.
    #[default]
    None,
    /// Points or multipoints.
    Point,
    /// Lines or multilines.
    Line,
    /// Polygons or multipolygons.
    Polygon,
    /// Any of them.
    Any,
}

/// How a layer is drawn. One table for the page and for print.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Style {
    /// Main colour, `#rrggbb`.
    pub color: String,
    /// Opacity of fills, 0 to 1.
    #[serde(default)]
    pub fill_opacity: f64,
    /// Colour of outlines; the main colour where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outline: Option<String>,
    /// Width of lines and outlines in pixels, or radius of points.
    #[serde(default)]
    pub width: f64,
    /// Dashes of the line in multiples of its width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dash: Option<Vec<f64>>,
    /// Field whose code list colours the features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color_by: Option<String>,
    /// Field by which some of the features are shown alone; it stands in the tiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_by: Option<String>,
    /// Drawing order over all themes: the greater is drawn later, on top.
    #[serde(default)]
    pub draw_order: i32,
    /// Least zoom at which it is drawn.
    #[serde(default)]
    pub min_zoom: u8,
    /// Least zoom at which labels are drawn; none for no labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_zoom: Option<u8>,
    /// Whether it is on when the map opens.
    #[serde(default)]
    pub visible: bool,
}

/// How a layer is drawn from afar. What is not given follows from the features themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generalise {
    /// From this zoom on outlines are drawn to the unit of the tile's grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_zoom: Option<u8>,
    /// Below this zoom features of one colour are merged: areas into blocks, lines into a net,
    /// points into clusters. 0 keeps them apart at every zoom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_zoom: Option<u8>,
    /// The least zoom at which features of a code are drawn, by the code of `color_by`: alleys
    /// later than avenues.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub appear: BTreeMap<String, u8>,
}

impl Layer {
    /// The position of a field in [`crate::Record::values`].
    pub fn position(&self, field: &str) -> Option<usize> {
        self.fields
            .iter()
            .position(|candidate| candidate.name == field)
    }

    /// The name of the field that colours it, where one does.
    pub fn color_by(&self) -> Option<&str> {
        self.style.as_ref()?.color_by.as_deref()
    }

    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether steps of a process alone change the layer, and no edit or import does.
    pub fn is_held(&self) -> bool {
        self.append_only || self.published_from.is_some()
    }

    /// Whether features have a place on the map.
    pub fn is_mapped(&self) -> bool {
        self.geometry != GeometryKind::None
    }
}
