//! The list of programs that may be run on this host, as its administrator wrote it.
//!
//! A line is `NAME = PROGRAM ARGUMENT …`; what is asked for is `NAME ARGUMENT …`. An argument of the list is taken as it
//! stands, `*` stands for one argument that is given and does not begin with a dash.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::refusal::Refusal;

/// The list of what may be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Allowed {
    /// Reads the list, which nobody but its owner may change.
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let metadata =
            fs::metadata(path).with_context(|| format!("the list of commands {shown} can't be read"))?;
        let ours = metadata.uid() == 0 || metadata.uid() == rustix::process::geteuid().as_raw();
        ensure!(
            ours && metadata.mode() & 0o022 == 0,
            "the list of commands {shown} can be changed by others (chmod 644)"
        );
        let text = fs::read_to_string(path)
            .with_context(|| format!("the list of commands {shown} can't be read"))?;
        Self::parse(&text).with_context(|| format!("the list of commands {shown}"))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut entries = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = number + 1;
            let (name, command) = line
                .split_once('=')
                .with_context(|| format!("line {number} is not NAME = PROGRAM ARGUMENT …"))?;
            let mut words = shlex::split(command)
                .with_context(|| format!("line {number} has an open quote"))?
                .into_iter();
            let program =
                PathBuf::from(words.next().with_context(|| format!("line {number} names no program"))?);
            ensure!(program.is_absolute(), "line {number}: {} is no absolute path", program.display());
            let name = name.trim().to_owned();
            ensure!(
                !name.is_empty() && !name.contains(char::is_whitespace),
                "line {number}: a name is one word"
            );
            entries.push(Entry { name, program, arguments: words.collect() });
        }
        ensure!(!entries.is_empty(), "it allows nothing");
        Ok(Self(entries))
    }

    /// The program and its arguments of a command line, if they are on the list.
    pub(super) fn find(&self, line: &str) -> Result<(PathBuf, Vec<String>), Refusal> {
        let words =
            shlex::split(line).ok_or_else(|| Refusal::malformed("the command line has an open quote"))?;
        let (name, given) =
            words.split_first().ok_or_else(|| Refusal::malformed("the command line is empty"))?;
        let entry = self.0.iter().filter(|entry| entry.name == *name).find(|entry| entry.takes(given));
        let Some(entry) = entry else {
            let all: Vec<_> = self.0.iter().map(Entry::told).collect();
            return Err(Refusal::not_allowed(format!(
                "the command is not allowed on this host; it has: {}",
                all.join(", ")
            )));
        };
        let mut given = given.iter();
        let arguments = entry.arguments.iter().map(|argument| match argument.as_str() {
            "*" => given.next().cloned().unwrap_or_default(),
            fixed => fixed.to_owned(),
        });
        Ok((entry.program.clone(), arguments.collect()))
    }
}

impl Entry {
    fn takes(&self, given: &[String]) -> bool {
        let open = self.arguments.iter().filter(|argument| *argument == "*").count();
        open == given.len() && given.iter().all(|word| !word.starts_with('-') && !word.contains('\0'))
    }

    fn told(&self) -> String {
        let open = self.arguments.iter().filter(|argument| *argument == "*").count();
        format!("{}{}", self.name, " *".repeat(open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_the_list_is_run_and_never_by_a_shell() {
        let list = "# what may be run\nps = /bin/ps aux\nstat = /usr/bin/stat -c '%n %s' *\nstat = /usr/bin/stat *\n";
        let allowed = Allowed::parse(list).unwrap();
        let (program, arguments) = allowed.find("stat '/etc/a b'").unwrap();
        assert_eq!(program, Path::new("/usr/bin/stat"));
        assert_eq!(arguments, ["-c", "%n %s", "/etc/a b"]);
        assert_eq!(allowed.find("ps").unwrap().1, ["aux"]);
        assert_eq!(allowed.find("stat $(id);id").unwrap().1[2], "$(id);id");
        for bad in ["ps -ef", "ps x", "stat", "stat -L", "stat a b", "/bin/ps", "id", "ps;id"] {
            assert_eq!(allowed.find(bad).unwrap_err().reason, "not_allowed", "{bad}");
        }
        for bad in ["", "  ", "stat 'open"] {
            assert_eq!(allowed.find(bad).unwrap_err().reason, "malformed", "{bad}");
        }
        for bad in ["", "ps", "ps =", "ps = ps", "a b = /bin/ps", "ps = /bin/ps 'x"] {
            assert!(Allowed::parse(bad).is_err(), "{bad}");
        }
    }
}
