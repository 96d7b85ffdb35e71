//! Email by SMTP.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use domain::notifications::{NotificationRule, PROPOSER, is_address};
use lettre::message::header::{ContentType, HeaderName, HeaderValue, InReplyTo, MessageId, References};
use lettre::message::{Mailbox, Mailboxes};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport as _, Tokio1Executor};
use uuid::Uuid;

use service::notifications::Unsent;
use service::notifications::message::Message;

/// Sends email by a mail server.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// By the server at a URL (`smtps://USER:PASSWORD@HOST`, or `smtp://HOST?tls=required`), in the name of an address.
    ///
    /// # Errors
    /// If the URL or the address is none.
    pub fn new(url: &str, from: &str) -> anyhow::Result<Self> {
        // What the library says may have the password in it.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| {
                anyhow::anyhow!("the URL of the mail server must be like smtps://USER:PASSWORD@HOST")
            })?
            .timeout(Some(Duration::from_secs(10)))
            .build();
        let from = from.parse().with_context(|| format!("{from:?} is no mail address"))?;
        Ok(Self { transport, from })
    }

    pub(super) async fn send(&self, rule: &NotificationRule, message: &Message) -> Result<(), Unsent> {
        let mut to: Vec<&str> = rule.to.iter().map(String::as_str).filter(|to| *to != PROPOSER).collect();
        if rule.to.iter().any(|to| to == PROPOSER) {
            to.extend(message.proposers.iter().map(String::as_str).filter(|name| is_address(name)));
        }
        to.sort_unstable();
        to.dedup();
        // A tool that proposed has no address.
        let to: Vec<Mailbox> = to.into_iter().filter_map(|address| address.parse().ok()).collect();
        if to.is_empty() {
            return Ok(());
        }
        let domain = self.from.email.domain();
        let id = |id: Uuid| format!("<{id}@{domain}>");
        let mut mail = lettre::Message::builder()
            .from(self.from.clone())
            .mailbox(lettre::message::header::To::from(Mailboxes::from_iter(to)))
            .subject(&message.title)
            .header(MessageId::from(id(message.id)))
            .header(ContentType::TEXT_PLAIN)
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        if let Some(about) = message.about {
            mail = mail.header(InReplyTo::from(id(about))).header(References::from(id(about)));
        }
        let mail =
            mail.body(text(message)).map_err(|error| Unsent::Never(format!("It makes no mail: {error}.")))?;
        match self.transport.send(mail).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => {
                Err(Unsent::Never(format!("The mail server refused it: {error}.")))
            }
            Err(error) => Err(Unsent::Later(format!("The mail server did not take it: {error}."))),
        }
    }
}

fn text(message: &Message) -> String {
    let mut text = format!("{}\n\n", message.title);
    for item in &message.actions {
        let _ = writeln!(text, "- {}\n  {}", item.text, item.link);
    }
    if let Some(closing) = message.closing() {
        let _ = writeln!(text, "- {closing}");
    }
    let _ = writeln!(
        text,
        "\n{}\n\nRule: {}. Decide on the page; this mail decides nothing.",
        message.link, message.rule
    );
    text
}
