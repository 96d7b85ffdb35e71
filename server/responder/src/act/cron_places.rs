//! The folders and the table in which cron keeps jobs.

use std::path::Path;

use crate::root::Root;

/// Folders whose every file is a job, or the jobs of one user.
pub(super) const FOLDERS: [&str; 7] = [
    "etc/cron.d",
    "etc/cron.hourly",
    "etc/cron.daily",
    "etc/cron.weekly",
    "etc/cron.monthly",
    "var/spool/cron/crontabs",
    "var/spool/cron",
];
/// The file of the system's own jobs, of which only lines are removed.
pub(super) const TABLE: &str = "etc/crontab";

/// Whether the host has one of these folders, or the table.
pub(crate) fn has_places(cron: &Root) -> bool {
    let table = cron.beneath(TABLE.into());
    FOLDERS.iter().any(|folder| cron.folder(Path::new(folder)).is_ok())
        || table.is_some_and(|table| cron.look(&table).is_ok())
}
