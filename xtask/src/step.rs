//! Steps of the work: each prints a line with its name, its result and its duration. A table sums the durations.

use std::{
    fmt::Write as _,
    io::{IsTerminal, Write, stdout},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Result;

/// Names and durations of the steps that have ended, in this order.
static ENDED: Mutex<Vec<(String, Duration)>> = Mutex::new(Vec::new());

/// Runs a step and prints its line. Until it ends, a terminal shows its name.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<(T, String)>) -> Result<T> {
    let started = Instant::now();
    let terminal = stdout().is_terminal();
    if terminal {
        print!("{name:<8} …");
        stdout().flush()?;
    }
    let outcome = work();
    if terminal {
        print!("\r\x1b[2K");
    }
    let what = match &outcome {
        Ok((_, what)) => what.as_str(),
        Err(_) => "failed",
    };
    let duration = started.elapsed();
    println!("{}", line(name, what, duration));
    ENDED.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), duration));
    outcome.map(|(value, _)| value)
}

fn line(name: &str, what: &str, duration: Duration) -> String {
    format!("{name:<8} {what:<48} {:>6.1} s", duration.as_secs_f64())
}

/// A table of the durations of all steps that have ended, and of the whole run.
pub(crate) fn table(whole: Duration) -> String {
    summary(&ENDED.lock().unwrap_or_else(PoisonError::into_inner), whole)
}

/// One line for each name, in the order of first appearance.
fn summary(ended: &[(String, Duration)], whole: Duration) -> String {
    let mut sums: Vec<(&str, Duration)> = Vec::new();
    for (name, duration) in ended {
        match sums.iter_mut().find(|(found, _)| found == name) {
            Some((_, sum)) => *sum += *duration,
            None => sums.push((name, *duration)),
        }
    }
    sums.push(("all", whole));
    let mut text = "seconds by step".to_owned();
    for (name, sum) in sums {
        let share = 100.0 * sum.as_secs_f64() / whole.as_secs_f64();
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {name:<10} {:>7.1}  {share:>3.0} %", sum.as_secs_f64());
    }
    text
}

/// Formats a size in decimal units.
pub(crate) fn size(bytes: usize) -> String {
    // The tenths are enough, so the loss of precision above 2^52 bytes does not matter.
    #[expect(clippy::cast_precision_loss)]
    let bytes = bytes as f64;
    if bytes >= 1e6 {
        format!("{:.1} MB", bytes / 1e6)
    } else if bytes >= 1e3 {
        format!("{:.0} kB", bytes / 1e3)
    } else {
        format!("{bytes:.0} B")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_name_outcome_and_seconds_in_columns() {
        let line = line("wasm", "built 1.2 MB -> 231 kB br", Duration::from_millis(93_210));
        assert!(line.starts_with("wasm     built 1.2 MB -> 231 kB br  "), "{line}");
        assert!(line.ends_with("   93.2 s"), "{line}");
    }

    #[test]
    fn the_table_sums_steps_of_one_name() {
        let seconds = Duration::from_secs;
        let ended = [("clippy", 60), ("build", 30), ("clippy", 20)]
            .map(|(name, took)| (name.to_owned(), seconds(took)));
        let lines = [
            "seconds by step",
            "  clippy        80.0   64 %",
            "  build         30.0   24 %",
            "  all          125.0  100 %",
        ];
        assert_eq!(summary(&ended, seconds(125)), lines.join("\n"));
    }

    #[test]
    fn sizes_are_decimal() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(231_400), "231 kB");
        assert_eq!(size(1_240_000), "1.2 MB");
    }
}
