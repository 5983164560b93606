//! Reading the catalog from its TOML files.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::{Catalog, CodeList, Layer, Theme};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/catalog");

static EMBEDDED: LazyLock<Arc<Catalog>> = LazyLock::new(|| Arc::new(read()));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Themes {
    themes: Vec<Theme>,
}

impl Catalog {
    /// The catalog that the binary carries, parsed once.
    ///
    /// # Panics
    /// When the files in `data/catalog` are at fault, which a test rules out.
    pub fn embedded() -> Arc<Self> {
        Arc::clone(&EMBEDDED)
    }
}

fn read() -> Catalog {
    let text = |path: &str| {
        let file = FILES.get_file(path).unwrap_or_else(|| panic!("no {path}"));
        file.contents_utf8()
            .unwrap_or_else(|| panic!("{path} is not UTF-8"))
    };
    let themes: Themes =
        toml::from_str(text("themes.toml")).unwrap_or_else(|error| panic!("themes.toml: {error}"));
    let mut layers: Vec<Arc<Layer>> = Vec::new();
    for file in FILES.get_dir("layers").into_iter().flat_map(Dir::files) {
        let path = file.path().display();
        let layer = toml::from_str(file.contents_utf8().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        layers.push(Arc::new(layer));
    }
    let place = |layer: &Layer| themes.themes.iter().position(|t| t.id == layer.theme);
    layers.sort_by(|a, b| (place(a), a.order, &a.id).cmp(&(place(b), b.order, &b.id)));
    let mut code_lists = BTreeMap::new();
    for file in FILES.get_dir("codes").into_iter().flat_map(Dir::files) {
        let path = file.path().display();
        let list: CodeList = toml::from_str(file.contents_utf8().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        code_lists.insert(list.id.clone(), Arc::new(list));
    }
    Catalog {
        themes: themes.themes,
        layers,
        code_lists,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalog_has_the_layers_that_others_build_on() {
        let catalog = Catalog::embedded();
        for id in [
            "village",
            "grid",
            "party_area",
            "co_op",
            "building",
            "room",
            "person",
            "residence",
            "household",
            "renewal_unit",
            "violation_case",
            "violation_spot",
            "grid_event",
            "plan_land",
            "land_use",
            "control_line",
            "parcel",
            "asset",
            "contract",
            "facility",
            "place",
            "vehicle",
            "address",
            "org",
            "sheet",
            "indicator",
            "project",
            "task",
            "dispute",
            "road",
            "water",
            "green",
        ] {
            assert!(catalog.layer(id).is_some(), "no layer {id}");
        }
    }
}
