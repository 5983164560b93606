//! Finds buildings by what people write: addresses, door plates, names in use, codes.

use std::collections::{BTreeSet, HashMap};

use yizhangtu_data::{Layer, Record};
use yizhangtu_index::Point;

use crate::atlas::Snapshot;

/// Titles of columns that name a building, in small letters.
const TITLES: [&str; 20] = [
    "address",
    "addr",
    "full_address",
    "地址",
    "详细地址",
    "房屋地址",
    "住址",
    "现住址",
    "居住地址",
    "标准地址",
    "门牌",
    "门牌号",
    "building_code",
    "std_code",
    "房屋编码",
    "建筑物编码",
    "标准建筑物编码",
    "alias",
    "俗称",
    "楼栋",
];

/// Positions of the columns that name a building.
pub(super) fn columns(titles: &[String]) -> Vec<usize> {
    let known = |title: &String| TITLES.contains(&title.trim().to_lowercase().as_str());
    (titles.iter().enumerate())
        .filter(|(_, title)| known(title))
        .map(|(at, _)| at)
        .collect()
}

/// What a row's words lead to.
pub(super) enum Match {
    /// One building.
    One {
        point: Point,
        /// Position in the building layer.
        building: u32,
        /// What matched: `code`, `address` or `alias`.
        by: &'static str,
    },
    /// None or too many: why.
    Refused(String),
}

/// Buildings by their names, each in its plain form.
pub(super) struct Addresses<'a> {
    snapshot: &'a Snapshot,
    names: HashMap<String, Named>,
}

/// The buildings of a name, and what kind of name it is.
#[derive(Default)]
struct Named {
    buildings: BTreeSet<u32>,
    by: &'static str,
}

impl<'a> Addresses<'a> {
    /// Gathers the names of all buildings: their own fields first, then the address register's.
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let mut names: HashMap<String, Named> = HashMap::new();
        let mut add = |name: &str, building: u32, by: &'static str| {
            let name = plain(name);
            if !name.is_empty() {
                let named = names.entry(name).or_default();
                named.buildings.insert(building);
                named.by = by;
            }
        };
        if let Some(buildings) = snapshot.layer("building") {
            for (position, record) in buildings.records() {
                for (field, by) in [
                    ("alias", "alias"),
                    ("address", "address"),
                    ("std_code", "code"),
                    ("code", "code"),
                ] {
                    if let Some(name) = text(&buildings.layer, record, field) {
                        add(name, position, by);
                    }
                }
            }
            if let Some(addresses) = snapshot.layer("address") {
                for (_, record) in addresses.records() {
                    let building = text(&addresses.layer, record, "building");
                    let Some(position) = building.and_then(|id| buildings.position(id)) else {
                        continue;
                    };
                    for field in ["full", "geo_code"] {
                        if let Some(name) = text(&addresses.layer, record, field) {
                            add(name, position, "address");
                        }
                    }
                }
            }
        }
        Self { snapshot, names }
    }

    /// The building that any of the words names; the first column that names one decides.
    pub(super) fn find(&self, words: impl Iterator<Item = String>) -> Match {
        let mut tried = Vec::new();
        for word in words {
            let name = plain(&word);
            if name.is_empty() {
                continue;
            }
            match self.names.get(&name).or_else(|| self.by_part(&name)) {
                Some(named) if named.buildings.len() == 1 => {
                    if let Some(found) = named
                        .buildings
                        .first()
                        .and_then(|&at| self.one(at, named.by))
                    {
                        return found;
                    }
                    return Match::Refused(format!(
                        "“{word}”的房屋没有图形 / the building of “{word}” has no place on the map"
                    ));
                }
                Some(named) => {
                    let count = named.buildings.len();
                    return Match::Refused(format!(
                        "“{word}”对应 {count} 栋房屋，请写得更完整 / “{word}” names {count} buildings; write it more fully"
                    ));
                }
                None => tried.push(word),
            }
        }
        Match::Refused(if tried.is_empty() {
            "没有坐标，也没有地址 / neither coordinates nor an address".to_owned()
        } else {
            format!(
                "没有地址或编码为“{0}”的房屋 / no building has the address or code “{0}”",
                tried.join("”、“")
            )
        })
    }

    /// A name that has the province, city, district and town before it that ours leave out.
    fn by_part(&self, name: &str) -> Option<&Named> {
        let starts = name.char_indices().filter_map(|(at, letter)| {
            let end = at + letter.len_utf8();
            ("省市区县镇道乡村".contains(letter) && end < name.len()).then_some(end)
        });
        // The longest part that is a name.
        starts
            .into_iter()
            .find_map(|start| self.names.get(&name[start..]))
    }

    fn one(&self, building: u32, by: &'static str) -> Option<Match> {
        let point = self
            .snapshot
            .layer("building")?
            .shape(building)?
            .representative();
        Some(Match::One {
            point,
            building,
            by,
        })
    }
}

fn text<'r>(layer: &Layer, record: &'r Record, field: &str) -> Option<&'r str> {
    record.values.get(layer.position(field)?)?.as_text()
}

/// A name in plain form: full-width letters as half-width, no spaces and punctuation,
/// capitals, the usual words for a number the same.
fn plain(name: &str) -> String {
    let letters = name.chars().filter_map(|letter| {
        let letter = match letter {
            '之' | '—' | '–' => '-',
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
            letter => letter,
        };
        (letter.is_alphanumeric() || letter == '-').then(|| letter.to_ascii_uppercase())
    });
    letters.collect::<String>().replace("號", "号")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_plain_form() {
        assert_eq!(plain(" 东华 大道１２号， Ａ座 "), "东华大道12号A座");
        assert_eq!(plain("东华大道12之3號"), plain("东华大道 12－3 号"));
        assert_ne!(plain("东华大道1-23号"), plain("东华大道12-3号"));
    }

    #[test]
    fn columns_that_name_a_building_are_known() {
        let titles = ["姓名", "现住址", "Address "].map(str::to_owned);
        assert_eq!(columns(&titles), [1, 2]);
    }
}
