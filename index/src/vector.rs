//! The same plain loops, compiled for each width of vectors and chosen at run time.

/// Numbers that are looked at together.
pub(crate) const LANES: usize = 16;

/// What plain loops cannot say: signs as bits.
pub(crate) trait Vector: Copy {
    /// One bit a lane: whether the number is negative.
    fn negative(self, lanes: [i32; LANES]) -> u32;
}

/// Has the line of memory around something fetched: it is soon read.
#[inline(always)]
pub fn fetch<T>(soon: &T) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        sse._mm_prefetch::<0>(std::ptr::from_ref(soon).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = soon;
}

/// As [`fetch`], of all lines that something takes.
#[inline(always)]
pub fn fetch_whole<T>(soon: &T) {
    /// Bytes of a line.
    const LINE: usize = 64;
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        let start = std::ptr::from_ref(soon).cast::<i8>();
        for at in (0..size_of::<T>()).step_by(LINE) {
            sse._mm_prefetch::<0>(start.wrapping_add(at));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (soon, LINE);
}

/// As [`fetch`], of a word; one beyond the last is none.
#[inline(always)]
pub(crate) fn fetch_word(words: &[u32], at: usize) {
    if let Some(word) = words.get(at) {
        fetch(word);
    }
}

/// Work that is compiled for every kind of vectors.
///
/// What it calls must be `#[inline(always)]`, so that it is compiled with it.
pub(crate) trait Work {
    /// What it leads to.
    type Result;

    /// Does the work.
    fn run(self, vector: impl Vector) -> Self::Result;
}

/// Runs work compiled for the widest vectors that this processor has.
#[inline]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// As [`wide`], for work that asks more than plain loops.
#[inline(always)]
pub(crate) fn widest<W: Work>(work: W) -> W::Result {
    match pulp::Arch::new() {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(simd) => simd.vectorize(
            #[inline(always)]
            || work.run(simd),
        ),
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(simd) => simd.vectorize(
            #[inline(always)]
            || work.run(simd),
        ),
        _ => work.run(Plain),
    }
}

/// No vectors but those that the compiler may use everywhere.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

impl Vector for Plain {
    #[inline(always)]
    fn negative(self, lanes: [i32; LANES]) -> u32 {
        let bits = lanes.iter().zip(0..);
        bits.fold(0, |all, (lane, at)| all | lane.cast_unsigned() >> 31 << at)
    }
}

#[cfg(target_arch = "x86_64")]
impl Vector for pulp::x86::V3 {
    #[inline(always)]
    fn negative(self, lanes: [i32; LANES]) -> u32 {
        let [low, high]: [std::arch::x86_64::__m256; 2] = pulp::cast(lanes);
        let bits = |half| self.avx._mm256_movemask_ps(half).cast_unsigned();
        bits(low) | bits(high) << 8
    }
}

#[cfg(target_arch = "x86_64")]
impl Vector for pulp::x86::V4 {
    #[inline(always)]
    fn negative(self, lanes: [i32; LANES]) -> u32 {
        u32::from(
            self.cmp_lt_i32x16(pulp::cast(lanes), self.splat_i32x16(0))
                .0,
        )
    }
}
