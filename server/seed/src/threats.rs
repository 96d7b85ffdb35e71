//! What attacks the company: invented malware families with the traces that they leave.
//!
//! `{user}` in a path stands for the account on the device. To add a family, add a row; every list needs an entry.

use sha2::{Digest, Sha256};

use super::devices::Platform;

/// One malware family.
#[derive(Debug)]
pub(super) struct Threat {
    pub(super) platform: Platform,
    /// The detection's name.
    pub(super) detection: &'static str,
    /// The wave in which it came.
    pub(super) campaign: &'static str,
    /// What an alert about it says.
    pub(super) alert: &'static str,
    pub(super) files: &'static [&'static str],
    pub(super) images: &'static [&'static str],
    pub(super) services: &'static [&'static str],
    pub(super) tasks: &'static [&'static str],
    pub(super) keys: &'static [&'static str],
    pub(super) drivers: &'static [&'static str],
}

impl Threat {
    /// The hash of one of its builds: the same build is the same file wherever it turns up.
    pub(super) fn sha256(&self, build: usize) -> String {
        hex::encode(Sha256::digest(format!("{} build {build}", self.detection)))
    }
}

const RUN_KEYS: &[&str] = &[
    r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run\OneSyncHelper",
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\RunOnce\wupd",
    r"HKEY_CURRENT_USER\Software\Classes\ms-settings\shell\open\command",
];

const DRIVERS: &[&str] = &["RTCore64.sys", "gdrv2.sys", "procxp153.sys", "dbutil_2_4.sys"];

pub(super) const THREATS: &[Threat] = &[
    Threat {
        platform: Platform::Windows,
        detection: "Trojan:Win32/Brinefall.A",
        campaign: "Brinefall freight invoices",
        alert: "Brinefall loader was detected",
        files: &[
            r"C:\Users\{user}\Downloads\Freight_Invoice_88213.pdf.exe",
            r"C:\Users\{user}\AppData\Local\Temp\7zO41C2\BL_Hamburg_draft.scr",
            r"C:\Users\{user}\AppData\Roaming\OneSync\onesynchelper.exe",
        ],
        images: &[r"C:\Users\{user}\AppData\Roaming\OneSync\onesynchelper.exe"],
        services: &["OneSyncUpdateSvc"],
        tasks: &[r"\Microsoft\OneSync\Daily refresh"],
        keys: RUN_KEYS,
        drivers: DRIVERS,
    },
    Threat {
        platform: Platform::Windows,
        detection: "TrojanSpy:MSIL/Ledgerfin.C",
        campaign: "Ledgerfin remittance advice",
        alert: "Ledgerfin credential stealer reads browser passwords",
        files: &[
            r"C:\Users\{user}\Downloads\Remittance advice March.iso",
            r"C:\Users\{user}\AppData\Local\Temp\nsx3A7F.tmp\payview.exe",
            r"C:\Users\{user}\AppData\Roaming\PayView\pvcore.dll",
        ],
        images: &[
            r"C:\Users\{user}\AppData\Local\Temp\nsx3A7F.tmp\payview.exe",
            r"C:\Windows\System32\rundll32.exe",
        ],
        services: &["PayViewNotify"],
        tasks: &["PayView Tray"],
        keys: &[r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run\PayView"],
        drivers: DRIVERS,
    },
    Threat {
        platform: Platform::Windows,
        detection: "Ransom:Win64/Saltlock.B",
        campaign: "Saltlock intrusion set",
        alert: "Files are renamed in bulk with the extension .saltlock",
        files: &[
            r"C:\ProgramData\wbengine\wbadmin64.exe",
            r"C:\Windows\Temp\sl_enc.exe",
            r"C:\PerfLogs\psx.dll",
        ],
        images: &[r"C:\ProgramData\wbengine\wbadmin64.exe", r"C:\Windows\Temp\sl_enc.exe"],
        services: &["wbengine64", "PSXSVC"],
        tasks: &[r"\Microsoft\Windows\Backup\Verify64"],
        keys: &[r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\wbengine64"],
        drivers: &["RTCore64.sys", "aswArPot2.sys"],
    },
    Threat {
        platform: Platform::Windows,
        detection: "Backdoor:Win64/Lanternrig.D",
        campaign: "Lanternrig supplier portal",
        alert: "Hands-on-keyboard activity through a Lanternrig implant",
        files: &[
            r"C:\ProgramData\NavCharts\chartsync.dll",
            r"C:\Program Files\Common Files\System\msnavc.dll",
            r"C:\Users\{user}\AppData\Local\NavCharts\update.exe",
        ],
        images: &[
            r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
            r"C:\ProgramData\NavCharts\navsvc.exe",
        ],
        services: &["NavChartSync"],
        tasks: &[r"\NavCharts\SyncTask-S-1-5-21"],
        keys: &[r"HKEY_LOCAL_MACHINE\SOFTWARE\NavCharts\Cfg"],
        drivers: DRIVERS,
    },
    Threat {
        platform: Platform::Windows,
        detection: "Worm:Win32/Quaymite.E",
        campaign: "Quaymite USB sticks",
        alert: "Quaymite spreads from removable media",
        files: &[
            r"E:\STOWAGE PLAN.lnk",
            r"C:\Users\Public\Libraries\stowage.dat",
            r"C:\Users\{user}\AppData\Roaming\Cabin\cabin32.exe",
        ],
        images: &[r"C:\Users\{user}\AppData\Roaming\Cabin\cabin32.exe", r"C:\Windows\System32\msiexec.exe"],
        services: &["CabinHostSvc"],
        tasks: &["CabinHost"],
        keys: &[r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run\CabinHost"],
        drivers: DRIVERS,
    },
    Threat {
        platform: Platform::Windows,
        detection: "PUA:Win32/Toolbarge",
        campaign: "Toolbarge bundles",
        alert: "Unwanted software was installed with a free PDF tool",
        files: &[
            r"C:\Users\{user}\Downloads\FreePdfMergeSetup_2.11.exe",
            r"C:\Program Files (x86)\PdfMergeFree\tbhelper.dll",
        ],
        images: &[r"C:\Program Files (x86)\PdfMergeFree\pdfmerge_tray.exe"],
        services: &["PdfMergeUpdater"],
        tasks: &["PdfMergeFree Updater"],
        keys: &[r"HKEY_LOCAL_MACHINE\SOFTWARE\WOW6432Node\PdfMergeFree"],
        drivers: DRIVERS,
    },
    Threat {
        platform: Platform::Windows,
        detection: "HackTool:Win64/KeelDump",
        campaign: "KeelDump after sign-in attacks",
        alert: "Memory of the sign-in service was read",
        files: &[
            r"C:\Windows\Temp\kd64.exe",
            r"C:\Users\{user}\Desktop\tools\kd.zip",
            r"C:\Windows\Temp\lsass.dmp",
        ],
        images: &[r"C:\Windows\Temp\kd64.exe", r"C:\Windows\System32\comsvcs.dll"],
        services: &["kdsvc"],
        tasks: &["kd-once"],
        keys: &[r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Lsa\Security Packages\kdssp"],
        drivers: &["kdproc.sys", "procxp153.sys"],
    },
    Threat {
        platform: Platform::Linux,
        detection: "Trojan:Linux/Bilgeminer.F",
        campaign: "Bilgeminer on exposed services",
        alert: "A crypto miner uses the processor at 97 %",
        files: &["/var/tmp/.cache/kworkerds", "/tmp/.X25-unix/xmr", "/usr/local/bin/systemd-netd"],
        images: &["/var/tmp/.cache/kworkerds", "/usr/local/bin/systemd-netd"],
        services: &["systemd-netd.service"],
        tasks: &["/etc/cron.d/0sysclean"],
        keys: RUN_KEYS,
        drivers: &["bmhide.ko"],
    },
    Threat {
        platform: Platform::Linux,
        detection: "Backdoor:Linux/Pierwatch.B",
        campaign: "Pierwatch web shells",
        alert: "A web server started a shell",
        files: &[
            "/var/www/booking/uploads/thumb_4471.php",
            "/dev/shm/.pw/agent",
            "/home/{user}/.config/autostart/pwd.sh",
        ],
        images: &["/dev/shm/.pw/agent", "/usr/bin/perl"],
        services: &["pw-agent.service"],
        tasks: &["/var/spool/cron/crontabs/www-data"],
        keys: RUN_KEYS,
        drivers: &["pwnet.ko"],
    },
    Threat {
        platform: Platform::Linux,
        detection: "HackTool:Linux/Sternkey",
        campaign: "Sternkey key theft",
        alert: "Private keys of several accounts were read",
        files: &["/opt/build/.cache/sternkey", "/tmp/ssh-harvest.tgz", "/home/{user}/.local/bin/sk"],
        images: &["/opt/build/.cache/sternkey", "/home/{user}/.local/bin/sk"],
        services: &["sk-relay.service"],
        tasks: &["/etc/cron.hourly/sk-relay"],
        keys: RUN_KEYS,
        drivers: &["skhook.ko"],
    },
];

/// Where it calls home: addresses of the documentation ranges only (RFC 5737, RFC 3849).
pub(super) const NETWORKS: &[&str] = &["192.0.2.", "198.51.100.", "203.0.113."];
pub(super) const ADDRESSES_V6: &[&str] = &["2001:db8:4a::17", "2001:db8:90:1::c2", "2001:db8:beef::443"];

/// What somebody types in a live response session.
pub(super) const COMMANDS: &[(Platform, &str)] = &[
    (Platform::Windows, "processes"),
    (Platform::Windows, "connections"),
    (Platform::Windows, "scheduledtasks"),
    (Platform::Windows, r#"getfile "C:\Windows\System32\winevt\Logs\Security.evtx""#),
    (Platform::Windows, "run collect-triage.ps1 -Hours 48"),
    (Platform::Windows, r"registry HKLM\SYSTEM\CurrentControlSet\Services"),
    (Platform::Windows, r#"remediate file "C:\ProgramData\wbengine\wbadmin64.exe""#),
    (Platform::Linux, "processes"),
    (Platform::Linux, "connections"),
    (Platform::Linux, "run collect-triage.sh --since 48h"),
    (Platform::Linux, "getfile /var/log/auth.log"),
    (Platform::Linux, "fileinfo /usr/local/bin/systemd-netd"),
];
