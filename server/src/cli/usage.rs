//! What is wrong with a command line, as one sentence: what is missing by its name and what it is for.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory as _, Error};

use super::Cli;

/// The sentence for a command line that can't be read; `given` follows the program's name.
#[must_use]
pub fn sentence(error: &Error, given: &[String]) -> String {
    let program = Cli::command();
    let (mut command, mut path) = (&program, program.get_name().to_owned());
    while let Some(next) = given.get(path.matches(' ').count()).and_then(|name| command.find_subcommand(name))
    {
        command = next;
        path = format!("{path} {}", next.get_name());
    }
    let says = match error.kind() {
        ErrorKind::MissingRequiredArgument => missing(error, command),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let names: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
            Some(format!("say what to do, which is one of {}", names.join(", ")))
        }
        _ => None,
    };
    let says = says.unwrap_or_else(|| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
    });
    format!("{says}; see {path} --help")
}

fn missing(error: &Error, command: &Command) -> Option<String> {
    let Some(ContextValue::Strings(names)) = error.get(ContextKind::InvalidArg) else { return None };
    let all: Vec<_> = names.iter().map(|name| with_purpose(name, command)).collect();
    let (last, others) = all.split_last()?;
    Some(match others {
        [] => format!("{last} is missing"),
        others => format!("{} and {last} are missing", others.join(", ")),
    })
}

/// `--role ROLE (a role; may be repeated)` of `--role <ROLE>`.
fn with_purpose(name: &str, command: &Command) -> String {
    let bare = name.replace(['<', '>'], "").trim_end_matches("...").to_owned();
    let purpose = command.get_arguments().find(|arg| is_called(arg, &bare)).and_then(Arg::get_help);
    purpose.map_or(bare.clone(), |purpose| format!("{bare} ({})", within_sentence(&purpose.to_string())))
}

fn is_called(arg: &Arg, name: &str) -> bool {
    match arg.get_long() {
        Some(long) => name.strip_prefix("--").is_some_and(|rest| rest.split([' ', '=']).next() == Some(long)),
        None => arg.get_value_names().is_some_and(|names| names.iter().any(|of| of.as_str() == name)),
    }
}

/// Without a capital at its beginning, unless that is of an abbreviation.
fn within_sentence(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain([second]).chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn said(given: &[&str]) -> String {
        let given: Vec<_> = given.iter().map(|of| (*of).to_owned()).collect();
        let error =
            Cli::try_parse_from(std::iter::once("countersign".to_owned()).chain(given.clone())).unwrap_err();
        sentence(&error, &given)
    }

    #[test]
    fn what_is_missing_is_named_with_what_it_is_for() {
        for (given, says) in [
            (
                &["user", "add"][..],
                "--role ROLE (a role; may be repeated) and NAME (the name to sign in with) are missing; \
                 see countersign user add --help",
            ),
            (
                &["token", "create", "x"],
                "--scope SCOPE (what it may be used for; may be repeated) is missing; see countersign token create --help",
            ),
            (
                &["audit", "verify", "--checkpoints", "f"],
                "--key FILE (the key that checks them, the file that ends with .pub) is missing; \
                 see countersign audit verify --help",
            ),
            (&["audit"], "say what to do, which is one of verify; see countersign audit --help"),
            (
                &["token", "create", "x", "--scope", "actions:read", "--days", "many"],
                "invalid value 'many' for '--days <N>': invalid digit found in string; see countersign token create --help",
            ),
            (
                &["user", "list", "--what"],
                "unexpected argument '--what' found; see countersign user list --help",
            ),
        ] {
            assert_eq!(said(given), says);
        }
    }

    #[test]
    fn each_command_names_each_argument_that_it_needs() {
        let mut waiting: Vec<(Vec<String>, Command)> = vec![(Vec::new(), Cli::command())];
        let mut seen = 0;
        while let Some((path, command)) = waiting.pop() {
            for next in command.get_subcommands() {
                waiting.push(([path.clone(), vec![next.get_name().to_owned()]].concat(), next.clone()));
            }
            let needed: Vec<_> = command.get_arguments().filter(|arg| arg.is_required_set()).collect();
            if needed.is_empty() {
                continue;
            }
            let said = said(&path.iter().map(String::as_str).collect::<Vec<_>>());
            for arg in needed {
                let purpose =
                    arg.get_help().unwrap_or_else(|| panic!("{path:?}: {arg} says nothing")).to_string();
                assert!(said.contains(&within_sentence(&purpose)), "{said}: {purpose}");
                seen += 1;
            }
        }
        assert!(seen > 10, "only {seen} arguments are needed");
    }
}
