//! A client that asks over connections kept open, and costs the machine little.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
};

/// One connection.
pub struct Client {
    from: BufReader<TcpStream>,
    to: TcpStream,
    /// The body of the last answer.
    pub body: Vec<u8>,
    /// Its entity tag, or nothing.
    pub tag: String,
    /// Header lines sent with each question.
    pub head: &'static str,
}

impl Client {
    pub fn new(address: SocketAddr) -> io::Result<Self> {
        let to = TcpStream::connect(address)?;
        to.set_nodelay(true)?;
        Ok(Self {
            from: BufReader::with_capacity(64 << 10, to.try_clone()?),
            to,
            body: Vec::new(),
            tag: String::new(),
            head: "",
        })
    }

    /// Asks for a path; the status.
    pub fn get(&mut self, path: &str) -> io::Result<u16> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n",
            self.head
        );
        self.to.write_all(request.as_bytes())?;
        self.answer()
    }

    /// Sends a body while the answer is taken in; the status.
    pub fn post(&mut self, path: &str, media_type: &str, body: &[u8]) -> io::Result<u16> {
        let mut to = self.to.try_clone()?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        thread::scope(|scope| {
            let sent = scope.spawn(move || {
                to.write_all(head.as_bytes())?;
                to.write_all(body)
            });
            let status = self.answer();
            sent.join().expect("the sender ends")?;
            status
        })
    }

    fn answer(&mut self) -> io::Result<u16> {
        self.body.clear();
        self.tag.clear();
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        let status = (line.split(' ').nth(1))
            .and_then(|status| status.parse().ok())
            .ok_or_else(|| io::Error::other(format!("no status: {line}")))?;
        let (mut length, mut chunked) = (0, false);
        loop {
            line.clear();
            self.from.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            if name.eq_ignore_ascii_case("etag") {
                self.tag.push_str(value.trim());
            }
            chunked |= name.eq_ignore_ascii_case("transfer-encoding");
        }
        if !chunked {
            self.body.resize(length, 0);
            self.from.read_exact(&mut self.body)?;
            return Ok(status);
        }
        loop {
            line.clear();
            self.from.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            let before = self.body.len();
            self.body.resize(before + length, 0);
            self.from.read_exact(&mut self.body[before..])?;
            line.clear();
            self.from.read_line(&mut line)?;
            if length == 0 {
                return Ok(status);
            }
        }
    }
}
