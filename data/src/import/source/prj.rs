//! The `.prj` file: WKT, but as a desktop program writes it for systems of its own.

/// The definition in a `.prj`, as PROJ takes it; `None` where it says nothing.
pub(super) fn read(bytes: &[u8]) -> Option<String> {
    let (text, _) = super::decode(bytes, None);
    let text = text.trim().trim_matches('\0').trim();
    if text.is_empty() || text.to_lowercase().contains("unknown") {
        return None;
    }
    let names = |name: &str| text.contains(&format!("\"{name}\""));
    // Degrees of CGCS2000 and WGS 84 are what is stored: no need to ask PROJ.
    if text.starts_with("GEOGCS")
        && (names("GCS_China_Geodetic_Coordinate_System_2000")
            || names("China Geodetic Coordinate System 2000"))
    {
        return Some("EPSG:4490".to_owned());
    }
    if text.starts_with("GEOGCS") && (names("GCS_WGS_1984") || names("WGS 84")) {
        return Some("EPSG:4326".to_owned());
    }
    Some(text.to_owned())
}
