//! Buildings that belong together, and what became of them.

use std::collections::BTreeSet;

use super::{Change, Footprints, Kind, Rules, align::Shifts, clip};

/// A pair is one building where the union is this much overlap: enough, where others of both
/// surveys lie about it.
const ONE_AMONG_MANY: f64 = 0.5;
/// The same where only one survey has more than one: a part that stayed as it was.
const ONE_BESIDE_OTHERS: f64 = 0.9;
/// An edge drawn by hand lies by about this much beside the wall, in metres.
const PEN_M: f64 = 0.25;

/// Two surveys being compared.
pub(super) struct Work<'a> {
    pub(super) before: &'a Footprints,
    pub(super) after: &'a Footprints,
    pub(super) shifts: &'a Shifts,
    pub(super) rules: &'a Rules,
}

/// Buildings that cover each other, and by how much.
#[derive(Debug, Default)]
pub(super) struct Group {
    before: BTreeSet<usize>,
    after: BTreeSet<usize>,
    /// Before, after, shared area in the plane.
    pairs: Vec<(usize, usize, f64)>,
}

impl Work<'_> {
    /// By how much a building of the second survey has to be moved to lie on the first.
    fn back(&self, after: usize) -> [f64; 2] {
        self.shifts
            .at(self.after.house(after).center)
            .by
            .map(|by| -by)
    }

    /// Buildings before that belong to one after, with what they share.
    fn of_after(&self, at: usize) -> Vec<(usize, f64)> {
        let (house, by) = (self.after.house(at), self.back(at));
        let [low, high] =
            [house.low, house.high].map(|corner| [corner[0] + by[0], corner[1] + by[1]]);
        (self.before.meeting(low, high).into_iter())
            .filter_map(|other| {
                let shared = clip::overlap(self.after, at, by, self.before, other);
                self.belongs(shared, house.area, self.before.house(other).area)
                    .then_some((other, shared))
            })
            .collect()
    }

    /// Buildings after that belong to one before.
    fn of_before(&self, at: usize) -> Vec<usize> {
        let house = self.before.house(at);
        let wide = self.rules.shift_m;
        let (low, high) = (house.low.map(|x| x - wide), house.high.map(|x| x + wide));
        (self.after.meeting(low, high).into_iter())
            .filter(|&other| {
                let shared = clip::overlap(self.after, other, self.back(other), self.before, at);
                self.belongs(shared, house.area, self.after.house(other).area)
            })
            .collect()
    }

    fn belongs(&self, shared: f64, one: f64, other: f64) -> bool {
        shared >= self.rules.overlap * one.min(other)
    }

    pub(super) fn is_alone(&self, before: usize) -> bool {
        self.of_before(before).is_empty()
    }

    /// The group of a building after; none where another of the group comes first and tells.
    pub(super) fn group_of(&self, seed: usize) -> Option<Group> {
        let mut group = Group::default();
        group.after.insert(seed);
        let mut open = vec![seed];
        while let Some(at) = open.pop() {
            for (before, shared) in self.of_after(at) {
                group.pairs.push((before, at, shared));
                if group.before.insert(before) {
                    for other in self.of_before(before) {
                        if other < seed {
                            return None;
                        }
                        if group.after.insert(other) {
                            open.push(other);
                        }
                    }
                }
            }
        }
        Some(group)
    }

    /// Tells what became of a group.
    pub(super) fn judge(&self, group: &Group, found: &impl Fn(Change)) {
        let (mut before, mut after) = (group.before.clone(), group.after.clone());
        let single = before.len() == 1 && after.len() == 1;
        let enough = if single {
            0.0
        } else if before.len() > 1 && after.len() > 1 {
            ONE_AMONG_MANY
        } else {
            ONE_BESIDE_OTHERS
        };
        let mut alike: Vec<(f64, usize, usize, f64)> = (group.pairs.iter())
            .map(|&(one, other, shared)| {
                let all = self.before.house(one).area + self.after.house(other).area - shared;
                (shared / all, one, other, shared)
            })
            .filter(|(share, ..)| *share >= enough)
            .collect();
        alike.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for (_, one, other, shared) in alike {
            if before.contains(&one) && after.contains(&other) {
                before.remove(&one);
                after.remove(&other);
                self.pair(one, other, shared, found);
            }
        }
        self.rest(group, before, after, found);
    }

    /// One building in both surveys.
    fn pair(&self, one: usize, other: usize, shared: f64, found: &impl Fn(Change)) {
        let (was, is) = (self.before.house(one), self.after.house(other));
        let grown = is.area - was.area;
        let (share, m2) = (grown.abs() / was.area, self.ground(grown.abs(), other));
        let kind = if share < self.rules.growth || m2 < self.rules.growth_m2 {
            let floors = was.floors.zip(is.floors).map_or(0.0, |(was, is)| is - was);
            if floors >= self.rules.floors {
                found(Change {
                    kind: Kind::Taller,
                    before: vec![was.key],
                    after: vec![is.key],
                    area_m2: floors * self.ground(is.area, other),
                    confidence: shared / is.area.max(was.area),
                });
            }
            return;
        } else if grown > 0.0 {
            Kind::Extended
        } else {
            Kind::Reduced
        };
        found(Change {
            kind,
            before: vec![was.key],
            after: vec![is.key],
            area_m2: m2,
            confidence: self.confidence(grown.abs(), is.edge.max(was.edge), other),
        });
    }

    /// Those of a group that are no pair.
    fn rest(
        &self,
        group: &Group,
        mut before: BTreeSet<usize>,
        mut after: BTreeSet<usize>,
        found: &impl Fn(Change),
    ) {
        while let Some(seed) = after.first().copied() {
            let (mut ours, mut theirs) = (BTreeSet::from([seed]), BTreeSet::new());
            loop {
                let many = ours.len() + theirs.len();
                for &(one, other, _) in &group.pairs {
                    if before.contains(&one)
                        && after.contains(&other)
                        && (ours.contains(&other) || theirs.contains(&one))
                    {
                        ours.insert(other);
                        theirs.insert(one);
                    }
                }
                if ours.len() + theirs.len() == many {
                    break;
                }
            }
            after.retain(|at| !ours.contains(at));
            before.retain(|at| !theirs.contains(at));
            if theirs.is_empty() {
                self.appeared(seed, group, found);
                continue;
            }
            let kind = match (theirs.len(), ours.len()) {
                (1, _) => Kind::Split,
                (_, 1) => Kind::Merged,
                _ => Kind::Regrouped,
            };
            let was: f64 = theirs.iter().map(|&at| self.before.house(at).area).sum();
            let is: f64 = ours.iter().map(|&at| self.after.house(at).area).sum();
            let shared: f64 = (group.pairs.iter())
                .filter(|(one, other, _)| theirs.contains(one) && ours.contains(other))
                .map(|(.., shared)| shared)
                .sum();
            found(Change {
                kind,
                before: theirs.iter().map(|&at| self.before.house(at).key).collect(),
                after: ours.iter().map(|&at| self.after.house(at).key).collect(),
                area_m2: self.ground((is - was).abs(), seed),
                confidence: (shared / was.max(is)).clamp(0.0, 1.0),
            });
        }
        for at in before {
            self.vanished(at, found);
        }
    }

    fn appeared(&self, at: usize, group: &Group, found: &impl Fn(Change)) {
        let house = self.after.house(at);
        let area_m2 = self.ground(house.area, at);
        if area_m2 < self.rules.least_m2 {
            return;
        }
        let on_known: f64 = (group.pairs.iter())
            .filter(|(_, other, _)| *other == at)
            .map(|(.., shared)| shared)
            .sum();
        let free = (1.0 - on_known / house.area).clamp(0.1, 1.0);
        found(Change {
            kind: Kind::New,
            before: Vec::new(),
            after: vec![house.key],
            area_m2,
            confidence: free * self.confidence(house.area, house.edge, at),
        });
    }

    pub(super) fn vanished(&self, at: usize, found: &impl Fn(Change)) {
        let house = self.before.house(at);
        let area_m2 = self.before.on_ground(house.area, house.center);
        if area_m2 < self.rules.least_m2 {
            return;
        }
        let blur = PEN_M.max(self.shifts.at(house.center).residual_m) * house.edge / 2.0;
        found(Change {
            kind: Kind::Vanished,
            before: vec![house.key],
            after: Vec::new(),
            area_m2,
            confidence: house.area / (house.area + blur),
        });
    }

    fn ground(&self, area: f64, after: usize) -> f64 {
        self.after.on_ground(area, self.after.house(after).center)
    }

    /// How much a change stands out from what the pen and the shift that is left make of none.
    fn confidence(&self, area: f64, edge: f64, after: usize) -> f64 {
        let left = self.shifts.at(self.after.house(after).center).residual_m;
        let blur = PEN_M.max(left) * edge / 2.0;
        area / (area + blur)
    }
}
