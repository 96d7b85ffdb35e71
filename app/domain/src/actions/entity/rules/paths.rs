//! Paths of files and keys of the registry: what an action is on is named in full.

use super::names::is_wild;
use crate::core::canonical;
use crate::core::refang::{refang_link, refang_name};

/// Hives, by their long names.
const HIVES: [&str; 5] =
    ["HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER", "HKEY_CLASSES_ROOT", "HKEY_USERS", "HKEY_CURRENT_CONFIG"];

/// A file is named by its full path, or by any name and its hash; a root folder is none.
pub(super) fn check_file_path(path: &str, has_hash: bool) -> Result<(), String> {
    let canonical = canonical::path(path);
    let has_drive = canonical.get(1..2) == Some(":") && canonical.as_bytes()[0].is_ascii_alphabetic();
    // A share (`\\srv\share`) is one, too.
    let is_share = canonical.strip_prefix("\\\\").is_some_and(|rest| rest.split('\\').count() < 3);
    if canonical.is_empty() || canonical == "/" || is_share || (has_drive && canonical.len() == 2) {
        return Err("is the root of a file system, and no file".to_owned());
    }
    check_one_path(path, has_hash)?;
    let is_full =
        path.trim_start().starts_with(['/', '\\']) || (has_drive && canonical.get(2..3) == Some("\\"));
    if is_full || has_hash {
        return Ok(());
    }
    let folder = if path.contains('%') { ", with the folder that the variable stands for" } else { "" };
    Err(format!(
        "must be the full path{folder}, for example C:\\Users\\x\\a.exe or /srv/a; a name alone needs the file's hash"
    ))
}

/// One path, as far as that can be told: on Windows, no name holds an asterisk or a question mark. Elsewhere one may, and
/// the file's hash says that it does; a name that is nothing but such signs is a pattern without it. Likewise with marks
/// of what was defanged, and with what looks like a list.
pub(super) fn check_one_path(path: &str, has_hash: bool) -> Result<(), String> {
    let canonical = canonical::path(path);
    let is_windows = canonical.contains('\\') && !canonical.starts_with('/');
    if is_windows && canonical.contains(['*', '?']) {
        return Err("must name one file: no name on Windows has an asterisk or a question mark; propose an action for each"
            .to_owned());
    }
    if has_hash {
        return Ok(());
    }
    if canonical.split(['/', '\\']).any(is_wild) {
        return Err(
            "must name one file; propose an action for each (if a name is an asterisk, send the file's hash with it)"
                .to_owned(),
        );
    }
    if path.contains("[.]") {
        let plain = path.replace("[.]", ".");
        return Err(format!(
            "is defanged; send {plain} (if the brackets are its own, send the file's hash with it)"
        ));
    }
    let mut rest = path.split([';', ',', '|', '\n', '\r']).skip(1).map(str::trim_start);
    let is_further = |part: &str| {
        let drive = part.get(1..3).is_some_and(|of| matches!(of, ":\\" | ":/"))
            && part.starts_with(|of: char| of.is_ascii_alphabetic());
        drive || part.starts_with("\\\\") || (!is_windows && part.starts_with('/'))
    };
    if rest.any(is_further) {
        return Err("names several files; propose an action for each".to_owned());
    }
    Ok(())
}

/// A key is named with its hive, and is not all of it.
pub(super) fn check_registry_key(path: &str) -> Result<(), String> {
    let canonical = canonical::registry_key(path);
    let (hive, key) = canonical.split_once('\\').unwrap_or((&canonical, ""));
    if !HIVES.iter().any(|known| known.eq_ignore_ascii_case(hive)) {
        return Err(format!(
            "must be the full path with its hive, for example HKEY_LOCAL_MACHINE\\Software\\X; hives are {}",
            HIVES.join(", ")
        ));
    }
    if key.is_empty() {
        return Err(
            "is a whole hive; name the key below it, for example HKEY_LOCAL_MACHINE\\Software\\X".to_owned()
        );
    }
    // There is a key of that name, for files of every kind.
    let is_of_classes = |above: &str| {
        above.eq_ignore_ascii_case("HKEY_CLASSES_ROOT") || above == "classes" || above.ends_with("_classes")
    };
    let mut parts = canonical.split('\\').peekable();
    while let Some(above) = parts.next() {
        if parts.peek().is_some_and(|part| is_wild(part) && !(*part == "*" && is_of_classes(above))) {
            return Err(
                "must name one key: only classes have one that is named *; propose an action for each"
                    .to_owned(),
            );
        }
    }
    Ok(())
}

/// Site and path, whose host is not defanged.
pub(super) fn check_cloud_path(path: &str) -> Result<(), String> {
    let begin = path.split_once("//").map_or(path, |(_, rest)| rest);
    let host = begin.split('/').next().unwrap_or(begin);
    let is_link = path.contains("//");
    let is_defanged = refang_name(host).is_some_and(|host| host.contains('.') && !host.contains(' '));
    match refang_link(path).filter(|_| is_link || is_defanged) {
        Some(plain) => Err(format!("is defanged; send {plain}")),
        // No name there has an asterisk.
        None if path.contains('*') => Err("must name one file; propose an action for each".to_owned()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_in_full_or_by_its_hash() {
        for (path, want) in [
            ("a.exe", "must be the full path"),
            ("etc/passwd", "must be the full path"),
            ("../etc/passwd", "must be the full path"),
            ("C:a.exe", "must be the full path"),
            ("~/a", "must be the full path"),
            ("%USERPROFILE%\\a.exe", "with the folder that the variable stands for"),
            ("C:\\", "is the root"),
            ("C:", "is the root"),
            ("/", "is the root"),
            ("/..", "is the root"),
            ("\\\\", "is the root"),
            ("\\\\srv\\share\\", "is the root"),
            ("C:\\a\\..", "is the root"),
        ] {
            let error = check_file_path(path, false).unwrap_err();
            assert!(error.contains(want), "{path}: {error}");
            assert_eq!(check_file_path(path, true).is_ok(), want != "is the root", "{path} with a hash");
        }
        for path in [
            "C:\\a.exe",
            "c:/a",
            "/a",
            "//srv/a",
            "\\\\srv\\share\\a",
            "\\\\?\\C:\\a",
            "\\Device\\HarddiskVolume3\\a.exe",
            "/srv/a ",
        ] {
            assert_eq!(check_file_path(path, false), Ok(()), "{path}");
        }
    }

    #[test]
    fn one_file_is_named_and_no_pattern_or_list() {
        for (path, want) in [
            ("C:\\*", "no name on Windows"),
            ("C:\\a?.exe", "no name on Windows"),
            ("\\\\srv\\share\\*.exe", "no name on Windows"),
        ] {
            for has_hash in [true, false] {
                let error = check_file_path(path, has_hash).unwrap_err();
                assert!(error.contains(want), "{path}: {error}");
            }
        }
        for (path, want) in [
            ("/srv/*", "send the file's hash with it"),
            ("/home/*/a", "send the file's hash with it"),
            ("C:\\a[.]exe", "send C:\\a.exe (if the brackets are its own"),
            ("/srv/a[.]sh", "send /srv/a.sh"),
            ("C:\\a.exe;C:\\b.exe", "names several files"),
            ("C:\\a.exe, C:\\b.exe", "names several files"),
            ("/srv/a;/srv/b", "names several files"),
        ] {
            let error = check_file_path(path, false).unwrap_err();
            assert!(error.contains(want), "{path}: {error}");
            assert_eq!(check_file_path(path, true), Ok(()), "{path} with a hash");
        }
        for path in [
            "/srv/a*b",
            "/srv/[id]/page",
            "/srv/[...all]",
            "/srv/what?",
            "/srv/a, b",
            "C:\\a[1].exe",
            "C:\\a, b;c.exe",
            "C:\\a.exe:stream",
            "\\\\?\\C:\\a",
        ] {
            assert_eq!(check_file_path(path, false), Ok(()), "{path}");
        }
    }

    #[test]
    fn a_key_is_named_with_its_hive() {
        for path in ["Software\\X", "not a key", "HKXX\\Software", "\\Software"] {
            let error = check_registry_key(path).unwrap_err();
            assert!(error.contains("hives are HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER"), "{path}: {error}");
        }
        for path in ["HKLM", "HKEY_USERS\\"] {
            assert!(check_registry_key(path).unwrap_err().contains("a whole hive"), "{path}");
        }
        for path in ["HKLM\\*", "HKU\\*\\Software\\Run", "HKCR\\**", "HKLM\\Software\\?"] {
            assert!(check_registry_key(path).unwrap_err().contains("must name one key"), "{path}");
        }
        for path in [
            "HKLM\\Software",
            "HKCU:\\Run",
            "HKU\\S-1-5-18\\X",
            "hkcr\\.exe",
            "HKCR\\*\\shell\\x",
            "HKLM\\Software\\Classes\\*\\shellex",
            "HKU\\S-1-5-21-1_Classes\\*\\shell",
            "HKLM\\Software\\a*b",
            "\\REGISTRY\\MACHINE\\System",
            "HKLM/Software/X",
        ] {
            assert_eq!(check_registry_key(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn the_host_of_a_cloud_file_is_not_defanged() {
        for path in ["hxxps://corp[.]sharepoint.com/a", "corp[.]sharepoint.com/a"] {
            assert!(check_cloud_path(path).unwrap_err().contains("corp.sharepoint.com/a"), "{path}");
        }
        assert!(check_cloud_path("sites/a/*").unwrap_err().contains("must name one file"));
        for path in
            ["site/y.doc", "Team (at) work/y.doc", "Team at work/a", "https://corp.sharepoint.com/a[.]b"]
        {
            assert_eq!(check_cloud_path(path), Ok(()), "{path}");
        }
    }
}
