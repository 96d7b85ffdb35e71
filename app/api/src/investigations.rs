//! Server functions of investigations and incidents.

use domain::cases::{CaseList, CasePage, InvestigationView};
use domain::incidents::{IncidentStatus, IncidentView};
use domain::investigations::Tab;
use domain::investigations::email::EmailView;
use domain::investigations::feedback::WrongVerdict;
use domain::{ActionId, BulkVerb};
use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;

/// One page of a list of incidents or investigations. `shows` is its query, encoded as in a URL.
#[server(endpoint = "list_cases", prefix = "/api", output = Answer)]
pub async fn list_cases(list: CaseList, #[server(default)] shows: String) -> Result<CasePage, ApiError> {
    let (backend, caller) = request::enter().await?;
    let query = request::pairs(&shows).map_err(|error| request::fail(&error))?;
    backend.case_page(&caller, list, query).await.map_err(|error| request::fail(&error))
}

/// An investigation with a page of one of its tabs. `shows` is the query of the tab, encoded as in a URL.
#[server(endpoint = "load_investigation", prefix = "/api", output = Answer)]
pub async fn load_investigation(
    id: String,
    tab: Option<Tab>,
    #[server(default)] shows: String,
) -> Result<InvestigationView, ApiError> {
    let (backend, caller) = request::enter().await?;
    let tab = tab.unwrap_or(Tab::Graph);
    let query = request::pairs(&shows).map_err(|error| request::fail(&error))?;
    backend.investigation_view(&caller, &id, tab, query).await.map_err(|error| request::fail(&error))
}

/// Keeps which columns a list of incidents or investigations has, in this order, with one of them moved: `up:NAME` or
/// `down:NAME`. Without columns it has the usual ones. `back` is the path of the page on which the form stands.
#[server(endpoint = "choose_columns", prefix = "/api", output = Answer)]
pub async fn choose_columns(
    list: CaseList,
    #[server(default)] columns: Vec<String>,
    #[server(default)] shift: String,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    let columns = request::shifted(columns, &shift);
    backend.choose_columns(&caller, list, columns).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// An email message, or a cluster.
#[server(endpoint = "load_email", prefix = "/api", output = Answer)]
pub async fn load_email(id: String) -> Result<EmailView, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.email(&caller, &id).await.map_err(|error| request::fail(&error))
}

/// Ends an investigation.
#[server(endpoint = "end_investigation", prefix = "/api", output = Answer)]
pub async fn end_investigation(id: String) -> Result<String, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.end_investigation(&caller, &id).await.map_err(|error| request::fail(&error))?;
    Ok(id)
}

/// Decides on an action from the page of its investigation or incident: what the Action center does, too.
#[server(endpoint = "decide_waiting", prefix = "/api", output = Answer)]
pub async fn decide_waiting(
    id: ActionId,
    expected_version: i64,
    digest: String,
    verb: BulkVerb,
    #[server(default)] reason: String,
) -> Result<ActionId, ApiError> {
    use domain::actions::contract::UndoRequest;
    use domain::{FollowUp, FollowUpVerb, Seen};
    let (backend, caller) = request::enter().await?;
    let seen = Seen { expected_version, digest };
    let decided = match verb {
        BulkVerb::Approve => {
            let comment = Some(reason).filter(|text| !text.trim().is_empty());
            backend.approve(&caller, id, seen, comment).await
        }
        BulkVerb::Reject => backend.reject(&caller, id, seen, reason).await,
        BulkVerb::Undo => backend.undo(&caller, id, seen, UndoRequest::because(reason)).await,
        BulkVerb::Retry => {
            let reason = Some(reason).filter(|text| !text.trim().is_empty());
            backend.follow_up(&caller, id, seen, FollowUp::new(FollowUpVerb::Retry, reason)).await
        }
    };
    decided.map(|action| action.id).map_err(|error| request::fail(&error))
}

/// Says that the verdict behind an action is wrong.
#[server(endpoint = "report_verdict", prefix = "/api", output = Answer)]
pub async fn report_verdict(
    id: ActionId,
    kind: WrongVerdict,
    #[server(default)] comment: String,
) -> Result<i64, ApiError> {
    let (backend, caller) = request::enter().await?;
    let comment = Some(comment).filter(|text| !text.trim().is_empty());
    let judged = domain::investigations::feedback::Judged::Action(id);
    let given = backend.report_verdict(&caller, judged, kind, comment).await;
    given.map(|feedback| feedback.position).map_err(|error| request::fail(&error))
}

/// Says that the verdict of a piece of evidence is wrong.
#[server(endpoint = "report_evidence", prefix = "/api", output = Answer)]
pub async fn report_evidence(
    investigation: String,
    evidence: String,
    kind: WrongVerdict,
    #[server(default)] comment: String,
) -> Result<i64, ApiError> {
    let (backend, caller) = request::enter().await?;
    let comment = Some(comment).filter(|text| !text.trim().is_empty());
    let judged = domain::investigations::feedback::Judged::Evidence { investigation, evidence };
    let given = backend.report_verdict(&caller, judged, kind, comment).await;
    given.map(|feedback| feedback.position).map_err(|error| request::fail(&error))
}

/// An incident with all that its page shows.
#[server(endpoint = "load_incident", prefix = "/api", output = Answer)]
pub async fn load_incident(id: String) -> Result<IncidentView, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.incident(&caller, &id).await.map_err(|error| request::fail(&error))
}

/// Changes status, classification and assignment of an incident, if it is still what the caller saw.
#[server(endpoint = "change_incident", prefix = "/api", output = Answer)]
pub async fn change_incident(
    id: String,
    expected_version: i64,
    status: Option<IncidentStatus>,
    #[server(default)] classification: String,
    #[server(default)] assigned_to: String,
) -> Result<i64, ApiError> {
    use domain::incidents::IncidentChange;
    let (backend, caller) = request::enter().await?;
    let change = IncidentChange {
        expected_version,
        status,
        classification: Some(classification),
        assigned_to: Some(assigned_to),
    };
    let changed = backend.change_incident(&caller, &id, change).await;
    changed.map(|incident| incident.version).map_err(|error| request::fail(&error))
}

/// Comments on an incident.
#[server(endpoint = "comment_incident", prefix = "/api", output = Answer)]
pub async fn comment_incident(id: String, text: String) -> Result<String, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.comment_incident(&caller, &id, text).await.map_err(|error| request::fail(&error))?;
    Ok(id)
}
