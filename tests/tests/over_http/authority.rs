//! A time-stamping authority of the test's own: `openssl ts` behind a small HTTP listener, which can also misbehave.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

const SETTINGS: &str = "\
[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
";

/// How the authority answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Well,
    /// With a stamp for something else.
    AnotherDigest,
    /// With a stamp for the right thing, asked for by another request.
    AnotherNonce,
    /// That it grants nothing.
    Refusing,
    /// With a page for people.
    Garbage,
    /// With more than an answer can have.
    Endlessly,
    /// With status 500.
    Failing,
    /// To another address.
    Elsewhere,
    /// Not at all.
    Never,
}

struct Desk {
    directory: PathBuf,
    manner: Manner,
    asked: usize,
    is_open: bool,
    /// Callers who wait for an answer that does not come.
    waiting: Vec<TcpStream>,
}

/// The authority. It ends when it is dropped.
pub struct Authority {
    url: String,
    desk: Arc<Mutex<Desk>>,
    thread: Option<JoinHandle<()>>,
}

impl Authority {
    /// With a root and a certificate of its own, in a directory that the caller removes.
    pub fn in_directory(directory: &Path) -> Self {
        let directory = directory.join("tsa");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("tsa.cnf"), SETTINGS).unwrap();
        fs::write(directory.join("serial"), "01\n").unwrap();
        let extension = "extendedKeyUsage=critical,timeStamping\n";
        fs::write(directory.join("extension.cnf"), extension).unwrap();
        for command in [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 2 -subj /CN=root",
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa",
            "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -days 2 -extfile extension.cnf -out tsa.pem",
        ] {
            assert!(openssl(&directory, command), "{command}");
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/stamp", listener.local_addr().unwrap());
        let desk = Arc::new(Mutex::new(Desk {
            directory,
            manner: Manner::Well,
            asked: 0,
            is_open: true,
            waiting: Vec::new(),
        }));
        let serving = Arc::clone(&desk);
        let thread = std::thread::spawn(move || serve(&listener, &serving));
        Self {
            url,
            desk,
            thread: Some(thread),
        }
    }

    /// Where it is asked.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its root certificate.
    pub fn root(&self) -> PathBuf {
        self.desk().directory.join("root.pem")
    }

    /// From now on it answers like this.
    pub fn answers(&self, manner: Manner) {
        self.desk().manner = manner;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.desk().asked
    }

    /// Whether OpenSSL finds that the answer stamps these bytes.
    pub fn verifies(&self, data: &[u8], answer: &[u8]) -> bool {
        let directory = self.desk().directory.clone();
        fs::write(directory.join("data"), data).unwrap();
        fs::write(directory.join("answer.tsr"), answer).unwrap();
        openssl(
            &directory,
            "ts -verify -data data -in answer.tsr -CAfile root.pem",
        )
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        if let Ok(mut desk) = self.desk.lock() {
            desk.is_open = false;
        }
        let address = self.url.trim_start_matches("http://");
        // The last caller, so that the listener looks up.
        drop(TcpStream::connect(address.trim_end_matches("/stamp")));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn openssl(directory: &Path, command: &str) -> bool {
    let mut openssl = Command::new("openssl");
    openssl
        .args(command.split(' '))
        .current_dir(directory)
        .output()
        .unwrap_or_else(|error| panic!("this test needs `openssl`: {error}"))
        .status
        .success()
}

fn serve(listener: &TcpListener, desk: &Mutex<Desk>) {
    for caller in listener.incoming() {
        let mut desk = desk.lock().unwrap();
        if !desk.is_open {
            return;
        }
        // One who hangs up is no concern of the authority.
        drop(caller.and_then(|caller| desk.answer(caller)));
    }
}

impl Desk {
    fn answer(&mut self, mut caller: TcpStream) -> std::io::Result<()> {
        self.asked += 1;
        let query = read(&caller)?;
        let (status, body) = match self.manner {
            Manner::Well => ("200 OK", self.reply(&query)),
            Manner::AnotherDigest => ("200 OK", self.reply(&changed(&query, 40))),
            Manner::AnotherNonce => ("200 OK", self.reply(&changed(&query, query.len() - 4))),
            Manner::Refusing => ("200 OK", vec![0x30, 5, 0x30, 3, 2, 1, 2]),
            Manner::Garbage => ("200 OK", b"<html>down for maintenance</html>".to_vec()),
            Manner::Endlessly => ("200 OK", vec![0x30; 65 * 1024]),
            Manner::Failing => ("500 Internal Server Error", Vec::new()),
            Manner::Elsewhere => ("307 Temporary Redirect\r\nLocation: /elsewhere", Vec::new()),
            Manner::Never => {
                self.waiting.push(caller);
                return Ok(());
            }
        };
        write!(
            caller,
            "HTTP/1.1 {status}\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            body.len()
        )?;
        caller.write_all(&body)
    }

    fn reply(&self, query: &[u8]) -> Vec<u8> {
        fs::write(self.directory.join("query.tsq"), query).unwrap();
        assert!(openssl(
            &self.directory,
            "ts -reply -queryfile query.tsq -config tsa.cnf -signer tsa.pem -inkey tsa.key -out reply.tsr",
        ));
        fs::read(self.directory.join("reply.tsr")).unwrap()
    }
}

/// The body of a request, which must be a query for a time stamp.
fn read(caller: &TcpStream) -> std::io::Result<Vec<u8>> {
    let mut reader = BufReader::new(caller);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let line = head.len();
        if reader.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some((name, value)) = head[line..].split_once(": ")
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    assert!(head.starts_with("POST /stamp "), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(
        head.contains("content-type: application/timestamp-query\r\n"),
        "{head}"
    );
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

/// The query with one bit changed.
fn changed(query: &[u8], at: usize) -> Vec<u8> {
    let mut query = query.to_vec();
    query[at] ^= 1;
    query
}
