//! Which fields a tile carries: what the map draws by, and nothing about persons.

use yizhangtu_data::{Layer, Value, packed::Glance};
use yizhangtu_tiles::Value as TileValue;

use super::LAST_ZOOM;
use crate::atlas::Row;

/// From this zoom on labels and codes are carried where the style names no zoom for labels.
const NAMES_FROM: u8 = 15;

/// Below this zoom no feature can be told from the next, and ids would be most of the tile.
const IDS_FROM: u8 = 8;

/// Fields that the style reads wherever a layer has them: the width of roads.
const ALWAYS: [&str; 1] = ["width_m"];

/// Of the place of a name: metres to the nearest edge of the area that is named.
pub(super) const ROOM: &str = "room_m";

/// Positions of the fields that a drawing of a layer looks at, at any zoom.
pub(crate) fn looked_at(layer: &Layer) -> Vec<usize> {
    // What is drawn later is told by its colour, whether tiles carry that or not.
    let colour = layer.color_by().and_then(|name| layer.position(name));
    let carried = [Fields::at(layer, LAST_ZOOM, 0), Fields::of_names(layer)];
    let carried = carried.into_iter().flat_map(|fields| fields.kept);
    let mut all: Vec<usize> = carried.chain(colour).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The fields of a layer that its tiles carry at a zoom.
pub(super) struct Fields<'a> {
    layer: &'a Layer,
    id: bool,
    /// Positions of the fields.
    kept: Vec<usize>,
}

impl<'a> Fields<'a> {
    /// The fields at a zoom; at [`LAST_ZOOM`] all that tiles ever carry. Features are named
    /// from a zoom on.
    pub(super) fn at(layer: &'a Layer, z: u8, ids_from: u8) -> Self {
        let style = layer.style.as_ref();
        let named = z
            >= style
                .and_then(|style| style.label_zoom)
                .unwrap_or(NAMES_FROM)
                .min(LAST_ZOOM);
        let names = [layer.code.as_deref(), layer.label.as_deref()];
        let kept = names
            .into_iter()
            .filter(|_| named)
            .flatten()
            .chain(layer.color_by())
            .chain(style.and_then(|style| style.filter_by.as_deref()))
            .chain(ALWAYS);
        Self {
            layer,
            id: z >= ids_from.max(IDS_FROM),
            kept: open(layer, kept),
        }
    }

    /// What a layer is coloured by.
    pub(super) fn of_colour(layer: &'a Layer) -> Self {
        Self {
            layer,
            id: false,
            kept: open(layer, layer.color_by().into_iter()),
        }
    }

    /// What a name is written from.
    pub(super) fn of_names(layer: &'a Layer) -> Self {
        let names = [layer.code.as_deref(), layer.label.as_deref()];
        Self {
            layer,
            id: true,
            kept: open(layer, names.into_iter().flatten()),
        }
    }

    /// Names of the fields with the kinds of value that TileJSON knows.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&'a str, &'static str)> {
        use yizhangtu_data::FieldKind::{Boolean, Decimal, Integer};
        self.kept.iter().map(|&at| {
            let field = &self.layer.fields[at];
            let kind = match field.kind {
                Integer | Decimal => "Number",
                Boolean => "Boolean",
                _ => "String",
            };
            (field.name.as_str(), kind)
        })
    }

    /// A record's properties in a tile. Nothing is written for what is not known.
    pub(super) fn of(&self, row: Row<'a>) -> impl Iterator<Item = (&'a str, TileValue<'a>)> {
        let id = self.id.then(|| ("id", TileValue::from(row.id())));
        let kept = self.kept.iter().zip(row.glances(&self.kept));
        let kept = kept
            .filter_map(|(&at, value)| Some((self.layer.fields[at].name.as_str(), told(value)?)));
        id.into_iter().chain(kept)
    }
}

/// Positions of the named fields that are about no person: each once, ascending, as records are
/// read.
fn open<'n>(layer: &Layer, names: impl Iterator<Item = &'n str>) -> Vec<usize> {
    let mut kept: Vec<usize> = names
        .filter_map(|name| layer.position(name))
        .filter(|&at| !layer.fields[at].sensitivity.is_personal())
        .collect();
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// A value as a tile can hold it; structured values stay out.
fn told(value: Glance<'_>) -> Option<TileValue<'_>> {
    Some(match value {
        Glance::Text(text) => text.into(),
        Glance::Value(value) => match value {
            Value::Null | Value::Json(_) => return None,
            Value::Text(text) => text.into_string().into(),
            Value::Boolean(truth) => truth.into(),
            Value::Integer(number) => number.into(),
            Value::Decimal(number) => number.into(),
            Value::Date(day) => day.to_string().into(),
            Value::DateTime(instant) => instant.to_rfc3339().into(),
        },
    })
}

#[cfg(test)]
mod tests {
    use yizhangtu_data::Catalog;

    use super::*;

    #[test]
    fn no_tile_of_the_catalog_carries_a_personal_field() {
        let catalog = Catalog::embedded();
        let mut looked_at = 0;
        for layer in catalog
            .layers
            .iter()
            .filter(|layer| super::super::has_tiles(layer))
        {
            for z in 0..=LAST_ZOOM {
                for (name, _) in Fields::at(layer, z, 0).kinds() {
                    let field = layer.field(name).unwrap();
                    assert!(!field.sensitivity.is_personal(), "{}.{name}", layer.id);
                    looked_at += 1;
                }
            }
        }
        assert!(looked_at > 0);
    }

    #[test]
    fn what_any_tile_carries_is_read_for_it() {
        let catalog = Catalog::embedded();
        for layer in &catalog.layers {
            let looked_at = looked_at(layer);
            let at_zooms = (0..=LAST_ZOOM).map(|z| Fields::at(layer, z, 0));
            for fields in at_zooms.chain([Fields::of_names(layer)]) {
                let read = |at: &usize| looked_at.contains(at);
                assert!(fields.kept.iter().all(read), "{}", layer.id);
            }
            assert!(looked_at.is_sorted());
        }
    }

    /// A layer whose code is its label was read a field too far.
    #[test]
    fn a_field_is_read_once_and_in_the_order_of_the_record() {
        let catalog = Catalog::embedded();
        for layer in &catalog.layers {
            let all = (0..=LAST_ZOOM).map(|z| Fields::at(layer, z, 0));
            for fields in all.chain([Fields::of_names(layer)]) {
                assert!(fields.kept.is_sorted_by(|a, b| a < b), "{}", layer.id);
            }
        }
        let parcel = catalog.layer("parcel").unwrap();
        assert_eq!(parcel.code, parcel.label);
        assert_eq!(Fields::of_names(parcel).kept.len(), 1);
    }

    #[test]
    fn the_colour_is_carried_at_every_zoom_and_the_name_where_it_is_written() {
        let catalog = Catalog::embedded();
        let layer = catalog.layer("violation_case").unwrap();
        let names = |z| {
            Fields::at(layer, z, 0)
                .kinds()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert!(names(0).contains(&"state"));
        assert!(!names(0).contains(&"code"));
        assert!(names(LAST_ZOOM).contains(&"code"));
    }
}
