//! A client that costs the machine little: HTTP/1.1 over one connection that is kept open, requests written beforehand.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// No answer takes longer than this; a load program ends by itself.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection to the service.
pub struct Connection {
    stream: BufReader<TcpStream>,
    line: String,
}

/// What was answered.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A request without a token, in the bytes that go over the wire.
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").into_bytes()
}

/// A request for something of that type, with a token.
pub fn get_with(token: &str, path: &str, accept: &str) -> Vec<u8> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\n");
    format!("{head}Authorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// A request with a body of that type and a token.
pub fn post(token: &str, path: &str, media_type: &str, body: &str) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\n");
    let length = body.len();
    format!("{head}Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

impl Connection {
    pub fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::with_capacity(64 * 1024, stream),
            line: String::new(),
        })
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        let mut body = Vec::new();
        let status = self.ask_for(request, |part| body.extend_from_slice(part))?;
        Ok(Answer { status, body })
    }

    /// Sends a request and takes the answer's body part by part.
    pub fn ask_for(&mut self, request: &[u8], mut part: impl FnMut(&[u8])) -> io::Result<u16> {
        self.stream.get_mut().write_all(request)?;
        let status = self
            .next_line()?
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.next_line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value
                    .trim()
                    .parse()
                    .map_err(|_| io::ErrorKind::InvalidData)?;
            }
            chunked |= line.starts_with("transfer-encoding:") && line.ends_with("chunked");
        }
        if !chunked {
            part(&self.take(length)?);
            return Ok(status);
        }
        loop {
            let size = usize::from_str_radix(self.next_line()?, 16);
            let size = size.map_err(|_| io::ErrorKind::InvalidData)?;
            part(&self.take(size)?);
            self.next_line()?;
            if size == 0 {
                return Ok(status);
            }
        }
    }

    fn next_line(&mut self) -> io::Result<&str> {
        self.line.clear();
        if self.stream.read_line(&mut self.line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.line.trim_end())
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
