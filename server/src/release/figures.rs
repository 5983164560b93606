//! Figures: what is told of each cell, and where.

use std::collections::{BTreeMap, HashMap};

use super::{
    Rules,
    cells::{Cells, Counts, Unit},
};

/// What is told, by unit and measure.
#[derive(Clone, Default)]
pub(super) struct Figures {
    /// The figure that stands for a cell's count, and the unit that it is told in; told
    /// nowhere where there is none. The place is for good.
    shown: BTreeMap<(Unit, String), Shown>,
    told: HashMap<String, BTreeMap<Unit, u64>>,
}

#[derive(Clone, Copy)]
struct Shown {
    figure: u64,
    told_in: Option<Unit>,
}

impl Figures {
    /// Brings the figures up to the registers' counts.
    pub(super) fn follow(&mut self, cells: &Cells, counts: &Counts, rules: &Rules) {
        for (key, &count) in counts {
            let new = Shown {
                figure: count,
                told_in: None,
            };
            let shown = self.shown.entry(key.clone()).or_insert(new);
            if shown.figure.abs_diff(count) >= rules.threshold {
                shown.figure = count;
            }
        }
        // A cell without houses is in the counts no more.
        for (key, shown) in &mut self.shown {
            if shown.figure >= rules.threshold && !counts.contains_key(key) {
                shown.figure = 0;
            }
        }
        self.place(cells, rules);
        self.sum_up(rules);
    }

    /// Gives a place to the figures that are told nowhere yet.
    fn place(&mut self, cells: &Cells, rules: &Rules) {
        let houses: HashMap<Unit, usize> = cells.cells().collect();
        let mut rests: BTreeMap<(String, Unit), Vec<(Unit, u64)>> = BTreeMap::new();
        let waiting = (self.shown.iter_mut()).filter(|(_, shown)| shown.told_in.is_none());
        for ((cell, measure), shown) in waiting {
            if shown.figure >= rules.threshold && houses[cell] >= rules.houses_per_cell {
                shown.told_in = Some(*cell);
            } else if let Some(up) = cells.up(Some(*cell)).nth(1) {
                let rest = rests.entry((measure.clone(), up)).or_default();
                rest.push((*cell, shown.figure));
            }
        }
        // Units are numbered from the whole down, so that the largest number is settled first.
        while let Some(key) = (rests.keys().max_by_key(|(_, unit)| *unit)).cloned() {
            let parts = rests.remove(&key).unwrap_or_default();
            let (measure, unit) = key;
            let rest: u64 = parts.iter().map(|(_, count)| count).sum();
            // Where the parts but one can't hold it all, that one could be reckoned.
            let most = (parts.len() as u64).saturating_sub(1) * (rules.threshold - 1);
            if (rules.threshold..=most).contains(&rest) {
                for (cell, _) in parts {
                    if let Some(shown) = self.shown.get_mut(&(cell, measure.clone())) {
                        shown.told_in = Some(unit);
                    }
                }
            } else if let Some(up) = cells.up(Some(unit)).nth(1) {
                rests.entry((measure, up)).or_default().extend(parts);
            }
        }
    }

    fn sum_up(&mut self, rules: &Rules) {
        let mut sums: HashMap<String, BTreeMap<Unit, u64>> = HashMap::new();
        for ((_, measure), shown) in &self.shown {
            if let Some(unit) = shown.told_in {
                *(sums.entry(measure.clone()).or_default())
                    .entry(unit)
                    .or_default() += shown.figure;
            }
        }
        for (measure, sums) in sums {
            let told = self.told.entry(measure).or_default();
            for (unit, sum) in sums {
                let last = told.entry(unit).or_default();
                // Too small to be told: what was told last stands.
                if sum == 0 || sum >= rules.threshold {
                    *last = sum;
                }
            }
        }
    }

    /// What some units tell of a measure.
    pub(super) fn sum(&self, units: &[Unit], measure: &str) -> u64 {
        let told = self.told.get(measure);
        (units.iter()).filter_map(|unit| told?.get(unit)).sum()
    }
}
