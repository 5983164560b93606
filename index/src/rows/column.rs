//! Whole numbers in no more bytes than the largest of them needs.

use crate::bytes::{BytesError, In, Out};

/// A measure of all features of a row.
#[derive(Debug)]
pub(super) enum Column {
    One(Box<[i8]>),
    Two(Box<[i16]>),
    Four(Box<[i32]>),
    Eight(Box<[i64]>),
}

/// Evaluates an expression with the numbers of a column, whatever their width.
macro_rules! with {
    ($column:expr, $numbers:ident => $result:expr) => {
        match $column {
            Column::One($numbers) => $result,
            Column::Two($numbers) => $result,
            Column::Four($numbers) => $result,
            Column::Eight($numbers) => $result,
        }
    };
}

impl Column {
    pub(super) fn new(numbers: &[i64]) -> Self {
        /// The numbers in fewer bytes each; nothing where one does not fit.
        fn narrow<T: TryFrom<i64>>(numbers: &[i64]) -> Option<Box<[T]>> {
            numbers
                .iter()
                .map(|&number| T::try_from(number).ok())
                .collect()
        }
        (narrow(numbers).map(Self::One))
            .or_else(|| narrow(numbers).map(Self::Two))
            .or_else(|| narrow(numbers).map(Self::Four))
            .unwrap_or_else(|| Self::Eight(numbers.into()))
    }

    pub(super) fn len(&self) -> usize {
        with!(self, numbers => numbers.len())
    }

    /// All numbers.
    #[expect(clippy::useless_conversion, reason = "of all widths but the last")]
    pub(super) fn all(&self) -> Vec<i64> {
        with!(self, numbers => numbers.iter().map(|&number| i64::from(number)).collect())
    }

    /// The sum of those whose mask is all ones, from a place on.
    #[inline(always)]
    #[expect(clippy::useless_conversion, reason = "of all widths but the last")]
    pub(super) fn sum(&self, start: usize, masks: &[u64]) -> i64 {
        with!(self, numbers => {
            let some = numbers[start..].iter().zip(masks);
            some.map(|(&number, mask)| i64::from(number) & mask.cast_signed()).sum()
        })
    }

    pub(super) fn put(&self, out: &mut Out) {
        match self {
            Self::One(numbers) => {
                out.u8(1);
                out.i8s(numbers);
            }
            Self::Two(numbers) => {
                out.u8(2);
                out.i16s(numbers);
            }
            Self::Four(numbers) => {
                out.u8(4);
                out.i32s(numbers);
            }
            Self::Eight(numbers) => {
                out.u8(8);
                out.i64s(numbers);
            }
        }
    }

    pub(super) fn take(from: &mut In<'_>) -> Result<Self, BytesError> {
        Ok(match from.u8()? {
            1 => Self::One(from.i8s()?.collect()),
            2 => Self::Two(from.i16s()?.collect()),
            4 => Self::Four(from.i32s()?.collect()),
            8 => Self::Eight(from.i64s()?.collect()),
            _ => return Err(BytesError::Damaged),
        })
    }

    /// Bytes that the numbers take.
    pub(super) fn bytes(&self) -> usize {
        with!(self, numbers => size_of_val(&**numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_width_come_back_and_add_up() {
        for (largest, width) in [
            (0, 1),
            (i64::from(i8::MAX), 1),
            (i64::from(i8::MIN) - 1, 2),
            (i64::from(i16::MIN), 2),
            (i64::from(i16::MAX) + 1, 4),
            (i64::from(i32::MAX), 4),
            (i64::from(i32::MIN) - 1, 8),
            (i64::MIN, 8),
        ] {
            let numbers = [3, largest, -7, 40];
            let column = Column::new(&numbers);
            assert_eq!((column.bytes(), column.len()), (4 * width, 4));
            assert_eq!(column.sum(1, &[u64::MAX, 0, u64::MAX]), largest + 40);
            let mut out = Out::default();
            column.put(&mut out);
            let mut from = In::new(&out.0);
            let back = Column::take(&mut from).unwrap();
            from.end().unwrap();
            assert_eq!((back.all(), back.bytes()), (numbers.to_vec(), 4 * width));
        }
    }
}
