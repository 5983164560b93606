//! A profile: how the columns of one kind of file go into a layer, written once.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use super::{ImportError, Layer};

/// What a `--map` file says.
///
/// ```toml
/// crs = "EPSG:4547"          # coordinate system of the file
/// encoding = "gbk"           # of its texts
/// id = "房屋编号"             # column that identifies a row for ever
/// x = "横坐标"                # columns of the place: east …
/// y = "纵坐标"                # … and north
/// wkt = "图形"                # or one column with WKT
/// table = "房屋"              # table of a GeoPackage, sheet of a workbook
/// ignore = ["OBJECTID"]      # columns that go nowhere
/// [fields]                   # column = field
/// "户主" = "owner"
/// [constants]                # field = value of every row
/// land_nature = "集体"
/// [codes.use]                # of one field: value in the file = code
/// "民房" = "住宅"
/// [units]                    # column = unit that it is in
/// "面积" = "亩"
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Coordinate system.
    pub crs: Option<String>,
    /// Encoding of texts.
    pub encoding: Option<String>,
    /// Column of the identifier.
    pub id: Option<String>,
    /// Column of the easting or longitude.
    pub x: Option<String>,
    /// Column of the northing or latitude.
    pub y: Option<String>,
    /// Column with WKT.
    pub wkt: Option<String>,
    /// Table or sheet.
    pub table: Option<String>,
    /// Columns that go nowhere.
    pub ignore: Vec<String>,
    /// Column to field.
    pub fields: BTreeMap<String, String>,
    /// Field to value.
    pub constants: BTreeMap<String, toml::Value>,
    /// Field to translations: value in the file to code.
    pub codes: BTreeMap<String, BTreeMap<String, String>>,
    /// Column to unit.
    pub units: BTreeMap<String, String>,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// When the file is no TOML or has keys that mean nothing.
    pub fn read(path: &Path) -> Result<Self, ImportError> {
        let text = std::fs::read_to_string(path).map_err(|error| ImportError::io(path, error))?;
        toml::from_str(&text).map_err(|error| {
            ImportError::file(
                path,
                format!("对应表无法读取：{error}"),
                format!("the profile can't be read: {error}"),
            )
        })
    }

    /// Puts another profile's columns, values and codes over its own.
    pub(super) fn overlay(&mut self, other: &Self) {
        self.ignore.extend(other.ignore.iter().cloned());
        let pairs = |map: &BTreeMap<String, String>| map.clone().into_iter();
        self.fields.extend(pairs(&other.fields));
        self.units.extend(pairs(&other.units));
        self.constants.extend(other.constants.clone());
        for (field, codes) in &other.codes {
            let own = self.codes.entry(field.clone()).or_default();
            own.extend(pairs(codes));
        }
    }

    /// Whether all its fields are the layer's.
    pub(super) fn check(&self, layer: &Layer) -> Result<(), ImportError> {
        let named = self
            .fields
            .values()
            .chain(self.constants.keys())
            .chain(self.codes.keys());
        for name in named {
            if layer.field(name).is_none() {
                let known: Vec<&str> = layer.fields.iter().map(|it| it.name.as_str()).collect();
                return Err(ImportError::options(
                    format!(
                        "对应表中的字段“{name}”不在图层 {} 中，现有：{}",
                        layer.id,
                        known.join("，")
                    ),
                    format!(
                        "the profile's field “{name}” is not in layer {}; there are: {}",
                        layer.id,
                        known.join(", ")
                    ),
                ));
            }
        }
        Ok(())
    }
}
