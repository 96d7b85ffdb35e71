//! An action as that API shows it: a machine action. What it has no word for is told by the nearest that it has.

use domain::core::time::six_decimals;
use domain::{Action, Decision, Entity, ParameterName, Status};
use serde_json::{Value, json};

use super::orders;

/// Its document.
pub(super) fn shown(action: &Action) -> Value {
    let called_off = matches!(action.decision, Decision::Rejected | Decision::Withdrawn);
    let canceller = action.decided_by.as_ref().filter(|_| called_off);
    json!({
        "id": action.id,
        "type": orders::of_type(action.action_type),
        "title": null,
        "requestor": action.proposed_by.who(),
        "requestorComment": action.comment,
        "requestSource": "PublicApi",
        "status": status(action),
        "machineId": action.asset.name,
        "computerDnsName": action.asset.name,
        "creationDateTimeUtc": six_decimals::text(action.proposed_at),
        "lastUpdateDateTimeUtc": six_decimals::text(action.updated_at),
        "cancellationRequestor": canceller.map(|by| by.who().to_owned()),
        "cancellationComment": action.reason.as_ref().filter(|_| called_off),
        "cancellationDateTimeUtc": action.decided_at.filter(|_| called_off).map(six_decimals::text),
        "scope": action.parameters.get(&ParameterName::Scope),
        // Clients read the one or the other.
        "externalID": action.external_id,
        "externalId": action.external_id,
        "errorHResult": 0,
        "commands": [],
        "relatedFileInfo": file(&action.entity),
    })
}

/// The one word that it has for decision and status.
pub(super) const fn status(action: &Action) -> &'static str {
    match (action.decision, action.status) {
        (Decision::Pending, _) => "Pending",
        (_, Status::Queued | Status::InProgress | Status::Unknown) => "InProgress",
        (_, Status::Completed | Status::PartiallyCompleted) => "Succeeded",
        (_, Status::Failed) => "Failed",
        (_, Status::TimedOut) => "TimeOut",
        (_, Status::None | Status::Skipped | Status::Cancelled) => "Cancelled",
    }
}

fn file(entity: &Entity) -> Value {
    let Entity::File { .. } = entity else { return Value::Null };
    let hash = entity.hashes().into_iter().find_map(|(name, hash)| Some((name, hash?)));
    let (kind, value) = match hash {
        Some(("SHA-256", hash)) => ("Sha256", hash),
        Some(("SHA-1", hash)) => ("Sha1", hash),
        Some((_, hash)) => ("Md5", hash),
        None => return Value::Null,
    };
    json!({ "fileIdentifier": value, "fileIdentifierType": kind })
}
