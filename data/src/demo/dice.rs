//! Randomness that depends on the seed and the item alone, never on the order of work.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// A stream of random numbers for one item.
#[derive(Clone, Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of an item: `topic` names what is thrown for, `item` which one.
    pub(super) fn new(seed: u64, topic: &str, item: u64) -> Self {
        let mut key = mix(seed ^ 0x9e37_79b9_7f4a_7c15);
        for byte in topic.bytes() {
            key = mix(key ^ u64::from(byte));
        }
        Self(ChaCha8Rng::seed_from_u64(mix(key ^ mix(item))))
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with the given probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number in [0, count).
    #[expect(clippy::cast_possible_truncation, reason = "below count")]
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// A whole number in [low, high].
    #[expect(
        clippy::cast_possible_wrap,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranges are small"
    )]
    pub(super) fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as usize) as i64
    }

    /// One of the choices, all alike.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// One of the choices by weight.
    pub(super) fn weighted<T: Copy>(&mut self, choices: &[(T, u32)]) -> T {
        let total: u32 = choices.iter().map(|(_, weight)| weight).sum();
        let mut at = self.below(total as usize);
        for &(choice, weight) in choices {
            if at < weight as usize {
                return choice;
            }
            at -= weight as usize;
        }
        choices[choices.len() - 1].0
    }

    /// A shuffled order of 0..count.
    pub(super) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            order.swap(at, self.below(at + 1));
        }
        order
    }
}

/// A finaliser with full avalanche (SplitMix64).
pub(super) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Smooth noise over the plane in [-1, 1], with cells of the given size in metres.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise {
    seed: u64,
    cell: f64,
}

impl Noise {
    /// Noise of a topic.
    pub(super) fn new(seed: u64, topic: &str, cell: f64) -> Self {
        let seed = Dice::new(seed, topic, 0).bits();
        Self { seed, cell }
    }

    /// The value at a place.
    pub(super) fn at(&self, [x, y]: [f64; 2]) -> f64 {
        let (x, y) = (x / self.cell, y / self.cell);
        let (left, low) = (x.floor(), y.floor());
        let (u, v) = (fade(x - left), fade(y - low));
        let corner = |dx: f64, dy: f64| self.corner(left + dx, low + dy);
        let bottom = corner(0.0, 0.0) * (1.0 - u) + corner(1.0, 0.0) * u;
        let top = corner(0.0, 1.0) * (1.0 - u) + corner(1.0, 1.0) * u;
        bottom * (1.0 - v) + top * v
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "cell numbers are small whole numbers; the value is a 53-bit fraction"
    )]
    fn corner(&self, x: f64, y: f64) -> f64 {
        let key = (x as i64 as u64).wrapping_mul(0x0100_0000_01b3) ^ (y as i64 as u64);
        (mix(self.seed ^ mix(key)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

fn fade(t: f64) -> f64 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

/// Shares a total out by weight in whole numbers whose sum is exactly the total
/// (largest remainders first, earlier items on ties).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "totals are far below 2^53"
)]
pub(super) fn apportion(total: u64, weights: &[f64]) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    if weights.is_empty() || sum <= 0.0 {
        return vec![0; weights.len()];
    }
    let exact: Vec<f64> = weights.iter().map(|w| w / sum * total as f64).collect();
    let mut shares: Vec<u64> = exact.iter().map(|share| share.floor() as u64).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| {
        exact[b]
            .fract()
            .total_cmp(&exact[a].fract())
            .then(a.cmp(&b))
    });
    let mut given: u64 = shares.iter().sum();
    for &at in order.iter().cycle() {
        if given >= total {
            break;
        }
        if weights[at] > 0.0 {
            shares[at] += 1;
            given += 1;
        }
    }
    shares
}
