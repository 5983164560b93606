//! A comparison under way.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use crate::jobs;

/// One comparison: how far it is, and what came of it.
pub(super) struct Job {
    /// Whoever asked for it; nobody else is told.
    owner: Option<String>,
    /// Whether it was given up.
    stopped: AtomicBool,
    /// Outlines that are done with, and of how many.
    done: AtomicUsize,
    of: AtomicUsize,
    state: Mutex<State>,
}

enum State {
    Comparing,
    Done(Value),
    Failed,
}

impl Job {
    pub(super) fn new(owner: Option<&str>) -> Self {
        Self {
            owner: owner.map(str::to_owned),
            stopped: AtomicBool::default(),
            done: AtomicUsize::default(),
            of: AtomicUsize::default(),
            state: Mutex::new(State::Comparing),
        }
    }

    pub(super) fn is_of(&self, user: Option<&str>) -> bool {
        self.owner.as_deref() == user
    }

    /// Gives it up.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The outlines are read and indexed: so many are to be compared.
    pub(super) fn compares(&self, outlines: usize) {
        self.of.store(outlines, Ordering::Relaxed);
    }

    /// So many more outlines are compared; whether to go on.
    pub(super) fn goes_on(&self, outlines: usize) -> bool {
        self.done.fetch_add(outlines, Ordering::Relaxed);
        !self.stopped.load(Ordering::Relaxed)
    }

    /// It has come to its end; without anything when something went wrong.
    pub(super) fn end(&self, found: Option<Value>) {
        *self.state() = found.map_or(State::Failed, State::Done);
    }

    /// How it stands.
    pub(super) fn told(&self, token: &str) -> Value {
        match &*self.state() {
            State::Comparing => json!({
                "token": token, "state": "comparing",
                "progress": {
                    "outlines": self.done.load(Ordering::Relaxed),
                    "of": self.of.load(Ordering::Relaxed),
                },
            }),
            State::Done(found) => json!({ "token": token, "state": "done", "result": found }),
            State::Failed => json!({ "token": token, "state": "failed" }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl jobs::Job for Job {
    fn is_busy(&self) -> bool {
        matches!(*self.state(), State::Comparing)
    }
}
