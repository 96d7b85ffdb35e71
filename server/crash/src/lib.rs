//! Named points at which a test ends the process as a power cut would: SIGKILL, no clean-up.
//!
//! Owns the macro and the list of names. A point does nothing unless the feature `crash-points` is on and
//! `COUNTERSIGN_CRASH_POINT` names it; the feature does not compile without debug assertions, so never in a release.
//! To add one: write `crash_point!("verb.moment")` where it matters and its name into [`CRASH_POINTS`]. Under the same
//! feature, [`clock_step`] lets a test set the machine's clock, and [`ends_with_client`] takes a countermeasure away.

#[cfg(all(feature = "crash-points", not(debug_assertions)))]
compile_error!("the feature `crash-points` is for tests and must not be built without debug assertions");

/// Every name in the sources, sorted; the test below keeps it so.
pub const CRASH_POINTS: &[&str] = &[
    "act.after_effect",
    "act.after_intent",
    "act.after_result",
    "approve.after_commit",
    "approve.before_commit",
    "bulk.after_commit",
    "bulk.before_commit",
    "command.after_note",
    "command.after_run",
    "dispatch.after_lease",
    "dispatch.after_send",
    "end.after_commit",
    "end.before_commit",
    "enrol.after_commit",
    "follow_up.after_commit",
    "follow_up.before_commit",
    "hand_over.after_commit",
    "hand_over.before_commit",
    "order_report.after_commit",
    "order_report.before_commit",
    "package.after_parts",
    "package.before_part",
    "quarantine.after_copy",
    "quarantine.after_intent",
    "quarantine.after_move",
    "quarantine.after_record",
    "quarantine.after_result",
    "release.after_copy",
    "release.after_intent",
    "release.after_move",
    "release.after_restore",
    "release.after_result",
    "report.after_commit",
    "report.before_commit",
    "signed_report.after_commit",
    "signed_report.before_commit",
    "undo.after_commit",
    "undo.before_commit",
];

/// Ends the process here if a crash test asked for this point.
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        $crate::hit($name)
    };
}

/// What the macro calls; not for direct use.
#[doc(hidden)]
#[cfg(not(feature = "crash-points"))]
#[inline]
pub const fn hit(_: &str) {}

/// What the macro calls; not for direct use.
#[doc(hidden)]
#[cfg(feature = "crash-points")]
pub fn hit(name: &str) {
    use rustix::process::{Signal, getpid, kill_process};

    if std::env::var_os("COUNTERSIGN_CRASH_POINT").is_some_and(|wanted| wanted == name) {
        // SIGKILL may need a moment to arrive; nothing after the point may run meanwhile.
        while kill_process(getpid(), Signal::KILL).is_ok() {
            std::thread::park();
        }
    }
}

/// Seconds by which a test has set this machine's clock ahead.
#[cfg(not(feature = "crash-points"))]
#[must_use]
#[inline]
pub const fn clock_step() -> i64 {
    0
}

/// Seconds by which a test has set this machine's clock ahead: what stands in the file that `COUNTERSIGN_CLOCK_FILE` names.
#[cfg(feature = "crash-points")]
#[must_use]
pub fn clock_step() -> i64 {
    use std::path::PathBuf;
    use std::sync::LazyLock;

    static FILE: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os("COUNTERSIGN_CLOCK_FILE").map(PathBuf::from));
    let text = FILE.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or_default()
}

/// Whether what a client asked for ends with the client, as it would if nothing ran it to its end.
#[cfg(not(feature = "crash-points"))]
#[must_use]
#[inline]
pub const fn ends_with_client() -> bool {
    false
}

/// Whether what a client asked for ends with the client, as it would if nothing ran it to its end: if a test sets
/// `COUNTERSIGN_END_WITH_CLIENT`, to see that it is noticed.
#[cfg(feature = "crash-points")]
#[must_use]
pub fn ends_with_client() -> bool {
    use std::sync::LazyLock;

    static SET: LazyLock<bool> = LazyLock::new(|| std::env::var_os("COUNTERSIGN_END_WITH_CLIENT").is_some());
    *SET
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::CRASH_POINTS;

    fn collect(dir: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, names);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                let calls = source.split("crash_point!(\"").skip(1);
                names.extend(calls.map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
        }
    }

    #[test]
    fn the_list_is_what_the_sources_say() {
        let mut found = BTreeSet::new();
        for crate_name in ["responder", "service"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(crate_name).join("src");
            collect(&folder, &mut found);
        }
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), CRASH_POINTS);
    }
}
