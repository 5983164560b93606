//! Grids, co-operatives and other territories: connected sets of faces.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use geo::Polygon;

use super::{
    dice::{Dice, apportion},
    frame::Frame,
    mesh::{Along, Mesh, OUTSIDE, Point, add, distance, doubled_area, sub},
};

/// Which faces touch, and how hard it is to go from one to the other.
#[derive(Clone, Debug)]
pub(super) struct Neighbours(Vec<Vec<(u32, f64)>>);

impl Neighbours {
    /// Neighbours over edges; wide roads and water part territories.
    pub(super) fn new(mesh: &Mesh) -> Self {
        let mut near: Vec<BTreeMap<u32, f64>> = vec![BTreeMap::new(); mesh.faces.len()];
        for (at, half) in mesh.halves.iter().enumerate() {
            let other = mesh.halves[at ^ 1].face;
            if half.face == OUTSIDE || other == OUTSIDE || half.face == other {
                continue;
            }
            let barrier = match half.along {
                Along::Trunk => 900.0,
                Along::Secondary => 420.0,
                Along::Bank => 300.0,
                Along::Branch => 110.0,
                Along::Lane => 20.0,
                Along::Ridge | Along::Boundary => 8.0,
            };
            let cost = near[half.face as usize].entry(other).or_insert(f64::MAX);
            *cost = cost.min(barrier);
        }
        Self(
            near.into_iter()
                .map(|map| map.into_iter().collect())
                .collect(),
        )
    }

    /// Parts some connected faces into `count` connected territories of about equal
    /// weight; the territory of each face, in the faces' order, numbered west to east
    /// and north to south as grids are.
    pub(super) fn partition(
        &self,
        faces: &[u32],
        middles: &[Point],
        weights: &[f64],
        count: usize,
        dice: &mut Dice,
    ) -> Vec<usize> {
        let count = count.min(faces.len());
        let slot: BTreeMap<u32, usize> = faces.iter().enumerate().map(|(k, &f)| (f, k)).collect();
        let place = |k: usize| middles[faces[k] as usize];
        let weight = |k: usize| weights[faces[k] as usize];
        let mut seeds = self.spread(faces, &place, &weight, count, dice);
        let mut owner = vec![usize::MAX; faces.len()];
        for round in 0..6 {
            owner = self.grow(faces, &slot, &place, &weight, &seeds);
            if round == 5 {
                break;
            }
            // Seeds move to the middle of what grew (Lloyd).
            for (territory, seed) in seeds.iter_mut().enumerate() {
                let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
                for k in (0..faces.len()).filter(|&k| owner[k] == territory) {
                    let share = weight(k);
                    sum += share;
                    x += place(k)[0] * share;
                    y += place(k)[1] * share;
                }
                let middle = [x / sum, y / sum];
                *seed = (0..faces.len())
                    .filter(|&k| owner[k] == territory)
                    .min_by(|&a, &b| {
                        distance(place(a), middle).total_cmp(&distance(place(b), middle))
                    })
                    .unwrap_or(*seed);
            }
        }
        number(&mut owner, count, &place);
        owner
    }

    fn spread(
        &self,
        faces: &[u32],
        place: &impl Fn(usize) -> Point,
        weight: &impl Fn(usize) -> f64,
        count: usize,
        dice: &mut Dice,
    ) -> Vec<usize> {
        let mut seeds = vec![dice.below(faces.len())];
        let mut far = vec![f64::MAX; faces.len()];
        while seeds.len() < count {
            let last = place(seeds[seeds.len() - 1]);
            for (k, far) in far.iter_mut().enumerate() {
                *far = far.min(distance(place(k), last));
            }
            let next = (0..faces.len())
                .filter(|k| !seeds.contains(k))
                .max_by(|&a, &b| {
                    let score = |k: usize| far[k] * weight(k).powf(0.35);
                    score(a).total_cmp(&score(b))
                });
            match next {
                Some(next) => seeds.push(next),
                None => break,
            }
        }
        seeds
    }

    /// Lets the lightest territory take its nearest free neighbour, over and over.
    fn grow(
        &self,
        faces: &[u32],
        slot: &BTreeMap<u32, usize>,
        place: &impl Fn(usize) -> Point,
        weight: &impl Fn(usize) -> f64,
        seeds: &[usize],
    ) -> Vec<usize> {
        let mut owner = vec![usize::MAX; faces.len()];
        let mut loads = vec![0.0; seeds.len()];
        let mut fronts: Vec<BinaryHeap<Reverse<(u64, usize)>>> =
            vec![BinaryHeap::new(); seeds.len()];
        let take = |k: usize,
                    territory: usize,
                    fronts: &mut Vec<BinaryHeap<_>>,
                    owner: &mut Vec<usize>,
                    loads: &mut Vec<f64>| {
            owner[k] = territory;
            loads[territory] += weight(k);
            for &(other, barrier) in &self.0[faces[k] as usize] {
                if let Some(&next) = slot.get(&other)
                    && owner[next] == usize::MAX
                {
                    let cost = distance(place(next), place(seeds[territory])) + barrier;
                    fronts[territory].push(Reverse(((cost * 100.0) as u64, next)));
                }
            }
        };
        for (territory, &seed) in seeds.iter().enumerate() {
            take(seed, territory, &mut fronts, &mut owner, &mut loads);
        }
        loop {
            let open = (0..seeds.len())
                .filter(|&t| {
                    while let Some(Reverse((_, k))) = fronts[t].peek() {
                        if owner[*k] == usize::MAX {
                            return true;
                        }
                        fronts[t].pop();
                    }
                    false
                })
                .min_by(|&a, &b| loads[a].total_cmp(&loads[b]));
            let Some(territory) = open else { break };
            if let Some(Reverse((_, k))) = fronts[territory].pop() {
                take(k, territory, &mut fronts, &mut owner, &mut loads);
            }
        }
        owner
    }

    /// Parts each of some territories further, so that there are `count` in all: more
    /// where there is more weight, at least one each.
    pub(super) fn refine(
        &self,
        owner: &[usize],
        parents: usize,
        middles: &[Point],
        weights: &[f64],
        count: usize,
        dice: &mut Dice,
    ) -> Vec<usize> {
        let groups: Vec<Vec<u32>> = (0..parents)
            .map(|parent| {
                (0..owner.len())
                    .filter(|&face| owner[face] == parent)
                    .map(|face| u32::try_from(face).expect("few faces"))
                    .collect()
            })
            .collect();
        let loads: Vec<f64> = groups
            .iter()
            .map(|group| group.iter().map(|&f| weights[f as usize]).sum::<f64>())
            .collect();
        let shares = share_out(count, &loads, &groups);
        let mut refined = vec![0; owner.len()];
        let mut base = 0;
        for (group, share) in groups.iter().zip(shares) {
            let parts = self.partition(group, middles, weights, share, dice);
            for (&face, part) in group.iter().zip(parts) {
                refined[face as usize] = base + part;
            }
            base += share;
        }
        refined
    }
}

/// How many parts each group gets: by weight, one at least, no more than it has faces.
fn share_out(count: usize, loads: &[f64], groups: &[Vec<u32>]) -> Vec<usize> {
    let spare = count - groups.len();
    let mut shares: Vec<usize> = apportion(spare as u64, loads)
        .into_iter()
        .map(|share| share as usize + 1)
        .collect();
    loop {
        let Some(over) = (0..groups.len()).find(|&g| shares[g] > groups[g].len()) else {
            return shares;
        };
        shares[over] -= 1;
        let room = (0..groups.len())
            .filter(|&g| shares[g] < groups[g].len())
            .max_by(|&a, &b| {
                (loads[a] / shares[a] as f64).total_cmp(&(loads[b] / shares[b] as f64))
            })
            .expect("more faces than territories");
        shares[room] += 1;
    }
}

/// Numbers territories in rows from north to south, each row from west to east.
fn number(owner: &mut [usize], count: usize, place: &impl Fn(usize) -> Point) {
    let mut middles = vec![(0.0, 0.0, 0.0); count];
    for (k, &territory) in owner.iter().enumerate() {
        let sum = &mut middles[territory];
        sum.0 += place(k)[0];
        sum.1 += place(k)[1];
        sum.2 += 1.0;
    }
    let at = |t: usize| [middles[t].0 / middles[t].2, middles[t].1 / middles[t].2];
    let (mut low, mut high) = (f64::MAX, f64::MIN);
    for t in 0..count {
        low = low.min(at(t)[1]);
        high = high.max(at(t)[1]);
    }
    let rows = (count as f64).sqrt().round().max(1.0);
    let row = |t: usize| ((high - at(t)[1]) / (high - low + 1.0) * rows) as i64;
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| row(a).cmp(&row(b)).then(at(a)[0].total_cmp(&at(b)[0])));
    let mut rank = vec![0; count];
    for (position, &t) in order.iter().enumerate() {
        rank[t] = position;
    }
    for territory in owner {
        *territory = rank[*territory];
    }
}

/// The union of the faces that `belongs` says, with every shared vertex kept.
///
/// Edges between two such faces cancel; what remains is linked into rings. Parts touch
/// at most in points.
pub(super) fn union(
    mesh: &Mesh,
    frame: &Frame,
    belongs: impl Fn(u32) -> bool,
) -> Vec<Polygon<f64>> {
    let inner = |half: u32| {
        let face = mesh.half(half).face;
        face != OUTSIDE && belongs(face)
    };
    let mut used = vec![false; mesh.halves.len()];
    let (mut shells, mut holes) = (Vec::new(), Vec::new());
    for first in 0..u32::try_from(mesh.halves.len()).expect("meshes are small") {
        if used[first as usize] || !inner(first) || inner(Mesh::twin(first)) {
            continue;
        }
        let mut ring: Vec<u32> = Vec::new();
        let mut at = first;
        loop {
            used[at as usize] = true;
            ring.push(at);
            // The next edge of the boundary about the same corner of the inside.
            at = mesh.half(at).next;
            while inner(Mesh::twin(at)) {
                at = mesh.half(Mesh::twin(at)).next;
            }
            if at == first {
                break;
            }
        }
        for simple in simple_rings(mesh, &ring) {
            let points: Vec<Point> = simple.iter().map(|&h| mesh.start(h)).collect();
            if doubled_area(&points) > 0.0 {
                shells.push(points);
            } else {
                holes.push(points);
            }
        }
    }
    let mut parts: Vec<(Vec<Point>, Vec<Vec<Point>>)> = shells
        .into_iter()
        .map(|shell| (shell, Vec::new()))
        .collect();
    for hole in holes {
        // A centimetre inside of the territory, beside the hole's longest edge.
        let middle = beside(&hole);
        let part = parts
            .iter_mut()
            .filter(|(shell, _)| super::mesh::contains(shell, middle))
            .min_by(|a, b| super::mesh::area(&a.0).total_cmp(&super::mesh::area(&b.0)));
        if let Some((_, holes)) = part {
            holes.push(hole);
        }
    }
    parts
        .iter()
        .map(|(shell, holes)| frame.polygon(shell, holes))
        .collect()
}

/// A place a centimetre left of the middle of a ring's longest edge.
fn beside(ring: &[Point]) -> Point {
    let edge = |k: usize| (ring[k], ring[(k + 1) % ring.len()]);
    let length = |k: usize| distance(edge(k).0, edge(k).1);
    let longest = (0..ring.len())
        .max_by(|&a, &b| length(a).total_cmp(&length(b)))
        .unwrap_or(0);
    let (p, q) = edge(longest);
    let way = sub(q, p);
    let scale = 0.01 / length(longest).max(1e-9);
    let middle = add(p, way, 0.5);
    add(middle, [-way[1], way[0]], scale)
}

/// Parts a closed walk at every vertex that it visits twice.
fn simple_rings(mesh: &Mesh, walk: &[u32]) -> Vec<Vec<u32>> {
    let mut rings = Vec::new();
    let mut path: Vec<u32> = Vec::new();
    let mut seen: BTreeMap<u32, usize> = BTreeMap::new();
    for &half in walk {
        let vertex = mesh.half(half).origin;
        if let Some(&at) = seen.get(&vertex) {
            let ring: Vec<u32> = path.drain(at..).collect();
            for &gone in &ring {
                seen.remove(&mesh.half(gone).origin);
            }
            rings.push(ring);
        }
        seen.insert(vertex, path.len());
        path.push(half);
    }
    rings.push(path);
    rings
}
