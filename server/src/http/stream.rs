//! Bodies that are written while they are sent, in constant memory.

use std::{io, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;

/// Bytes gathered before they are sent.
const CHUNK: usize = 64 << 10;

/// Chunks that wait for a slow reader; the writer waits then.
const WAITING: usize = 4;

/// Longest wait for a reader that takes nothing: its writer holds a thread.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bodies written at once; more wait for their turn. Each holds one of the runtime's 512
/// threads for work that waits, which everything else that reads the file needs too.
const MOST_AT_ONCE: usize = 256;
static TURNS: Semaphore = Semaphore::const_new(MOST_AT_ONCE);

/// What a body is written to.
pub(crate) struct Sink {
    buffer: Vec<u8>,
    to: mpsc::Sender<io::Result<Bytes>>,
    runtime: tokio::runtime::Handle,
}

/// A body that `write` writes on a thread of its own. An error ends the connection, so that
/// the reader does not take a part for the whole.
pub(crate) fn body<E>(write: impl FnOnce(&mut Sink) -> Result<(), E> + Send + 'static) -> Body
where
    E: std::error::Error + Send + Sync + 'static,
{
    let (to, chunks) = mpsc::channel(WAITING);
    let runtime = tokio::runtime::Handle::current();
    let work = move || {
        let mut sink = Sink {
            buffer: Vec::with_capacity(CHUNK * 2),
            to,
            runtime,
        };
        let written = write(&mut sink)
            .map_err(io::Error::other)
            .and_then(|()| io::Write::flush(&mut sink));
        if let Err(error) = written {
            // A reader that went away is no fault of ours.
            if !sink.to.is_closed() {
                tracing::error!(%error, "a body broke off");
                let _ = sink.send(Err(error));
            }
        }
    };
    tokio::spawn(async {
        // The turns are never closed.
        if let Ok(turn) = TURNS.acquire().await {
            tokio::task::spawn_blocking(move || {
                work();
                drop(turn);
            });
        }
    });
    Body::from_stream(ReceiverStream::new(chunks))
}

impl Sink {
    /// The bytes not yet sent, to be written to directly.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Sends what is gathered once it is enough.
    pub(crate) fn pass(&mut self) -> io::Result<()> {
        if self.buffer.len() < CHUNK {
            return Ok(());
        }
        io::Write::flush(self)
    }

    /// Sends bytes that are enough as they are, behind those gathered.
    pub(crate) fn hand(&mut self, chunk: Vec<u8>) -> io::Result<()> {
        if chunk.len() < CHUNK {
            return io::Write::write_all(self, &chunk);
        }
        io::Write::flush(self)?;
        self.send(Ok(chunk.into()))
    }

    fn send(&self, chunk: io::Result<Bytes>) -> io::Result<()> {
        let sent = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, self.to.send(chunk)).await });
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        self.pass()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK * 2));
        self.send(Ok(chunk.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn all_that_is_written_arrives() {
        let body = body(|sink| {
            for line in 0..100_000 {
                writeln!(sink, "{line}")?;
            }
            Ok::<_, io::Error>(())
        });
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a body");
        assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 100_000);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_body_that_fails_breaks_off() {
        let body = body(|sink| {
            sink.write_all(b"[1,")?;
            Err(io::Error::other("the disk is away"))
        });
        assert!(axum::body::to_bytes(body, usize::MAX).await.is_err());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_reader_that_leaves_stops_the_writer() {
        let (told, stopped) = tokio::sync::oneshot::channel();
        let body = body(move |sink| {
            let ended = loop {
                if let Err(error) = sink.write_all(&[b' '; 4096]) {
                    break error;
                }
            };
            let _ = told.send(ended.kind());
            Ok::<_, io::Error>(())
        });
        drop(body);
        assert_eq!(stopped.await, Ok(io::ErrorKind::BrokenPipe));
    }
}
