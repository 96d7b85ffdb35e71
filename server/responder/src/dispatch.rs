//! From an `OpenC2` command to what is done: which pair becomes which task, and their arguments.
//!
//! To add a pair: its line in `act::host`, and an arm in `task`. What is not a pair of this host answers 501; what is,
//! refuses every argument that it would have to ignore.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use sha2::Digest as _;
use uuid::Uuid;

use super::act;
use super::act::host::Pair;
use super::act::process::Wanted;
use super::order::{Files, Order, Task};
use super::refusal::Refusal;
use openc2::{
    Action, Actuator, Command, CommandTarget, FileTarget, Hashes, NamedTarget, ProcessTarget, REPORT_KEY,
    Response, Status, Target,
};

/// The profiles under which it may be addressed.
const PROFILES: [&str; 2] = ["er", REPORT_KEY];

/// A command that was understood.
pub(super) enum Parsed {
    /// Answered without touching anything.
    Answer(Response),
    /// To be carried out.
    Order(Order),
    /// The command of this id is called off, if it has not begun.
    CallOff(Uuid),
}

/// Reads a command on a host that has these pairs and serves a folder of these spellings, or says why it is refused; a refusal here has changed nothing and is
/// not recorded.
pub(super) fn parse_command(command: &Command, pairs: &[Pair], roots: &[String], now: Timestamp) -> Parsed {
    read(command, pairs, roots, now).unwrap_or_else(Parsed::Answer)
}

fn read(command: &Command, pairs: &[Pair], roots: &[String], now: Timestamp) -> Result<Parsed, Response> {
    let (action, target) = (command.action.name(), command.target.name());
    if !pairs.contains(&(action, target)) {
        return Err(not_implemented(&format!("{action} {target} is not implemented on this host")));
    }
    let mut given = arguments(command, now)?;
    if let Target::Features(features) = &command.target {
        given.finish()?;
        let profile = command.actuator.as_ref().map(|actuator| actuator.profile.as_str());
        let pairs: Vec<Pair> =
            pairs.iter().copied().filter(|(_, target)| is_known(target, profile)).collect();
        let mut response = query(features, &pairs)?;
        // Only whom our profile is addressed to reads what is ours.
        if profile == Some(REPORT_KEY) && response.results.contains_key("pairs") {
            response.results.insert(REPORT_KEY.to_owned(), json!({ "roots": roots }));
        }
        return Ok(Parsed::Answer(response));
    }
    if let (Action::Cancel, Target::Command(CommandTarget { command_id })) =
        (&command.action, &command.target)
    {
        given.finish()?;
        let id = Uuid::try_parse(command_id)
            .map_err(|_| Refusal::malformed("the command to call off is named by a UUID").into_response())?;
        return Ok(Parsed::CallOff(id));
    }
    let task = task(command, &mut given).map_err(Refusal::into_response)?;
    let task = task.ok_or_else(|| not_implemented(&format!("{action} {target} is not implemented")))?;
    given.finish()?;
    order(task, command).map(Parsed::Order).map_err(Refusal::into_response)
}

fn task(command: &Command, given: &mut Arguments) -> Result<Option<Task>, Refusal> {
    let act = |task| Ok(Some(Task::Act(task)));
    match (&command.action, &command.target) {
        (Action::Contain, Target::File(file)) => {
            let stop = given.take("stop").is_some_and(|stop| stop == "true");
            let files = files(file)?;
            if stop && files.hashes == Hashes::default() {
                return Err(Refusal::malformed(
                    "processes are stopped by the content of their program: hashes are required",
                ));
            }
            Ok(Some(Task::Quarantine { files, stop }))
        }
        (Action::Allow, Target::File(file)) => Ok(Some(Task::Release(files(file)?))),
        (Action::Copy, Target::File(file)) => {
            let Files { path, hashes } = files(file)?;
            act(act::Task::Sample { path, hashes })
        }
        (Action::Stop, Target::Process(process)) => act(act::Task::StopProcess(wanted(process, given)?)),
        (Action::Stop, Target::Service(NamedTarget { name })) => {
            act(act::Task::StopService { name: name.clone() })
        }
        (Action::Start, Target::Service(NamedTarget { name })) => {
            act(act::Task::StartService { name: name.clone() })
        }
        (Action::Delete, Target::ScheduledTask(NamedTarget { name })) => {
            act(act::Task::RemoveJob { name: name.clone() })
        }
        (Action::Restore, Target::ScheduledTask(NamedTarget { name })) => {
            act(act::Task::RestoreJob { name: name.clone() })
        }
        (Action::Deny, Target::Ipv4Net(net) | Target::Ipv6Net(net)) => {
            act(act::Task::Block { net: self::net(net, &command.target)?, until: given.until.take() })
        }
        (Action::Allow, Target::Ipv4Net(net) | Target::Ipv6Net(net)) => {
            act(act::Task::Unblock { net: self::net(net, &command.target)? })
        }
        (Action::Contain, Target::Device(_)) => {
            match given.take("scope").as_deref() {
                None | Some("Full") => {}
                Some(_) => return Err(Refusal::malformed("this host isolates itself fully or not at all")),
            }
            act(act::Task::Isolate { until: given.until.take() })
        }
        (Action::Allow, Target::Device(_)) => act(act::Task::Release),
        (Action::Contain, Target::CodeExecution(_)) => act(act::Task::RestrictExecution),
        (Action::Allow, Target::CodeExecution(_)) => act(act::Task::LiftRestriction),
        (Action::Investigate, Target::Device(_)) => act(act::Task::Package),
        (Action::Scan, Target::Device(_)) => match given.take("scope").as_deref() {
            None | Some("Full") => act(act::Task::Scan { full: true }),
            Some("Quick") => act(act::Task::Scan { full: false }),
            Some(_) => Err(Refusal::malformed("the scope of a scan is Quick or Full")),
        },
        (Action::Start, Target::CommandLine(command)) => act(act::Task::Run { line: command.line.clone() }),
        _ => Ok(None),
    }
}

fn files(file: &FileTarget) -> Result<Files, Refusal> {
    if let Some(name) = &file.name {
        let last = file.path.as_deref().map(|path| path.rsplit('/').next().unwrap_or(path));
        if last != Some(name) {
            return Err(Refusal::malformed("name must be the last component of path, or absent"));
        }
    }
    let files = Files { path: file.path.clone(), hashes: file.hashes.unwrap_or_default() };
    if files == Files::default() {
        return Err(Refusal::malformed("a file is named by path, by hashes, or by both"));
    }
    Ok(files)
}

fn wanted(process: &ProcessTarget, given: &mut Arguments) -> Result<Wanted, Refusal> {
    let executable = process.executable.clone().unwrap_or_default();
    let started_at = given.take("started_at").map(|text| text.parse());
    Ok(Wanted {
        pid: process.pid,
        image: executable.path,
        hashes: executable.hashes.unwrap_or_default(),
        started_at: started_at
            .transpose()
            .map_err(|_| Refusal::malformed("started_at must be an RFC 3339 time"))?,
    })
}

fn net(text: &str, target: &Target) -> Result<IpNet, Refusal> {
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let net = net.map_err(|_| Refusal::malformed(format!("{text:?} is no address and no range of them")))?;
    if net.addr().is_ipv4() != matches!(target, Target::Ipv4Net(_)) {
        return Err(Refusal::malformed(format!("{net} is of the other family")));
    }
    if net.prefix_len() == 0 {
        return Err(Refusal::malformed("that would be every address there is"));
    }
    Ok(net.trunc())
}

fn order(task: Task, command: &Command) -> Result<Order, Refusal> {
    let id = command.command_id.as_deref().ok_or_else(|| {
        Refusal::malformed("command_id is required: by it a repeat of the command is recognised")
    })?;
    let command_id = Uuid::try_parse(id).map_err(|_| Refusal::malformed("command_id must be a UUID"))?;
    let canonical = serde_json_canonicalizer::to_vec(command)
        .map_err(|error| Refusal::malformed(format!("the command has no canonical form: {error}")))?;
    let digest = hex::encode(sha2::Sha256::digest(canonical));
    Ok(Order { command_id, digest, task })
}

/// What a command was given beside its target. Each is taken by who understands it; one that is left is refused.
struct Arguments {
    until: Option<Timestamp>,
    ours: Map<String, Value>,
}

impl Arguments {
    fn take(&mut self, name: &str) -> Option<String> {
        match self.ours.remove(name)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    fn finish(self) -> Result<(), Response> {
        if self.until.is_some() {
            return Err(not_implemented("an end of this is not implemented"));
        }
        match self.ours.keys().next() {
            Some(name) => {
                Err(not_implemented(&format!("the argument {REPORT_KEY}.{name} is not implemented for this")))
            }
            None => Ok(()),
        }
    }
}

/// Arguments and actuator: only what has no further effect, or an effect that somebody may take.
fn arguments(command: &Command, now: Timestamp) -> Result<Arguments, Response> {
    let mut given = Arguments { until: None, ours: Map::new() };
    for (name, value) in &command.args {
        let understood = match name.as_str() {
            "response_requested" => value == "complete",
            "stop_time" => {
                given.until = value.as_i64().and_then(|at| Timestamp::from_millisecond(at).ok());
                given.until.is_some()
            }
            "duration" => {
                let lasting = value.as_i64().map(SignedDuration::from_millis);
                given.until = lasting.and_then(|lasting| now.checked_add(lasting).ok());
                given.until.is_some() && !command.args.contains_key("stop_time")
            }
            REPORT_KEY => {
                given.ours = value.as_object().cloned().unwrap_or_default();
                value.is_object()
            }
            name if PROFILES.contains(&name) => value.as_object().is_some_and(Map::is_empty),
            _ => false,
        };
        if !understood {
            return Err(not_implemented(&format!("the argument {name} with this value is not implemented")));
        }
    }
    if let Some(Actuator { profile, specifiers }) = &command.actuator {
        if !PROFILES.contains(&profile.as_str()) {
            return Err(not_implemented(&format!("there is no actuator of the profile {profile}")));
        }
        if !specifiers.is_empty() {
            return Err(not_implemented("actuator specifiers are not implemented"));
        }
    }
    Ok(given)
}

/// What this host can do and which files it serves, as it tells the server that it dials.
pub(super) fn features(pairs: &[Pair], roots: &[String]) -> Value {
    let mut features = told(pairs);
    features[REPORT_KEY] = json!({ "roots": roots });
    features
}

/// What this consumer can do, as results of a query.
fn told(pairs: &[Pair]) -> Value {
    let mut by_action: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (action, target) in pairs {
        by_action.entry(action).or_default().push(target);
    }
    json!(by_action)
}

/// Whether a target is one of the language, or of the profile that was addressed: otupy 1.1.46 reads no other.
fn is_known(target: &str, profile: Option<&str>) -> bool {
    target.split_once(':').is_none_or(|(of, _)| profile == Some(REPORT_KEY) || profile == Some(of))
}

fn query(features: &[String], pairs: &[Pair]) -> Result<Response, Response> {
    let mut results = Map::new();
    for feature in features {
        let value = match feature.as_str() {
            "versions" => json!(["1.0"]),
            "profiles" => json!(PROFILES),
            "pairs" => told(pairs),
            // Known to the language, but there is no fixed rate to tell.
            "rate_limit" => continue,
            other => return Err(Refusal::malformed(format!("there is no feature {other}")).into_response()),
        };
        results.insert(feature.clone(), value);
    }
    Ok(Response { status: Status::OK, status_text: None, results })
}

fn not_implemented(detail: &str) -> Response {
    Response::refusing(Status::NOT_IMPLEMENTED, "not_implemented", detail)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const PAIRS: [Pair; 9] = [
        ("query", "features"),
        ("contain", "file"),
        ("allow", "file"),
        ("stop", "process"),
        ("deny", "ipv4_net"),
        ("allow", "ipv4_net"),
        ("deny", "ipv6_net"),
        ("contain", "device"),
        ("scan", "device"),
    ];

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_000).unwrap()
    }

    fn answer(command: Value) -> Result<Order, Response> {
        match parse_command(&serde_json::from_value(command).unwrap(), &PAIRS, &["/srv".to_owned()], now()) {
            Parsed::Order(order) => Ok(order),
            Parsed::Answer(response) => Err(response),
            Parsed::CallOff(_) => panic!("nothing is called off here"),
        }
    }

    fn contain(extra: Value) -> Value {
        let mut command = json!({
            "action": "contain",
            "target": {"file": {"path": "/srv/a", "hashes": {"sha256": "AB".repeat(32)}}},
            "command_id": "0192f1a0-0000-7000-8000-000000000001",
        });
        command.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        command
    }

    #[test]
    fn features_are_told_as_asked_and_none_is_invented() {
        let all = answer(
            json!({"action": "query", "target": {"features": ["versions", "profiles", "pairs", "rate_limit"]}}),
        );
        assert_eq!(
            Value::Object(all.unwrap_err().results),
            json!({"versions": ["1.0"], "profiles": ["er", "x-countersign"],
                   "pairs": {"query": ["features"], "contain": ["file", "device"], "allow": ["file", "ipv4_net"],
                             "stop": ["process"], "deny": ["ipv4_net", "ipv6_net"], "scan": ["device"]}})
        );
        let ours = answer(
            json!({"action": "query", "target": {"features": ["pairs"]}, "actuator": {"x-countersign": {}}}),
        );
        assert_eq!(ours.unwrap_err().results[REPORT_KEY], json!({"roots": ["/srv"]}));
        assert_eq!(features(&PAIRS, &["/srv".to_owned()])[REPORT_KEY], json!({"roots": ["/srv"]}));
        let none = answer(json!({"action": "query", "target": {"features": []}})).unwrap_err();
        assert_eq!((none.status, none.results.len()), (Status::OK, 0));
        let odd = answer(json!({"action": "query", "target": {"features": ["colour"]}})).unwrap_err();
        assert_eq!(odd.status, Status::BAD_REQUEST);
    }

    #[test]
    fn every_pair_outside_of_the_table_answers_501() {
        for (action, target) in [
            ("deny", json!({"file": {}})),
            ("allow", json!({"device": {}})),
            ("query", json!({"file": {}})),
            ("dance", json!({"features": []})),
            ("contain", json!({"features": []})),
        ] {
            let response = answer(json!({"action": action, "target": target})).unwrap_err();
            assert_eq!(response.status, Status::NOT_IMPLEMENTED, "{action} {target}");
        }
    }

    #[test]
    fn what_would_have_to_be_ignored_is_refused() {
        assert!(answer(contain(json!({}))).is_ok());
        let plain = json!({"args": {"response_requested": "complete", "er": {}}, "actuator": {"er": {}}});
        assert!(answer(contain(plain)).is_ok());
        for extra in [
            json!({"args": {"duration": 1000}}),
            json!({"args": {"response_requested": "none"}}),
            json!({"args": {"er": {"downstream_device": {}}}}),
            json!({"actuator": {"slpf": {}}}),
            json!({"actuator": {"er": {"hostname": "elsewhere"}}}),
        ] {
            assert_eq!(
                answer(contain(extra.clone())).unwrap_err().status,
                Status::NOT_IMPLEMENTED,
                "{extra}"
            );
        }
        for extra in [
            json!({"command_id": null}),
            json!({"command_id": "../../etc/passwd"}),
            json!({"target": {"file": {}}}),
            json!({"target": {"file": {"hashes": {}}}}),
            json!({"target": {"file": {"name": "b", "path": "/srv/a", "hashes": {"sha256": "AB".repeat(32)}}}}),
            json!({"target": {"file": {"name": "a", "hashes": {"sha256": "AB".repeat(32)}}}}),
        ] {
            assert_eq!(answer(contain(extra.clone())).unwrap_err().status, Status::BAD_REQUEST, "{extra}");
        }
    }

    #[test]
    fn a_digest_is_of_the_command_not_of_its_spelling() {
        let lower = json!({"target": {"file": {"hashes": {"sha256": "ab".repeat(32)}, "path": "/srv/a"}}});
        let (one, other) = (answer(contain(json!({}))).unwrap(), answer(contain(lower)).unwrap());
        assert_eq!(one.digest, other.digest);
        let elsewhere =
            json!({"target": {"file": {"path": "/srv/b", "hashes": {"sha256": "AB".repeat(32)}}}});
        assert_ne!(one.digest, answer(contain(elsewhere)).unwrap().digest);
    }

    #[test]
    fn a_task_has_the_arguments_that_it_understands_and_no_others() {
        let id = "0192f1a0-0000-7000-8000-000000000001";
        let task = |command: Value| {
            let mut command = command;
            command["command_id"] = json!(id);
            answer(command).map(|order| order.task).map_err(|response| response.status)
        };
        let in_a_minute = now() + SignedDuration::from_secs(60);
        let block = |net: &str, until| Ok(Task::Act(act::Task::Block { net: net.parse().unwrap(), until }));
        let deny =
            |target: Value, args: Value| task(json!({"action": "deny", "target": target, "args": args}));
        assert_eq!(deny(json!({"ipv4_net": "192.0.2.7"}), json!({})), block("192.0.2.7/32", None));
        let duration = json!({"duration": 60_000});
        assert_eq!(
            deny(json!({"ipv6_net": "2001:db8::/32"}), duration),
            block("2001:db8::/32", Some(in_a_minute))
        );
        let stop_time = json!({"stop_time": in_a_minute.as_millisecond()});
        assert_eq!(
            deny(json!({"ipv4_net": "192.0.2.9/24"}), stop_time),
            block("192.0.2.0/24", Some(in_a_minute))
        );
        for net in ["0.0.0.0/0", "2001:db8::1", "evil.example", ""] {
            assert_eq!(deny(json!({"ipv4_net": net}), json!({})), Err(Status::BAD_REQUEST), "{net}");
        }
        let scan = |args: Value| task(json!({"action": "scan", "target": {"device": {}}, "args": args}));
        assert_eq!(
            scan(json!({"x-countersign": {"scope": "Quick"}})),
            Ok(Task::Act(act::Task::Scan { full: false }))
        );
        assert_eq!(scan(json!({"x-countersign": {"scope": "Deep"}})), Err(Status::BAD_REQUEST));
        assert_eq!(scan(json!({"x-countersign": {"colour": "red"}})), Err(Status::NOT_IMPLEMENTED));
        assert_eq!(scan(json!({"duration": 1})), Err(Status::NOT_IMPLEMENTED));
        let started = json!({"x-countersign": {"started_at": "2026-01-01T00:00:00Z"}});
        let process = json!({"process": {"pid": 7, "executable": {"path": "/bin/a"}}});
        let Ok(Task::Act(act::Task::StopProcess(wanted))) =
            task(json!({"action": "stop", "target": process, "args": started}))
        else {
            panic!("not a process");
        };
        assert_eq!((wanted.pid, wanted.image.as_deref()), (Some(7), Some("/bin/a")));
        assert!(wanted.started_at.is_some());
    }
}
