//! Who may change what: by role, and where the right ends at a territory, by place.

use std::sync::Arc;

use axum::http::StatusCode;
use yizhangtu_data::{
    Layer, Record, Value,
    store::{GeoPackage, Territory},
};
use yizhangtu_index::Shape;

use crate::{
    atlas::Snapshot,
    http::{App, Problem},
    policy::{Action, Reach, Viewer, rows},
};

/// Whether a viewer may change anything of a layer.
///
/// # Errors
/// 403 where the file is only read or the right is not there, 401 for a guest.
pub(crate) fn may(
    app: &App,
    viewer: &Viewer,
    action: Action,
    layer: &Layer,
) -> Result<(), Problem> {
    app.writable()?;
    viewer.require(action, layer)
}

/// Whether a viewer may do an action on one feature: the one of an id that is there, and the
/// record that it shall become.
///
/// # Errors
/// As [`may`]; 404 for a feature that the viewer's right does not reach, 403 for a record that
/// would lie outside the territory.
pub(crate) fn may_on(
    app: &App,
    viewer: &Viewer,
    store: &GeoPackage,
    action: Action,
    layer: &Layer,
    (id, record): (Option<&str>, Option<&Record>),
) -> Result<(), Problem> {
    may(app, viewer, action, layer)?;
    let reach = viewer.reach(layer);
    if reach == Reach::Everywhere {
        return Ok(());
    }
    let snapshot = app.snapshot();
    if let Some(id) = id
        && !has(app, viewer, &snapshot, store, action, layer, id)?
    {
        return Err(Problem::not_found(format!(
            "图层 {layer} 没有要素 {id} / the layer {layer} has no feature {id}",
            layer = layer.id
        )));
    }
    // One's own stays so wherever it lies; what is new lies in the territory.
    let ground = (viewer.ground(layer)).filter(|_| reach != Reach::Own || id.is_none());
    let (Some(record), Some(ground)) = (record, ground) else {
        return Ok(());
    };
    let inside = match record.geometry.as_ref().map(Shape::new) {
        Some(Ok(shape)) => lies_within(ground, &snapshot, &shape),
        Some(Err(_)) => false,
        // Where others tell the place, as residences do of a person, what is there lies in it.
        None if id.is_some() && is_placed_by_others(viewer, layer) => true,
        None => names_a_place(app, viewer, &snapshot, store, layer, record)?,
    };
    if inside {
        return Ok(());
    }
    Err(outside())
}

/// Whether a layer's rows lie where rows of another table that name them lie, as people do
/// where they reside.
pub(super) fn is_placed_by_others(viewer: &Viewer, layer: &Layer) -> bool {
    viewer
        .places(&layer.id)
        .iter()
        .any(|place| place.contains('.'))
}

/// The refusal of what would lie outside the viewer's territory.
pub(super) fn outside() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "位置在您负责的范围以外，或所指的要素已不在 / the place lies outside the territory of this account, or what is named is gone",
    )
}

/// Whether a feature lies in what the viewer may do an action on.
fn has(
    app: &App,
    viewer: &Viewer,
    snapshot: &Arc<Snapshot>,
    store: &GeoPackage,
    action: Action,
    layer: &Layer,
    id: &str,
) -> Result<bool, Problem> {
    if layer.is_mapped() {
        let own = app.cuts().of(viewer, action, snapshot);
        return Ok((own.layer(&layer.id)).is_some_and(|own| own.get(id).is_some()));
    }
    let ids = rows(app.cuts(), viewer, snapshot, store, layer, None).map_err(Problem::internal)?;
    Ok(ids.is_none_or(|ids| ids.contains(id)))
}

fn lies_within(territory: &[Territory], snapshot: &Snapshot, shape: &Shape) -> bool {
    let place = shape.representative();
    territory.iter().any(|own| {
        let layer = snapshot.layer(&own.layer);
        let area = layer.and_then(|layer| layer.shape(layer.position(&own.id)?));
        area.is_some_and(|area| area.contains(place))
    })
}

/// Whether a row without a place of its own names one in the territory.
fn names_a_place(
    app: &App,
    viewer: &Viewer,
    snapshot: &Arc<Snapshot>,
    store: &GeoPackage,
    layer: &Layer,
    record: &Record,
) -> Result<bool, Problem> {
    let everywhere = viewer.everywhere();
    for name in viewer.places(&layer.id) {
        let named = match record.get(layer, name) {
            Value::Text(id) => id,
            _ => continue,
        };
        let of = (layer.field(name)).and_then(|field| app.layer(field.reference.as_deref()?));
        if let Some(of) = of
            && has(app, &everywhere, snapshot, store, Action::View, of, named)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
