//! The edges of a large area sorted into stripes of latitude, so that a test looks only
//! at those beside the point.

use crate::Area;

/// Areas with fewer vertices than this are scanned whole: that costs less than the stripes.
pub(crate) const STRIPES_FROM: usize = 513;

/// Edges by stripe. A stripe's height is a power of two, so that finding it is a shift.
#[derive(Debug)]
pub(crate) struct Stripes {
    shift: u32,
    starts: Box<[u32]>,
    edges: Box<[u32]>,
}

impl Stripes {
    pub(crate) fn new(area: &Area) -> Self {
        let rect = area.rect();
        let height = rect.max.y - rect.min.y;
        let (mut count, mut rise) = (0_i64, 0_i64);
        for (a, b) in area.edges() {
            count += 1;
            rise = rise.saturating_add((a.y - b.y).abs());
        }
        // An edge stands in as many stripes as it rises through: keep them to about three
        // an edge on average, and no more stripes than edges.
        let least = (height / count).max(rise / (2 * count)).max(1);
        let shift = 64 - (least - 1).leading_zeros();
        let spans: Vec<(usize, usize, u32)> = area
            .edge_positions()
            .map(|at| {
                let (a, b) = (
                    area.vertex(at).y - rect.min.y,
                    area.vertex(at + 1).y - rect.min.y,
                );
                let at = u32::try_from(at).expect("an area has fewer than 2^32 vertices");
                (stripe(a.min(b), shift), stripe(a.max(b), shift), at)
            })
            .collect();
        let stripes = stripe(height, shift) + 1;
        let mut starts = vec![0_u32; stripes + 1];
        for &(low, high, _) in &spans {
            for at in low..=high {
                starts[at + 1] += 1;
            }
        }
        for at in 0..stripes {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut edges = vec![0_u32; starts[stripes] as usize];
        for (low, high, edge) in spans {
            for at in &mut next[low..=high] {
                edges[*at as usize] = edge;
                *at += 1;
            }
        }
        Self {
            shift,
            starts: starts.into(),
            edges: edges.into(),
        }
    }

    /// The edges of the stripe at a height above the area's south edge.
    pub(crate) fn at(&self, y: i64) -> &[u32] {
        if y < 0 {
            return &[];
        }
        self.edges_of(stripe(y, self.shift))
    }

    fn edges_of(&self, stripe: usize) -> &[u32] {
        match (self.starts.get(stripe), self.starts.get(stripe + 1)) {
            (Some(&start), Some(&end)) => &self.edges[start as usize..end as usize],
            _ => &[],
        }
    }

    /// Visits each edge that stands in the stripes of two heights or between them, once,
    /// until the visitor returns true. Returns whether it did.
    pub(crate) fn between(
        &self,
        low: i64,
        high: i64,
        foot: impl Fn(usize) -> i64,
        visit: &mut impl FnMut(usize) -> bool,
    ) -> bool {
        let first = stripe(low.max(0), self.shift);
        let last = stripe(high.max(0), self.shift).min(self.starts.len().saturating_sub(2));
        (first..=last).any(|at| {
            self.edges_of(at).iter().any(|&edge| {
                let edge = edge as usize;
                // An edge through several stripes is visited in the lowest of them only.
                stripe(foot(edge), self.shift).max(first) == at && visit(edge)
            })
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.starts) + size_of_val(&*self.edges)
    }
}

fn stripe(y: i64, shift: u32) -> usize {
    usize::try_from(y >> shift).expect("heights above the south edge are not negative")
}
