//! OCSF 1.8 events, one a line: what was carried out on devices, files, processes, networks and accounts.
//!
//! An action is an event once it was let happen; a decision by itself is none. The class and activity of a type stand in
//! the catalog, as its `type_uid`. What has no attribute of its own stands in `unmapped`, in the words of the API.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use domain::{Action, Actor, ActorKind, AssetKind, Entity, Severity, Status};
use serde_json::{Map, Value, json};

/// The version of the schema.
const SCHEMA_VERSION: &str = "1.8.0";
/// The version of D3FEND that techniques are of.
const D3FEND_VERSION: &str = "1.2.0";

/// One file of events as it grows.
pub(super) struct EventWriter {
    file: BufWriter<File>,
}

impl EventWriter {
    /// There is nothing before the first event.
    pub(super) const fn begin(file: BufWriter<File>) -> Self {
        Self { file }
    }

    /// Writes the event of an action, if it is one.
    pub(super) fn write(&mut self, action: Action) -> io::Result<()> {
        if let Some(event) = event(action)? {
            serde_json::to_writer(&mut self.file, &event)?;
            self.file.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Writes what is left, and gives the file back.
    pub(super) fn end(self) -> io::Result<File> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

/// The event of an action; none if it was never let happen.
fn event(action: Action) -> io::Result<Option<Value>> {
    if action.status == Status::None {
        return Ok(None);
    }
    let info = action.action_type.info();
    let (class, activity) = (info.ocsf_type / 100, info.ocsf_type % 100);
    let (status_id, status) = status(action.status);
    let time = action.updated_at.as_millisecond();
    let mut event = json!({
        "activity_id": activity,
        "activity_name": activity_name(class, activity),
        "category_uid": class / 1_000,
        "class_uid": class,
        "class_name": class_name(class),
        "type_uid": info.ocsf_type,
        "time": time,
        "severity_id": severity(action.severity),
        "severity": action.severity.label(),
        "status_id": status_id,
        "status": status,
        "message": format!("{} on {}: {}", info.name, action.asset.name, action.status.label()),
        "metadata": {
            "version": SCHEMA_VERSION,
            "product": { "name": "Countersign", "vendor_name": "Countersign", "version": env!("CARGO_PKG_VERSION") },
            "uid": format!("{}/{}", action.id, action.version),
            "profiles": ["host"],
        },
        "observables": observables(&action),
    });
    if let Some(investigation) = &action.investigation_id {
        event["metadata"]["correlation_uid"] = json!(investigation);
    }
    if let Some(detail) = &action.status_detail {
        event["status_detail"] = json!(detail);
    }
    if action.asset.kind == AssetKind::Device {
        event["device"] = json!({ "type_id": 0, "type": "Unknown", "hostname": action.asset.name });
    }
    if let Some(actor) = action.taken_by() {
        event["actor"] = actor_of(actor);
    }
    if class == ACCOUNT_CHANGE {
        event["user"] = user(&action);
    } else {
        event["command_uid"] = json!(action.id);
        event["remediation"] = json!({ "desc": info.effect });
        if let Some(technique) = info.technique {
            let class_name: String = technique.name.split_whitespace().collect();
            let url = format!("https://d3fend.mitre.org/technique/d3f:{class_name}/");
            event["countermeasures"] = json!([{
                "version": D3FEND_VERSION,
                "d3f_technique": { "uid": technique.id, "name": technique.name, "src_url": url },
            }]);
        }
    }
    match class {
        FILE => event["file"] = file(&action.entity),
        PROCESS => event["process"] = process(&action.entity),
        NETWORK => event["connection_info"] = json!({ "direction_id": 0, "direction": "Unknown" }),
        _ => {}
    }
    event["unmapped"] = json!({ "action": serde_json::to_value(action.answered_for())? });
    Ok(Some(event))
}

const ACCOUNT_CHANGE: u32 = 3_001;
const FILE: u32 = 7_002;
const PROCESS: u32 = 7_003;
const NETWORK: u32 = 7_004;

const fn class_name(class: u32) -> &'static str {
    match class {
        ACCOUNT_CHANGE => "Account Change",
        FILE => "File Remediation Activity",
        PROCESS => "Process Remediation Activity",
        NETWORK => "Network Remediation Activity",
        _ => "Remediation Activity",
    }
}

const fn activity_name(class: u32, activity: u32) -> &'static str {
    match (class, activity) {
        (ACCOUNT_CHANGE, 2) => "Enable",
        (ACCOUNT_CHANGE, 4) => "Password Reset",
        (ACCOUNT_CHANGE, 5) => "Disable",
        (ACCOUNT_CHANGE, _) => "Other",
        (_, 1) => "Isolate",
        (_, 2) => "Evict",
        (_, 3) => "Restore",
        (_, 4) => "Harden",
        (_, 5) => "Detect",
        _ => "Other",
    }
}

const fn severity(severity: Severity) -> u32 {
    match severity {
        Severity::Informational => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    }
}

/// The status, with its caption, or where the schema has no word for it, with ours.
const fn status(status: Status) -> (u32, &'static str) {
    match status {
        Status::Completed => (1, "Success"),
        Status::Failed | Status::TimedOut => (2, "Failure"),
        Status::PartiallyCompleted => (4, "Partial"),
        Status::Unknown => (0, "Unknown"),
        Status::None | Status::Queued | Status::InProgress | Status::Skipped | Status::Cancelled => {
            (99, status.label())
        }
    }
}

/// Who let it happen: a person, and the tool by which they did.
fn actor_of(actor: &Actor) -> Value {
    let mut of = Map::new();
    if let Some(person) = &actor.person {
        of.insert("user".to_owned(), json!({ "uid": person.id, "name": person.name }));
    }
    match actor.kind {
        ActorKind::User => {
            of.insert("user".to_owned(), json!({ "uid": actor.id, "name": actor.name }));
        }
        ActorKind::Token | ActorKind::Automation | ActorKind::System => {
            of.insert("app_uid".to_owned(), json!(actor.id));
            of.insert("app_name".to_owned(), json!(actor.name));
        }
    }
    Value::Object(of)
}

fn user(action: &Action) -> Value {
    match &action.entity {
        Entity::User { name, sid } => {
            let name = if name.is_empty() { action.asset.name.as_str() } else { name };
            let mut user = json!({ "name": name });
            if let Some(sid) = sid {
                user["uid"] = json!(sid);
            }
            user
        }
        _ => json!({ "name": action.asset.name }),
    }
}

/// A file needs a name, also where only its hash is known.
fn file(entity: &Entity) -> Value {
    let path = match entity {
        Entity::File { path, .. } => path.as_deref(),
        Entity::CloudFile { path, .. } => Some(path.as_str()),
        _ => None,
    };
    let name = path.map_or_else(|| entity.title(), |path| last_part(path).to_owned());
    let mut file = json!({ "name": name, "type_id": 1, "type": "Regular File" });
    if let Some(path) = path {
        file["path"] = json!(path);
    }
    let hashes = hashes(entity);
    if !hashes.is_empty() {
        file["hashes"] = json!(hashes);
    }
    file
}

/// The name of a file, of a path of either kind of system.
fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(path)
}

fn hashes(entity: &Entity) -> Vec<Value> {
    let of = |(algorithm, value): (&'static str, Option<&str>)| {
        let id = match algorithm {
            "MD5" => 1,
            "SHA-1" => 2,
            _ => 3,
        };
        Some(json!({ "algorithm_id": id, "algorithm": algorithm, "value": value? }))
    };
    entity.hashes().into_iter().filter_map(of).collect()
}

/// A process needs its id, or something else that tells it from others.
fn process(entity: &Entity) -> Value {
    let Entity::Process { pid, image, command_line, .. } = entity else {
        return json!({ "uid": entity.title() });
    };
    let mut process = match pid {
        Some(pid) => json!({ "pid": pid }),
        None => json!({ "uid": entity.hash().map_or_else(|| entity.title(), str::to_owned) }),
    };
    if let Some(image) = image {
        let mut file =
            json!({ "name": last_part(image), "path": image, "type_id": 1, "type": "Regular File" });
        let hashes = hashes(entity);
        if !hashes.is_empty() {
            file["hashes"] = json!(hashes);
        }
        process["name"] = json!(last_part(image));
        process["file"] = file;
    }
    if let Some(line) = command_line {
        process["cmd_line"] = json!(line);
    }
    process
}

/// What a SIEM looks for: names, addresses and hashes of what was acted on.
fn observables(action: &Action) -> Vec<Value> {
    let mut found = Vec::new();
    let mut note = |name: &str, (type_id, type_name): (u32, &str), value: &str| {
        if !value.is_empty() {
            found.push(json!({ "name": name, "type_id": type_id, "type": type_name, "value": value }));
        }
    };
    match action.asset.kind {
        AssetKind::Device => note("device.hostname", (1, "Hostname"), &action.asset.name),
        AssetKind::Mailbox => note("unmapped.action.asset.name", (5, "Email Address"), &action.asset.name),
        AssetKind::Account => note("unmapped.action.asset.name", (4, "User Name"), &action.asset.name),
    }
    let entity = "unmapped.action.entity";
    match &action.entity {
        Entity::IpAddress { address } if address.contains('/') => {
            note(&format!("{entity}.address"), (12, "Subnet"), address);
        }
        Entity::IpAddress { address } => note(&format!("{entity}.address"), (2, "IP Address"), address),
        Entity::Url { url } => note(&format!("{entity}.url"), (6, "URL String"), url),
        Entity::User { name, .. } => note(&format!("{entity}.name"), (4, "User Name"), name),
        Entity::Mailbox { address } => note(&format!("{entity}.address"), (5, "Email Address"), address),
        Entity::EmailMessage { sender, .. } => {
            note(&format!("{entity}.sender"), (5, "Email Address"), sender);
        }
        Entity::File { path: Some(path), .. } => note(&format!("{entity}.path"), (45, "File Path"), path),
        Entity::EmailAttachment { file_name, .. } => {
            note(&format!("{entity}.file_name"), (7, "File Name"), file_name);
        }
        Entity::Process { image: Some(image), .. } => {
            note(&format!("{entity}.image"), (9, "Process Name"), last_part(image));
        }
        _ => {}
    }
    if let Some(id) = action.entity.message_id() {
        note(&format!("{entity}.message_id"), (42, "Message UID"), id);
    }
    for (_, hash) in action.entity.hashes() {
        note(entity, (8, "Hash"), hash.unwrap_or_default());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{proposal, tester};
    use domain::{ActionType, Decision, Proposal};
    use jiff::Timestamp;

    /// An action of a type on the first kind of entity that it takes, as it ended.
    fn action(of: ActionType, entity: Value, status: Status) -> Action {
        let mut given = proposal("1");
        (given["type"], given["entity"]) = (json!(of.as_str()), entity);
        let given: Proposal = serde_json::from_value(given).unwrap();
        let action =
            given.into_action(uuid::Uuid::nil().into(), String::new(), tester(), Timestamp::UNIX_EPOCH);
        let (decision, decided_by) = (Decision::Approved, Some(Actor::new(ActorKind::User, "u-1", "Ana")));
        Action { decision, status, decided_by, ..action }
    }

    fn of(action: Action) -> Value {
        event(action).unwrap().unwrap()
    }

    fn sample(of: ActionType) -> Value {
        match of.info().entities[0].as_str() {
            "device" => json!({ "kind": "device", "name": "web-1" }),
            "file" => json!({ "kind": "file", "path": "/srv/a.exe", "sha256": "ab".repeat(32) }),
            "process" => json!({ "kind": "process", "pid": 7, "image": "C:\\x\\evil.exe" }),
            "registry_key" => json!({ "kind": "registry_key", "path": "HKLM\\Run" }),
            "ip_address" => json!({ "kind": "ip_address", "address": "203.0.113.7" }),
            "url" => json!({ "kind": "url", "url": "https://evil.example/" }),
            "email_message" => {
                json!({ "kind": "email_message", "message_id": "<1@a>", "subject": "s", "sender": "b@c.example" })
            }
            "email_attachment" => {
                json!({ "kind": "email_attachment", "message_id": "<1@a>", "file_name": "a.exe" })
            }
            "mailbox" => json!({ "kind": "mailbox", "address": "a@b.example" }),
            "teams_message" => {
                json!({ "kind": "teams_message", "message_id": "m", "sender": "a", "channel": "c" })
            }
            "cloud_file" => json!({ "kind": "cloud_file", "path": "/sites/a/b.docx" }),
            "user" => json!({ "kind": "user", "name": "kim" }),
            other => json!({ "kind": other, "name": "a" }),
        }
    }

    #[test]
    fn an_event_of_each_type_has_what_its_class_requires() {
        for &each in ActionType::ALL {
            let event = of(action(each, sample(each), Status::Completed));
            let number = |name: &str| event[name].as_u64().unwrap_or_else(|| panic!("{each}: no {name}"));
            let (class, activity) = (number("class_uid"), number("activity_id"));
            assert_eq!(number("type_uid"), class * 100 + activity, "{each}");
            assert_eq!(number("category_uid"), class / 1_000, "{each}");
            assert!((1..=5).contains(&number("severity_id")) && number("time") == 0, "{each}");
            assert_eq!((number("status_id"), event["status"].as_str()), (1, Some("Success")), "{each}");
            assert_eq!(event["metadata"]["version"], "1.8.0", "{each}");
            assert!(event["metadata"]["product"]["name"].is_string(), "{each}");
            assert_ne!(event["class_name"].as_str(), None, "{each}");
            let (required, command) = match class {
                3_001 => (&event["user"]["name"], false),
                7_001 => (&event["message"], true),
                7_002 => (&event["file"]["name"], true),
                7_003 => (&event["process"]["pid"], true),
                7_004 => (&event["connection_info"]["direction_id"], true),
                other => panic!("{each} is of the class {other}"),
            };
            assert!(!required.is_null(), "{each}: {event}");
            assert_eq!(event["command_uid"].is_string(), command, "{each}");
            assert!(activity == 99 || event["activity_name"] != "Other", "{each}: {event}");
            for observable in event["observables"].as_array().unwrap() {
                assert!(observable["type_id"].is_u64() && observable["value"].is_string(), "{each}");
            }
            assert_eq!(event["unmapped"]["action"]["type"], each.as_str());
            assert_eq!(event["actor"]["user"]["name"], "Ana", "{each}");
        }
    }

    #[test]
    fn what_was_never_let_happen_is_no_event() {
        let of = |status, decision| {
            let file = sample(ActionType::QuarantineFile);
            let action = Action { decision, ..action(ActionType::QuarantineFile, file, status) };
            event(action).unwrap().map(|event| (event["status_id"].clone(), event["status"].clone()))
        };
        let told = |id: u32, word: &str| Some((json!(id), json!(word)));
        assert_eq!(of(Status::None, Decision::Rejected), None);
        assert_eq!(of(Status::None, Decision::Pending), None);
        for (status, want) in [
            (Status::Queued, told(99, "Queued")),
            (Status::InProgress, told(99, "In progress")),
            (Status::PartiallyCompleted, told(4, "Partial")),
            (Status::Failed, told(2, "Failure")),
            (Status::TimedOut, told(2, "Failure")),
            (Status::Skipped, told(99, "Skipped")),
            (Status::Cancelled, told(99, "Cancelled")),
            (Status::Unknown, told(0, "Unknown")),
        ] {
            assert_eq!(of(status, Decision::Approved), want, "{status}");
        }
    }

    #[test]
    fn what_is_acted_on_has_the_name_by_which_it_is_looked_for() {
        let file =
            of(action(ActionType::QuarantineFile, sample(ActionType::QuarantineFile), Status::Completed));
        assert_eq!(file["file"]["name"], "a.exe");
        assert_eq!(file["file"]["hashes"][0]["algorithm_id"], 3);
        let hash = json!({ "kind": "file", "md5": "ab".repeat(16) });
        let file = of(action(ActionType::QuarantineFile, hash, Status::Completed));
        assert_eq!(
            (&file["file"]["name"], &file["file"]["hashes"][0]["algorithm_id"]),
            (&json!("ab".repeat(16)), &json!(1))
        );
        let process = of(action(ActionType::StopProcess, sample(ActionType::StopProcess), Status::Failed));
        assert_eq!(
            (&process["process"]["name"], &process["process"]["pid"]),
            (&json!("evil.exe"), &json!(7))
        );
        let block =
            of(action(ActionType::BlockIpAddress, sample(ActionType::BlockIpAddress), Status::Completed));
        let found = block["observables"].as_array().unwrap();
        assert!(found.iter().any(|of| of["type_id"] == 2 && of["value"] == "203.0.113.7"), "{block}");
        assert_eq!(
            block["countermeasures"][0]["d3f_technique"]["src_url"],
            "https://d3fend.mitre.org/technique/d3f:NetworkTrafficFiltering/"
        );
    }
}
