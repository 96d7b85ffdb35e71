//! In which class of folder a file lies: what the automatic decision asks of a path.
//!
//! Paths come in many spellings, and a folder that only looks temporary is not. What can't be told is `Unclear`, which
//! is answered as the more careful of the two classes would be.

/// The class of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderClass {
    /// Of the system or of installed programs.
    Core,
    /// For temporary files or downloads.
    Temp,
    /// For temporary files, below a core folder.
    CoreTemp,
    /// Any other.
    Other,
    /// It can't be told from the path.
    Unclear,
}

impl FolderClass {
    /// Whether nothing is done there without asking where core folders are asked about.
    #[must_use]
    pub const fn may_be_core(self) -> bool {
        matches!(self, Self::Core | Self::CoreTemp | Self::Unclear)
    }

    /// Whether it is certain to be temporary.
    #[must_use]
    pub const fn is_temp(self) -> bool {
        matches!(self, Self::Temp | Self::CoreTemp)
    }
}

/// Folders of Linux and other Unix systems that hold the system and installed programs.
const UNIX_CORE: [&str; 15] = [
    "Applications",
    "Library",
    "System",
    "bin",
    "boot",
    "etc",
    "lib",
    "lib32",
    "lib64",
    "nix",
    "opt",
    "sbin",
    "snap",
    "system",
    "usr",
];

/// What an environment variable stands for, as far as it is the same everywhere.
const VARIABLES: [(&str, &str); 20] = [
    ("windir", "c:\\windows"),
    ("systemroot", "c:\\windows"),
    ("programfiles", "c:\\program files"),
    ("programfiles(x86)", "c:\\program files (x86)"),
    ("programw6432", "c:\\program files"),
    ("commonprogramfiles", "c:\\program files\\common files"),
    ("commonprogramfiles(x86)", "c:\\program files (x86)\\common files"),
    ("commonprogramw6432", "c:\\program files\\common files"),
    ("comspec", "c:\\windows\\system32\\cmd.exe"),
    ("homepath", "\\users\\user"),
    ("programdata", "c:\\programdata"),
    ("allusersprofile", "c:\\programdata"),
    ("systemdrive", "c:"),
    ("homedrive", "c:"),
    ("public", "c:\\users\\public"),
    ("userprofile", "c:\\users\\user"),
    ("appdata", "c:\\users\\user\\appdata\\roaming"),
    ("localappdata", "c:\\users\\user\\appdata\\local"),
    ("temp", "c:\\users\\user\\appdata\\local\\temp"),
    ("tmp", "c:\\users\\user\\appdata\\local\\temp"),
];

/// The class of the folder in which the file of a path lies.
#[must_use]
pub fn class_of(path: &str) -> FolderClass {
    let path = path.trim().trim_matches('"');
    let path = path
        .strip_prefix("file://")
        .map_or(path, |rest| rest.strip_prefix('/').filter(|rest| is_drive(rest)).unwrap_or(rest));
    if let Some(inner) = of_wsl(path) {
        return unix(&inner);
    }
    let is_unix = path.starts_with('/') && !path.starts_with("//");
    let path = if is_unix { path.to_owned() } else { path.to_lowercase() };
    if is_unix {
        return unix(&path);
    }
    if path.starts_with("~/") || path.starts_with("$home/") {
        // The home folder of some user.
        return FolderClass::Other;
    }
    match windows_parts(&path) {
        Some(parts) => windows(&parts),
        None => FolderClass::Unclear,
    }
}

/// The path inside a Linux that runs below Windows, where letters of either case differ.
fn of_wsl(path: &str) -> Option<String> {
    let path = path.replace('/', "\\");
    let after = |prefix: &str| {
        let (begin, rest) = (path.get(..prefix.len())?, path.get(prefix.len()..)?);
        begin.eq_ignore_ascii_case(prefix).then_some(rest)
    };
    let hosts = ["\\\\wsl$\\", "\\\\wsl.localhost\\", "\\\\?\\unc\\wsl$\\", "\\\\?\\unc\\wsl.localhost\\"];
    let (_, inner) = hosts.into_iter().find_map(after)?.split_once('\\')?;
    Some(format!("/{}", inner.replace('\\', "/")))
}

fn is_drive(path: &str) -> bool {
    let mut letters = path.chars();
    letters.next().is_some_and(|letter| letter.is_ascii_alphabetic()) && letters.next() == Some(':')
}

fn unix(path: &str) -> FolderClass {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let is_letter = |part: &str| part.len() == 1 && part.chars().all(|of| of.is_ascii_alphabetic());
    let of_drive = |rest: &[&str]| windows(&rest.iter().map(|part| part.to_lowercase()).collect::<Vec<_>>());
    // Of what may as well be another folder only the more careful class holds.
    let core_or_other =
        |class: FolderClass| if class.may_be_core() { FolderClass::Core } else { FolderClass::Other };
    match parts.as_slice() {
        // A drive of Windows, seen from Linux.
        ["mnt" | "cygdrive", drive, rest @ ..] if is_letter(drive) => of_drive(rest),
        [drive, rest @ ..] if is_letter(drive) && !rest.is_empty() => core_or_other(of_drive(rest)),
        // The root of the process itself, and macOS's own name of what lies there. The roots, folders and files of other
        // processes only the kernel knows.
        ["proc", "self" | "thread-self", "root", rest @ ..] | ["private", rest @ ..] => unix_parts(rest),
        ["proc", ..] => FolderClass::Unclear,
        // The host's root, bound into a container.
        ["host" | "hostfs" | "rootfs", rest @ ..] if !rest.is_empty() => core_or_other(unix_parts(rest)),
        parts => unix_parts(parts),
    }
}

fn unix_parts(parts: &[&str]) -> FolderClass {
    match parts {
        [] | [_] => FolderClass::Unclear,
        // In the last of these macOS puts the temporary files of each user.
        ["tmp", ..] | ["var", "tmp", _, ..] | ["var", "folders", _, _, "T", _, ..] => FolderClass::Temp,
        [first, ..] if UNIX_CORE.contains(first) => FolderClass::Core,
        _ => FolderClass::Other,
    }
}

/// The parts of a path below its drive, in lower case; none if they can't be told.
fn windows_parts(path: &str) -> Option<Vec<String>> {
    let path = expand(&path.replace('/', "\\"))?;
    let mut rest = path.as_str();
    // Verbatim, device and object names of the same paths.
    for prefix in ["\\\\?\\unc\\", "\\\\.\\unc\\", "\\??\\unc\\"] {
        if let Some(share) = rest.strip_prefix(prefix) {
            return share_parts(share);
        }
    }
    // Of a verbatim name nothing is resolved or dropped: what looks like another folder is none.
    if let Some(verbatim) = rest.strip_prefix("\\\\?\\")
        && let Some((folders, _)) = verbatim.rsplit_once('\\')
        && folders.split('\\').any(|part| part.ends_with(['.', ' ']))
    {
        return None;
    }
    for prefix in ["\\\\?\\globalroot", "\\\\?\\", "\\\\.\\", "\\??\\", "\\dosdevices\\", "\\global??\\"] {
        if let Some(of) = rest.strip_prefix(prefix) {
            rest = of;
            break;
        }
    }
    if let Some(volume) = rest.strip_prefix("\\device\\harddiskvolume") {
        return Some(parts_of(volume.split_once('\\')?.1));
    }
    if let Some(share) = rest.strip_prefix("\\device\\mup\\") {
        return share_parts(share);
    }
    if rest.starts_with("\\device\\") {
        return None;
    }
    if let Some(volume) = rest.strip_prefix("volume{") {
        return Some(parts_of(volume.split_once("}\\")?.1));
    }
    if let Some(of) = rest.strip_prefix("\\systemroot\\") {
        return Some(parts_of(&format!("windows\\{of}")));
    }
    if let Some(share) = rest.strip_prefix("\\\\") {
        return share_parts(share);
    }
    if is_drive(rest) {
        // Without a separator it is relative to wherever the drive's folder is.
        return rest[2..].strip_prefix('\\').map(parts_of);
    }
    // The current drive; anything else is relative.
    rest.strip_prefix('\\').map(parts_of)
}

/// Below a share: an administrative one is a drive.
fn share_parts(share: &str) -> Option<Vec<String>> {
    let mut names = share.splitn(3, '\\');
    let (_, share, rest) = (names.next()?, names.next()?, names.next()?);
    match share {
        "admin$" => Some(parts_of(&format!("windows\\{rest}"))),
        drive if drive.len() == 2 && drive.ends_with('$') => Some(parts_of(rest)),
        // Which folder of the other machine it is, only that knows.
        _ => None,
    }
}

/// With variables replaced; none if one is unknown.
fn expand(path: &str) -> Option<String> {
    let named = |name: &str| VARIABLES.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let path = path.strip_prefix("${env:").map_or_else(
        || {
            path.strip_prefix("$env:").map_or_else(
                || path.to_owned(),
                |rest| {
                    let end = rest.find('\\').unwrap_or(rest.len());
                    format!("%{}%{}", &rest[..end], &rest[end..])
                },
            )
        },
        |rest| rest.replacen('}', "%", 1).replacen("", "%", 1),
    );
    let mut out = String::new();
    let mut rest = path.as_str();
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('%') else {
            // A single one is a letter like any other.
            out.push('%');
            rest = after;
            break;
        };
        out.push_str(named(name)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// As the system resolves them: without what means nothing, and with what trailing dots and spaces hide.
fn parts_of(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.split('\\') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => {
                let part = part.trim_end_matches(['.', ' ']);
                if !part.is_empty() {
                    parts.push(part.to_owned());
                }
            }
        }
    }
    // A folder by the name of its stream is that folder.
    let folders = parts.len().saturating_sub(1);
    for part in &mut parts[..folders] {
        if let Some(at) = part.find(':') {
            part.truncate(at);
        }
    }
    parts
}

/// The long name of a short one, as far as it is the same everywhere.
fn long_name(part: &str, before: &[&str]) -> Option<&'static str> {
    Some(match (part, before) {
        ("progra~1" | "progra~2" | "progra~3", []) => "program files",
        ("docume~1", []) => "documents and settings",
        ("locals~1", ["documents and settings", _]) => "local settings",
        ("appdat~1", ["users", _]) => "appdata",
        ("downlo~1", ["users", _]) => "downloads",
        _ => return None,
    })
}

fn is_short(part: &str) -> bool {
    part.split_once('~').is_some_and(|(_, rest)| rest.starts_with(|of: char| of.is_ascii_digit()))
}

fn windows(parts: &[String]) -> FolderClass {
    let mut names: Vec<&str> = Vec::new();
    // The last is the file's own name.
    for (at, part) in parts.iter().enumerate() {
        let is_last = at + 1 == parts.len();
        let before = names.clone();
        match long_name(part, &before) {
            Some(long) => names.push(long),
            // A short name high up may be of any folder; below a user's own folder it is at least no other's.
            None if is_short(part) && !is_last && at < 3 && before != ["users"] => {
                return FolderClass::Unclear;
            }
            None => names.push(part),
        }
    }
    match names.as_slice() {
        [] => FolderClass::Unclear,
        ["windows", "temp" | "systemtemp", _, ..] => FolderClass::CoreTemp,
        ["windows", _, ..] => FolderClass::Core,
        [first, _, ..] if first.starts_with("program files") => FolderClass::Core,
        ["users", _, "appdata", "local", "temp", _, ..]
        | ["users", _, "downloads", _, ..]
        | ["documents and settings", _, "local settings", "temp", _, ..] => FolderClass::Temp,
        _ => FolderClass::Other,
    }
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
