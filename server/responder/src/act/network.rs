//! The network: addresses that are blocked, and the host's isolation, by nftables in a table of our own.
//!
//! What stands is kept in the vault; the table is made anew from it with each change and at each start, in one
//! transaction of the kernel. What ends at a time is an element of a set with a timeout, so that the kernel ends it
//! even if nobody runs any more.

use anyhow::Context as _;
use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::ground::{Ground, Planned};
use super::host::Host;
use super::keep::Keep;
use super::kept;
use super::nft::{self, matching};
use crate::refusal::{Failure, Refusal};
use crate::vault::Vault;
use openc2::{Outcome, Report};

const BLOCK: &str = "block";
const ISOLATION: &str = "isolation";
const TABLE: &str = "countersign";
/// Before the filters of others, so that none of them lets through what we stop.
const PRIORITY: i32 = -150;
const CHAINS: [&str; 3] = ["input", "forward", "output"];

/// What is put in force or lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(crate) enum Work {
    Block(Block),
    Unblock { net: IpNet },
    Isolate(Isolation),
    Release,
}

/// Addresses that are blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) net: IpNet,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
}

/// The host is cut off, but for its loopback and what is kept reachable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Isolation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    pub(crate) keep: Vec<Keep>,
}

pub(crate) fn plan_block(ground: &Ground<'_>, block: Block) -> Result<Planned<Work>, Refusal> {
    over(ground, block.until)?;
    if let Some(address) = ground.host.keep.iter().find_map(|keep| keep.within(&block.net)) {
        return Err(Refusal::vital(format!(
            "{address} is how the server reaches this host; blocking it would cut us off"
        )));
    }
    match stands::<Block>(ground, BLOCK, &block.net.to_string())? {
        Some(known) if known == block => Ok(Planned::Settled(format!("{} is blocked already", block.net))),
        _ => Ok(Planned::Work(Work::Block(block))),
    }
}

pub(crate) fn plan_unblock(ground: &Ground<'_>, net: IpNet) -> Result<Planned<Work>, Refusal> {
    match stands::<Block>(ground, BLOCK, &net.to_string())? {
        Some(block) if block.until.is_none_or(|until| until > ground.now) => {
            Ok(Planned::Work(Work::Unblock { net }))
        }
        Some(_) => Ok(Planned::Settled(format!("the block of {net} had ended by itself"))),
        None => Ok(Planned::Settled(format!("{net} is not blocked by this responder"))),
    }
}

pub(crate) fn plan_isolate(ground: &Ground<'_>, until: Option<Timestamp>) -> Result<Planned<Work>, Refusal> {
    over(ground, until)?;
    let isolation = Isolation { until, keep: ground.host.keep.clone() };
    match stands::<Isolation>(ground, ISOLATION, "")? {
        Some(known) if known == isolation => Ok(Planned::Settled("the host is isolated already".to_owned())),
        _ => Ok(Planned::Work(Work::Isolate(isolation))),
    }
}

pub(crate) fn plan_release(ground: &Ground<'_>) -> Result<Planned<Work>, Refusal> {
    match stands::<Isolation>(ground, ISOLATION, "")? {
        Some(isolation) if isolation.until.is_none_or(|until| until > ground.now) => {
            Ok(Planned::Work(Work::Release))
        }
        Some(_) => Ok(Planned::Settled("the isolation had ended by itself".to_owned())),
        None => Ok(Planned::Settled("the host is not isolated by this responder".to_owned())),
    }
}

pub(crate) fn advance(ground: &Ground<'_>, work: &Work) -> Result<Report, Failure> {
    let keeping = "what stands can't be kept";
    let detail = match work {
        Work::Block(block) => {
            kept::store(ground.vault, BLOCK, &block.net.to_string(), block).context(keeping)?;
            format!("{} is blocked{}", block.net, ending(block.until))
        }
        Work::Unblock { net } => {
            kept::remove(ground.vault, BLOCK, &net.to_string()).context(keeping)?;
            format!("{net} is not blocked any more")
        }
        Work::Isolate(isolation) => {
            kept::store(ground.vault, ISOLATION, "", isolation).context(keeping)?;
            format!("the host is isolated{}", ending(isolation.until))
        }
        Work::Release => {
            kept::remove(ground.vault, ISOLATION, "").context(keeping)?;
            "the host has its network back".to_owned()
        }
    };
    if let Err(error) = enforce(ground.host, ground.vault, ground.now) {
        // What could not be put in force does not stand.
        match work {
            Work::Block(block) => {
                kept::remove(ground.vault, BLOCK, &block.net.to_string()).context(keeping)?;
            }
            Work::Isolate(_) => kept::remove(ground.vault, ISOLATION, "").context(keeping)?,
            Work::Unblock { .. } | Work::Release => {}
        }
        return Err(Failure::Refused(Refusal::failed(format!("{error:#}"))));
    }
    Ok(Report::new(Outcome::Completed, detail))
}

/// Puts in force what stands, as after a new start of the host. Does nothing if nothing ever stood.
pub(crate) fn recover(host: &Host, vault: &Vault, now: Timestamp) -> anyhow::Result<()> {
    let any = !kept::all::<Block>(vault, BLOCK)?.is_empty()
        || !kept::all::<Isolation>(vault, ISOLATION)?.is_empty();
    if any { enforce(host, vault, now) } else { Ok(()) }
}

fn ending(until: Option<Timestamp>) -> String {
    until.map(|until| format!(" until {until}")).unwrap_or_default()
}

fn over(ground: &Ground<'_>, until: Option<Timestamp>) -> Result<(), Refusal> {
    match until {
        Some(until) if until <= ground.now => {
            Err(Refusal::malformed(format!("it would have ended at {until}, which is over")))
        }
        _ => Ok(()),
    }
}

fn stands<T: for<'de> Deserialize<'de>>(
    ground: &Ground<'_>,
    kind: &str,
    key: &str,
) -> Result<Option<T>, Refusal> {
    kept::load(ground.vault, kind, key).map_err(|error| Refusal::system("read the vault", &error))
}

/// Makes the table what is kept says.
fn enforce(host: &Host, vault: &Vault, now: Timestamp) -> anyhow::Result<()> {
    let mut blocks = kept::all::<Block>(vault, BLOCK)?;
    blocks.retain(|block| block.until.is_none_or(|until| until > now));
    let mut isolation = kept::load::<Isolation>(vault, ISOLATION, "")?;
    isolation = isolation.filter(|isolation| isolation.until.is_none_or(|until| until > now));
    let table = json!({ "family": "inet", "name": TABLE });
    let mut commands = vec![json!({ "add": { "table": table } }), json!({ "delete": { "table": table } })];
    if !blocks.is_empty() || isolation.is_some() {
        commands.push(json!({ "add": { "table": table } }));
        commands.extend(ruleset(&blocks, isolation.as_ref(), now));
    }
    nft::apply(host.netns.as_deref(), commands)
}

/// The sets, chains and rules of the table.
fn ruleset(blocks: &[Block], isolation: Option<&Isolation>, now: Timestamp) -> Vec<Value> {
    let mut sets = Vec::new();
    // Of each chain: what is matched, and what becomes of it.
    let mut rules: Vec<(&str, Vec<Value>)> = Vec::new();
    if let Some(isolation) = isolation {
        let families = ["ipv4", "ipv6"].map(|family| element(json!(family), isolation.until, now));
        sets.push(set("isolated", "nf_proto", &["timeout"], families.to_vec()));
        for (chain, expression) in isolation.keep.iter().flat_map(Keep::rules).chain(always()) {
            rules.push((chain, [expression, vec![json!({ "accept": null })]].concat()));
        }
        for chain in CHAINS {
            rules.push((
                chain,
                vec![
                    matching(json!({ "meta": { "key": "nfproto" } }), json!("@isolated")),
                    json!({ "drop": null }),
                ],
            ));
        }
    }
    for (protocol, kind, bits) in [("ip", "ipv4_addr", 32), ("ip6", "ipv6_addr", 128)] {
        let of_kind = |net: &IpNet| net.max_prefix_len() == bits;
        let (single, nets): (Vec<_>, Vec<_>) = blocks
            .iter()
            .filter(|block| of_kind(&block.net))
            .partition(|block| block.net.prefix_len() == bits);
        let elements: Vec<_> =
            single.iter().map(|block| element(json!(block.net.addr()), block.until, now)).collect();
        let mut names = Vec::new();
        if !elements.is_empty() {
            names.push(format!("addresses_{protocol}"));
            sets.push(set(&names[0], kind, &["timeout"], elements));
        }
        // A set for each: one range may hold another, with an end of its own.
        for block in nets {
            let name = format!("net_{}", &hex::encode(sha2::Sha256::digest(block.net.to_string()))[..16]);
            let prefix = json!({ "prefix": { "addr": block.net.network(), "len": block.net.prefix_len() } });
            sets.push(set(&name, kind, &["interval", "timeout"], vec![element(prefix, block.until, now)]));
            names.push(name);
        }
        for name in names {
            for (chain, field) in
                [("input", "saddr"), ("output", "daddr"), ("forward", "saddr"), ("forward", "daddr")]
            {
                let side = json!({ "payload": { "protocol": protocol, "field": field } });
                rules.push((chain, vec![matching(side, json!(format!("@{name}"))), json!({ "drop": null })]));
            }
        }
    }
    let chains = CHAINS.map(|chain| {
        json!({ "add": { "chain": { "family": "inet", "table": TABLE, "name": chain, "type": "filter",
                "hook": chain, "prio": PRIORITY, "policy": "accept" } } })
    });
    let rules = rules.into_iter().map(|(chain, expr)| {
        json!({ "add": { "rule": { "family": "inet", "table": TABLE, "chain": chain, "expr": expr } } })
    });
    sets.into_iter().chain(chains).chain(rules).collect()
}

/// What an isolated host still needs: itself, its neighbours' hardware addresses, and the lease of its own address.
fn always() -> Vec<(&'static str, Vec<Value>)> {
    let meta = |key: &str, value: &str| matching(json!({ "meta": { "key": key } }), json!(value));
    let port = |field: &str, ports: [u16; 2]| {
        matching(json!({ "payload": { "protocol": "udp", "field": field } }), json!({ "set": ports }))
    };
    let neighbours = json!({ "set": ["nd-neighbor-solicit", "nd-neighbor-advert", "nd-router-solicit", "nd-router-advert"] });
    let neighbours = matching(json!({ "payload": { "protocol": "icmpv6", "field": "type" } }), neighbours);
    vec![
        ("input", vec![meta("iifname", "lo")]),
        ("output", vec![meta("oifname", "lo")]),
        ("input", vec![neighbours.clone()]),
        ("output", vec![neighbours]),
        ("input", vec![port("sport", [67, 547]), port("dport", [68, 546])]),
        ("output", vec![port("sport", [68, 546]), port("dport", [67, 547])]),
    ]
}

fn set(name: &str, kind: &str, flags: &[&str], elements: Vec<Value>) -> Value {
    json!({ "add": { "set": { "family": "inet", "table": TABLE, "name": name, "type": kind, "flags": flags,
            "elem": elements } } })
}

/// An element, with the seconds that are left if it ends.
fn element(value: Value, until: Option<Timestamp>, now: Timestamp) -> Value {
    match until {
        Some(until) => {
            let left = until.duration_since(now).as_secs().max(1);
            json!({ "elem": { "val": value, "timeout": left } })
        }
        None => value,
    }
}
