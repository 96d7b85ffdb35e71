//! One email message, or a cluster of them: told from investigations and from the actions on it, as far as the caller
//! sees them.

use std::collections::BTreeSet;

use domain::actions::query::Filter;
use domain::core::canonical;
use domain::investigations::PieceKind;
use domain::investigations::email::{ClusterView, EmailPiece, EmailView, email_id};
use domain::{Action, ActionQuery, Caller, Entity, Error, Lane, RowScope, Subject, SubjectKind, Verdict};
use store::investigations::Place;

use super::Service;

/// Actions of one lane that are looked at.
const MAX_ACTIONS: u32 = 200;
/// Messages of a cluster that are shown.
const MAX_MESSAGES: usize = 100;
/// Investigations whose messages are looked through for those of a cluster.
const MAX_INVESTIGATIONS: usize = 20;

impl Service {
    pub(super) async fn email_now(&self, caller: &Caller, id: &str) -> Result<EmailView, Error> {
        let scope = RowScope::of(caller)?;
        let now = self.clock.now();
        let message_id = canonical::message_id(id);
        let is_it = |entity: &Entity| match entity {
            Entity::EmailCluster { cluster_id, .. } => cluster_id == id,
            other => email_id(other).is_some_and(|of| canonical::message_id(of) == message_id),
        };
        let mut actions = Vec::new();
        for &lane in Lane::ALL {
            let filter = Filter { search: Some(id.to_owned()), ..Filter::default() };
            let query = ActionQuery { filter, ..ActionQuery::of(lane) };
            actions.extend(self.store.page(&scope, &query, None, MAX_ACTIONS, now).await?);
        }
        actions.retain(|action| is_it(&action.entity));
        actions.sort_by_key(|action| std::cmp::Reverse((action.updated_at, action.id)));
        let mut investigations: BTreeSet<String> =
            actions.iter().filter_map(|action| action.investigation_id.clone()).collect();
        let mut messages: Vec<EmailPiece> = Vec::new();
        for (investigation, body) in self.store.emails(&scope, &message_id).await? {
            investigations.insert(investigation);
            add(&mut messages, read(&body)?);
        }
        let mut cluster = actions.iter().find_map(|action| cluster(&action.entity));
        if cluster.is_some() {
            for of in investigations.iter().take(MAX_INVESTIGATIONS) {
                // Only what the caller sees.
                if self.store.investigation(&scope, of).await?.is_none() {
                    continue;
                }
                for (_, body) in self.emails_of(&scope, of).await? {
                    let piece = read(&body)?;
                    if piece.cluster_id.as_deref() == Some(id) && messages.len() < MAX_MESSAGES {
                        add(&mut messages, piece);
                    }
                }
            }
        } else {
            if actions.is_empty() && messages.is_empty() {
                return Err(Error::NotFound(Subject::new(SubjectKind::Email, id)));
            }
            let mut message = messages.pop().unwrap_or_else(|| EmailPiece::of(message_id));
            for action in &actions {
                message.take(action);
            }
            if let Some(cluster_id) = message.cluster_id.clone() {
                let subject = message.subject.clone().unwrap_or_default();
                let nothing = None;
                cluster = Some(ClusterView {
                    cluster_id,
                    subject,
                    messages: 0,
                    mailboxes: nothing,
                    delivered: nothing,
                    junked: nothing,
                    blocked: nothing,
                });
            }
            messages = vec![message];
        }
        Ok(EmailView {
            messages,
            cluster,
            verdict: worst(&actions),
            actions,
            investigations: investigations.into_iter().collect(),
            rendered_at: now,
        })
    }

    async fn emails_of(&self, scope: &RowScope, investigation: &str) -> Result<Vec<(Place, String)>, Error> {
        Ok(self.store.pieces(scope, investigation, PieceKind::Email, None, 500).await?)
    }
}

fn read(body: &str) -> Result<EmailPiece, Error> {
    serde_json::from_str(body).map_err(|error| Error::Internal(error.to_string()))
}

/// The same message of another investigation fills what is not known yet.
fn add(messages: &mut Vec<EmailPiece>, piece: EmailPiece) {
    let id = canonical::message_id(&piece.message_id);
    match messages.iter_mut().find(|known| canonical::message_id(&known.message_id) == id) {
        Some(known) => known.fill(piece),
        None => messages.push(piece),
    }
}

fn cluster(entity: &Entity) -> Option<ClusterView> {
    let Entity::EmailCluster { cluster_id, subject, messages, mailboxes, delivered, junked, blocked, .. } =
        entity
    else {
        return None;
    };
    Some(ClusterView {
        cluster_id: cluster_id.clone(),
        subject: subject.clone(),
        messages: *messages,
        mailboxes: *mailboxes,
        delivered: *delivered,
        junked: *junked,
        blocked: *blocked,
    })
}

/// The worst of what was found: the vocabulary begins with it.
fn worst(actions: &[Action]) -> Option<Verdict> {
    actions.iter().filter_map(|action| action.verdict).min()
}
