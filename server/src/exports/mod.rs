//! 出件: personal data taken away as a file.
//!
//! Whoever wants a file with personal data in it (masked as ever) asks for it with a reason,
//! somebody else approves, and for a while the same path gives the file with `approval=ID`:
//!
//! ```text
//! POST /exports {paths, reason} → PATCH /exports/{id} {state: approved} → GET path&approval=id
//! ```
//!
//! No copy is kept: a file is made when it is fetched, of what its asker may see then. It
//! carries the number of the request and is on record with its rows and its hash. Without an
//! approval the same path gives the file without what is personal, or refuses where nothing
//! else would be in it.
//!
//! A route that hands out such files takes a [`Leave`] before it makes one and hands the file
//! over with it; [`subject`] knows its path, so that it can be asked for.

pub(crate) mod file;
mod leave;
mod routes;
mod subject;

pub(crate) use leave::{Leave, hash, needed};
pub(crate) use routes::routes;
