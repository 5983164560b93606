//! The base maps of this service, opened once at the start.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::{
    Basemap, Description, Source,
    archive::{Archive, BasemapError, describe},
    tianditu,
};

/// The base maps that the page may choose from, in the order given.
#[derive(Default)]
pub(crate) struct Basemaps(Vec<Basemap>);

impl Basemaps {
    /// Opens archives; adds 天地图 where there is a key for it.
    ///
    /// # Errors
    /// When a file cannot be read, is no archive, or is damaged. The error names it.
    pub(crate) async fn open(
        files: &[PathBuf],
        service: Option<&tianditu::Settings>,
    ) -> Result<Self, BasemapError> {
        let mut taken = HashSet::new();
        let mut maps = Vec::new();
        for path in files {
            let (archive, about, first) = Archive::open(path).await?;
            let id = id_of(path, &mut taken);
            maps.push(Basemap {
                description: describe(id, path, about, &first),
                source: Source::Archive(archive),
            });
        }
        if let Some(settings) = service {
            maps.extend(tianditu::basemaps(settings));
        }
        Ok(Self(maps))
    }

    pub(super) fn descriptions(&self) -> impl Iterator<Item = &Description> {
        self.0.iter().map(|map| &map.description)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Basemap> {
        self.0.iter().find(|map| map.description.id == id)
    }
}

/// An identifier for a path in an address: the file's name where it is plain, and a number
/// where that is taken or not.
fn id_of(path: &Path, taken: &mut HashSet<String>) -> String {
    let plain: String = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_lowercase())
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        .collect();
    let plain = if plain.is_empty() {
        "map".to_owned()
    } else {
        plain
    };
    let mut id = plain.clone();
    let mut number = 2;
    while !taken.insert(id.clone()) {
        id = format!("{plain}-{number}");
        number += 1;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_plain_and_differ() {
        let mut taken = HashSet::new();
        let mut id = |path: &str| id_of(Path::new(path), &mut taken);
        assert_eq!(id("/maps/Guangzhou 2026.pmtiles"), "guangzhou2026");
        assert_eq!(id("/old/guangzhou2026.mbtiles"), "guangzhou2026-2");
        assert_eq!(id("/maps/影像.mbtiles"), "map");
        assert_eq!(id("/maps/地形.mbtiles"), "map-2");
    }
}
