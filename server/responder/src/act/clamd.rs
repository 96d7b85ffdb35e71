//! The antivirus daemon: asked over its socket, so that it needs no right to read the files itself.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// How long clamd may take to answer about one file.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);
const CHUNK: usize = 128 * 1024;

/// Where clamd listens.
#[derive(Clone, Debug)]
pub(crate) struct Clamd(PathBuf);

/// What clamd says of a file.
pub(super) enum Verdict {
    Clean,
    Found(String),
    /// Clamd would not look at it, for example because it is too large.
    Unseen,
}

impl Clamd {
    pub(crate) const fn new(socket: PathBuf) -> Self {
        Self(socket)
    }

    /// Whether it is there and answers.
    pub(crate) fn answers(&self) -> bool {
        self.ask("PING").is_ok_and(|answer| answer == "PONG")
    }

    fn connect(&self) -> io::Result<UnixStream> {
        let stream = UnixStream::connect(&self.0)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(stream)
    }

    fn ask(&self, command: &str) -> io::Result<String> {
        let mut stream = self.connect()?;
        stream.write_all(format!("z{command}\0").as_bytes())?;
        answer(&mut stream)
    }

    /// Streams the file to it.
    pub(super) fn look_at(&self, file: &File) -> io::Result<Verdict> {
        let mut stream = self.connect()?;
        stream.write_all(b"zINSTREAM\0")?;
        let mut buffer = vec![0; CHUNK];
        let mut offset = 0;
        loop {
            let read = file.read_at(&mut buffer, offset)?;
            let length = u32::try_from(read).map_err(io::Error::other)?;
            // Clamd answers and hangs up where a file is too long for it.
            if stream
                .write_all(&length.to_be_bytes())
                .and_then(|()| stream.write_all(&buffer[..read]))
                .is_err()
                || read == 0
            {
                break;
            }
            offset += read as u64;
        }
        let said = answer(&mut stream)?;
        let said = said.strip_prefix("stream: ").unwrap_or(&said);
        Ok(match said.strip_suffix(" FOUND") {
            Some(name) => Verdict::Found(name.to_owned()),
            None if said == "OK" => Verdict::Clean,
            None => Verdict::Unseen,
        })
    }
}

fn answer(stream: &mut UnixStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\0', '\n']).to_owned())
}
