//! Paper: PDF documents made on this machine, without a browser and without a network.
//!
//! A [`Document`] has pages of any [`Paper`]; a [`Canvas`] draws on one of them in
//! millimetres from its upper left corner, x to the right and y down. Text is written in one
//! embedded Chinese face, of which a document carries the glyphs that it uses, and can be
//! searched and copied. [`Flow`] sets running text and tables over as many pages as they
//! need. See `docs/print.md`.

mod canvas;
mod document;
mod embed;
mod face;
mod flow;
mod grid;
mod paper;
mod table;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use canvas::{Align, Canvas, Color, Paint, Stroke, Type};
pub(crate) use document::Document;
pub(crate) use flow::{Flow, Running, watermark};
pub(crate) use grid::GridCell;
pub(crate) use paper::{Paper, Size};
pub(crate) use table::{Column, Table};
