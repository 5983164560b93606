//! Relations in space (OGC 21-065 §7.7): of a record's geometry to a written one.

use std::sync::OnceLock;

use geo::{Geometry, Relate};
use yizhangtu_index::Shape;

/// How the record's geometry lies to the written one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Intersects,
    Disjoint,
    Within,
    Contains,
    Equals,
    Touches,
    Crosses,
    Overlaps,
}

/// All relations in space by name.
pub(super) const RELATIONS: [(&str, Relation); 8] = [
    ("s_intersects", Relation::Intersects),
    ("s_disjoint", Relation::Disjoint),
    ("s_within", Relation::Within),
    ("s_contains", Relation::Contains),
    ("s_equals", Relation::Equals),
    ("s_touches", Relation::Touches),
    ("s_crosses", Relation::Crosses),
    ("s_overlaps", Relation::Overlaps),
];

/// A geometry that somebody wrote, prepared once it is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(super) geometry: Geometry<f64>,
    shape: OnceLock<Option<Shape>>,
}

impl From<Geometry<f64>> for Written {
    fn from(geometry: Geometry<f64>) -> Self {
        Self {
            geometry,
            shape: OnceLock::new(),
        }
    }
}

impl Written {
    /// Where it is; none where it has no place on earth.
    fn shape(&self) -> Option<&Shape> {
        let shape = self.shape.get_or_init(|| Shape::new(&self.geometry).ok());
        shape.as_ref()
    }
}

impl Relation {
    /// The relation of the other geometry to this one.
    pub(super) fn mirrored(self) -> Self {
        match self {
            Self::Within => Self::Contains,
            Self::Contains => Self::Within,
            symmetric => symmetric,
        }
    }

    /// Whether it holds. What the index answers too is asked of its exact predicates, so that a
    /// filter selects what a drawn area counts; the rest of DE-9IM only `geo` knows.
    pub(super) fn holds(self, own: &Geometry<f64>, other: &Written) -> bool {
        let (Some(place), Ok(shape)) = (other.shape(), Shape::new(own)) else {
            return self == Self::Disjoint;
        };
        let apart = !shape.rect().meets(&place.rect());
        let other = &other.geometry;
        match self {
            Self::Intersects => !apart && shape.intersects(place),
            Self::Disjoint => apart || !shape.intersects(place),
            Self::Within => !apart && is_within(&shape, own, place, other),
            Self::Contains => !apart && is_within(place, other, &shape, own),
            Self::Equals => !apart && own.relate(other).is_equal_topo(),
            Self::Touches => !apart && own.relate(other).is_touches(),
            Self::Crosses => !apart && own.relate(other).is_crosses(),
            Self::Overlaps => !apart && own.relate(other).is_overlaps(),
        }
    }
}

/// Whether no part of one is outside the other, and their insides meet.
fn is_within(
    inner: &Shape,
    inner_geometry: &Geometry<f64>,
    outer: &Shape,
    outer_geometry: &Geometry<f64>,
) -> bool {
    match (inner, outer) {
        (Shape::Area(inner), Shape::Area(outer)) => outer.covers(inner),
        (Shape::Point(p), Shape::Area(outer)) => outer.contains(*p) && !outer.on_boundary(*p),
        _ => inner_geometry.relate(outer_geometry).is_within(),
    }
}
