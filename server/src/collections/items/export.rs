//! `GET /collections/{layer}/export`: what is selected, as a file for other programs.

use std::{collections::HashSet, io, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use futures::StreamExt;
use tempfile::TempDir;
use tokio_util::io::ReaderStream;
use yizhangtu_data::{
    crs::Crs,
    export::{Encoding, Export, ExportError, Options},
    store::StoreError,
};

use super::{layer, request::ItemsRequest, select::Source};
use crate::{
    audit::Entry,
    http::{App, Parameters, Problem, percent_encoded},
    policy::{Action, Viewer},
};

/// Formats by the name that `?f=` gives, with the ending of the file and its media type. A
/// Shapefile is several files, and so comes as a zip.
const FORMATS: [(&str, &str, &str); 8] = [
    ("geojson", "geojson", "application/geo+json"),
    ("geojsonl", "geojsonl", "application/geo+json-seq"),
    ("gpkg", "gpkg", "application/geopackage+sqlite3"),
    ("shp", "zip", "application/zip"),
    ("csv", "csv", "text/csv; charset=utf-8"),
    (
        "xlsx",
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("dxf", "dxf", "image/vnd.dxf"),
    ("fgb", "fgb", "application/octet-stream"),
];

/// What `?f=` may name.
pub(crate) fn exported_formats() -> Vec<&'static str> {
    FORMATS.iter().map(|(name, _, _)| *name).collect()
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// `?f=` names the format, `file-crs` the system of its coordinates, `encoding=gbk` that of a
/// Shapefile's texts, `ids` the features; everything else selects as it does for items.
pub(in super::super) async fn export(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    headers: HeaderMap,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let layer = Arc::clone(layer(&app, &viewer, &id)?);
    if layer.personal {
        viewer.require(Action::Export, &layer)?;
    }
    let asked = given.take("f")?.unwrap_or_else(|| "geojson".to_owned());
    let (_, ending, media) = *FORMATS
        .iter()
        .find(|(name, _, _)| *name == asked)
        .ok_or_else(|| unknown("f", &asked, FORMATS.iter().map(|(name, _, _)| *name)))?;
    let crs = (given.take("file-crs")?)
        .map(|crs| Crs::parse(&crs).map_err(|error| Problem::parameter("file-crs", &error, &error)))
        .transpose()?;
    let encoding = match given.take("encoding")?.as_deref() {
        None | Some("utf-8" | "utf8") => Encoding::Utf8,
        Some("gbk") => Encoding::Gbk,
        Some(other) => return Err(unknown("encoding", other, ["utf-8", "gbk"].into_iter())),
    };
    let ids: Option<HashSet<String>> =
        (given.take("ids")?).map(|ids| ids.split(',').map(|id| id.trim().to_owned()).collect());
    let mut request = ItemsRequest::read(given, &headers, &layer, &viewer)?;
    // A file holds the whole of what is selected.
    (request.limit, request.offset) = (u64::MAX, 0);
    let source = Source::of(&app, &viewer, &layer, request.as_of.as_ref()).await?;
    let options = Options {
        crs,
        encoding,
        about: app.about().clone(),
    };
    let catalog = Arc::clone(app.catalog());
    let name = format!("{}.{ending}", layer.id);
    let file_name = name.clone();
    let (folder, rows) = tokio::task::spawn_blocking(move || {
        let act = Entry::of("export", format!("{} {asked}", layer.id));
        let folder = tempfile::Builder::new()
            .prefix("yizhangtu-export-")
            .tempdir()?;
        let shown = Arc::new(viewer.describe(&layer));
        let mut file = Export::start(&folder.path().join(file_name), &shown, &catalog, &options)?;
        source.each(&layer, &request, |record| {
            if ids.as_ref().is_none_or(|ids| ids.contains(&*record.id)) {
                file.write(&viewer.see(&layer, record).to_record())?;
            }
            Ok::<_, Refused>(())
        })?;
        let rows = file.finish()?.rows;
        app.note(&viewer, act.counting(rows));
        Ok::<_, Refused>((folder, rows))
    })
    .await
    .map_err(Problem::internal)?
    .map_err(problem)?;
    answer(folder, &name, media, rows).await
}

async fn answer(folder: TempDir, name: &str, media: &str, rows: u64) -> Result<Response, Problem> {
    let file = tokio::fs::File::open(folder.path().join(name))
        .await
        .map_err(Problem::internal)?;
    let size = file.metadata().await.map_err(Problem::internal)?.len();
    // The folder goes when the last of the file has gone out.
    let body = ReaderStream::new(file).map(move |chunk| {
        let _kept = &folder;
        chunk
    });
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    let mut put = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_TYPE, media);
    put(header::CONTENT_LENGTH, &size.to_string());
    put(
        header::CONTENT_DISPOSITION,
        &format!("attachment; filename*=UTF-8''{}", percent_encoded(name)),
    );
    put(header::CACHE_CONTROL, "no-store");
    headers.insert("feature-count", HeaderValue::from(rows));
    Ok(response)
}

fn unknown<'a>(name: &str, asked: &str, offered: impl Iterator<Item = &'a str>) -> Problem {
    let offered = offered.collect::<Vec<_>>().join(", ");
    Problem::parameter(
        name,
        format_args!("没有“{asked}”，可用的有 {offered}"),
        format_args!("no “{asked}”; there are {offered}"),
    )
}

/// What a format cannot hold is the asker's to change; anything else is ours.
fn problem(refused: Refused) -> Problem {
    match refused {
        Refused::Export(
            error @ (ExportError::FixedCrs { .. }
            | ExportError::TooLarge { .. }
            | ExportError::Crs(_)),
        ) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        other => Problem::internal(other),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use yizhangtu_data::export::Format;

    use super::FORMATS;

    #[test]
    fn every_ending_names_a_format() {
        for (name, ending, _) in FORMATS {
            assert!(
                Format::of(Path::new(&format!("a.{ending}"))).is_ok(),
                "{name}"
            );
        }
    }
}
