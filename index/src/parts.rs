//! An index as bytes, in parts that are written and read side by side: what is kept beside the
//! data, so that a start need not build it again.
//!
//! Nothing here is a file. Whoever keeps the parts knows their lengths, and must see to it
//! that they come back as they were: what was changed on the way may give wrong answers.

use rayon::prelude::*;

use crate::{
    Index, Point, Rect, Shape, Slots,
    bytes::{BytesError, In, Out},
    cells::Cells,
    rows::Rows,
    slots::SHELF_KEYS,
};

/// Changed with every change of what stands in the parts.
const FORMAT: u32 = 3;

impl Index {
    /// The index as bytes, in parts.
    pub fn to_parts(&self) -> Vec<Vec<u8>> {
        let starts: Vec<u32> = (0..self.features.end()).step_by(SHELF_KEYS).collect();
        let shapes: Vec<Vec<u8>> = starts
            .into_par_iter()
            .map(|start| {
                let mut out = Out::default();
                out.u32(start);
                for key in (start..).take(SHELF_KEYS) {
                    Shape::put(self.features.get(key), &mut out);
                }
                out.0
            })
            .collect();
        let (cells, rows) = (self.cells.to_parts(), self.rows.to_parts());
        let mut head = Out::default();
        head.u32(FORMAT);
        for parts in [&shapes, &cells, &rows] {
            head.count(parts.len());
        }
        head.count(self.several);
        self.cells.put_head(&mut head);
        self.rows.put_head(&mut head);
        let parts = shapes.into_iter().chain(cells).chain(rows);
        std::iter::once(head.0).chain(parts).collect()
    }

    /// The index of parts, in the order in which they were given.
    ///
    /// # Errors
    /// When they are not the parts of an index of this version.
    pub fn from_parts(parts: &[&[u8]]) -> Result<Self, BytesError> {
        let (head, parts) = parts.split_first().ok_or(BytesError::Damaged)?;
        let mut head = In::new(head);
        match head.u32()? {
            FORMAT => {}
            other => return Err(BytesError::Version(other)),
        }
        let (shapes, cells, rows) = (head.count()?, head.count()?, head.count()?);
        let several = head.count()?;
        if shapes + cells + rows != parts.len() {
            return Err(BytesError::Damaged);
        }
        let (shapes, parts) = parts.split_at(shapes);
        let (cells, rows) = parts.split_at(cells);
        let cells = Cells::from_parts(&mut head, cells)?;
        let rows = Rows::from_parts(&mut head, rows)?;
        head.end()?;
        let shapes: Vec<Vec<(u32, Shape)>> = shapes
            .par_iter()
            .map(|part| {
                let mut from = In::new(part);
                let start = from.u32()?;
                let mut own = Vec::with_capacity(SHELF_KEYS);
                for key in (start..).take(SHELF_KEYS) {
                    own.extend(Shape::take(&mut from)?.map(|shape| (key, shape)));
                }
                from.end()?;
                Ok(own)
            })
            .collect::<Result<_, BytesError>>()?;
        Ok(Self {
            features: Slots::build(shapes.into_iter().flatten().collect()),
            rect: rows.rect(),
            several,
            cells,
            rows,
        })
    }

    /// The measures of this index as bytes, in parts; its features are not among them.
    pub fn measures_to_parts(&self) -> Vec<Vec<u8>> {
        let mut head = Out::default();
        head.u32(FORMAT);
        self.rows.put_head(&mut head);
        std::iter::once(head.0)
            .chain(self.rows.to_parts())
            .collect()
    }

    /// The same features with the measures of parts that came from an index of them.
    ///
    /// # Errors
    /// When they are not the measures of an index of this version.
    pub fn measured_by_parts(&self, parts: &[&[u8]]) -> Result<Self, BytesError> {
        let (head, parts) = parts.split_first().ok_or(BytesError::Damaged)?;
        let mut head = In::new(head);
        match head.u32()? {
            FORMAT => {}
            other => return Err(BytesError::Version(other)),
        }
        let rows = Rows::from_parts(&mut head, parts)?;
        head.end()?;
        Ok(Self {
            rows,
            ..self.clone()
        })
    }
}

impl Point {
    pub(crate) fn put(self, out: &mut Out) {
        out.i64(self.x);
        out.i64(self.y);
    }

    pub(crate) fn take(from: &mut In<'_>) -> Result<Self, BytesError> {
        Ok(Self {
            x: from.i64()?,
            y: from.i64()?,
        })
    }
}

impl Rect {
    pub(crate) fn put(self, out: &mut Out) {
        self.min.put(out);
        self.max.put(out);
    }

    pub(crate) fn take(from: &mut In<'_>) -> Result<Self, BytesError> {
        Ok(Self {
            min: Point::take(from)?,
            max: Point::take(from)?,
        })
    }
}
