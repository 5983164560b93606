//! `POST /statistics/houses?figure=`: the houses that a number of `POST /statistics` is made of.

use axum::{Json, body::Bytes, extract::State};

use super::{Subject, count::Counted, figure::Figure, request::Request};
use crate::{
    audit::Entry,
    http::{App, Parameters, Problem},
    people::{Listed, Page},
    policy::{Action, Viewer},
};

/// `figure` is the path of the number in the answer of `POST /statistics`; the body is the same.
pub(super) async fn houses(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
    body: Bytes,
) -> Result<Json<Listed>, Problem> {
    let path = given.take("figure")?.unwrap_or_default();
    let page = Page::take(&mut given)?;
    given.finish()?;
    let building = app.layer("building").ok_or_else(|| viewer.refused())?;
    viewer.require(Action::View, building)?;
    let counted = Counted::of(&app, &viewer)?;
    tokio::task::spawn_blocking(move || {
        let request = Request::parse(&body)?;
        let snapshot = super::moment(&app, &viewer, &counted, &request)?;
        let Some(figure) = Figure::of(&path, &snapshot.houses) else {
            return Err(Problem::one_of("figure", &Figure::offered()));
        };
        if !counted.by_house(figure) {
            return Err(viewer.refused());
        }
        let subject = Subject::of(&app.seen_by(&viewer), &request)?;
        let within = snapshot
            .layer("building")
            .map(|layer| layer.within(&subject.area, request.rule));
        let parts = (within.unwrap_or_default().into_iter())
            .map(|at| (at, figure.part(snapshot.houses.at(at))));
        let listed = Listed::of(&app, &viewer, &snapshot, parts, page);
        app.note(
            &viewer,
            Entry::of("count", format!("{path} {:.0} m²", subject.area_m2)),
        );
        Ok(listed)
    })
    .await
    .map_err(Problem::internal)?
    .map(Json)
}
