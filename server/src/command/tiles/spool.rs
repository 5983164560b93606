//! Tiles drawn so far, beside the archive that is being made: a run that is cut short is taken up
//! where it stopped.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use flate2::Crc;
use serde_json::Value;

/// Bytes before a tile's: its number, length and checksum, little-endian.
const HEAD: usize = 16;

/// The file `OUT.pmtiles.part`: a line that says what the tiles are made from, then the tiles.
pub(super) struct Spool {
    path: PathBuf,
    file: Mutex<File>,
    /// Where each tile lies, and how long it is.
    places: HashMap<u64, (u64, usize)>,
}

impl Spool {
    /// Opens the tiles of an earlier run where they are of the same making; else begins anew.
    pub(super) fn open(archive: &Path, made_from: &Value) -> io::Result<Self> {
        let mut path = archive.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        let (places, end) = match read(&mut file, made_from)? {
            Some(found) => found,
            None => {
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
                writeln!(file, "{made_from}")?;
                (HashMap::new(), file.stream_position()?)
            }
        };
        // What was half written when the earlier run ended goes.
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        Ok(Self {
            path,
            file: Mutex::new(file),
            places,
        })
    }

    /// Tiles of an earlier run.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// A tile of an earlier run; empty where nothing is in it.
    pub(super) fn get(&self, tile: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(&(at, length)) = self.places.get(&tile) else {
            return Ok(None);
        };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let end = file.stream_position()?;
        let mut bytes = vec![0; length];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut bytes)?;
        file.seek(SeekFrom::Start(end))?;
        Ok(Some(bytes))
    }

    /// Adds tiles that were drawn.
    pub(super) fn add<'a>(&self, tiles: impl Iterator<Item = (u64, &'a [u8])>) -> io::Result<()> {
        let mut batch = Vec::new();
        for (tile, bytes) in tiles {
            let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
            batch.extend(tile.to_le_bytes());
            batch.extend(length.to_le_bytes());
            batch.extend(checksum(bytes).to_le_bytes());
            batch.extend(bytes);
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&batch)
    }

    /// The archive is whole.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}

/// The places of the tiles of a file, and where the last whole one ends; none where it was made
/// from something else.
type Found = (HashMap<u64, (u64, usize)>, u64);

fn read(file: &mut File, made_from: &Value) -> io::Result<Option<Found>> {
    let mut reader = BufReader::new(file);
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() || line != format!("{made_from}\n") {
        return Ok(None);
    }
    let mut places = HashMap::new();
    let mut end = line.len() as u64;
    loop {
        let mut head = [0; HEAD];
        let mut bytes = Vec::new();
        if !whole(reader.read_exact(&mut head))? {
            return Ok(Some((places, end)));
        }
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let tile = u64::from(word(0)) | u64::from(word(4)) << 32;
        let length = word(8);
        (&mut reader).take(length.into()).read_to_end(&mut bytes)?;
        if bytes.len() != length as usize || checksum(&bytes) != word(12) {
            return Ok(Some((places, end)));
        }
        places.insert(tile, (end + HEAD as u64, bytes.len()));
        end += (HEAD + bytes.len()) as u64;
    }
}

/// Whether something was read before the end of the file.
fn whole(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        other => other.map(|()| true),
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tiles_of_the_same_making_are_found_again_and_half_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("x.pmtiles");
        let made_from = json!({ "sequence": 7 });
        let spool = Spool::open(&archive, &made_from).unwrap();
        let tiles: [(u64, &[u8]); 3] = [(3, b"drei"), (1 << 40, b""), (9, b"nine")];
        spool.add(tiles.into_iter()).unwrap();
        drop(spool);
        let part = folder.path().join("x.pmtiles.part");
        let length = fs::metadata(&part).unwrap().len();
        OpenOptions::new()
            .write(true)
            .open(&part)
            .unwrap()
            .set_len(length - 1)
            .unwrap();
        let spool = Spool::open(&archive, &made_from).unwrap();
        assert_eq!(spool.len(), 2);
        assert_eq!(spool.get(3).unwrap().unwrap(), b"drei");
        assert_eq!(spool.get(1 << 40).unwrap().unwrap(), b"");
        assert_eq!(spool.get(9).unwrap(), None);
        spool.add([(9, &b"nine"[..])].into_iter()).unwrap();
        drop(spool);
        assert_eq!(Spool::open(&archive, &made_from).unwrap().len(), 3);
        let other = Spool::open(&archive, &json!({ "sequence": 8 })).unwrap();
        assert_eq!(other.len(), 0);
        other.remove().unwrap();
        assert!(!part.exists());
    }
}
