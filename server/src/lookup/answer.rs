//! What is at a point, layer by layer, as a viewer may see it.

use std::sync::Arc;

use serde::{Serialize, Serializer, ser::SerializeMap};
use yizhangtu_data::GeometryKind;
use yizhangtu_index::{Near, Point};

use crate::{
    atlas::{Houses, LayerSnapshot, Snapshot},
    http::Problem,
    policy::Viewer,
};

/// How far away the nearest building may be, in metres.
const NEAREST_WITHIN_M: f64 = 1_000.0;

/// A snapshot with the layers that are asked for, ready for many points.
pub(crate) struct Lookup<'a> {
    snapshot: &'a Snapshot,
    viewer: Viewer,
    layers: Vec<Asked<'a>>,
}

/// One layer that is asked for.
struct Asked<'a> {
    layer: &'a LayerSnapshot,
    /// What the houses count, where that is told.
    houses: Option<&'a Houses>,
}

impl<'a> Lookup<'a> {
    /// Asks for the areal layers of these names joined by commas, or for all of them.
    /// Layers that are about persons as a whole are never asked.
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        viewer: Viewer,
        names: Option<&str>,
    ) -> Result<Self, Problem> {
        let chosen: Vec<&Arc<LayerSnapshot>> = match names {
            None => areal(snapshot).collect(),
            Some(names) => names
                .split(',')
                .map(|name| {
                    areal(snapshot)
                        .find(|layer| layer.layer.id == name.trim())
                        .ok_or_else(|| {
                            let known: Vec<_> = areal(snapshot)
                                .map(|layer| layer.layer.id.as_str())
                                .collect();
                            let known = known.join(", ");
                            Problem::parameter(
                                "layers",
                                format_args!("没有面图层“{name}”，可用的有 {known}"),
                                format_args!("there is no areal layer “{name}”; there are {known}"),
                            )
                        })
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(Self::of(snapshot, viewer, chosen.into_iter()))
    }

    /// Asks for all areal layers.
    pub(crate) fn all(snapshot: &'a Snapshot, viewer: Viewer) -> Self {
        Self::of(snapshot, viewer, areal(snapshot))
    }

    fn of(
        snapshot: &'a Snapshot,
        viewer: Viewer,
        chosen: impl Iterator<Item = &'a Arc<LayerSnapshot>>,
    ) -> Self {
        let people = viewer.may_see_people();
        Self {
            layers: chosen
                .map(|layer| Asked::new(layer, snapshot, people))
                .collect(),
            snapshot,
            viewer,
        }
    }

    /// Who asks.
    pub(crate) fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// The snapshot that is asked.
    pub(crate) fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// The place of a layer among those asked for.
    pub(super) fn place(&self, layer: &str) -> Option<usize> {
        (self.layers.iter()).position(|asked| asked.layer.layer.id == layer)
    }

    /// The layer at a place among those asked for.
    pub(super) fn layer(&self, place: usize) -> &'a LayerSnapshot {
        self.layers[place].layer
    }

    /// What the houses count, where that is told.
    pub(super) fn houses(&self) -> Option<&'a Houses> {
        self.layers.iter().find_map(|asked| asked.houses)
    }

    /// What is at some points, layer by layer: for many points a multiple of the speed of
    /// asking one by one.
    pub(crate) fn find(&self, points: &[Point]) -> Found<'_> {
        let mut positions = Vec::new();
        let mut ends = Vec::with_capacity(self.layers.len() * points.len());
        for (place, asked) in self.layers.iter().enumerate() {
            let first = place * points.len();
            asked.layer.each_at(points, |at, position| {
                ends.resize(first + at, positions.len());
                positions.push(position);
            });
            ends.resize(first + points.len(), positions.len());
        }
        Found {
            lookup: self,
            points: points.len(),
            ends,
            positions,
        }
    }

    /// The nearest building within a kilometre, where buildings are asked for and none is at
    /// the point.
    pub(super) fn nearest_beside(&self, at: At<'_>, point: Point) -> Option<Nearest<'_>> {
        let buildings = at.positions(self.place("building")?);
        buildings.is_empty().then(|| self.nearest(point))
    }

    fn nearest(&self, point: Point) -> Nearest<'_> {
        let building = self.snapshot.layer("building");
        Nearest {
            lookup: self,
            building: building.and_then(|layer| {
                let near = layer.nearest(point, 1, NEAREST_WITHIN_M).pop()?;
                let people = self.viewer.may_see_people();
                Some((Asked::new(layer, self.snapshot, people), near))
            }),
        }
    }
}

/// The layers with areas that are not about persons as a whole.
fn areal(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<LayerSnapshot>> {
    snapshot.layers.iter().filter(|layer| {
        let kind = layer.layer.geometry;
        matches!(kind, GeometryKind::Polygon | GeometryKind::Any) && !layer.layer.personal
    })
}

impl<'a> Asked<'a> {
    /// `people` tells whether how many live in a house is told.
    fn new(layer: &'a LayerSnapshot, snapshot: &'a Snapshot, people: bool) -> Self {
        Self {
            layer,
            houses: (people && layer.layer.id == "building").then_some(&*snapshot.houses),
        }
    }
}

/// What is at some points: positions only, in two runs of numbers.
pub(crate) struct Found<'a> {
    lookup: &'a Lookup<'a>,
    points: usize,
    /// Where the positions of each layer's each point end, layer after layer.
    ends: Vec<usize>,
    positions: Vec<u32>,
}

impl Found<'_> {
    /// What is at the point of this number.
    pub(crate) fn at(&self, point: usize) -> At<'_> {
        At { found: self, point }
    }
}

/// What is at one point.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    found: &'a Found<'a>,
    point: usize,
}

impl<'a> At<'a> {
    /// Positions in the layer at a place among those asked for.
    pub(super) fn positions(&self, place: usize) -> &'a [u32] {
        let slot = place * self.found.points + self.point;
        let start = slot.checked_sub(1).map_or(0, |last| self.found.ends[last]);
        &self.found.positions[start..self.found.ends[slot]]
    }

    /// The position of the building at the point, where the layer is asked for.
    pub(crate) fn building(&self) -> Option<u32> {
        let place = self.found.lookup.place("building")?;
        self.positions(place).first().copied()
    }

    /// Whether nothing is there.
    pub(crate) fn is_empty(&self) -> bool {
        (0..self.found.lookup.layers.len()).all(|place| self.positions(place).is_empty())
    }
}

impl Serialize for At<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let lookup = self.found.lookup;
        let mut layers = to.serialize_map(Some(lookup.layers.len()))?;
        for (place, asked) in lookup.layers.iter().enumerate() {
            let features = Features {
                lookup,
                asked,
                positions: self.positions(place),
            };
            layers.serialize_entry(&asked.layer.layer.id, &features)?;
        }
        layers.end()
    }
}

/// Some features of a layer.
struct Features<'a> {
    lookup: &'a Lookup<'a>,
    asked: &'a Asked<'a>,
    positions: &'a [u32],
}

impl Serialize for Features<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.positions.iter().map(|&position| Feature {
            lookup: self.lookup,
            asked: self.asked,
            position,
            distance_m: None,
        }))
    }
}

/// A feature in an answer: its id and the brief fields.
struct Feature<'a> {
    lookup: &'a Lookup<'a>,
    asked: &'a Asked<'a>,
    position: u32,
    /// How far away it is, where it is not at the point.
    distance_m: Option<f64>,
}

impl Serialize for Feature<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let layer = self.asked.layer;
        let (row, sight) = (
            layer.row(self.position),
            (self.lookup.viewer).sight(&layer.layer),
        );
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("id", row.id())?;
        for (&at, value) in layer.brief().iter().zip(row.values(layer.brief())) {
            map.serialize_entry(&layer.layer.fields[at].name, &sight.value(at, &value))?;
        }
        if let Some(houses) = self.asked.houses {
            let tally = &houses.at(self.position).tally;
            map.serialize_entry("residents", &tally.residents())?;
            map.serialize_entry("households", &tally.households)?;
            map.serialize_entry("rooms", &tally.rooms)?;
        }
        if let Some(distance_m) = self.distance_m {
            map.serialize_entry("distance_m", &distance_m)?;
        }
        map.end()
    }
}

/// What is near a point where no building is.
pub(crate) struct Nearest<'a> {
    lookup: &'a Lookup<'a>,
    building: Option<(Asked<'a>, Near)>,
}

impl Serialize for Nearest<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let building = self.building.as_ref().map(|(asked, near)| Feature {
            lookup: self.lookup,
            asked,
            position: near.key,
            distance_m: Some(near.distance_m),
        });
        to.collect_map(building.iter().map(|feature| ("building", feature)))
    }
}
