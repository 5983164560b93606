//! Steps between datums that nobody has published parameters for.

use proj::{Area, Proj};

use super::pair::Pair;

/// A way between two datums for which PROJ knows no parameters: it takes the degrees of
/// one for those of the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Ballpark {
    /// The datum that the coordinates are in, such as `Beijing 1954`.
    pub datum: String,
    /// How far off the places may be, in metres: the shift that published parameters of
    /// another region of the same datum give here, where there are any.
    pub indicative_m: Option<f64>,
}

/// Datums that agree with CGCS2000 to within centimetres to decimetres.
const EQUAL: [&str; 4] = [
    "WGS 84",
    "China Geodetic Coordinate System 2000",
    "ITRF",
    "GRS 1980",
];

impl Ballpark {
    /// What a user is told.
    pub fn message(&self) -> String {
        let datum = &self.datum;
        match self.indicative_m {
            Some(metres) => format!(
                "{datum} 到 CGCS2000 没有公开的本地转换参数，未作基准转换，位置可能偏差约 {metres:.0} 米（按邻区公开参数估计）；请向测绘部门索取七参数或四参数 / no published local parameters lead from {datum} to CGCS2000: the datum step was left out and places may be off by about {metres:.0} m (by the published parameters of a neighbouring region); ask the survey office for its 7 or 4 parameters"
            ),
            None => format!(
                "{datum} 到 CGCS2000 没有公开的转换参数，未作基准转换，位置可能偏差数米至一百余米；请向测绘部门索取七参数或四参数 / no published parameters lead from {datum} to CGCS2000: the datum step was left out and places may be off by metres to somewhat over a hundred metres; ask the survey office for its 7 or 4 parameters"
            ),
        }
    }

    /// Whether a way of PROJ's leaves out a datum step that matters.
    pub(super) fn of(pair: Pair) -> Option<Self> {
        let description = pair.description();
        let (_, step) = description.split_once("Ballpark geographic offset from ")?;
        let (from, to) = step.split(" + ").next()?.split_once(" to ")?;
        let unlike = |name: &str| !EQUAL.iter().any(|equal| name.contains(equal));
        let datum = [from, to].into_iter().find(|name| unlike(name))?.to_owned();
        let indicative_m = indicative(&datum);
        Some(Self {
            datum,
            indicative_m,
        })
    }
}

/// The length of the shift at the mouth of the Pearl River, the region next to Guangzhou
/// for which parameters of Beijing 1954 are published (EPSG:15920).
fn indicative(datum: &str) -> Option<f64> {
    let (x, y) = (114.0, 22.0);
    let area = Area::new(113.0, 21.5, 115.0, 22.5);
    let way = Proj::new_known_crs(datum, "EPSG:4326", Some(area)).ok()?;
    let (lon, lat) = way.convert((x, y)).ok()?;
    let metres = crate::measure::distance_m((x, y).into(), (lon, lat).into());
    (metres > 0.5).then_some(metres)
}
