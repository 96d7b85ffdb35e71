//! What a consumer of `OpenC2` is told: which verb and target stand for an action, of those that it says it knows.

use std::collections::BTreeMap;

use domain::actions::catalog::Verb;
use domain::actions::parameter::ParameterName;
use domain::core::canonical;
use domain::core::time::Timestamp;
use domain::{Action, ActionType, Entity};
use openc2::{
    Command, CommandLineTarget, DeviceTarget, Digest, FileTarget, Hashes, NamedTarget, ProcessTarget,
    REPORT_KEY, Target,
};
use serde_json::{Map, Value, json};

/// What our responder does. The language has one verb for several types: these are the ones that it means by it.
const OURS: [ActionType; 18] = [
    ActionType::IsolateDevice,
    ActionType::ReleaseFromIsolation,
    ActionType::RestrictCodeExecution,
    ActionType::RemoveCodeRestriction,
    ActionType::RunAntivirusScan,
    ActionType::CollectInvestigationPackage,
    ActionType::RequestSample,
    ActionType::LiveResponseCommand,
    ActionType::QuarantineFile,
    ActionType::ReleaseFromQuarantine,
    ActionType::StopAndQuarantineFile,
    ActionType::StopProcess,
    ActionType::StopService,
    ActionType::StartService,
    ActionType::RemoveScheduledTask,
    ActionType::RestoreScheduledTask,
    ActionType::BlockIpAddress,
    ActionType::UnblockIpAddress,
];

/// The target by which our responder knows that a device is not meant as a whole.
const CODE_EXECUTION: &str = "x-countersign:code_execution";

/// The pairs of verb and targets that a consumer says it carries out, and of our responder the folder whose files it
/// serves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pairs {
    verbs: BTreeMap<String, Vec<String>>,
    /// The spellings of that folder; none of who said none.
    roots: Vec<String>,
}

impl Pairs {
    /// As the results of `query features` have them.
    pub(super) fn read(results: &Map<String, Value>) -> Option<Self> {
        let roots = results.get(REPORT_KEY).map(roots).unwrap_or_default();
        Some(Self { roots, ..Self::parse(results.get("pairs")?)? })
    }

    /// As an object of verbs with lists of targets, with what our responder says beside them.
    pub(super) fn parse(pairs: &Value) -> Option<Self> {
        let read = |(verb, targets): (&String, &Value)| {
            let targets =
                targets.as_array()?.iter().filter_map(|of| of.as_str().map(str::to_owned)).collect();
            Some((verb.clone(), targets))
        };
        let roots = pairs.get(REPORT_KEY).map(roots).unwrap_or_default();
        Some(Self { verbs: pairs.as_object()?.iter().filter_map(read).collect(), roots })
    }

    /// What every responder of ours does.
    pub(super) fn of_files() -> Self {
        let files = || vec!["file".to_owned()];
        let verbs = [("contain".to_owned(), files()), ("allow".to_owned(), files())].into();
        Self { verbs, roots: Vec::new() }
    }

    /// Whatever a responder of ours may be able to do.
    pub(super) fn all() -> Self {
        let mut pairs = Self::default();
        for verb in OURS.iter().filter_map(|of| verb(*of, true)) {
            let targets = pairs.verbs.entry(verb.action.to_owned()).or_default();
            targets.push(verb.target.to_owned());
            // The catalog names one family of addresses for both.
            targets.extend((verb.target == "ipv4_net").then(|| "ipv6_net".to_owned()));
        }
        pairs
    }

    /// Whether it can be asked to call off what it was sent.
    pub(super) fn calls_off(&self) -> bool {
        self.has("cancel", "x-countersign:command")
    }

    fn has(&self, verb: &str, target: &str) -> bool {
        self.verbs.get(verb).is_some_and(|targets| targets.iter().any(|of| of == target))
    }

    /// In words, for the screen.
    pub(super) fn in_words(&self) -> Vec<String> {
        self.verbs.iter().map(|(verb, targets)| format!("{verb}: {}", targets.join(", "))).collect()
    }

    /// The command of a type on what an action is about, if a consumer of the profile carries it out.
    pub(super) fn command(
        &self,
        action_type: ActionType,
        action: &Action,
        profile: &str,
    ) -> Result<Command, String> {
        let none = || format!("it does not carry out {}", action_type.label());
        let is_ours = profile == REPORT_KEY;
        if is_ours && !OURS.contains(&action_type) {
            return Err(none());
        }
        let verb = verb(action_type, is_ours).ok_or_else(none)?;
        let target = match action.parameters.get(&ParameterName::CommandLine) {
            Some(line) if action_type == ActionType::LiveResponseCommand => {
                Target::CommandLine(CommandLineTarget { line: line.clone() })
            }
            _ => match target(&action.entity, is_ours)? {
                Target::Device(device) if verb.target == CODE_EXECUTION => Target::CodeExecution(device),
                target => target,
            },
        };
        if !self.has(verb.action, target.name()) {
            return Err(none());
        }
        if is_ours {
            self.check_path(&action.entity)?;
        }
        let args = if is_ours { arguments(action_type, action)? } else { Map::new() };
        Ok(Command { args, ..Command::new(verb.action.to_owned().into(), target) })
    }
}

impl Pairs {
    /// Whether our responder, which runs on Linux, can find what is named by a path.
    fn check_path(&self, entity: &Entity) -> Result<(), String> {
        let (path, is_file) = match entity {
            Entity::File { path: Some(path), .. } => (path.trim(), true),
            Entity::Process { image: Some(path), .. } => (path.trim(), false),
            _ => return Ok(()),
        };
        if canonical::is_windows(path) {
            return Err(format!("{path} is a path of Windows, and its host runs Linux"));
        }
        if is_file && path.split('/').any(|part| part == "..") {
            return Err(format!("{path} leads up by .., which it does not follow"));
        }
        let is_beneath = |root: &String| {
            let below = canonical::path(path).strip_prefix(root.trim_end_matches('/')).map(str::to_owned);
            below.is_some_and(|below| below.starts_with('/'))
        };
        if is_file && path.starts_with('/') && !self.roots.is_empty() && !self.roots.iter().any(is_beneath) {
            return Err(format!("{path} is outside of {}, whose files it serves", self.roots.join(" or ")));
        }
        Ok(())
    }
}

/// The verb and target of a type. The language has one pair for all that contains a device: our responder tells them apart.
fn verb(action_type: ActionType, is_ours: bool) -> Option<Verb> {
    let verb = action_type.info().openc2?;
    let is_execution =
        matches!(action_type, ActionType::RestrictCodeExecution | ActionType::RemoveCodeRestriction);
    Some(if is_ours && is_execution { Verb { target: CODE_EXECUTION, ..verb } } else { verb })
}

/// The folder that our responder says it serves, in each of its spellings.
fn roots(told: &Value) -> Vec<String> {
    let roots = told.get("roots").and_then(Value::as_array);
    roots.into_iter().flatten().filter_map(|root| root.as_str().map(str::to_owned)).collect()
}

/// What our responder is told beside the target.
fn arguments(action_type: ActionType, action: &Action) -> Result<Map<String, Value>, String> {
    let mut args = Map::new();
    let mut ours = Map::new();
    // The reverse of an action is asked for with the action's own parameters, which are none of its.
    let own = |name: ParameterName| {
        let takes = action_type.info().parameters.iter().any(|spec| spec.name == name);
        action.parameters.get(&name).filter(|_| takes)
    };
    if let Some(until) = own(ParameterName::Expiry) {
        let until: Timestamp = until.parse().map_err(|_| format!("{until} is no time"))?;
        args.insert("stop_time".to_owned(), json!(until.as_millisecond()));
    }
    if let Some(scope) = own(ParameterName::Scope) {
        if action_type == ActionType::IsolateDevice && scope != "Full" {
            return Err("a responder isolates its host fully or not at all".to_owned());
        }
        ours.insert("scope".to_owned(), json!(scope));
    }
    if action_type == ActionType::StopAndQuarantineFile {
        ours.insert("stop".to_owned(), json!(true));
    }
    if let (ActionType::StopProcess, Entity::Process { started_at: Some(at), .. }) =
        (action_type, &action.entity)
    {
        ours.insert("started_at".to_owned(), json!(at.to_string()));
    }
    if !ours.is_empty() {
        args.insert(REPORT_KEY.to_owned(), Value::Object(ours));
    }
    Ok(args)
}

/// What names the entity to a consumer. Names of the language, where there are some; ours only for our responder.
fn target(entity: &Entity, is_ours: bool) -> Result<Target, String> {
    Ok(match entity {
        Entity::File { path, sha256, sha1, md5 } => Target::File(file(path.as_deref(), [sha256, sha1, md5])?),
        Entity::Device { name } => {
            Target::Device(DeviceTarget { hostname: Some(name.clone()), device_id: None })
        }
        Entity::IpAddress { address } if address.contains(':') => Target::Ipv6Net(address.clone()),
        Entity::IpAddress { address } => Target::Ipv4Net(address.clone()),
        Entity::Url { url } => Target::Other { name: "uri".to_owned(), value: json!(url) },
        Entity::Process { pid, image, sha256, sha1, md5, .. } => {
            let executable = file(image.as_deref(), [sha256, sha1, md5])?;
            let executable = (executable != FileTarget::default()).then_some(executable);
            Target::Process(Box::new(ProcessTarget { pid: *pid, executable, command_line: None }))
        }
        Entity::Service { name } => Target::Service(NamedTarget { name: name.clone() }),
        Entity::ScheduledTask { name } if is_ours => {
            Target::ScheduledTask(NamedTarget { name: name.clone() })
        }
        other => return Err(format!("it has no word for a {}", other.kind().label().to_lowercase())),
    })
}

fn file(path: Option<&str>, [sha256, sha1, md5]: [&Option<String>; 3]) -> Result<FileTarget, String> {
    let hashes = Hashes {
        md5: digest(md5.as_deref())?,
        sha1: digest(sha1.as_deref())?,
        sha256: digest(sha256.as_deref())?,
    };
    let hashes = (hashes != Hashes::default()).then_some(hashes);
    Ok(FileTarget { name: None, path: path.map(str::to_owned), hashes })
}

fn digest<const N: usize>(hash: Option<&str>) -> Result<Option<Digest<N>>, String> {
    hash.map(|hash| hash.parse().map_err(|_| format!("{hash} is no hash value"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(entity: Value) -> Action {
        let mut of = service::testing::proposal("1");
        of["entity"] = entity;
        let by = service::testing::tester();
        let proposal: domain::Proposal = serde_json::from_value(of).unwrap();
        proposal.into_action(uuid::Uuid::nil().into(), String::new(), by, jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn only_pairs_that_a_consumer_knows_are_commanded() {
        let results =
            json!({ "pairs": { "deny": ["ipv4_net"], "query": ["features"], "contain": ["device"] } });
        let pairs = Pairs::read(results.as_object().unwrap()).unwrap();
        let v4 = action(json!({ "kind": "ip_address", "address": "198.51.100.7" }));
        let v6 = action(json!({ "kind": "ip_address", "address": "2001:db8::7" }));
        let device = action(json!({ "kind": "device", "name": "ws-1" }));
        let command = pairs.command(ActionType::BlockIpAddress, &v4, "slpf").unwrap();
        assert_eq!((command.action.name(), command.target.name()), ("deny", "ipv4_net"));
        assert!(pairs.command(ActionType::BlockIpAddress, &v6, "slpf").is_err(), "it knows no ipv6_net");
        assert!(pairs.command(ActionType::UnblockIpAddress, &v4, "slpf").is_err(), "nor allow");
        assert!(pairs.command(ActionType::IsolateDevice, &device, "slpf").is_ok());
        assert!(
            pairs.command(ActionType::ResetPassword, &device, "slpf").is_err(),
            "the language has no verb for it"
        );
        assert_eq!(pairs.in_words().len(), 3);
        assert_eq!(Pairs::read(json!({}).as_object().unwrap()), None);
    }

    #[test]
    fn our_responder_is_told_of_no_file_that_it_can_not_find() {
        let files = json!({ "contain": ["file"], "allow": ["file"], "stop": ["process"] });
        let mut told = files.clone();
        told[REPORT_KEY] = json!({ "roots": ["/srv", "/mnt/data"] });
        let ours = Pairs::parse(&told).unwrap();
        assert_eq!(ours.in_words().len(), 3, "{:?}", ours.in_words());
        let results = json!({ "pairs": files, REPORT_KEY: told[REPORT_KEY] });
        assert_eq!(Pairs::read(results.as_object().unwrap()), Some(ours.clone()));
        let whole = Pairs { roots: vec!["/".to_owned()], ..ours.clone() };
        let silent = Pairs { roots: Vec::new(), ..ours.clone() };
        let of = |pairs: &Pairs, path: &str, profile: &str| {
            let file = action(json!({ "kind": "file", "path": path, "sha256": "ab".repeat(32) }));
            let quarantine = pairs.command(ActionType::QuarantineFile, &file, profile).map(drop);
            let release = pairs.command(ActionType::ReleaseFromQuarantine, &file, profile).map(drop);
            assert_eq!(quarantine, release, "{path}");
            quarantine.err()
        };
        for path in ["/srv/a", "/srv/b/../a", "/mnt/data/x/y", "/srv//a", "a"] {
            let goes_up = path.contains("..");
            assert_eq!(of(&ours, path, REPORT_KEY).is_some(), goes_up, "{path}");
        }
        for path in ["/etc/passwd", "/srv2/a", "/mnt/a"] {
            let why = of(&ours, path, REPORT_KEY).unwrap();
            assert_eq!(why, format!("{path} is outside of /srv or /mnt/data, whose files it serves"));
            assert_eq!(of(&whole, path, REPORT_KEY), None);
            assert_eq!(of(&silent, path, REPORT_KEY), None, "one of before says no folder");
            assert_eq!(of(&ours, path, "er"), None, "others know what they find");
        }
        for path in [r"C:\Windows\a.exe", "c:/a", r"\\share\a", r"Temp\a"] {
            let why = of(&silent, path, REPORT_KEY).unwrap();
            assert_eq!(why, format!("{path} is a path of Windows, and its host runs Linux"));
        }
        let process = |image: &str| action(json!({ "kind": "process", "pid": 7, "image": image }));
        let stop = |image: &str| ours.command(ActionType::StopProcess, &process(image), REPORT_KEY);
        assert!(stop("/usr/bin/a").is_ok(), "programs run from anywhere");
        assert!(stop(r"C:\a.exe").is_err());
        // Without a path it is looked for.
        let by_hash = action(json!({ "kind": "file", "sha256": "ab".repeat(32) }));
        assert!(ours.command(ActionType::QuarantineFile, &by_hash, REPORT_KEY).is_ok());
    }

    #[test]
    fn our_responder_is_told_what_it_means_and_nothing_that_it_would_take_for_something_else() {
        let all = Pairs::all();
        let command = |action_type, entity: Value| all.command(action_type, &action(entity), REPORT_KEY);
        let file = json!({ "kind": "file", "md5": "ab".repeat(16) });
        for action_type in
            [ActionType::QuarantineFile, ActionType::ReleaseFromQuarantine, ActionType::RequestSample]
        {
            assert!(command(action_type, file.clone()).is_ok(), "{action_type}");
        }
        let stopping = command(ActionType::StopAndQuarantineFile, file.clone()).unwrap();
        assert_eq!(stopping.args[REPORT_KEY]["stop"], true);
        assert!(command(ActionType::AllowFile, file).is_err(), "it would release the file");
        let device = json!({ "kind": "device", "name": "ws-1" });
        assert!(command(ActionType::IsolateDevice, device.clone()).is_ok());
        for action_type in [ActionType::ContainDevice, ActionType::InitiateInvestigation] {
            assert!(command(action_type, device.clone()).is_err(), "{action_type}");
        }
        for (action_type, verb) in
            [(ActionType::RestrictCodeExecution, "contain"), (ActionType::RemoveCodeRestriction, "allow")]
        {
            let command = command(action_type, device.clone()).unwrap();
            let pair = (command.action.name(), command.target.name());
            assert_eq!(pair, (verb, "x-countersign:code_execution"));
            let isolates = Pairs::parse(&json!({ "contain": ["device"], "allow": ["device"] })).unwrap();
            assert!(isolates.command(action_type, &action(device.clone()), REPORT_KEY).is_err(), "{verb}");
            assert!(isolates.command(action_type, &action(device.clone()), "er").is_ok(), "{verb}");
        }
        let v6 = json!({ "kind": "ip_address", "address": "2001:db8::/32" });
        assert_eq!(command(ActionType::BlockIpAddress, v6).unwrap().target.name(), "ipv6_net");
        let process =
            json!({ "kind": "process", "pid": 7, "image": "/bin/a", "started_at": "2026-01-01T00:00:00Z" });
        let stop = command(ActionType::StopProcess, process).unwrap();
        assert!(stop.args[REPORT_KEY]["started_at"].is_string());
        let task = json!({ "kind": "scheduled_task", "name": "backup.timer" });
        assert!(command(ActionType::RemoveScheduledTask, task.clone()).is_ok());
        assert!(
            all.command(ActionType::RemoveScheduledTask, &action(task), "er").is_err(),
            "the word is ours"
        );

        let mut scan = action(device.clone());
        scan.parameters.insert(ParameterName::Scope, "Quick".to_owned());
        let command = all.command(ActionType::RunAntivirusScan, &scan, REPORT_KEY).unwrap();
        assert_eq!(command.args[REPORT_KEY]["scope"], "Quick");
        scan.parameters.insert(ParameterName::Scope, "Selective".to_owned());
        assert!(all.command(ActionType::IsolateDevice, &scan, REPORT_KEY).is_err());
        // As the reverse of it is asked for.
        assert_eq!(
            all.command(ActionType::ReleaseFromIsolation, &scan, REPORT_KEY).unwrap().args,
            Map::new()
        );
        let mut run = action(device);
        run.parameters.insert(ParameterName::CommandLine, "ps aux".to_owned());
        let command = all.command(ActionType::LiveResponseCommand, &run, REPORT_KEY).unwrap();
        assert_eq!(command.target, Target::CommandLine(CommandLineTarget { line: "ps aux".to_owned() }));
        assert!(Pairs::of_files().command(ActionType::LiveResponseCommand, &run, REPORT_KEY).is_err());
    }
}
