//! Which house a line of a register means: by code, standard address, local name, or place.

use std::{collections::HashMap, sync::Arc};

use yizhangtu_index::Point;

use super::sheet::narrow;
use crate::atlas::{LayerSnapshot, Snapshot};

/// How far a given place may be from its house, in metres: the error of a telephone.
const REACH_M: f64 = 15.0;

/// The houses that a viewer may see, by what registers call them.
pub(super) struct Houses {
    buildings: Arc<LayerSnapshot>,
    by_code: HashMap<String, Vec<u32>>,
    by_address: HashMap<String, Vec<u32>>,
    by_alias: HashMap<String, Vec<u32>>,
    /// Addresses as they are compared, for those that leave the beginning out.
    addresses: Vec<(String, u32)>,
}

/// What a line says of its house.
#[derive(Default)]
pub(super) struct Named {
    pub(super) code: Option<String>,
    pub(super) address: Option<String>,
    pub(super) alias: Option<String>,
    pub(super) place: Option<(f64, f64)>,
}

/// Which house that is.
#[derive(Debug, PartialEq)]
pub(super) enum Match {
    /// This one.
    One(u32),
    /// One of several.
    Several(Vec<u32>),
    /// None that is known.
    None,
    /// The code is of one house, the address of another.
    Disagree,
}

impl Houses {
    pub(super) fn new(snapshot: &Snapshot) -> Option<Self> {
        let buildings = Arc::clone(snapshot.layer("building")?);
        let mut houses = Self {
            by_code: HashMap::new(),
            by_address: HashMap::new(),
            by_alias: HashMap::new(),
            addresses: Vec::new(),
            buildings: Arc::clone(&buildings),
        };
        let put = |map: &mut HashMap<String, Vec<u32>>, name: String, at: u32| {
            let same = map.entry(name).or_default();
            if !same.contains(&at) {
                same.push(at);
            }
        };
        for (at, record) in buildings.records() {
            let text = |field: &str| {
                record
                    .get(&buildings.layer, field)
                    .as_text()
                    .filter(|text| !text.is_empty())
            };
            for code in ["code", "std_code"].into_iter().filter_map(text) {
                put(&mut houses.by_code, narrow(code).to_uppercase(), at);
            }
            if let Some(address) = text("address").map(folded) {
                houses.addresses.push((address.clone(), at));
                put(&mut houses.by_address, address, at);
            }
            if let Some(alias) = text("alias") {
                put(&mut houses.by_alias, folded(alias), at);
            }
        }
        // Standard addresses name their house.
        if let Some(addresses) = snapshot.layer("address") {
            for (_, record) in addresses.records() {
                let text = |field: &str| record.get(&addresses.layer, field).as_text();
                let at = text("building").and_then(|id| buildings.position(id));
                if let (Some(address), Some(at)) = (text("full"), at) {
                    put(&mut houses.by_address, folded(address), at);
                }
            }
        }
        Some(houses)
    }

    /// The layer of the houses.
    pub(super) fn buildings(&self) -> &LayerSnapshot {
        &self.buildings
    }

    /// Which house is named.
    pub(super) fn find(&self, named: &Named) -> Match {
        let of = |found: Option<&Vec<u32>>| found.cloned().unwrap_or_default();
        let by_code = of(named
            .code
            .as_ref()
            .and_then(|code| self.by_code.get(&code.to_uppercase())));
        let by_address = named
            .address
            .as_ref()
            .map(|address| self.at_address(address))
            .unwrap_or_default();
        let by_alias = of(named
            .alias
            .as_ref()
            .and_then(|alias| self.by_alias.get(&folded(alias))));
        if let ([code], false) = (by_code.as_slice(), by_address.is_empty())
            && !by_address.contains(code)
        {
            return Match::Disagree;
        }
        for found in [by_code, by_address, by_alias] {
            match found.as_slice() {
                [] => {}
                [one] => return Match::One(*one),
                _ => return Match::Several(found),
            }
        }
        named
            .place
            .and_then(|place| self.at_place(place))
            .map_or(Match::None, Match::One)
    }

    /// Houses of an address; of one that leaves its beginning out, those that end with it.
    fn at_address(&self, address: &str) -> Vec<u32> {
        /// A shorter end names no house.
        const SHORTEST: usize = 4;
        let address = folded(address);
        if let Some(found) = self.by_address.get(&address) {
            return found.clone();
        }
        // Registers of a village often name houses by an alias in the column of the address.
        if let Some(found) = self.by_alias.get(&address) {
            return found.clone();
        }
        if address.chars().count() < SHORTEST {
            return Vec::new();
        }
        let ends = self.addresses.iter().filter(|(own, _)| {
            let digit = |text: &str| text.ends_with(|letter: char| letter.is_ascii_digit());
            // “11号” is not the end of “111号”.
            own.strip_suffix(address.as_str()).is_some_and(|rest| {
                !(digit(rest) && address.starts_with(|letter: char| letter.is_ascii_digit()))
            })
        });
        let mut found: Vec<u32> = ends.map(|(_, at)| *at).collect();
        found.dedup();
        found
    }

    fn at_place(&self, (lon, lat): (f64, f64)) -> Option<u32> {
        let point = Point::snap(lon, lat)?;
        let here = self.buildings.at(point).first().copied();
        here.or_else(|| {
            self.buildings
                .nearest(point, 1, REACH_M)
                .pop()
                .map(|near| near.key)
        })
    }
}

/// An address as it is compared: narrow, without blanks and marks, Chinese numerals as digits.
fn folded(address: &str) -> String {
    let mut kept = String::new();
    let mut numeral = String::new();
    let end = |numeral: &mut String, kept: &mut String| {
        if !numeral.is_empty() {
            kept.push_str(&digits(numeral));
            numeral.clear();
        }
    };
    for letter in narrow(address).chars() {
        if "〇零一二三四五六七八九十".contains(letter) {
            numeral.push(letter);
            continue;
        }
        end(&mut numeral, &mut kept);
        // “23号之一” is 23号-1.
        if letter == '-' || letter == '之' {
            kept.push('-');
        } else if letter.is_alphanumeric() {
            kept.extend(letter.to_lowercase());
        }
    }
    end(&mut numeral, &mut kept);
    kept
}

/// A Chinese numeral below a hundred, or digits one by one: 十七 is 17, 二〇 is 20.
fn digits(numeral: &str) -> String {
    let digit = |letter: char| {
        "〇一二三四五六七八九"
            .chars()
            .position(|own| own == letter)
            .or((letter == '零').then_some(0))
    };
    let (tens, ones) = match numeral.split_once('十') {
        None => {
            return numeral
                .chars()
                .filter_map(digit)
                .map(|digit| digit.to_string())
                .collect();
        }
        Some(parts) => parts,
    };
    let one = |text: &str, none: usize| text.chars().next().map_or(Some(none), digit);
    match (one(tens, 1), one(ones, 0)) {
        (Some(tens), Some(ones)) => (tens * 10 + ones).to_string(),
        _ => numeral.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_as_they_are_meant() {
        assert_eq!(folded("东华村　榕井路十七巷１号"), "东华村榕井路17巷1号");
        assert_eq!(folded("二十三号之一"), "23号-1");
        assert_eq!(folded("十号"), "10号");
        assert_eq!(folded("二〇二室"), "202室");
    }
}
