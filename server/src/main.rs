//! tmp
use clap::Parser;

#[derive(Parser)]
enum Cli {
    /// Serve the files of this host to the action center
    Responder(server::responder::Args),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match Cli::parse() {
        Cli::Responder(args) => server::responder::run(args).await,
    }
}
