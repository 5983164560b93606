//! `yizhangtu tiles`: the map as one PMTiles archive, for viewers without this server.

mod spool;
mod update;

use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal, Write},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Instant,
};

use indicatif::{ProgressBar, ProgressStyle};
use pmtiles::{Compression, PmTilesStreamWriter, PmTilesWriter, PmtError, TileCoord, TileType};
use rayon::prelude::*;
use serde_json::{Value, json};
use yizhangtu_data::{
    Layer,
    store::{Access, GeoPackage},
};
use yizhangtu_tiles::{Encoding, TileId};

use self::{
    spool::Spool,
    update::{Earlier, MADE_FROM, made_from},
};
use super::{Failure, Output};
use crate::{
    atlas::Snapshot,
    tiles::{self, Drawn, DrawnLayer, LABELS, LAST_ZOOM},
};

/// Tiles painted between two writes.
const BATCH: usize = 256;

/// 制作瓦片包 / make an archive of vector tiles
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// GeoPackage 文件 / the GeoPackage
    file: PathBuf,
    /// 图层，以逗号分隔；不给则为全部 / layers, with commas between; none: all
    #[arg(long, value_delimiter = ',')]
    layers: Vec<String>,
    /// 级别，如 10-17 / zooms, such as 10-17
    #[arg(long, default_value = "10-17")]
    zoom: Zooms,
    /// 编码：mvt 人人能读，mlt 更小 / the encoding: mvt is read by all, mlt is smaller
    #[arg(long, value_enum, default_value_t = Written::Mvt)]
    encoding: Written,
    /// 在已有的瓦片包上只重画改动过的部分 / bring the archive that is there up to date, drawing only what changed
    #[arg(long)]
    update: bool,
    /// 输出文件 / the archive
    #[arg(short, long, value_name = "FILE.pmtiles")]
    output: PathBuf,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Written {
    /// Mapbox Vector Tile
    Mvt,
    /// MapLibre Tile
    Mlt,
}

impl From<Written> for Encoding {
    fn from(written: Written) -> Self {
        match written {
            Written::Mvt => Self::Mvt,
            Written::Mlt => Self::Mlt,
        }
    }
}

/// What an archive is made of.
struct Plan {
    layers: Drawn,
    zooms: RangeInclusive<u8>,
    encoding: Encoding,
    metadata: String,
    /// What is there already, to be brought up to date.
    earlier: Option<Earlier>,
    /// What an earlier run, cut short, has drawn.
    spool: Spool,
}

/// How many tiles an archive holds, how many of them were drawn for it, and how many were left
/// by a run that was cut short.
#[derive(Default)]
struct Made {
    tiles: u64,
    drawn: u64,
    resumed: u64,
}

/// Where a tile comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// An archive that is brought up to date.
    Archive,
    /// A run that was cut short.
    Resumed,
    Drawn,
}

/// From one zoom to another.
#[derive(Clone, Debug, PartialEq)]
struct Zooms(RangeInclusive<u8>);

impl FromStr for Zooms {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let zoom = |text: &str| {
            text.trim()
                .parse()
                .ok()
                .filter(|&zoom: &u8| zoom <= LAST_ZOOM)
        };
        match (zoom(from), zoom(to)) {
            (Some(from), Some(to)) if from <= to => Ok(Self(from..=to)),
            _ => Err(format!(
                "“{text}”不是 0 到 {LAST_ZOOM} 之间的级别或范围，如 10-17 / not a zoom or a range of zooms within 0 to {LAST_ZOOM}, such as 10-17"
            )),
        }
    }
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let begun = Instant::now();
    let store = super::open(&arguments.file, Access::ReadOnly)?;
    let snapshot = Snapshot::drawn(&store, &asked(&store, &arguments.layers))?;
    let layers = layers(&snapshot, &arguments)?;
    let zooms = arguments.zoom.0.clone();
    let encoding = Encoding::from(arguments.encoding);
    let made_from = made_from(&layers, encoding, snapshot.sequence);
    let ends = (*zooms.start(), *zooms.end());
    let earlier = (arguments.update)
        .then(|| Earlier::open(&arguments.output, &store, &layers, &made_from, ends))
        .transpose()?;
    let about = store.about();
    let metadata = json!({
        "name": about.title.zh,
        "description": about.notice.as_ref().map(|notice| format!("{} / {}", notice.zh, notice.en)),
        "type": "overlay",
        "vector_layers": tiles::described(&layers),
        MADE_FROM: made_from,
    });
    let spool = Spool::open(&arguments.output, &making(&arguments, &store, &made_from)?)
        .map_err(|error| unwritable(&arguments.output, &error))?;
    if spool.len() > 0 {
        tracing::info!(tiles = spool.len(), "a run that was cut short is taken up");
    }
    let plan = Plan {
        layers,
        zooms,
        encoding,
        metadata: metadata.to_string(),
        earlier,
        spool,
    };
    let made = write(&arguments.output, &plan)?;
    plan.spool.remove()?;
    let bytes = std::fs::metadata(&arguments.output)?.len();
    let seconds = begun.elapsed().as_secs_f64();
    let mut out = io::stdout();
    if output.json {
        let result = json!({
            "file": arguments.output, "tiles": made.tiles, "drawn": made.drawn,
            "resumed": made.resumed, "bytes": bytes, "seconds": seconds,
        });
        writeln!(out, "{result}")?;
    } else {
        writeln!(
            out,
            "{file}：{count} 张瓦片，其中 {drawn} 张新画，{bytes} 字节，{seconds:.1} 秒 / {count} tiles, {drawn} of them drawn, {bytes} bytes, {seconds:.1} s",
            file = arguments.output.display(),
            count = made.tiles,
            drawn = made.drawn,
        )?;
    }
    Ok(())
}

/// The layers of the file that are read for the names given, else all that are drawn, each with
/// the fields that it is drawn from.
fn asked(store: &GeoPackage, names: &[String]) -> Vec<(Arc<Layer>, Vec<usize>)> {
    let is_named = |id: &str| {
        let mut names = names.iter();
        names.any(|name| name == id || name.strip_suffix(LABELS) == Some(id))
    };
    let layers = (store.layers().iter())
        .filter(|layer| tiles::has_tiles(layer) && (names.is_empty() || is_named(&layer.id)));
    layers
        .map(|layer| (Arc::clone(layer), tiles::looked_at(layer)))
        .collect()
}

/// The layers that the archive is to hold: those named, else all that are drawn.
fn layers(snapshot: &Snapshot, arguments: &Arguments) -> Result<Drawn, Failure> {
    if arguments.layers.is_empty() {
        let drawn = (snapshot.layers.iter()).filter(|layer| tiles::has_tiles(&layer.layer));
        return Ok(drawn.cloned().map(DrawnLayer::features).collect());
    }
    let mut drawn = Drawn::new();
    for name in &arguments.layers {
        let layer = tiles::layer(snapshot, name).ok_or_else(|| {
            Failure::Usage(format!(
                "--layers {name}：{file} 没有这个图层，或它没有瓦片 / {file} has no such layer, or it has no tiles",
                file = arguments.file.display()
            ))
        })?;
        if drawn.iter().all(|other| other.name != layer.name) {
            drawn.push(layer);
        }
    }
    Ok(drawn)
}

/// What the tiles of a run are made from: those of another are of no use to it. A file that
/// keeps no history is told by when it was written.
fn making(arguments: &Arguments, store: &GeoPackage, made_from: &Value) -> Result<Value, Failure> {
    let mut making = json!({ "from": made_from, "update": arguments.update });
    if !store.is_own() {
        let file = std::fs::metadata(&arguments.file)?;
        let written = file.modified()?.duration_since(std::time::UNIX_EPOCH);
        making["written"] = written.map_or(0, |since| since.as_micros() as u64).into();
        making["bytes"] = file.len().into();
    }
    Ok(making)
}

fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Data(format!(
        "{path}：无法写入，请检查目录、权限和磁盘空间 / cannot be written; check folder, rights and space: {error}",
        path = path.display()
    ))
}

/// Writes the archive beside its place and moves it there whole.
fn write(path: &Path, plan: &Plan) -> Result<Made, Failure> {
    let cannot = |error: &dyn std::fmt::Display| unwritable(path, error);
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut beside = tempfile::Builder::new();
    // As any file that a program writes; a temporary one is its maker's alone.
    #[cfg(unix)]
    beside.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = beside
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| cannot(&error))?;
    let kind = match plan.encoding {
        Encoding::Mvt => TileType::Mvt,
        Encoding::Mlt => TileType::Mlt,
    };
    let mut writer = PmTilesWriter::new(kind)
        .precompressed(Compression::Gzip)
        .min_zoom(*plan.zooms.start())
        .max_zoom(*plan.zooms.end())
        .metadata(&plan.metadata);
    if let Some([west, south, east, north]) = tiles::bounds(&plan.layers) {
        writer = writer
            .bounds(west, south, east, north)
            .center(f64::midpoint(west, east), f64::midpoint(south, north))
            .center_zoom(*plan.zooms.start());
    }
    let writer = writer
        .create(BufWriter::new(
            file.reopen().map_err(|error| cannot(&error))?,
        ))
        .map_err(|error| cannot(&error))?;
    let made = paint_all(writer, plan)?.map_err(|error| cannot(&error))?;
    file.as_file().sync_all().map_err(|error| cannot(&error))?;
    file.persist(path).map_err(|error| cannot(&error))?;
    Ok(made)
}

/// Paints zoom by zoom, in the archive's own order, going down only where there is
/// something. The inner error is the archive's, the outer one the drawing's.
fn paint_all(
    mut writer: PmTilesStreamWriter<BufWriter<File>>,
    plan: &Plan,
) -> Result<Result<Made, PmtError>, Failure> {
    let mut made = Made::default();
    let mut level = vec![TileId::new(0, 0, 0).expect("the tile of the world")];
    for z in 0..=*plan.zooms.end() {
        level.retain(|&tile| tiles::is_touched(&plan.layers, tile));
        if plan.zooms.contains(&z) {
            level.sort_by_cached_key(|&tile| number(tile));
            let progress = progress(z, level.len());
            for batch in level.chunks(BATCH) {
                let painted: Vec<_> = (batch.par_iter())
                    .map(|&tile| Ok((tile, plan.tile(tile)?)))
                    .collect::<Result<_, Failure>>()?;
                let drawn = (painted.iter())
                    .filter(|(_, (_, from))| *from == Origin::Drawn)
                    .map(|(tile, (bytes, _))| (number(*tile), bytes.as_slice()));
                plan.spool.add(drawn)?;
                for (tile, (bytes, from)) in painted {
                    if !bytes.is_empty() {
                        let added = place(tile).and_then(|place| writer.add_tile(place, &bytes));
                        if let Err(error) = added {
                            return Ok(Err(error));
                        }
                        made.tiles += 1;
                        made.drawn += u64::from(from == Origin::Drawn);
                        made.resumed += u64::from(from == Origin::Resumed);
                    }
                    progress.inc(1);
                }
            }
            progress.finish_and_clear();
        }
        tiles::leave(&plan.layers, z);
        level = level.into_iter().flat_map(TileId::children).collect();
    }
    Ok(writer.finalize().map(|_| made))
}

impl Plan {
    /// A tile, empty where nothing is in it, and where it is from.
    fn tile(&self, tile: TileId) -> Result<(Vec<u8>, Origin), Failure> {
        if let Some(bytes) = self.spool.get(number(tile))? {
            return Ok((bytes, Origin::Resumed));
        }
        let kept = (self.earlier.as_ref())
            .map(|earlier| earlier.kept(tile))
            .transpose()
            .map_err(|error| {
                Failure::Data(format!(
                    "瓦片 {tile}：已有的瓦片包读不出来，请不带 --update 重新制作 / tile {tile}: the archive cannot be read; make it anew without --update: {error}"
                ))
            })?;
        if let Some(Some(bytes)) = kept {
            return Ok((bytes.unwrap_or_default(), Origin::Archive));
        }
        let drawn = tiles::gzipped(&self.layers, tile, self.encoding)
            .map_err(|error| Failure::Data(error.to_string()))?;
        Ok((drawn.unwrap_or_default(), Origin::Drawn))
    }
}

/// The archive's number of a tile, in whose order it is written.
fn number(tile: TileId) -> u64 {
    place(tile).map_or(u64::MAX, |place| pmtiles::TileId::from(place).value())
}

fn place(tile: TileId) -> Result<TileCoord, PmtError> {
    TileCoord::new(tile.z(), tile.x(), tile.y())
}

/// A bar on a terminal; a line a zoom elsewhere.
fn progress(z: u8, count: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        // Where standard error is closed, the work goes on.
        let _ = writeln!(io::stderr(), "z{z}: {count}");
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(count as u64).with_message(format!("z{z}"));
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooms_are_one_or_a_range() {
        assert_eq!("12".parse(), Ok(Zooms(12..=12)));
        assert_eq!("10-17".parse(), Ok(Zooms(10..=17)));
        for wrong in ["", "17-10", "0-18", "a-b", "-3"] {
            assert!(wrong.parse::<Zooms>().is_err(), "{wrong}");
        }
    }
}
