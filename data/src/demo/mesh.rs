//! The village as a planar subdivision: faces between shared edges.
//!
//! Every boundary of every grid, co-operative and unit is a chain of these edges, so
//! neighbours share their vertices and nothing gaps or overlaps.

/// A place in a village's metres: east, north.
pub(super) type Point = [f64; 2];

/// The face outside of the village.
pub(super) const OUTSIDE: u32 = u32::MAX;

/// What runs along an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Along {
    /// The village boundary.
    Boundary,
    /// Nothing that is drawn: a ridge, a field's edge.
    Ridge,
    /// The bank of a stream.
    Bank,
    /// 村道.
    Lane,
    /// 支路.
    Branch,
    /// 次干路.
    Secondary,
    /// 主干路.
    Trunk,
}

impl Along {
    /// Width of the carriageway and its pavements in metres.
    pub(super) fn width(self) -> f64 {
        match self {
            Self::Boundary | Self::Ridge => 0.0,
            Self::Bank => 7.0,
            Self::Lane => 6.0,
            Self::Branch => 10.0,
            Self::Secondary => 19.0,
            Self::Trunk => 32.0,
        }
    }

    /// The road class, for roads.
    pub(super) fn class(self) -> Option<&'static str> {
        match self {
            Self::Boundary | Self::Ridge | Self::Bank => None,
            Self::Lane => Some("村道"),
            Self::Branch => Some("支路"),
            Self::Secondary => Some("次干路"),
            Self::Trunk => Some("主干路"),
        }
    }
}

/// What a face lies in, kept when it is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// Built or tilled land.
    Town,
    /// A forested hill.
    Hill,
    /// The stream.
    Stream,
}

/// Half of an edge, with its face on the left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Half {
    pub(super) origin: u32,
    pub(super) next: u32,
    pub(super) prev: u32,
    pub(super) face: u32,
    pub(super) along: Along,
    /// The cut that drew it.
    pub(super) cut: u32,
}

/// A planar subdivision of one simple polygon into simple faces.
#[derive(Clone, Debug)]
pub(super) struct Mesh {
    pub(super) points: Vec<Point>,
    pub(super) halves: Vec<Half>,
    /// A half-edge of each face.
    pub(super) faces: Vec<u32>,
    pub(super) grounds: Vec<Ground>,
}

impl Mesh {
    /// One face within a counter-clockwise outline.
    pub(super) fn new(outline: Vec<Point>) -> Self {
        let count = u32::try_from(outline.len()).expect("outlines are short");
        let mut halves = Vec::new();
        for at in 0..count {
            let (after, before) = ((at + 1) % count, (at + count - 1) % count);
            halves.push(Half {
                origin: at,
                next: after * 2,
                prev: before * 2,
                face: 0,
                along: Along::Boundary,
                cut: 0,
            });
            halves.push(Half {
                origin: after,
                next: before * 2 + 1,
                prev: after * 2 + 1,
                face: OUTSIDE,
                along: Along::Boundary,
                cut: 0,
            });
        }
        Self {
            points: outline,
            halves,
            faces: vec![0],
            grounds: vec![Ground::Town],
        }
    }

    /// The other half of an edge.
    pub(super) fn twin(half: u32) -> u32 {
        half ^ 1
    }

    /// A half-edge.
    pub(super) fn half(&self, half: u32) -> &Half {
        &self.halves[half as usize]
    }

    /// Where a half-edge begins.
    pub(super) fn start(&self, half: u32) -> Point {
        self.points[self.half(half).origin as usize]
    }

    /// Where a half-edge ends.
    pub(super) fn end(&self, half: u32) -> Point {
        self.start(Self::twin(half))
    }

    /// The half-edges around a face.
    pub(super) fn ring(&self, face: u32) -> Vec<u32> {
        let first = self.faces[face as usize];
        let mut ring = vec![first];
        let mut at = self.half(first).next;
        while at != first {
            ring.push(at);
            at = self.half(at).next;
        }
        ring
    }

    /// The corners of a face, counter-clockwise, not closed.
    pub(super) fn corners(&self, face: u32) -> Vec<Point> {
        self.ring(face).iter().map(|&h| self.start(h)).collect()
    }

    /// How many edges meet where a half-edge begins.
    pub(super) fn degree(&self, half: u32) -> usize {
        let (mut at, mut count) = (half, 0);
        loop {
            count += 1;
            at = self.half(Self::twin(at)).next;
            if at == half {
                return count;
            }
        }
    }

    /// Puts a vertex on an edge; the half-edge that begins there, in the same face.
    pub(super) fn split_edge(&mut self, half: u32, point: Point) -> u32 {
        let vertex = u32::try_from(self.points.len()).expect("meshes are small");
        self.points.push(point);
        let twin = Self::twin(half);
        let new = u32::try_from(self.halves.len()).expect("meshes are small");
        let (h, t) = (*self.half(half), *self.half(twin));
        self.halves.push(Half {
            origin: vertex,
            prev: half,
            ..h
        });
        self.halves.push(Half { next: twin, ..t });
        self.halves[h.next as usize].prev = new;
        self.halves[half as usize].next = new;
        self.halves[t.prev as usize].next = new + 1;
        let t = &mut self.halves[twin as usize];
        t.prev = new + 1;
        t.origin = vertex;
        new
    }

    /// Cuts a face from the beginning of one of its half-edges to that of another,
    /// over the points between; the new face lies right of the way.
    pub(super) fn split_face(
        &mut self,
        from: u32,
        to: u32,
        between: &[Point],
        along: Along,
        cut: u32,
    ) -> u32 {
        let face = self.half(from).face;
        let (before_from, before_to) = (self.half(from).prev, self.half(to).prev);
        let (a, b) = (self.half(from).origin, self.half(to).origin);
        let first = u32::try_from(self.halves.len()).expect("meshes are small");
        let count = u32::try_from(between.len()).expect("cuts are short") + 1;
        let base = u32::try_from(self.points.len()).expect("meshes are small");
        self.points.extend_from_slice(between);
        let vertex = |at: u32| match at {
            0 => a,
            at if at == count => b,
            at => base + at - 1,
        };
        let new = u32::try_from(self.faces.len()).expect("meshes are small");
        for at in 0..count {
            let forward = first + at * 2;
            self.halves.push(Half {
                origin: vertex(at),
                next: if at + 1 == count { to } else { forward + 2 },
                prev: if at == 0 { before_from } else { forward - 2 },
                face,
                along,
                cut,
            });
            self.halves.push(Half {
                origin: vertex(at + 1),
                next: if at == 0 { from } else { forward - 1 },
                prev: if at + 1 == count {
                    before_to
                } else {
                    forward + 3
                },
                face: new,
                along,
                cut,
            });
        }
        let last = first + (count - 1) * 2;
        self.halves[before_from as usize].next = first;
        self.halves[to as usize].prev = last;
        self.halves[before_to as usize].next = last + 1;
        self.halves[from as usize].prev = first + 1;
        self.faces[face as usize] = first;
        self.faces.push(first + 1);
        self.grounds.push(self.grounds[face as usize]);
        for half in self.ring(new) {
            self.halves[half as usize].face = new;
        }
        new
    }
}

/// Twice the signed area of a ring given open, positive when counter-clockwise.
pub(super) fn doubled_area(ring: &[Point]) -> f64 {
    let Some(&origin) = ring.first() else {
        return 0.0;
    };
    ring.windows(2)
        .map(|pair| cross(sub(pair[0], origin), sub(pair[1], origin)))
        .sum()
}

/// Area of a ring given open.
pub(super) fn area(ring: &[Point]) -> f64 {
    doubled_area(ring).abs() / 2.0
}

/// Centre of mass of a ring given open.
pub(super) fn centroid(ring: &[Point]) -> Point {
    let origin = ring[0];
    let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
    for pair in ring.windows(2) {
        let (p, q) = (sub(pair[0], origin), sub(pair[1], origin));
        let weight = cross(p, q);
        sum += weight;
        x += (p[0] + q[0]) * weight;
        y += (p[1] + q[1]) * weight;
    }
    if sum.abs() < 1e-9 {
        return origin;
    }
    [origin[0] + x / (3.0 * sum), origin[1] + y / (3.0 * sum)]
}

/// Whether a place is inside a ring (boundary undefined).
pub(super) fn contains(ring: &[Point], [x, y]: Point) -> bool {
    let mut inside = false;
    let mut last = ring[ring.len() - 1];
    for &point in ring {
        if (point[1] > y) != (last[1] > y)
            && x < (last[0] - point[0]) * (y - point[1]) / (last[1] - point[1]) + point[0]
        {
            inside = !inside;
        }
        last = point;
    }
    inside
}

/// p − q.
pub(super) fn sub(p: Point, q: Point) -> Point {
    [p[0] - q[0], p[1] - q[1]]
}

/// p + q·k.
pub(super) fn add(p: Point, q: Point, k: f64) -> Point {
    [p[0] + q[0] * k, p[1] + q[1] * k]
}

/// Cross product.
pub(super) fn cross(p: Point, q: Point) -> f64 {
    p[0] * q[1] - p[1] * q[0]
}

/// Scalar product.
pub(super) fn dot(p: Point, q: Point) -> f64 {
    p[0] * q[0] + p[1] * q[1]
}

/// Distance.
pub(super) fn distance(p: Point, q: Point) -> f64 {
    (p[0] - q[0]).hypot(p[1] - q[1])
}

/// Distance of a place from a segment.
pub(super) fn distance_to_segment(p: Point, a: Point, b: Point) -> f64 {
    let along = sub(b, a);
    let length = dot(along, along);
    let t = if length > 0.0 {
        (dot(sub(p, a), along) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    distance(p, add(a, along, t))
}

/// Where the segment p→q crosses a→b, as the fractions along both.
pub(super) fn crossing(p: Point, q: Point, a: Point, b: Point) -> Option<(f64, f64)> {
    let (r, s) = (sub(q, p), sub(b, a));
    let det = cross(r, s);
    if det.abs() < 1e-12 {
        return None;
    }
    let t = cross(sub(a, p), s) / det;
    let u = cross(sub(a, p), r) / det;
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then_some((t, u))
}
