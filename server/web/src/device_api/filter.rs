//! What a list is asked for: `$filter` of a few forms, `$top` and `$skip`. What is not understood is refused, since a
//! filter that is not heeded would show what was not asked for.

use domain::{Error, Lane, Status};

use super::orders;

/// Machine actions of an answer where nobody says how many.
const DEFAULT_TOP: usize = 100;
/// How far a list goes.
const MAX_ROWS: usize = 1_000;
/// What can be filtered by.
const FIELDS: &str = "machineId, type and status, each by eq, joined by and";

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) top: usize,
    pub(super) skip: usize,
    machine: Option<String>,
    name: Option<String>,
    status: Option<&'static str>,
}

impl Asked {
    /// Reads a query.
    pub(super) fn read(pairs: &[(String, String)]) -> Result<Self, Error> {
        let mut asked = Self { top: DEFAULT_TOP, ..Self::default() };
        for (name, value) in pairs {
            match name.as_str() {
                "$top" => asked.top = number(name, value)?,
                "$skip" => asked.skip = number(name, value)?,
                "$filter" => asked.filter(value)?,
                _ => {
                    return Err(Error::invalid(
                        format!("/{name}"),
                        "is not known here; send $filter, $top, $skip",
                    ));
                }
            }
        }
        if asked.top + asked.skip > MAX_ROWS {
            let detail = format!("and $skip are more than {MAX_ROWS} together; narrow the list by $filter");
            return Err(Error::invalid("/$top", detail));
        }
        Ok(asked)
    }

    fn filter(&mut self, text: &str) -> Result<(), Error> {
        let wrong =
            |part: &str| Error::invalid("/$filter", format!("can't be read at {part:?}; it takes {FIELDS}"));
        for part in text.split(" and ") {
            let mut words = part.trim().splitn(3, ' ');
            let (Some(field), Some("eq"), Some(value)) = (words.next(), words.next(), words.next()) else {
                return Err(wrong(part));
            };
            let value = value.trim().strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            // A quote within is written twice: a single one ends the text, and more would follow that is not read.
            let is_whole = |value: &&str| !value.is_empty() && !value.replace("''", "").contains('\'');
            let value = value.filter(is_whole).ok_or_else(|| wrong(part))?.replace("''", "'");
            match field {
                "machineId" if self.machine.is_none() => self.machine = Some(value),
                "type" if self.name.is_none() => {
                    let known = orders::types().any(|(_, name)| name == value);
                    self.name = Some(value).filter(|_| known);
                    if !known {
                        return Err(wrong(part));
                    }
                }
                "status" if self.status.is_none() => {
                    let known = STATUSES.iter().find(|(name, ..)| *name == value);
                    self.status = Some(known.ok_or_else(|| wrong(part))?.0);
                }
                _ => return Err(wrong(part)),
            }
        }
        Ok(())
    }

    /// The tabs on which such actions are.
    pub(super) fn lanes(&self) -> &'static [Lane] {
        let known = self.status.and_then(|status| STATUSES.iter().find(|(name, ..)| *name == status));
        known.map_or(Lane::ALL, |(_, lanes, _)| lanes)
    }

    /// The query of a tab.
    pub(super) fn pairs(&self, lane: Lane) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("lane", lane.as_str().to_owned())];
        let is_meant = |name: &str| self.name.as_deref().is_none_or(|asked| asked == name);
        let types = orders::types().filter(|(_, name)| is_meant(name));
        pairs.extend(types.map(|(action_type, _)| ("type", action_type.as_str().to_owned())));
        pairs.extend(self.machine.iter().map(|machine| ("asset", machine.clone())));
        let known = self.status.and_then(|status| STATUSES.iter().find(|(name, ..)| *name == status));
        let statuses = known.map_or(&[][..], |(.., statuses)| statuses);
        pairs.extend(statuses.iter().map(|status| ("status", status.as_str().to_owned())));
        pairs
    }
}

/// The words of that API, the tabs on which such actions are, and their statuses here: `machine_action::status` read the
/// other way round.
const STATUSES: &[(&str, &[Lane], &[Status])] = &[
    ("Pending", &[Lane::Pending], &[]),
    ("InProgress", &[Lane::InProgress], &[]),
    ("Succeeded", &[Lane::History], &[Status::Completed, Status::PartiallyCompleted]),
    ("Failed", &[Lane::History], &[Status::Failed]),
    ("TimeOut", &[Lane::History], &[Status::TimedOut]),
    ("Cancelled", &[Lane::History], &[Status::None, Status::Skipped, Status::Cancelled]),
];

fn number(name: &str, value: &str) -> Result<usize, Error> {
    let read = value.parse::<usize>().ok().filter(|number| *number <= MAX_ROWS);
    read.ok_or_else(|| Error::invalid(format!("/{name}"), format!("must be a number up to {MAX_ROWS}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Asked, Error> {
        let pairs: Vec<_> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Asked::read(&pairs)
    }

    #[test]
    fn a_filter_becomes_a_query_of_lists() {
        let asked = read(&[
            ("$filter", "machineId eq 'web-1' and type eq 'Isolate' and status eq 'Succeeded'"),
            ("$top", "5"),
        ])
        .unwrap();
        assert_eq!((asked.top, asked.lanes()), (5, &[Lane::History][..]));
        let pairs = asked.pairs(Lane::History);
        let of = |name: &str| {
            pairs
                .iter()
                .filter(|(known, _)| *known == name)
                .map(|(_, value)| value.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("type"), ["isolate_device", "contain_device"]);
        assert_eq!(of("asset"), ["web-1"]);
        assert_eq!(of("status"), ["Completed", "PartiallyCompleted"]);
        assert_eq!(read(&[]).unwrap().lanes(), Lane::ALL);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (name, value) in [
            ("$filter", "requestor eq 'ana'"),
            ("$filter", "machineId ne 'web-1'"),
            ("$filter", "machineId eq web-1"),
            ("$filter", "machineId eq 'a' or machineId eq 'b'"),
            ("$filter", "type eq 'Explode'"),
            ("$filter", "status eq 'Done'"),
            ("$filter", ""),
            ("$top", "many"),
            ("$top", "100000"),
            ("$orderby", "id"),
        ] {
            let Err(Error::Invalid(errors)) = read(&[(name, value)]) else { panic!("{name} {value}") };
            assert!(errors[0].pointer.ends_with(name), "{errors:?}");
        }
        assert!(read(&[("$top", "600"), ("$skip", "600")]).is_err());
    }
}
