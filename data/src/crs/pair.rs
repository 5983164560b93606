//! PROJ objects, one a thread and pair of systems: they can be neither shared nor sent,
//! and take milliseconds to make.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use proj::Proj;

/// A pair of systems that PROJ knows a way between, by number in [`PAIRS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair(usize);

static PAIRS: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

thread_local! {
    static MADE: RefCell<HashMap<usize, Proj>> = RefCell::new(HashMap::new());
}

/// Whether PROJ knows a system; else its own words.
pub(super) fn known(definition: &str) -> Result<(), String> {
    // A local system has no way to any other; PROJ refuses it without a reason, at which
    // the library would panic.
    let start = definition.trim_start().to_ascii_uppercase();
    if ["ENGCRS", "ENGINEERINGCRS", "LOCAL_CS"]
        .iter()
        .any(|local| start.starts_with(local))
    {
        return Err("局部坐标系 / a local system".to_owned());
    }
    // Asking for a way to EPSG:4326 also refuses what is no system at all, such as a
    // bare ellipsoid.
    Proj::new_known_crs(definition, "EPSG:4326", None)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// Whether a system counts in degrees: then a degree stays a degree on the way to WGS 84.
pub(super) fn is_geographic(definition: &str) -> bool {
    Proj::new_known_crs(definition, "EPSG:4326", None)
        .ok()
        .and_then(|way| way.convert((114.0, 23.0)).ok())
        .is_some_and(|(x, y): (f64, f64)| (x - 114.0).abs() < 0.1 && (y - 23.0).abs() < 0.1)
}

/// West, south, east, north of where a system is meant to be used.
pub(super) fn area_of_use(definition: &str) -> Option<[f64; 4]> {
    let (area, _) = Proj::new(definition).ok()?.area_of_use().ok()?;
    area.map(|area| [area.west, area.south, area.east, area.north])
}

impl Pair {
    /// The pair of two systems; PROJ's own words where it knows no way.
    pub(super) fn new(from: String, to: String) -> Result<Self, String> {
        let way = Proj::new_known_crs(&from, &to, None).map_err(|error| error.to_string())?;
        let mut pairs = PAIRS.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = (from, to);
        let at = pairs
            .iter()
            .position(|pair| *pair == wanted)
            .unwrap_or_else(|| {
                pairs.push(wanted);
                pairs.len() - 1
            });
        MADE.with_borrow_mut(|made| made.insert(at, way));
        Ok(Self(at))
    }

    /// How PROJ describes the steps.
    pub(super) fn description(self) -> String {
        self.with(|way| way.proj_info().description.unwrap_or_default())
    }

    /// The image of a coordinate, where it has one.
    pub(super) fn convert(self, x: f64, y: f64) -> Option<(f64, f64)> {
        let image = self.with(|way| way.convert((x, y)).ok())?;
        (image.0.is_finite() && image.1.is_finite()).then_some(image)
    }

    fn with<T>(self, ask: impl FnOnce(&Proj) -> T) -> T {
        MADE.with_borrow_mut(|made| {
            let way = made.entry(self.0).or_insert_with(|| {
                let pairs = PAIRS.lock().unwrap_or_else(PoisonError::into_inner);
                let (from, to) = &pairs[self.0];
                Proj::new_known_crs(from, to, None).expect("made before on another thread")
            });
            ask(way)
        })
    }
}
