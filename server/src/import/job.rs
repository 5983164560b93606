//! Imports under way: kept for a while, so that a report can be read before anything is
//! written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use tokio::runtime::Handle;
use yizhangtu_data::{
    import::{self, ImportError, Options, Progress, Report},
    store::Committed,
};

use super::{
    receive::Received,
    words::{for_page, report_for_page},
};
use crate::{
    changes::{Refusal, misfits},
    http::{App, Problem},
    jobs,
};

/// One import: its files, how they are to be read, and what came of it.
pub(super) struct Job {
    /// None once they are written.
    received: Mutex<Option<Received>>,
    options: Mutex<Options>,
    status: Mutex<Status>,
}

struct Status {
    phase: Phase,
    progress: Option<Step>,
    report: Option<Report>,
    problem: Option<String>,
    /// What may be chosen from, where a file holds several tables.
    tables: Vec<String>,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    /// The files are held against the map.
    Checking,
    /// The report can be read; nothing was written.
    Ready,
    /// The map is being changed.
    Writing,
    /// Written, or nothing was to be written.
    Done,
    /// The files as a whole cannot be used, or writing failed; nothing was written.
    Failed,
}

/// How far a phase is.
#[derive(Clone, Copy, Debug, Serialize)]
struct Step {
    step: &'static str,
    rows: u64,
    of: Option<u64>,
}

/// What is said of an import.
#[derive(Serialize)]
pub(super) struct Said {
    token: String,
    state: Phase,
    layer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tables: Vec<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Phase {
    fn is_busy(self) -> bool {
        matches!(self, Self::Checking | Self::Writing)
    }
}

impl jobs::Job for Job {
    fn is_busy(&self) -> bool {
        lock(&self.status).phase.is_busy()
    }
}

impl Job {
    /// An import whose files are yet to be checked.
    pub(super) fn new(received: Received, options: Options) -> Self {
        Self {
            received: Mutex::new(Some(received)),
            options: Mutex::new(options),
            status: Mutex::new(Status {
                phase: Phase::Checking,
                progress: None,
                report: None,
                problem: None,
                tables: Vec::new(),
            }),
        }
    }

    /// How it stands.
    pub(super) fn said(&self, token: &str) -> Said {
        let layer = lock(&self.options).layer.clone();
        let status = lock(&self.status);
        Said {
            token: token.to_owned(),
            state: status.phase,
            layer,
            progress: status.progress.filter(|_| status.phase.is_busy()),
            report: status.report.clone(),
            problem: status.problem.clone(),
            tables: status.tables.clone(),
        }
    }

    /// Takes the import's next turn: changes its options, and says that it is busy.
    ///
    /// # Errors
    /// 409 while it is busy, once it is written, and where nothing was checked that could be
    /// written.
    pub(super) fn take_turn(
        &self,
        commit: bool,
        change: impl FnOnce(&mut Options),
    ) -> Result<(), Problem> {
        let conflict = |words: &str| Err(Problem::new(StatusCode::CONFLICT, words));
        let mut status = lock(&self.status);
        match status.phase {
            Phase::Checking | Phase::Writing => {
                return conflict("这次导入正在进行 / this import is under way");
            }
            Phase::Done => {
                return conflict("这次导入已经写入 / this import is written already");
            }
            Phase::Failed if commit => {
                return conflict(
                    "这次导入没有通过检查，请先改正 / this import did not pass its check; correct it first",
                );
            }
            Phase::Ready | Phase::Failed => {}
        }
        change(&mut lock(&self.options));
        status.phase = if commit {
            Phase::Writing
        } else {
            Phase::Checking
        };
        status.progress = None;
        status.problem = None;
        Ok(())
    }

    /// Whether it may be forgotten.
    ///
    /// # Errors
    /// 409 while it writes.
    pub(super) fn may_end(&self) -> Result<(), Problem> {
        if lock(&self.status).phase == Phase::Writing {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "正在写入，不能取消 / it is being written and cannot be cancelled",
            ));
        }
        Ok(())
    }

    /// Checks or writes, on a thread of its own.
    pub(super) fn start(self: &Arc<Self>, app: &App, commit: bool) {
        let (job, catalog) = (Arc::clone(self), Arc::clone(app.catalog()));
        let (keeper, waiting) = (app.keeper().clone(), Handle::current());
        let now = app.snapshot();
        tokio::task::spawn_blocking(move || {
            let options = Options {
                dry_run: !commit,
                ..lock(&job.options).clone()
            };
            let told = Mutex::new(Vec::new());
            let progress = |progress| lock(&job.status).progress = Some(step(progress));
            // One writer writes the file: what is imported takes its turn there. A check keeps
            // nothing, and holds up nobody who writes.
            let write = |batch, set| {
                if !commit {
                    lock(&told).extend(words_of(&misfits::of(&now, &[], &set)));
                    return Ok(Committed::default());
                }
                let done = waiting.block_on(keeper.import(batch, set));
                let done = done.map_err(|refusal| refused(&refusal))?;
                lock(&told).extend(words_of(&done.warnings));
                Ok(Committed {
                    sequence: done.sequence,
                    change_set: done.change_set,
                    ..Committed::default()
                })
            };
            let mut done = import::run_through(&options, &catalog, &progress, &write);
            if let Ok(report) = &mut done {
                report.warnings.append(&mut lock(&told));
            }
            job.end(done, commit);
        });
    }

    fn end(&self, done: Result<Report, ImportError>, commit: bool) {
        let problem = (done.as_ref().err()).map(|error| self.without_folder(error));
        if commit && done.is_ok() {
            *lock(&self.received) = None;
        }
        let mut status = lock(&self.status);
        // What can be chosen stays to be chosen from: another layer takes another table.
        if let Err(ImportError::Several { names, .. }) = &done {
            status.tables.clone_from(names);
        }
        (status.phase, status.report, status.problem) = match done {
            Ok(report) if commit => (Phase::Done, Some(report_for_page(report)), None),
            Ok(report) => (Phase::Ready, Some(report_for_page(report)), None),
            // Rows were refused: the report says which, and the others may still be written.
            Err(ImportError::Refused(report)) => {
                (Phase::Ready, Some(report_for_page(*report)), None)
            }
            Err(_) => (Phase::Failed, None, problem),
        };
    }

    /// An error's words with the file's name alone: where it lies here is nobody's business.
    fn without_folder(&self, error: &ImportError) -> String {
        let words = for_page(&error.to_string());
        match &*lock(&self.received) {
            Some(files) => words.replace(&format!("{}/", files.folder.path().display()), ""),
            None => words,
        }
    }
}

/// How borders that do not fit are told in a report: where features overlap, how many first.
fn words_of(warnings: &[Value]) -> Vec<String> {
    let overlaps = (warnings.iter())
        .filter(|warning| warning["code"] == "overlap")
        .count();
    let first = (overlaps > 0).then(|| {
        format!(
            "图斑相互重叠 {overlaps} 处，导入不因此拒绝；面积会重复计算，请在原图或写入后改边界 / {overlaps} overlaps, for which nothing is refused; their areas count twice until a border is corrected, in the drawing or here"
        )
    });
    let each = warnings
        .iter()
        .filter_map(|warning| warning["message"].as_str());
    first.into_iter().chain(each.map(str::to_owned)).collect()
}

/// Why the writer did not take an import.
fn refused(refusal: &Refusal) -> ImportError {
    let words = refusal.words();
    let (zh, en) = words.split_once(" / ").unwrap_or((&words, &words));
    ImportError::Options {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

fn step(progress: Progress) -> Step {
    let (step, rows, of) = match progress {
        Progress::Read { rows, of } => ("read", rows, of),
        Progress::Compared { rows, of } => ("compared", rows, Some(of)),
        Progress::Writing { changes } => ("writing", changes, None),
    };
    Step { step, rows, of }
}
