//! A page of features in each format.

use std::{
    io::{self, Write},
    sync::Arc,
};

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{SecondsFormat, Utc};
use yizhangtu_data::{Layer, Record, store::StoreError};

use super::{
    super::crs::Projection,
    csv::RowWriter,
    geojson::{FeatureWriter, json},
    request::{Cursor, ItemsRequest},
    select::{Reached, Source},
};
use crate::{
    http::{Base, Format, Link, Parameters, Problem, html, percent_encoded, stream},
    policy::Viewer,
};

/// Rows of a page that a person reads.
const ROWS_READ: u64 = 1000;

/// Everything that an answer is made from.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) layer: Arc<Layer>,
    pub(super) source: Source,
    pub(super) request: ItemsRequest,
    pub(super) projection: Projection,
    pub(super) viewer: Viewer,
    pub(super) base: Base,
    /// The parameters as they came, for links to other pages.
    pub(super) asked: Parameters,
    /// Number of the last change that the answer shows, where the next page is to show the
    /// same.
    pub(super) moment: Option<u64>,
}

/// What can go wrong while a page is written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// The file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The reader went away, or a coordinate has no image.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Answer {
    /// A GeoJSON feature collection, written while it is sent. What is only known at the end,
    /// the numbers and the links, stands at the end.
    pub(super) fn geojson(self) -> Result<Response, Problem> {
        let crs = self.request.crs.uri;
        let body = stream::body(move |sink| self.write_geojson(sink));
        Ok(given_in(Format::GeoJson, crs, body.into_response()))
    }

    fn write_geojson(&self, sink: &mut stream::Sink) -> Result<(), WriteError> {
        let writer = FeatureWriter {
            properties: self.request.properties.as_deref(),
            projection: &self.projection,
        };
        sink.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
        let mut returned: u64 = 0;
        let reached = self.each(|record| {
            if returned > 0 {
                sink.buffer().push(b',');
            }
            returned += 1;
            let view = self.viewer.see(&self.layer, record);
            writer.feature(sink.buffer(), &view)?;
            sink.pass().map_err(WriteError::from)
        })?;
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let (out, matched) = (sink.buffer(), reached.matched);
        write!(
            out,
            "],\"numberMatched\":{matched},\"numberReturned\":{returned},\"timeStamp\":\"{time}\",\"links\":"
        )?;
        json(out, &self.links(reached, returned))?;
        out.push(b'}');
        Ok(())
    }

    /// CSV, written while it is sent; the links stand in the header, so the matches are
    /// counted first.
    pub(super) async fn csv(self) -> Result<Response, Problem> {
        let counted = self.clone();
        let reached = tokio::task::spawn_blocking(move || counted.each(|_| Ok(())))
            .await
            .map_err(Problem::internal)?
            .map_err(Problem::internal)?;
        let returned = reached
            .matched
            .saturating_sub(self.request.offset)
            .min(self.request.limit);
        let links = self.links(reached, returned);
        let crs = self.request.crs.uri;
        let name = format!(
            "inline; filename*=UTF-8''{}.csv",
            percent_encoded(&self.layer.id)
        );
        let body = stream::body(move |sink| {
            let writer = RowWriter {
                layer: &self.layer,
                properties: self.request.properties.as_deref(),
                projection: &self.projection,
            };
            writer.head(sink.buffer())?;
            self.each(|record| {
                writer.row(sink.buffer(), &self.viewer.see(&self.layer, record))?;
                sink.pass().map_err(WriteError::from)
            })?;
            Ok::<_, WriteError>(())
        });
        let mut response = given_in(Format::Csv, crs, body.into_response());
        let headers = response.headers_mut();
        for link in links {
            let value = format!("<{}>; rel=\"{}\"", link.href, link.rel);
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(header::LINK, value);
            }
        }
        if let Ok(name) = HeaderValue::from_str(&name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
        Ok(response)
    }

    /// A table that a person reads.
    pub(super) async fn html(mut self) -> Result<Response, Problem> {
        self.request.limit = self.request.limit.min(ROWS_READ);
        tokio::task::spawn_blocking(move || {
            let positions: Vec<usize> = match &self.request.properties {
                Some(positions) => positions.clone(),
                None => (0..self.layer.fields.len()).collect(),
            };
            let mut table = html::Table::new("id");
            for position in &positions {
                let field = &self.layer.fields[*position];
                table.column(&field.label.zh, &field.label.en);
            }
            let mut returned = 0;
            let reached = self.each(|record| {
                returned += 1;
                let view = self.viewer.see(&self.layer, record);
                let href = self.base.at(&format!(
                    "/collections/{}/items/{}?f=html",
                    percent_encoded(&self.layer.id),
                    percent_encoded(view.id())
                ));
                let cells = positions
                    .iter()
                    .map(|position| view.at(*position).to_text());
                table.row(&href, view.id(), cells);
                Ok(())
            })?;
            let title = &self.layer.title;
            let mut page = html::Page::new(&title.zh, &title.en);
            page.text(&format!(
                "共 {matched} 条，本页 {returned} 条 / {matched} features, {returned} on this page",
                matched = reached.matched,
            ));
            page.links(&self.links(reached, returned));
            page.table(table);
            Ok::<_, WriteError>(page.into_response())
        })
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::internal)
    }

    /// Hands over the features of the page and tells how far that came.
    fn each(
        &self,
        each: impl FnMut(&Record) -> Result<(), WriteError>,
    ) -> Result<Reached, WriteError> {
        self.source.each(&self.layer, &self.request, each)
    }

    /// To this page, its other formats, its neighbours and its collection.
    fn links(&self, Reached { matched, last }: Reached, returned: u64) -> Vec<Link> {
        let path = format!("/collections/{}", percent_encoded(&self.layer.id));
        let format = self.request.format;
        let to = |rel, changed: &[(&str, String)], format| {
            let query = self.asked.changed(changed);
            let mark = if query.is_empty() { "" } else { "?" };
            self.base
                .link(rel, &format!("{path}/items{mark}{query}"), format)
        };
        let mut links = vec![to("self", &[], format).titled("本页 / this page")];
        for other in [Format::GeoJson, Format::Csv, Format::Html] {
            if other != format {
                links.push(to("alternate", &[("f", other.name().to_owned())], other));
            }
        }
        let ItemsRequest { offset, limit, .. } = self.request;
        if offset.saturating_add(returned) < matched {
            let next = offset.saturating_add(limit).to_string();
            let mut changed = vec![("offset", next)];
            // Pages are of one moment: an edit between two of them neither repeats nor hides
            // a feature.
            changed.extend(self.moment.map(|moment| ("as-of", moment.to_string())));
            // Nor is what was given already read again.
            changed.extend(last.map(|behind| ("cursor", Cursor { behind, matched }.to_string())));
            links.push(to("next", &changed, format).titled("下一页 / next page"));
        }
        if offset > 0 {
            let previous = offset.saturating_sub(limit).to_string();
            links
                .push(to("prev", &[("offset", previous)], format).titled("上一页 / previous page"));
        }
        links.push(self.base.link("collection", &path, Format::Json));
        links
    }
}

/// The response with its media type and coordinate system.
pub(super) fn given_in(format: Format, crs: &str, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.media_type()),
    );
    if let Ok(crs) = HeaderValue::from_str(&format!("<{crs}>")) {
        headers.insert("content-crs", crs);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}
