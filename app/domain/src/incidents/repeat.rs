//! What a repeat of a report says of the incident that there is: which facts are new, and which alerts it names twice.

use std::collections::HashMap;

use super::IncidentReport;
use crate::investigations::PieceKind;
use crate::investigations::repeat::{names, place};

impl IncidentReport {
    /// Which facts are not as they were, by their names in the API.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Vec<&'static str> {
        let known: HashMap<_, _> = before.alerts.iter().map(|alert| (&alert.id, alert)).collect();
        names([
            ("title", self.title != before.title),
            ("severity", self.severity != before.severity),
            ("started_at", self.started_at != before.started_at),
            ("alerts", self.alerts.iter().any(|alert| known.get(&alert.id) != Some(&alert))),
        ])
    }

    /// Leaves out alerts that come again later in it; returns where they stood.
    pub fn drop_repeated(&mut self) -> Vec<String> {
        let alerts = std::mem::take(&mut self.alerts);
        let last: HashMap<_, _> =
            alerts.iter().enumerate().map(|(at, alert)| (alert.id.clone(), at)).collect();
        let mut dropped = Vec::new();
        for (at, alert) in alerts.into_iter().enumerate() {
            if last.get(&alert.id) == Some(&at) {
                self.alerts.push(alert);
            } else {
                dropped.push(place(PieceKind::Alert, at));
            }
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(ids: &[&str]) -> IncidentReport {
        let alerts: Vec<_> =
            ids.iter().map(|id| serde_json::json!({ "id": id, "title": "Beacon" })).collect();
        serde_json::from_value(serde_json::json!({ "id": "INC-1", "alerts": alerts })).unwrap()
    }

    #[test]
    fn what_is_new_is_named() {
        assert_eq!(incident(&["a"]).changes(&incident(&["b", "a"])), Vec::<&str>::new());
        assert_eq!(incident(&["a", "c"]).changes(&incident(&["b", "a"])), ["alerts"]);
        let mut newer = incident(&["a"]);
        (newer.title, newer.alerts[0].title) = (Some("Beacons".to_owned()), "Another".to_owned());
        assert_eq!(newer.changes(&incident(&["a"])), ["title", "alerts"]);
    }

    #[test]
    fn of_two_alerts_with_one_id_the_later_holds() {
        let mut report = incident(&["a", "b", "a", "c", "a"]);
        report.alerts[4].title = "The last".to_owned();
        assert_eq!(report.drop_repeated(), ["alerts/0", "alerts/2"]);
        let left: Vec<_> =
            report.alerts.iter().map(|alert| (alert.id.as_str(), alert.title.as_str())).collect();
        assert_eq!(left, [("b", "Beacon"), ("c", "Beacon"), ("a", "The last")]);
        assert_eq!(report.drop_repeated(), Vec::<String>::new());
    }
}
