//! The estate keeps what is promised of it, and every row keeps the product's rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::access::Access;
use domain::{ActionType, ActorKind, Decision, Entity, Proposal, Source, State, UndoState, Verdict};
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

use super::*;
use store::{SharedStore, User};

const NOW: &str = "2026-06-30T09:41:12.5Z";

fn args(actions: usize) -> Args {
    Args { database_url: String::new(), actions, seed: 1, now: Some(now()), demo: true, sandbox: None }
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// Users and rows, without a database.
fn generate(actions: usize, seed: u64) -> (Vec<User>, Vec<Action>) {
    let mut generator = Generator::new(seed, now(), actions);
    let mut plan = Plan::new(actions, now());
    let mut all = Vec::new();
    while let Some(mut story) = plan.next(&mut generator) {
        seal(&mut story).unwrap();
        all.extend(story);
    }
    (generator.users.users, all)
}

async fn database(folder: &tempfile::TempDir, name: &str) -> SharedStore {
    connect(&format!("sqlite://{}", folder.path().join(name).display())).await.unwrap()
}

fn distinct<T: Ord>(actions: &[Action], of: impl Fn(&Action) -> Option<T>) -> BTreeSet<T> {
    actions.iter().filter_map(of).collect()
}

#[test]
fn everything_occurs() {
    let (_, all) = generate(2_000, 1);
    assert_eq!(all.len(), 2_000);
    assert_eq!(distinct(&all, |a| Some(a.action_type)).len(), ActionType::ALL.len());
    assert_eq!(distinct(&all, |a| Some(a.source)).len(), Source::ALL.len());
    assert_eq!(distinct(&all, |a| a.verdict).len(), Verdict::ALL.len());
    assert_eq!(distinct(&all, |a| Some(a.undo)).len(), UndoState::ALL.len());
    let pairs = distinct(&all, |a| Some((a.decision, a.status)));
    for state in State::all() {
        assert!(pairs.contains(&(state.decision(), state.status())), "{state:?}");
    }
    let named = |kind| distinct(&all, |a| (a.asset.kind == kind).then(|| a.asset.name.clone())).len();
    assert!(named(AssetKind::Device) >= 150, "{} devices", named(AssetKind::Device));
    assert!(named(AssetKind::Account) >= 120, "{} people", named(AssetKind::Account));
    assert!(named(AssetKind::Mailbox) >= 60, "{} mailboxes", named(AssetKind::Mailbox));
    let groups = distinct(&all, |a| a.asset.device_group.clone());
    assert!((6..=10).contains(&groups.len()), "{groups:?}");
}

#[test]
fn every_seed_shows_every_state() {
    for seed in 2..12 {
        let (_, all) = generate(2_000, seed);
        let pairs = distinct(&all, |a| Some((a.decision, a.status)));
        assert_eq!(pairs.len(), State::all().len(), "seed {seed}");
        assert_eq!(distinct(&all, |a| Some(a.action_type)).len(), ActionType::ALL.len(), "seed {seed}");
    }
}

#[test]
fn one_in_twenty_waits_and_some_not_for_long() {
    let (_, all) = generate(2_000, 1);
    let waiting: Vec<_> = all.iter().filter(|a| a.decision == Decision::Pending).collect();
    assert_eq!(waiting.len(), 100);
    let within =
        |hours| waiting.iter().filter(|a| a.expires_at <= now() + SignedDuration::from_hours(hours)).count();
    assert_eq!((within(0), within(1), within(24)), (0, 4, 20));
}

#[test]
fn three_files_hit_many_devices_at_once() {
    let (_, all) = generate(2_000, 1);
    let mut bursts: HashMap<_, BTreeSet<&str>> = HashMap::new();
    for action in &all {
        if let (Entity::File { sha256: Some(hash), .. }, Some(campaign), Some(incident)) =
            (&action.entity, &action.campaign, &action.incident_id)
        {
            bursts.entry((hash, campaign, incident)).or_default().insert(&action.asset.name);
        }
    }
    assert_eq!(bursts.values().filter(|devices| devices.len() >= 30).count(), 3);
}

#[test]
fn every_row_keeps_the_rules_of_proposals() {
    let (_, all) = generate(3_000, 5);
    for action in all {
        let text = format!("{action:?}");
        let proposal = Proposal {
            targets: Vec::new(),
            device: None,
            external_id: action.external_id.unwrap_or_else(|| action.id.to_string()),
            action_type: action.action_type,
            entity: action.entity,
            asset: action.asset,
            parameters: action.parameters,
            comment: action.comment,
            severity: action.severity,
            source: action.source,
            verdict: action.verdict,
            evidence: action.evidence,
            alert: action.alert,
            campaign: action.campaign,
            investigation_id: action.investigation_id,
            incident_id: action.incident_id,
            expires_at: Some(action.expires_at),
            decision: None,
            status: None,
            occurred_at: None,
            result: None,
        };
        assert_eq!(proposal.check(action.proposed_at), [], "{text}");
        assert!(!text.contains('{') || !text.contains("{user}") && !text.contains("{asset}"), "{text}");
    }
}

#[test]
fn every_decision_is_by_somebody_who_may() {
    let (users, all) = generate(3_000, 7);
    let by_id: HashMap<String, &User> = users.iter().map(|user| (user.id.to_string(), user)).collect();
    for action in &all {
        action.lifecycle().unwrap();
        let ctx = format!("{action:?}");
        let oldest = now() - SignedDuration::from_hours(24 * 180);
        assert!(oldest <= action.proposed_at && action.proposed_at <= action.updated_at, "{ctx}");
        assert!(action.updated_at <= now(), "{ctx}");
        if let Some(at) = action.decided_at {
            assert!(action.proposed_at <= at && at <= action.updated_at && at <= action.expires_at, "{ctx}");
        }
        let decider = action.decided_by.as_ref();
        let may = |id: &str| Access::of_roles(&by_id[id].roles).reach(action.permission()).is_some();
        match action.decision {
            Decision::Approved | Decision::Rejected => {
                let decider = decider.unwrap();
                assert_eq!(decider.kind, ActorKind::User, "{ctx}");
                assert!(may(&decider.id) && decider.id != action.proposed_by.id, "{ctx}");
                assert!(action.approval_id.is_some(), "{ctx}");
            }
            Decision::AutoApproved => {
                assert_eq!(decider.unwrap().kind, ActorKind::Automation, "{ctx}");
                assert!(action.reason.is_some(), "{ctx}");
            }
            Decision::Expired => assert_eq!(decider.unwrap().kind, ActorKind::System, "{ctx}"),
            Decision::NotRequired | Decision::Pending => assert!(decider.is_none(), "{ctx}"),
            Decision::Withdrawn | Decision::Superseded => assert!(action.reason.is_some(), "{ctx}"),
        }
        if action.proposed_by.kind == ActorKind::User {
            assert!(may(&action.proposed_by.id), "{ctx}");
        }
    }
}

#[test]
fn undo_links_both_ways() {
    let (_, all) = generate(2_000, 1);
    let by_id: HashMap<_, _> = all.iter().map(|action| (action.id, action)).collect();
    assert_eq!(by_id.len(), all.len());
    let mut states = BTreeMap::new();
    for action in &all {
        if let Some(original) = action.undo_of {
            assert_eq!(by_id[&original].undone_by, Some(action.id));
        }
        let Some(reverse) = action.undone_by.map(|id| by_id[&id]) else {
            assert_eq!(action.undo, UndoState::None);
            continue;
        };
        assert_eq!(reverse.undo_of, Some(action.id));
        assert_eq!(reverse.decision, Decision::NotRequired);
        assert_eq!((&reverse.entity, &reverse.asset), (&action.entity, &action.asset));
        let over = reverse.lifecycle().unwrap().state().lane() == Lane::History;
        assert_eq!(over, action.undo != UndoState::Requested);
        assert_eq!(action.undo == UndoState::Undone, reverse.status == Status::Completed);
        assert_ne!(action.source, Source::ManualLiveResponse);
        *states.entry(action.undo).or_insert(0) += 1;
    }
    assert_eq!(states.len(), 3, "{states:?}");
}

#[test]
fn names_and_addresses_reach_nobody() {
    let (_, all) = generate(2_000, 1);
    let text = serde_json::to_string(&all).unwrap();
    for part in text.split("https://").skip(1).chain(text.split("http://").skip(1)) {
        let host: String = part.chars().take_while(|c| !"/\"\\ ".contains(*c)).collect();
        assert!([".example", ".invalid", ".test"].iter().any(|end| host.ends_with(end)), "{host}");
    }
    for action in &all {
        if let Entity::IpAddress { address } = &action.entity {
            let ours = ["192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"];
            assert!(ours.iter().any(|net| address.starts_with(net)), "{address}");
        }
    }
}

/// If this changes, so do all screenshots and measurements that were made with a seed: change it knowingly.
#[test]
fn a_seed_gives_the_same_rows_for_good() {
    let hash = |actions: &[Action]| hex::encode(Sha256::digest(serde_json::to_vec(actions).unwrap()));
    let (users, all) = generate(2_000, 1);
    let (_, again) = generate(2_000, 1);
    assert_eq!(hash(&all), hash(&again));
    let digests: String = all.iter().map(|action| action.digest.as_str()).collect();
    assert_eq!(
        hex::encode(Sha256::digest(digests)),
        "738c50b4008ec9f95790f415198ad225304bb933c0b135c3c5bb289d5f69a628"
    );
    assert_ne!(hash(&all), hash(&generate(2_000, 2).1));
    assert_eq!(users.len(), 16);
}

#[test]
fn small_estates_are_possible() {
    for actions in [0, 1, 20, 137, 500] {
        assert_eq!(generate(actions, 3).1.len(), actions);
    }
}

#[tokio::test]
async fn a_demo_database_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = database(&folder, "demo.db").await;
    let told = fill(&*store, &args(2_000), now()).await.unwrap();
    assert!(told.starts_with("seeded 2,000 actions, "), "{told}");
    assert_eq!(store.metadata(CREATED_BY).await.unwrap().as_deref(), Some(DEMO));
    // One record for the database, one a person, one of what rules may decide on users, one an action.
    let (records, head) = store::verify(&*store).await.unwrap();
    assert_eq!(records, 1 + 16 + 1 + 2_000);
    for name in
        ["global.administrator", "security.operator", "security.operator.mail", "remediation.technician"]
    {
        assert!(store.user(name).await.unwrap().unwrap().password_hash.is_none());
    }

    let (_, all) = generate(2_000, 1);
    let mut commands = 0;
    for action in &all {
        assert_eq!(store.action(&RowScope::ALL, action.id).await.unwrap().as_ref(), Some(action));
        let command = store.command_of(action.id).await.unwrap();
        let open = matches!(action.status, Status::Queued | Status::InProgress);
        assert_eq!(command.is_some(), open, "{action:?}");
        commands += usize::from(open);
    }
    assert!((8..=16).contains(&commands), "{commands} commands");
    let again = fill(&*store, &args(10), now()).await.unwrap_err();
    assert!(again.to_string().contains("only fills an empty one"), "{again}");

    let twin = database(&folder, "twin.db").await;
    fill(&*twin, &args(2_000), now()).await.unwrap();
    assert_eq!(store::verify(&*twin).await.unwrap(), (records, head));
}

#[tokio::test]
async fn the_sandbox_holds_real_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let store = database(&folder, "sandbox.db").await;
    let sandbox = folder.path().join("lab");
    std::fs::create_dir(&sandbox).unwrap();
    std::fs::write(sandbox.join("update-helper.sh"), "mine").unwrap();
    let args = Args { sandbox: Some(sandbox.clone()), ..args(0) };
    fill(&*store, &args, now()).await.unwrap();

    let found = store.page(&RowScope::ALL, &ActionQuery::of(Lane::Pending), None, 50, now()).await.unwrap();
    assert_eq!(found.len(), 5);
    for action in &found {
        let Entity::File { path: Some(path), sha256: Some(hash), .. } = &action.entity else {
            panic!("{action:?}")
        };
        assert_eq!(*hash, hex::encode(Sha256::digest(std::fs::read(path).unwrap())));
        let left = action.expires_at.duration_since(now());
        assert!(left >= SignedDuration::from_hours(72) && left <= SignedDuration::from_hours(7 * 24));
        assert_eq!((action.asset.name.as_str(), action.proposed_by.kind), ("this machine", ActorKind::Token));
    }
    let mode = |name: &str| std::fs::metadata(sandbox.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("eicar.com"), mode("crypto-miner.bin")), (0o644, 0o600));
    assert_eq!(std::fs::metadata(sandbox.join("eicar.com")).unwrap().len(), 68);
    assert_eq!(std::fs::read_to_string(sandbox.join("update-helper.sh")).unwrap(), "mine");
    store::verify(&*store).await.unwrap();
}
