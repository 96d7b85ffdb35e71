//! The program nft: commands as JSON, all carried out or none, in this or another network namespace.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::{Value, json};

/// The expression that something is so.
pub(super) fn matching(left: Value, right: Value) -> Value {
    json!({ "match": { "op": "==", "left": left, "right": right } })
}

/// Whether rules can be made here.
pub(super) fn answers(netns: Option<&str>) -> bool {
    apply(netns, vec![json!({ "list": { "tables": { "family": "inet" } } })]).is_ok()
}

/// Has nft carry commands out, all of them or none.
pub(super) fn apply(netns: Option<&str>, commands: Vec<Value>) -> anyhow::Result<()> {
    let text = json!({ "nftables": commands }).to_string();
    let namespace = netns.map(str::to_owned);
    let work = move || -> anyhow::Result<()> {
        if let Some(name) = &namespace {
            let path = format!("/run/netns/{name}");
            let there = File::open(&path).with_context(|| format!("there is no network namespace {name}"))?;
            move_into_link_name_space(there.as_fd(), Some(LinkNameSpaceType::Network))
                .with_context(|| format!("the network namespace {name} can't be entered"))?;
        }
        let mut child = Command::new("nft")
            .args(["-j", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("nft can't be started")?;
        // It may end before it has read all; what it says then is the error.
        let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(text.as_bytes()));
        let output = child.wait_with_output().context("nft can't be waited for")?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(
            output.status.success(),
            "nft refuses: {}",
            said.lines().next().unwrap_or("without a word")
        );
        written.context("nft does not read")
    };
    // A thread of its own: a namespace is a thread's, and this one is somebody else's afterwards.
    std::thread::spawn(work).join().map_err(|_| anyhow::anyhow!("the thread that called nft failed"))?
}
