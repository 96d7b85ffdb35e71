//! Why somebody asks for an action, or reverses it: a few sentences for each type of the catalog.
//!
//! Placeholders as in `evidence`. A new type of action needs a row; a test asks for it.

#[allow(clippy::enum_glob_use, reason = "a table of the whole catalog")]
use domain::ActionType::{self, *};

/// The sentences for a type.
pub(super) fn of(action_type: ActionType) -> &'static [&'static str] {
    COMMENTS.iter().find(|row| row.0 == action_type).map_or(&[], |row| row.1)
}

#[rustfmt::skip]
const COMMENTS: &[(ActionType, &[&str])] = &[
    (IsolateDevice, &["{asset} talks to {ip} every minute. Off the network until we know what it is.", "Hands-on-keyboard activity on {asset}. Isolate first, look after that.", "Encryption started on a share that {asset} has mounted."]),
    (ReleaseFromIsolation, &["Reinstalled and scanned: clean. The user needs it for the night shift.", "Rebuilt from the image on site, back on the network."]),
    (ContainDevice, &["Not ours, no agent, and it scans the quay network.", "Unknown laptop on the crew network tries SMB everywhere."]),
    (ReleaseFromContainment, &["Found the owner: a surveyor's laptop, gone from site now.", "The camera has new firmware and its own network."]),
    (ContainUser, &["{user} signs in to servers that the account never touched.", "Keep {user} away from servers while the sign-ins are looked at."]),
    (ReleaseUser, &["Password and tokens are new; spoke to {user} by phone.", "It was the user on a rotation at another site."]),
    (RestrictCodeExecution, &["Unsigned programs keep coming back on {asset}.", "Until {family} is gone from {asset}, only signed programs."]),
    (RemoveCodeRestriction, &["Three clean scans in a row; the chart software needs to run.", "The site's own tool is unsigned and was blocked with it."]),
    (RunAntivirusScan, &["After {family} was found, scan the rest of the disk.", "Second scan after the definitions of this morning."]),
    (CollectInvestigationPackage, &["Need event logs and autoruns before it is reinstalled.", "Collect before the ship leaves port and the link is slow."]),
    (RequestSample, &["Hash unknown to all feeds. Want it in the sandbox.", "For the report to the vendor: false positive or not?"]),
    (OffboardDevice, &["Sold with the vessel, handed over to the new manager.", "Retired: replaced by the new terminal server."]),
    (InitiateInvestigation, &["Three low alerts in an hour on the same target are one too many.", "{user} reported it and clicked first."]),
    (LiveResponseCommand, &["Looking for persistence of {family}.", "Checking what opened the connection to {ip}."]),
    (QuarantineFile, &["{family}, found on access.", "Same build as in the last wave.", "Was opened twice, did not start: macro settings held."]),
    (ReleaseFromQuarantine, &["Signed by our stowage software vendor, confirmed with them.", "False positive: in-house tool, hash is on the list now."]),
    (StopAndQuarantineFile, &["{family} runs on several devices. Stop it everywhere at once.", "Still spreading through the file share: stop and collect all copies."]),
    (BlockFile, &["Block the build of {family} for all devices.", "Indicator from the shipping sector's exchange."]),
    (AllowFile, &["Stowage planner 8.2 is flagged since the last definitions; vendor confirmed the hash.", "Our own updater, built last night, not yet signed."]),
    (RemoveIndicator, &["The indicator hits a vendor's installer, too.", "Campaign is over, the list gets long."]),
    (StopProcess, &["Injected by {family}.", "Dumps memory of the sign-in service."]),
    (StopService, &["Installed by {family} to survive a restart.", "No publisher, no owner, started at 03:12."]),
    (StartService, &["It is the crane's licence service after all.", "Vendor patched it."]),
    (DisableDriver, &["Vulnerable driver, loaded by {family} to blind the agent.", "Nobody here needs an overclocking driver on a server."]),
    (EnableDriver, &["The backup agent depends on it; new version is safe.", "Wrong driver: same name, vendor's own."]),
    (RemoveRegistryKey, &["Starts {family} at sign-in.", "Left over after the clean-up of {asset}."]),
    (RestoreRegistryKey, &["The chart program does not start without the key.", "Key belongs to the vendor's updater."]),
    (RemoveScheduledTask, &["Starts {family} every half hour.", "Persistence; nobody at the site knows the task."]),
    (RestoreScheduledTask, &["It is the nightly noon-report upload.", "Owner found: part of the EDI job."]),
    (BlockIpAddress, &["Command and control of {family}.", "Password spraying against our gateway for two hours."]),
    (UnblockIpAddress, &["Address was reassigned; now a port agent's mail server.", "Shared hosting: blocks the customs portal, too."]),
    (BlockUrl, &["Copies our sign-in page.", "Drops {family}; 12 clicks so far."]),
    (UnblockUrl, &["The supplier cleaned their site.", "It is the class society's new portal."]),
    (SoftDeleteEmail, &["Phishing, same text in many mailboxes.", "Reported by four people, the link asks for the password."]),
    (MoveToJunk, &["Advertising with a tracking link, not dangerous.", "Bulk mail, borderline."]),
    (MoveToDeletedItems, &["Fake crew offers; users asked to have them gone.", "Old wave, links are dead, clean up."]),
    (MoveToInbox, &["It was the real invoice of the port agent.", "Legitimate: sender has a new mail service."]),
    (QuarantineEmail, &["Attachment starts a script host. Out of the mailboxes now.", "Changed bank details: hold until finance has called them."]),
    (QuarantineAttachment, &["Macro starts PowerShell; the text of the mail is needed, the file is not.", "Password-protected archive with {family}."]),
    (ReleaseEmailFromQuarantine, &["Finance called the supplier: it is genuine.", "Needed for the port call tonight, checked by hand."]),
    (HardDeleteEmail, &["Holds personal data of crew that were sent by mistake.", "Second wave of the same phish, people keep restoring it."]),
    (TurnOffExternalMailForwarding, &["Forwards all invoices to an address outside since last night.", "Rule was made from {ip}, not by the owner."]),
    (RestoreMailForwarding, &["Agreed with the port agent, has a ticket.", "Forwarding was requested by the branch and approved."]),
    (DisableUser, &["Attacker is in the account right now.", "{user} left the company, account still signs in."]),
    (EnableUser, &["New password, new keys, spoke in person.", "Back from leave; the sign-ins were theirs."]),
    (ResetPassword, &["Typed the password into the fake page.", "Password was in the dump that was found."]),
    (RevokeSessions, &["Stolen session from {ip}.", "After the reset: end what is still signed in."]),
    (ConfirmUserCompromised, &["Token theft confirmed by sign-in logs.", "{user} confirms: the prompt was not theirs."]),
    (DismissUserRisk, &["Travelled to the yard; sign-ins are genuine.", "VPN exit moved to another country this week."]),
    (SoftDeleteTeamsMessage, &["Guest sends a phishing link to everybody.", "Asks for sign-in codes in the name of the service desk."]),
    (RestoreTeamsMessage, &["Was the real rollout announcement.", "The link is our own survey."]),
    (QuarantineCloudFile, &["Program under a document's name, shared with the whole site.", "{family} uploaded from a synced laptop."]),
    (ReleaseCloudFile, &["Macro is finance's own and signed now.", "Scanned again after the update: clean."]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_sentences() {
        for &of_type in ActionType::ALL {
            assert!(!of(of_type).is_empty(), "{of_type}");
        }
    }
}
