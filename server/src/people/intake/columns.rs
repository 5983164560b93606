//! What a heading means.

use std::{collections::HashMap, sync::LazyLock};

use yizhangtu_data::Catalog;

use super::sheet::narrow;

/// What a column holds: a field of a layer of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) layer: &'static str,
    pub(super) field: &'static str,
}

/// The fields that a register of people holds, those of one heading in several layers first
/// where they mean it.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "person",
        &[
            "name",
            "id_type",
            "id_number",
            "sex",
            "birth",
            "ethnic",
            "education",
            "hukou_type",
            "hukou_address",
            "phone",
            "occupation",
        ],
    ),
    (
        "residence",
        &[
            "kind",
            "relation_to_head",
            "moved_in",
            "moved_out",
            "source",
            "verified_on",
        ],
    ),
    ("building", &["code", "address", "alias"]),
    ("room", &["room_no"]),
];

/// Headings that villages write beside the catalog's own spellings.
const ALSO: &[(&str, &str, &str)] = &[
    ("住户姓名", "person", "name"),
    ("居住人姓名", "person", "name"),
    ("居住人员", "person", "name"),
    ("人员类别", "person", "hukou_type"),
    ("户籍类型", "person", "hukou_type"),
    ("现住址", "building", "address"),
    ("现居住地址", "building", "address"),
    ("居住地址", "building", "address"),
    ("门牌", "building", "address"),
    ("楼栋名称", "building", "alias"),
    ("房间", "room", "room_no"),
    ("套间", "room", "room_no"),
    ("入住时间", "residence", "moved_in"),
    ("迁入时间", "residence", "moved_in"),
    ("搬走日期", "residence", "moved_out"),
    ("迁出时间", "residence", "moved_out"),
    ("核实时间", "residence", "verified_on"),
    ("经度", "place", "lon"),
    ("纬度", "place", "lat"),
];

impl Column {
    /// What a heading means; none where it says nothing of people or houses.
    pub(super) fn of(heading: &str) -> Option<Self> {
        static KNOWN: LazyLock<HashMap<String, Column>> = LazyLock::new(known);
        KNOWN.get(&folded(heading)).copied()
    }
}

fn known() -> HashMap<String, Column> {
    let catalog = Catalog::embedded();
    let mut known = HashMap::new();
    for &(heading, layer, field) in ALSO {
        known.insert(folded(heading), Column { layer, field });
    }
    for &(layer, fields) in FIELDS {
        let Some(described) = catalog.layer(layer) else {
            continue;
        };
        for &name in fields {
            let Some(field) = described.field(name) else {
                continue;
            };
            let headings = [&field.name, &field.label.zh, &field.label.en]
                .into_iter()
                .chain(&field.aliases);
            for heading in headings {
                known
                    .entry(folded(heading))
                    .or_insert(Column { layer, field: name });
            }
        }
    }
    known
}

/// A heading without what people write differently: width, case, blanks, marks, brackets.
fn folded(heading: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for letter in narrow(heading).chars() {
        match letter {
            '(' | '[' | '【' => depth += 1,
            ')' | ']' | '】' => depth = depth.saturating_sub(1),
            _ if depth == 0 && letter.is_alphanumeric() => kept.extend(letter.to_lowercase()),
            _ => {}
        }
    }
    kept
}
