//! The file of a base: pieces of bytes, each with its checksum, and at the end a head that says
//! where they are and what they are of.
//!
//! ```text
//! pieces       one after the other
//! head         JSON
//! trailer      place of the head (8), its length (8), its checksum (4), format (4), "YZTBASE\n"
//! ```

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Changed with every change of what stands in the file.
const FORMAT: u32 = 7;

const MAGIC: &[u8; 8] = b"YZTBASE\n";

const TRAILER: usize = 32;

/// Where some bytes are in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    at: u64,
    length: u64,
    sum: u32,
}

/// Why a file is no base.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is damaged")]
    Damaged,
    #[error("it was written by another version")]
    Version,
    #[error("it belongs to {0}")]
    Other(&'static str),
    #[error("{0}")]
    Store(#[from] yizhangtu_data::store::StoreError),
}

impl From<yizhangtu_index::BytesError> for Unfit {
    fn from(error: yizhangtu_index::BytesError) -> Self {
        match error {
            yizhangtu_index::BytesError::Version(_) => Self::Version,
            _ => Self::Damaged,
        }
    }
}

/// A file being written beside its place, which it takes when it is whole and on the disk.
pub(super) struct Writing {
    out: BufWriter<File>,
    at: u64,
    part: PathBuf,
    place: PathBuf,
}

impl Writing {
    /// Begins a file; who may read the model may read it.
    pub(super) fn begin(place: &Path, model: &Path) -> io::Result<Self> {
        let mut part = place.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part)?;
        file.set_permissions(fs::metadata(model)?.permissions())?;
        Ok(Self {
            out: BufWriter::with_capacity(1 << 20, file),
            at: 0,
            part,
            place: place.to_path_buf(),
        })
    }

    /// Writes a piece.
    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<Piece> {
        let piece = Piece {
            at: self.at,
            length: bytes.len() as u64,
            sum: crc32fast::hash(bytes),
        };
        self.out.write_all(bytes)?;
        self.at += piece.length;
        Ok(piece)
    }

    /// Writes several pieces.
    pub(super) fn put_all(&mut self, parts: &[Vec<u8>]) -> io::Result<Vec<Piece>> {
        parts.iter().map(|part| self.put(part)).collect()
    }

    /// Writes the head, and puts the file in its place once the disk has it.
    pub(super) fn finish(mut self, head: &impl Serialize) -> io::Result<()> {
        let head = self.put(&serde_json::to_vec(head)?)?;
        let mut trailer = Vec::with_capacity(TRAILER);
        trailer.extend(head.at.to_le_bytes());
        trailer.extend(head.length.to_le_bytes());
        trailer.extend(head.sum.to_le_bytes());
        trailer.extend(FORMAT.to_le_bytes());
        trailer.extend(MAGIC);
        self.out.write_all(&trailer)?;
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        fs::rename(&self.part, &self.place)
    }
}

impl Drop for Writing {
    /// What was not finished takes no room on a disk that may be full.
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.part)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(file = %self.part.display(), %error, "could not be removed");
        }
    }
}

/// A file being read.
pub(super) struct Reading(PathBuf);

impl Reading {
    /// Reads the head of a file.
    pub(super) fn begin<Head: DeserializeOwned>(place: &Path) -> Result<(Self, Head), Unfit> {
        let mut file = File::open(place)?;
        let length = file.metadata()?.len();
        let start = length.checked_sub(TRAILER as u64).ok_or(Unfit::Damaged)?;
        file.seek(SeekFrom::Start(start))?;
        let mut trailer = [0; TRAILER];
        file.read_exact(&mut trailer)?;
        let number = |at: usize| u64::from_le_bytes(trailer[at..at + 8].try_into().expect("eight"));
        let word = |at: usize| u32::from_le_bytes(trailer[at..at + 4].try_into().expect("four"));
        if &trailer[24..] != MAGIC {
            return Err(Unfit::Damaged);
        }
        if word(20) != FORMAT {
            return Err(Unfit::Version);
        }
        let head = Piece {
            at: number(0),
            length: number(8),
            sum: word(16),
        };
        if head.length > length {
            return Err(Unfit::Damaged);
        }
        let reading = Self(place.to_path_buf());
        let head = reading.piece(&head)?;
        let head = serde_json::from_slice(&head).map_err(|_| Unfit::Damaged)?;
        Ok((reading, head))
    }

    /// Reads a piece. Each reads by a handle of its own, so that many read at once.
    pub(super) fn piece(&self, piece: &Piece) -> Result<Vec<u8>, Unfit> {
        let mut file = File::open(&self.0)?;
        file.seek(SeekFrom::Start(piece.at))?;
        let length = usize::try_from(piece.length).map_err(|_| Unfit::Damaged)?;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(length)
            .map_err(|_| Unfit::Damaged)?;
        file.take(piece.length).read_to_end(&mut bytes)?;
        if bytes.len() != length || crc32fast::hash(&bytes) != piece.sum {
            return Err(Unfit::Damaged);
        }
        Ok(bytes)
    }
}
