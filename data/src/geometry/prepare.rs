//! From what a file holds to what is kept: the layer's kind, the lattice, closed and
//! wound rings, and validity; repaired where the shape stays what it was, else refused.

use std::fmt;

use geo::{
    BooleanOps, Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Polygon,
    Validation, Winding, algorithm::bool_ops::FillRule,
};

use super::{outline::self_crossing, snap};
use crate::{GeometryKind, measure::area_m2};

/// Rings whose ends are at most this far apart, in degrees (about a centimetre), are
/// taken for closed: rounding opens them.
pub const CLOSING_GAP: f64 = 1e-7;

/// Areas below this, in m², are nothing.
const NOTHING_M2: f64 = 0.01;

/// A repair may change an area by this part of it, or by a square metre.
const CHANGE: f64 = 0.05;

/// Why a geometry can't be kept.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GeometryError {
    /// The layer holds another kind.
    #[error(
        "图形是{}，本图层只收{}；请改投其他图层或先转换 / the geometry is a {}, this layer takes {}; import it into another layer or convert it", found_zh(found), wanted(*.layer).0, found, wanted(*.layer).1
    )]
    Kind {
        /// OGC name of what was given.
        found: &'static str,
        /// What the layer holds.
        layer: GeometryKind,
    },
    /// Too few different points to make a line or an area.
    #[error(
        "图形只有 {points} 个不同的点，不成{}；请补全或删除 / the geometry has {points} different points, too few for {}; complete or remove it", if *area { "面" } else { "线" }, if *area { "an area" } else { "a line" }
    )]
    TooFewPoints {
        /// How many there are.
        points: usize,
        /// Whether an area is wanted.
        area: bool,
    },
    /// The first and last point of a ring differ.
    #[error(
        "环未闭合：首点 {first} 与末点 {last} 不同；请补上末点（可能缺了界址点） / the ring is not closed: it starts at {first} and ends at {last}; add the last point (vertices may be missing)", first = place(*first), last = place(*last)
    )]
    Unclosed {
        /// Where it starts.
        first: Coord,
        /// Where it ends.
        last: Coord,
    },
    /// The outline crosses itself, and no repair keeps the area.
    #[error(
        "边界自相交于 {at}，按奇偶规则修复后面积由 {before_m2:.2} 变为 {after_m2:.2} 平方米，无法确定原意；请在原软件中修正 / the outline crosses itself at {at}; a repair would change its area from {before_m2:.2} to {after_m2:.2} m², so that it is not clear what is meant; correct it at its source", at = place(*at)
    )]
    Crossing {
        /// Where it does first.
        at: Coord,
        /// What the outline as drawn counts to.
        before_m2: f64,
        /// What would remain.
        after_m2: f64,
    },
    /// Nothing of an area remains.
    #[error(
        "面积为零（各点共线或重合）；请修正或删除 / the area is zero (its points lie on one line or on one another); correct or remove it"
    )]
    Nothing,
    /// The repair did not lead to a valid geometry.
    #[error(
        "面无效且无法修复（{reason}）；请在原软件中修正 / the area is invalid and can't be repaired ({reason}); correct it at its source"
    )]
    Hopeless {
        /// What is wrong.
        reason: String,
    },
}

fn place(at: Coord) -> String {
    format!("({:.7}, {:.7})", at.x, at.y)
}

fn found_zh(found: &str) -> &'static str {
    match found {
        "Point" => "点",
        "MultiPoint" => "多点",
        "LineString" | "Line" => "线",
        "MultiLineString" => "多线",
        "Polygon" | "Rect" | "Triangle" => "面",
        "MultiPolygon" => "多面",
        _ => "混合图形",
    }
}

fn wanted(kind: GeometryKind) -> (&'static str, &'static str) {
    match kind {
        GeometryKind::None => ("无图形的记录", "rows without geometry"),
        GeometryKind::Point => ("点", "points"),
        GeometryKind::Line => ("线", "lines"),
        GeometryKind::Polygon => ("面", "areas"),
        GeometryKind::Any => ("点、线、面", "points, lines and areas"),
    }
}

/// What was mended.
#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// Rings whose ends were a rounding apart were closed.
    Closed,
    /// The outline crossed or touched itself, or parts overlapped; the area was rebuilt.
    Rebuilt {
        /// Where it was wrong first, where that is known.
        at: Option<Coord>,
        /// Area before, in m².
        before_m2: f64,
        /// Area after, in m².
        after_m2: f64,
    },
}

impl fmt::Display for Repair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => out.write_str("补齐闭合点 / closed the ring"),
            Self::Rebuilt {
                at,
                before_m2,
                after_m2,
            } => {
                let at = at.map(place).unwrap_or_default();
                write!(
                    out,
                    "修复自相交或重叠{at}，面积 {before_m2:.2} → {after_m2:.2} 平方米 / rebuilt a crossing or overlapping outline{at}, area {before_m2:.2} → {after_m2:.2} m²"
                )
            }
        }
    }
}

/// A geometry fit to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// On the lattice, valid, outer rings counterclockwise, a single part as itself.
    pub geometry: Geometry<f64>,
    /// What had to be mended.
    pub repairs: Vec<Repair>,
}

/// Makes a geometry in longitude and latitude (EPSG:4490, degrees) fit for a layer.
///
/// The caller has seen to it that coordinates are finite and in range. Vertices that fall
/// together are dropped without a word, as is the direction of rings.
///
/// # Errors
/// When the kind is wrong, a ring open, nothing remains, or a repair would change the
/// area by more than a square metre and 5 %.
pub fn prepare(geometry: Geometry<f64>, kind: GeometryKind) -> Result<Prepared, GeometryError> {
    let mut geometry = conform(geometry, kind)?;
    let mut repairs = Vec::new();
    snap(&mut geometry);
    let geometry = match geometry {
        Geometry::Polygon(it) => areas(vec![it], &mut repairs)?,
        Geometry::MultiPolygon(it) => areas(it.0, &mut repairs)?,
        Geometry::LineString(it) => Geometry::LineString(line(it)?),
        Geometry::MultiLineString(it) => {
            let parts = it.0.into_iter().map(line).collect::<Result<Vec<_>, _>>()?;
            single_line(parts)
        }
        Geometry::MultiPoint(it) if it.0.len() == 1 => Geometry::Point(it.0[0]),
        other => other,
    };
    Ok(Prepared { geometry, repairs })
}

/// The ring of a file's vertices. Says whether a rounding gap had to be closed.
///
/// # Errors
/// When its ends are further apart than [`CLOSING_GAP`] (in units of the file, where
/// those are metres a centimetre as well).
pub fn ring(vertices: Vec<Coord>, metres: bool) -> Result<(LineString<f64>, bool), GeometryError> {
    let (Some(&first), Some(&last)) = (vertices.first(), vertices.last()) else {
        return Ok((LineString(Vec::new()), false));
    };
    let mut ring = LineString(vertices);
    if first == last {
        return Ok((ring, false));
    }
    let gap = if metres { 0.01 } else { CLOSING_GAP };
    if (first.x - last.x).abs() > gap || (first.y - last.y).abs() > gap {
        return Err(GeometryError::Unclosed { first, last });
    }
    ring.0.pop();
    ring.0.push(first);
    Ok((ring, true))
}

/// Whether an area on the lattice is valid: simple rings, holes inside, parts apart.
pub fn is_valid(geometry: &Geometry<f64>) -> bool {
    match geometry {
        Geometry::Polygon(it) => fault(std::slice::from_ref(it)).is_none(),
        Geometry::MultiPolygon(it) => fault(&it.0).is_none(),
        other => other.is_valid(),
    }
}

/// Mends an area; longitude, latitude in degrees on the lattice. `None` where it needs no
/// mending, and for points and lines.
///
/// # Errors
/// As [`prepare`].
pub fn repair(geometry: &Geometry<f64>) -> Result<Option<Prepared>, GeometryError> {
    if is_valid(geometry) {
        return Ok(None);
    }
    prepare(geometry.clone(), GeometryKind::Any).map(Some)
}

/// Brings a geometry to a layer's kind: collections of one kind become multi-parts.
fn conform(geometry: Geometry<f64>, kind: GeometryKind) -> Result<Geometry<f64>, GeometryError> {
    let geometry = match geometry {
        Geometry::Rect(it) => Geometry::Polygon(it.to_polygon()),
        Geometry::Triangle(it) => Geometry::Polygon(it.to_polygon()),
        Geometry::Line(it) => Geometry::LineString(vec![it.start, it.end].into()),
        Geometry::GeometryCollection(it) => gather(it.0, kind)?,
        other => other,
    };
    let fits = match kind {
        GeometryKind::None => false,
        GeometryKind::Any => true,
        GeometryKind::Point => matches!(geometry, Geometry::Point(_) | Geometry::MultiPoint(_)),
        GeometryKind::Line => {
            matches!(
                geometry,
                Geometry::LineString(_) | Geometry::MultiLineString(_)
            )
        }
        GeometryKind::Polygon => {
            matches!(geometry, Geometry::Polygon(_) | Geometry::MultiPolygon(_))
        }
    };
    if fits {
        Ok(geometry)
    } else {
        Err(GeometryError::Kind {
            found: name(&geometry),
            layer: kind,
        })
    }
}

fn name(geometry: &Geometry<f64>) -> &'static str {
    match geometry {
        Geometry::Point(_) => "Point",
        Geometry::Line(_) | Geometry::LineString(_) => "LineString",
        Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => "Polygon",
        Geometry::MultiPoint(_) => "MultiPoint",
        Geometry::MultiLineString(_) => "MultiLineString",
        Geometry::MultiPolygon(_) => "MultiPolygon",
        Geometry::GeometryCollection(_) => "GeometryCollection",
    }
}

/// The members of a collection as one multi-part geometry, where they are of one kind.
fn gather(members: Vec<Geometry<f64>>, kind: GeometryKind) -> Result<Geometry<f64>, GeometryError> {
    let (mut points, mut lines, mut polygons) = (Vec::new(), Vec::new(), Vec::new());
    for member in members {
        match conform(member, GeometryKind::Any)? {
            Geometry::Point(it) => points.push(it),
            Geometry::MultiPoint(it) => points.extend(it.0),
            Geometry::LineString(it) => lines.push(it),
            Geometry::MultiLineString(it) => lines.extend(it.0),
            Geometry::Polygon(it) => polygons.push(it),
            Geometry::MultiPolygon(it) => polygons.extend(it.0),
            _ => {}
        }
    }
    match (points.is_empty(), lines.is_empty(), polygons.is_empty()) {
        (false, true, true) => Ok(Geometry::MultiPoint(MultiPoint(points))),
        (true, false, true) => Ok(Geometry::MultiLineString(MultiLineString(lines))),
        (true, true, false) => Ok(Geometry::MultiPolygon(MultiPolygon(polygons))),
        _ => Err(GeometryError::Kind {
            found: "GeometryCollection",
            layer: kind,
        }),
    }
}

fn line(mut line: LineString<f64>) -> Result<LineString<f64>, GeometryError> {
    line.0.dedup();
    if line.0.len() < 2 {
        return Err(GeometryError::TooFewPoints {
            points: line.0.len(),
            area: false,
        });
    }
    Ok(line)
}

fn single_line(mut parts: Vec<LineString<f64>>) -> Geometry<f64> {
    if parts.len() == 1 {
        Geometry::LineString(parts.remove(0))
    } else {
        Geometry::MultiLineString(MultiLineString(parts))
    }
}

fn areas(
    parts: Vec<Polygon<f64>>,
    repairs: &mut Vec<Repair>,
) -> Result<Geometry<f64>, GeometryError> {
    let before_m2: f64 = parts.iter().map(drawn_m2).sum();
    let given = parts.iter().map(|part| part.exterior().0.len()).max();
    let mut parts: Vec<Polygon<f64>> = parts.into_iter().filter_map(wind).collect();
    if parts.is_empty() {
        return Err(GeometryError::TooFewPoints {
            points: given.unwrap_or_default().saturating_sub(1),
            area: true,
        });
    }
    let Some(wrong) = fault(&parts) else {
        if before_m2 < NOTHING_M2 {
            return Err(GeometryError::Nothing);
        }
        return Ok(single_area(parts));
    };
    // Putting what was rebuilt on the lattice may open a new fault, an order smaller.
    for _ in 0..3 {
        parts = rebuild(&parts);
        if fault(&parts).is_none() {
            break;
        }
    }
    let rebuilt = single_area(parts);
    let after_m2 = area_m2(&rebuilt);
    if after_m2 < NOTHING_M2 {
        return Err(GeometryError::Nothing);
    }
    if (after_m2 - before_m2).abs() > (CHANGE * after_m2).max(1.0) {
        return Err(match wrong.at {
            Some(at) => GeometryError::Crossing {
                at,
                before_m2,
                after_m2,
            },
            None => GeometryError::Hopeless {
                reason: wrong.reason,
            },
        });
    }
    if !is_valid(&rebuilt) {
        return Err(GeometryError::Hopeless {
            reason: wrong.reason,
        });
    }
    repairs.push(Repair::Rebuilt {
        at: wrong.at,
        before_m2,
        after_m2,
    });
    Ok(rebuilt)
}

/// The area that a polygon's outline counts to as it is drawn: where it crosses itself,
/// one loop is taken from the other.
fn drawn_m2(polygon: &Polygon<f64>) -> f64 {
    area_m2(&Geometry::Polygon(polygon.clone()))
}

/// Drops vertices that fall together and holes that vanish, and winds the outer ring
/// counterclockwise and holes clockwise. `None` where no ring remains.
fn wind(polygon: Polygon<f64>) -> Option<Polygon<f64>> {
    let (exterior, interiors) = polygon.into_inner();
    let ring = |mut ring: LineString<f64>| {
        ring.0.dedup();
        (ring.0.len() >= 4).then_some(ring)
    };
    let mut exterior = ring(exterior)?;
    exterior.make_ccw_winding();
    let interiors = interiors
        .into_iter()
        .filter_map(ring)
        .map(|mut ring| {
            ring.make_cw_winding();
            ring
        })
        .collect();
    Some(Polygon::new(exterior, interiors))
}

fn single_area(mut parts: Vec<Polygon<f64>>) -> Geometry<f64> {
    if parts.len() == 1 {
        Geometry::Polygon(parts.remove(0))
    } else {
        Geometry::MultiPolygon(MultiPolygon(parts))
    }
}

struct Fault {
    at: Option<Coord>,
    reason: String,
}

/// What makes parts invalid, if anything does.
fn fault(parts: &[Polygon<f64>]) -> Option<Fault> {
    for ring in parts
        .iter()
        .flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()))
    {
        if let Some(crossing) = self_crossing(ring) {
            return Some(Fault {
                at: Some(crossing.at),
                reason: "自相交 / self-crossing".to_owned(),
            });
        }
    }
    // One simple ring needs no more; the rest is about rings against rings.
    if let [part] = parts
        && part.interiors().is_empty()
    {
        return None;
    }
    let whole = MultiPolygon(parts.to_vec());
    whole.check_validation().err().map(|error| Fault {
        at: None,
        reason: error.to_string(),
    })
}

/// What the even-odd rule says each polygon covers, together.
fn rebuild(parts: &[Polygon<f64>]) -> Vec<Polygon<f64>> {
    let nothing = MultiPolygon::<f64>(Vec::new());
    let mut whole = nothing.clone();
    for part in parts {
        let clean = part.union_with_fill_rule(&nothing, FillRule::EvenOdd);
        whole = if whole.0.is_empty() {
            clean
        } else {
            whole.union_with_fill_rule(&clean, FillRule::NonZero)
        };
    }
    let mut geometry = Geometry::MultiPolygon(whole);
    snap(&mut geometry);
    let Geometry::MultiPolygon(whole) = geometry else {
        return Vec::new();
    };
    whole
        .0
        .into_iter()
        .filter_map(wind)
        .filter(|part| drawn_m2(part) >= NOTHING_M2)
        .collect()
}
