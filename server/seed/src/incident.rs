//! One incident's cast and props: the device, person, mailbox, mail, malware and address that its actions are about.

use domain::{Asset, AssetKind, Entity, EntityKind};
use jiff::Timestamp;

use super::devices::Device;
use super::estate::Estate;
use super::mail::{self, Mail};
use super::people::{Mailbox, Person};
use super::prng::Rng;
use super::threats::{ADDRESSES_V6, COMMANDS, NETWORKS, THREATS, Threat};

/// What kind of device a incident plays on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceKind {
    Windows,
    Linux,
    Unmanaged,
}

/// What a incident is about: whom its first action hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IncidentKind {
    Device,
    Mail,
    Account,
}

impl IncidentKind {
    /// The one that fits an entity of this kind.
    pub(super) const fn of(kind: EntityKind) -> Self {
        match kind {
            EntityKind::Url
            | EntityKind::EmailMessage
            | EntityKind::EmailCluster
            | EntityKind::EmailAttachment
            | EntityKind::Mailbox => Self::Mail,
            EntityKind::TeamsMessage | EntityKind::CloudFile | EntityKind::User => Self::Account,
            _ => Self::Device,
        }
    }
}

/// The cast and props.
#[derive(Debug, Clone)]
pub(super) struct Incident {
    pub(super) device: Device,
    pub(super) person: Person,
    pub(super) mailbox: Mailbox,
    pub(super) mail: Mail,
    pub(super) threat: &'static Threat,
    build: usize,
    file: usize,
    address: String,
}

impl Incident {
    pub(super) fn draw(
        rng: &mut Rng,
        estate: &mut Estate,
        stage: DeviceKind,
        kind_of_incident: IncidentKind,
        at: Timestamp,
    ) -> Self {
        let pool = match stage {
            DeviceKind::Windows => &mut estate.windows,
            DeviceKind::Linux => &mut estate.linux,
            DeviceKind::Unmanaged => &mut estate.unmanaged,
        };
        let device = pool.draw(rng, kind_of_incident == IncidentKind::Device).clone();
        let threats: Vec<&'static Threat> =
            THREATS.iter().filter(|threat| threat.platform == device.platform).collect();
        let threat = threats[rng.skewed(threats.len())];
        let address = if rng.chance(10) {
            (*rng.pick(ADDRESSES_V6)).to_owned()
        } else {
            format!("{}{}", rng.pick(NETWORKS), rng.between(2, 250))
        };
        Self {
            device,
            person: estate.people.draw(rng, kind_of_incident == IncidentKind::Account).clone(),
            mailbox: estate.mailboxes.draw(rng, kind_of_incident == IncidentKind::Mail).clone(),
            mail: mail::draw(rng, at),
            threat,
            build: rng.below(9),
            file: rng.below(threat.files.len()),
            address,
        }
    }

    /// Replaces the placeholders of a sentence.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{asset}", &self.device.name)
            .replace("{user}", &self.person.name)
            .replace("{family}", self.threat.detection)
            .replace("{ip}", &self.address)
            .replace("{sender}", self.mail.sender)
    }

    /// The same attack on another device, with the very same file.
    pub(super) fn on(&self, device: &Device) -> Self {
        Self { device: device.clone(), ..self.clone() }
    }

    /// A command that fits the device.
    pub(super) fn command_line(&self, rng: &mut Rng) -> String {
        let fitting: Vec<&str> = COMMANDS
            .iter()
            .filter(|(platform, _)| *platform == self.device.platform)
            .map(|(_, command)| *command)
            .collect();
        (*rng.pick(&fitting)).to_owned()
    }

    /// The entity of a kind in this incident, and the asset that it is reached through.
    pub(super) fn entity(&self, rng: &mut Rng, kind: EntityKind) -> (Entity, Asset) {
        let threat = self.threat;
        let sha256 = threat.sha256(self.build);
        let name_of = |rng: &mut Rng, table: &[&str]| (*rng.pick(table)).to_owned();
        let entity = match kind {
            EntityKind::Device => Entity::Device { name: self.device.name.clone() },
            EntityKind::File => Entity::File {
                path: Some(self.path(threat.files[self.file])),
                // Old scanners report a second hash.
                sha1: rng.chance(20).then(|| sha256[..40].to_owned()),
                sha256: Some(sha256),
                md5: None,
            },
            EntityKind::Process => Entity::Process {
                pid: u32::try_from(rng.between(412, 32_700)).ok(),
                image: Some(self.path(rng.word(threat.images))),
                sha256: rng.chance(60).then_some(sha256),
                sha1: None,
                md5: None,
                started_at: None,
                command_line: None,
            },
            EntityKind::Service => Entity::Service { name: name_of(rng, threat.services) },
            EntityKind::Driver => Entity::Driver { name: name_of(rng, threat.drivers) },
            EntityKind::RegistryKey => {
                Entity::RegistryKey { path: name_of(rng, threat.keys), value_name: None }
            }
            EntityKind::ScheduledTask => Entity::ScheduledTask { name: name_of(rng, threat.tasks) },
            EntityKind::IpAddress => Entity::IpAddress { address: self.address.clone() },
            EntityKind::Url => Entity::Url { url: self.mail.url.clone() },
            EntityKind::EmailMessage => Entity::EmailMessage {
                message_id: self.mail.message_id.clone(),
                subject: self.mail.subject.clone(),
                sender: self.mail.sender.to_owned(),
                recipients: self.recipients(),
                received_at: Some(self.mail.received_at),
                delivery: Some(self.mail.delivery),
                location: Some(self.mail.location),
                network_message_id: None,
            },
            EntityKind::EmailCluster => {
                let messages = u32::try_from(rng.between(3, 9) * rng.between(1, 24)).unwrap_or(3);
                let (junked, blocked) = (messages / 6, messages / 9);
                Entity::EmailCluster {
                    cluster_id: self.mail.cluster_id.clone(),
                    subject: self.mail.subject.clone(),
                    messages,
                    mailboxes: Some(messages - messages / 4),
                    delivered: Some(messages - junked - blocked),
                    junked: Some(junked),
                    blocked: Some(blocked),
                    replaced: None,
                }
            }
            EntityKind::EmailAttachment => Entity::EmailAttachment {
                file_name: self.mail.attachment.clone(),
                sha256: Some(sha256),
                sha1: None,
                md5: None,
                message_id: self.mail.message_id.clone(),
            },
            EntityKind::Mailbox => Entity::Mailbox { address: self.mailbox.address.clone() },
            EntityKind::TeamsMessage => Entity::TeamsMessage {
                message_id: (1_700_000_000_000 + rng.between(0, 99_999_999_999)).to_string(),
                sender: self.person.address(),
                channel: name_of(rng, mail::CHANNELS),
            },
            EntityKind::CloudFile => Entity::CloudFile {
                path: rng.pick(mail::CLOUD_PATHS).replace("{user}", &self.person.login.replace('.', "_")),
                sha256: rng.chance(70).then_some(sha256),
                sha1: None,
                md5: None,
            },
            EntityKind::User => Entity::User { name: self.person.address(), sid: None },
        };
        (entity, self.asset(kind))
    }

    fn asset(&self, kind: EntityKind) -> Asset {
        let (kind, name, criticality) = match IncidentKind::of(kind) {
            IncidentKind::Device => return self.device.asset(),
            IncidentKind::Mail => {
                (AssetKind::Mailbox, self.mailbox.address.clone(), self.mailbox.criticality)
            }
            IncidentKind::Account => (AssetKind::Account, self.person.address(), self.person.criticality),
        };
        Asset { kind, name, criticality: Some(criticality), device_group: None }
    }

    fn path(&self, template: &str) -> String {
        template.replace("{user}", &self.device.login)
    }

    fn recipients(&self) -> Vec<String> {
        let mut all = vec![self.mailbox.address.clone(), self.person.address()];
        all.dedup();
        all
    }
}
