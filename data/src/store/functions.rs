//! The SQL functions that the R-tree triggers of every GeoPackage call.
//!
//! SQLite itself has none of them; a connection that writes without them fails even
//! at an update of an attribute.

use rusqlite::{
    Connection, Error, Result,
    functions::{Context, FunctionFlags},
    types::ValueRef,
};

use super::blob;

/// Registers `ST_IsEmpty`, `ST_MinX`, `ST_MaxX`, `ST_MinY`, `ST_MaxY`.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("ST_IsEmpty", 1, flags, |context| {
        Ok(bounds(context)?.map(|bounds| bounds.is_none()))
    })?;
    for (name, edge) in [
        ("ST_MinX", 0),
        ("ST_MaxX", 1),
        ("ST_MinY", 2),
        ("ST_MaxY", 3),
    ] {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(bounds(context)?.flatten().map(|edges| edges[edge]))
        })?;
    }
    Ok(())
}

/// West, east, south, north; the inner `None` for an empty geometry, the outer for NULL.
fn bounds(context: &Context<'_>) -> Result<Option<Option<[f64; 4]>>> {
    match context.get_raw(0) {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) => blob::bounds(bytes)
            .map(|rect| {
                Some(rect.map(|rect| [rect.min().x, rect.max().x, rect.min().y, rect.max().y]))
            })
            .map_err(|error| Error::UserFunctionError(error.into())),
        _ => Err(Error::UserFunctionError(
            "ST_ function: the argument is no geometry blob".into(),
        )),
    }
}
