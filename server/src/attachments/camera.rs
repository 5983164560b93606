//! What a camera wrote into a picture (EXIF 2.32): when, where and whither.

use std::io::Cursor;

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone};
use exif::{Exif, In, Rational, Reader, Tag, Value};

/// What the camera says. Nothing of it is checked: a camera's clock may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Taken {
    pub(super) at: Option<DateTime<FixedOffset>>,
    /// Longitude, latitude in WGS 84.
    pub(super) place: Option<(f64, f64)>,
    /// Degrees from north, clockwise.
    pub(super) bearing: Option<f64>,
}

/// Reads what a camera wrote; nothing where it wrote nothing, or nothing that can be read.
pub(super) fn taken(content: &[u8]) -> Taken {
    let exif = (Reader::new().read_from_container(&mut Cursor::new(content))).ok();
    exif.map_or_else(Taken::default, |exif| Taken {
        at: instant(&exif),
        place: place(&exif),
        bearing: bearing(&exif),
    })
}

fn instant(exif: &Exif) -> Option<DateTime<FixedOffset>> {
    let time = text(exif, Tag::DateTimeOriginal).or_else(|| text(exif, Tag::DateTime))?;
    let local = NaiveDateTime::parse_from_str(&time, "%Y:%m:%d %H:%M:%S").ok()?;
    let offset = text(exif, Tag::OffsetTimeOriginal)
        .or_else(|| text(exif, Tag::OffsetTime))
        .and_then(|offset| offset.parse::<FixedOffset>().ok());
    offset
        .unwrap_or(yizhangtu_data::clock::CHINA)
        .from_local_datetime(&local)
        .single()
}

fn place(exif: &Exif) -> Option<(f64, f64)> {
    let longitude = angle(exif, Tag::GPSLongitude)? * sign(exif, Tag::GPSLongitudeRef, "W");
    let latitude = angle(exif, Tag::GPSLatitude)? * sign(exif, Tag::GPSLatitudeRef, "S");
    // Cameras without a fix write zeros.
    let real =
        longitude.abs() <= 180.0 && latitude.abs() <= 90.0 && (longitude != 0.0 || latitude != 0.0);
    real.then_some((longitude, latitude))
}

fn bearing(exif: &Exif) -> Option<f64> {
    let bearing = *rationals(exif, Tag::GPSImgDirection)?.first()?;
    (0.0..=360.0).contains(&bearing).then_some(bearing)
}

/// Degrees, minutes, seconds.
fn angle(exif: &Exif, tag: Tag) -> Option<f64> {
    let parts = rationals(exif, tag)?;
    let degrees = parts.iter().rev().fold(0.0, |sum, part| sum / 60.0 + part);
    degrees.is_finite().then_some(degrees)
}

fn sign(exif: &Exif, tag: Tag, negative: &str) -> f64 {
    let letter = text(exif, tag).unwrap_or_default();
    if letter.eq_ignore_ascii_case(negative) {
        -1.0
    } else {
        1.0
    }
}

fn rationals(exif: &Exif, tag: Tag) -> Option<Vec<f64>> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(parts) if parts.iter().all(|part| part.denom != 0) => {
            Some(parts.iter().map(Rational::to_f64).collect())
        }
        _ => None,
    }
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(parts) => {
            let text = String::from_utf8_lossy(parts.first()?);
            Some(text.trim_matches([' ', '\0']).to_owned())
        }
        _ => None,
    }
}
