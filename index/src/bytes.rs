//! Numbers as bytes and back, the least significant first on every machine.

/// Why bytes are no index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BytesError {
    /// They were written by another version.
    #[error(
        "索引的格式版本是 {0}，本程序读不了 / the index has format {0}, which this program does not read"
    )]
    Version(u32),
    /// They end too soon, go on too long or say what no index says.
    #[error("索引已损坏 / the index is damaged")]
    Damaged,
}

/// What is written to.
#[derive(Debug, Default)]
pub(crate) struct Out(pub(crate) Vec<u8>);

/// What is left to be read.
#[derive(Debug)]
pub(crate) struct In<'a>(&'a [u8]);

/// How one number of a kind is written and read.
macro_rules! number {
    ($($kind:ty: $name:ident;)*) => {
        impl Out {
            $(
                pub(crate) fn $name(&mut self, value: $kind) {
                    self.0.extend_from_slice(&value.to_le_bytes());
                }
            )*
        }

        impl In<'_> {
            $(
                pub(crate) fn $name(&mut self) -> Result<$kind, BytesError> {
                    let bytes = self.take(size_of::<$kind>())?;
                    Ok(<$kind>::from_le_bytes(bytes.try_into().expect("as many as asked for")))
                }
            )*
        }
    };
}

/// How many numbers of a kind are written and read: their count before them.
macro_rules! numbers {
    ($($kind:ty: $name:ident;)*) => {
        impl Out {
            $(
                pub(crate) fn $name(&mut self, values: &[$kind]) {
                    self.count(values.len());
                    self.0.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                }
            )*
        }

        impl<'a> In<'a> {
            $(
                pub(crate) fn $name(&mut self) -> Result<impl ExactSizeIterator<Item = $kind> + use<'a>, BytesError> {
                    let count = self.count()?;
                    let length = count.checked_mul(size_of::<$kind>()).ok_or(BytesError::Damaged)?;
                    let each = self.take(length)?.chunks_exact(size_of::<$kind>());
                    Ok(each.map(|bytes| {
                        <$kind>::from_le_bytes(bytes.try_into().expect("a chunk of the size"))
                    }))
                }
            )*
        }
    };
}

number! {
    u8: u8;
    u16: u16;
    u32: u32;
    i64: i64;
}

numbers! {
    u32: u32s;
    i8: i8s;
    i16: i16s;
    i32: i32s;
    i64: i64s;
}

impl Out {
    pub(crate) fn count(&mut self, count: usize) {
        self.u32(u32::try_from(count).expect("fewer than 2^32 of anything"));
    }
}

impl<'a> In<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn count(&mut self) -> Result<usize, BytesError> {
        self.u32().map(|count| count as usize)
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], BytesError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(BytesError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<(), BytesError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(BytesError::Damaged)
        }
    }
}
