//! `countersign`: reads the command line, runs it, and says in one sentence why it failed.
#![recursion_limit = "256"]

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use server::cli::{self, Cli, usage};

/// Rows are many small texts.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            print!("{error}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let given = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
            eprintln!("countersign: {}", usage::sentence(&error, &given.collect::<Vec<_>>()));
            return ExitCode::FAILURE;
        }
    };
    match cli::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("countersign: {error:#}");
            ExitCode::FAILURE
        }
    }
}
