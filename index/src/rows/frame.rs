//! What the features of a level have in common.

use crate::{
    Point, Rect,
    bytes::{BytesError, In, Out},
};

/// A zone is 2ᵏ lattice units wide: places in it are told by 32 bits each way.
const ZONE_BITS: u32 = 32;

/// A size of cells, and the zone in which the features' representative points lie: 4.3° wide,
/// so that most layers have one zone or two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Frame {
    /// Side of a cell in lattice units: a power of two.
    pub(super) shift: u32,
    /// Row and column of the zone.
    zone: (i64, i64),
}

/// A place in a zone, from its middle: x and y.
pub(super) type Offset = [i32; 2];

impl Frame {
    /// The frame of a feature: its cells are no smaller than it is.
    pub(super) fn of(place: Point, rect: &Rect, least: u32) -> Self {
        let extent = (rect.max.x - rect.min.x)
            .max(rect.max.y - rect.min.y)
            .max(1);
        Self {
            shift: (64 - (extent - 1).leading_zeros()).max(least),
            zone: (place.y >> ZONE_BITS, place.x >> ZONE_BITS),
        }
    }

    /// The middle of the zone.
    pub(super) fn middle(&self) -> Point {
        let middle = |at: i64| (at << ZONE_BITS) + (1 << (ZONE_BITS - 1));
        Point {
            x: middle(self.zone.1),
            y: middle(self.zone.0),
        }
    }

    /// Where a point of the zone lies in it.
    pub(super) fn offset(&self, place: Point) -> Offset {
        let middle = self.middle();
        let near = |at: i64| i32::try_from(at).expect("a point of the zone");
        [near(place.x - middle.x), near(place.y - middle.y)]
    }

    /// Whether features may meet a rectangle: none reaches farther from its point than a cell.
    pub(super) fn may_meet(&self, rect: &Rect) -> bool {
        let middle = self.middle();
        let reach = (1 << (ZONE_BITS - 1)) + (1 << self.shift);
        (rect.min.x - reach <= middle.x)
            & (middle.x <= rect.max.x + reach)
            & (rect.min.y - reach <= middle.y)
            & (middle.y <= rect.max.y + reach)
    }

    pub(super) fn put(&self, out: &mut Out) {
        out.u32(self.shift);
        out.i64(self.zone.0);
        out.i64(self.zone.1);
    }

    pub(super) fn take(from: &mut In<'_>) -> Result<Self, BytesError> {
        let (shift, zone) = (from.u32()?, (from.i64()?, from.i64()?));
        let most = 1 << (62 - ZONE_BITS);
        let fits = shift < 63 && zone.0.unsigned_abs() < most && zone.1.unsigned_abs() < most;
        (fits.then_some(Self { shift, zone })).ok_or(BytesError::Damaged)
    }
}
