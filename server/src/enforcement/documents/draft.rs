//! Trying a document before it is issued.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{case, fill::Source, form_of, handed::handed, on_record, paper::pdf};
use crate::{
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// Stands where a number will, in a draft.
const NO_NUMBER: &str = "（文号于制发时编定）";

/// `POST …/documents/{form}/draft`: as it would be issued, but its parties masked and without a
/// number; kept nowhere.
pub(super) async fn draft(
    State(app): State<App>,
    Path((id, document)): Path<(String, String)>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    let (layer, case) = case(&app, &viewer, &id).await?;
    let (form, _) = form_of(&app, &viewer, &document)?;
    let handed = handed(&headers, &body, &form)?;
    let made = tokio::task::spawn_blocking(move || {
        on_record(&app, &viewer, "draft", &id, &form)?;
        let store = app.pool().reader().map_err(Problem::internal)?;
        let source = Source {
            app: &app,
            viewer: &viewer,
            store: &store,
            layer: &layer,
            case: &case,
            party: handed.party,
            answers: &handed.answers,
            in_clear: false,
        };
        // What is not filled in yet stays open in a draft.
        let filled = source.fill(&form, NO_NUMBER).map_err(Problem::internal)?;
        Ok::<_, Problem>(pdf(
            &form.title.zh,
            "",
            &form.title.zh,
            &filled.blocks,
            true,
        ))
    })
    .await
    .map_err(Problem::internal)??;
    let mut response = made.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/pdf"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
