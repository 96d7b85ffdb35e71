//! Turns plots into proposals: who asks for what, on what, and why.
//!
//! What becomes of a proposal stands in `outcome`, when stories happen in `plan`. One story at a time is in memory, so
//! that a million actions need no more of it than two thousand.

use domain::actions::lifecycle::{Execution, Grant};
use domain::actions::parameter::ParameterKind;
use domain::actions::proposal::DEFAULT_TIME_TO_DECIDE;
use domain::{
    Action, ActionId, ActionType, Actor, ActorKind, Alert, ApprovalId, EntityKind, Parameters, Permission,
    Proposal, Severity, Source, Verdict,
};
use jiff::{SignedDuration, Timestamp};

use super::devices::Device;
use super::distributions::Distributions;
use super::estate::Estate;
use super::incident::{DeviceKind, Incident, IncidentKind};
use super::people::DOMAIN;
use super::prng::Rng;
use super::scenarios::{self, SCENARIOS, Scenario};
use super::users::Users;
use super::{comments, evidence};

/// What is to become of the actions of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Over, one way or another.
    Past,
    /// Pending.
    Waiting,
    /// In progress in this way.
    Running(Grant, Execution),
}

/// What was decided together.
#[derive(Debug, Clone)]
pub(super) struct Approval {
    pub(super) id: ApprovalId,
    pub(super) by: Actor,
    pub(super) at: Timestamp,
}

/// What the actions of one story have in common.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) incident: Incident,
    pub(super) source: Source,
    pub(super) fate: Fate,
    analyst: Option<Actor>,
    alert: Option<Alert>,
    campaign: Option<String>,
    investigation: Option<String>,
    incident_id: Option<String>,
    severity: Severity,
    pub(super) approval: Option<Approval>,
}

/// Ids that count up, as the tools around us give them.
#[derive(Debug)]
struct Numbers {
    alert: u64,
    investigation: u64,
    incident: u64,
    proposal: u64,
}

/// All that the stories draw from.
#[derive(Debug)]
pub(super) struct Generator {
    pub(super) rng: Rng,
    pub(super) now: Timestamp,
    pub(super) estate: Estate,
    pub(super) users: Users,
    pub(super) distributions: Distributions,
    numbers: Numbers,
}

impl Generator {
    pub(super) fn new(seed: u64, now: Timestamp, actions: usize) -> Self {
        let mut rng = Rng::new(seed);
        Self {
            now,
            users: Users::hire(&mut rng, now),
            estate: Estate::found(&mut rng, actions),
            distributions: Distributions::new(),
            numbers: Numbers { alert: 48_210, investigation: 20_417, incident: 3_108, proposal: 771_040 },
            rng,
        }
    }

    /// The actions of one story that begins at that time, at most so many.
    pub(super) fn story(&mut self, at: Timestamp, most: usize, fate: Fate) -> Vec<Action> {
        if fate == Fate::Past && self.rng.chance(30) || fate == Fate::Waiting && self.rng.chance(20) {
            return self.single(at, most, fate);
        }
        let plot = match fate {
            Fate::Waiting => self.distributions.waiting.deal(&mut self.rng),
            Fate::Past | Fate::Running(..) => self.distributions.past.deal(&mut self.rng),
        };
        self.plot(SCENARIOS[plot].0, at, most, fate)
    }

    fn plot(&mut self, plot: &Scenario, at: Timestamp, most: usize, fate: Fate) -> Vec<Action> {
        let (first, _) = plot.steps[0];
        let mut steps: Vec<ActionType> = plot
            .steps
            .iter()
            .filter(|(_, percent)| self.rng.chance(*percent))
            .map(|(step, _)| *step)
            .collect();
        if steps.is_empty() {
            steps.push(first);
        }
        let cards: Vec<Source> =
            plot.sources.iter().flat_map(|&(source, weight)| std::iter::repeat_n(source, weight)).collect();
        let source = *self.rng.pick(&cards);
        let kind = steps[0].info().entities[0];
        let mut case = self.open(plot.stage, source, IncidentKind::of(kind), at, fate);
        self.play(&mut case, &steps, at, most)
    }

    /// An action on its own, of each type in turn: what people do by hand now and then.
    fn single(&mut self, at: Timestamp, most: usize, fate: Fate) -> Vec<Action> {
        let step = self.distributions.types.deal(&mut self.rng);
        let kinds = step.info().entities;
        let kind = kinds[0];
        let permission = step.permission(kind);
        let source = *self.rng.pick(scenarios::sources_of(permission, step.is_reverse()));
        let stage =
            if scenarios::ON_UNMANAGED.contains(&step) { DeviceKind::Unmanaged } else { DeviceKind::Windows };
        let mut case = self.open(stage, source, IncidentKind::of(kind), at, fate);
        self.play(&mut case, &[step], at, most)
    }

    /// One action in the given state of execution.
    pub(super) fn running(&mut self, at: Timestamp, grant: Grant, execution: Execution) -> Vec<Action> {
        let source = match grant {
            Grant::Approved if self.rng.chance(50) => Source::AdvancedHunting,
            Grant::Approved | Grant::AutoApproved => Source::AutomatedDevice,
            Grant::NotRequired => Source::ManualDevice,
        };
        let mut case =
            self.open(DeviceKind::Windows, source, IncidentKind::Device, at, Fate::Running(grant, execution));
        let step =
            *self.rng.pick(&[ActionType::QuarantineFile, ActionType::IsolateDevice, ActionType::StopService]);
        self.play(&mut case, &[step], at, 1)
    }

    /// The same file on many devices at once.
    pub(super) fn burst(&mut self, at: Timestamp, size: usize, fate: Fate) -> Vec<Action> {
        let devices: Vec<Device> =
            self.estate.windows.sample(&mut self.rng, size).into_iter().cloned().collect();
        let source = Source::AutomatedDevice;
        let mut case = self.open(DeviceKind::Windows, source, IncidentKind::Device, at, fate);
        case.campaign = Some(case.incident.threat.campaign.to_owned());
        case.incident_id.get_or_insert_with(|| format!("INC-{}", self.numbers.incident));
        case.severity = Severity::High;
        let step = *self.rng.pick(&[ActionType::QuarantineFile, ActionType::StopAndQuarantineFile]);
        let mut at = at;
        let mut actions = Vec::with_capacity(devices.len());
        for device in &devices {
            case.incident = case.incident.on(device);
            at = self.rng.soon(at, 1, 90, self.now);
            let mut action = self.propose(&mut case, step, EntityKind::File, at);
            self.settle(&mut action, &mut case);
            actions.push(action);
        }
        actions
    }

    /// Proposes and settles the steps one after the other, with the undo of some.
    fn play(&mut self, case: &mut Case, steps: &[ActionType], at: Timestamp, most: usize) -> Vec<Action> {
        let mut at = at;
        let mut actions = Vec::new();
        for &step in steps {
            if actions.len() >= most {
                break;
            }
            let kind = *self.rng.pick(step.info().entities);
            let mut action = self.propose(case, step, kind, at);
            self.settle(&mut action, case);
            let reverse = (case.fate == Fate::Past && actions.len() + 2 <= most && self.rng.chance(9))
                .then(|| self.undo(&mut action, None))
                .flatten();
            actions.push(action);
            actions.extend(reverse);
            at = self.rng.soon(at, 2, 180, self.now);
        }
        actions
    }

    fn open(
        &mut self,
        stage: DeviceKind,
        source: Source,
        kind_of_incident: IncidentKind,
        at: Timestamp,
        fate: Fate,
    ) -> Case {
        let incident = Incident::draw(&mut self.rng, &mut self.estate, stage, kind_of_incident, at);
        let automated =
            matches!(source, Source::AutomatedDevice | Source::AutomatedEmail | Source::AutomatedUser);
        if automated || self.rng.chance(40) {
            self.numbers.investigation += 1;
        }
        // Some investigations join the incident before them.
        if self.rng.chance(75) {
            self.numbers.incident += 1;
        }
        let rng = &mut self.rng;
        let investigation =
            (automated || rng.chance(40)).then(|| format!("INV-{}", self.numbers.investigation));
        let incident_id = rng.chance(55).then(|| format!("INC-{}", self.numbers.incident));
        let (title, campaign, tool) = match kind_of_incident {
            IncidentKind::Device => (incident.threat.alert, incident.threat.campaign, "edr"),
            IncidentKind::Mail => (incident.mail.alert, incident.mail.campaign, "mailgate"),
            IncidentKind::Account => {
                ("Sign-in that does not fit the user", "Token theft by fake sign-in pages", "identity")
            }
        };
        self.numbers.alert += 1;
        let id = format!("{}-{}", tool.to_uppercase(), self.numbers.alert);
        let url = format!("https://{tool}.{DOMAIN}/alerts/{id}");
        let alert = (automated || rng.chance(70)).then(|| Alert {
            id,
            title: title.to_owned(),
            url: rng.chance(90).then_some(url),
        });
        let campaign = rng.chance(30).then(|| campaign.to_owned());
        let severity = self.distributions.severity.deal(rng);
        let (analyst, approval) = (None, None);
        Case {
            incident,
            source,
            fate,
            analyst,
            alert,
            campaign,
            investigation,
            incident_id,
            severity,
            approval,
        }
    }

    fn propose(&mut self, case: &mut Case, step: ActionType, kind: EntityKind, at: Timestamp) -> Action {
        let proposed_by = self.proposer(case, step.permission(kind));
        let rng = &mut self.rng;
        let (entity, asset) = case.incident.entity(rng, kind);
        let clears = scenarios::clears(step);
        let verdict = match kind {
            _ if clears => Some(Verdict::NoThreatsFound),
            EntityKind::User => self.distributions.user_verdict.deal(rng),
            _ => self.distributions.verdict.deal(rng),
        };
        let said = step.info().comment_required || clears || rng.chance(45);
        let comment = said.then(|| case.incident.fill(rng.word(comments::of(step))));
        self.numbers.proposal += 1;
        let id = ActionId::from(rng.uuid(at));
        // People propose on the screen, which gives no id.
        let from_screen = proposed_by.kind == ActorKind::User;
        let proposal = Proposal {
            targets: Vec::new(),
            device: None,
            external_id: format!("P{}", self.numbers.proposal),
            action_type: step,
            parameters: parameters(rng, step, &case.incident, at),
            evidence: if clears { Vec::new() } else { evidence::draw(rng, &case.incident, kind, verdict) },
            entity,
            asset,
            comment,
            severity: if clears { Severity::Informational } else { case.severity },
            source: case.source,
            verdict,
            alert: case.alert.clone(),
            campaign: case.campaign.clone(),
            investigation_id: case.investigation.clone(),
            incident_id: case.incident_id.clone(),
            expires_at: None,
            decision: None,
            status: None,
            occurred_at: None,
            result: None,
        };
        let mut action = proposal.into_action(id, String::new(), proposed_by, at);
        action.external_id.take_if(|_| from_screen);
        action
    }

    fn proposer(&mut self, case: &mut Case, permission: Permission) -> Actor {
        let tool = |kind, id: &str, name: &str| Actor::new(kind, id, name);
        match case.source {
            Source::AutomatedDevice | Source::AutomatedEmail | Source::AutomatedUser => {
                tool(ActorKind::Automation, "automated-investigation", "Automated investigation")
            }
            Source::Antivirus => tool(ActorKind::Token, "helmsman-antivirus", "Helmsman Antivirus"),
            Source::LiveResponse => tool(ActorKind::Token, "pilot-playbooks", "Pilot playbooks"),
            _ => {
                let known = case.analyst.take().filter(|person| self.users.may(person, permission));
                let person = known.unwrap_or_else(|| self.analyst(case.fate, permission));
                case.analyst = Some(person.clone());
                person
            }
        }
    }

    /// The demo's own persons wait for a colleague with some of theirs, so that the rule about one's own proposals
    /// shows.
    fn analyst(&mut self, fate: Fate, permission: Permission) -> Actor {
        let own = self.rng.word(&["security.operator", "security.operator.mail"]);
        if fate == Fate::Waiting
            && self.rng.chance(35)
            && let Some(person) = self.users.named(own)
            && self.users.may(&person, permission)
        {
            return person;
        }
        self.users.with(&mut self.rng, permission, None)
    }

    /// The reverse of an action that can be undone now; both are linked.
    pub(super) fn undo(&mut self, original: &mut Action, running: Option<Execution>) -> Option<Action> {
        let step = original.undoable().ok()?;
        let permission = original.permission();
        let by = self.users.with(&mut self.rng, permission, None);
        let rng = &mut self.rng;
        let at = match running {
            Some(_) => rng.soon(original.updated_at, 60, 7_200, self.now - SignedDuration::from_mins(2)),
            None => rng.soon(original.updated_at, 600, 6 * 86_400, self.now),
        };
        let mut reverse = Action {
            id: ActionId::from(rng.uuid(at)),
            version: 1,
            action_type: step,
            external_id: None,
            parameters: Parameters::new(),
            comment: Some(rng.word(super::sentences::UNDONE).to_owned()),
            source: match permission {
                Permission::Email => Source::ManualEmail,
                Permission::Users => Source::ManualUser,
                _ => Source::ManualDevice,
            },
            proposed_by: by,
            proposed_at: at,
            expires_at: at + DEFAULT_TIME_TO_DECIDE,
            updated_at: at,
            decided_by: None,
            decided_at: None,
            reason: None,
            approval_id: None,
            undo_of: Some(original.id),
            ..original.clone()
        };
        self.reverse(original, &mut reverse, running);
        Some(reverse)
    }
}

fn parameters(rng: &mut Rng, step: ActionType, incident: &Incident, at: Timestamp) -> Parameters {
    let mut parameters = Parameters::new();
    for spec in step.info().parameters {
        // People of this estate name no end when they contain a device or a user.
        if matches!(step, ActionType::ContainDevice | ActionType::ContainUser) {
            continue;
        }
        if !spec.required && rng.chance(40) {
            continue;
        }
        let value = match spec.kind {
            ParameterKind::OneOf(words) => (*rng.pick(words)).to_owned(),
            ParameterKind::Time => {
                let days = *rng.pick(&[30, 90, 180]);
                (at + SignedDuration::from_hours(days * 24)).to_string()
            }
            ParameterKind::Text(_) => incident.command_line(rng),
        };
        parameters.insert(spec.name, value);
    }
    parameters
}
