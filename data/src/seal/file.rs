//! Files sealed at rest: the photographs and documents beside a map.
//!
//! A sealed file begins with [`MAGIC`], the name of its key (its length in one byte before it)
//! and seven random bytes; pieces of 64 KiB follow, each with its tag. The nonce of a piece is
//! the seven bytes, its number and whether it is the last (the STREAM construction of Hoang,
//! Reyhanitabar, Rogaway and Vizár, 2015), so that none is moved, dropped or cut off unseen.

use std::borrow::Cow;

use super::ring::{Cipher, Ring};

/// How every sealed file begins; no picture and no document does.
pub const MAGIC: &[u8; 8] = b"\x00yztseal";
/// Bytes of a piece before it is sealed, and of its tag.
const PIECE: usize = 64 * 1024;
const TAG: usize = 16;
/// Random bytes of a file; what is left of a nonce counts its pieces.
const RANDOM: usize = 7;

/// Seals a file piece by piece, as it comes.
pub struct FileSealer {
    cipher: Cipher,
    head: Vec<u8>,
    random: [u8; RANDOM],
    number: u32,
    /// What waits for its piece to be full.
    waiting: Vec<u8>,
}

/// The name of the key that a file is sealed under, by its first bytes; none where it lies in
/// clear.
pub fn file_key(start: &[u8]) -> Option<&str> {
    let rest = start.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first()?;
    std::str::from_utf8(rest.get(..usize::from(*length))?).ok()
}

/// How many of a file's first bytes tell its key.
pub const FILE_HEAD: usize = MAGIC.len() + 1 + u8::MAX as usize;

fn nonce(random: [u8; RANDOM], number: u32, last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..RANDOM].copy_from_slice(&random);
    nonce[RANDOM..11].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(last);
    nonce
}

impl FileSealer {
    /// With the key that seals now; none where there is no key, or no randomness.
    pub fn new(ring: &Ring) -> Option<Self> {
        let (name, cipher) = ring.file_cipher(None)?;
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random).ok()?;
        let mut head = MAGIC.to_vec();
        head.push(u8::try_from(name.len()).ok()?);
        head.extend(name.as_bytes());
        head.extend(random);
        Some(Self {
            cipher: cipher.clone(),
            head,
            random,
            number: 0,
            waiting: Vec::new(),
        })
    }

    /// What a further part of the file adds to the sealed one.
    pub fn push(&mut self, part: &[u8]) -> Option<Vec<u8>> {
        self.waiting.extend_from_slice(part);
        let mut out = Vec::new();
        // A full piece is kept back until it is known not to be the last.
        while self.waiting.len() > PIECE {
            let rest = self.waiting.split_off(PIECE);
            let piece = std::mem::replace(&mut self.waiting, rest);
            self.seal(&piece, false, &mut out)?;
        }
        Some(out)
    }

    /// What ends the sealed file.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let piece = std::mem::take(&mut self.waiting);
        self.seal(&piece, true, &mut out)?;
        Some(out)
    }

    fn seal(&mut self, piece: &[u8], last: bool, out: &mut Vec<u8>) -> Option<()> {
        if self.number == 0 {
            out.extend(&self.head);
        }
        let nonce = nonce(self.random, self.number, last);
        out.extend(self.cipher.seal(nonce, piece, &self.head)?);
        self.number = self.number.checked_add(1)?;
        Some(())
    }
}

/// What a file holds: itself where it lies in clear; none where its key is not at hand, or
/// somebody changed it.
pub fn open_file<'a>(ring: &Ring, kept: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    if !kept.starts_with(MAGIC) {
        return Some(Cow::Borrowed(kept));
    }
    let name = file_key(kept)?;
    let (_, cipher) = ring.file_cipher(Some(name))?;
    let (head, pieces) = kept.split_at_checked(MAGIC.len() + 1 + name.len() + RANDOM)?;
    let random: [u8; RANDOM] = head[head.len() - RANDOM..].try_into().ok()?;
    let mut out = Vec::with_capacity(pieces.len());
    let mut rest = pieces;
    for number in 0.. {
        let (piece, after) = rest.split_at(rest.len().min(PIECE + TAG));
        let last = after.is_empty();
        out.extend(cipher.open(nonce(random, number, last), piece, head)?);
        if last {
            return Some(Cow::Owned(out));
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Algorithm;

    fn sealed(ring: &Ring, content: &[u8]) -> Vec<u8> {
        let mut sealer = FileSealer::new(ring).unwrap();
        let mut out = Vec::new();
        for part in content.chunks(10_007) {
            out.extend(sealer.push(part).unwrap());
        }
        out.extend(sealer.finish().unwrap());
        out
    }

    #[test]
    fn a_file_comes_back_as_it_was_and_only_so() {
        for algorithm in [Algorithm::Aes256Gcm, Algorithm::Sm4Gcm] {
            let ring = Ring::made_for(algorithm).unwrap();
            for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 200_000] {
                let content: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
                let kept = sealed(&ring, &content);
                assert_eq!(file_key(&kept), ring.current());
                assert_eq!(
                    open_file(&ring, &kept).as_deref(),
                    Some(&*content),
                    "{length}"
                );
                assert!(
                    !kept
                        .windows(32)
                        .any(|part| content.windows(32).next() == Some(part))
                );
                // A bit anywhere, an end that is missing, a piece that is: none of it opens.
                for at in [8, MAGIC.len() + 3, kept.len() / 2, kept.len() - 1] {
                    let mut changed = kept.clone();
                    changed[at] ^= 1;
                    assert_eq!(open_file(&ring, &changed), None, "{length} {at}");
                }
                assert_eq!(open_file(&ring, &kept[..kept.len() - 1]), None);
            }
            let whole = sealed(&ring, &vec![7; 3 * PIECE]);
            let head = whole.len() - 3 * (PIECE + TAG);
            let piece = PIECE + TAG;
            assert_eq!(open_file(&ring, &whole[..head + 2 * piece]), None, "cut");
            let mut swapped = whole.clone();
            swapped[head..head + piece].copy_from_slice(&whole[head + piece..head + 2 * piece]);
            assert_eq!(open_file(&ring, &swapped), None);
            assert_eq!(
                open_file(&Ring::made().unwrap(), &whole),
                None,
                "another key"
            );
        }
        let clear = b"\xFF\xD8\xFFa picture";
        let ring = Ring::made().unwrap();
        assert_eq!(open_file(&ring, clear).as_deref(), Some(&clear[..]));
    }
}
