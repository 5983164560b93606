//! Reading the catalog: what the binary carries, and what a directory lays over it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{Arc, LazyLock},
};

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeArray, DeValue},
};

use super::{
    Calendar, Catalog, CatalogError, Code, CodeList, Field, Form, Layer, Office, Process, Theme,
    document::OFFICE,
    fault::{Fault, Problem},
    inspect::{self, Known, ReadCalendar, ReadCodeList, ReadForm, ReadLayer, ReadThemes},
    process::{State, Transition},
    process_check::{self, ReadProcess},
    source::Source,
};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/catalog");

static EMBEDDED: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let read = Files::embedded().assemble();
    Arc::new(read.unwrap_or_else(|error| panic!("{error}")))
});

impl Catalog {
    /// The catalog that the binary carries, parsed once.
    ///
    /// # Panics
    /// When the files in `data/catalog` are at fault, which a test rules out.
    pub fn embedded() -> Arc<Self> {
        Arc::clone(&EMBEDDED)
    }

    /// The embedded catalog with a directory laid over it.
    ///
    /// The directory holds any of `themes.toml`, `layers/<id>.toml`, `codes/<id>.toml`,
    /// `processes/<layer>.toml`, `calendars/<id>.toml` and `documents/<id>.toml`. A file of a new name is added, one
    /// of a known name takes its place, and a process that is replaced by one of another
    /// version stays for the features that began with it; themes are added and retitled. So a customer adds a layer with one file and no code.
    ///
    /// # Errors
    /// Every fault of the files, with file, line and column, in order.
    pub fn load(directory: impl AsRef<Path>) -> Result<Self, CatalogError> {
        let mut files = Files::embedded();
        files.lay_over(directory.as_ref())?;
        files.assemble()
    }
}

/// The files of a catalog: name shown to people, and text, by identifier.
#[derive(Default)]
pub(super) struct Files {
    themes: Vec<(String, Cow<'static, str>)>,
    layers: BTreeMap<String, (String, Cow<'static, str>)>,
    codes: BTreeMap<String, (String, Cow<'static, str>)>,
    processes: BTreeMap<String, (String, Cow<'static, str>)>,
    /// Processes that a file says otherwise under the version that was there already.
    reworded: BTreeSet<String>,
    calendars: BTreeMap<String, (String, Cow<'static, str>)>,
    documents: BTreeMap<String, (String, Cow<'static, str>)>,
}

impl Files {
    fn embedded() -> Self {
        let mut files = Self::default();
        let mut stack = vec![&FILES];
        while let Some(dir) = stack.pop() {
            stack.extend(dir.dirs());
            for file in dir.files() {
                let path = file.path().to_string_lossy().replace('\\', "/");
                let text = file.contents_utf8().unwrap_or_default();
                files.add(&path.clone(), format!("catalog/{path}"), text.into());
            }
        }
        files
    }

    /// Takes a file by its path within a catalog; others than those of a catalog are left.
    pub(super) fn add(&mut self, path: &str, shown: String, text: Cow<'static, str>) {
        if path == "themes.toml" {
            self.themes.push((shown, text));
        } else if let Some((folder, file)) = path.split_once('/')
            && let Some(id) = file.strip_suffix(".toml")
        {
            match folder {
                "layers" => self.layers.insert(id.to_owned(), (shown, text)),
                "codes" => self.codes.insert(id.to_owned(), (shown, text)),
                "processes" => self.take_process(id, (shown, text)),
                "calendars" => self.calendars.insert(id.to_owned(), (shown, text)),
                "documents" => self.documents.insert(id.to_owned(), (shown, text)),
                _ => None,
            };
        }
    }

    /// A process that another takes the place of stays under its version.
    fn take_process(
        &mut self,
        id: &str,
        file: (String, Cow<'static, str>),
    ) -> Option<(String, Cow<'static, str>)> {
        let replaced = self.processes.insert(id.to_owned(), file)?;
        let version = version_of(&replaced.1)?;
        let own = &self.processes[id].1;
        if version_of(own).as_deref() == Some(&version) {
            let table = |text: &str| text.parse::<toml::Table>().ok();
            if table(own) != table(&replaced.1) {
                self.reworded.insert(id.to_owned());
            }
        } else {
            let earlier = format!("{id}@{version}");
            let shown = replaced
                .0
                .replace(&format!("{id}.toml"), &format!("{earlier}.toml"));
            self.processes.entry(earlier).or_insert((shown, replaced.1));
        }
        None
    }

    fn lay_over(&mut self, directory: &Path) -> Result<(), CatalogError> {
        let mut faults = Vec::new();
        let mut unreadable = |path: &Path, reason: String| {
            faults.push(Fault {
                file: path.display().to_string(),
                line: 1,
                column: 1,
                problem: Problem::Unreadable(reason),
            });
        };
        let mut found = 0;
        for folder in ["", "layers", "codes", "processes", "calendars", "documents"] {
            let path = directory.join(folder);
            if !path.is_dir() {
                continue;
            }
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) => {
                    unreadable(&path, error.to_string());
                    continue;
                }
            };
            for file in entries.flatten().map(|entry| entry.path()) {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let inside = match folder {
                    "" if name != "themes.toml" => continue,
                    "" => name.to_string(),
                    _ if !name.ends_with(".toml") || name.starts_with('.') => continue,
                    _ => format!("{folder}/{name}"),
                };
                found += 1;
                match fs::read_to_string(&file) {
                    Ok(text) => self.add(&inside, file.display().to_string(), text.into()),
                    Err(error) => unreadable(&file, error.to_string()),
                }
            }
        }
        if found == 0 && faults.is_empty() {
            let reason = "目录里没有 themes.toml、layers/*.toml、codes/*.toml / the directory \
                          holds no themes.toml, layers/*.toml nor codes/*.toml";
            faults.push(Fault {
                file: directory.display().to_string(),
                line: 1,
                column: 1,
                problem: Problem::Unreadable(reason.to_owned()),
            });
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(CatalogError { faults })
        }
    }

    /// Reads and inspects all files.
    pub(super) fn assemble(&self) -> Result<Catalog, CatalogError> {
        let mut faults = Vec::new();
        let themes: Vec<ReadThemes<'_>> = self
            .themes
            .iter()
            .filter_map(|(name, text)| {
                read_themes(Source::parse(name, text, &mut faults)?, &mut faults)
            })
            .collect();
        let layers: Vec<ReadLayer<'_>> = self
            .layers
            .values()
            .filter_map(|(name, text)| {
                read_layer(Source::parse(name, text, &mut faults)?, &mut faults)
            })
            .collect();
        let lists: Vec<ReadCodeList<'_>> = self
            .codes
            .values()
            .filter_map(|(name, text)| {
                read_list(Source::parse(name, text, &mut faults)?, &mut faults)
            })
            .collect();

        let processes: Vec<ReadProcess<'_>> = self
            .processes
            .values()
            .filter_map(|(name, text)| {
                read_process(Source::parse(name, text, &mut faults)?, &mut faults)
            })
            .collect();
        let calendars: Vec<ReadCalendar<'_>> = self
            .calendars
            .values()
            .filter_map(|(name, text)| {
                let source = Source::parse(name, text, &mut faults)?;
                let calendar = source.read::<Calendar>(source.root(), &mut faults)?;
                Some(ReadCalendar { source, calendar })
            })
            .collect();

        let mut forms: Vec<ReadForm<'_>> = Vec::new();
        let mut office = None;
        for (id, (name, text)) in &self.documents {
            let Some(source) = Source::parse(name, text, &mut faults) else {
                continue;
            };
            if id == OFFICE {
                office = source.read::<Office>(source.root(), &mut faults);
            } else if let Some(form) = source.read::<Form>(source.root(), &mut faults) {
                forms.push(ReadForm { source, form });
            }
        }

        let known = Known {
            themes: themes
                .iter()
                .flat_map(|read| &read.themes)
                .map(|theme| theme.id.as_str())
                .collect(),
            layers: self.layers.keys().map(String::as_str).collect(),
            lists: self.codes.keys().map(String::as_str).collect(),
            read_lists: lists
                .iter()
                .map(|read| (read.list.id.as_str(), &read.list))
                .collect(),
        };
        for read in &themes {
            inspect::themes(read, &mut faults);
        }
        for read in &layers {
            inspect::layer(read, &known, &mut faults);
        }
        for read in &lists {
            inspect::code_list(read, &mut faults);
        }
        for read in &calendars {
            inspect::calendar(read, &mut faults);
        }
        let by_id: BTreeMap<&str, &Layer> = (layers.iter())
            .map(|read| (read.layer.id.as_str(), &read.layer))
            .collect();
        let calendar_ids = self.calendars.keys().map(String::as_str).collect();
        for read in &processes {
            process_check::process(read, &by_id, &calendar_ids, &known, &mut faults);
            if self.reworded.contains(read.source.stem()) {
                process_check::reworded(read, &mut faults);
            }
        }
        for read in &forms {
            inspect::form(read, &by_id, &mut faults);
        }
        if !faults.is_empty() {
            faults.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
            faults.dedup();
            return Err(CatalogError { faults });
        }
        Ok(Catalog::new(
            merge(themes),
            layers
                .into_iter()
                .map(|read| Arc::new(read.layer))
                .collect(),
            lists.into_iter().map(|read| Arc::new(read.list)).collect(),
        )
        .with_processes(
            in_order(processes),
            (calendars.into_iter())
                .map(|read| Arc::new(read.calendar))
                .collect(),
        )
        .with_forms(
            forms.into_iter().map(|read| Arc::new(read.form)).collect(),
            office,
        ))
    }
}

/// Processes with the version in force, which has the plain file name, last.
fn in_order(mut processes: Vec<ReadProcess<'_>>) -> Vec<Arc<Process>> {
    processes.sort_by_key(|read| !read.source.stem().contains('@'));
    (processes.into_iter())
        .map(|read| Arc::new(read.process))
        .collect()
}

/// The version that a process file states, where it can be read.
fn version_of(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    Some(table.get("version")?.as_str()?.to_owned())
}

/// The themes of all files, a later title taking the place of an earlier one.
fn merge(files: Vec<ReadThemes<'_>>) -> Vec<Theme> {
    let mut themes: Vec<Theme> = Vec::new();
    for theme in files.into_iter().flat_map(|read| read.themes) {
        match themes.iter_mut().find(|known| known.id == theme.id) {
            Some(known) => *known = theme,
            None => themes.push(theme),
        }
    }
    themes
}

fn read_themes<'a>(source: Source<'a>, faults: &mut Vec<Fault>) -> Option<ReadThemes<'a>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Themes {
        themes: Vec<Theme>,
    }
    let Themes { themes } = source.read(source.root(), faults)?;
    Some(ReadThemes { source, themes })
}

fn read_layer<'a>(source: Source<'a>, faults: &mut Vec<Fault>) -> Option<ReadLayer<'a>> {
    let mut root = source.root();
    let parts = take(&mut root, "fields");
    let mut layer: Layer = source.read(root, faults)?;
    let mut places = Vec::new();
    let mut complete = true;
    for (index, part) in parts.into_iter().enumerate() {
        match source.read::<Field>(part, faults) {
            Some(field) => {
                layer.fields.push(field);
                places.push(index);
            }
            None => complete = false,
        }
    }
    Some(ReadLayer {
        source,
        layer,
        places,
        complete,
    })
}

fn read_list<'a>(source: Source<'a>, faults: &mut Vec<Fault>) -> Option<ReadCodeList<'a>> {
    let mut root = source.root();
    let parts = take(&mut root, "codes");
    let mut list: CodeList = source.read(root, faults)?;
    let mut places = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        if let Some(code) = source.read::<Code>(part, faults) {
            list.codes.push(code);
            places.push(index);
        }
    }
    Some(ReadCodeList {
        source,
        list,
        places,
    })
}

fn read_process<'a>(source: Source<'a>, faults: &mut Vec<Fault>) -> Option<ReadProcess<'a>> {
    let mut root = source.root();
    let states = take(&mut root, "states");
    let steps = take(&mut root, "transitions");
    let process: Process = source.read(root, faults)?;
    let mut read = ReadProcess {
        source,
        process,
        complete: true,
        states: Vec::new(),
        steps: Vec::new(),
    };
    for (index, part) in states.into_iter().enumerate() {
        match read.source.read::<State>(part, faults) {
            Some(state) => {
                read.process.states.push(state);
                read.states.push(index);
            }
            None => read.complete = false,
        }
    }
    for (index, part) in steps.into_iter().enumerate() {
        match read.source.read::<Transition>(part, faults) {
            Some(step) => {
                read.process.transitions.push(step);
                read.steps.push(index);
            }
            None => read.complete = false,
        }
    }
    Some(read)
}

/// Takes the tables of a list out, so that each is read by itself and a fault in one
/// does not hide those of the others.
fn take<'a>(root: &mut Spanned<DeValue<'a>>, key: &str) -> Vec<Spanned<DeValue<'a>>> {
    let DeValue::Table(table) = root.get_mut() else {
        return Vec::new();
    };
    let Some(list) = table.get_mut(key).map(Spanned::get_mut) else {
        return Vec::new();
    };
    if !matches!(list, DeValue::Array(_)) {
        return Vec::new();
    }
    match std::mem::replace(list, DeValue::Array(DeArray::new())) {
        DeValue::Array(parts) => parts.into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Identifiers, joined for a message.
pub(super) fn joined<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: BTreeSet<&str> = names.into_iter().collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
