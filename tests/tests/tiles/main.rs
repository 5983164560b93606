//! Vector tiles, base maps and the page, through the built binary.

mod archive;
mod basemaps;
mod fixture;
mod fresh;
mod page;
mod style;
mod vector;
