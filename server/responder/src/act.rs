//! What a command does beside moving files: plan and steps of each kind, and what is needed to know it again.
//!
//! A plan only looks. Its work is written to the journal before [`advance`] changes anything, and a crash or a repeat
//! runs `advance` again with the same work: it must come to the same end from wherever it stands. To add a kind: a
//! module, its variants in [`Task`] and [`Work`], and its pairs in `host`.

mod allowed;
mod artifact;
mod clamd;
mod command;
mod cron_places;
mod execution;
pub(crate) mod fapolicyd;
mod ground;
pub(crate) mod host;
pub(crate) mod keep;
mod kept;
pub(crate) mod network;
mod nft;
mod package;
pub(crate) mod process;
pub(crate) mod program;
mod sample;
mod scan;
mod schedule;
mod service;
mod supervisor;
mod systemd;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::refusal::{Failure, Refusal};
use openc2::{Hashes, Outcome, Report};

pub(crate) use ground::{Ground, Planned};

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    StopProcess(process::Wanted),
    StopService { name: String },
    StartService { name: String },
    RemoveJob { name: String },
    RestoreJob { name: String },
    Block { net: IpNet, until: Option<Timestamp> },
    Unblock { net: IpNet },
    Isolate { until: Option<Timestamp> },
    Release,
    RestrictExecution,
    LiftRestriction,
    Package,
    Sample { path: Option<String>, hashes: Hashes },
    Scan { full: bool },
    Run { line: String },
}

/// What will be done, with all that is needed to do it after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Work {
    Processes { processes: Vec<process::Process> },
    Service { service: service::Work },
    Schedule { schedule: schedule::Work },
    Network { network: network::Work },
    Execution { execution: execution::Work },
    Package,
    Sample { sample: sample::Work },
    Scan { full: bool },
    Command { command: command::Work },
}

impl Task {
    /// Whether it may take minutes, so that others need not wait for it.
    pub(crate) const fn is_long(&self) -> bool {
        matches!(self, Self::Package | Self::Sample { .. } | Self::Scan { .. } | Self::Run { .. })
    }
}

/// Looks at what is meant, without changing anything.
pub(crate) fn plan(ground: &Ground<'_>, task: &Task) -> Result<Planned<Work>, Refusal> {
    let service = |planned| map(planned, |service| Work::Service { service });
    let schedule = |planned| map(planned, |schedule| Work::Schedule { schedule });
    let network = |planned| map(planned, |network| Work::Network { network });
    let execution = |planned| map(planned, |execution| Work::Execution { execution });
    Ok(match task {
        Task::StopProcess(wanted) => {
            let processes = process::find(wanted)?;
            if processes.is_empty() {
                let what = if wanted.pid.is_some() {
                    "the process has ended already"
                } else {
                    "no process runs a program with this content"
                };
                return Ok(Planned::Settled(what.to_owned()));
            }
            Planned::Work(Work::Processes { processes })
        }
        Task::StopService { name } => service(service::plan(ground, name, false)?),
        Task::StartService { name } => service(service::plan(ground, name, true)?),
        Task::RemoveJob { name } => schedule(schedule::plan(ground, name, false)?),
        Task::RestoreJob { name } => schedule(schedule::plan(ground, name, true)?),
        Task::Block { net, until } => {
            network(network::plan_block(ground, network::Block { net: *net, until: *until })?)
        }
        Task::Unblock { net } => network(network::plan_unblock(ground, *net)?),
        Task::Isolate { until } => network(network::plan_isolate(ground, *until)?),
        Task::Release => network(network::plan_release(ground)?),
        Task::RestrictExecution => execution(execution::plan(ground, true)?),
        Task::LiftRestriction => execution(execution::plan(ground, false)?),
        Task::Package => Planned::Work(Work::Package),
        Task::Sample { path, hashes } => {
            Planned::Work(Work::Sample { sample: sample::plan(ground, path.as_deref(), hashes)? })
        }
        Task::Scan { full } => Planned::Work(Work::Scan { full: *full }),
        Task::Run { line } => Planned::Work(Work::Command { command: command::plan(ground, line)? }),
    })
}

/// Brings the work to its end. `None` if that can't be known: it began once, and can't be repeated.
pub(crate) fn advance(
    ground: &Ground<'_>,
    work: &Work,
    note: &mut dyn FnMut(Work) -> anyhow::Result<()>,
) -> Result<Option<Report>, Failure> {
    Ok(Some(match work {
        Work::Processes { processes } => {
            process::stop(processes)?;
            let many = if processes.len() == 1 {
                "1 process".to_owned()
            } else {
                format!("{} processes", processes.len())
            };
            Report::new(Outcome::Completed, format!("{many} ended"))
        }
        Work::Service { service } => service::advance(ground, service)?,
        Work::Schedule { schedule } => schedule::advance(ground, schedule)?,
        Work::Network { network } => network::advance(ground, network)?,
        Work::Execution { execution } => execution::advance(ground, *execution)?,
        Work::Package => package::advance(ground)?,
        Work::Sample { sample } => sample::advance(ground, sample)?,
        Work::Scan { full } => scan::advance(ground, *full)?,
        Work::Command { command } => {
            return command::advance(ground, command, &mut |command| note(Work::Command { command }));
        }
    }))
}

fn map<T>(planned: Planned<T>, work: impl FnOnce(T) -> Work) -> Planned<Work> {
    match planned {
        Planned::Work(of) => Planned::Work(work(of)),
        Planned::Settled(detail) => Planned::Settled(detail),
    }
}
