//! Coordinate reference systems: the door that every coordinate comes in and goes out by.
//!
//! What is kept is EPSG:4490 (CGCS2000), longitude then latitude. Every other system is
//! turned by PROJ, and GCJ-02 and BD-09 by the published formulas. In every function the
//! first number is the one that grows to the east (longitude, easting) and the second
//! the one that grows to the north, whatever order the system's own standard names.

mod datum;
mod detect;
mod pair;
#[cfg(test)]
mod reference;
mod shift;
mod transform;

use std::{fmt, sync::Arc};

pub use datum::Ballpark;
pub use detect::{Guess, guess};
pub use shift::{
    ShiftHint, bd09_to_wgs84, gcj02_to_wgs84, shift_hint, wgs84_to_bd09, wgs84_to_gcj02,
};
pub use transform::Transform;

/// What can be wrong with a system or a coordinate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CrsError {
    /// The system's name or definition is not known to PROJ.
    #[error(
        "坐标系“{name}”无法识别（{reason}）；请用 --crs 指定，如 EPSG:4490、EPSG:4547、gcj02、bd09 / coordinate system “{name}” is not known ({reason}); give one with --crs, such as EPSG:4490, EPSG:4547, gcj02, bd09"
    )]
    Unknown {
        /// As it was written.
        name: String,
        /// PROJ's own words.
        reason: String,
    },
    /// Both systems are known, but PROJ knows no way between them.
    #[error(
        "从 {from} 到 {to} 没有转换方法（{reason}） / there is no way from {from} to {to} ({reason})"
    )]
    NoWay {
        /// Source.
        from: String,
        /// Target.
        to: String,
        /// PROJ's own words.
        reason: String,
    },
    /// The coordinate has no image.
    #[error(
        "坐标 {x}, {y} 超出 {crs} 的范围；请核对坐标系和坐标顺序 / coordinate {x}, {y} is outside what {crs} can express; check the system and the order of the coordinates"
    )]
    Outside {
        /// East.
        x: f64,
        /// North.
        y: f64,
        /// The system that it was said to be in.
        crs: String,
    },
}

/// A coordinate reference system.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Crs {
    /// WGS 84 as longitude, latitude: GeoJSON's own (RFC 7946).
    Crs84,
    /// A code of the EPSG registry.
    Epsg(u32),
    /// The shifted system of Chinese web maps (国测局坐标，火星坐标).
    Gcj02,
    /// Baidu's shift on top of GCJ-02.
    Bd09,
    /// A definition that PROJ understands: WKT of a `.prj` file, or a PROJ string.
    Definition(Arc<str>),
}

/// EPSG:4490, CGCS2000 longitude and latitude: what is stored.
pub const STORED: Crs = Crs::Epsg(4490);

impl Crs {
    /// Reads a name as users and files write it: `EPSG:4547`, `4547`, `gcj02`, `BD-09`,
    /// `CRS84`, `urn:ogc:def:crs:EPSG::4547`, `http://www.opengis.net/def/crs/EPSG/0/4547`,
    /// WKT or a PROJ string. Says whether PROJ knows it.
    pub fn parse(name: &str) -> Result<Self, CrsError> {
        let crs = Self::read(name).ok_or_else(|| CrsError::Unknown {
            name: shorten(name),
            reason: "写法不对 / not a known way to write one".to_owned(),
        })?;
        crs.check()?;
        Ok(crs)
    }

    fn read(name: &str) -> Option<Self> {
        let name = name.trim().trim_matches('\u{feff}');
        let folded: String = name
            .to_ascii_lowercase()
            .chars()
            .filter(|c| !matches!(c, '-' | '_' | ' '))
            .collect();
        match folded.as_str() {
            "" => return None,
            "crs84"
            | "ogc:crs84"
            | "wgs84"
            | "urn:ogc:def:crs:ogc:1.3:crs84"
            | "urn:ogc:def:crs:ogc::crs84" => {
                return Some(Self::Crs84);
            }
            "cgcs2000" => return Some(STORED),
            "gcj02" | "gcj" | "火星坐标" | "国测局坐标" => return Some(Self::Gcj02),
            "bd09" | "bd09ll" | "百度坐标" => return Some(Self::Bd09),
            _ => {}
        }
        if folded.ends_with("/ogc/1.3/crs84") || folded.ends_with("/ogc/0/crs84") {
            return Some(Self::Crs84);
        }
        if let Ok(code) = folded.parse::<u32>() {
            return Some(Self::Epsg(code));
        }
        if name.contains('[') || name.starts_with('+') {
            return Some(Self::Definition(name.into()));
        }
        // EPSG:n, urn:ogc:def:crs:EPSG:[version]:n, …/def/crs/EPSG/0/n
        let (_, after) = folded.split_once("epsg")?;
        let code = after.rsplit([':', '/', '#']).next()?;
        code.trim_end_matches(".xml").parse().ok().map(Self::Epsg)
    }

    fn check(&self) -> Result<(), CrsError> {
        match self {
            Self::Crs84 | Self::Gcj02 | Self::Bd09 | Self::Epsg(4326 | 4490) => Ok(()),
            Self::Epsg(_) | Self::Definition(_) => {
                let definition = self.definition();
                pair::known(&definition).map_err(|reason| CrsError::Unknown {
                    name: self.to_string(),
                    reason,
                })
            }
        }
    }

    /// What PROJ is asked for; the shifted systems stand on WGS 84.
    fn definition(&self) -> String {
        match self {
            Self::Crs84 | Self::Gcj02 | Self::Bd09 => "EPSG:4326".to_owned(),
            Self::Epsg(code) => format!("EPSG:{code}"),
            Self::Definition(text) => text.to_string(),
        }
    }

    /// Whether coordinates are degrees of WGS 84 or CGCS2000 without any shift: equal to
    /// what is stored to within centimetres.
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Crs84 | Self::Epsg(4490 | 4326))
    }

    /// Whether coordinates are longitude and latitude in degrees.
    pub fn is_geographic(&self) -> bool {
        match self {
            Self::Crs84 | Self::Gcj02 | Self::Bd09 | Self::Epsg(4326 | 4490) => true,
            Self::Epsg(_) | Self::Definition(_) => pair::is_geographic(&self.definition()),
        }
    }

    /// The area that the system is made for: west, south, east, north in degrees.
    pub fn area_of_use(&self) -> Option<[f64; 4]> {
        match self {
            Self::Crs84 | Self::Epsg(4326) => None,
            Self::Gcj02 | Self::Bd09 => Some(shift::CHINA),
            Self::Epsg(_) | Self::Definition(_) => pair::area_of_use(&self.definition()),
        }
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crs84 => out.write_str("CRS84"),
            Self::Epsg(code) => write!(out, "EPSG:{code}"),
            Self::Gcj02 => out.write_str("GCJ-02"),
            Self::Bd09 => out.write_str("BD-09"),
            // The name of a WKT definition is its first quoted text.
            Self::Definition(text) => match text.split('"').nth(1) {
                Some(name) => out.write_str(name),
                None => out.write_str(&shorten(text)),
            },
        }
    }
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_and_files_write_them() {
        for (name, crs) in [
            ("EPSG:4547", Crs::Epsg(4547)),
            ("epsg:4547", Crs::Epsg(4547)),
            ("4547", Crs::Epsg(4547)),
            ("urn:ogc:def:crs:EPSG::4547", Crs::Epsg(4547)),
            ("urn:ogc:def:crs:EPSG:6.9:4490", Crs::Epsg(4490)),
            (
                "http://www.opengis.net/def/crs/EPSG/0/4526",
                Crs::Epsg(4526),
            ),
            (
                "http://www.opengis.net/gml/srs/epsg.xml#4326",
                Crs::Epsg(4326),
            ),
            ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", Crs::Crs84),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", Crs::Crs84),
            ("GCJ-02", Crs::Gcj02),
            ("gcj02", Crs::Gcj02),
            ("BD09", Crs::Bd09),
            ("CGCS2000", STORED),
        ] {
            assert_eq!(Crs::parse(name), Ok(crs), "{name}");
        }
    }

    #[test]
    fn an_unknown_system_is_named_with_the_remedy() {
        for name in ["EPSG:99999", "", "广州2000", "EPSG:", "PROJCS[\"x\"]"] {
            let error = Crs::parse(name).unwrap_err().to_string();
            assert!(error.contains("--crs"), "{error}");
        }
        assert!(
            Crs::parse("EPSG:99999")
                .unwrap_err()
                .to_string()
                .contains("EPSG:99999")
        );
    }

    #[test]
    fn a_prj_file_of_a_desktop_program_is_understood() {
        let wkt = r#"PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;
        let crs = Crs::parse(wkt).unwrap();
        assert_eq!(crs.to_string(), "CGCS2000_3_Degree_GK_CM_114E");
        assert!(!crs.is_geographic());
        let point = Transform::new(&crs, &STORED)
            .unwrap()
            .point(433_591.000_5, 2_573_701.535_2)
            .unwrap();
        assert!(
            (point.0 - 113.351).abs() < 1e-8 && (point.1 - 23.262).abs() < 1e-8,
            "{point:?}"
        );
    }
}
