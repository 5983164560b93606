//! Records as bytes: what is kept beside a file, so that a start need not read it row by row.
//!
//! A value that is sealed at rest is sealed here as it is in its column, and opened when the
//! record is read. Nothing here says how long it is or whether it came whole: whoever keeps the
//! bytes knows, and keeps a checksum.

use std::{ops::Range, sync::Arc};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeZone};
use geo::Geometry;

use crate::{
    Field, Id, Layer, Record, Value,
    seal::{Keys, is_sealed},
    store::blob::{self, BlobError},
};

/// Writes a number below 2⁷ in one byte, below 2¹⁴ in two, and so on.
pub fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads what [`put_number`] wrote.
pub fn take_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Writes a whole number of either sign, as [`put_number`] does.
pub fn put_signed(number: i64, out: &mut Vec<u8>) {
    put_number((number << 1 ^ number >> 63).cast_unsigned(), out);
}

/// Reads what [`put_signed`] wrote.
pub fn take_signed(from: &mut &[u8]) -> Option<i64> {
    let number = take_number(from)?;
    Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
}

/// Writes a run of bytes, its length before it.
pub fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Reads what [`put_bytes`] wrote.
pub fn take_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_number(from)?).ok()?;
    let (taken, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(taken)
}

/// Reads a text that [`put_bytes`] wrote.
pub fn take_text<'a>(from: &mut &'a [u8]) -> Option<&'a str> {
    std::str::from_utf8(take_bytes(from)?).ok()
}

/// What a value is, as its first byte.
mod tag {
    pub(super) const NO: u8 = 1;
    pub(super) const YES: u8 = 2;
    pub(super) const INTEGER: u8 = 3;
    pub(super) const DECIMAL: u8 = 4;
    pub(super) const TEXT: u8 = 5;
    pub(super) const DATE: u8 = 6;
    pub(super) const DATE_TIME: u8 = 7;
    pub(super) const JSON: u8 = 8;
}

impl Record {
    /// Writes all but the id.
    ///
    /// # Errors
    /// When a coordinate is not a finite number.
    pub fn pack(&self, layer: &Layer, keys: &Keys, out: &mut Vec<u8>) -> Result<(), BlobError> {
        match &self.batch {
            None => put_number(0, out),
            Some(batch) => {
                put_number(1, out);
                put_bytes(batch.as_bytes(), out);
            }
        }
        // Most is not known: which values there are, a bit each, and these alone.
        let known = out.len();
        out.resize(known + layer.fields.len().div_ceil(8), 0);
        let mut values = Vec::new();
        for (at, (field, value)) in layer.fields.iter().zip(&self.values).enumerate() {
            if value.is_null() {
                continue;
            }
            out[known + at / 8] |= 1 << (at % 8);
            match keys.seal(layer, field, value) {
                Some(sealed) => put_text(&sealed, &mut values),
                None => put_value(value, &mut values),
            }
        }
        // The values stand beside the id, for most who look want both and no geometry: of memory
        // that nobody else looked at, that is one line instead of three.
        put_bytes(&values, out);
        match &self.geometry {
            None => put_bytes(&[], out),
            // Without the header of a blob: its envelope would be a quarter of what a house is.
            Some(geometry) => put_bytes(&blob::encode_wkb(geometry)?, out),
        }
        Ok(())
    }

    /// Reads the record of an id. None where the bytes are no record of the layer.
    pub fn unpack(id: Id, layer: &Layer, keys: &Keys, from: &mut &[u8]) -> Option<Self> {
        let batch = match take_number(from)? {
            0 => None,
            _ => Some(Arc::from(take_text(from)?)),
        };
        let known = take_known(layer, from)?;
        let mut own = take_bytes(from)?;
        let values = (layer.fields.iter().enumerate()).map(|(at, field)| {
            if known.has(at) {
                glance(layer, field, keys, &mut own).map(Glance::into_value)
            } else {
                Some(Value::Null)
            }
        });
        let values = values.collect::<Option<_>>()?;
        let geometry = match take_bytes(from)? {
            [] => None,
            bytes => blob::decode_wkb(bytes).ok()?,
        };
        Some(Self {
            values,
            id,
            geometry,
            batch,
        })
    }
}

/// A record as its bytes, of which only what is asked for is read: without making the rest, a look
/// at a few fields takes a fraction of the time, and no memory.
#[derive(Clone, Copy)]
pub struct PackedRecord<'a> {
    layer: &'a Layer,
    keys: &'a Keys,
    known: Known<'a>,
    values: &'a [u8],
    /// From the geometry on.
    rest: &'a [u8],
}

/// Which fields have a value, a bit each.
#[derive(Clone, Copy)]
struct Known<'a>(&'a [u8]);

impl Known<'_> {
    fn has(self, at: usize) -> bool {
        self.0[at / 8] & 1 << (at % 8) != 0
    }

    /// How many there are of some fields.
    fn count(self, fields: Range<usize>) -> usize {
        let Range { start, end } = fields;
        let counts = (start / 8..end.div_ceil(8)).map(|at| {
            let from = u8::MAX << start.saturating_sub(8 * at);
            let to = u8::MAX >> (8 * (at + 1)).saturating_sub(end);
            (self.0[at] & from & to).count_ones() as usize
        });
        counts.sum()
    }
}

fn take_known<'a>(layer: &Layer, from: &mut &'a [u8]) -> Option<Known<'a>> {
    let (known, rest) = from.split_at_checked(layer.fields.len().div_ceil(8))?;
    *from = rest;
    Some(Known(known))
}

impl<'a> PackedRecord<'a> {
    /// A record that [`Record::pack`] wrote at the start of some bytes. None where they are none.
    pub fn new(layer: &'a Layer, keys: &'a Keys, mut from: &'a [u8]) -> Option<Self> {
        if take_number(&mut from)? != 0 {
            take_bytes(&mut from)?;
        }
        Some(Self {
            layer,
            keys,
            known: take_known(layer, &mut from)?,
            values: take_bytes(&mut from)?,
            rest: from,
        })
    }

    /// The bytes of where it is; none where it is nowhere.
    fn place(mut self) -> Option<&'a [u8]> {
        take_bytes(&mut self.rest).filter(|bytes| !bytes.is_empty())
    }

    /// Where it is; none where it is nowhere.
    pub fn geometry(&self) -> Option<Geometry<f64>> {
        blob::decode_wkb(self.place()?).ok()?
    }

    /// Traces where it is; whether that is told.
    pub fn trace(&self, pen: &mut impl blob::Pen) -> bool {
        (self.place()).is_some_and(|bytes| blob::trace_wkb(bytes, pen).is_ok())
    }

    /// The values of the fields at some positions, which ascend.
    pub fn values<W: IntoIterator<Item = usize>>(
        self,
        wanted: W,
    ) -> impl Iterator<Item = Value> + use<'a, W> {
        self.glances(wanted).map(Glance::into_value)
    }

    /// [`Self::values`], of which texts stay where they are.
    pub fn glances<W: IntoIterator<Item = usize>>(
        self,
        wanted: W,
    ) -> impl Iterator<Item = Glance<'a>> + use<'a, W> {
        let Self {
            layer, keys, known, ..
        } = self;
        let (mut from, mut next) = (self.values, 0);
        wanted.into_iter().map_while(move |at| {
            debug_assert!(next <= at, "positions ascend");
            if !known.has(at) {
                return Some(Value::Null.into());
            }
            (0..known.count(next..at)).try_for_each(|_| pass_value(&mut from))?;
            next = at + 1;
            glance(layer, &layer.fields[at], keys, &mut from)
        })
    }
}

/// A look at a value: a text where it lies, or another value, which is small.
#[derive(Clone, Debug, PartialEq)]
pub enum Glance<'a> {
    /// A text in a record's bytes.
    Text(&'a str),
    /// Any other value, and a text that was sealed.
    Value(Value),
}

impl Glance<'_> {
    /// The value.
    pub fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::Text(text.into()),
            Self::Value(value) => value,
        }
    }
}

impl From<Value> for Glance<'_> {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl<'a> From<&'a Value> for Glance<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            other => Self::Value(other.clone()),
        }
    }
}

/// Looks at a value, opened where it is sealed.
fn glance<'a>(
    layer: &Layer,
    field: &Field,
    keys: &Keys,
    from: &mut &'a [u8],
) -> Option<Glance<'a>> {
    let Some((&tag::TEXT, mut rest)) = from.split_first() else {
        return take_value(from).map(Glance::Value);
    };
    let text = take_text(&mut rest)?;
    *from = rest;
    Some(if is_sealed(text) {
        keys.open(layer, field, Value::Text(text.into())).into()
    } else {
        Glance::Text(text)
    })
}

/// Passes over a value.
fn pass_value(from: &mut &[u8]) -> Option<()> {
    let (kind, rest) = from.split_first()?;
    *from = rest;
    match *kind {
        tag::NO | tag::YES => {}
        tag::INTEGER | tag::DATE => {
            take_number(from)?;
        }
        tag::DECIMAL => *from = from.get(size_of::<f64>()..)?,
        tag::TEXT | tag::JSON => {
            take_bytes(from)?;
        }
        tag::DATE_TIME => {
            for _ in 0..3 {
                take_number(from)?;
            }
        }
        _ => return None,
    }
    Some(())
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    out.push(tag::TEXT);
    put_bytes(text.as_bytes(), out);
}

fn put_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        // Its bit says so.
        Value::Null => {}
        Value::Boolean(truth) => out.push(if *truth { tag::YES } else { tag::NO }),
        Value::Integer(number) => {
            out.push(tag::INTEGER);
            put_signed(*number, out);
        }
        Value::Decimal(number) => {
            out.push(tag::DECIMAL);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::Text(text) => put_text(text, out),
        Value::Date(day) => {
            out.push(tag::DATE);
            put_signed(day.num_days_from_ce().into(), out);
        }
        Value::DateTime(at) => {
            out.push(tag::DATE_TIME);
            put_signed(at.timestamp(), out);
            put_number(at.timestamp_subsec_nanos().into(), out);
            put_signed(at.offset().local_minus_utc().into(), out);
        }
        Value::Json(json) => {
            out.push(tag::JSON);
            put_bytes(json.to_string().as_bytes(), out);
        }
    }
}

fn take_value(from: &mut &[u8]) -> Option<Value> {
    let (kind, rest) = from.split_first()?;
    *from = rest;
    Some(match *kind {
        tag::NO => Value::Boolean(false),
        tag::YES => Value::Boolean(true),
        tag::INTEGER => Value::Integer(take_signed(from)?),
        tag::DECIMAL => {
            let (number, rest) = from.split_first_chunk()?;
            *from = rest;
            Value::Decimal(f64::from_le_bytes(*number))
        }
        tag::TEXT => Value::Text(take_text(from)?.into()),
        tag::DATE => {
            let day = i32::try_from(take_signed(from)?).ok()?;
            Value::Date(NaiveDate::from_num_days_from_ce_opt(day)?)
        }
        tag::DATE_TIME => Value::DateTime(take_instant(from)?),
        tag::JSON => Value::Json(Box::new(serde_json::from_slice(take_bytes(from)?).ok()?)),
        _ => return None,
    })
}

fn take_instant(from: &mut &[u8]) -> Option<DateTime<FixedOffset>> {
    let (seconds, nanos) = (take_signed(from)?, take_number(from)?);
    let offset = FixedOffset::east_opt(i32::try_from(take_signed(from)?).ok()?)?;
    let at = offset.timestamp_opt(seconds, u32::try_from(nanos).ok()?);
    at.single()
}

#[cfg(test)]
mod tests {
    use geo::polygon;
    use proptest::prelude::*;

    use super::*;
    use crate::{Catalog, FieldKind, seal::Ring};

    fn value(kind: FieldKind) -> BoxedStrategy<Value> {
        let some = match kind {
            FieldKind::Text => any::<String>().prop_map(Value::from).boxed(),
            FieldKind::Integer => any::<i64>().prop_map(Value::from).boxed(),
            FieldKind::Decimal => (-1e12..1e12).prop_map(|number: f64| number.into()).boxed(),
            FieldKind::Boolean => any::<bool>().prop_map(Value::from).boxed(),
            FieldKind::Date => (-800_000..800_000)
                .prop_map(|day| NaiveDate::from_num_days_from_ce_opt(day).into())
                .boxed(),
            FieldKind::DateTime => (-1_i64 << 32..1 << 34, 0..1_000_000_000_u32, -43_200..43_200)
                .prop_map(|(seconds, nanos, offset)| {
                    let offset = FixedOffset::east_opt(offset).unwrap();
                    Value::DateTime(offset.timestamp_opt(seconds, nanos).unwrap())
                })
                .boxed(),
            FieldKind::Json => prop::collection::vec(any::<i32>(), 0..4)
                .prop_map(|list| Value::Json(Box::new(serde_json::json!({ "照片": list }))))
                .boxed(),
        };
        prop_oneof![Just(Value::Null), some].boxed()
    }

    fn record() -> impl Strategy<Value = Record> {
        let catalog = Catalog::embedded();
        let layer = Arc::clone(catalog.layer("building").unwrap());
        let values: Vec<_> = layer.fields.iter().map(|field| value(field.kind)).collect();
        let square = polygon![(x: 113.0, y: 23.0), (x: 113.1, y: 23.0), (x: 113.0, y: 23.1)];
        (values, any::<bool>(), any::<Option<String>>()).prop_map(move |(values, placed, batch)| {
            Record {
                id: "b".into(),
                geometry: placed.then(|| square.clone().into()),
                values,
                batch: batch.map(Into::into),
            }
        })
    }

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_went_and_never_from_less(record in record(), cut in 0.0..1.0) {
            let catalog = Catalog::embedded();
            let layer = catalog.layer("building").unwrap();
            let keys = Keys::fixed(Ring::made().unwrap());
            let mut bytes = Vec::new();
            record.pack(layer, &keys, &mut bytes).unwrap();
            let mut from = &*bytes;
            let back = Record::unpack("b".into(), layer, &keys, &mut from);
            prop_assert_eq!(back, Some(record.clone()));
            prop_assert!(from.is_empty());
            let seen = PackedRecord::new(layer, &keys, &bytes).unwrap();
            prop_assert_eq!(seen.geometry(), record.geometry);
            let every_third: Vec<usize> = (0..layer.fields.len()).step_by(3).collect();
            let some: Vec<Value> = seen.values(every_third.iter().copied()).collect();
            let same: Vec<Value> = every_third.iter().map(|&at| record.values[at].clone()).collect();
            prop_assert_eq!(some, same);
            let short = (bytes.len() as f64 * cut) as usize;
            prop_assert_eq!(Record::unpack("b".into(), layer, &keys, &mut &bytes[..short]), None);
        }

        #[test]
        fn numbers_come_back(number in any::<u64>(), signed in any::<i64>()) {
            let mut bytes = Vec::new();
            put_number(number, &mut bytes);
            put_signed(signed, &mut bytes);
            let mut from = &*bytes;
            prop_assert_eq!(take_number(&mut from), Some(number));
            prop_assert_eq!(take_signed(&mut from), Some(signed));
            prop_assert!(from.is_empty());
        }
    }

    #[test]
    fn what_is_sealed_at_rest_is_sealed_here() {
        let catalog = Catalog::embedded();
        let layer = catalog.layer("person").unwrap();
        let keys = Keys::fixed(Ring::made().unwrap());
        let mut record = Record::new(layer, "p");
        record.set(layer, "phone", "13812345678");
        let mut bytes = Vec::new();
        record.pack(layer, &keys, &mut bytes).unwrap();
        let told = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
        assert!(!told(b"13812345678") && told(b"enc1:"));
        let back = Record::unpack("p".into(), layer, &keys, &mut &*bytes);
        assert_eq!(back, Some(record));
        // Without the key it stays as the column has it.
        let closed = Record::unpack("p".into(), layer, &Keys::default(), &mut &*bytes).unwrap();
        let phone = closed.get(layer, "phone").as_text().unwrap();
        assert!(is_sealed(phone));
    }
}
