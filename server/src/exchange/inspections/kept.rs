//! How facts are kept: as JSON, deflated, under the SHA-256 of the JSON. Those of a large hospital are many megabytes of
//! JSON, of which no copy is made.

use std::io::{self, BufReader, BufWriter, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use kaiji_schema::Digest;
use kaiji_schema::digest::Digesting;
use kaiji_schema::inspection::Facts;

/// The bytes to keep, and the digest of the JSON.
pub(super) fn deflated(facts: &Facts) -> io::Result<(Vec<u8>, Digest)> {
    let encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    let mut json = BufWriter::new(Digested::new(encoder));
    serde_json::to_writer(&mut json, facts)?;
    let json = json.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok((json.stream.finish()?, json.digesting.finish()))
}

/// The facts that were kept, if they are those of that digest.
pub(super) fn inflated(kept: &[u8], sha256: &str) -> io::Result<Facts> {
    let mut json = BufReader::new(Digested::new(ZlibDecoder::new(kept)));
    let facts = serde_json::from_reader(&mut json)?;
    if json.into_inner().digesting.finish().to_string() == sha256 {
        return Ok(facts);
    }
    let changed = "the facts have another digest than when they were frozen";
    Err(io::Error::new(io::ErrorKind::InvalidData, changed))
}

/// Writes their JSON.
pub(super) fn write_json(kept: &[u8], into: &mut impl Write) -> io::Result<()> {
    io::copy(&mut ZlibDecoder::new(kept), into).map(drop)
}

/// A stream, and the digest of what passes.
struct Digested<S> {
    stream: S,
    digesting: Digesting,
}

impl<S> Digested<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            digesting: Digesting::new(),
        }
    }

    fn add(&mut self, bytes: &[u8], passed: usize) {
        self.digesting.add(bytes.get(..passed).unwrap_or_default());
    }
}

impl<S: Write> Write for Digested<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let passed = self.stream.write(bytes)?;
        self.add(bytes, passed);
        Ok(passed)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: Read> Read for Digested<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let passed = self.stream.read(bytes)?;
        self.add(bytes, passed);
        Ok(passed)
    }
}
