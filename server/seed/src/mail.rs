//! Bad mail and bad links: what phishing against a shipping company looks like. No address here can reach anybody.

use domain::actions::entity::{Delivery, MailLocation};
use jiff::Timestamp;

use super::people::DOMAIN;
use super::prng::Rng;

/// A way to deceive: subject, sender, link, attachment, campaign, what the alert says.
struct Lure {
    subject: &'static str,
    sender: &'static str,
    link: &'static str,
    attachment: &'static str,
    campaign: &'static str,
    alert: &'static str,
}

const LURES: &[Lure] = &[
    Lure {
        subject: "Overdue freight invoice",
        sender: "billing@harbour-invoices.example",
        link: "https://pay.harbour-invoices.example/i/",
        attachment: "Invoice_{n}.html",
        campaign: "Brinefall freight invoices",
        alert: "Phishing mail was delivered and opened",
    },
    Lure {
        subject: "Your mailbox is 98 % full: keep your messages",
        sender: "servicedesk@northwind-it.invalid",
        link: "https://login.northwind-it.invalid/keep?u=",
        attachment: "Mailbox report {n}.pdf",
        campaign: "Mailbox quota phish",
        alert: "Credential phishing that imitates the service desk",
    },
    Lure {
        subject: "Arrival notice and customs form, MV Castor",
        sender: "agency@port-clearance.test",
        link: "http://docs.port-clearance.test/castor/",
        attachment: "Customs_form_{n}.docm",
        campaign: "Port clearance macros",
        alert: "Document with a macro that starts PowerShell",
    },
    Lure {
        subject: "Changed bank details for bunker supplies",
        sender: "accounts@atlas-bunkering.example",
        link: "https://files.atlas-bunkering.example/s/",
        attachment: "Bank_letter_{n}.pdf",
        campaign: "Supplier payment fraud",
        alert: "Business email compromise: changed bank details",
    },
    Lure {
        subject: "Voice message (0:47) from +49 40 555 01",
        sender: "voicemail@call-notify.invalid",
        link: "https://listen.call-notify.invalid/m/",
        attachment: "vm_{n}.htm",
        campaign: "Voicemail phish",
        alert: "Link leads to a copy of our sign-in page",
    },
    Lure {
        subject: "Crew change documents for your signature",
        sender: "sign@docu-crew.example",
        link: "https://sign.docu-crew.example/d/",
        attachment: "Crew_list_{n}.zip",
        campaign: "Ledgerfin remittance advice",
        alert: "Archive with a password in the text of the mail",
    },
    Lure {
        subject: "Parcel held at the depot: scan to release",
        sender: "track@parcel-desk.test",
        link: "https://parcel-desk.test/r/",
        attachment: "label_{n}.png",
        campaign: "QR code phish",
        alert: "QR code in a mail leads to a phishing page",
    },
];

pub(super) const CHANNELS: &[&str] = &[
    "Fleet Operations / Voyage planning",
    "Finance / Month end",
    "Crewing / Manila",
    "All hands",
    "IT Services / Rollout",
];
pub(super) const CLOUD_PATHS: &[&str] = &[
    "/sites/FleetOperations/Shared Documents/Voyages/Stowage 2026.xlsm",
    "/sites/Finance/Shared Documents/Payments/Remittance advice.html",
    "/sites/Crewing/Shared Documents/Contracts/Crew list.zip",
    "/personal/{user}/Documents/Scans/scan0044.pdf.lnk",
    "/personal/{user}/Documents/Private/FreePdfMergeSetup.exe",
];

/// One bad mail as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Mail {
    pub(super) subject: String,
    pub(super) sender: &'static str,
    pub(super) message_id: String,
    pub(super) url: String,
    pub(super) attachment: String,
    pub(super) cluster_id: String,
    pub(super) campaign: &'static str,
    pub(super) alert: &'static str,
    pub(super) received_at: Timestamp,
    pub(super) delivery: Delivery,
    pub(super) location: MailLocation,
}

/// What became of mails that got in.
const ARRIVALS: [(Delivery, MailLocation); 5] = [
    (Delivery::Delivered, MailLocation::Inbox),
    (Delivery::Delivered, MailLocation::Inbox),
    (Delivery::Delivered, MailLocation::Deleted),
    (Delivery::Junked, MailLocation::Junk),
    (Delivery::Replaced, MailLocation::Inbox),
];

/// Draws a mail that arrived about that time.
pub(super) fn draw(rng: &mut Rng, at: Timestamp) -> Mail {
    let lure = rng.pick(LURES);
    let number = rng.between(10_400, 98_900);
    let token = hex::encode(rng.bytes::<6>());
    let host = lure.sender.rsplit('@').next().unwrap_or(DOMAIN);
    let subject = if lure.sender.starts_with("billing") {
        format!("{} {number}", lure.subject)
    } else {
        lure.subject.to_owned()
    };
    let (delivery, location) = ARRIVALS[usize::from(token.as_bytes()[0]) % ARRIVALS.len()];
    Mail {
        received_at: at,
        delivery,
        location,
        subject,
        sender: lure.sender,
        message_id: format!("<{}.{token}@{host}>", at.as_second()),
        url: format!("{}{token}", lure.link),
        attachment: lure.attachment.replace("{n}", &number.to_string()),
        cluster_id: format!("cluster-{}", &token[..8]),
        campaign: lure.campaign,
        alert: lure.alert,
    }
}
