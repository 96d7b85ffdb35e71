//! `countersign import`: what other tools wrote becomes incidents, investigations and recorded or proposed actions, by a
//! mapping that can be read and changed. Lines that no rule takes are counted and kept, never dropped.

mod clamav;
mod mapping;
mod text;

use std::fs::File;
use std::io::{BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, ValueEnum};
use domain::actions::contract::ProposeActions as _;
use domain::actions::proposal::MAX_ACTIONS;
use domain::incidents::contract::IncidentsBackend as _;
use domain::investigations::contract::InvestigationsBackend as _;
use domain::investigations::report::InvestigationReport;
use domain::{Caller, Error, Proposal, Scope};
use serde::Serialize;
use serde_json::Value;

use self::mapping::{Mapped, Mapping};
use super::terminal::{authority, command_line, open_store};
use crate::config::DatabaseOptions;
use service::Service;
use service::clock::SystemClock;
use service::executor::Executors;
use service::session::Sessions;

/// Whose format the lines have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Alerts of Wazuh, as in alerts.json
    Wazuh,
    /// The log of clamscan or clamd
    Clamav,
    /// Events of OCSF: detection findings and remediation activities
    Ocsf,
    /// Machine actions and alerts of the Defender for Endpoint API
    Defender,
}

impl Format {
    /// Its mapping, unless another is given.
    const fn mapping(self) -> &'static str {
        match self {
            Self::Wazuh => include_str!("mappings/wazuh.json"),
            Self::Clamav => include_str!("mappings/clamav.json"),
            Self::Ocsf => include_str!("mappings/ocsf.json"),
            Self::Defender => include_str!("mappings/defender.json"),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Wazuh => "wazuh",
            Self::Clamav => "clamav",
            Self::Ocsf => "ocsf",
            Self::Defender => "defender",
        }
    }
}

/// Options of `countersign import`.
#[derive(Debug, Args)]
pub struct ImportOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The format of the lines
    format: Format,

    /// The file; `-` for standard input
    file: String,

    /// A mapping in place of the format's own; `--print-mapping` shows that one
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,

    /// Where lines go that no rule takes
    #[arg(long, value_name = "FILE", default_value = "unmapped.log")]
    unmapped: PathBuf,

    /// The host that a log is of, where its lines do not say
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    host: String,

    /// Print the actions as JSON lines, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Print the mapping, and do nothing else
    #[arg(long)]
    print_mapping: bool,
}

/// What became of the lines.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    lines: usize,
    created: usize,
    known: usize,
    investigations: usize,
    incidents: usize,
    refused: usize,
    unmapped: usize,
}

/// Runs `countersign import`.
///
/// # Errors
/// Why it failed.
pub async fn run(options: ImportOptions) -> anyhow::Result<()> {
    let text = match &options.mapping {
        Some(file) => text::read(open(file)?, &file.display().to_string())?,
        None => options.format.mapping().to_owned(),
    };
    if options.print_mapping {
        return print(text.trim_end());
    }
    let mapping = Mapping::read(&text).map_err(|error| anyhow!("the mapping can't be used: {error}"))?;
    let lines = lines(&options)?;
    let mut kept = Kept { file: options.unmapped.clone(), writer: None };
    let mut tally = Tally { lines: lines.len(), ..Tally::default() };
    let mut found: Vec<(String, Mapped)> = Vec::new();
    for (raw, event) in lines {
        match mapping.apply(&event) {
            Ok(Some(mapped)) => found.push((raw, mapped)),
            Ok(None) => {
                tally.unmapped += 1;
                kept.keep(&raw, "no rule takes it")?;
            }
            Err(why) => {
                tally.unmapped += 1;
                kept.keep(&raw, &why)?;
            }
        }
    }
    if options.dry_run {
        for (_, Mapped { action, investigation, incident }) in &found {
            print_all(incident.as_ref())?;
            print_all(investigation.as_ref())?;
            print_all(action.as_ref())?;
        }
    } else {
        take_in(&options, found, &mut tally, &mut kept).await?;
    }
    kept.close()?;
    let Tally { lines, created, known, investigations, incidents, refused, unmapped } = tally;
    eprintln!(
        "{lines} lines: {created} actions taken in, {known} known already, {investigations} investigations, \
         {incidents} incidents, {refused} refused, {unmapped} not mapped"
    );
    if unmapped + refused > 0 {
        eprintln!("what was not taken in stands in {}", options.unmapped.display());
    }
    Ok(())
}

/// The events of the file, each with the text from which it was read.
fn lines(options: &ImportOptions) -> anyhow::Result<Vec<(String, Value)>> {
    let (reader, name): (Box<dyn Read>, _) = match options.file.as_str() {
        "-" => (Box::new(std::io::stdin()), "standard input"),
        file => (Box::new(open(Path::new(file))?), file),
    };
    let text = text::read(reader, name)?;
    Ok(events(options.format, &text, &options.host))
}

fn open(file: &Path) -> anyhow::Result<File> {
    File::open(file).with_context(|| format!("{} can't be read", file.display()))
}

fn events(format: Format, text: &str, host: &str) -> Vec<(String, Value)> {
    if format == Format::Clamav {
        return clamav::events(text, host);
    }
    // An export is often one document: a list, or an answer whose `value` is one.
    if let Ok(document) = serde_json::from_str::<Value>(text) {
        let items = match document {
            Value::Array(items) => items,
            Value::Object(mut fields) if fields.get("value").is_some_and(Value::is_array) => {
                fields.remove("value").and_then(|value| value.as_array().cloned()).unwrap_or_default()
            }
            other => vec![other],
        };
        return items.into_iter().map(|item| (item.to_string(), item)).collect();
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| (line.to_owned(), serde_json::from_str(line).unwrap_or(Value::Null))).collect()
}

/// Gives what was found to the service, as a tool of the format's name.
async fn take_in(
    options: &ImportOptions,
    found: Vec<(String, Mapped)>,
    tally: &mut Tally,
    kept: &mut Kept,
) -> anyhow::Result<()> {
    let store = open_store(&options.database).await?;
    let authority = authority();
    let clock = Arc::new(SystemClock);
    let sessions = Sessions::new(store.clone(), clock.clone());
    let name = format!("import {}", options.format.as_str());
    let by = command_line();
    let scopes = [Scope::Propose, Scope::Record].into();
    let token = sessions.create_token(&authority, by, &name, None, scopes, 1).await;
    let token = token.map_err(|error| anyhow!("{error}"))?;
    let Some(caller) = sessions.token(&token.secret).await.map_err(|error| anyhow!("{error}"))? else {
        bail!("the import's own token is not known");
    };
    let service = Service::new(store.clone(), clock, Executors::default());
    let mut proposals = Vec::new();
    for (raw, mapped) in found {
        match report(&service, &caller, mapped, tally).await {
            Ok(action) => proposals.extend(action.map(|action| (raw, action))),
            Err(error) => {
                tally.refused += 1;
                kept.keep(&raw, &reason(&error))?;
            }
        }
    }
    let mut proposals = proposals.into_iter();
    loop {
        let (raw, batch): (Vec<_>, Vec<_>) = proposals.by_ref().take(MAX_ACTIONS).unzip();
        if batch.is_empty() {
            break;
        }
        let results = service.propose_each(&caller, batch).await.map_err(|error| anyhow!("{error}"))?;
        for (raw, result) in raw.iter().zip(results) {
            match result {
                Ok(known) if known.created => tally.created += 1,
                Ok(_) => tally.known += 1,
                Err(error) => {
                    tally.refused += 1;
                    kept.keep(raw, &reason(&error))?;
                }
            }
        }
    }
    store.close().await;
    Ok(())
}

/// Reports the incident and the investigation of an event, with its action; gives back an action that is of none.
async fn report(
    service: &Service,
    caller: &Caller,
    mapped: Mapped,
    tally: &mut Tally,
) -> Result<Option<Proposal>, Error> {
    let Mapped { action, investigation, incident } = mapped;
    if let Some(incident) = incident {
        let made = service.report_incident(caller, incident).await?;
        tally.incidents += usize::from(made.created);
    }
    let Some(investigation) = investigation else { return Ok(action) };
    let report = InvestigationReport { actions: action.into_iter().collect(), ..investigation };
    let made = service.report_investigation(caller, report).await?;
    tally.investigations += usize::from(made.created);
    tally.created += made.actions.iter().filter(|of| of.created).count();
    tally.known += made.actions.iter().filter(|of| !of.created).count();
    Ok(None)
}

fn print_all(of: Option<&impl Serialize>) -> anyhow::Result<()> {
    of.map_or(Ok(()), |of| print(&serde_json::to_string(of)?))
}

fn reason(error: &Error) -> String {
    match error {
        Error::Invalid(fields) => {
            let all: Vec<_> = fields.iter().map(|of| format!("{} {}", of.pointer, of.detail)).collect();
            all.join("; ")
        }
        other => other.to_string(),
    }
}

/// The file with what was not taken in, which is made when there is something.
struct Kept {
    file: PathBuf,
    writer: Option<BufWriter<File>>,
}

impl Kept {
    /// Each line as it was, after a comment that says why.
    fn keep(&mut self, raw: &str, why: &str) -> anyhow::Result<()> {
        if self.writer.is_none() {
            let open = File::options().create(true).append(true).open(&self.file);
            let file = open.with_context(|| format!("{} can't be written", self.file.display()))?;
            self.writer = Some(BufWriter::new(file));
        }
        if let Some(writer) = &mut self.writer {
            writeln!(writer, "# {}\n{raw}", why.replace('\n', " "))?;
        }
        Ok(())
    }

    fn close(self) -> anyhow::Result<()> {
        self.writer.map_or(Ok(()), |mut writer| writer.flush()).context("the file can't be written")
    }
}

fn print(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Decision;
    use domain::incidents::IncidentReport;
    use domain::investigations::PieceKind;

    /// Of each format: the sample, lines, actions that are proposed and recorded, lines that are not mapped, investigations
    /// and incidents.
    pub(super) const SAMPLES: [(Format, &str, [usize; 6]); 4] = [
        (Format::Wazuh, include_str!("samples/wazuh.jsonl"), [4, 2, 1, 1, 2, 0]),
        (Format::Clamav, include_str!("samples/clamav.log"), [7, 2, 1, 4, 0, 0]),
        (Format::Ocsf, include_str!("samples/ocsf.jsonl"), [4, 1, 1, 1, 2, 2]),
        (Format::Defender, include_str!("samples/defender.json"), [4, 1, 2, 1, 1, 1]),
    ];

    #[test]
    fn samples_become_actions_that_can_be_taken_in() {
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        for (format, text, want) in SAMPLES {
            let mapping = Mapping::read(format.mapping()).unwrap();
            let events = events(format, text, "mail-1");
            let mut got = [events.len(), 0, 0, 0, 0, 0];
            for (raw, event) in &events {
                let found = mapping.apply(event).unwrap_or_else(|why| panic!("{raw}: {why}"));
                let Some(Mapped { action, investigation, incident }) = found else {
                    got[3] += 1;
                    continue;
                };
                if let Some(proposal) = action {
                    assert_eq!(proposal.check(now), [], "{raw}");
                    got[if proposal.decision == Some(Decision::NotRequired) { 2 } else { 1 }] += 1;
                }
                for errors in [
                    investigation.as_ref().map(InvestigationReport::check),
                    incident.as_ref().map(IncidentReport::check),
                ] {
                    assert_eq!(errors.unwrap_or_default(), [], "{raw}");
                }
                got[4] += usize::from(investigation.is_some());
                got[5] += usize::from(incident.is_some());
            }
            assert_eq!(got, want, "{format:?}");
        }
    }

    #[tokio::test]
    async fn a_second_import_makes_nothing_twice_and_what_is_left_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("in.jsonl"), include_str!("samples/wazuh.jsonl")).unwrap();
        let options = || ImportOptions {
            database: DatabaseOptions { url: format!("sqlite://{}?mode=rwc", at("t.db").display()) },
            format: Format::Wazuh,
            file: at("in.jsonl").display().to_string(),
            mapping: None,
            unmapped: at("left.log"),
            host: "x".to_owned(),
            dry_run: false,
            print_mapping: false,
        };
        run(options()).await.unwrap();
        run(options()).await.unwrap();
        let store = store::connect(&options().database.url).await.unwrap();
        let all = domain::RowScope::ALL;
        let counts = store.lane_counts(&all).await.unwrap();
        assert_eq!((counts.pending, counts.in_progress), (2, 0));
        store.close().await;
        let left = std::fs::read_to_string(at("left.log")).unwrap();
        assert_eq!(left.lines().filter(|line| line.starts_with("# no rule")).count(), 2, "{left}");
    }

    #[tokio::test]
    async fn findings_become_incidents_and_investigations_with_what_waits() {
        for (format, text, investigation, incident) in [
            (Format::Ocsf, include_str!("samples/ocsf.jsonl"), "f-881", Some("c-17")),
            (Format::Defender, include_str!("samples/defender.json"), "4711", Some("8811")),
            (Format::Wazuh, include_str!("samples/wazuh.jsonl"), "wazuh-1772187072.100001", None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            std::fs::write(at("in"), text).unwrap();
            let options = ImportOptions {
                database: DatabaseOptions { url: format!("sqlite://{}?mode=rwc", at("t.db").display()) },
                format,
                file: at("in").display().to_string(),
                mapping: None,
                unmapped: at("left.log"),
                host: "x".to_owned(),
                dry_run: false,
                print_mapping: false,
            };
            run(options).await.unwrap();
            let store = store::connect(&format!("sqlite://{}", at("t.db").display())).await.unwrap();
            let all = domain::RowScope::ALL;
            let found = store.investigation(&all, investigation).await.unwrap().unwrap();
            assert_eq!(
                (found.summary.waiting, found.summary.incident_id.as_deref()),
                (1, incident),
                "{format:?}"
            );
            let kinds: Vec<_> = store
                .piece_counts(&all, investigation)
                .await
                .unwrap()
                .into_iter()
                .map(|(kind, _)| kind)
                .collect();
            assert!(
                [PieceKind::Alert, PieceKind::Device, PieceKind::Evidence]
                    .iter()
                    .all(|kind| kinds.contains(kind)),
                "{format:?} {kinds:?}"
            );
            if let Some(incident) = incident {
                let found = store.incident(&all, incident).await.unwrap().unwrap();
                assert_eq!(found.summary.investigations, 1, "{format:?}");
            }
            store.close().await;
        }
    }
}
