//! Ground as bytes, for whoever keeps it: numbers from the lowest byte. Nothing says how long it is
//! or whether it came whole.

use super::{
    super::Sum,
    ground::{Ground, WHOLE},
    kinds::{Kind, MOST},
    mosaic::{Cell, Mosaic, Places},
    square::{SIDE, SquareId},
};
use crate::{
    Value,
    grid::{Level, Tiling},
    tile::MAX_ZOOM,
};

impl SquareId {
    /// Writes which square it is.
    pub fn put(self, out: &mut Vec<u8>) {
        let tiling = match self.level.tiling {
            Tiling::Mercator => 0,
            Tiling::Degrees => 1,
        };
        out.extend([tiling, self.level.z]);
        out.extend(self.x.to_le_bytes());
        out.extend(self.y.to_le_bytes());
    }

    /// Reads what [`SquareId::put`] wrote. None where the bytes are none.
    pub fn take(from: &mut &[u8]) -> Option<Self> {
        let [tiling, z] = take(from)?;
        let tiling = match tiling {
            0 => Tiling::Mercator,
            1 => Tiling::Degrees,
            _ => return None,
        };
        (z <= MAX_ZOOM).then_some(())?;
        Some(Self {
            level: Level { tiling, z },
            x: u32::from_le_bytes(take(from)?),
            y: u32::from_le_bytes(take(from)?),
        })
    }
}

impl Ground {
    /// Writes the ground.
    pub fn put(&self, out: &mut Vec<u8>) {
        self.cells.put(out);
        // There are at most 250.
        out.push(self.kinds.len() as u8);
        for (kind, sum) in &self.kinds {
            put_kind(kind, out);
            out.extend(sum.count.to_le_bytes());
            out.extend(sum.size.to_le_bytes());
        }
    }

    /// Reads what [`Ground::put`] wrote. None where the bytes are none.
    pub fn take(from: &mut &[u8]) -> Option<Self> {
        let cells = Mosaic::take(from)?;
        let [count] = take(from)?;
        let kinds = (0..count).map(|_| {
            let kind = take_kind(from)?;
            let count = i64::from_le_bytes(take(from)?);
            let size = i64::from_le_bytes(take(from)?);
            Some((kind, Sum { count, size }))
        });
        Some(Self {
            kinds: kinds.collect::<Option<_>>()?,
            cells,
        })
    }
}

impl Mosaic {
    fn put(&self, out: &mut Vec<u8>) {
        // Fewer than a square has.
        out.extend((self.different.len() as u16).to_le_bytes());
        let different = self.different.iter();
        out.extend(different.flat_map(|cell| [cell.cover, cell.most]));
        match &self.places {
            Places::Few(places) => {
                out.push(1);
                out.extend_from_slice(places);
            }
            Places::Many(places) => {
                out.push(2);
                out.extend(places.iter().flat_map(|place| place.to_le_bytes()));
            }
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let many = usize::from(u16::from_le_bytes(take(from)?));
        let (different, _) = take_slice(2 * many, from)?.as_chunks();
        let different = different.iter().map(|&[cover, most]| {
            let is_one = cover <= WHOLE && usize::from(most) <= MOST;
            is_one.then_some(Cell { cover, most })
        });
        let different: Vec<Cell> = different.collect::<Option<_>>()?;
        let is_one = |place: usize| place < different.len();
        let places = match take(from)? {
            [1] => {
                let places = take_slice(SIDE * SIDE, from)?;
                let known = places.iter().all(|&place| is_one(place.into()));
                Places::Few(known.then(|| places.into())?)
            }
            [2] => {
                let (places, _) = take_slice(2 * SIDE * SIDE, from)?.as_chunks();
                let places: Box<[u16]> = places.iter().copied().map(u16::from_le_bytes).collect();
                let known = places.iter().all(|&place| is_one(place.into()));
                Places::Many(known.then_some(places)?)
            }
            _ => return None,
        };
        Some(Self { different, places })
    }
}

fn put_kind(kind: &Kind, out: &mut Vec<u8>) {
    match kind {
        None => out.push(0),
        Some(Value::Text(text)) => {
            out.push(1);
            out.extend((text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        Some(Value::Integer(number)) => {
            out.push(2);
            out.extend(number.to_le_bytes());
        }
        Some(Value::Decimal(number)) => {
            out.push(3);
            out.extend(number.to_le_bytes());
        }
        Some(Value::Boolean(truth)) => out.extend([4, u8::from(*truth)]),
    }
}

fn take_kind(from: &mut &[u8]) -> Option<Kind> {
    let [kind] = take(from)?;
    Some(Some(match kind {
        0 => return Some(None),
        1 => {
            let length = usize::try_from(u64::from_le_bytes(take(from)?)).ok()?;
            let text = std::str::from_utf8(take_slice(length, from)?).ok()?;
            Value::from(text.to_owned())
        }
        2 => i64::from_le_bytes(take(from)?).into(),
        3 => f64::from_le_bytes(take(from)?).into(),
        4 => (take::<1>(from)? != [0]).into(),
        _ => return None,
    }))
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*taken)
}

fn take_slice<'a>(length: usize, from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TileId;

    #[test]
    fn ground_comes_back_as_it_was_written() {
        for few in [5, 249] {
            comes_back(few);
        }
    }

    /// Ground of so many kinds of cells.
    fn comes_back(few: usize) {
        let values = [
            None,
            Some(Value::from("住宅")),
            Some((-3_i64).into()),
            Some(0.5.into()),
            Some(true.into()),
        ];
        let kinds = (1..).zip(values).map(|(count, kind)| {
            let size = -7 * count;
            (kind, Sum { count, size })
        });
        let cell = |at| Cell {
            cover: (at % 65) as u8,
            most: (at % few) as u8,
        };
        let cells: Vec<Cell> = (0..SIDE * SIDE).map(cell).collect();
        let ground = Ground {
            cells: Mosaic::new(&cells),
            kinds: kinds.collect(),
        };
        let tile = TileId::of(Tiling::Degrees, 13, 13_363, 3_044).unwrap();
        let square = SquareId::around(tile).next().unwrap();
        let mut bytes = Vec::new();
        square.put(&mut bytes);
        ground.put(&mut bytes);
        let mut from = &*bytes;
        assert_eq!(SquareId::take(&mut from), Some(square));
        assert_eq!(Ground::take(&mut from), Some(ground));
        assert!(from.is_empty());
        let cut = &bytes[..bytes.len() - 1];
        assert_eq!(Ground::take(&mut &cut[10..]), None);
        assert_eq!(SquareId::take(&mut &[2; 10][..]), None);
    }
}
