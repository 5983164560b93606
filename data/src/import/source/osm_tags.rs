//! Which layer something of OpenStreetMap belongs to, and what its tags say of it.

use std::{collections::BTreeMap, sync::Arc};

use super::Raw;

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

const ROADS: [&str; 22] = [
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "track",
    "road",
    "footway",
    "path",
    "pedestrian",
    "steps",
    "cycleway",
    "busway",
];
const WATERWAYS: [&str; 6] = [
    "river",
    "stream",
    "canal",
    "ditch",
    "drain",
    "tidal_channel",
];
const GREEN: [(&str, &str); 19] = [
    ("landuse", "forest"),
    ("landuse", "farmland"),
    ("landuse", "orchard"),
    ("landuse", "vineyard"),
    ("landuse", "grass"),
    ("landuse", "meadow"),
    ("landuse", "cemetery"),
    ("landuse", "recreation_ground"),
    ("landuse", "village_green"),
    ("natural", "wood"),
    ("natural", "grassland"),
    ("natural", "heath"),
    ("natural", "scrub"),
    ("leisure", "park"),
    ("leisure", "garden"),
    ("leisure", "pitch"),
    ("leisure", "playground"),
    ("leisure", "sports_centre"),
    ("leisure", "nature_reserve"),
];

/// The layer, where tags say that something belongs on the map, and whether it is an area.
pub(super) fn layer(tags: &Tags, closed: bool) -> Option<(&'static str, bool)> {
    let tag = |key: &str| tags.get(key).map_or("", String::as_str);
    if !matches!(tag("building"), "" | "no") {
        return Some(("building", true));
    }
    if ROADS.contains(&tag("highway")) {
        // A square is drawn as an area and is no centre line.
        return (tag("area") != "yes").then_some(("road", false));
    }
    let water = matches!(tag("natural"), "water" | "wetland" | "bay")
        || matches!(tag("landuse"), "reservoir" | "basin")
        || matches!(tag("waterway"), "riverbank" | "dock");
    if water {
        return Some(("water", true));
    }
    if WATERWAYS.contains(&tag("waterway")) {
        return Some(("water", closed && tag("area") == "yes"));
    }
    GREEN
        .iter()
        .any(|(key, value)| tag(key) == *value)
        .then_some(("green", true))
}

/// Values by the names of the catalog's fields.
pub(super) fn values(layer: &str, tags: &Tags, id: &str) -> Vec<(Arc<str>, Raw)> {
    let tag = |key: &str| {
        tags.get(key)
            .map(String::as_str)
            .filter(|it| !it.is_empty())
    };
    let text = |name: &str, value: Option<&str>| {
        value.map(|value| (Arc::from(name), Raw::Text(value.to_owned())))
    };
    let name = tag("name:zh").or_else(|| tag("name"));
    let mut values: Vec<(Arc<str>, Raw)> = Vec::new();
    match layer {
        "building" => {
            values.extend(text("alias", name.map(|name| cut(name, 60)).as_deref()));
            let place = match (tag("addr:street"), tag("addr:housenumber")) {
                (Some(street), Some(number)) => Some(format!("{street}{number}")),
                (None, number) => number.map(ToOwned::to_owned),
                (street, None) => street.map(ToOwned::to_owned),
            };
            values.extend(text("address", place.as_deref()));
            values.extend(number("floors_up", tag("building:levels")));
            values.extend(number("floors_down", tag("building:levels:underground")));
            values.extend(number("height_m", tag("height")));
            values.extend(text(
                "use",
                building_use(tag("building").unwrap_or_default()),
            ));
        }
        "road" => {
            values.extend(text("name", name.map(|name| cut(name, 80)).as_deref()));
            let class = match tag("highway") {
                Some("busway") => Some("residential"),
                other => other,
            };
            values.extend(text("class", class));
            values.extend(number("width_m", tag("width")));
            values.extend(number("lanes", tag("lanes")));
            values.extend(text("surface", tag("surface")));
            values.extend(
                tag("oneway").map(|it| ("oneway".into(), Raw::Boolean(it == "yes" || it == "-1"))),
            );
            values.extend(tag("bridge").map(|it| ("bridge".into(), Raw::Boolean(it != "no"))));
            values.extend(text("osm_id", Some(id)));
        }
        "water" => {
            values.extend(text("name", name.map(|name| cut(name, 80)).as_deref()));
            let kind = tag("water")
                .filter(|it| {
                    matches!(
                        *it,
                        "river"
                            | "lake"
                            | "reservoir"
                            | "pond"
                            | "canal"
                            | "basin"
                            | "stream"
                            | "ditch"
                    )
                })
                .or_else(|| {
                    tag("waterway").filter(|it| WATERWAYS.contains(it) && *it != "tidal_channel")
                })
                .or_else(|| tag("landuse").filter(|it| matches!(*it, "reservoir" | "basin")))
                .or_else(|| tag("natural").filter(|it| *it == "wetland"))
                .unwrap_or(if tag("waterway").is_some() {
                    "river"
                } else {
                    "water"
                });
            values.extend(text("kind", Some(kind)));
            values.extend(text("osm_id", Some(id)));
        }
        _ => {
            values.extend(text("name", name.map(|name| cut(name, 80)).as_deref()));
            let kind = match (tag("landuse"), tag("natural"), tag("leisure")) {
                (Some("village_green"), _, _) => "grass",
                (Some("vineyard"), _, _) => "orchard",
                (_, Some("scrub"), _) => "heath",
                (_, _, Some("nature_reserve")) => "park",
                (Some(it), _, _) if GREEN.contains(&("landuse", it)) => it,
                (_, Some(it), _) if GREEN.contains(&("natural", it)) => it,
                (_, _, Some(it)) => it,
                _ => "grass",
            };
            values.extend(text("kind", Some(kind)));
            values.extend(text("osm_id", Some(id)));
        }
    }
    values
}

/// OpenStreetMap's limit on values is 255 characters, the catalog's is lower.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// A number, with its unit taken off; what is none says nothing (`5;6`, `low`).
fn number(name: &str, value: Option<&str>) -> Option<(Arc<str>, Raw)> {
    let value = value?.trim().trim_end_matches('m').trim();
    let number: f64 = value.parse().ok()?;
    let number = if name.starts_with("floors") || name == "lanes" {
        number.ceil()
    } else {
        number
    };
    (0.0..=2000.0)
        .contains(&number)
        .then(|| (name.into(), Raw::Number(number)))
}

fn building_use(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "house" | "detached" | "residential" | "terrace" | "semidetached_house" | "bungalow"
        | "farm" | "hut" | "cabin" => "住宅",
        "apartments" | "dormitory" => "住宅",
        "commercial" | "retail" | "supermarket" | "kiosk" | "hotel" => "商业",
        "office" => "办公",
        "industrial" | "manufacture" => "工业",
        "warehouse" => "仓储",
        "school" | "kindergarten" | "university" | "college" => "教育",
        "hospital" | "clinic" => "医疗",
        "church" | "chapel" | "temple" | "mosque" | "cathedral" | "shrine" | "religious" => "宗教",
        "civic" | "public" | "government" | "train_station" | "transportation" => "公共服务",
        "service" | "transformer_tower" | "garages" | "garage" | "parking" => "公用设施",
        "barn" | "farm_auxiliary" | "greenhouse" | "cowshed" | "stable" | "sty" => "农业",
        "construction" => "在建",
        _ => return None,
    })
}
