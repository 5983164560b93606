//! Chords that stand for arcs.

use geo::Coord;

/// How far a chord may lie from the arc that it stands for, in drawing units: 5 mm of a metre.
const SAGITTA: f64 = 0.005;
/// As much in degrees.
const SAGITTA_DEGREES: f64 = 5e-8;

/// How many chords stand for an arc.
pub(super) fn pieces(radius: f64, sweep: f64) -> u32 {
    let sagitta = if radius < 1e-2 {
        SAGITTA_DEGREES
    } else {
        SAGITTA
    };
    let step = 2.0 * (1.0 - (sagitta / radius).min(1.0)).acos();
    let count = (sweep.abs() / step.max(1e-3)).ceil();
    (count as u32).clamp(2, 7200)
}

/// The points between two vertices of a polyline whose side is an arc: the bulge is the tangent
/// of a quarter of its angle, greater than 0 where the arc turns left.
pub(super) fn bent(from: Coord, to: Coord, bulge: f64) -> Vec<Coord> {
    let chord = to - from;
    let length = chord.x.hypot(chord.y);
    if length == 0.0 {
        return Vec::new();
    }
    let sweep = 4.0 * bulge.atan();
    let radius = length / (2.0 * (sweep / 2.0).sin());
    // From the middle of the chord to the centre, to its left.
    let apart = radius * (sweep / 2.0).cos();
    let normal = Coord {
        x: -chord.y / length,
        y: chord.x / length,
    };
    let centre = (from + to) / 2.0 + normal * apart;
    let start = (from.y - centre.y).atan2(from.x - centre.x);
    let count = pieces(radius.abs(), sweep);
    (1..count)
        .map(|step| start + sweep * f64::from(step) / f64::from(count))
        .map(|angle| centre + Coord::from((angle.cos(), angle.sin())) * radius.abs())
        .collect()
}
