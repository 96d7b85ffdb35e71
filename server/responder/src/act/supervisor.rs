//! The service manager supervisord, spoken to by XML-RPC over its socket: its programs are stopped and started.
//!
//! What was stopped that way supervisord does not restart by itself, whatever `autorestart` says. It keeps that nowhere: once
//! it is started anew, it starts what has `autostart`.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

/// How long supervisord may take to answer: stopping a program takes up to its `stopwaitsecs`, 10 where none are named.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a program may take to run after its start.
const START_TIMEOUT: Duration = Duration::from_secs(20);
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
const MAX_ANSWER: u64 = 4 * 1024 * 1024;
/// The fault of a name that no program has.
const BAD_NAME: &str = "10";
/// The faults of what is so already.
const ALREADY_STARTED: &str = "60";
const NOT_RUNNING: &str = "70";

/// Where supervisord listens.
#[derive(Clone, Debug)]
pub(crate) struct Supervisor(PathBuf);

/// What a program was before it was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Before {
    /// Whether supervisord runs it, or tries to.
    pub(crate) running: bool,
    /// Whether it is started together with supervisord; not known of versions that don't tell.
    pub(crate) autostart: Option<bool>,
}

/// A program as supervisord tells of it.
struct Program {
    state: String,
    pid: u32,
    why: String,
}

/// A refusal of supervisord.
struct Fault {
    code: String,
    says: String,
}

impl Supervisor {
    pub(crate) const fn new(socket: PathBuf) -> Self {
        Self(socket)
    }

    /// Whether it is there and takes commands.
    pub(crate) fn answers(&self) -> bool {
        self.call("getState", &[]).is_ok_and(|answer| {
            answer.is_ok_and(|answer| member(&answer, "statename").as_deref() == Some("RUNNING"))
        })
    }

    /// What the program is now, and its process; `None` if there is none of that name.
    pub(crate) fn look(&self, name: &str) -> anyhow::Result<Option<(Before, u32)>> {
        let Some(program) = self.program(name)? else { return Ok(None) };
        let before = Before { running: program.runs(), autostart: self.autostart(name)? };
        Ok(Some((before, program.pid)))
    }

    /// Stops the program.
    pub(crate) fn stop(&self, name: &str) -> anyhow::Result<()> {
        self.change("stopProcess", name, NOT_RUNNING)?;
        let program = self.program(name)?.context("supervisord does not know the program any more")?;
        ensure!(!program.runs(), "supervisord says that it is {}", program.state);
        Ok(())
    }

    /// Starts the program, and waits until it runs.
    pub(crate) fn start(&self, name: &str) -> anyhow::Result<()> {
        self.change("startProcess", name, ALREADY_STARTED)?;
        let began = Instant::now();
        loop {
            let program = self.program(name)?.context("supervisord does not know the program any more")?;
            match program.state.as_str() {
                "RUNNING" => return Ok(()),
                "STARTING" | "BACKOFF" if began.elapsed() < START_TIMEOUT => {
                    std::thread::sleep(LOOK_INTERVAL);
                }
                state if program.why.is_empty() => bail!("supervisord says that it is {state}"),
                state => bail!("supervisord says that it is {state}: {}", program.why),
            }
        }
    }

    /// Calls what changes the program's state; that the state is so already is as good.
    fn change(&self, method: &str, name: &str, already: &str) -> anyhow::Result<()> {
        let wait = method == "stopProcess";
        let parameters = [string(name), format!("<boolean>{}</boolean>", u8::from(wait))];
        match self.call(method, &parameters)? {
            Err(fault) if fault.code != already => bail!("supervisord refuses: {}", fault.says),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn program(&self, name: &str) -> anyhow::Result<Option<Program>> {
        let info = match self.call("getProcessInfo", &[string(name)])? {
            Ok(info) => info,
            Err(fault) if fault.code == BAD_NAME => return Ok(None),
            Err(fault) => bail!("supervisord refuses: {}", fault.says),
        };
        let told =
            |what: &str| member(&info, what).with_context(|| format!("supervisord does not tell {what}"));
        let pid = told("pid")?.parse().context("supervisord tells a pid that is none")?;
        Ok(Some(Program { state: told("statename")?, pid, why: told("spawnerr")? }))
    }

    fn autostart(&self, name: &str) -> anyhow::Result<Option<bool>> {
        let Ok(all) = self.call("getAllConfigInfo", &[])? else { return Ok(None) };
        let (group, program) = name.split_once(':').unwrap_or((name, name));
        let is_it = |info: &&str| {
            member(info, "name").as_deref() == Some(program)
                && member(info, "group").as_deref() == Some(group)
        };
        let info = all.split("<struct>").skip(1).find(is_it);
        Ok(info.and_then(|info| member(info, "autostart")).map(|value| value == "1"))
    }

    /// Calls a method with parameters that are values of XML.
    fn call(&self, method: &str, parameters: &[String]) -> anyhow::Result<Result<String, Fault>> {
        let answer = self.post(&request(method, parameters)).context("supervisord does not answer")?;
        let (head, body) = answer.split_once("\r\n\r\n").context("supervisord's answer is cut off")?;
        let status = head.split_whitespace().nth(1).unwrap_or_default();
        ensure!(status == "200", "supervisord answers {status}");
        ensure!(body.contains("</methodResponse>"), "supervisord's answer is cut off");
        if body.contains("<fault>") {
            let told = |what| member(body, what).unwrap_or_default();
            return Ok(Err(Fault { code: told("faultCode"), says: told("faultString") }));
        }
        Ok(Ok(body.to_owned()))
    }

    fn post(&self, body: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(&self.0)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        // Version 1.0 of HTTP: the answer ends with the connection.
        write!(
            stream,
            "POST /RPC2 HTTP/1.0\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.take(MAX_ANSWER).read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl Program {
    /// Whether supervisord runs it, or tries to.
    fn runs(&self) -> bool {
        matches!(self.state.as_str(), "STARTING" | "RUNNING" | "BACKOFF" | "STOPPING")
    }
}

fn request(method: &str, parameters: &[String]) -> String {
    let of = |value: &String| format!("<param><value>{value}</value></param>");
    let parameters = parameters.iter().map(of).collect::<Vec<_>>().concat();
    format!(
        "<?xml version='1.0'?><methodCall><methodName>supervisor.{method}</methodName><params>{parameters}</params>\
         </methodCall>"
    )
}

fn string(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<string>{text}</string>")
}

/// The first value of this name in a struct. Tags can't stand in a value, where they are escaped.
fn member(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<name>{name}</name>"))?;
    let rest = rest.trim_start().strip_prefix("<value>")?;
    let (value, _) = rest.split_once("</value>")?;
    let value = match value.strip_prefix('<').and_then(|typed| typed.split_once('>')) {
        Some((tag, _)) if tag.ends_with('/') => "",
        Some((tag, rest)) => rest.strip_suffix(&format!("</{tag}>"))?,
        None => value,
    };
    Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_read_from_what_python_writes() {
        let text = "<struct>\n<member>\n<name>statename</name>\n<value><string>RUNNING</string></value>\n</member>\n\
                    <member>\n<name>pid</name>\n<value><int>7</int></value>\n</member>\n\
                    <member>\n<name>spawnerr</name>\n<value><string>&lt;name&gt;pid&lt;/name&gt; &amp;lt;</string></value>\n\
                    </member>\n<member>\n<name>none</name>\n<value><string></string></value>\n</member>\n\
                    <member>\n<name>bare</name>\n<value>text</value>\n</member>\n</struct>";
        for (name, value) in [
            ("statename", Some("RUNNING")),
            ("pid", Some("7")),
            ("spawnerr", Some("<name>pid</name> &lt;")),
            ("none", Some("")),
            ("bare", Some("text")),
            ("other", None),
        ] {
            assert_eq!(member(text, name).as_deref(), value, "{name}");
        }
        assert_eq!(member("<name>pid</name><value><int>7", "pid"), None);
        assert!(
            request("getProcessInfo", &[string("a<b")]).contains("<value><string>a&lt;b</string></value>")
        );
    }
}
