//! Which coordinate system a file is in, and in which order its numbers stand.

use std::{ops::ControlFlow, path::Path};

use geo::{Coord, CoordsIter};

use super::{
    ImportError,
    source::{Shape, Source},
};
use crate::{
    Text,
    crs::{self, Crs, STORED, Transform},
};

/// Coordinates looked at.
const SAMPLE: usize = 500;

/// How coordinates of a file are turned.
pub(super) struct System {
    pub(super) transform: Transform,
    /// Whether the first number grows to the north.
    pub(super) swapped: bool,
    /// What the user is told.
    pub(super) notes: Vec<Text>,
    /// Where the system is meant to be used, with room around it.
    pub(super) area: Option<[f64; 4]>,
}

/// Whether a file has any place at all, and its first coordinates.
pub(super) fn sample(source: &dyn Source) -> Result<Vec<Coord>, ImportError> {
    let mut places: Vec<Coord> = Vec::new();
    source.rows(&mut |row| {
        if let Shape::Some(shape) | Shape::Closed(shape) = &row.shape {
            let some = shape.coords_iter().take(8);
            // Places of nothing say nothing.
            places.extend(
                some.filter(|c| c.x.is_finite() && c.y.is_finite() && (c.x != 0.0 || c.y != 0.0)),
            );
        }
        if places.len() >= SAMPLE || row.number > 5000 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(places)
}

/// What most coordinates look like: a few wrong rows must not hide what the others are.
fn most(places: &[Coord], near: Option<Coord>) -> Option<crs::Guess> {
    let step = (places.len() / 25).max(1);
    let guesses: Vec<crs::Guess> = places
        .iter()
        .step_by(step)
        .filter_map(|place| crs::guess(&[*place], near))
        .collect();
    let best = guesses
        .iter()
        .max_by_key(|guess| guesses.iter().filter(|other| other == guess).count())?;
    let count = guesses.iter().filter(|other| *other == best).count();
    (count * 2 > places.len().div_ceil(step)).then(|| best.clone())
}

impl System {
    /// Settles the system of a file by what the user says, what the file says, what the
    /// format fixes, and last by the size of the numbers.
    pub(super) fn settle(
        path: &Path,
        source: &dyn Source,
        given: Option<&str>,
        swap: bool,
        near: Option<Coord>,
    ) -> Result<Self, ImportError> {
        let said = source.said();
        let places = sample(source)?;
        let guess = most(&places, near);
        let shown = places.first().copied().unwrap_or_default();
        let mut notes = Vec::new();
        let parse = |name: &str| Crs::parse(name).map_err(|error| ImportError::crs(path, error));
        let degrees = places
            .iter()
            .all(|c| c.x.abs() <= 360.0 && c.y.abs() <= 360.0);
        let named = match (given, &said.crs) {
            (Some(name), _) => Some(parse(name)?),
            (None, Some(name)) if !said.by_format || degrees => Some(parse(name)?),
            _ => None,
        };
        let crs = match (named, &guess) {
            (Some(crs), _) => crs,
            (None, _) if places.is_empty() => STORED,
            (None, Some(guess)) => {
                notes.push(Text {
                    zh: format!("文件未注明坐标系，按坐标数值判定为 {}；如不对请用 --crs 指定", guess.crs),
                    en: format!("the file names no coordinate system; by the size of its numbers it is {}: if not, give it with --crs", guess.crs),
                });
                guess.crs.clone()
            }
            (None, None) => {
                return Err(ImportError::file(
                    path,
                    format!(
                        "坐标系不明：首个坐标 {}, {} 无法判定属于哪个坐标系，请用 --crs 指定（如 EPSG:4547、EPSG:4526、gcj02）",
                        shown.x, shown.y
                    ),
                    format!(
                        "the coordinate system is not known: the first coordinate {}, {} fits several; give it with --crs (EPSG:4547, EPSG:4526, gcj02 …)",
                        shown.x, shown.y
                    ),
                ));
            }
        };
        let looks_swapped = guess.as_ref().is_some_and(|guess| guess.swapped)
            && (crs.is_geographic() == guess.as_ref().is_some_and(|it| it.crs.is_geographic()));
        let swapped = swap || (said.either_order && looks_swapped);
        if looks_swapped && !swapped {
            let order = if crs.is_geographic() {
                ("纬度、经度", "latitude, longitude")
            } else {
                ("北（X）、东（Y）", "north (X), east (Y)")
            };
            return Err(ImportError::file(
                path,
                format!(
                    "坐标顺序写反：首个坐标 {}, {} 像是{}；请调换，或加 --swap-axes",
                    shown.x, shown.y, order.0
                ),
                format!(
                    "the coordinates are in the wrong order: the first, {}, {}, looks like {}; swap them, or add --swap-axes",
                    shown.x, shown.y, order.1
                ),
            ));
        }
        if swapped && said.either_order && !swap {
            notes.push(Text {
                zh: "按数值判定：X 列为北、Y 列为东".to_owned(),
                en: "by the size of the numbers, X is north and Y is east".to_owned(),
            });
        }
        let transform =
            Transform::new(&crs, &STORED).map_err(|error| ImportError::crs(path, error))?;
        if let Some(ballpark) = transform.ballpark() {
            let message = ballpark.message();
            let (zh, en) = message.split_once(" / ").unwrap_or((&message, &message));
            notes.push(Text {
                zh: zh.to_owned(),
                en: en.to_owned(),
            });
        }
        let area = (!crs.is_geographic() || matches!(crs, Crs::Gcj02 | Crs::Bd09))
            .then(|| crs.area_of_use())
            .flatten()
            .map(|[west, south, east, north]| [west - 3.0, south - 3.0, east + 3.0, north + 3.0]);
        let system = Self {
            transform,
            swapped,
            notes,
            area,
        };
        system.check(path, &places, guess.as_ref())?;
        Ok(system)
    }

    /// Refuses a file most of whose places lie where its system is not used.
    fn check(
        &self,
        path: &Path,
        places: &[Coord],
        guess: Option<&crs::Guess>,
    ) -> Result<(), ImportError> {
        let wrong = places
            .iter()
            .filter(|place| self.turn(**place).is_err())
            .count();
        if wrong * 2 <= places.len() {
            return Ok(());
        }
        let (crs, shown) = (self.transform.from(), places[0]);
        let (zh, en) = match guess.filter(|guess| guess.crs != *crs) {
            Some(guess) => (
                format!("，像是 {}；请用 --crs {} 重试", guess.crs, guess.crs),
                format!("; it looks like {}: try --crs {}", guess.crs, guess.crs),
            ),
            None => (
                "；请核对坐标系和坐标顺序".to_owned(),
                "; check the system and the order of coordinates".to_owned(),
            ),
        };
        Err(ImportError::file(
            path,
            format!("坐标 {}, {} 不在 {crs} 的适用范围内{zh}", shown.x, shown.y),
            format!(
                "coordinate {}, {} is not where {crs} is used{en}",
                shown.x, shown.y
            ),
        ))
    }

    /// The stored place of a coordinate of the file.
    ///
    /// # Errors
    /// When it is no number, nowhere, or where the system is not used.
    pub(super) fn turn(&self, place: Coord) -> Result<Coord, Text> {
        let text = |zh: String, en: String| Text { zh, en };
        let (x, y) = if self.swapped {
            (place.y, place.x)
        } else {
            (place.x, place.y)
        };
        if !x.is_finite() || !y.is_finite() {
            return Err(text(
                format!("坐标 {}, {} 不是有限数值，请修正", place.x, place.y),
                format!(
                    "coordinate {}, {} is not a finite number; correct it",
                    place.x, place.y
                ),
            ));
        }
        if x == 0.0 && y == 0.0 {
            return Err(text(
                "坐标为 0, 0（几内亚湾海上，通常是缺失坐标），请补上坐标".to_owned(),
                "coordinate 0, 0 lies in the sea off Africa and mostly stands for a missing one; supply it".to_owned(),
            ));
        }
        let (lon, lat) = self
            .transform
            .point(x, y)
            .map_err(|error| super::source::split(&error.to_string()))?;
        if lon.abs() > 180.0 || lat.abs() > 90.0 {
            let swapped = (3.0..=54.0).contains(&lon) && (73.0..=136.0).contains(&lat);
            let (zh, en) = if swapped {
                (
                    "，疑似经纬度写反，请调换",
                    "; latitude and longitude seem swapped, swap them",
                )
            } else {
                ("，请核对坐标系", "; check the coordinate system")
            };
            return Err(text(
                format!("经纬度 {lon}, {lat} 超出范围（经度 ±180，纬度 ±90）{zh}"),
                format!("longitude and latitude {lon}, {lat} are out of range (±180, ±90){en}"),
            ));
        }
        if let Some([west, south, east, north]) = self.area
            && !((west..=east).contains(&lon) && (south..=north).contains(&lat))
        {
            let crs = self.transform.from();
            return Err(text(
                format!(
                    "坐标 {x}, {y} 不在 {crs} 的适用范围内（换算为 {lon:.4}, {lat:.4}），请核对坐标系和坐标顺序"
                ),
                format!(
                    "coordinate {x}, {y} is not where {crs} is used (it becomes {lon:.4}, {lat:.4}); check the system and the order of coordinates"
                ),
            ));
        }
        Ok(Coord { x: lon, y: lat })
    }
}
