//! Data quality: what in a file is wrong or suspicious, and where.
//!
//! Fields and geometries are held against the catalog, partitions against each other and
//! against what they cover, references against what they name, houses and persons against
//! their twins, places against China, the villages, and the shifts of GCJ-02 and BD-09.

mod features;
mod partition;
mod persons;
mod places;
mod relations;
mod report;
#[cfg(test)]
mod tests;
mod twins;

use crate::store::{GeoPackage, StoreError};

pub use persons::{Likeness, Twins, twins, twins_in};
pub use report::{Check, Finding, Report, Severity, Tally};

use features::Features;

/// Checks every layer of a file.
///
/// Findings do not repeat personal values, so a report may be passed on.
///
/// # Errors
/// When the file cannot be read; what is wrong inside it is in the report.
pub fn check(file: &GeoPackage) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let mut mapped = Vec::new();
    for layer in file.layers() {
        let features = Features::read(file, layer, &mut report)?;
        if layer.is_mapped() {
            mapped.push(features);
        }
    }
    partition::overlaps(&mapped, &mut report);
    partition::covers(&mapped, &mut report);
    places::check(&mapped, &mut report);
    twins::footprints(&mapped, &mut report);
    if file.is_own() {
        relations::references(file, &mut report)?;
        relations::homes(file, &mut report)?;
        twins::values(file, &mut report)?;
        persons::check(file, &mut report)?;
    }
    Ok(report.finish())
}
