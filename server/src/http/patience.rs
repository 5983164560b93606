//! How long a request may take: from when the last of its body came until its answer begins.
//! A large file over a slow line takes as long as it takes, as long as something comes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{StreamExt as _, future::select};
use tokio::time::Instant;

use super::Problem;

/// Longest wait for the next part of a body, and until an answer begins. A streamed answer may
/// take longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Answers 503 in the place of a handler that takes too long.
pub(super) async fn patience(request: Request, next: Next) -> Response {
    within(LONGEST_WAIT, request, |request| next.run(request)).await
}

async fn within<F: Future<Output = Response>>(
    wait: Duration,
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let began = Instant::now();
    // Milliseconds from the beginning to when something last came.
    let heard = Arc::new(AtomicU64::new(0));
    let hear = Arc::clone(&heard);
    let request = request.map(|body| {
        Body::from_stream(body.into_data_stream().inspect(move |_| {
            let passed = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            hear.store(passed, Ordering::Relaxed);
        }))
    });
    let mut answered = Box::pin(answer(request));
    loop {
        let until = began + Duration::from_millis(heard.load(Ordering::Relaxed)) + wait;
        let timer = Box::pin(tokio::time::sleep_until(until));
        match select(answered, timer).await {
            futures::future::Either::Left((response, _)) => return response,
            futures::future::Either::Right(((), waiting)) => answered = waiting,
        }
        let last = began + Duration::from_millis(heard.load(Ordering::Relaxed));
        if last + wait <= Instant::now() {
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                format!(
                    "超过 {wait} 秒没有结果，请缩小范围再试 / no answer within {wait} s; ask for less",
                    wait = wait.as_secs()
                ),
            )
            .into_response();
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use futures::stream;

    use super::*;

    const WAIT: Duration = Duration::from_millis(200);

    /// A body of ten parts with a pause before each.
    fn slow(pause: Duration) -> Request {
        let parts = stream::iter(0..10).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::io::Error>("x")
        });
        Request::new(Body::from_stream(parts))
    }

    async fn read(request: Request) -> Response {
        let body = to_bytes(request.into_body(), 100).await;
        body.map_or(0, |body| body.len())
            .to_string()
            .into_response()
    }

    #[tokio::test]
    async fn a_body_that_keeps_coming_is_waited_for() {
        let response = within(WAIT, slow(WAIT / 4), read).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body = to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(body, "10");
    }

    #[tokio::test]
    async fn a_body_that_stands_still_and_a_handler_that_does_are_ended() {
        let response = within(WAIT, slow(WAIT * 20), read).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let stuck = |_| async {
            tokio::time::sleep(WAIT * 20).await;
            StatusCode::OK.into_response()
        };
        let response = within(WAIT, Request::new(Body::empty()), stuck).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
