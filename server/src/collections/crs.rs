//! Coordinate systems that features are given in (OGC API Features Part 2).

use std::borrow::Cow;

use geo::{Geometry, MapCoordsInPlace, Rect};
use yizhangtu_data::crs::{Crs, CrsError, Transform};

use crate::http::Problem;

/// A system that answers may be given in and boxes asked in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Offered {
    /// The URI that clients name it by.
    pub(crate) uri: &'static str,
    /// The name that transformations know it by; none where it is longitude and latitude,
    /// which CGCS2000 and WGS 84 share to within centimetres.
    name: Option<&'static str>,
    /// Whether the standard puts north (latitude) before east (longitude).
    north_first: bool,
}

/// CRS84: longitude, latitude.
pub(crate) static CRS84: Offered = Offered {
    uri: "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    name: None,
    north_first: false,
};

/// All systems offered, the default first. The order of axes is that of the EPSG registry.
pub(crate) static OFFERED: [&Offered; 6] = [
    &CRS84,
    &Offered {
        uri: "http://www.opengis.net/def/crs/EPSG/0/4490",
        name: None,
        north_first: true,
    },
    &Offered {
        uri: "http://www.opengis.net/def/crs/EPSG/0/4326",
        name: None,
        north_first: true,
    },
    &Offered {
        uri: "http://www.opengis.net/def/crs/EPSG/0/4547",
        name: Some("EPSG:4547"),
        north_first: true,
    },
    &Offered {
        uri: "http://www.opengis.net/def/crs/EPSG/0/4526",
        name: Some("EPSG:4526"),
        north_first: true,
    },
    &Offered {
        uri: "http://www.opengis.net/def/crs/EPSG/0/3857",
        name: Some("EPSG:3857"),
        north_first: false,
    },
];

/// The system that features are stored in.
pub(crate) const STORED: &str = "http://www.opengis.net/def/crs/EPSG/0/4490";

impl Offered {
    /// The system that a parameter names.
    pub(crate) fn named(parameter: &'static str, uri: &str) -> Result<&'static Self, Problem> {
        // Some clients wrap the URI in angle brackets or write https.
        let plain = uri.trim_start_matches('<').trim_end_matches('>');
        let plain = plain.replacen("https://", "http://", 1);
        (OFFERED.iter().copied().find(|offered| offered.uri == plain)).ok_or_else(|| {
            let all = OFFERED.map(|offered| offered.uri).join(", ");
            Problem::parameter(
                parameter,
                format_args!("没有坐标系“{uri}”，可用的有 {all}"),
                format_args!("no coordinate system “{uri}”; there are {all}"),
            )
        })
    }

    /// The way from this system to longitude and latitude, and whether its first number is
    /// the northing or latitude; none where nothing is to be turned.
    pub(super) fn reading(&self) -> Result<Option<(Transform, bool)>, CrsError> {
        let stored = Crs::parse("EPSG:4490")?;
        let north_first = self.north_first;
        match self.name {
            None if !north_first => Ok(None),
            None => Ok(Some((Transform::new(&stored, &stored)?, true))),
            Some(name) => Ok(Some((
                Transform::new(&Crs::parse(name)?, &stored)?,
                north_first,
            ))),
        }
    }

    /// The writer of coordinates in this system.
    pub(crate) fn projection(&self) -> Result<Projection, CrsError> {
        let transform = match self.name {
            None => None,
            Some(name) => Some(Transform::new(
                &Crs::parse("EPSG:4490")?,
                &Crs::parse(name)?,
            )?),
        };
        Ok(Projection {
            transform,
            north_first: self.north_first,
        })
    }

    /// A box given in this system, as one in longitude and latitude that holds it.
    ///
    /// `corners` are the four numbers in this system's order of axes. A box in a projected
    /// system is no box in degrees: the smallest that holds its edges is taken.
    pub(crate) fn to_degrees(&self, corners: [f64; 4]) -> Result<[f64; 4], CrsError> {
        let [a, b, c, d] = corners;
        let [west, south, east, north] = if self.north_first {
            [b, a, d, c]
        } else {
            corners
        };
        let Some(name) = self.name else {
            return Ok([west, south, east, north]);
        };
        let back = Transform::new(&Crs::parse(name)?, &Crs::parse("EPSG:4490")?)?;
        let mut held: Option<[f64; 4]> = None;
        const STEPS: u32 = 20;
        for step in 0..=STEPS {
            let part = f64::from(step) / f64::from(STEPS);
            let x = west + (east - west) * part;
            let y = south + (north - south) * part;
            for (x, y) in [(x, south), (x, north), (west, y), (east, y)] {
                let (lon, lat) = back.point(x, y)?;
                held = Some(match held {
                    None => [lon, lat, lon, lat],
                    Some([w, s, e, n]) => [w.min(lon), s.min(lat), e.max(lon), n.max(lat)],
                });
            }
        }
        Ok(held.unwrap_or([west, south, east, north]))
    }
}

/// Turns stored coordinates into those of an answer.
#[derive(Clone)]
pub(crate) struct Projection {
    transform: Option<Transform>,
    /// Whether the first number written is the northing or latitude.
    pub(crate) north_first: bool,
}

impl Projection {
    /// Longitude and latitude as stored.
    pub(crate) fn stored() -> Self {
        Self {
            transform: None,
            north_first: false,
        }
    }

    /// A geometry in the system, east before north still.
    pub(crate) fn project<'a>(
        &self,
        geometry: &'a Geometry<f64>,
    ) -> Result<Cow<'a, Geometry<f64>>, CrsError> {
        match &self.transform {
            None => Ok(Cow::Borrowed(geometry)),
            Some(transform) => {
                let mut turned = geometry.clone();
                transform.geometry(&mut turned)?;
                // A tenth of a millimetre: what follows is the noise of the transformation.
                turned.map_coords_in_place(|at| geo::Coord {
                    x: (at.x * 1e4).round() / 1e4,
                    y: (at.y * 1e4).round() / 1e4,
                });
                Ok(Cow::Owned(turned))
            }
        }
    }
}

/// The boxes in degrees of four numbers: two where the box spans the antimeridian.
pub(crate) fn boxes([west, south, east, north]: [f64; 4]) -> Vec<Rect<f64>> {
    let one = |west: f64, east: f64| Rect::new((west, south), (east, north));
    if west <= east {
        vec![one(west, east)]
    } else {
        vec![one(west, 180.0), one(-180.0, east)]
    }
}
