//! `cargo xtask run`: builds everything, runs the demo, and stops it on Ctrl-C.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{
    build, estate,
    service::{Event, Service},
    step::step,
    wasm::Flavour,
    workspace::SITE,
};

const START_TIMEOUT: Duration = Duration::from_mins(1);

/// Options of `run` and `dev`.
#[derive(Args)]
pub(crate) struct Options {
    /// The port of the page
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Remove the demo's database and files first
    #[arg(long)]
    fresh: bool,
}

/// The running demo.
pub(crate) struct Demo {
    binary: PathBuf,
    port: u16,
    responder_url: String,
    sender: Sender<Event>,
    events: Receiver<Event>,
    // Declared before the responder and so dropped first: the server calls the responder.
    server: Option<Service>,
    responder: Service,
}

/// Builds and runs the demo until Ctrl-C.
pub(crate) fn run(options: &Options) -> Result<()> {
    build::site(Flavour::Release)?;
    let binary = build::server(false)?;
    let Some(mut demo) = Demo::start(options, binary)? else { return Ok(()) };
    while !demo.interrupted_within(Duration::from_millis(200))? {}
    demo.stop()
}

impl Demo {
    /// Creates the estate if need be and starts both programs; none when the user stops it meanwhile.
    pub(crate) fn start(options: &Options, binary: PathBuf) -> Result<Option<Self>> {
        estate::prepare(&binary, options.fresh)?;
        let (sender, events) = channel();
        let interrupts = sender.clone();
        // From here on processes have to be stopped in order; during a build Ctrl-C just ends this one.
        ctrlc::set_handler(move || {
            // The receiver is closed only while this process ends.
            let _ = interrupts.send(Event::Interrupt);
        })
        .context("cannot listen for Ctrl-C")?;
        let port = free_port(options.port)?;

        let started = Instant::now();
        let mut responder = Service::start("responder", &mut responder_command(&binary), sender.clone())?;
        let Some(responder_url) = until_ready(&events, &mut responder, started)? else { return Ok(None) };
        let mut demo = Self { binary, port, responder_url, sender, events, server: None, responder };
        Ok(demo.start_server()?.then_some(demo))
    }

    /// Starts the server and says where the page is; false when the user stops it meanwhile.
    fn start_server(&mut self) -> Result<bool> {
        let url = step("server", || {
            let started = Instant::now();
            let mut server = Service::start("server", &mut self.server_command(), self.sender.clone())?;
            let url = until_ready(&self.events, &mut server, started)
                .context("the demo did not start; if it is of an older version, `--fresh` makes a new one")?;
            self.server = Some(server);
            Ok((url.clone(), if url.is_some() { "ready" } else { "stopped" }.to_owned()))
        })?;
        if let Some(url) = &url {
            println!(
                "\nCountersign is at {url}\nCtrl-C stops it. The logs are target/demo/server.log and responder.log.\n"
            );
        }
        Ok(url.is_some())
    }

    /// Replaces the server by its new build; false when the user stops it meanwhile, an error when it does not
    /// start: then there is none until the next time.
    pub(crate) fn restart_server(&mut self, binary: PathBuf) -> Result<bool> {
        if let Some(mut server) = self.server.take() {
            server.stop()?;
        }
        self.binary = binary;
        self.start_server()
    }

    /// Waits for a moment; true when the user wants to stop, an error when a program has ended.
    pub(crate) fn interrupted_within(&mut self, time: Duration) -> Result<bool> {
        match self.events.recv_timeout(time) {
            Ok(Event::Interrupt) => return Ok(true),
            Ok(Event::Ready(_)) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        self.responder.check()?;
        self.server.as_mut().map_or(Ok(()), Service::check)?;
        Ok(false)
    }

    /// Stops both, the server first: it may still be calling the responder.
    pub(crate) fn stop(mut self) -> Result<()> {
        step("stop", || {
            if let Some(server) = &mut self.server {
                server.stop()?;
            }
            self.responder.stop()?;
            Ok(((), "server and responder have ended".to_owned()))
        })
    }

    fn server_command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg("serve")
            .arg("--listen")
            .arg(format!("127.0.0.1:{}", self.port))
            .args(["--site", SITE, "--database-url", estate::DATABASE_URL, "--demo"])
            .arg("--responder")
            .arg(format!("this machine={}", self.responder_url))
            .args(["--responder-key", estate::KEY]);
        command
    }
}

fn responder_command(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(["responder", "--listen", "127.0.0.1:0", "--root", estate::SANDBOX]);
    command.args(["--vault", estate::VAULT, "--key", estate::KEY]);
    command
}

/// The URL where it listens; none when the user stops us meanwhile.
fn until_ready(events: &Receiver<Event>, service: &mut Service, started: Instant) -> Result<Option<String>> {
    while started.elapsed() < START_TIMEOUT {
        match events.recv_timeout(Duration::from_millis(50)) {
            Ok(Event::Ready(url)) => return Ok(Some(url)),
            Ok(Event::Interrupt) => return Ok(None),
            Err(_) => service.check()?,
        }
    }
    bail!(
        "a program did not say within {} s that it is ready; its log is in target/demo",
        START_TIMEOUT.as_secs()
    )
}

/// The wanted port, or a free one if it is taken.
fn free_port(wanted: u16) -> Result<u16> {
    // `localhost` means both addresses: another program on one of them would receive some of the requests.
    let loopbacks =
        [SocketAddr::from((Ipv4Addr::LOCALHOST, wanted)), SocketAddr::from((Ipv6Addr::LOCALHOST, wanted))];
    let taken = loopbacks
        .iter()
        .any(|address| TcpListener::bind(address).is_err_and(|error| error.kind() == ErrorKind::AddrInUse));
    if !taken {
        return Ok(wanted);
    }
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    println!("port     {wanted} is taken, {port} is used instead");
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_not_used() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        assert_ne!(free_port(taken).unwrap(), taken);
    }
}
