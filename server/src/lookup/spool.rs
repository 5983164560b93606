//! A body that is taken in while its answer goes out.
//!
//! Many clients send a whole body before they read the first byte of the answer. If we
//! stopped taking because the answer waits, both sides would wait for ever. So what is sent
//! is always taken: a little is kept in memory, more of it in a file without a name.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::body::Body;
use bytes::{Buf, Bytes};
use futures::StreamExt;

/// Bytes kept in memory before the file is used.
const IN_MEMORY: usize = 8 << 20;

/// Longest wait for a sender that sends nothing: its reader holds a thread.
const PATIENCE: Duration = Duration::from_secs(60);

/// The reading end. Dropping it stops the taking.
pub(super) struct Spool(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    memory: VecDeque<Bytes>,
    held: usize,
    file: Option<File>,
    /// How much of the file was written and read.
    written: u64,
    read: u64,
    ended: bool,
    failed: Option<io::Error>,
    dropped: bool,
}

impl Spool {
    /// Takes a body in from now on.
    pub(super) fn take(body: Body) -> Self {
        let shared = Arc::new(Shared::default());
        let feed = Arc::clone(&shared);
        tokio::spawn(async move {
            let mut chunks = body.into_data_stream();
            let mut result = Ok(());
            while let Some(chunk) = chunks.next().await {
                result = chunk
                    .map_err(io::Error::other)
                    .and_then(|chunk| feed.push(chunk));
                if result.is_err() {
                    break;
                }
            }
            feed.end(result);
        });
        Self(shared)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a chunk. What is in memory is always older than what is in the file.
    fn push(&self, chunk: Bytes) -> io::Result<()> {
        let mut state = self.lock();
        if state.dropped {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if state.read == state.written && state.held + chunk.len() <= IN_MEMORY {
            state.held += chunk.len();
            state.memory.push_back(chunk);
        } else {
            if state.file.is_none() {
                state.file = Some(tempfile::tempfile()?);
            }
            let end = state.written;
            if let Some(file) = &mut state.file {
                file.seek(SeekFrom::Start(end))?;
                file.write_all(&chunk)?;
            }
            state.written += chunk.len() as u64;
        }
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    fn end(&self, result: io::Result<()>) {
        let mut state = self.lock();
        state.ended = true;
        state.failed = result.err();
        drop(state);
        self.changed.notify_one();
    }
}

impl Read for Spool {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        loop {
            if let Some(chunk) = state.memory.front_mut() {
                let count = chunk.len().min(buffer.len());
                chunk.copy_to_slice(&mut buffer[..count]);
                if chunk.is_empty() {
                    state.memory.pop_front();
                }
                state.held -= count;
                return Ok(count);
            }
            if state.read < state.written {
                let start = state.read;
                let left = usize::try_from(state.written - start).unwrap_or(usize::MAX);
                let count = left.min(buffer.len());
                if let Some(file) = &mut state.file {
                    file.seek(SeekFrom::Start(start))?;
                    file.read_exact(&mut buffer[..count])?;
                }
                state.read += count as u64;
                if state.read == state.written {
                    // All read: the disk gets its room back.
                    (state.read, state.written) = (0, 0);
                    if let Some(file) = &state.file {
                        file.set_len(0)?;
                    }
                }
                return Ok(count);
            }
            if let Some(error) = state.failed.take() {
                return Err(error);
            }
            if state.ended {
                return Ok(0);
            }
            let (waited, timeout) = (self.0.changed)
                .wait_timeout(state, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner);
            state = waited;
            if timeout.timed_out()
                && state.memory.is_empty()
                && state.read == state.written
                && !state.ended
            {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.0.lock().dropped = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(start: u64, length: usize) -> Bytes {
        (start..)
            .take(length)
            .map(|at| (at * 31 % 251) as u8)
            .collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_body_larger_than_the_memory_comes_out_as_it_went_in() {
        const CHUNK: usize = 1 << 20;
        const CHUNKS: u64 = 3 * (IN_MEMORY / CHUNK) as u64;
        let (told, all_taken) = std::sync::mpsc::channel();
        let chunks = futures::stream::iter(0..CHUNKS).map(move |at| {
            if at == CHUNKS - 1 {
                told.send(()).unwrap();
            }
            Ok::<_, io::Error>(chunk(at * CHUNK as u64, CHUNK))
        });
        let mut spool = Spool::take(Body::from_stream(chunks));
        tokio::task::spawn_blocking(move || {
            // Nothing is read before everything was sent.
            all_taken.recv().unwrap();
            let mut bytes = Vec::new();
            spool.read_to_end(&mut bytes).unwrap();
            assert!(bytes == chunk(0, CHUNK * CHUNKS as usize));
        })
        .await
        .unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_body_that_breaks_off_is_an_error_and_not_an_end() {
        let chunks = vec![
            Ok(Bytes::from_static(b"113,23\n")),
            Err(io::Error::other("gone")),
        ];
        let mut spool = Spool::take(Body::from_stream(futures::stream::iter(chunks)));
        tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            assert!(spool.read_to_end(&mut bytes).is_err());
            assert_eq!(bytes, b"113,23\n");
        })
        .await
        .unwrap();
    }
}
