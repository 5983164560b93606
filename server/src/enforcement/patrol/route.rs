//! An order in which places are walked to.

/// The order of some places from the first on, a short open way: the nearest next one, then
/// improved by turning parts round until none is better turned (2-opt; G. A. Croes, A Method
/// for Solving Traveling-Salesman Problems, 1958). `metres` is the distance of two places.
///
/// Every place stands in it once, the first place first. A few dozen places take no time; work
/// grows with the square of their number for each round of improvements.
pub(super) fn order(places: usize, metres: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let mut way: Vec<usize> = (0..places).collect();
    for at in 1..places {
        let here = way[at - 1];
        let next = (at..places).min_by(|a, b| {
            let [a, b] = [way[*a], way[*b]];
            metres(here, a)
                .total_cmp(&metres(here, b))
                .then_with(|| a.cmp(&b))
        });
        if let Some(next) = next {
            way.swap(at, next);
        }
    }
    while shorten(&mut way, &metres) {}
    way
}

/// Turns round every part that is shorter so; says whether there was one.
fn shorten(way: &mut [usize], metres: &impl Fn(usize, usize) -> f64) -> bool {
    /// Gains that are no more than rounding would go on for ever.
    const LEAST: f64 = 1e-6;
    let mut shortened = false;
    for from in 1..way.len() {
        for to in from + 1..way.len() {
            let mut gain = metres(way[from - 1], way[from]) - metres(way[from - 1], way[to]);
            if let Some(next) = way.get(to + 1) {
                gain += metres(way[to], *next) - metres(way[from], *next);
            }
            if gain > LEAST {
                way[from..=to].reverse();
                shortened = true;
            }
        }
    }
    shortened
}

/// Metres of a way.
pub(super) fn length(way: &[usize], metres: impl Fn(usize, usize) -> f64) -> f64 {
    way.windows(2).map(|pair| metres(pair[0], pair[1])).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distance(at: &[(f64, f64)]) -> impl Fn(usize, usize) -> f64 {
        |a, b| (at[a].0 - at[b].0).hypot(at[a].1 - at[b].1)
    }

    /// The shortest of all ways from the first place.
    fn shortest(left: &mut Vec<usize>, here: usize, metres: &impl Fn(usize, usize) -> f64) -> f64 {
        if left.is_empty() {
            return 0.0;
        }
        let mut best = f64::INFINITY;
        for at in 0..left.len() {
            let next = left.swap_remove(at);
            best = best.min(metres(here, next) + shortest(left, next, metres));
            left.push(next);
            let last = left.len() - 1;
            left.swap(at, last);
        }
        best
    }

    proptest! {
        #[test]
        fn every_place_is_walked_to_once_and_no_turn_is_shorter(
            at in prop::collection::vec((0.0..1000.0, 0.0..1000.0), 0..40),
        ) {
            let way = order(at.len(), distance(&at));
            prop_assert!(way.first().is_none_or(|first| *first == 0));
            let mut all = way.clone();
            all.sort_unstable();
            prop_assert_eq!(all, (0..at.len()).collect::<Vec<_>>());
            let metres = length(&way, distance(&at));
            for from in 1..way.len() {
                for to in from + 1..way.len() {
                    let mut turned = way.clone();
                    turned[from..=to].reverse();
                    prop_assert!(metres <= length(&turned, distance(&at)) + 1e-3);
                }
            }
        }

        #[test]
        fn a_few_places_are_near_to_the_shortest_way(
            at in prop::collection::vec((0.0..1000.0, 0.0..1000.0), 2..8),
        ) {
            let way = order(at.len(), distance(&at));
            let best = shortest(&mut (1..at.len()).collect(), 0, &distance(&at));
            let metres = length(&way, distance(&at));
            prop_assert!(metres >= best - 1e-6);
            prop_assert!(metres <= best * 1.6 + 1e-6, "{metres} instead of {best}");
        }
    }
}
