//! How long a request may take: its body comes at a least pace, and once it is there its answer
//! begins within a while. A large file over a slow line takes as long as it takes; whoever only
//! drips is cut off.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, Bytes},
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt as _, future::select};
use tokio::time::{Instant, Sleep};

use super::Problem;

/// What a request may take. A streamed answer may go on for longer.
const USUAL: Limits = Limits {
    wait: Duration::from_secs(60),
    least_pace: 1024,
};

#[derive(Clone, Copy)]
struct Limits {
    /// Longest wait for the next part of a body, for parts that come below the least pace, and
    /// until an answer begins.
    wait: Duration,
    /// Bytes of a body that buy a second more of waiting: 8 kbit/s, less than any line that
    /// somebody works over.
    least_pace: u64,
}

impl Limits {
    /// How long a sender may have kept us waiting who sent so much.
    fn allows(self, received: u64) -> Duration {
        self.wait + Duration::from_millis(received.saturating_mul(1000) / self.least_pace)
    }
}

/// Answers 408 where a body comes too slowly, and 503 in the place of a handler that takes too
/// long.
pub(super) async fn patience(request: Request, next: Next) -> Response {
    within(USUAL, request, |request| next.run(request)).await
}

/// What is known of a body while its handler works.
struct Heard {
    began: Instant,
    /// Milliseconds from the beginning to when something last came, or began to be waited for.
    last: AtomicU64,
    waiting: AtomicBool,
    cut: AtomicBool,
}

impl Heard {
    fn note(&self, waiting: bool) {
        let passed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(passed, Ordering::Relaxed);
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    /// When the handler has taken too long. While it waits for the body, the body is cut first.
    fn until(&self, wait: Duration) -> Instant {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        let more = match self.waiting.load(Ordering::Relaxed) {
            true => wait / 4,
            false => Duration::ZERO,
        };
        self.began + last + wait + more
    }
}

/// A body that ends in an error where its sender keeps us waiting. What the service itself
/// takes between two parts does not count.
struct Paced {
    body: BodyDataStream,
    limits: Limits,
    heard: Arc<Heard>,
    received: u64,
    waited: Duration,
    /// Since when the next part is waited for, and how long yet.
    pending: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Stream for Paced {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let own = &mut *self;
        if let Poll::Ready(part) = own.body.poll_next_unpin(context) {
            if let Some((since, _)) = own.pending.take() {
                own.waited += since.elapsed();
            }
            if let Some(Ok(bytes)) = &part {
                own.received += bytes.len() as u64;
            }
            own.heard.note(false);
            return Poll::Ready(part);
        }
        let (limits, received, waited) = (own.limits, own.received, own.waited);
        let heard = &own.heard;
        let (_, timer) = own.pending.get_or_insert_with(|| {
            heard.note(true);
            let left = limits.allows(received).saturating_sub(waited);
            let timer = tokio::time::sleep(left.min(limits.wait));
            (Instant::now(), Box::pin(timer))
        });
        ready!(timer.as_mut().poll(context));
        own.heard.note(false);
        own.heard.cut.store(true, Ordering::Relaxed);
        let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Poll::Ready(Some(Err(axum::Error::new(late))))
    }
}

async fn within<F: Future<Output = Response>>(
    limits: Limits,
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let heard = Arc::new(Heard {
        began: Instant::now(),
        last: AtomicU64::new(0),
        waiting: AtomicBool::new(false),
        cut: AtomicBool::new(false),
    });
    let request = request.map(|body| {
        Body::from_stream(Paced {
            body: body.into_data_stream(),
            limits,
            heard: Arc::clone(&heard),
            received: 0,
            waited: Duration::ZERO,
            pending: None,
        })
    });
    let mut answered = Box::pin(answer(request));
    loop {
        let timer = Box::pin(tokio::time::sleep_until(heard.until(limits.wait)));
        match select(answered, timer).await {
            // Whatever a handler makes of a body that broke off, the sender learns why.
            futures::future::Either::Left(_) if heard.cut.load(Ordering::Relaxed) => {
                return too_slow(limits);
            }
            futures::future::Either::Left((response, _)) => return response,
            futures::future::Either::Right(((), waiting)) => answered = waiting,
        }
        if heard.until(limits.wait) <= Instant::now() {
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                format!(
                    "超过 {wait} 秒没有结果，请缩小范围再试 / no answer within {wait} s; ask for less",
                    wait = limits.wait.as_secs()
                ),
            )
            .into_response();
        }
    }
}

fn too_slow(limits: Limits) -> Response {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        format!(
            "发送太慢：{wait} 秒没有新内容，或平均不足每秒 {pace} 字节；请检查网络后重试 / sent too slowly: nothing for {wait} s, or less than {pace} bytes a second on the whole; look at the line and try again",
            wait = limits.wait.as_secs(),
            pace = limits.least_pace
        ),
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use futures::stream;

    use super::*;

    const LIMITS: Limits = Limits {
        wait: Duration::from_millis(200),
        least_pace: 100,
    };

    /// A body of parts of so many bytes with a pause before each.
    fn slow(parts: usize, bytes: usize, pause: Duration) -> Request {
        let parts = stream::iter(0..parts).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::io::Error>("x".repeat(bytes))
        });
        Request::new(Body::from_stream(parts))
    }

    async fn read(request: Request) -> Response {
        let body = to_bytes(request.into_body(), 10_000).await;
        body.map_or(0, |body| body.len())
            .to_string()
            .into_response()
    }

    #[tokio::test]
    async fn a_body_that_keeps_its_pace_is_waited_for() {
        // Half a second in all: more than the wait, at ten times the least pace.
        let sent = slow(10, 50, LIMITS.wait / 4);
        let response = within(LIMITS, sent, read).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body = to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(body, "500");
    }

    #[tokio::test]
    async fn a_body_that_drips_is_cut_off_though_it_never_stands_still() {
        let began = Instant::now();
        let response = within(LIMITS, slow(1_000, 1, LIMITS.wait / 4), read).await;
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        assert!(began.elapsed() < LIMITS.wait * 5, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_streamed_answer_learns_that_its_body_was_cut_off() {
        let response = within(LIMITS, slow(1_000, 1, LIMITS.wait / 4), |request| async {
            // The answer begins before the body has come.
            Body::from_stream(request.into_body().into_data_stream()).into_response()
        });
        let response = response.await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(to_bytes(response.into_body(), 10_000).await.is_err());
    }

    #[tokio::test]
    async fn a_body_that_stands_still_and_a_handler_that_does_are_ended() {
        let response = within(LIMITS, slow(10, 1, LIMITS.wait * 20), read).await;
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        let stuck = |_| async {
            tokio::time::sleep(LIMITS.wait * 20).await;
            StatusCode::OK.into_response()
        };
        let response = within(LIMITS, Request::new(Body::empty()), stuck).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
