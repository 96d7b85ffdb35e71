//! What a repeat of a report says of the investigation that there is: which facts are new.

use super::PieceKind;
use super::report::InvestigationReport;

/// The names of those facts that differ.
pub(crate) fn names<const N: usize>(facts: [(&'static str, bool); N]) -> Vec<&'static str> {
    facts.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}

/// Where a piece stands in a report.
#[must_use]
pub fn place(kind: PieceKind, at: usize) -> String {
    format!("{}/{at}", kind.list())
}

impl InvestigationReport {
    /// Which of its own facts are not as they were, by their names in the API; of its pieces nothing.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Vec<&'static str> {
        names([
            ("title", self.title != before.title),
            ("state", self.state != before.state),
            ("severity", self.severity != before.severity),
            ("category", self.category != before.category),
            ("detection_source", self.detection_source != before.detection_source),
            ("incident_id", self.incident_id != before.incident_id),
            ("started_at", self.started_at != before.started_at),
            ("ended_at", self.ended_at != before.ended_at),
            ("queue_time", self.queue_time != before.queue_time),
        ])
    }

    /// Adds the pieces of a part of it.
    pub fn add_pieces(&mut self, part: Self) {
        self.alerts.extend(part.alerts);
        self.devices.extend(part.devices);
        self.mailboxes.extend(part.mailboxes);
        self.users.extend(part.users);
        self.evidence.extend(part.evidence);
        self.emails.extend(part.emails);
        self.log.extend(part.log);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::investigations::InvestigationState;

    #[test]
    fn what_is_new_is_named() {
        let before = InvestigationReport { title: Some("Beacon".to_owned()), ..InvestigationReport::of("I") };
        assert_eq!(before.changes(&before), Vec::<&str>::new());
        let state = Some(InvestigationState::Benign);
        let after = InvestigationReport { state, queue_time: Some(3), ..before.clone() };
        assert_eq!(after.changes(&before), ["state", "queue_time"]);
    }
}
