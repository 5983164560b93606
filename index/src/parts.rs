//! An index as bytes, in parts that are written and read side by side: what is kept beside the
//! data, so that a start need not build it again.
//!
//! Nothing here is a file. Whoever keeps the parts knows their lengths, and must see to it
//! that they come back as they were: what was changed on the way may give wrong answers.

use crate::{
    Index, Point, Rect,
    bytes::{BytesError, In, Out},
    cells::Cells,
    rows::Rows,
    shapes::Shapes,
};

/// Changed with every change of what stands in the parts.
const FORMAT: u32 = 6;

impl Index {
    /// The index as bytes, in parts.
    ///
    /// # Panics
    /// When it is one without cells: that is made for one use and not kept.
    pub fn to_parts(&self) -> Vec<Vec<u8>> {
        assert!(!self.without_cells, "what is kept has cells");
        let (shapes, cells) = (self.features.to_parts(), self.cells.to_parts());
        let rows = self.rows.to_parts();
        let mut head = Out::default();
        head.u32(FORMAT);
        for parts in [&shapes, &cells, &rows] {
            head.count(parts.len());
        }
        head.count(self.beside);
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
        let beside = head.count()?;
        if shapes + cells + rows != parts.len() {
            return Err(BytesError::Damaged);
        }
        let (shapes, parts) = parts.split_at(shapes);
        let (cells, rows) = parts.split_at(cells);
        let cells = Cells::from_parts(&mut head, cells)?;
        let rows = Rows::from_parts(&mut head, rows)?;
        head.end()?;
        Ok(Self {
            features: Shapes::from_parts(shapes)?,
            rect: rows.rect(),
            without_cells: false,
            beside,
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
