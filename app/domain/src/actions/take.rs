//! Take action: what a person wants done at once, and the form by which they say it.
//!
//! The form is a table: for each kind of entity its fields. Its query (`type=…&kind=…&entity.path=…`) is the state of the
//! page, so that a preview can be shared; what it means is read in one place, [`NewAction::from_pairs`].

#[cfg(feature = "ssr")]
use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::{Caller, Permission};
use crate::actions::action::{Action, Severity, Source};
use crate::actions::catalog::ActionType;
use crate::actions::contract::{Availability, ExecutorView, Protected};
use crate::actions::entity::{Asset, AssetKind, Entity, EntityKind};
use crate::actions::parameter::Parameters;
use crate::actions::proposal::Proposal;
use crate::core::error::{Error, FieldError};

/// What a person wants done at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewAction {
    /// What to do.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// On what.
    pub entity: Entity,
    /// Where it lives. Criticality and device group are those of the known asset of that name, or the group that rules say;
    /// only where there are neither is it what is named here.
    pub asset: Asset,
    /// With which parameters.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub parameters: Parameters,
    /// Why. Some types require it.
    #[serde(default)]
    pub comment: Option<String>,
    /// That it is done at once where a policy asks for somebody else (break-glass): the comment is the reason, which
    /// somebody else reviews later.
    #[serde(default)]
    pub break_glass: bool,
    /// How bad it is; medium where nothing is said.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The investigation that it belongs to.
    #[serde(default)]
    pub investigation_id: Option<String>,
    /// The incident that it belongs to.
    #[serde(default)]
    pub incident_id: Option<String>,
}

impl NewAction {
    /// The same as a proposal, by whose rules it is checked. It has no external id: nobody sends it twice.
    #[must_use]
    pub fn into_proposal(self) -> Proposal {
        let source = match self.action_type.permission(self.entity.kind()) {
            Permission::Email => Source::ManualEmail,
            Permission::Users => Source::ManualUser,
            _ => Source::ManualDevice,
        };
        Proposal {
            targets: Vec::new(),
            device: None,
            external_id: "-".to_owned(),
            action_type: self.action_type,
            entity: self.entity,
            asset: self.asset,
            parameters: self.parameters,
            comment: self.comment,
            severity: self.severity.unwrap_or(Severity::Medium),
            source,
            verdict: None,
            evidence: Vec::new(),
            alert: None,
            campaign: None,
            investigation_id: self.investigation_id,
            incident_id: self.incident_id,
            expires_at: None,
            decision: None,
            status: None,
            occurred_at: None,
            result: None,
        }
    }

    /// Reads the fields of the form.
    ///
    /// # Errors
    /// What is missing or wrong, with pointers as for the API.
    #[cfg(feature = "ssr")]
    pub fn from_pairs(pairs: &[(String, String)]) -> Result<Self, Vec<FieldError>> {
        use crate::actions::entity::GivenEntity;
        let value = |name: &str| {
            let of = pairs.iter().find(|(known, _)| known == name);
            of.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
        };
        let mut errors = Vec::new();
        let mut note = |pointer: &str, detail: String| errors.push(FieldError::new(pointer, detail));
        let Some(action_type) = value("type").and_then(|text| text.parse::<ActionType>().ok()) else {
            return Err(vec![FieldError::new("/type", "choose a type of action")]);
        };
        let kinds = action_type.info().entities;
        let kind = value("kind").and_then(|text| text.parse().ok()).filter(|kind| kinds.contains(kind));
        let kind = kind.unwrap_or(kinds[0]);
        let mut given = serde_json::Map::from_iter([("kind".to_owned(), kind.as_str().into())]);
        for field in form_fields(kind) {
            let Some(text) = value(&format!("entity.{}", field.name)) else { continue };
            let value = if !field.is_number {
                text.into()
            } else if let Ok(number) = text.parse::<u32>() {
                number.into()
            } else {
                note(&format!("/entity/{}", field.name), "must be a whole number".to_owned());
                continue;
            };
            given.insert(field.name.to_owned(), value);
        }
        let below = |error: FieldError| FieldError::new(format!("/entity{}", error.pointer), error.detail);
        let entity = serde_json::from_value::<GivenEntity>(given.clone().into())
            .map_err(|error| vec![FieldError::new("/entity", error.to_string())])
            .and_then(|entity| {
                entity.into_entity(&given).map_err(|errors| errors.into_iter().map(below).collect())
            });
        let asset_kind = asset_kind(kind);
        let name = value("asset.name").map(str::to_owned);
        let mut parameters = BTreeMap::new();
        for spec in action_type.info().parameters {
            if let Some(text) = value(&format!("parameter.{}", spec.name)) {
                parameters.insert(spec.name, text.to_owned());
            }
        }
        let entity = match entity {
            Ok(entity) if errors.is_empty() => entity,
            Ok(_) => return Err(errors),
            Err(more) => {
                errors.extend(more);
                return Err(errors);
            }
        };
        // What is its own asset is named once.
        let own = own_asset(&entity);
        let Some(name) = own.or(name) else {
            return Err(vec![FieldError::new("/asset/name", "is missing")]);
        };
        let text = |name: &str| value(name).map(str::to_owned);
        Ok(Self {
            action_type,
            entity,
            asset: Asset { kind: asset_kind, name, criticality: None, device_group: None },
            parameters,
            comment: text("comment"),
            break_glass: value("break_glass").is_some(),
            severity: value("severity").and_then(|text| text.parse().ok()),
            investigation_id: text("investigation"),
            incident_id: text("incident"),
        })
    }
}

/// A field of the form that describes an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormField {
    /// Its name in the API.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// Whether an entity of the kind always has it.
    pub required: bool,
    /// Whether it holds a number.
    pub is_number: bool,
}

const fn must(name: &'static str, label: &'static str) -> FormField {
    FormField { name, label, required: true, is_number: false }
}

const fn may(name: &'static str, label: &'static str) -> FormField {
    FormField { name, label, required: false, is_number: false }
}

const HASHES: [FormField; 3] = [may("sha256", "SHA-256"), may("sha1", "SHA-1"), may("md5", "MD5")];

/// The fields by which a person names an entity of a kind.
#[must_use]
pub const fn form_fields(kind: EntityKind) -> &'static [FormField] {
    match kind {
        EntityKind::Device => const { &[must("name", "Device")] },
        EntityKind::File => const { &[may("path", "Path"), HASHES[0], HASHES[1], HASHES[2]] },
        EntityKind::Process => {
            const {
                &[
                    FormField { name: "pid", label: "Process id", required: false, is_number: true },
                    may("image", "Image"),
                    HASHES[0],
                    HASHES[1],
                    HASHES[2],
                ]
            }
        }
        EntityKind::Service | EntityKind::Driver | EntityKind::ScheduledTask => {
            const { &[must("name", "Name")] }
        }
        EntityKind::RegistryKey => const { &[must("path", "Path"), may("value_name", "Value")] },
        EntityKind::IpAddress => const { &[must("address", "Address or range")] },
        EntityKind::Url => const { &[must("url", "URL")] },
        EntityKind::EmailMessage => {
            const {
                &[
                    must("message_id", "Message-ID"),
                    may("subject", "Subject"),
                    may("sender", "Sender"),
                    may("network_message_id", "Network message ID"),
                ]
            }
        }
        EntityKind::EmailCluster => {
            const {
                &[
                    must("cluster_id", "Cluster ID"),
                    may("subject", "Subject"),
                    FormField { name: "messages", label: "Messages", required: true, is_number: true },
                ]
            }
        }
        EntityKind::EmailAttachment => {
            const {
                &[
                    must("file_name", "File name"),
                    must("message_id", "Message-ID"),
                    HASHES[0],
                    HASHES[1],
                    HASHES[2],
                ]
            }
        }
        EntityKind::Mailbox => const { &[must("address", "Address")] },
        EntityKind::TeamsMessage => {
            const { &[must("message_id", "Message ID"), must("sender", "Sender"), must("channel", "Channel")] }
        }
        EntityKind::CloudFile => const { &[must("path", "Path"), HASHES[0], HASHES[1], HASHES[2]] },
        EntityKind::User => const { &[must("name", "User"), may("sid", "SID")] },
    }
}

/// On which kind of asset an entity of a kind lives.
#[must_use]
pub const fn asset_kind(kind: EntityKind) -> AssetKind {
    match kind {
        EntityKind::EmailMessage
        | EntityKind::EmailCluster
        | EntityKind::EmailAttachment
        | EntityKind::Mailbox => AssetKind::Mailbox,
        EntityKind::User | EntityKind::TeamsMessage | EntityKind::CloudFile => AssetKind::Account,
        _ => AssetKind::Device,
    }
}

/// Whether an entity of a kind is an asset itself, and is named once.
#[must_use]
pub const fn is_own_asset(kind: EntityKind) -> bool {
    matches!(kind, EntityKind::Device | EntityKind::Mailbox | EntityKind::User)
}

/// The name of the asset that an entity is itself.
#[cfg(feature = "ssr")]
fn own_asset(entity: &Entity) -> Option<String> {
    is_own_asset(entity.kind()).then(|| entity.title())
}

/// What would happen, and whether it may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakePreview {
    /// The action as it would be; its id is given when it is taken.
    pub action: Action,
    /// May the caller take it?
    pub take: Availability,
    /// What it hits, in sentences.
    pub impact: String,
    /// Why it would wait for a decision of somebody else; none if it is carried out at once.
    pub waits: Option<String>,
    /// Which policy protects what it is on; none if it is not protected.
    pub protection: Option<Protected>,
    /// Who would carry it out.
    pub executor: Option<ExecutorView>,
}

/// What a person asks for: the form, and what becomes of it.
#[async_trait]
pub trait TakeActions: Send + Sync {
    /// What would happen, and whether it may; nothing is written.
    async fn preview_action(&self, caller: &Caller, new: NewAction) -> Result<TakePreview, Error>;

    /// Has it carried out at once, or decided on by somebody else where that is needed.
    async fn take_action(&self, caller: &Caller, new: NewAction) -> Result<Action, Error>;

    /// Assets that are known from other actions, the latest first.
    async fn recent_assets(&self, caller: &Caller) -> Result<Vec<Asset>, Error>;
}

/// What the page of the form shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeForm {
    /// Assets that are known from other actions, the latest first.
    pub assets: Vec<Asset>,
    /// The preview, once one was asked for.
    pub preview: Option<TakePreview>,
    /// What stands against it, by the names of the form's fields.
    pub errors: Vec<FieldError>,
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> Result<NewAction, Vec<FieldError>> {
        let pairs: Vec<_> = query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        NewAction::from_pairs(&pairs)
    }

    #[test]
    fn every_type_can_be_named_by_its_form() {
        for &action_type in ActionType::ALL {
            for &kind in action_type.info().entities {
                let mut query =
                    vec![("type", action_type.as_str()), ("kind", kind.as_str()), ("asset.name", "a")];
                let names: Vec<_> =
                    form_fields(kind).iter().map(|of| format!("entity.{}", of.name)).collect();
                for (field, name) in form_fields(kind).iter().zip(&names) {
                    let value = match field.name {
                        _ if field.is_number => "7",
                        "address" if kind == EntityKind::IpAddress => "203.0.113.7",
                        "url" => "https://evil.example/",
                        "sid" => "S-1-5-21-1-2-3-500",
                        _ => "a",
                    };
                    query.push((name, value));
                }
                let new = read(&query).unwrap_or_else(|errors| panic!("{action_type} {kind}: {errors:?}"));
                assert_eq!(new.entity.kind(), kind);
                assert_eq!(new.asset.kind, asset_kind(kind));
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let pointers = |query: &[(&str, &str)]| {
            let errors = read(query).unwrap_err();
            errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };
        assert_eq!(pointers(&[]), ["/type"]);
        assert_eq!(pointers(&[("type", "isolate_device")]), ["/entity/name"]);
        assert_eq!(
            pointers(&[("type", "stop_process"), ("entity.pid", "x"), ("asset.name", "a")]),
            ["/entity/pid"]
        );
        assert_eq!(pointers(&[("type", "quarantine_file"), ("entity.path", "/a")]), ["/asset/name"]);
    }
}
