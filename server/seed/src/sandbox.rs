//! Real files on this machine, and pending actions on them that a running responder really carries out.
//!
//! None of the files does harm: they only have names, modes and (EICAR) a test signature that scanners know.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use domain::{
    Action, ActionId, ActionType, Actor, ActorKind, Alert, Asset, AssetKind, Criticality, Entity, Evidence,
    Parameters, Proposal, Severity, Source, Verdict,
};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::people::DOMAIN;
use super::prng::Rng;

/// One file, and what the scanner says of it.
struct Find {
    path: &'static str,
    mode: u32,
    content: &'static [&'static str],
    severity: Severity,
    verdict: Verdict,
    alert: &'static str,
    comment: &'static str,
    evidence: (&'static str, &'static str, &'static str),
}

const FINDS: &[Find] = &[
    Find {
        path: "eicar.com",
        mode: 0o644,
        // In two halves, so that no scanner takes this source or the program for the test file.
        content: &[r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-", r"ANTIVIRUS-TEST-FILE!$H+H*"],
        severity: Severity::High,
        verdict: Verdict::Malicious,
        alert: "EICAR test file was found",
        comment: "Test signature on a machine where nobody announced a test.",
        evidence: ("Test signature", "The content is the EICAR anti-malware test file.", "T1204.002"),
    },
    Find {
        path: "invoice-2026-11.pdf.exe",
        mode: 0o644,
        content: &["This is not a program. It only has the name of one that hides behind a document.\n"],
        severity: Severity::High,
        verdict: Verdict::Malicious,
        alert: "Program under a document's name",
        comment: "Double extension, came as a mail attachment; it was not opened yet.",
        evidence: ("Double extension", "The name ends with .pdf.exe.", "T1036.007"),
    },
    Find {
        path: "update-helper.sh",
        mode: 0o755,
        content: &["#!/bin/sh\n", "# Harmless: it says so and ends.\n", "echo 'nothing to update'\n"],
        severity: Severity::Medium,
        verdict: Verdict::Suspicious,
        alert: "Script nobody knows is executable",
        comment: "Executable script without owner in the change log.",
        evidence: ("Unix shell script", "Executable for everybody, no package owns it.", "T1059.004"),
    },
    Find {
        path: "crypto-miner.bin",
        mode: 0o600,
        content: &["Harmless text in the place of a crypto miner. It mines nothing.\n"],
        severity: Severity::Critical,
        verdict: Verdict::Malicious,
        alert: "Crypto miner was found",
        comment: "Same name as on the web servers in spring; quarantine before it starts.",
        evidence: ("Resource hijacking", "The name is listed with Bilgeminer.", "T1496"),
    },
    Find {
        path: "downloads/Crew list (final).docm",
        mode: 0o644,
        content: &["Plain text in the place of a document with a macro.\n"],
        severity: Severity::Low,
        verdict: Verdict::Suspicious,
        alert: "Document with a macro from the web",
        comment: "Downloaded from a site that was seen for the first time today.",
        evidence: ("Macro", "The document's type allows macros.", "T1204.002"),
    },
];

/// Writes the files that aren't there yet, and proposes to quarantine each.
pub(super) fn prepare(folder: &Path, rng: &mut Rng, now: Timestamp) -> anyhow::Result<Vec<Action>> {
    fs::create_dir_all(folder).with_context(|| format!("can't create the folder {}", folder.display()))?;
    let folder =
        folder.canonicalize().with_context(|| format!("can't resolve the folder {}", folder.display()))?;
    FINDS.iter().enumerate().map(|(number, find)| propose(&folder, number, find, rng, now)).collect()
}

fn propose(
    folder: &Path,
    number: usize,
    find: &Find,
    rng: &mut Rng,
    now: Timestamp,
) -> anyhow::Result<Action> {
    let wanted = folder.join(find.path);
    write(&wanted, find).with_context(|| format!("can't write the file {}", wanted.display()))?;
    // What is there counts, also if it was there before.
    let path = wanted.canonicalize()?;
    let bytes = fs::read(&path).with_context(|| format!("can't read the file {}", path.display()))?;
    let path = path.to_str().with_context(|| format!("the path {} is not UTF-8", path.display()))?;
    let at = now - SignedDuration::from_secs(rng.between(120, 2_400));
    let (title, detail, technique) = find.evidence;
    let alert_id = format!("SCAN-{}", 6_001 + number);
    let id = ActionId::from(rng.uuid(at));
    let scanner = Actor::new(ActorKind::Token, "endpoint-scanner", "Endpoint scanner");
    let proposal = Proposal {
        targets: Vec::new(),
        device: None,
        external_id: format!("scan-{}-{number}", now.as_second()),
        action_type: ActionType::QuarantineFile,
        entity: Entity::File {
            path: Some(path.to_owned()),
            sha256: Some(hex::encode(Sha256::digest(&bytes))),
            sha1: None,
            md5: None,
        },
        asset: Asset {
            kind: AssetKind::Device,
            name: "this machine".to_owned(),
            criticality: Some(Criticality::Medium),
            device_group: Some("Security lab".to_owned()),
        },
        parameters: Parameters::new(),
        comment: Some(find.comment.to_owned()),
        severity: find.severity,
        source: Source::AutomatedDevice,
        verdict: Some(find.verdict),
        evidence: vec![Evidence {
            title: title.to_owned(),
            detail: detail.to_owned(),
            verdict: Some(find.verdict),
            technique: Some(technique.to_owned()),
        }],
        alert: Some(Alert {
            url: Some(format!("https://scanner.{DOMAIN}/alerts/{alert_id}")),
            id: alert_id,
            title: find.alert.to_owned(),
        }),
        campaign: None,
        investigation_id: Some("INV-SANDBOX".to_owned()),
        incident_id: None,
        expires_at: Some(now + SignedDuration::from_secs(rng.between(3 * 86_400, 7 * 86_400 - 3_600))),
        decision: None,
        status: None,
        occurred_at: None,
        result: None,
    };
    Ok(proposal.into_action(id, String::new(), scanner, at))
}

/// Never overwrites: what already has the name stays as it is.
fn write(path: &Path, find: &Find) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    let mut file = match options.write(true).create_new(true).mode(find.mode).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    };
    for part in find.content {
        file.write_all(part.as_bytes())?;
    }
    // Again, since the umask may have taken bits away.
    file.set_permissions(fs::Permissions::from_mode(find.mode))?;
    file.sync_all()
}
