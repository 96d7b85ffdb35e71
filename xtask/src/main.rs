//! `cargo xtask`: set-up, build, checks and run in one place.
//!
//! This file owns the command line only. Each subcommand is a module of its own name (`bench`, `build`, `run`,
//! `dev`, `screenshots`, `test`); they share the stages `wasm`, `style` and `site`, and the set-up in `toolchain` and `node`.
//! To add a subcommand: one variant here, one module, every visible piece of work inside [`step::step`].

mod apt;
mod bench;
mod browser;
mod build;
mod cargo;
mod compress;
mod dev;
mod estate;
mod files;
mod fuzz;
mod host_tools;
#[cfg(test)]
mod layout;
mod node;
mod playwright;
mod postgres;
mod process;
mod run;
mod schemathesis;
mod screenshots;
mod servers;
mod service;
mod shorten_symbols;
mod site;
mod split;
mod step;
mod strip_unused;
mod style;
mod tally;
mod test;
mod toolchain;
mod torture;
mod wasm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, checks and runs Countersign.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the site (optimised wasm, CSS, assets) and the server
    Build {
        /// Build the server optimised, too
        #[arg(long)]
        release: bool,
    },
    /// Build all, create the demo estate if there is none, and run server and responder until Ctrl-C
    Run(run::Options),
    /// Like `run`, with a debug wasm, and rebuilt whenever a source changes
    Dev(run::Options),
    /// Run a command beside a database cluster for the tests, for example `cargo test -p server page`
    Postgres {
        /// The command with its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Measure with a million actions on each database, beside the raw driver, and in a browser; or beside another revision
    Bench(bench::Options),
    /// Kill, freeze, starve, garble and double everything at random, on each database, and check that nothing was lost or
    /// doubled
    Torture(torture::Options),
    /// Ask the API what its description allows and what it does not, with tokens of each scope
    Schemathesis(schemathesis::Options),
    /// Send what strangers may send, made up at random, to what reads it
    Fuzz(fuzz::Options),
    /// Take pictures of the screens in their states, in both schemes and three sizes
    Screenshots,
    /// Format, lint, unit, integration and browser tests; the last line is `N passed, N failed`
    Test {
        /// Only the tests of this area, without lints: those whose path holds its name, and those in `end2end/<NAME>`
        #[arg(long, value_name = "NAME")]
        area: Option<String>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = workspace::enter().and_then(|()| match cli.command {
        Command::Build { release } => build::build(release).map(|()| true),
        Command::Run(options) => run::run(&options).map(|()| true),
        Command::Dev(options) => dev::dev(&options).map(|()| true),
        Command::Postgres { command } => postgres::run_command(&command),
        Command::Bench(options) => bench::bench(&options),
        Command::Torture(options) => torture::torture(&options),
        Command::Schemathesis(options) => schemathesis::schemathesis(&options),
        Command::Fuzz(options) => fuzz::fuzz(&options),
        Command::Screenshots => screenshots::screenshots().map(|()| true),
        Command::Test { area } => Ok(test::test(area.as_deref())),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            process::report(&error);
            ExitCode::FAILURE
        }
    }
}
