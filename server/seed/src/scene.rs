//! One incident's cast and props: the device, person, mailbox, mail, malware and address that its actions are about.

use domain::{Asset, AssetKind, Entity, EntityKind};
use jiff::Timestamp;

use super::devices::Device;
use super::estate::Estate;
use super::mail::{self, Mail};
use super::people::{Mailbox, Person};
use super::prng::Dice;
use super::threats::{ADDRESSES_V6, COMMANDS, NETWORKS, THREATS, Threat};

/// What kind of device a scene plays on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Windows,
    Linux,
    Unmanaged,
}

/// What a scene is about: whom its first action hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Device,
    Mail,
    Account,
}

impl Flavour {
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
pub(super) struct Scene {
    pub(super) device: Device,
    pub(super) person: Person,
    pub(super) mailbox: Mailbox,
    pub(super) mail: Mail,
    pub(super) threat: &'static Threat,
    build: usize,
    file: usize,
    address: String,
}

impl Scene {
    pub(super) fn draw(
        dice: &mut Dice,
        estate: &mut Estate,
        stage: Stage,
        flavour: Flavour,
        at: Timestamp,
    ) -> Self {
        let pool = match stage {
            Stage::Windows => &mut estate.windows,
            Stage::Linux => &mut estate.linux,
            Stage::Unmanaged => &mut estate.unmanaged,
        };
        let device = pool.draw(dice, flavour == Flavour::Device).clone();
        let threats: Vec<&'static Threat> =
            THREATS.iter().filter(|threat| threat.platform == device.platform).collect();
        let threat = threats[dice.skewed(threats.len())];
        let address = if dice.chance(10) {
            (*dice.pick(ADDRESSES_V6)).to_owned()
        } else {
            format!("{}{}", dice.pick(NETWORKS), dice.between(2, 250))
        };
        Self {
            device,
            person: estate.people.draw(dice, flavour == Flavour::Account).clone(),
            mailbox: estate.mailboxes.draw(dice, flavour == Flavour::Mail).clone(),
            mail: mail::draw(dice, at),
            threat,
            build: dice.below(9),
            file: dice.below(threat.files.len()),
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
    pub(super) fn command_line(&self, dice: &mut Dice) -> String {
        let fitting: Vec<&str> = COMMANDS
            .iter()
            .filter(|(platform, _)| *platform == self.device.platform)
            .map(|(_, command)| *command)
            .collect();
        (*dice.pick(&fitting)).to_owned()
    }

    /// The entity of a kind in this scene, and the asset that it is reached through.
    pub(super) fn entity(&self, dice: &mut Dice, kind: EntityKind) -> (Entity, Asset) {
        let threat = self.threat;
        let sha256 = threat.sha256(self.build);
        let name_of = |dice: &mut Dice, table: &[&str]| (*dice.pick(table)).to_owned();
        let entity = match kind {
            EntityKind::Device => Entity::Device { name: self.device.name.clone() },
            EntityKind::File => Entity::File {
                path: Some(self.path(threat.files[self.file])),
                // Old scanners report a second hash.
                sha1: dice.chance(20).then(|| sha256[..40].to_owned()),
                sha256: Some(sha256),
            },
            EntityKind::Process => Entity::Process {
                pid: u32::try_from(dice.between(412, 32_700)).ok(),
                image: Some(self.path(dice.word(threat.images))),
                sha256: dice.chance(60).then_some(sha256),
            },
            EntityKind::Service => Entity::Service { name: name_of(dice, threat.services) },
            EntityKind::Driver => Entity::Driver { name: name_of(dice, threat.drivers) },
            EntityKind::RegistryKey => Entity::RegistryKey { path: name_of(dice, threat.keys) },
            EntityKind::ScheduledTask => Entity::ScheduledTask { name: name_of(dice, threat.tasks) },
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
            },
            EntityKind::EmailCluster => {
                let messages = u32::try_from(dice.between(3, 9) * dice.between(1, 24)).unwrap_or(3);
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
                message_id: self.mail.message_id.clone(),
            },
            EntityKind::Mailbox => Entity::Mailbox { address: self.mailbox.address.clone() },
            EntityKind::TeamsMessage => Entity::TeamsMessage {
                message_id: (1_700_000_000_000 + dice.between(0, 99_999_999_999)).to_string(),
                sender: self.person.address(),
                channel: name_of(dice, mail::CHANNELS),
            },
            EntityKind::CloudFile => Entity::CloudFile {
                path: dice.pick(mail::CLOUD_PATHS).replace("{user}", &self.person.login.replace('.', "_")),
                sha256: dice.chance(70).then_some(sha256),
            },
            EntityKind::User => Entity::User { name: self.person.address() },
        };
        (entity, self.asset(kind))
    }

    fn asset(&self, kind: EntityKind) -> Asset {
        let (kind, name, criticality) = match Flavour::of(kind) {
            Flavour::Device => return self.device.asset(),
            Flavour::Mail => (AssetKind::Mailbox, self.mailbox.address.clone(), self.mailbox.criticality),
            Flavour::Account => (AssetKind::Account, self.person.address(), self.person.criticality),
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
