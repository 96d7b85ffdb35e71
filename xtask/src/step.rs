//! One line for each piece of work: its name, what came of it, its seconds.

use std::{
    io::{IsTerminal, Write, stdout},
    time::{Duration, Instant},
};

use anyhow::Result;

/// Does the work and prints its line. While it lasts a terminal shows the name alone.
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
    println!("{}", line(name, what, started.elapsed()));
    outcome.map(|(value, _)| value)
}

fn line(name: &str, what: &str, took: Duration) -> String {
    format!("{name:<8} {what:<48} {:>6.1} s", took.as_secs_f64())
}

/// A size as a person reads it, in decimal units like the budget's.
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
    fn sizes_are_decimal() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(231_400), "231 kB");
        assert_eq!(size(1_240_000), "1.2 MB");
    }
}
