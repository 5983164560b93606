//! Imports under way: kept for a while, so that a report can be read before anything is
//! written.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

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
    changes::Refusal,
    http::{App, Problem},
};

/// How long an import is kept that nobody asks about.
const KEPT: Duration = Duration::from_secs(3600);

/// How many are kept at once: each may hold [`super::LARGEST`] on the disk.
const MOST: usize = 16;

/// All imports under way. Cloning shares them.
#[derive(Clone, Default)]
pub(super) struct Jobs(Arc<Mutex<HashMap<String, Arc<Job>>>>);

/// One import: its files, how they are to be read, and what came of it.
pub(super) struct Job {
    token: String,
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
    asked: Instant,
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
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// Forgets what nobody asked about for long.
    fn forget_old(&self) {
        lock(&self.0).retain(|_, job| {
            let status = lock(&job.status);
            status.phase.is_busy() || status.asked.elapsed() < KEPT
        });
    }

    /// Makes room for another import.
    ///
    /// # Errors
    /// 503 where too many are under way.
    pub(super) fn make_room(&self) -> Result<(), Problem> {
        self.forget_old();
        if lock(&self.0).len() >= MOST {
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "同时进行的导入太多，请稍后再试 / too many imports are under way; try again later",
            ));
        }
        Ok(())
    }

    /// Keeps an import.
    pub(super) fn add(&self, received: Received, options: Options) -> Arc<Job> {
        let token = ulid::Ulid::generate().to_string();
        let job = Arc::new(Job {
            token: token.clone(),
            received: Mutex::new(Some(received)),
            options: Mutex::new(options),
            status: Mutex::new(Status {
                phase: Phase::Checking,
                progress: None,
                report: None,
                problem: None,
                asked: Instant::now(),
            }),
        });
        lock(&self.0).insert(token.clone(), Arc::clone(&job));
        // Files that nobody asks about do not wait for the next import to go. Each question puts
        // the time off, so that one look is not enough.
        let jobs = self.clone();
        tokio::spawn(async move {
            while jobs.get(&token).is_some() {
                tokio::time::sleep(KEPT).await;
                jobs.forget_old();
            }
        });
        job
    }

    /// An import by its token.
    pub(super) fn get(&self, token: &str) -> Option<Arc<Job>> {
        lock(&self.0).get(token).cloned()
    }

    /// Forgets an import and its files.
    pub(super) fn remove(&self, token: &str) {
        lock(&self.0).remove(token);
    }
}

impl Phase {
    fn is_busy(self) -> bool {
        matches!(self, Self::Checking | Self::Writing)
    }
}

impl Job {
    /// What it is asked for by.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// How it stands.
    pub(super) fn said(&self) -> Said {
        let layer = lock(&self.options).layer.clone();
        let mut status = lock(&self.status);
        status.asked = Instant::now();
        Said {
            token: self.token.clone(),
            state: status.phase,
            layer,
            progress: status.progress.filter(|_| status.phase.is_busy()),
            report: status.report.clone(),
            problem: status.problem.clone(),
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
        tokio::task::spawn_blocking(move || {
            let options = Options {
                dry_run: !commit,
                ..lock(&job.options).clone()
            };
            let told = Mutex::new(Vec::new());
            let progress = |progress| lock(&job.status).progress = Some(step(progress));
            // One writer writes the file: what is imported takes its turn there.
            let write = |batch, set| {
                let done = waiting.block_on(keeper.import(batch, set));
                let done = done.map_err(|refusal| refused(&refusal))?;
                lock(&told).extend(done.warnings.iter().filter_map(message));
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

/// What a border that does not fit is told as, in a report.
fn message(warning: &Value) -> Option<String> {
    warning["message"].as_str().map(str::to_owned)
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
