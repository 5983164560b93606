//! The stream of changes, listened to.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::Asker;

/// A stream of events that somebody listens to.
pub struct Stream(TcpStream, String);

impl Stream {
    /// Begins to listen.
    pub fn open(asker: &Asker) -> Self {
        let address = asker.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("a connection");
        let wait = Some(Duration::from_millis(200));
        stream.set_read_timeout(wait).expect("a socket");
        let request = format!(
            "GET /changes HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\nAccept: text/event-stream\r\n\r\n",
            asker.cookie()
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut own = Self(stream, String::new());
        assert!(own.tells("retry"), "{}", own.1);
        own
    }

    /// Whether a word comes, within ten seconds; false also where the stream ends.
    pub fn tells(&mut self, word: &str) -> bool {
        let began = Instant::now();
        let mut buffer = [0; 4096];
        while began.elapsed() < Duration::from_secs(10) {
            if self.1.contains(word) {
                return true;
            }
            match self.0.read(&mut buffer) {
                Ok(0) => return false,
                Ok(count) => self.1.push_str(&String::from_utf8_lossy(&buffer[..count])),
                Err(_) => {}
            }
        }
        false
    }

    /// Whether the stream ends, within ten seconds.
    pub fn ends(&mut self) -> bool {
        let began = Instant::now();
        let mut buffer = [0; 4096];
        while began.elapsed() < Duration::from_secs(10) {
            match self.0.read(&mut buffer) {
                Ok(0) => return true,
                // The last chunk of the body says so too.
                Ok(count) => {
                    let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                    self.1.push_str(&text);
                    if self.1.ends_with("0\r\n\r\n") {
                        return true;
                    }
                }
                Err(_) => {}
            }
        }
        false
    }

    /// What came until now.
    pub fn heard(&self) -> &str {
        &self.1
    }

    /// What came until now, and forgets it.
    pub fn taken(&mut self) -> String {
        std::mem::take(&mut self.1)
    }
}
