//! `/collections/{layer}/items` and `/items/{id}`: features, streamed.

mod csv;
mod geojson;
mod request;
mod select;
