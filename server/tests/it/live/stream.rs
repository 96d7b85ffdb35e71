//! A stream of events as a client reads it.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_mins(1);

/// One stream, read event by event.
pub(super) struct Stream {
    pub(super) response: reqwest::Response,
    pub(super) buffer: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) id: i64,
    pub(super) data: Value,
}

impl Stream {
    pub(super) async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self { response, buffer: Vec::new() }
    }

    /// The next event; none once the stream ended or broke.
    pub(super) async fn next(&mut self) -> Option<Event> {
        tokio::time::timeout(PATIENCE, self.read()).await.unwrap()
    }

    async fn read(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                let block = String::from_utf8(block).unwrap();
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                // Without data it is no event: something that keeps the connection alive.
                if let (Some(name), Some(data)) = (field("event: "), field("data: ")) {
                    let id = field("id: ").unwrap().parse().unwrap();
                    return Some(Event {
                        name: name.to_owned(),
                        id,
                        data: serde_json::from_str(data).unwrap(),
                    });
                }
            }
            self.buffer.extend(self.response.chunk().await.ok()??);
        }
    }

    pub(super) async fn expect(&mut self, name: &str) -> Event {
        let event = self.next().await.unwrap_or_else(|| panic!("the stream ended instead of {name}"));
        assert_eq!(event.name, name, "{event:?}");
        event
    }
}
