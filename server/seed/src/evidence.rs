//! What was found, by the kind of the entity, with the ATT&CK technique that it shows.
//!
//! `{asset}`, `{family}`, `{ip}` and `{sender}` are filled in from the incident.

use domain::{EntityKind, Evidence, Verdict};

use super::devices::Platform;
use super::incident::Incident;
use super::prng::Rng;

/// Title, detail, technique.
type Finding = (&'static str, &'static str, &'static str);

#[expect(clippy::too_many_lines, reason = "a table, one row a kind")]
const fn findings(kind: EntityKind) -> &'static [Finding] {
    match kind {
        EntityKind::Device => &[
            (
                "Lateral movement",
                "{asset} opened admin shares on 6 other devices within 4 minutes.",
                "T1021.002",
            ),
            ("Network scan", "{asset} tried port 445 on 212 addresses of its own subnet.", "T1046"),
            ("Command and control", "Beacon to {ip} every 60 s with 8 % jitter.", "T1071.001"),
            ("Shadow copies deleted", "All restore points of {asset} were removed in one command.", "T1490"),
            (
                "Encoded PowerShell",
                "A script of 14 kB in base64 was started by an Office program.",
                "T1059.001",
            ),
        ],
        EntityKind::File => &[
            ("Known malware", "The file's hash is listed as {family}.", "T1204.002"),
            ("Misleading name", "The name promises something else than the content is.", "T1036"),
            (
                "Packed program",
                "Entropy 7.8 of 8 in its largest section; imports are resolved at run time.",
                "T1027.002",
            ),
            (
                "Came from outside",
                "Fetched 3 minutes before from an address that was seen for the first time.",
                "T1105",
            ),
        ],
        EntityKind::Process => &[
            (
                "Code injection",
                "Wrote into the memory of another program and started a thread there.",
                "T1055",
            ),
            ("Unusual parent", "Started by a program that never starts it on other devices.", "T1059"),
            (
                "Reads credentials",
                "Read what the system keeps of the passwords of several accounts.",
                "T1003",
            ),
        ],
        EntityKind::Service => &[
            (
                "New service",
                "Installed at night by an account that never installs software; no publisher.",
                "T1543",
            ),
            (
                "Stops protection",
                "Changed the start type of the security agent before it started itself.",
                "T1562.001",
            ),
        ],
        EntityKind::Driver => &[
            ("Vulnerable driver", "A signed driver that gives any program access to kernel memory.", "T1068"),
            ("Blinds protection", "Loaded 4 s before the security agent stopped to report.", "T1562.001"),
        ],
        EntityKind::RegistryKey => &[
            ("Starts at sign-in", "The value starts a program from the user's profile.", "T1547.001"),
            ("Hidden settings", "A value of 40 kB that decodes to a list of addresses.", "T1112"),
        ],
        EntityKind::ScheduledTask => &[
            (
                "Persistence",
                "Starts the same program every 30 minutes, also when nobody is signed in.",
                "T1053",
            ),
            (
                "Imitates the system",
                "The name is one letter away from a task of the operating system.",
                "T1036.004",
            ),
        ],
        EntityKind::IpAddress => &[
            ("Command and control", "14 devices talked to it; the certificate is two days old.", "T1071.001"),
            ("Data leaves", "2.3 GB went there within an hour, at night.", "T1041"),
            ("Guesses passwords", "4,100 failed sign-ins over 300 accounts from this address.", "T1110.003"),
        ],
        EntityKind::Url => &[
            (
                "Imitated sign-in page",
                "The page copies our sign-in page and sends what is typed to another host.",
                "T1566.002",
            ),
            ("Delivers malware", "The address answers with a script that loads {family}.", "T1204.001"),
        ],
        EntityKind::EmailMessage | EntityKind::EmailCluster => &[
            (
                "Sender is not who it seems",
                "{sender} failed SPF and DMARC; the shown name is one of ours.",
                "T1566.002",
            ),
            ("First contact", "Nobody here had mail from {sender} before today.", "T1566"),
            (
                "Link rewritten after delivery",
                "The link was harmless on arrival and malicious 40 minutes later.",
                "T1566.002",
            ),
        ],
        EntityKind::EmailAttachment => &[
            (
                "Dangerous attachment",
                "In the sandbox it started a script host and loaded {family}.",
                "T1566.001",
            ),
            ("Hidden form", "The attached page posts a password form to a host outside.", "T1566.001"),
        ],
        EntityKind::Mailbox => &[
            (
                "New forwarding rule",
                "All mail with the word invoice goes to an address outside.",
                "T1114.003",
            ),
            (
                "Hidden inbox rule",
                "Answers of the bank are moved to a folder that nobody opens.",
                "T1564.008",
            ),
        ],
        EntityKind::TeamsMessage => &[
            (
                "Link from a new guest",
                "A guest who joined today sent the same link to 31 people.",
                "T1566.003",
            ),
            ("Imitates the service desk", "The message asks for a sign-in code.", "T1598.003"),
        ],
        EntityKind::CloudFile => &[
            (
                "Shared with everybody",
                "A program under a document's name, shared with the whole site.",
                "T1080",
            ),
            ("Uploaded by a script", "Same file in 9 sites within a minute.", "T1105"),
        ],
        EntityKind::User => &[
            ("Impossible travel", "Signed in from two continents within 20 minutes.", "T1078.004"),
            ("Sign-in prompts pushed", "23 prompts in 5 minutes, the last was accepted.", "T1621"),
            ("Stolen session", "The same session cookie from a new browser and {ip}.", "T1539"),
            ("Password spray", "The only success after 4,100 failures from {ip}.", "T1110.003"),
        ],
    }
}

/// What was found on a device that isn't Windows.
const ON_LINUX: &[Finding] = &[
    ("Command and control", "Beacon to {ip} every 60 s with 8 % jitter.", "T1071.001"),
    ("Shell of a web server", "The web server's account started an interactive shell.", "T1505.003"),
    ("Crypto mining", "All cores busy for 40 minutes; traffic to a mining pool at {ip}.", "T1496"),
    ("Stolen keys", "Sign-ins by key to 9 other servers within a minute.", "T1021.004"),
];

/// One or two findings that fit the entity.
pub(super) fn draw(
    rng: &mut Rng,
    incident: &Incident,
    kind: EntityKind,
    verdict: Option<Verdict>,
) -> Vec<Evidence> {
    let table = match (kind, incident.device.platform) {
        (EntityKind::Device, Platform::Linux) => ON_LINUX,
        _ => findings(kind),
    };
    let first = rng.below(table.len());
    let count = if rng.chance(45) { 2 } else { 1 };
    (0..count)
        .map(|step| {
            let (title, detail, technique) = table[(first + step) % table.len()];
            Evidence {
                title: title.to_owned(),
                detail: incident.fill(detail),
                verdict,
                technique: Some(technique.to_owned()),
            }
        })
        .collect()
}
