//! The vertices of an area: offsets from its south-west corner, as narrow as its extent allows.

use std::sync::Arc;

use crate::bytes::{BytesError, In, Out};

/// Vertices that an area has without memory of its own.
const FEW: usize = 10;

/// Offsets of vertices. Cloning shares them, or copies a few.
#[derive(Clone, Debug)]
pub(crate) enum Vertices {
    /// A few within 1.7 km.
    Few(Few),
    /// Up to 1.7 km.
    Close(Arc<[[Close; 2]]>),
    /// Up to 430 km.
    Near(Arc<[[u32; 2]]>),
    Far(Arc<[[i64; 2]]>),
}

/// Up to [`FEW`] vertices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Few {
    count: u8,
    own: [[Close; 2]; FEW],
}

/// The offsets as they are kept.
pub(crate) enum View<'a> {
    Close(&'a [[Close; 2]]),
    Near(&'a [[u32; 2]]),
    Far(&'a [[i64; 2]]),
}

impl PartialEq for Vertices {
    fn eq(&self, other: &Self) -> bool {
        match (self.view(), other.view()) {
            (View::Close(own), View::Close(other)) => own == other,
            (View::Near(own), View::Near(other)) => own == other,
            (View::Far(own), View::Far(other)) => own == other,
            // Each is as narrow as it can be.
            _ => false,
        }
    }
}

/// A whole number of three bytes, the least significant first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Close([u8; 3]);

impl Close {
    /// Bits of such a number.
    pub(crate) const BITS: u32 = 24;

    /// The least significant bits of a number.
    #[inline(always)]
    pub(crate) fn of(bits: u64) -> Self {
        let [low, middle, high, ..] = bits.to_le_bytes();
        Self([low, middle, high])
    }
}

impl From<Close> for i64 {
    #[inline(always)]
    fn from(Close([low, middle, high]): Close) -> Self {
        Self::from(u32::from_le_bytes([low, middle, high, 0]))
    }
}

impl TryFrom<i64> for Close {
    type Error = ();

    fn try_from(value: i64) -> Result<Self, ()> {
        match u32::try_from(value).map_err(|_| ())?.to_le_bytes() {
            [low, middle, high, 0] => Ok(Self([low, middle, high])),
            _ => Err(()),
        }
    }
}

impl Vertices {
    /// Vertices of offsets that are not negative.
    pub(crate) fn new(offsets: &[[i64; 2]]) -> Self {
        fn narrow<T: TryFrom<i64>, A: FromIterator<[T; 2]>>(offsets: &[[i64; 2]]) -> Option<A> {
            let part = |value: i64| T::try_from(value).ok();
            (offsets.iter())
                .map(|&[x, y]| Some([part(x)?, part(y)?]))
                .collect()
        }
        (narrow::<Close, Vec<_>>(offsets).map(|own| Self::close(own.len(), own.into_iter())))
            .or_else(|| narrow(offsets).map(Self::Near))
            .unwrap_or_else(|| Self::Far(offsets.into()))
    }

    /// So many vertices within 1.7 km.
    #[inline(always)]
    pub(crate) fn close(count: usize, vertices: impl Iterator<Item = [Close; 2]>) -> Self {
        if count > FEW {
            return Self::Close(vertices.collect());
        }
        let mut few = Few {
            count: count as u8,
            own: Default::default(),
        };
        for (own, vertex) in few.own.iter_mut().zip(vertices) {
            *own = vertex;
        }
        Self::Few(few)
    }

    #[inline(always)]
    pub(crate) fn view(&self) -> View<'_> {
        match self {
            Self::Few(few) => View::Close(&few.own[..usize::from(few.count)]),
            Self::Close(vertices) => View::Close(vertices),
            Self::Near(vertices) => View::Near(vertices),
            Self::Far(vertices) => View::Far(vertices),
        }
    }

    /// How many there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self.view() {
            View::Close(vertices) => vertices.len(),
            View::Near(vertices) => vertices.len(),
            View::Far(vertices) => vertices.len(),
        }
    }

    /// The offset of one.
    #[inline]
    pub(crate) fn at(&self, at: usize) -> [i64; 2] {
        match self.view() {
            View::Close(vertices) => vertices[at].map(i64::from),
            View::Near(vertices) => vertices[at].map(i64::from),
            View::Far(vertices) => vertices[at],
        }
    }

    pub(crate) fn put(&self, out: &mut Out) {
        match self.view() {
            View::Close(vertices) => {
                out.u8(2);
                out.count(vertices.len());
                let bytes = vertices.as_flattened().iter().flat_map(|part| part.0);
                out.0.extend(bytes);
            }
            View::Near(vertices) => {
                out.u8(0);
                out.u32s(vertices.as_flattened());
            }
            View::Far(vertices) => {
                out.u8(1);
                out.i64s(vertices.as_flattened());
            }
        }
    }

    pub(crate) fn take(from: &mut In<'_>) -> Result<Self, BytesError> {
        fn pairs<T>(
            mut values: impl ExactSizeIterator<Item = T>,
        ) -> Result<Arc<[[T; 2]]>, BytesError> {
            let pairs = (0..values.len() / 2)
                .map(|_| Some([values.next()?, values.next()?]))
                .collect::<Option<Arc<[_]>>>();
            pairs
                .filter(|pairs| pairs.len() >= 4 && values.len() == 0)
                .ok_or(BytesError::Damaged)
        }
        Ok(match from.u8()? {
            0 => Self::Near(pairs(from.u32s()?)?),
            1 => Self::Far(pairs(from.i64s()?)?),
            2 => {
                let count = from.count()?;
                let length = count.checked_mul(6).ok_or(BytesError::Damaged)?;
                let parts = from.take(length)?.chunks_exact(6);
                if count < 4 {
                    return Err(BytesError::Damaged);
                }
                let part = |part: &[u8]| Close([part[0], part[1], part[2]]);
                let pairs = parts.map(|pair| [part(&pair[..3]), part(&pair[3..])]);
                Self::close(count, pairs)
            }
            _ => return Err(BytesError::Damaged),
        })
    }

    /// Bytes that they take beside themselves, with the two counts of an `Arc`.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Few(_) => 0,
            Self::Close(vertices) => size_of_val(&**vertices) + 16,
            Self::Near(vertices) => size_of_val(&**vertices) + 16,
            Self::Far(vertices) => size_of_val(&**vertices) + 16,
        }
    }
}
