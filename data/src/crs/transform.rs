//! Turning coordinates from one system into another.

use geo::{Coord, Geometry};

use super::{Ballpark, Crs, CrsError, STORED, pair::Pair, shift};

/// A way from one system to another. It may be shared between threads; PROJ's own
/// objects are made once a thread behind it.
#[derive(Clone, Debug)]
pub struct Transform {
    from: Crs,
    to: Crs,
    steps: Vec<Step>,
    ballpark: Option<Ballpark>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Proj(Pair),
    Shift(fn(Coord) -> Coord),
}

impl Transform {
    /// The way between two systems.
    pub fn new(from: &Crs, to: &Crs) -> Result<Self, CrsError> {
        let mut steps = Vec::new();
        let mut ballpark = None;
        if from != to && !(from.is_stored() && to.is_stored()) {
            match from {
                Crs::Gcj02 => steps.push(Step::Shift(shift::gcj02_to_wgs84)),
                Crs::Bd09 => steps.push(Step::Shift(shift::bd09_to_wgs84)),
                _ => {}
            }
            if let Some(pair) = Self::datum_step(from, to)? {
                ballpark = Ballpark::of(pair);
                steps.push(Step::Proj(pair));
            }
            match to {
                Crs::Gcj02 => steps.push(Step::Shift(shift::wgs84_to_gcj02)),
                Crs::Bd09 => steps.push(Step::Shift(shift::wgs84_to_bd09)),
                _ => {}
            }
        }
        Ok(Self {
            from: from.clone(),
            to: to.clone(),
            steps,
            ballpark,
        })
    }

    /// PROJ's part of the way. The shifted systems and WGS 84 stand on what is stored.
    fn datum_step(from: &Crs, to: &Crs) -> Result<Option<Pair>, CrsError> {
        let plain = |crs: &Crs| match crs {
            Crs::Crs84 | Crs::Gcj02 | Crs::Bd09 | Crs::Epsg(4326) => STORED,
            other => other.clone(),
        };
        let (plain_from, plain_to) = (plain(from), plain(to));
        if plain_from == plain_to {
            return Ok(None);
        }
        plain_from.check()?;
        plain_to.check()?;
        Pair::new(plain_from.definition(), plain_to.definition())
            .map(Some)
            .map_err(|reason| CrsError::NoWay {
                from: from.to_string(),
                to: to.to_string(),
                reason,
            })
    }

    /// Whether coordinates stay as they are.
    pub fn is_identity(&self) -> bool {
        self.steps.is_empty()
    }

    /// The datum step that was left out, where nobody has published its parameters.
    pub fn ballpark(&self) -> Option<&Ballpark> {
        self.ballpark.as_ref()
    }

    /// The image of one point: east then north in, east then north out.
    pub fn point(&self, x: f64, y: f64) -> Result<(f64, f64), CrsError> {
        let outside = || CrsError::Outside {
            x,
            y,
            crs: self.from.to_string(),
        };
        if !(x.is_finite() && y.is_finite()) {
            return Err(outside());
        }
        let mut at = Coord { x, y };
        for step in &self.steps {
            at = match step {
                Step::Shift(shift) => shift(at),
                Step::Proj(pair) => pair.convert(at.x, at.y).ok_or_else(outside)?.into(),
            };
        }
        Ok((at.x, at.y))
    }

    /// Turns a geometry in place. On an error it is left half turned.
    pub fn geometry(&self, geometry: &mut Geometry<f64>) -> Result<(), CrsError> {
        if self.is_identity() {
            return Ok(());
        }
        crate::geometry::visit_mut(geometry, &mut |coord| {
            *coord = self.point(coord.x, coord.y)?.into();
            Ok(())
        })
    }

    /// Where coordinates come from.
    pub fn from(&self) -> &Crs {
        &self.from
    }

    /// Where they go.
    pub fn to(&self) -> &Crs {
        &self.to
    }
}
