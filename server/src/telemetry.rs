//! Logs and traces: structured, and without secrets. Logs go to stderr, as standard output belongs to what a command
//! prints; traces go to a collector, if one is named.

use anyhow::Context as _;
use clap::ValueEnum;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For collectors: one JSON object a line.
    Json,
}

/// What is logged unless `RUST_LOG` says otherwise.
const DEFAULT_FILTER: &str = "info,sqlx=warn,hyper=warn,tower_http=warn,leptos=warn,opentelemetry=warn";

/// The traces that are still to be sent; dropped, it sends them and waits for it.
#[derive(Debug)]
pub struct Traces(Option<SdkTracerProvider>);

impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(provider) = self.0.take()
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Starts logging, and traces by OTLP over HTTP if a collector is named. A second start in one process (tests) changes
/// nothing.
///
/// # Errors
/// If the collector's URL is none.
pub fn start(format: LogFormat, collector: Option<&str>) -> anyhow::Result<Traces> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let provider = collector.map(provider).transpose()?;
    let spans = provider.as_ref().map(|provider| {
        let tracer = provider.tracer("countersign");
        // Spans are of our own; those of libraries would be most of them.
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(EnvFilter::new(SPANS))
    });
    let _already_started =
        tracing_subscriber::registry().with(lines.with_filter(filter)).with(spans).try_init();
    Ok(Traces(provider))
}

/// Whose spans are traced.
const SPANS: &str = "off,web=info,service=info,server=info,executors=info";

fn provider(collector: &str) -> anyhow::Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(collector)
        .build()
        .with_context(|| format!("traces can't be sent to {collector}"))?;
    let resource = Resource::builder().with_service_name("countersign").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}
