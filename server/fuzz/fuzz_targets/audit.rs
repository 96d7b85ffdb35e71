//! The verifier of the audit log: a log as it was written is whole, and one with any change is not.
#![no_main]

use domain::{Actor, ActorKind, AuditKind};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use store::audit::{AuditEntry, Record};

/// Makes a log of bodies.
fn log(bodies: &[serde_json::Value]) -> Option<Vec<Record>> {
    let mut records: Vec<Record> = Vec::new();
    for body in bodies {
        let last = records.last().map(|last| (last.seq, last.hash.clone()));
        let at = Timestamp::from_second(1_790_000_000).ok()?;
        let entry = AuditEntry { at, kind: AuditKind::Approved, subject: None, body: body.clone() };
        records.push(Record::chain(last, Actor::new(ActorKind::User, "u1", "Ana"), entry).ok()?);
    }
    Some(records)
}

fn is_whole(records: &[Record]) -> bool {
    let mut last = None;
    records.iter().all(|record| record.check(last.replace(record)).is_ok())
}

fuzz_target!(|parts: (Vec<&[u8]>, u8, u8)| {
    let (bodies, at, how) = parts;
    let bodies: Vec<_> =
        bodies.iter().take(16).filter_map(|body| serde_json::from_slice(body).ok()).collect();
    let Some(records) = log(&bodies) else { return };
    assert!(is_whole(&records));
    if records.is_empty() {
        return;
    }
    let (mut forged, at) = (records.clone(), usize::from(at) % records.len());
    match how % 8 {
        0 => forged[at].v = 1,
        1 => forged[at].actor.name.push('x'),
        2 => forged[at].at = Timestamp::UNIX_EPOCH,
        3 => forged[at].kind = AuditKind::Rejected,
        4 => forged[at].body = serde_json::json!([forged[at].body]),
        5 => forged[at].seq += 1,
        // What is cut from the end, only a checkpoint shows.
        6 if at + 1 < forged.len() => drop(forged.remove(at)),
        7 => forged.insert(at, forged[at].clone()),
        _ => return,
    }
    assert!(!is_whole(&forged), "{how} at {at}");
});
