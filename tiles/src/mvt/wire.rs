//! The protocol buffer wire format: what an encoder of tiles needs of it.

/// Appends a number, seven bits a byte, the least first.
pub(super) fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low seven bits are meant"
        )]
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
    bytes.push(number as u8);
}

/// Appends a field that holds a number.
pub(super) fn put_number(bytes: &mut Vec<u8>, field: u32, number: u64) {
    put_varint(bytes, u64::from(field << 3));
    put_varint(bytes, number);
}

/// Appends a field of eight bytes.
pub(super) fn put_double(bytes: &mut Vec<u8>, field: u32, number: f64) {
    put_varint(bytes, u64::from(field << 3 | 1));
    bytes.extend(number.to_le_bytes());
}

/// Appends a field that holds bytes: a text, a message, packed numbers.
pub(super) fn put_bytes(bytes: &mut Vec<u8>, field: u32, content: &[u8]) {
    put_varint(bytes, u64::from(field << 3 | 2));
    put_varint(bytes, content.len() as u64);
    bytes.extend_from_slice(content);
}

/// Small numbers of either sign as small numbers.
pub(super) fn zigzag(number: i64) -> u64 {
    #[expect(
        clippy::cast_sign_loss,
        reason = "zigzag keeps the sign in the lowest bit"
    )]
    {
        ((number << 1) ^ (number >> 63)) as u64
    }
}
