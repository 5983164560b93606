//! The features nearest to a point, on the ellipsoid.

use crate::{
    Near, Point, Rect,
    metric::{self, Plane},
    rows::Rows,
    shapes::Shapes,
};

/// Metres around a point that are looked through first, and by how much more next. Beside a house
/// is another house: a window three times as wide holds nine times as many, of which all but one
/// were read for nothing.
const FIRST_M: f64 = 10.0;
const WIDER: f64 = 4.0;

/// Features that a first window usually holds.
const USUAL: usize = 16;

/// The nearest `k` features within a number of metres, nearest first, then by key. `all` is the
/// rectangle around all of them.
pub(crate) fn nearest(
    rows: &Rows,
    all: Rect,
    shapes: &Shapes,
    p: Point,
    (k, within_m): (usize, f64),
) -> Vec<Near> {
    let plane = Plane::at(p);
    let mut radius = FIRST_M.min(within_m);
    loop {
        let window = metric::window(p, radius);
        let least = metric::Least::new(p, radius);
        let mut candidates: Vec<(f64, u32)> = Vec::with_capacity(USUAL);
        rows.meeting(&window, |key, rect| {
            if candidates.len() < USUAL {
                shapes.fetch_place(key);
            }
            candidates.push((least.to(rect), key));
        });
        for (_, key) in candidates.iter().take(USUAL) {
            shapes.fetch(*key);
        }
        let mut best = Best {
            plane: &plane,
            shapes,
            k,
            within_m,
            found: Vec::new(),
        };
        best.of(candidates);
        // What is outside the window is farther away than the radius.
        let complete = best.found.len() == k && best.bound() <= radius;
        let everything = window.holds(all.min) && window.holds(all.max);
        if complete || everything || radius >= within_m || radius > 2.5e7 {
            return best.found;
        }
        radius = (radius * WIDER).min(within_m);
    }
}

/// The nearest features of those that were looked at.
struct Best<'a> {
    plane: &'a Plane,
    shapes: &'a Shapes,
    k: usize,
    within_m: f64,
    found: Vec<Near>,
}

impl Best<'_> {
    /// What is farther away than this is none of them.
    fn bound(&self) -> f64 {
        match self.found.last() {
            Some(last) if self.found.len() == self.k => last.distance_m,
            _ => self.within_m,
        }
    }

    /// Looks through candidates, each with the metres that it is away at least. Whoever stands
    /// in the way of the first few is measured; hardly any other is even put in order.
    fn of(&mut self, mut candidates: Vec<(f64, u32)>) {
        if candidates.len() > self.k {
            candidates.select_nth_unstable_by(self.k - 1, |a, b| a.0.total_cmp(&b.0));
            let rest = candidates.split_off(self.k);
            self.in_order(candidates);
            candidates = rest;
        }
        let bound = self.bound();
        candidates.retain(|(least, _)| *least <= bound);
        self.in_order(candidates);
    }

    fn in_order(&mut self, mut candidates: Vec<(f64, u32)>) {
        candidates.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        for (least, key) in candidates {
            if least > self.bound() {
                return;
            }
            // Distances on the ellipsoid are dear: in the plane it is seen who is too far.
            let shape = self.shapes.known(key);
            let distance_m = shape.distance_within_m(self.plane, self.bound());
            if let Some(distance_m) = distance_m.filter(|own| *own <= self.within_m) {
                self.keep(Near { key, distance_m });
            }
        }
    }

    fn keep(&mut self, new: Near) {
        let order = |near: &Near| {
            let far = near.distance_m.total_cmp(&new.distance_m);
            far.then(near.key.cmp(&new.key))
        };
        let place = self.found.partition_point(|near| order(near).is_lt());
        self.found.insert(place, new);
        self.found.truncate(self.k);
    }
}
