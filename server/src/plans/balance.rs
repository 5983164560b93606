//! Land by class, balanced: the classes, less what lies twice, with what is bare are the ground that
//! is asked about, to the last hundredth of a square metre.

use std::collections::BTreeMap;

use geo::MultiPolygon;
use yizhangtu_data::{Catalog, Text, overlay, topology::polygons};

use crate::{
    atlas::LayerSnapshot,
    statistics::{self, Class, Subject, class_of},
};

/// The code list of each standard. The same code means other land in another.
const LISTS: [(&str, &str); 3] = [
    ("用地用海", "land_use_sea"),
    ("GB/T 21010", "land_use_gbt21010"),
    ("国土调查", "land_use_survey"),
];

/// Hundredths of a square metre of some ground by class, of no class at all, and of two at once.
pub(crate) struct Balance {
    pub(crate) classes: BTreeMap<Class, i64>,
    pub(crate) bare: i64,
    pub(crate) twice: i64,
}

impl Balance {
    /// Of ground that no plot covers.
    pub(crate) fn bare(subject: &Subject) -> Self {
        Self {
            classes: BTreeMap::new(),
            bare: hundredths(subject.area_m2),
            twice: 0,
        }
    }

    /// Of the plots of a layer that count.
    pub(crate) fn of(
        layer: &LayerSnapshot,
        subject: &Subject,
        counts: impl Fn(u32) -> bool,
    ) -> Self {
        let inside: Vec<(u32, f64)> = statistics::inside(layer, subject)
            .into_iter()
            .filter(|(at, area_m2)| *area_m2 > 0.0 && counts(*at))
            .collect();
        let sum: f64 = inside.iter().map(|(_, area_m2)| area_m2).sum();
        // Plots of a partition overlap too, where they were imported so.
        let covered = covered(layer, subject, &inside).unwrap_or(sum);
        let mut classes: BTreeMap<Class, f64> = BTreeMap::new();
        for (at, area_m2) in inside {
            *classes.entry(class_of(layer, at)).or_default() += area_m2;
        }
        let mut own = balanced(classes, covered, sum, hundredths(subject.area_m2));
        own.classes.retain(|_, area| *area != 0);
        own
    }
}

/// Rounds to hundredths so that classes, less what counts twice, with what is bare are the whole.
fn balanced(classes: BTreeMap<Class, f64>, covered: f64, sum: f64, whole: i64) -> Balance {
    // Below a square metre, or a hundred millionth of a district, it is what measuring along
    // straight and geodesic edges differs by.
    let least = (metres(whole) * 1e-8).max(1.0);
    let small = |area_m2: f64| area_m2 < least;
    let twice = hundredths(sum - covered);
    let twice = if small(sum - covered) { 0 } else { twice };
    let bare = whole - hundredths(covered);
    let bare = if small(metres(bare)) { 0 } else { bare };
    let target = whole - bare + twice;
    let (names, areas): (Vec<Class>, Vec<f64>) = classes.into_iter().unzip();
    let scaled: Vec<f64> = areas.iter().map(|area_m2| area_m2 * 100.0).collect();
    Balance {
        bare: if names.is_empty() { whole } else { bare },
        twice,
        classes: (names.into_iter().zip(rounded(&scaled, target))).collect(),
    }
}

/// Rounds numbers so that they add up to a whole number: what rounding leaves over goes to those
/// that lost most by it (最大余数).
#[expect(
    clippy::cast_possible_truncation,
    reason = "areas are below 2^53 hundredths"
)]
pub(crate) fn rounded(numbers: &[f64], target: i64) -> Vec<i64> {
    let mut all: Vec<i64> = numbers.iter().map(|own| own.floor() as i64).collect();
    let mut left = target - all.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..all.len()).collect();
    let lost = |at: usize| numbers[at] - numbers[at].floor();
    order.sort_by(|a, b| lost(*b).total_cmp(&lost(*a)));
    for at in order {
        if left > 0 {
            all[at] += 1;
            left -= 1;
        }
    }
    // More than one each is left where the ground's edge is measured otherwise: then the largest
    // takes it.
    if left != 0
        && let Some(largest) = all.iter_mut().max()
    {
        *largest += left;
    }
    all
}

fn covered(layer: &LayerSnapshot, subject: &Subject, inside: &[(u32, f64)]) -> Option<f64> {
    let outlines: Vec<MultiPolygon<f64>> = (inside.iter())
        .filter_map(|(at, _)| polygons(layer.record(*at).geometry.as_ref()?))
        .collect();
    let outlines: Vec<&MultiPolygon<f64>> = outlines.iter().collect();
    overlay::covered_m2(&subject.outline, &outlines).ok()
}

/// The code list of a standard.
pub(crate) fn list_of(class_std: &str) -> Option<&'static str> {
    let known = LISTS.iter().find(|(own, _)| *own == class_std);
    known.map(|(_, list)| *list)
}

/// What a class is called.
pub(crate) fn label(catalog: &Catalog, class_std: &str, code: &str) -> Text {
    let found = list_of(class_std).and_then(|list| catalog.code_list(list)?.get(code));
    let plain = |code: &str| {
        let code = if code.is_empty() { "未分类" } else { code };
        Text {
            zh: code.to_owned(),
            en: code.to_owned(),
        }
    };
    found.map_or_else(|| plain(code), |own| own.label.clone())
}

/// Where a class stands among others: by its standard, then by its code.
pub(crate) fn rank(class_std: &str) -> (usize, &str) {
    let place = LISTS.iter().position(|(own, _)| *own == class_std);
    (place.unwrap_or(LISTS.len()), class_std)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "areas are below 2^53 hundredths"
)]
pub(crate) fn hundredths(area_m2: f64) -> i64 {
    (area_m2 * 100.0).round() as i64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "areas are below 2^53 hundredths"
)]
pub(crate) fn metres(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn class(code: usize) -> (String, String) {
        ("用地用海".to_owned(), format!("{code:04}"))
    }

    #[test]
    fn shares_add_up_to_the_whole_and_each_is_rounded_by_less_than_one() {
        let thirds = [10_000.0 / 3.0; 3];
        assert_eq!(rounded(&thirds, 10_000).iter().sum::<i64>(), 10_000);
        // One that is less than nothing, as ground under two plots.
        assert_eq!(rounded(&[6000.6, 4000.7, -1.3], 10_000), [6000, 4001, -1]);
        assert!(rounded(&[], 0).is_empty());
    }

    proptest! {
        #[test]
        fn classes_bare_and_double_ground_are_the_whole(
            areas in prop::collection::vec(0.0..50_000.0_f64, 1..30),
            double in prop_oneof![Just(0.0), 1.0..300.0_f64],
            open in prop_oneof![Just(0.0), 1.0..9000.0_f64],
        ) {
            let sum: f64 = areas.iter().sum();
            let covered = (sum - double).max(sum / 2.0);
            let whole = hundredths(covered + open);
            let classes = areas.iter().enumerate().map(|(at, area)| (class(at), *area));
            let side = balanced(classes.collect(), covered, sum, whole);
            let rows: i64 = side.classes.values().sum();
            prop_assert_eq!(rows - side.twice + side.bare, whole);
            for (at, area) in areas.iter().enumerate() {
                let own = metres(side.classes[&class(at)]);
                prop_assert!((own - area).abs() < 1.02 , "{} {}", own, area);
            }
        }
    }
}
