//! The channels of notifications: email by SMTP, and webhooks with plain JSON or the formats of Slack and Teams.

use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use domain::Error;
use domain::notifications::{Channel, NotificationRule};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use self::email::Mailer;
use super::destinations::{Destinations, refusal};
use service::notifications::message::Message;
use service::notifications::{Messenger, Unsent};

pub mod email;

/// Sends by all channels.
pub struct Channels {
    mailer: Option<Mailer>,
    client: reqwest::Client,
    destinations: Destinations,
}

impl Channels {
    /// With what sends email, if anything does, and the list of where webhooks may be.
    ///
    /// # Errors
    /// If the HTTP client can't be set up.
    pub fn new(mailer: Option<Mailer>, destinations: Destinations) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10));
        // Who sets up notifications names what lies inside as well.
        let client = destinations.guard(client, true).build()?;
        Ok(Self { mailer, client, destinations })
    }

    /// Whether a webhook may be there.
    fn allow(&self, url: &str) -> Result<(), String> {
        let url = reqwest::Url::parse(url).map_err(|_| "it is no URL".to_owned())?;
        self.destinations.check(&url)
    }

    async fn post(&self, url: &str, message: &Message, body: &Value) -> Result<(), Unsent> {
        self.allow(url).map_err(|why| Unsent::Later(format!("{why}.")))?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            // As Standard Webhooks names it: by it a repeat is known.
            .header("webhook-id", message.id.to_string())
            .body(body.to_string());
        // The error's own text has the URL in it, which is a secret.
        let answer = request.send().await.map_err(|error| {
            if let Some(why) = refusal(&error) {
                return Unsent::Later(format!("{why}."));
            }
            let why = if error.is_timeout() { "did not answer in time" } else { "can't be reached" };
            Unsent::Later(format!("The webhook {why}."))
        })?;
        let status = answer.status();
        let says = format!("The webhook answered {status}.");
        match status.as_u16() {
            200..=299 => Ok(()),
            404 | 410 => Err(Unsent::Never(says)),
            _ => Err(Unsent::Later(says)),
        }
    }
}

#[async_trait]
impl Messenger for Channels {
    fn check(&self, rule: &NotificationRule) -> Result<(), Error> {
        let mut urls = rule.to.iter().filter(|_| rule.channel != Channel::Email);
        urls.try_for_each(|url| self.allow(url)).map_err(|why| Error::invalid("/to", why))
    }

    async fn send(&self, rule: &NotificationRule, message: &Message) -> Result<(), Unsent> {
        let url = rule.to.first().map(String::as_str).unwrap_or_default();
        match rule.channel {
            Channel::Email => match &self.mailer {
                Some(mailer) => mailer.send(rule, message).await,
                None => Err(Unsent::Later("No mail server is set up (--smtp-url).".to_owned())),
            },
            Channel::Webhook => self.post(url, message, &plain(message)).await,
            Channel::Slack => self.post(url, message, &slack(message)).await,
            Channel::Teams => self.post(url, message, &teams(message)).await,
        }
    }
}

fn plain(message: &Message) -> Value {
    json!({ "type": "countersign.notification.v1", "data": message })
}

/// Slack's incoming webhooks: three letters are escaped, and nothing else has a meaning in what we did not write.
fn slack(message: &Message) -> Value {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut text = escape(&message.title);
    for item in &message.actions {
        let _ = write!(text, "\n• {} <{}|open>", escape(&item.text), item.link);
    }
    if let Some(closing) = message.closing() {
        let _ = write!(text, "\n{closing}");
    }
    let _ = write!(text, "\n<{}|Open the Action center>", message.link);
    // Without it a name like *x* or :x: would be formatted.
    json!({ "text": text, "mrkdwn": false, "unfurl_links": false })
}

/// An Adaptive Card in the envelope that Teams' workflows take. Text runs have no markup, so that no name can be a link.
fn teams(message: &Message) -> Value {
    let line =
        |text: &str| json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text }] });
    let mut body = vec![
        json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": message.title, "weight": "bolder" }] }),
    ];
    body.extend(message.actions.iter().map(|item| line(&item.text)));
    body.extend(message.closing().map(|closing| line(&closing)));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
                "actions": [{ "type": "Action.OpenUrl", "title": "Open the Action center", "url": message.link }],
            },
        }],
    })
}
