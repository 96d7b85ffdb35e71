//! What a responder does on its host, from the proposal by REST to Completed and undone; what is on the host is read by
//! the test, not by us. Once with a responder that listens, once with one that was enrolled and dials out.
//!
//! Namespaces need root, `ip` and `nft`, services need `runsv`. Where one is missing the tests say so and pass; in CI
//! (`CI` is set) they fail.

use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::database::{Kind, on_both};
use crate::enrolled::Dialling;
use crate::harness::{Estate, until};

on_both!(an_enrolled_host_carries_out_what_is_approved,);

/// The host that is acted on: folders, a supervised service, a process, and a namespace joined to another.
struct Playground {
    folder: PathBuf,
    namespace: String,
    world: String,
    supervisor: Child,
}

impl Drop for Playground {
    fn drop(&mut self) {
        let service = self.folder.join("services/beacon");
        let _ = Command::new("sv").arg("exit").arg(&service).stdout(Stdio::null()).status();
        // Only what this test started; it may be gone already.
        let _ = self.supervisor.kill();
        let _ = self.supervisor.wait();
        for name in [&self.namespace, &self.world] {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

fn ip(args: &str) -> bool {
    Command::new("ip").args(args.split_whitespace()).output().is_ok_and(|output| output.status.success())
}

fn executable(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

impl Playground {
    /// None where this machine can't have it.
    fn new(folder: PathBuf) -> Option<Self> {
        let id = &uuid::Uuid::new_v4().simple().to_string()[..8];
        let (namespace, world) = (format!("cs-a-{id}"), format!("cs-b-{id}"));
        std::fs::create_dir_all(folder.join("services/beacon")).unwrap();
        std::fs::create_dir_all(folder.join("cron/etc/cron.d")).unwrap();
        std::fs::write(folder.join("cron/etc/cron.d/evil"), "* * * * * root /tmp/evil\n").unwrap();
        executable(&folder.join("services/beacon/run"), "#!/bin/sh\nexec sleep 600\n");
        executable(&folder.join("mark"), "#!/bin/sh\necho \"$1\" >> \"${0%/*}/marks\"\necho marked\n");
        std::fs::write(folder.join("commands"), format!("mark = {} *\n", folder.join("mark").display()))
            .unwrap();
        let made = ip(&format!("netns add {namespace}"))
            && ip(&format!("netns add {world}"))
            && ip(&format!("-n {namespace} link add eth0 type veth peer name eth0 netns {world}"))
            && [(&namespace, "10.78.0.1"), (&world, "10.78.0.2")].into_iter().all(|(name, address)| {
                ip(&format!("-n {name} addr add {address}/24 dev eth0"))
                    && ip(&format!("-n {name} link set lo up"))
                    && ip(&format!("-n {name} link set eth0 up"))
            });
        let supervisor = Command::new("runsv").arg(folder.join("services/beacon")).spawn();
        match supervisor {
            Ok(supervisor) if made => Some(Self { folder, namespace, world, supervisor }),
            _ => {
                assert!(std::env::var_os("CI").is_none(), "CI needs root, iproute2, nftables and runit");
                eprintln!("skipped: root, iproute2, nftables and runit are needed");
                None
            }
        }
    }

    fn options(&self) -> Vec<String> {
        let at = |name: &str| self.folder.join(name).to_str().unwrap().to_owned();
        let named = [
            ("--runit", "services"),
            ("--cron-root", "cron"),
            ("--commands", "commands"),
            ("--logs", "cron"),
        ];
        let mut options = vec!["--netns".to_owned(), self.namespace.clone()];
        options.extend(named.into_iter().flat_map(|(option, name)| [option.to_owned(), at(name)]));
        options
    }

    /// Whether the host reaches the world: a refusal by a closed port is an answer.
    fn reaches(&self, address: &str) -> bool {
        let file = std::fs::File::open(format!("/run/netns/{}", self.namespace)).unwrap();
        let address: std::net::IpAddr = address.parse().unwrap();
        let connect = move || {
            let kind = rustix::thread::LinkNameSpaceType::Network;
            rustix::thread::move_into_link_name_space(file.as_fd(), Some(kind)).unwrap();
            let timeout = Duration::from_millis(700);
            match std::net::TcpStream::connect_timeout(&(address, 9).into(), timeout) {
                Ok(_) => true,
                Err(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
            }
        };
        std::thread::spawn(connect).join().unwrap()
    }

    fn service(&self) -> String {
        let path = self.folder.join("services/beacon/supervise/stat");
        std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
    }
}

/// What is proposed, and how it is seen on the host.
struct Act<'a> {
    action_type: &'a str,
    entity: Value,
    parameters: Value,
    /// Whether it is in force.
    holds: Box<dyn Fn() -> bool + 'a>,
    can_be_undone: bool,
}

/// Proposes, approves, sees it done, undoes it, and sees it undone.
async fn carry_through(estate: &Estate, asset: &str, act: Act<'_>) -> Value {
    let name = format!("{} {}", act.action_type, uuid::Uuid::new_v4());
    let proposal = json!({
        "external_id": name, "type": act.action_type, "severity": "high", "source": "antivirus_action",
        "entity": act.entity, "parameters": act.parameters, "comment": "because of a test",
        "asset": { "kind": "device", "name": asset },
    });
    let body = json!({ "actions": [proposal] });
    let (status, answer) = estate.post("/api/v1/actions", &estate.scanner, &body).await.unwrap();
    assert_eq!(status, 201, "{}: {answer}", act.action_type);
    let action = answer["actions"][0].clone();
    assert!(!(act.holds)(), "{} holds before it was approved", act.action_type);
    // What the host can do is known once it was asked.
    until("it can be approved", async || {
        let (status, answer) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
        assert!(status == 200 || answer["type"] == "/problems/no_executor", "{}: {answer}", act.action_type);
        (status == 200).then_some(())
    })
    .await;
    let done = estate.settled(action["id"].as_str().unwrap()).await;
    assert_eq!(done["status"], "Completed", "{done}");
    assert!((act.holds)(), "{} does not hold: {}", act.action_type, done["status_detail"]);
    if !act.can_be_undone {
        return done;
    }
    let (status, answer) = estate.decide("undo", &done, &estate.people[0]).await.unwrap();
    assert_eq!(status, 200, "{}: {answer}", act.action_type);
    let undone = estate.settled(done["id"].as_str().unwrap()).await;
    assert_eq!(undone["undo"], "Undone", "{undone}");
    assert!(!(act.holds)(), "{} still holds", act.action_type);
    undone
}

fn sleeper(folder: &Path) -> (Child, PathBuf) {
    let program = folder.join("sleeper");
    let mut bytes = std::fs::read("/bin/sleep").unwrap();
    bytes.extend(folder.to_str().unwrap().as_bytes());
    std::fs::write(&program, bytes).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    (Command::new(&program).arg("600").spawn().unwrap(), program)
}

/// Everything that a host does, one after the other.
async fn carry_all_through(estate: &Estate, host: &Playground, asset: &str, root: &Path, vault: &Path) {
    let device = json!({ "kind": "device", "name": asset });
    let act = |action_type, entity, holds| Act {
        action_type,
        entity,
        parameters: json!({}),
        holds,
        can_be_undone: true,
    };
    until("the service runs", async || (host.service() == "run").then_some(())).await;
    let is_down: Box<dyn Fn() -> bool> = Box::new(|| host.service() == "down");
    carry_through(
        estate,
        asset,
        act("stop_service", json!({ "kind": "service", "name": "beacon" }), is_down),
    )
    .await;
    until("the service runs again", async || (host.service() == "run").then_some(())).await;

    let job = host.folder.join("cron/etc/cron.d/evil");
    let is_gone: Box<dyn Fn() -> bool> = Box::new(|| !job.exists());
    let entity = json!({ "kind": "scheduled_task", "name": "/etc/cron.d/evil" });
    carry_through(estate, asset, act("remove_scheduled_task", entity, is_gone)).await;

    let is_cut = || -> Box<dyn Fn() -> bool> { Box::new(|| !host.reaches("10.78.0.2")) };
    let entity = json!({ "kind": "ip_address", "address": "10.78.0.0/24" });
    carry_through(estate, asset, act("block_ip_address", entity, is_cut())).await;
    carry_through(estate, asset, act("isolate_device", device.clone(), is_cut())).await;

    let file = root.join("by path");
    std::fs::write(&file, b"found by its path").unwrap();
    let is_taken: Box<dyn Fn() -> bool> = Box::new(|| !file.exists());
    let entity = json!({ "kind": "file", "path": file });
    carry_through(estate, asset, act("quarantine_file", entity, is_taken)).await;

    let made = |prefix: &'static str| -> Box<dyn Fn() -> bool> {
        Box::new(move || {
            let kept = std::fs::read_dir(vault.join("kept")).into_iter().flatten();
            kept.flatten().any(|entry| entry.file_name().to_str().unwrap().starts_with(prefix))
        })
    };
    let once = |action_type, entity, parameters, holds| Act {
        action_type,
        entity,
        parameters,
        holds,
        can_be_undone: false,
    };
    let package = once("collect_investigation_package", device.clone(), json!({}), made("package-"));
    let done = carry_through(estate, asset, package).await;
    assert!(done["status_detail"].as_str().unwrap().contains("sha256"), "{done}");
    let sample = json!({ "kind": "file", "path": file });
    carry_through(estate, asset, once("request_sample", sample, json!({}), made("sample-"))).await;

    let marks = host.folder.join("marks");
    let is_marked: Box<dyn Fn() -> bool> = Box::new(|| marks.exists());
    let line = json!({ "command_line": "mark it" });
    let done = carry_through(estate, asset, once("live_response_command", device, line, is_marked)).await;
    assert!(done["status_detail"].as_str().unwrap().starts_with("mark it"), "{done}");
    assert_eq!(std::fs::read_to_string(&marks).unwrap(), "it\n", "it ran once");

    let (child, program) = sleeper(&host.folder);
    let pid = child.id();
    let child = std::sync::Mutex::new(child);
    let has_ended: Box<dyn Fn() -> bool> = Box::new(|| child.lock().unwrap().try_wait().unwrap().is_some());
    let entity = json!({ "kind": "process", "pid": pid, "image": program });
    carry_through(estate, asset, once("stop_process", entity, json!({}), has_ended)).await;
    estate.verify_audit();
}

#[tokio::test]
async fn a_listening_responder_carries_out_what_is_approved() {
    let mut estate = Estate::start(Kind::Sqlite).await;
    let Some(host) = Playground::new(estate.at("host")) else { return };
    let options = host.options();
    estate.respond_with(&options.iter().map(String::as_str).collect::<Vec<_>>());
    estate.serve_with(&[]);
    let (root, vault) = (estate.at("sandbox").canonicalize().unwrap(), estate.at("vault"));
    carry_all_through(&estate, &host, "test host", &root, &vault).await;
}

async fn an_enrolled_host_carries_out_what_is_approved(kind: Kind) {
    let estate = Dialling::estate(kind).await;
    let Some(host) = Playground::new(estate.at("host")) else { return };
    let dialling = Dialling::enrolled(&estate, "web-1", &host.options(), None);
    carry_all_through(&estate, &host, "WEB-1", &dialling.root, &dialling.vault).await;
}
