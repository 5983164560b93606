//! The import itself, from files to one commit.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::ControlFlow,
    path::Path,
    sync::{Arc, Mutex},
};

use super::{
    ImportError, Options, Profile, Progress, Report, guard,
    home::Home,
    identity::Unique,
    job::{Job, default_code, existing, overlay},
    mapping::Mapping,
    names::fold,
    report::{Counts, LayerReport},
    row::Maker,
    source::{self, Reading, Source},
    surroundings,
    system::System,
};
use crate::{
    Catalog, Change, ChangeSet, GeometryKind, Layer, Operation, Text,
    store::{About, Access, Committed, GeoPackage, ImportBatch},
};

/// Writes an import in the place of the import itself.
pub type Write<'w> = &'w dyn Fn(ImportBatch, ChangeSet) -> Result<Committed, ImportError>;

/// The layer name that stands for all layers of an extract of OpenStreetMap.
const OSM: &str = "osm";
const OSM_LAYERS: [&str; 4] = ["building", "road", "water", "green"];

struct Run<'a> {
    options: &'a Options,
    profile: Arc<Profile>,
    store: Option<GeoPackage>,
    home: Option<Home>,
    jobs: BTreeMap<String, Job>,
    report: Report,
    progress: &'a dyn Fn(Progress),
    write: Option<Write<'a>>,
}

/// Imports files into a layer, or says what an import would do.
///
/// # Errors
/// When a file as a whole can't be used, when rows are refused and
/// [`Options::accept_partial`] is not set, when every row is refused, or when the store
/// refuses. Nothing is written then.
pub fn run(
    options: &Options,
    catalog: &Arc<Catalog>,
    progress: &dyn Fn(Progress),
) -> Result<Report, ImportError> {
    run_with(options, catalog, progress, None)
}

/// As [`run`], where somebody else is the writer of the file: it is only read here. The writer is
/// asked in a dry run too, for what it alone knows, and must keep nothing then.
///
/// # Errors
/// As [`run`], and what the writer says.
pub fn run_through(
    options: &Options,
    catalog: &Arc<Catalog>,
    progress: &dyn Fn(Progress),
    write: Write<'_>,
) -> Result<Report, ImportError> {
    run_with(options, catalog, progress, Some(write))
}

fn run_with(
    options: &Options,
    catalog: &Arc<Catalog>,
    progress: &dyn Fn(Progress),
    write: Option<Write<'_>>,
) -> Result<Report, ImportError> {
    let mut profile = match &options.map {
        Some(path) => Profile::read(path)?,
        None => Profile::default(),
    };
    profile.overlay(&options.wishes);
    let layers = layers(options, catalog)?;
    for layer in &layers {
        profile.check(layer)?;
    }
    let store = open_target(options, catalog, write.is_some())?;
    // A village that is itself imported is no measure for itself.
    let home = match &store {
        Some(store) if !matches!(options.layer.as_str(), "village" | "admin_area") => {
            Home::of(store)?
        }
        _ => None,
    };
    let profile = Arc::new(profile);
    let jobs = layers
        .iter()
        .map(|layer| {
            let job = Job {
                maker: Maker {
                    catalog: Arc::clone(catalog),
                    layer: Arc::clone(layer),
                    profile: Arc::clone(&profile),
                    unknown: Mutex::default(),
                },
                report: LayerReport {
                    layer: layer.id.clone(),
                    ..LayerReport::default()
                },
                pending: Vec::new(),
                by_id: HashMap::new(),
            };
            (layer.id.clone(), job)
        })
        .collect();
    let mut run = Run {
        options,
        profile,
        store,
        home,
        jobs,
        report: Report {
            dry_run: options.dry_run,
            ..Report::default()
        },
        progress,
        write,
    };
    for (at, path) in options.files.iter().enumerate() {
        run.read(at, path)?;
    }
    run.settle_ids();
    surroundings::refuse_misplaced(
        run.home.as_ref(),
        options,
        &run.profile,
        &mut run.jobs,
        &mut run.report,
    )?;
    let changes = run.compare()?;
    run.finish(catalog, changes)
}

fn layers(options: &Options, catalog: &Catalog) -> Result<Vec<Arc<Layer>>, ImportError> {
    let known = || {
        let ids: Vec<&str> = catalog
            .layers
            .iter()
            .map(|layer| layer.id.as_str())
            .collect();
        ids.join("，")
    };
    let one = |id: &str| {
        catalog.layer(id).cloned().ok_or_else(|| {
            ImportError::options(
                format!("没有图层“{id}”，可用：{}", known()),
                format!("there is no layer “{id}”; use one of: {}", known()),
            )
        })
    };
    if options.layer == OSM {
        return OSM_LAYERS.iter().map(|id| one(id)).collect();
    }
    Ok(vec![one(&options.layer)?])
}

fn open_target(
    options: &Options,
    catalog: &Arc<Catalog>,
    only_read: bool,
) -> Result<Option<GeoPackage>, ImportError> {
    if !options.into.exists() {
        return Ok(None);
    }
    let access = if options.dry_run || only_read {
        Access::ReadOnly
    } else {
        Access::ReadWrite
    };
    let store = GeoPackage::open(&options.into, catalog, access)?;
    if !store.is_own() {
        return Err(ImportError::file(
            &options.into,
            "由其他软件建立，不能写入；请给一个新文件名，本程序会新建",
            "was made by another program and is not written to; give a new name and a file is made",
        ));
    }
    Ok(Some(store))
}

impl Run<'_> {
    fn read(&mut self, at: usize, path: &Path) -> Result<(), ImportError> {
        let reading = self.reading(path)?;
        let source = source::open(path, &reading)?;
        let given = self.options.crs.as_deref().or(self.profile.crs.as_deref());
        let near = self.home.as_ref().map(Home::center);
        let system = System::settle(path, &*source, given, self.options.swap_axes, near)?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        self.report.files.push(name.clone());
        self.report.crs.push(system.transform.from().to_string());
        if let Some(encoding) = &source.said().encoding {
            self.report.encoding.push(encoding.clone());
        }
        for words in source.said().notes.iter().chain(&system.notes) {
            self.report.warn(words);
        }
        let mut mappings = self.mappings(&*source)?;
        let of = source.said().rows;
        let single = (self.jobs.len() == 1).then(|| self.options.layer.clone());
        let mut seen = 0_u64;
        source.rows(&mut |row| {
            seen += 1;
            if seen.is_multiple_of(1000) {
                (self.progress)(Progress::Read { rows: seen, of });
            }
            let layer = match (&single, row.layer) {
                (Some(layer), None) => layer.clone(),
                (Some(layer), Some(said)) if layer == said => layer.clone(),
                (None, Some(said)) => said.to_owned(),
                _ => return ControlFlow::Continue(()),
            };
            let number = row.number;
            let (Some(job), Some(mapping)) = (self.jobs.get_mut(&layer), mappings.get_mut(&layer))
            else {
                return ControlFlow::Continue(());
            };
            job.report.counts.read += 1;
            match job.maker.make(row, mapping, &system) {
                Ok(made) => job.take(at, number, made, &name, &mut self.report),
                Err(faults) => job.refuse(&name, number, faults, &mut self.report),
            }
            ControlFlow::Continue(())
        })?;
        (self.progress)(Progress::Read { rows: seen, of });
        for (layer, mapping) in mappings {
            if let Some(job) = self.jobs.get_mut(&layer) {
                job.report.mapped.extend(
                    mapping
                        .mapped
                        .into_iter()
                        .filter(|it| !job.report.mapped.contains(it))
                        .collect::<Vec<_>>(),
                );
                let unmapped = mapping
                    .unmapped
                    .into_iter()
                    .filter(|it| !job.report.unmapped.contains(it));
                job.report.unmapped.extend(unmapped.collect::<Vec<_>>());
                job.report.unknown_codes = job.maker.unknown_codes();
            }
        }
        Ok(())
    }

    fn reading(&self, path: &Path) -> Result<Reading, ImportError> {
        let label = self
            .options
            .encoding
            .as_ref()
            .or(self.profile.encoding.as_ref());
        let encoding = match label {
            None => None,
            Some(label) => Some(encoding(label).ok_or_else(|| {
                ImportError::file(
                    path,
                    format!("不认识编码“{label}”，可用：utf-8、gbk、gb18030、big5、utf-16"),
                    format!("unknown encoding “{label}”; use utf-8, gbk, gb18030, big5, utf-16"),
                )
            })?),
        };
        let mut known = BTreeSet::new();
        for job in self.jobs.values() {
            for field in &job.maker.layer.fields {
                known
                    .extend([&field.name, &field.label.zh, &field.label.en].map(|name| fold(name)));
                known.extend(field.aliases.iter().map(|name| fold(name)));
            }
        }
        known.extend(self.profile.fields.keys().map(|name| fold(name)));
        known.extend(self.options.id_column.iter().map(|name| fold(name)));
        Ok(Reading {
            encoding,
            table: self
                .options
                .table
                .clone()
                .or_else(|| self.profile.table.clone()),
            columns: self.profile.x.clone().zip(self.profile.y.clone()),
            wkt: self.profile.wkt.clone(),
            known: Arc::new(known),
            layer: self.options.layer.clone(),
            geometry: (self.jobs.values().next())
                .map_or(GeometryKind::Any, |job| job.maker.layer.geometry),
        })
    }

    /// Which column goes where, by the columns of the first rows.
    fn mappings(&self, source: &dyn Source) -> Result<HashMap<String, Mapping>, ImportError> {
        let mut columns: BTreeMap<String, Vec<Arc<str>>> = BTreeMap::new();
        let mut rows = 0;
        source.rows(&mut |row| {
            let layer = row.layer.unwrap_or(&self.options.layer).to_owned();
            let known = columns.entry(layer).or_default();
            for (name, _) in &row.values {
                if !known.contains(name) {
                    known.push(Arc::clone(name));
                }
            }
            rows += 1;
            if rows < 2000 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        let id = self.options.id_column.as_deref();
        if let Some(id) = id {
            let found = columns
                .values()
                .flatten()
                .any(|name| fold(name) == fold(id));
            if !found && rows > 0 {
                let all: Vec<String> = columns
                    .values()
                    .flatten()
                    .map(ToString::to_string)
                    .collect();
                return Err(ImportError::options(
                    format!("没有列“{id}”（--id-column），现有：{}", all.join("，")),
                    format!(
                        "there is no column “{id}” (--id-column); there are: {}",
                        all.join(", ")
                    ),
                ));
            }
        }
        Ok(self
            .jobs
            .iter()
            .map(|(layer, job)| {
                let columns = columns.get(layer).map_or(&[][..], Vec::as_slice);
                let mapping = Mapping::new(&job.maker.layer, &self.profile, id, columns);
                (layer.clone(), mapping)
            })
            .collect())
    }

    /// One feature an id: pieces are joined, doubles refused.
    fn settle_ids(&mut self) {
        let files = self.report.files.clone();
        for job in self.jobs.values_mut() {
            job.join(&files, &mut self.report);
        }
    }

    /// Holds the rows against what is there.
    fn compare(&mut self) -> Result<Vec<Change>, ImportError> {
        let files = self.report.files.clone();
        let of = self.jobs.values().map(|job| job.pending.len() as u64).sum();
        let mut changes = Vec::new();
        let mut rows = 0_u64;
        for job in self.jobs.values_mut() {
            let layer = Arc::clone(&job.maker.layer);
            let name: Arc<str> = layer.id.as_str().into();
            let mut unique = Unique::default();
            for pending in std::mem::take(&mut job.pending) {
                rows += 1;
                if rows.is_multiple_of(5000) {
                    (self.progress)(Progress::Compared { rows, of });
                }
                let existing = match &self.store {
                    Some(store) => existing(store, &layer, &pending)?,
                    None => None,
                };
                let mut record = match &existing {
                    Some(before) => overlay(before, &pending),
                    None => pending.record.clone(),
                };
                if pending.code_by_id {
                    default_code(&layer, &mut record);
                }
                let held = guard::hold(&job.maker.catalog, &layer, existing.as_ref(), &mut record);
                let mut faults = job.faults(&layer, &mut unique, self.store.as_ref(), &record)?;
                faults.extend(held);
                if !faults.is_empty() {
                    job.refuse(&files[pending.file], pending.row, faults, &mut self.report);
                    continue;
                }
                let counts = &mut job.report.counts;
                counts.repaired += u64::from(pending.mended);
                counts.without_place += u64::from(layer.is_mapped() && record.geometry.is_none());
                let operation = match existing {
                    None => {
                        counts.added += 1;
                        Operation::Insert(record)
                    }
                    Some(before)
                        if before.geometry == record.geometry && before.values == record.values =>
                    {
                        counts.unchanged += 1;
                        continue;
                    }
                    Some(_) => {
                        counts.changed += 1;
                        Operation::Update(record)
                    }
                };
                changes.push(Change {
                    layer: Arc::clone(&name),
                    operation,
                });
            }
        }
        Ok(changes)
    }

    fn finish(
        mut self,
        catalog: &Arc<Catalog>,
        changes: Vec<Change>,
    ) -> Result<Report, ImportError> {
        for job in self.jobs.into_values() {
            add(&mut self.report.counts, &job.report.counts);
            if job.report.counts != Counts::default() || self.options.layer != OSM {
                self.report.layers.push(job.report);
            }
        }
        let counts = self.report.counts;
        if counts.read == 0 {
            return Err(ImportError::file(
                &self.options.files[0],
                "没有可导入的行",
                "there are no rows to import",
            ));
        }
        if counts.without_place > 0 {
            self.report.warn(&Text {
                zh: format!("{} 行没有位置，地图上看不到", counts.without_place),
                en: format!(
                    "{} rows have no place and are not seen on the map",
                    counts.without_place
                ),
            });
        }
        let useless = counts.added + counts.changed + counts.unchanged == 0;
        if counts.refused > 0 && (useless || !self.options.accept_partial) {
            return Err(ImportError::Refused(Box::new(self.report)));
        }
        let tried = self.options.dry_run;
        if changes.is_empty() || (tried && self.write.is_none()) {
            return Ok(self.report);
        }
        if !tried {
            (self.progress)(Progress::Writing {
                changes: changes.len() as u64,
            });
        }
        let id: Arc<str> = ulid::Ulid::generate().to_string().into();
        let batch = ImportBatch {
            id: Arc::clone(&id),
            file: self.report.files.join(", "),
            layer: self.options.layer.clone(),
            crs: Some(self.report.crs.join(", ")),
            encoding: (!self.report.encoding.is_empty()).then(|| self.report.encoding.join(", ")),
            mapping: serde_json::to_value(
                self.report
                    .layers
                    .iter()
                    .map(|it| (&it.layer, &it.mapped))
                    .collect::<BTreeMap<_, _>>(),
            )
            .unwrap_or_default(),
            counts: serde_json::to_value(counts).unwrap_or_default(),
            author: self.options.author.clone(),
            at: String::new(),
            undone_at: None,
        };
        let set = ChangeSet {
            author: self.options.author.clone(),
            reason: format!("导入 {} / import of {}", batch.file, batch.file),
            batch: Some(Arc::clone(&id)),
            changes,
            ..ChangeSet::default()
        };
        let committed = match self.write {
            Some(write) => write(batch, set)?,
            None => written(self.options, self.store, catalog, &batch, set)?,
        };
        if tried {
            return Ok(self.report);
        }
        self.report.written = true;
        self.report.batch = Some(id.to_string());
        self.report.sequence = Some(committed.sequence);
        Ok(self.report)
    }
}

/// Commits to the file itself, which is made where it is not there.
fn written(
    options: &Options,
    store: Option<GeoPackage>,
    catalog: &Arc<Catalog>,
    batch: &ImportBatch,
    set: ChangeSet,
) -> Result<Committed, ImportError> {
    let made = store.is_none();
    let store = match store {
        Some(store) => store,
        None => GeoPackage::create(&options.into, catalog, &about(&options.into))?,
    };
    let committed = store.commit_import(batch, set);
    if committed.is_err() && made {
        drop(store);
        remove(&options.into);
    }
    Ok(committed?)
}

fn encoding(label: &str) -> Option<&'static encoding_rs::Encoding> {
    let folded = fold(label);
    match folded.as_str() {
        "gbk" | "gb2312" | "gb18030" | "936" | "cp936" => Some(encoding_rs::GB18030),
        "utf8" => Some(encoding_rs::UTF_8),
        "utf16" => Some(encoding_rs::UTF_16LE),
        _ => encoding_rs::Encoding::for_label(label.trim().as_bytes()),
    }
}

fn about(path: &Path) -> About {
    let title = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    About {
        title: Text {
            zh: title.clone(),
            en: title,
        },
        ..About::default()
    }
}

/// Takes away a file that was made for an import that failed, with SQLite's side files.
fn remove(path: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let _ = std::fs::remove_file(Path::new(&name));
    }
}

fn add(total: &mut Counts, part: &Counts) {
    total.read += part.read;
    total.added += part.added;
    total.changed += part.changed;
    total.unchanged += part.unchanged;
    total.repaired += part.repaired;
    total.merged += part.merged;
    total.refused += part.refused;
    total.without_place += part.without_place;
}
