//! Where a request points: two numbers and the system that they are in.

use yizhangtu_data::crs::{Crs, STORED, Transform};
use yizhangtu_index::Point;

use crate::http::Problem;

/// A place as asked for.
#[derive(Clone, Debug)]
pub(super) struct Place {
    x: f64,
    y: f64,
    crs: Option<Crs>,
}

impl Place {
    /// Reads `point=LON,LAT` and `crs=`.
    pub(super) fn parse(point: Option<&str>, crs: Option<&str>) -> Result<Self, Problem> {
        let crs = crs.map(system).transpose()?;
        let Some(point) = point else {
            return Err(wrong(
                "缺少参数，请写成 point=经度,纬度",
                "is missing; write point=LON,LAT",
            ));
        };
        let mut numbers = point.split(',').map(str::trim);
        let (Some(first), Some(second), None) = (numbers.next(), numbers.next(), numbers.next())
        else {
            let count = point.split(',').count();
            return Err(wrong(
                format!("“{point}”有 {count} 个数，应为两个：经度,纬度"),
                format!("“{point}” has {count} numbers; there must be two: longitude,latitude"),
            ));
        };
        Ok(Self {
            x: number(first, "第 1 个数（经度）", "the first number (longitude)")?,
            y: number(second, "第 2 个数（纬度）", "the second number (latitude)")?,
            crs,
        })
    }

    /// Whether the numbers were given without a system, so as longitude and latitude.
    pub(super) fn is_plain(&self) -> bool {
        self.crs.is_none()
    }

    /// The lattice point.
    pub(super) async fn point(&self) -> Result<Point, Problem> {
        let (x, y) = match &self.crs {
            None => (self.x, self.y),
            // Apart, for every answer would have to have room for it.
            Some(crs) => Box::pin(turned(self.x, self.y, crs.clone())).await?,
        };
        snapped(x, y)
    }
}

/// Longitude and latitude of two numbers in another system. Those of PROJ are turned on a thread
/// that may block.
async fn turned(x: f64, y: f64, crs: Crs) -> Result<(f64, f64), Problem> {
    tokio::task::spawn_blocking(move || Transform::new(&crs, &STORED)?.point(x, y))
        .await
        .map_err(Problem::internal)?
        .map_err(|error| wrong_because(&error))
}

/// A system by its name.
pub(super) fn system(name: &str) -> Result<Crs, Problem> {
    Crs::parse(name).map_err(|error| {
        let message = error.to_string();
        let (zh, en) = message.split_once(" / ").unwrap_or((&message, &message));
        Problem::parameter("crs", zh, en)
    })
}

/// The lattice point of a longitude and latitude, or which of the two is wrong.
fn snapped(lon: f64, lat: f64) -> Result<Point, Problem> {
    Point::snap(lon, lat).ok_or_else(|| {
        let swapped = lat.abs() <= 180.0 && lon.abs() <= 90.0;
        let (zh, en) = if lon.is_nan() || lon.abs() > 180.0 {
            (
                format!("第 1 个数（经度）{lon} 不在 -180 到 180 之间"),
                format!("the first number (longitude) {lon} is not between -180 and 180"),
            )
        } else {
            (
                format!("第 2 个数（纬度）{lat} 不在 -90 到 90 之间"),
                format!("the second number (latitude) {lat} is not between -90 and 90"),
            )
        };
        if swapped {
            wrong(
                format!("{zh}；顺序应为经度,纬度，看来写反了"),
                format!("{en}; the order is longitude,latitude: the two seem to be swapped"),
            )
        } else {
            wrong(zh, en)
        }
    })
}

fn number(text: &str, zh: &str, en: &str) -> Result<f64, Problem> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(wrong(
            format!("{zh}“{text}”不是数字，请写成小数，如 113.5901"),
            format!("{en} “{text}” is not a number; write a decimal such as 113.5901"),
        )),
    }
}

fn wrong(zh: impl std::fmt::Display, en: impl std::fmt::Display) -> Problem {
    Problem::parameter("point", zh, en)
}

fn wrong_because(error: &dyn std::error::Error) -> Problem {
    let message = error.to_string();
    let (zh, en) = message.split_once(" / ").unwrap_or((&message, &message));
    wrong(zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(point: &str) -> String {
        let problem = match Place::parse(Some(point), None) {
            Ok(place) => snapped(place.x, place.y).expect_err("a bad point"),
            Err(problem) => problem,
        };
        assert_eq!(problem.status(), 400);
        serde_json::to_value(problem).expect("JSON")["detail"].to_string()
    }

    #[test]
    fn the_wrong_number_is_named() {
        assert!(detail("abc,23").contains("the first number (longitude) “abc”"));
        assert!(detail("113,NaN").contains("第 2 个数（纬度）“NaN”不是数字"));
        assert!(detail("113").contains("has 1 numbers"));
        assert!(detail("113,23,5").contains("has 3 numbers"));
        assert!(detail("200,23").contains("the first number (longitude) 200"));
        let swapped = detail("23.11,113.59");
        assert!(
            swapped.contains("second number") && swapped.contains("写反"),
            "{swapped}"
        );
    }

    #[tokio::test]
    async fn shifted_systems_are_turned() {
        let plain = Place::parse(Some("113.6, 23.1"), None)
            .unwrap()
            .point()
            .await
            .unwrap();
        assert_eq!(plain, Point::snap(113.6, 23.1).unwrap());
        let moved = Place::parse(Some("113.6,23.1"), Some("gcj02"))
            .unwrap()
            .point()
            .await
            .unwrap();
        assert_ne!(moved, plain);
        let metric = Place::parse(Some("459000,2555000"), Some("EPSG:4547"))
            .unwrap()
            .point()
            .await
            .unwrap();
        assert!(
            (metric.lon() - 113.6).abs() < 0.01 && (metric.lat() - 23.1).abs() < 0.01,
            "{metric:?}"
        );
    }
}
