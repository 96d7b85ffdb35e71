//! What is sent to a provider: nothing by redirect, nothing for long, and no answer without end.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse, http};
use reqwest::redirect::Policy;

/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WireError(String);

/// The way to a provider.
#[derive(Clone)]
pub(crate) struct Wire(reqwest::Client);

type Sent = Pin<Box<dyn Future<Output = Result<HttpResponse, WireError>> + Send>>;

impl Wire {
    pub(crate) fn new() -> Result<Self, String> {
        let client = reqwest::Client::builder()
            // A provider that sends us elsewhere could have us ask whom it likes.
            .redirect(Policy::none())
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT);
        client.build().map(Self).map_err(|error| error.to_string())
    }

    /// As the library wants it.
    pub(crate) fn client(&self) -> impl Fn(HttpRequest) -> Sent + Send + Sync + use<> {
        let client = self.0.clone();
        move |request| {
            let client = client.clone();
            Box::pin(async move { send(&client, request).await })
        }
    }
}

async fn send(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, WireError> {
    let failed = |error: reqwest::Error| WireError(chain(&error));
    let request = reqwest::Request::try_from(request).map_err(failed)?;
    let mut answer = client.execute(request).await.map_err(failed)?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(failed)? {
        if body.len() + part.len() > MAX_ANSWER {
            return Err(WireError(format!("the answer has more than {MAX_ANSWER} bytes")));
        }
        body.extend_from_slice(&part);
    }
    response.body(body).map_err(|error| WireError(error.to_string()))
}

/// An error with what it came from: the outer one says little.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
