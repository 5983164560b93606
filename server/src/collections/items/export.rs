//! `GET /collections/{layer}/export`: what is selected, as a file for other programs.

use std::{collections::HashSet, io, sync::Arc};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use yizhangtu_data::{
    Layer, Record, Text, Value,
    crs::Crs,
    export::{Encoding, Export, ExportError, Options},
    store::StoreError,
};

use super::{layer, request::ItemsRequest, select::Source};
use crate::{
    audit::Entry,
    exports::{Leave, file},
    http::{App, Parameters, Problem, percent_encoded},
    policy::{Action, Channel, Viewer},
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

/// What is wanted of a layer, in which form.
struct Wanted {
    layer: Arc<Layer>,
    /// As `?f=` names it.
    format: &'static str,
    /// Ending of the file.
    ending: &'static str,
    media: &'static str,
    crs: Option<Crs>,
    encoding: Encoding,
    ids: Option<HashSet<String>>,
    request: ItemsRequest,
}

impl Wanted {
    /// `?f=` names the format, `file-crs` the system of its coordinates, `encoding=gbk` that of a
    /// Shapefile's texts, `ids` the features; everything else selects as it does for items.
    fn read(
        layer: &Arc<Layer>,
        viewer: &Viewer,
        headers: &HeaderMap,
        mut given: Parameters,
    ) -> Result<Self, Problem> {
        if layer.personal {
            viewer.require(Action::Export, layer)?;
        }
        let asked = given.take("f")?.unwrap_or_else(|| "geojson".to_owned());
        let (format, ending, media) = *FORMATS
            .iter()
            .find(|(name, _, _)| *name == asked)
            .ok_or_else(|| unknown("f", &asked, FORMATS.iter().map(|(name, _, _)| *name)))?;
        let crs = (given.take("file-crs")?)
            .map(|crs| {
                Crs::parse(&crs).map_err(|error| Problem::parameter("file-crs", &error, &error))
            })
            .transpose()?;
        let encoding = match given.take("encoding")?.as_deref() {
            None | Some("utf-8" | "utf8") => Encoding::Utf8,
            Some("gbk") => Encoding::Gbk,
            Some(other) => return Err(unknown("encoding", other, ["utf-8", "gbk"].into_iter())),
        };
        let ids =
            (given.take("ids")?).map(|ids| ids.split(',').map(|id| id.trim().to_owned()).collect());
        let mut request = ItemsRequest::read(given, headers, layer, viewer)?;
        // A file holds the whole of what is selected.
        (request.limit, request.offset, request.cursor) = (u64::MAX, 0, None);
        Ok(Self {
            layer: Arc::clone(layer),
            format,
            ending,
            media,
            crs,
            encoding,
            ids,
            request,
        })
    }

    /// Hands over each record that is wanted.
    fn each(
        &self,
        source: &Source,
        mut each: impl FnMut(&Record) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        source.each(&self.layer, &self.request, |record| {
            let wanted = (self.ids.as_ref()).is_none_or(|ids| ids.contains(&*record.id));
            if wanted { each(record) } else { Ok(()) }
        })?;
        Ok(())
    }
}

/// `GET /collections/{layer}/export`.
pub(in super::super) async fn export(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    headers: HeaderMap,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let path = format!("/collections/{}/export", percent_encoded(&id));
    let leave = Leave::take(&app, &viewer, &path, &mut given).await?;
    let layer = layer(&app, &viewer, &id)?;
    let wanted = Wanted::read(layer, &viewer, &headers, given)?;
    if layer.personal {
        leave.require()?;
    }
    let source = Source::of(&app, &viewer, layer, wanted.request.as_of.as_ref()).await?;
    let mark = leave.mark(&viewer);
    let name = leave.file_name(&id, wanted.ending);
    let (file_name, media) = (name.clone(), wanted.media);
    let (folder, rows) = tokio::task::spawn_blocking(move || {
        let folder = file::folder(&app)?;
        let path = folder.path().join(file_name);
        let rows = written(
            &app,
            &leave.viewer(&viewer, Channel::Export),
            &wanted,
            &source,
            mark,
            &path,
        )
        .map_err(problem)?;
        let hash = file::hash_of(&path).map_err(Problem::internal)?;
        let act = Entry::of("export", format!("{} {}", wanted.layer.id, wanted.format));
        leave.hand_over(&app, &viewer, act.counting(rows), &hash)?;
        Ok::<_, Problem>((folder, rows))
    })
    .await
    .map_err(Problem::internal)??;
    file::answer(folder, &name, media, rows).await
}

/// Writes the file, as its viewer sees what is in it, and gives its rows.
fn written(
    app: &App,
    viewer: &Viewer,
    wanted: &Wanted,
    source: &Source,
    mark: Option<String>,
    path: &std::path::Path,
) -> Result<u64, Refused> {
    let options = Options {
        crs: wanted.crs.clone(),
        encoding: wanted.encoding,
        about: app.about().clone(),
    };
    let mut shown = viewer.describe(&wanted.layer);
    // Rows are copied apart from one another, so that each says where it comes from.
    let mark = mark.map(Value::from);
    if mark.is_some() {
        shown.fields.push(file::mark_field());
    }
    let mut file = Export::start(path, &Arc::new(shown), app.catalog(), &options)?;
    wanted.each(source, |record| {
        let mut seen = viewer.see(&wanted.layer, record).to_record();
        seen.values.extend(mark.clone());
        file.write(&seen)?;
        Ok(())
    })?;
    Ok(file.finish()?.rows)
}

/// What a viewer asks to take away: its title, where there is something personal in it, and
/// how many rows it has.
///
/// # Errors
/// As the export itself.
pub(crate) async fn exported(
    app: &App,
    viewer: &Viewer,
    id: &str,
    given: Parameters,
) -> Result<(Option<Text>, u64), Problem> {
    let layer = layer(app, viewer, id)?;
    let wanted = Wanted::read(layer, viewer, &HeaderMap::new(), given)?;
    let source = Source::of(app, viewer, layer, wanted.request.as_of.as_ref()).await?;
    let format = wanted.format;
    let rows = tokio::task::spawn_blocking(move || {
        let mut rows = 0;
        wanted.each(&source, |_| {
            rows += 1;
            Ok(())
        })?;
        Ok::<_, Refused>(rows)
    })
    .await
    .map_err(Problem::internal)?
    .map_err(problem)?;
    let title = viewer.sees_personal(layer).then(|| Text {
        zh: format!("{}（{format}）", layer.title.zh),
        en: format!("{} ({format})", layer.title.en),
    });
    Ok((title, rows))
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
