//! Which columns of a table are coordinates, and what they say.

/// Names of the column with the longitude or easting, in small letters.
const EAST: [&str; 14] = [
    "lon",
    "lng",
    "long",
    "longitude",
    "经度",
    "东经",
    "x",
    "x坐标",
    "point_x",
    "lon_wgs84",
    "east",
    "easting",
    "东坐标",
    "横坐标",
];
/// Names of the column with the latitude or northing, at the places of [`EAST`].
const NORTH: [&str; 14] = [
    "lat",
    "lat",
    "lat",
    "latitude",
    "纬度",
    "北纬",
    "y",
    "y坐标",
    "point_y",
    "lat_wgs84",
    "north",
    "northing",
    "北坐标",
    "纵坐标",
];

/// Positions of the two coordinate columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CoordinateColumns {
    /// Longitude or easting.
    pub(crate) east: usize,
    /// Latitude or northing.
    pub(crate) north: usize,
}

/// Why a row has no coordinates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The cell is empty or the row too short.
    #[error("“{column}”为空 / “{column}” is empty")]
    Empty {
        /// Title of the column.
        column: String,
    },
    /// The cell is no number.
    #[error(
        "“{column}”：“{text}”不是数字，请写成小数 / “{column}”: “{text}” is not a number; write a decimal"
    )]
    NotANumber {
        /// Title of the column.
        column: String,
        /// What stands there.
        text: String,
    },
}

impl CoordinateColumns {
    /// The coordinate columns by their titles; none where there is no such pair.
    pub(crate) fn guess<T: AsRef<str>>(titles: &[T]) -> Option<Self> {
        let titles: Vec<String> = titles
            .iter()
            .map(|title| {
                title
                    .as_ref()
                    .trim()
                    .trim_start_matches('\u{feff}')
                    .to_lowercase()
            })
            .collect();
        let find = |name: &str| titles.iter().position(|title| title == name);
        EAST.iter().zip(NORTH).find_map(|(east, north)| {
            Some(Self {
                east: find(east)?,
                north: find(north)?,
            })
        })
    }

    /// The coordinates of a row, east first.
    ///
    /// # Errors
    /// When a cell is empty or no finite number.
    pub(crate) fn read<'r>(
        &self,
        titles: &[String],
        cell: impl Fn(usize) -> Option<&'r str>,
    ) -> Result<(f64, f64), Unreadable> {
        let number = |at: usize| {
            let column = || titles.get(at).cloned().unwrap_or_default();
            let text = cell(at).unwrap_or_default().trim();
            if text.is_empty() {
                return Err(Unreadable::Empty { column: column() });
            }
            text.parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .ok_or_else(|| Unreadable::NotANumber {
                    column: column(),
                    text: text.to_owned(),
                })
        };
        Ok((number(self.east)?, number(self.north)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinate_columns_are_known_by_their_titles() {
        let guess = |titles: &[&str]| {
            CoordinateColumns::guess(titles).map(|found| (found.east, found.north))
        };
        assert_eq!(guess(&["\u{feff}Lat", "Lon"]), Some((1, 0)));
        assert_eq!(guess(&["名称", "经度", "纬度"]), Some((1, 2)));
        assert_eq!(guess(&["X", "Y"]), Some((0, 1)));
        assert_eq!(guess(&["lng", "name", "lat"]), Some((0, 2)));
        assert_eq!(guess(&["lon", "name"]), None);
        assert_eq!(guess(&[]), None);
    }

    #[test]
    fn a_bad_cell_is_named() {
        let titles = ["经度".to_owned(), "纬度".to_owned()];
        let columns = CoordinateColumns { east: 0, north: 1 };
        let read = |cells: &[&'static str]| {
            let cells = cells.to_vec();
            columns.read(&titles, move |at| cells.get(at).copied())
        };
        assert_eq!(read(&["113.5", " 23.1 "]), Ok((113.5, 23.1)));
        assert_eq!(
            read(&["113.5"]).unwrap_err().to_string(),
            "“纬度”为空 / “纬度” is empty"
        );
        assert!(
            read(&["东", "23"])
                .unwrap_err()
                .to_string()
                .contains("“东”不是数字")
        );
        assert!(read(&["inf", "23"]).is_err());
    }
}
