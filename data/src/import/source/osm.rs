//! OpenStreetMap extracts (`.osm.pbf`): buildings, roads, water, green.
//!
//! Three passes: which relations matter and of which ways they are made, which ways
//! matter and of which nodes, and where those nodes are.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{BufReader, Read},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPolygon, Polygon};
use osmpbf::{Element, ElementReader, RelMemberType};
use yizhangtu_index::Area;

use super::{Each, Row, Said, Shape, Source, osm_tags};
use crate::{Text, import::ImportError};

/// An extract of OpenStreetMap.
pub(super) struct Osm {
    path: PathBuf,
    said: Said,
}

/// A way on the map, or a piece of a relation's outline.
struct Way {
    nodes: Vec<i64>,
    tags: osm_tags::Tags,
}

/// A multipolygon: its ways by role.
struct Relation {
    members: Vec<(i64, bool)>,
    tags: osm_tags::Tags,
}

impl Osm {
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        let file = std::fs::File::open(path).map_err(|error| ImportError::io(path, error))?;
        let mut start = [0_u8; 64];
        let read = BufReader::new(file)
            .read(&mut start)
            .map_err(|error| ImportError::io(path, error))?;
        if !start[..read].windows(9).any(|word| word == b"OSMHeader") {
            return Err(ImportError::file(
                path,
                "不是 OpenStreetMap 的 .osm.pbf 文件，请检查",
                "is no .osm.pbf of OpenStreetMap; check the file",
            ));
        }
        Ok(Self {
            path: path.to_path_buf(),
            said: Said {
                crs: Some("EPSG:4326".to_owned()),
                notes: vec![Text {
                    zh: "数据 © OpenStreetMap 贡献者，许可 ODbL 1.0，使用时须署名".to_owned(),
                    en: "data © OpenStreetMap contributors, under ODbL 1.0: credit them".to_owned(),
                }],
                ..Said::default()
            },
        })
    }

    fn each(&self, visit: impl for<'e> FnMut(Element<'e>)) -> Result<(), ImportError> {
        let broken = |error: &osmpbf::Error| {
            ImportError::file(
                &self.path,
                format!("文件不完整或已损坏（{error}），请重新获取"),
                format!("the file is cut off or damaged ({error}); get it again"),
            )
        };
        ElementReader::from_path(&self.path)
            .map_err(|error| broken(&error))?
            .for_each(visit)
            .map_err(|error| broken(&error))
    }

    fn relations(&self) -> Result<BTreeMap<i64, Relation>, ImportError> {
        let mut relations = BTreeMap::new();
        self.each(|element| {
            let Element::Relation(relation) = element else {
                return;
            };
            let tags = tags(relation.tags());
            if tags.get("type").map(String::as_str) != Some("multipolygon")
                || !osm_tags::layer(&tags, true).is_some_and(|(_, area)| area)
            {
                return;
            }
            let members = relation
                .members()
                .filter(|member| member.member_type == RelMemberType::Way)
                .map(|member| (member.member_id, member.role().ok() == Some("inner")))
                .collect();
            relations.insert(relation.id(), Relation { members, tags });
        })?;
        Ok(relations)
    }

    fn ways(&self, pieces: &HashSet<i64>) -> Result<BTreeMap<i64, Way>, ImportError> {
        let mut ways = BTreeMap::new();
        self.each(|element| {
            let Element::Way(way) = element else { return };
            let tags = tags(way.tags());
            let nodes: Vec<i64> = way.refs().collect();
            let closed = nodes.len() > 3 && nodes.first() == nodes.last();
            if pieces.contains(&way.id()) || osm_tags::layer(&tags, closed).is_some() {
                ways.insert(way.id(), Way { nodes, tags });
            }
        })?;
        Ok(ways)
    }

    fn nodes(&self, ways: &BTreeMap<i64, Way>) -> Result<HashMap<i64, Coord>, ImportError> {
        let mut nodes: HashMap<i64, Coord> = ways
            .values()
            .flat_map(|way| {
                way.nodes.iter().map(|node| {
                    (
                        *node,
                        Coord {
                            x: f64::NAN,
                            y: f64::NAN,
                        },
                    )
                })
            })
            .collect();
        self.each(|element| {
            let (id, x, y) = match &element {
                Element::Node(node) => (node.id(), node.lon(), node.lat()),
                Element::DenseNode(node) => (node.id(), node.lon(), node.lat()),
                _ => return,
            };
            if let Some(place) = nodes.get_mut(&id) {
                *place = Coord { x, y };
            }
        })?;
        // What lies beyond the extract's edge is not known.
        nodes.retain(|_, place| !place.x.is_nan());
        Ok(nodes)
    }
}

fn tags<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> osm_tags::Tags {
    tags.map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

impl Source for Osm {
    fn said(&self) -> &Said {
        &self.said
    }

    fn rows(&self, each: Each<'_>) -> Result<(), ImportError> {
        let relations = self.relations()?;
        let pieces: HashSet<i64> = relations
            .values()
            .flat_map(|relation| relation.members.iter().map(|(way, _)| *way))
            .collect();
        let ways = self.ways(&pieces)?;
        let nodes = self.nodes(&ways)?;
        let places = |way: &Way| -> Option<Vec<Coord>> {
            way.nodes
                .iter()
                .map(|node| nodes.get(node).copied())
                .collect()
        };
        let mut number = 0;
        let mut give = |layer, key: String, tags: &osm_tags::Tags, shape| {
            number += 1;
            let mut row = Row::new(number);
            row.layer = Some(layer);
            row.values = osm_tags::values(layer, tags, &key);
            row.key = Some(key);
            row.shape = shape;
            each(row)
        };
        for (id, way) in &ways {
            let closed = way.nodes.len() > 3 && way.nodes.first() == way.nodes.last();
            let Some((layer, area)) = osm_tags::layer(&way.tags, closed) else {
                continue;
            };
            // An outline that is only a piece of a multipolygon is drawn with that.
            if area && !closed {
                continue;
            }
            let shape = match places(way) {
                Some(places) if area => Shape::Some(Geometry::Polygon(Polygon::new(
                    LineString(places),
                    Vec::new(),
                ))),
                None if area => beyond(),
                _ => known_stretches(way, &nodes),
            };
            if let ControlFlow::Break(()) = give(layer, format!("way/{id}"), &way.tags, shape) {
                return Ok(());
            }
        }
        for (id, relation) in &relations {
            let Some((layer, _)) = osm_tags::layer(&relation.tags, true) else {
                continue;
            };
            let shape = match outline(relation, &ways, &nodes) {
                Some(parts) => Shape::Some(Geometry::MultiPolygon(parts)),
                None => beyond(),
            };
            if let ControlFlow::Break(()) =
                give(layer, format!("relation/{id}"), &relation.tags, shape)
            {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The stretches of a line whose nodes the extract has: a road goes on beyond its edge,
/// and what lies within is the same without the rest.
fn known_stretches(way: &Way, nodes: &HashMap<i64, Coord>) -> Shape {
    let mut stretches: Vec<LineString<f64>> = way
        .nodes
        .split(|node| !nodes.contains_key(node))
        .map(|known| LineString(known.iter().map(|node| nodes[node]).collect()))
        .filter(|stretch| stretch.0.len() > 1)
        .collect();
    match stretches.len() {
        0 => beyond(),
        1 => Shape::Some(Geometry::LineString(stretches.remove(0))),
        _ => Shape::Some(Geometry::MultiLineString(MultiLineString(stretches))),
    }
}

fn beyond() -> Shape {
    Shape::Bad(Text {
        zh: "轮廓不完整（部分在提取范围之外），请用范围更大的提取文件".to_owned(),
        en:
            "the outline is not complete (part of it lies beyond the extract); use a larger extract"
                .to_owned(),
    })
}

/// The rings of a relation, put together from its ways.
fn outline(
    relation: &Relation,
    ways: &BTreeMap<i64, Way>,
    nodes: &HashMap<i64, Coord>,
) -> Option<MultiPolygon<f64>> {
    let rings = |inner: bool| -> Option<Vec<LineString<f64>>> {
        let mut pieces: Vec<Vec<i64>> = relation
            .members
            .iter()
            .filter(|(_, is_inner)| *is_inner == inner)
            .map(|(way, _)| ways.get(way).map(|way| way.nodes.clone()))
            .collect::<Option<_>>()?;
        let mut rings = Vec::new();
        while let Some(mut ring) = pieces.pop() {
            while ring.first() != ring.last() {
                let end = *ring.last()?;
                let at = pieces
                    .iter()
                    .position(|piece| piece.first() == Some(&end) || piece.last() == Some(&end))?;
                let mut piece = pieces.swap_remove(at);
                if piece.first() != Some(&end) {
                    piece.reverse();
                }
                ring.extend(piece.into_iter().skip(1));
            }
            rings.push(LineString(
                ring.iter()
                    .map(|node| nodes.get(node).copied())
                    .collect::<Option<_>>()?,
            ));
        }
        Some(rings)
    };
    let mut parts: Vec<Polygon<f64>> = rings(false)?
        .into_iter()
        .map(|ring| Polygon::new(ring, Vec::new()))
        .collect();
    if parts.is_empty() {
        return None;
    }
    let mut wholes: Vec<Option<Area>> = (parts.iter())
        .map(|part| Area::from_polygon(part).ok())
        .collect();
    for hole in rings(true)? {
        let own = Polygon::new(hole, Vec::new());
        let area = Area::from_polygon(&own).ok();
        let around = wholes.iter().position(
            |whole| matches!((whole, &area), (Some(whole), Some(hole)) if whole.covers(hole)),
        );
        match around {
            Some(at) => parts[at].interiors_push(own.exterior().clone()),
            // Left as a part: the check of the whole says what is wrong.
            None => {
                parts.push(own);
                wholes.push(area);
            }
        }
    }
    // Ways come in the order of a stack; parts in a stable one.
    parts.sort_by_key(|part| {
        part.exterior()
            .0
            .first()
            .map(|c| (c.x.to_bits(), c.y.to_bits()))
    });
    Some(MultiPolygon(parts))
}
