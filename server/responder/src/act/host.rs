//! What this host has: which managers, sockets and lists there are, and so which commands it can carry out.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;

use super::allowed::Allowed;
use super::clamd::Clamd;
use super::cron_places;
use super::fapolicyd;
use super::keep::Keep;
use super::nft;
use super::process;
use super::program::is_program;
use super::supervisor::Supervisor;
use super::systemd::Systemd;
use crate::root::Root;

/// What may be done on a host besides moving files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Hand {
    /// Quarantine files and release them
    Files,
    /// End processes
    Processes,
    /// Stop services and start them
    Services,
    /// Remove cron jobs and timers, and restore them
    Schedules,
    /// Block addresses; isolate the host
    Network,
    /// Let only trusted programs run
    Execution,
    /// Collect investigation packages
    Packages,
    /// Collect files as samples
    Samples,
    /// Have the antivirus scan
    Scans,
    /// Run commands that are allowed
    Commands,
}

/// Every host calls off what it has not begun.
const CALL_OFF: Pair = ("cancel", "x-countersign:command");

/// Options about what the host has.
#[derive(Clone, Debug, clap::Args)]
pub struct HostArgs {
    /// Do only these; all that the host has where none is named
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub only: Vec<Hand>,

    /// The network namespace in which addresses are blocked and that is isolated
    #[arg(long, value_name = "NAME", conflicts_with = "allow_host_network")]
    pub netns: Option<String>,

    /// Block addresses in this host's own network, and isolate it
    #[arg(long)]
    pub allow_host_network: bool,

    /// What stays reachable when the host is isolated, beside the server; may be repeated
    #[arg(long = "keep", value_name = "ADDRESS:PORT")]
    pub keep: Vec<std::net::SocketAddr>,

    /// The folder below which cron's folders lie
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub cron_root: PathBuf,

    /// The address of the bus on which systemd is, where it is not the system's
    #[arg(long, value_name = "ADDRESS")]
    pub systemd: Option<String>,

    /// The folder of runit's services
    #[arg(long, value_name = "DIR", default_value = "/etc/service")]
    pub runit: PathBuf,

    /// The socket of supervisord
    #[arg(long, value_name = "SOCKET", default_value = "/run/supervisor.sock")]
    pub supervisor: PathBuf,

    /// The socket of clamd
    #[arg(long, value_name = "SOCKET", default_value = "/run/clamav/clamd.ctl")]
    pub clamd: PathBuf,

    /// The file of commands that may be run, one a line: `NAME = PROGRAM ARGUMENT …`, with * for one argument
    #[arg(long, value_name = "FILE")]
    pub commands: Option<PathBuf>,

    /// The folder of logs, of which a package holds the ends
    #[arg(long, value_name = "DIR", default_value = "/var/log")]
    pub logs: PathBuf,
}

/// The host as it was set up.
pub(crate) struct Host {
    only: Vec<Hand>,
    pub(crate) netns: Option<String>,
    network: bool,
    pub(crate) keep: Vec<Keep>,
    pub(crate) cron: Root,
    pub(crate) systemd: Option<Systemd>,
    pub(crate) runit: Option<PathBuf>,
    pub(crate) supervisor: Supervisor,
    pub(crate) clamd: Clamd,
    pub(crate) allowed: Option<Allowed>,
    pub(crate) logs: PathBuf,
}

/// An action and its target, as on the wire.
pub(crate) type Pair = (&'static str, &'static str);

impl Host {
    /// Looks what there is.
    pub(crate) fn open(args: &HostArgs, keep: Vec<Keep>) -> anyhow::Result<Self> {
        if let Some(name) = &args.netns {
            ensure!(
                !name.is_empty() && !name.starts_with('.') && !name.contains('/'),
                "{name:?} is no name of a network namespace"
            );
        }
        let cron = Root::open(&args.cron_root)
            .with_context(|| format!("the folder {} can't be opened", args.cron_root.display()))?;
        let allowed = args.commands.as_deref().map(Allowed::load).transpose()?;
        let named = args.keep.iter().map(|peer| Keep::Peer { address: peer.ip(), port: peer.port() });
        Ok(Self {
            only: args.only.clone(),
            netns: args.netns.clone(),
            network: args.netns.is_some() || args.allow_host_network,
            keep: keep.into_iter().chain(named).collect(),
            cron,
            systemd: args.systemd.clone().map(Systemd::Bus).or_else(Systemd::of_host),
            runit: args.runit.is_dir().then(|| args.runit.clone()),
            supervisor: Supervisor::new(args.supervisor.clone()),
            clamd: Clamd::new(args.clamd.clone()),
            allowed,
            logs: args.logs.clone(),
        })
    }

    /// Whether this may be done here, as far as the options say.
    pub(crate) fn allows(&self, hand: Hand) -> bool {
        self.only.is_empty() || self.only.contains(&hand)
    }

    /// What can be done now. Asked anew each time: a socket or a manager may come and go.
    pub(crate) fn pairs(&self) -> Vec<Pair> {
        let mut pairs = vec![("query", "features"), CALL_OFF];
        for hand in Hand::value_variants() {
            if self.allows(*hand) && self.has(*hand) {
                pairs.extend(hand.pairs());
            }
        }
        pairs
    }

    /// What of it can be done now that is alike to this command.
    pub(crate) fn pairs_for(&self, action: &str, target: &str) -> Vec<Pair> {
        if action == "query" {
            return self.pairs();
        }
        if (action, target) == CALL_OFF {
            return vec![CALL_OFF];
        }
        let is_it = |hand: &&Hand| hand.pairs().contains(&(action, target));
        let able = |hand: &&Hand| self.allows(**hand) && self.has(**hand);
        Hand::value_variants()
            .iter()
            .filter(is_it)
            .filter(able)
            .flat_map(|hand| hand.pairs())
            .copied()
            .collect()
    }

    fn has(&self, hand: Hand) -> bool {
        match hand {
            Hand::Files | Hand::Packages | Hand::Samples => true,
            Hand::Schedules => cron_places::has_places(&self.cron) || self.systemd_answers(),
            Hand::Processes => process::can_hold(),
            Hand::Services => {
                self.systemd_answers()
                    || self.supervisor.answers()
                    || (self.runit.is_some() && is_program("sv"))
            }
            Hand::Network => self.network && nft::answers(self.netns.as_deref()),
            Hand::Execution => fapolicyd::answers(self.systemd.as_ref()),
            Hand::Scans => self.clamd.answers(),
            Hand::Commands => self.allowed.is_some(),
        }
    }

    fn systemd_answers(&self) -> bool {
        self.systemd.as_ref().is_some_and(Systemd::answers)
    }
}

impl Hand {
    /// The commands that it is for.
    const fn pairs(self) -> &'static [Pair] {
        match self {
            Self::Files => &[("contain", "file"), ("allow", "file")],
            Self::Processes => &[("stop", "process")],
            Self::Services => &[("stop", "er:service"), ("start", "er:service")],
            Self::Schedules => {
                &[("delete", "x-countersign:scheduled_task"), ("restore", "x-countersign:scheduled_task")]
            }
            Self::Network => &[
                ("deny", "ipv4_net"),
                ("allow", "ipv4_net"),
                ("deny", "ipv6_net"),
                ("allow", "ipv6_net"),
                ("contain", "device"),
                ("allow", "device"),
            ],
            Self::Execution => {
                &[("contain", "x-countersign:code_execution"), ("allow", "x-countersign:code_execution")]
            }
            Self::Packages => &[("investigate", "device")],
            Self::Samples => &[("copy", "file")],
            Self::Scans => &[("scan", "device")],
            Self::Commands => &[("start", "x-countersign:command_line")],
        }
    }
}
