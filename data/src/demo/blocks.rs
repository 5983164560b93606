//! Blocks: faces without the roads around them, and what is built on them.

use geo::{
    Area, BooleanOps, Buffer, Coord, LineString, MultiLineString, MultiPolygon, Polygon,
    algorithm::buffer::{BufferStyle, LineCap, LineJoin},
};

use super::{
    buildings::{self, House},
    dice::Dice,
    lots::{self, from_polygon, to_polygon},
    mesh::{Mesh, Point},
    zoning::Zone,
};

/// What was made of a face.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) houses: Vec<House>,
    /// Alleys between rows: middle lines and widths.
    pub(super) alleys: Vec<([Point; 2], f64)>,
    /// The land inside its roads, by part.
    pub(super) parts: Vec<Polygon<f64>>,
    /// Strips of fields, ponds, playgrounds: what lies open, and what it is.
    pub(super) open: Vec<(Open, Polygon<f64>)>,
}

/// Open ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    Paddy,
    Vegetables,
    Orchard,
    FishPond,
    VillagePond,
    Square,
    Playground,
    PocketPark,
    Park,
    Yard,
}

/// The land of a face that no road or bank takes.
pub(super) fn inside(mesh: &Mesh, face: u32) -> Vec<Polygon<f64>> {
    let ring = mesh.ring(face);
    let corners: Vec<Point> = ring.iter().map(|&h| mesh.start(h)).collect();
    let mut land = MultiPolygon::new(vec![to_polygon(&corners)]);
    let mut at = 0;
    // Start at a change of width, so that no chain is cut at the ring's beginning.
    let width = |k: usize| mesh.half(ring[k % ring.len()]).along.width();
    let Some(first) = (0..ring.len()).find(|&k| width(k) != width(k + ring.len() - 1)) else {
        return if width(0) > 0.0 {
            let style = BufferStyle::new(-width(0) / 2.0).line_join(LineJoin::Miter(0.6));
            tidy(&land.buffer_with_style(style))
        } else {
            land.0
        };
    };
    while at < ring.len() {
        let start = first + at;
        let mut chain = vec![mesh.start(ring[start % ring.len()])];
        while at < ring.len() && width(first + at) == width(start) {
            chain.push(mesh.end(ring[(first + at) % ring.len()]));
            at += 1;
        }
        if width(start) > 0.0 {
            let line: Vec<Coord<f64>> = chain.iter().map(|p| Coord { x: p[0], y: p[1] }).collect();
            let style = BufferStyle::new(width(start) / 2.0)
                .line_join(LineJoin::Round(0.35))
                .line_cap(LineCap::Round(0.35));
            let road = MultiLineString::new(vec![LineString::new(line)]).buffer_with_style(style);
            land = land.difference(&road);
        }
    }
    tidy(&land)
}

fn tidy(land: &MultiPolygon<f64>) -> Vec<Polygon<f64>> {
    land.iter()
        .filter(|part| part.unsigned_area() > 60.0)
        .cloned()
        .collect()
}

/// Builds on a face.
pub(super) fn build(mesh: &Mesh, face: u32, zone: Zone, seed: u64) -> Block {
    let mut dice = Dice::new(seed, "block", u64::from(face));
    let mut block = Block {
        parts: inside(mesh, face),
        ..Block::default()
    };
    // Where no road runs, walls still keep off the face's edge.
    let bare = mesh
        .ring(face)
        .iter()
        .any(|&h| mesh.half(h).along.width() <= 0.0);
    let buildable = if bare {
        let style = BufferStyle::new(-0.6).line_join(LineJoin::Miter(0.6));
        tidy(&MultiPolygon::new(block.parts.clone()).buffer_with_style(style))
    } else {
        block.parts.clone()
    };
    for part in buildable {
        let ring = from_polygon(&part);
        let direction = lots::street_direction(&ring) + dice.between(-0.03, 0.03);
        buildings::fill(&mut block, face, zone, &ring, direction, &mut dice);
    }
    block
}
