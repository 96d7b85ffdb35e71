//! The log of clamscan and clamd as events: what was found in which file, and where it was moved.

use serde_json::{Value, json};

/// One event a line; a line that says nothing of a file is an event without one.
pub(super) fn events(text: &str, host: &str) -> Vec<(String, Value)> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let moved = |path: &str| {
        lines.iter().find_map(|line| {
            let (_, line) = timed(line);
            let (of, to) = line.split_once(": moved to '")?;
            (of == path).then(|| to.trim_end_matches('\'').to_owned())
        })
    };
    lines
        .iter()
        .map(|line| {
            let (at, rest) = timed(line);
            let found = rest.strip_suffix(" FOUND").and_then(|rest| rest.rsplit_once(": "));
            let event = match found {
                Some((path, signature)) => json!({
                    "path": path, "signature": signature, "host": host, "line": line, "at": at,
                    "moved_to": moved(path),
                }),
                None => json!({ "line": line }),
            };
            ((*line).to_owned(), event)
        })
        .collect()
}

/// The time before an arrow, where the log has one, in UTC.
fn timed(line: &str) -> (Option<String>, &str) {
    let Some((before, rest)) = line.split_once(" -> ") else { return (None, line) };
    (read_time(before), rest)
}

/// `Sun Mar  1 08:00:00 2026`, as `ctime` writes it.
fn read_time(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [_, month, day, clock, year] = parts.as_slice() else { return None };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| name == month)? + 1;
    let day: u8 = day.parse().ok()?;
    let year: u16 = year.parse().ok()?;
    let is_clock = clock.len() == 8 && clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    is_clock.then(|| format!("{year:04}-{month:02}-{day:02}T{clock}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_was_found_where_and_when() {
        let text = "Sun Mar  1 08:00:00 2026 -> /srv/a: b.exe: Win.Test-1 FOUND\n/srv/a: OK\n\
                    Sun Mar  1 08:00:00 2026 -> /srv/a: b.exe: moved to '/var/q/a'";
        let all = events(text, "mail-1");
        assert_eq!(all.len(), 3);
        let (_, first) = &all[0];
        assert_eq!((&first["path"], &first["signature"]), (&json!("/srv/a: b.exe"), &json!("Win.Test-1")));
        assert_eq!((&first["at"], &first["moved_to"]), (&json!("2026-03-01T08:00:00Z"), &json!("/var/q/a")));
        assert_eq!(all[1].1["path"], Value::Null);
        assert_eq!(read_time("yesterday"), None);
    }
}
