//! What is at a point, layer by layer, as a viewer may see it.

use std::sync::Arc;

use serde::{Serialize, Serializer, ser::SerializeMap};
use yizhangtu_data::{GeometryKind, Record};
use yizhangtu_index::{Near, Point};

use crate::{
    atlas::{Houses, LayerSnapshot, Snapshot},
    http::Problem,
    policy::Viewer,
};

/// Fields that an answer carries where a layer has them: what a feature is called, what
/// kind it is, in which state, and who answers for it.
const BRIEF: [&str; 22] = [
    "code",
    "name",
    "title",
    "address",
    "alias",
    "worker",
    "party_branch",
    "branch",
    "kind",
    "type",
    "mode",
    "stage",
    "state",
    "level",
    "class_std",
    "class_code",
    "use",
    "rental",
    "floors_up",
    "declared_area_m2",
    "area_m2",
    "scale",
];

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
    fields: Vec<usize>,
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
        Ok(Self::of(snapshot, viewer, chosen))
    }

    /// Asks for all areal layers.
    pub(crate) fn all(snapshot: &'a Snapshot, viewer: Viewer) -> Self {
        Self::of(snapshot, viewer, areal(snapshot).collect())
    }

    fn of(snapshot: &'a Snapshot, viewer: Viewer, chosen: Vec<&'a Arc<LayerSnapshot>>) -> Self {
        let people = viewer.may_see_people();
        let layers = (chosen.into_iter())
            .map(|layer| Asked::new(layer, snapshot, people))
            .collect();
        Self {
            snapshot,
            viewer,
            layers,
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

    /// What is at a point.
    pub(crate) fn at(&self, point: Point) -> At<'_> {
        let found = self
            .layers
            .iter()
            .map(|asked| asked.layer.at(point))
            .collect();
        At {
            lookup: self,
            found,
        }
    }

    /// The nearest building within a kilometre.
    pub(crate) fn nearest(&self, point: Point) -> Nearest<'_> {
        let building = self.snapshot.layer("building");
        Nearest {
            lookup: self,
            building: building.and_then(|layer| {
                let near = layer.nearest(point, 1, NEAREST_WITHIN_M).pop()?;
                Some((
                    Asked::new(layer, self.snapshot, self.viewer.may_see_people()),
                    near,
                ))
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
        let own = &layer.layer;
        let named = [own.code.as_deref(), own.label.as_deref()];
        let mut fields: Vec<usize> = (named.into_iter().flatten())
            .chain(BRIEF)
            .filter_map(|name| own.position(name))
            .filter(|&at| !own.fields[at].sensitivity.is_personal())
            .collect();
        let mut seen = Vec::new();
        fields.retain(|at| {
            !seen.contains(at) && {
                seen.push(*at);
                true
            }
        });
        Self {
            layer,
            fields,
            houses: (people && own.id == "building").then_some(&*snapshot.houses),
        }
    }

    fn feature(&'a self, lookup: &'a Lookup<'a>, position: u32) -> Feature<'a> {
        Feature {
            asked: self,
            viewer: &lookup.viewer,
            position,
        }
    }
}

/// What is at one point.
pub(crate) struct At<'a> {
    lookup: &'a Lookup<'a>,
    /// Positions by layer, in the order of the layers asked for.
    found: Vec<Vec<u32>>,
}

impl<'a> At<'a> {
    /// The building at the point, where the layer is asked for.
    pub(crate) fn building(&self) -> Option<&'a Arc<Record>> {
        self.records("building").next()
    }

    /// What is there of one layer.
    pub(crate) fn records(&self, layer: &str) -> impl Iterator<Item = &'a Arc<Record>> + use<'a> {
        let place = (self.lookup.layers.iter()).position(|asked| asked.layer.layer.id == layer);
        let positions = place
            .map(|place| self.found[place].clone())
            .unwrap_or_default();
        let lookup = self.lookup;
        positions.into_iter().filter_map(move |position| {
            place.map(|place| lookup.layers[place].layer.record(position))
        })
    }

    /// Whether nothing is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.iter().all(Vec::is_empty)
    }
}

impl Serialize for At<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let layers = self.lookup.layers.iter().zip(&self.found);
        to.collect_map(layers.map(|(asked, positions)| {
            (
                &asked.layer.layer.id,
                positions
                    .iter()
                    .map(|&position| asked.feature(self.lookup, position))
                    .collect::<Vec<_>>(),
            )
        }))
    }
}

/// A feature in an answer: its id and the brief fields.
struct Feature<'a> {
    asked: &'a Asked<'a>,
    viewer: &'a Viewer,
    position: u32,
}

impl Feature<'_> {
    fn write<S: Serializer>(&self, map: &mut S::SerializeMap) -> Result<(), S::Error> {
        let layer = self.asked.layer;
        let view = self.viewer.see(&layer.layer, layer.record(self.position));
        map.serialize_entry("id", view.id())?;
        for &at in &self.asked.fields {
            map.serialize_entry(&layer.layer.fields[at].name, &view.at(at))?;
        }
        if let Some(houses) = self.asked.houses {
            let tally = &houses.at(self.position).tally;
            map.serialize_entry("residents", &tally.residents())?;
            map.serialize_entry("households", &tally.households)?;
            map.serialize_entry("rooms", &tally.rooms)?;
        }
        Ok(())
    }
}

impl Serialize for Feature<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        self.write::<S>(&mut map)?;
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
        /// The feature and how far away it is.
        struct Nearby<'a>(&'a Feature<'a>, f64);
        impl Serialize for Nearby<'_> {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let mut map = to.serialize_map(None)?;
                self.0.write::<S>(&mut map)?;
                map.serialize_entry("distance_m", &self.1)?;
                map.end()
            }
        }
        let mut map = to.serialize_map(None)?;
        if let Some((asked, near)) = &self.building {
            let feature = Feature {
                asked,
                viewer: &self.lookup.viewer,
                position: near.key,
            };
            map.serialize_entry("building", &Nearby(&feature, near.distance_m))?;
        }
        map.end()
    }
}
