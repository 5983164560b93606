//! The demonstration villages: synthetic, marked so, and true to the totals that the
//! reports about 东华村, 大源村 and 白云区 name.
//!
//! A village is drawn as a planar subdivision ([`mesh`]): an outline, hills, a stream, and
//! roads that follow a smooth field of directions ([`roads`]) cut it into faces that share
//! their edges. Co-operatives, grids, party areas, renewal units and sheets are unions of
//! faces ([`regions`]), so they tile the village exactly, vertex for vertex. Blocks inside
//! the roads are cut into lots and built over ([`blocks`], [`lots`], [`buildings`]). People
//! are settled in the houses ([`people`]), and [`records`] writes every layer.
//!
//! Everything random depends on the seed and the item alone ([`dice`]): the same seed gives
//! the same content whatever the number of threads, and no clock is read.

mod accounts;
mod blocks;
mod buildings;
mod codes;
mod cuts;
mod dice;
mod districts;
mod footprints;
mod frame;
mod history;
mod houses;
mod lots;
mod made;
mod mesh;
mod names;
mod outline;
mod people;
mod records;
mod regions;
mod roads;
mod simplify;
mod spec;
mod streets;
mod village;
mod zoning;

#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::sync_channel,
    },
    thread,
};

use rayon::prelude::*;

pub use self::accounts::{PASSWORD, PASSWORD_HASH};

use self::{history::Past, made::Made, records::Writer, spec::Spec};
use crate::{
    Catalog, Record, Text,
    store::{About, GeoPackage, StoreError},
};

/// Which demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Village {
    /// 东华村: 1.5 km², 1,495 houses, 11,608 residents.
    Donghua,
    /// 大源村: 25 km², 111 grids, 170,000 residents.
    Dayuan,
    /// 白云区's 48 villages: 104.9 km², 1,973,800 residents.
    Baiyun,
}

impl Village {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Donghua => "donghua",
            Self::Dayuan => "dayuan",
            Self::Baiyun => "baiyun",
        }
    }

    fn specs(self, scale: f64) -> Vec<Spec> {
        match self {
            Self::Donghua => vec![spec::donghua(scale)],
            Self::Dayuan => vec![spec::dayuan(scale)],
            Self::Baiyun => spec::baiyun(scale),
        }
    }

    fn title(self) -> Text {
        let (zh, en) = match self {
            Self::Donghua => (
                "东华村一张图（演示）",
                "Donghua village, one map (demonstration)",
            ),
            Self::Dayuan => (
                "大源村一张图（演示）",
                "Dayuan village, one map (demonstration)",
            ),
            Self::Baiyun => (
                "白云区四十八村一张图（演示）",
                "Forty-eight villages of Baiyun, one map (demonstration)",
            ),
        };
        text(zh, en)
    }
}

/// The scales that a village can be made in: below, there is no room for its grids.
pub const SCALES: std::ops::RangeInclusive<f64> = 0.2..=20.0;

/// How far the making is.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// A village was drawn and settled.
    Drawn {
        /// Its name.
        village: &'a str,
        /// Villages drawn so far.
        done: usize,
        /// Villages in all.
        total: usize,
    },
    /// A layer was written.
    Written {
        /// The layer's identifier.
        layer: &'a str,
        /// Its records.
        records: u64,
        /// Layers written so far.
        done: usize,
        /// Layers in all.
        total: usize,
    },
}

/// Why a demonstration was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The file is there already.
    #[error(
        "{}：文件已存在，未改动；换一个名字，或加 --force 覆盖 / {}: the file is there already and was left alone; give another name, or --force to replace it",
        path.display(), path.display()
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The scale is out of range.
    #[error(
        "--scale {scale}：请用 {} 到 {} 之间的数 / --scale {scale}: give a number between {} and {}",
        SCALES.start(), SCALES.end(), SCALES.start(), SCALES.end()
    )]
    Scale {
        /// The scale asked for.
        scale: f64,
    },
    /// The finished file could not be put in its place.
    #[error(
        "{}：无法写入（{source}），请检查目录与磁盘空间 / {}: cannot be written ({source}); check the folder and the disk",
        path.display(), path.display()
    )]
    Place {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a demonstration is to hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// Which one.
    pub village: Village,
    /// The same seed gives the same content.
    pub seed: u64,
    /// Multiplies area, houses, residents and registers; at 1 the totals are those of the reports.
    pub scale: f64,
    /// So many of the last days are changes with days of their own, to be looked back at.
    pub days: u32,
}

/// Makes a demonstration in a new file and returns how many records it holds.
///
/// The file is written beside its place and moved there when it is whole.
///
/// # Errors
/// When the file exists (and `replace` is not set), the scale is out of [`SCALES`], or the
/// file cannot be written.
pub fn make(
    wish: Wish,
    path: &Path,
    replace: bool,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<u64, DemoError> {
    let scale = wish.scale;
    if !SCALES.contains(&scale) {
        return Err(DemoError::Scale { scale });
    }
    if path.exists() && !replace {
        return Err(DemoError::Exists {
            path: path.to_path_buf(),
        });
    }
    let catalog = Catalog::embedded();
    let villages = draw(wish, progress);
    let place = |source| DemoError::Place {
        path: path.to_path_buf(),
        source,
    };
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".making");
    let making = path.with_file_name(name);
    discard(&making).map_err(place)?;
    let written = write(&making, &catalog, wish, &villages, progress);
    let total = written.inspect_err(|_| {
        // What went wrong before matters more than a file left behind.
        let _ = discard(&making);
    })?;
    if replace {
        discard(path).map_err(place)?;
    }
    fs::rename(&making, path).map_err(place)?;
    Ok(total)
}

/// Draws and settles every village, on all processors.
fn draw(wish: Wish, progress: &(dyn Fn(Progress<'_>) + Sync)) -> Vec<Made> {
    let specs = wish.village.specs(wish.scale);
    let total = specs.len();
    let done = AtomicUsize::new(0);
    let mut first = 0;
    let firsts: Vec<u64> = specs
        .iter()
        .map(|spec| {
            first += spec.residents;
            first - spec.residents
        })
        .collect();
    specs
        .into_par_iter()
        .zip(firsts)
        .map(|(spec, first_person)| {
            let made = Made::new(spec, wish.seed, first_person);
            progress(Progress::Drawn {
                village: &made.spec.name,
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                total,
            });
            made
        })
        .collect()
}

/// The records of a layer, village by village.
fn layer_of(catalog: &Catalog, layer: &str, maker: records::Maker, made: &Made) -> Vec<Record> {
    let mut writer = Writer::new(catalog, layer, made);
    maker(made, &mut writer);
    writer.records
}

fn write(
    path: &Path,
    catalog: &Arc<Catalog>,
    wish: Wish,
    villages: &[Made],
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<u64, DemoError> {
    let store = GeoPackage::create(path, catalog, &about(wish, villages))?;
    let mut past = (wish.days > 0).then(|| Past::of(catalog, villages, wish.days));
    let mut sum = 0;
    for (done, (layer, maker)) in records::LAYERS.into_iter().enumerate() {
        let before = past.as_mut().and_then(|past| past.before(layer));
        let count = thread::scope(|scope| {
            if let Some(before) = before {
                return store.bulk_load(layer, before);
            }
            // One village is written while the next one's records are made.
            let (send, receive) = sync_channel::<Vec<Record>>(1);
            scope.spawn(move || {
                for made in villages {
                    if send.send(layer_of(catalog, layer, maker, made)).is_err() {
                        return;
                    }
                }
            });
            store.bulk_load(layer, receive.into_iter().flatten())
        })?;
        sum += count;
        progress(Progress::Written {
            layer,
            records: count,
            done: done + 1,
            total: records::LAYERS.len(),
        });
    }
    accounts::write(&store, villages)?;
    if let Some(past) = past {
        past.replay(&store)?;
    }
    Ok(sum)
}

fn about(wish: Wish, villages: &[Made]) -> About {
    let Wish {
        village,
        seed,
        scale,
        ..
    } = wish;
    let code = match villages {
        [only] => only.spec.code.clone(),
        _ => "440111".to_owned(),
    };
    About {
        title: village.title(),
        synthetic: true,
        notice: Some(text(
            "演示数据：地形、房屋、人员与业务记录均由程序虚构，仅总数取自公开报道，不得用于实际工作。",
            "Demonstration data: land, houses, people and records are invented by a program; \
             only the totals are those of public reports. Not for real work.",
        )),
        village_code: Some(code),
        licence: Some("CC0-1.0".to_owned()),
        as_of: villages.first().map(|made| made.spec.as_of),
        extra: vec![
            ("demo".to_owned(), village.name().to_owned()),
            ("demo_seed".to_owned(), seed.to_string()),
            ("demo_scale".to_owned(), scale.to_string()),
        ],
    }
}

fn text(zh: &str, en: &str) -> Text {
    Text {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

/// Removes a file and what SQLite keeps beside it.
fn discard(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_os_string();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
