//! Long work that goes on after its request is answered: asked about by a token, and kept for a
//! while after it ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::http::Problem;

/// How long work is kept that nobody asks about.
const KEPT: Duration = Duration::from_secs(3600);

/// Work that is kept.
pub(crate) trait Job: Send + Sync + 'static {
    /// Whether it goes on: such work is not forgotten.
    fn is_busy(&self) -> bool;
}

/// All work of one sort. Cloning shares it.
pub(crate) struct Jobs<J>(Arc<Mutex<HashMap<String, Kept<J>>>>);

struct Kept<J> {
    job: Arc<J>,
    asked: Instant,
}

impl<J> Default for Jobs<J> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<J> Clone for Jobs<J> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<J: Job> Jobs<J> {
    /// Makes room for more work, where less than `most` is kept.
    ///
    /// # Errors
    /// 503 where as much is kept already.
    pub(crate) fn make_room(&self, most: usize) -> Result<(), Problem> {
        self.forget_old();
        if self.all().len() < most {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "同时进行的任务太多，请稍后再试 / too much work is under way; try again later",
        ))
    }

    /// Keeps work, and gives the token that it is asked about by.
    pub(crate) fn add(&self, job: &Arc<J>) -> String {
        let token = ulid::Ulid::generate().to_string();
        let kept = Kept {
            job: Arc::clone(job),
            asked: Instant::now(),
        };
        self.all().insert(token.clone(), kept);
        // What nobody asks about does not wait for the next work to go. Each question puts the
        // time off, so that one look is not enough.
        let (jobs, own) = (self.clone(), token.clone());
        tokio::spawn(async move {
            while jobs.all().contains_key(&own) {
                tokio::time::sleep(KEPT).await;
                jobs.forget_old();
            }
        });
        token
    }

    /// Work by its token: somebody asks about it.
    pub(crate) fn get(&self, token: &str) -> Option<Arc<J>> {
        let mut all = self.all();
        let kept = all.get_mut(token)?;
        kept.asked = Instant::now();
        Some(Arc::clone(&kept.job))
    }

    /// Forgets work.
    pub(crate) fn remove(&self, token: &str) {
        self.all().remove(token);
    }

    fn forget_old(&self) {
        self.all()
            .retain(|_, kept| kept.job.is_busy() || kept.asked.elapsed() < KEPT);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Kept<J>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to whoever began work: 202, how it stands, and where it is asked about.
pub(crate) fn accepted(place: &str, standing: impl Serialize) -> Response {
    let mut response = (StatusCode::ACCEPTED, Json(standing)).into_response();
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}
