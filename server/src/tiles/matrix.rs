//! The tile matrix sets that tiles are offered in (OGC 17-083r4).

use serde_json::{Value, json};
use yizhangtu_tiles::Tiling;

use super::LAST_ZOOM;
use crate::http::Problem;

/// Metres of a degree along the equator: of the ellipsoids of WGS 84 and CGCS2000 alike.
const METRES_A_DEGREE: f64 = 111_319.490_793_273_6;
/// Half of the equator in metres, as 17-083r4 gives it.
const HALF: f64 = 20_037_508.342_789_244;
/// Metres of a pixel that scales are stated for.
const PIXEL: f64 = 0.000_28;

/// A tile matrix set.
pub(super) struct Matrix {
    pub(super) id: &'static str,
    title: &'static str,
    uri: Option<&'static str>,
    crs: &'static str,
    axes: [&'static str; 2],
    well_known: Option<&'static str>,
    pub(super) tiling: Tiling,
    /// The name of its zoom 0.
    pub(super) first: u8,
    /// The north-western corner, in the order of the axes.
    origin: [f64; 2],
    /// Units of the reference system a pixel at its zoom 0, and metres a unit.
    cell: f64,
    metres: f64,
}

/// All that are offered.
pub(super) static MATRICES: [Matrix; 3] = [
    Matrix {
        id: "WebMercatorQuad",
        title: "Google Maps Compatible for the World",
        uri: Some("http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"),
        crs: "http://www.opengis.net/def/crs/EPSG/0/3857",
        axes: ["X", "Y"],
        well_known: Some("http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible"),
        tiling: Tiling::Mercator,
        first: 0,
        origin: [-HALF, HALF],
        cell: 156_543.033_928_041,
        metres: 1.0,
    },
    Matrix {
        id: "WorldCRS84Quad",
        title: "CRS84 for the World",
        uri: Some("http://www.opengis.net/def/tilematrixset/OGC/1.0/WorldCRS84Quad"),
        crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        axes: ["Lon", "Lat"],
        well_known: Some("http://www.opengis.net/def/wkss/OGC/1.0/GoogleCRS84Quad"),
        tiling: Tiling::Degrees,
        first: 0,
        origin: [-180.0, 90.0],
        cell: 0.703_125,
        metres: METRES_A_DEGREE,
    },
    Matrix {
        id: "c",
        title: "天地图经纬度 / Tianditu, degrees of CGCS2000",
        uri: None,
        crs: "http://www.opengis.net/def/crs/EPSG/0/4490",
        axes: ["Lat", "Lon"],
        well_known: None,
        tiling: Tiling::Degrees,
        first: 1,
        origin: [90.0, -180.0],
        cell: 0.703_125,
        metres: METRES_A_DEGREE,
    },
];

/// The set of a name.
pub(super) fn named(id: &str) -> Result<&'static Matrix, Problem> {
    MATRICES.iter().find(|matrix| matrix.id == id).ok_or_else(|| {
        let ids: Vec<&str> = MATRICES.iter().map(|matrix| matrix.id).collect();
        Problem::not_found(format!(
            "没有瓦片矩阵集“{id}”，可用的是 {zh} / there is no tile matrix set “{id}”; there are {en}",
            zh = ids.join("、"),
            en = ids.join(", "),
        ))
    })
}

impl Matrix {
    /// The name of the level that shows as much as a zoom of `WebMercatorQuad`.
    pub(super) fn at_zoom(&self, zoom: u8) -> u8 {
        match self.tiling {
            Tiling::Mercator => zoom,
            Tiling::Degrees => zoom.saturating_sub(1),
        }
        .saturating_add(self.first)
    }

    /// Its identifier, title and reference system.
    pub(super) fn named(&self) -> Value {
        let mut named = json!({ "id": self.id, "title": self.title, "crs": self.crs });
        if let Some(uri) = self.uri {
            named["uri"] = uri.into();
        }
        named
    }

    /// A set of tiles in it.
    pub(super) fn set(&self, title: &str) -> Value {
        let mut set = json!({
            "title": title,
            "dataType": "vector",
            "crs": self.crs,
            "tileMatrixSetId": self.id,
        });
        if let Some(uri) = self.uri {
            set["tileMatrixSetURI"] = uri.into();
        }
        set
    }

    /// Its matrices, to the last that is offered.
    pub(super) fn definition(&self) -> Value {
        let last = self.at_zoom(LAST_ZOOM);
        let matrices: Vec<Value> = (self.first..=last)
            .map(|name| {
                let rows = 1_u32 << (name - self.first);
                let columns = match self.tiling {
                    Tiling::Mercator => rows,
                    Tiling::Degrees => 2 * rows,
                };
                let cell = self.cell / f64::from(rows);
                json!({
                    "id": name.to_string(),
                    "scaleDenominator": cell * self.metres / PIXEL,
                    "cellSize": cell,
                    "cornerOfOrigin": "topLeft",
                    "pointOfOrigin": self.origin,
                    "tileWidth": 256,
                    "tileHeight": 256,
                    "matrixWidth": columns,
                    "matrixHeight": rows,
                })
            })
            .collect();
        let mut definition = self.named();
        definition["orderedAxes"] = json!(self.axes);
        if let Some(set) = self.well_known {
            definition["wellKnownScaleSet"] = set.into();
        }
        definition["tileMatrices"] = matrices.into();
        definition
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 17-083r4, annex D; and the capabilities of 天地图, whose `c` begins with level 1.
    #[test]
    fn scales_are_those_of_the_standard() {
        let of = |id: &str, at: usize| named(id).unwrap().definition()["tileMatrices"][at].clone();
        let near =
            |value: &Value, wanted: f64| (value.as_f64().unwrap() / wanted - 1.0).abs() < 1e-9;
        assert!(near(
            &of("WebMercatorQuad", 0)["scaleDenominator"],
            559_082_264.028_717_8
        ));
        assert!(near(
            &of("WorldCRS84Quad", 0)["scaleDenominator"],
            279_541_132.014_358_9
        ));
        let first = of("c", 0);
        assert_eq!(
            (&first["id"], &first["matrixWidth"], &first["matrixHeight"]),
            (&json!("1"), &json!(2), &json!(1))
        );
        let last = of("c", 16);
        assert_eq!(last["id"], "17");
        assert!(near(&last["cellSize"], 0.703_125 / 65_536.0));
        assert!(named("GoogleMaps").is_err());
    }
}
