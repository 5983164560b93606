//! The same plain loops, compiled for each width of vectors and chosen at run time.

/// Runs work compiled for the widest vectors that this processor has.
///
/// What the work calls must be `#[inline(always)]`, so that it is compiled with it.
#[inline]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}
