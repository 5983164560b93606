//! Whether rows lie where a village can be: near the one in the file, or at least on land.

use std::collections::BTreeMap;

use geo::{Coord, CoordsIter};

use super::{
    ImportError, Options, Profile, Report,
    home::{FAR_M, Home},
    job::{Job, Pending},
    land,
};
use crate::Text;

/// Refuses the rows that lie far from the village, or in the sea where the target has none
/// to tell; warns of those just outside.
///
/// # Errors
/// When nearly all rows lie beside the village by the shift of a web map and no system was
/// named.
pub(super) fn refuse_misplaced(
    home: Option<&Home>,
    options: &Options,
    profile: &Profile,
    jobs: &mut BTreeMap<String, Job>,
    report: &mut Report,
) -> Result<(), ImportError> {
    if let Some(home) = home {
        tell_shift(home, options, profile, jobs, report)?;
    }
    let files = report.files.clone();
    let mut outside = 0;
    for job in jobs.values_mut() {
        let mut misplaced = Vec::new();
        for (at, pending) in job.pending.iter().enumerate() {
            let Some(place) = place_of(pending) else {
                continue;
            };
            let Some(home) = home else {
                if land::at_sea(place) {
                    misplaced.push((at, in_the_sea(place)));
                }
                continue;
            };
            let distance = home.distance_m(place);
            if distance > FAR_M {
                misplaced.push((at, far_away(place, distance)));
            } else if !home.contains(place) {
                outside += 1;
            }
        }
        for (at, words) in misplaced.into_iter().rev() {
            let pending = job.pending.remove(at);
            job.refuse(
                &files[pending.file],
                pending.row,
                vec![(Some("geometry".to_owned()), words)],
                report,
            );
        }
    }
    if outside > 0 {
        report.warn(&Text {
            zh: format!("{outside} 个要素不在村界之内"),
            en: format!("{outside} features lie outside the village's boundary"),
        });
    }
    Ok(())
}

/// Says by name when the rows come home by the shift of GCJ-02 or BD-09: an error where no
/// system was given, else a warning.
fn tell_shift(
    home: &Home,
    options: &Options,
    profile: &Profile,
    jobs: &BTreeMap<String, Job>,
    report: &mut Report,
) -> Result<(), ImportError> {
    let places: Vec<Coord> = jobs
        .values()
        .flat_map(|job| &job.pending)
        .filter_map(place_of)
        .collect();
    let Some(shifted) = home.shifted(&places) else {
        return Ok(());
    };
    let (crs, metres) = (&shifted.crs, shifted.distance_m);
    let zh = format!(
        "{} 个要素中有 {} 个落在村界之外，按 {crs} 纠正约 {metres:.0} 米后只剩 {} 个：坐标很可能是 {crs}",
        places.len(),
        shifted.outside,
        shifted.left
    );
    let en = format!(
        "{} of {} features lie outside the village, and {} once {crs}'s shift of about {metres:.0} m is taken off: the coordinates are very likely {crs}",
        shifted.outside,
        places.len(),
        shifted.left
    );
    if options.crs.is_some() || profile.crs.is_some() {
        report.warn(&Text { zh, en });
        return Ok(());
    }
    let option = crs.to_string().to_lowercase().replace('-', "");
    Err(ImportError::file(
        &options.files[0],
        format!("{zh}；请加 --crs {option}，若确为 CGCS2000 请加 --crs EPSG:4490"),
        format!("{en}; add --crs {option}, or --crs EPSG:4490 if they really are CGCS2000"),
    ))
}

/// The first coordinate of a row, which stands for it.
fn place_of(pending: &Pending) -> Option<Coord> {
    pending.record.geometry.as_ref()?.coords_iter().next()
}

fn far_away(place: Coord, distance_m: f64) -> Text {
    let (x, y, km) = (place.x, place.y, distance_m / 1000.0);
    Text {
        zh: format!(
            "位置 {x:.6}, {y:.6} 距本村 {km:.0} 公里（海上或其他城市），请核对坐标与坐标系"
        ),
        en: format!(
            "{x:.6}, {y:.6} is {km:.0} km from the village (in the sea, or another city); check coordinates and system"
        ),
    }
}

fn in_the_sea(place: Coord) -> Text {
    let (x, y) = (place.x, place.y);
    Text {
        zh: format!(
            "位置 {x:.6}, {y:.6} 在海上（约 20 公里内没有陆地），请核对坐标、坐标顺序与坐标系"
        ),
        en: format!(
            "{x:.6}, {y:.6} lies in the sea (no land within some 20 km); check the coordinates, their order and system"
        ),
    }
}
