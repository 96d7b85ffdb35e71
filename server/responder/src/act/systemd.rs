//! The service manager systemd, spoken to over D-Bus: its units are stopped, kept from starting, and started again.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use zbus::{Connection, OwnedObjectPath, OwnedVariant, connection};

const SERVICE: &str = "org.freedesktop.systemd1";
const MANAGER: &str = "/org/freedesktop/systemd1";
const MANAGER_INTERFACE: &str = "org.freedesktop.systemd1.Manager";
const UNIT_INTERFACE: &str = "org.freedesktop.systemd1.Unit";
/// How long a unit may take to start or stop.
const CHANGES: u32 = 200;
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// There while systemd runs the host.
const BOOTED: &str = "/run/systemd/system";

/// Where systemd is spoken to.
#[derive(Clone, Debug)]
pub(crate) enum Systemd {
    /// The system bus.
    SystemBus,
    /// Another bus, by its address. Not systemd's private socket: what systemd 252 sends there names a sender that zbus 6.2.1
    /// refuses to read (`findings/zbus-systemd-private-socket.sh`).
    Bus(String),
}

/// What a unit was before it was stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Before {
    pub(crate) active: bool,
    /// `enabled`, `disabled`, `static` and so on.
    pub(crate) files: String,
    /// Whether we masked it.
    #[serde(default)]
    pub(crate) masked: bool,
    /// Whether we disabled it.
    #[serde(default)]
    pub(crate) disabled: bool,
}

impl Systemd {
    /// The system's, if it runs this host.
    pub(crate) fn of_host() -> Option<Self> {
        Path::new(BOOTED).is_dir().then_some(Self::SystemBus)
    }

    fn run<T>(&self, work: impl AsyncFnOnce(&Bus) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let bus = match self {
                Self::SystemBus => Bus(Connection::system().await?),
                Self::Bus(address) => Bus(connection::Builder::address(address.as_str()).build().await?),
            };
            work(&bus).await
        })
    }

    /// Whether it answers.
    pub(crate) fn answers(&self) -> bool {
        self.run(async |bus| bus.property(MANAGER, MANAGER_INTERFACE, "Version").await.map(drop)).is_ok()
    }

    /// What the unit is now; `None` if there is none of that name.
    pub(crate) fn look(&self, unit: &str) -> anyhow::Result<Option<Before>> {
        self.run(async |bus| {
            let path = bus.unit(unit).await?;
            if bus.text(&path, "LoadState").await? == "not-found" {
                return Ok(None);
            }
            let active = bus.is_active(&path).await?;
            let files = bus.text(&path, "UnitFileState").await?;
            Ok(Some(Before { active, files, ..Before::default() }))
        })
    }

    /// The main process of a service, if it has one.
    pub(crate) fn main_process(&self, unit: &str) -> anyhow::Result<u32> {
        self.run(async |bus| {
            let path = bus.unit(unit).await?;
            let pid = bus.property(&path, "org.freedesktop.systemd1.Service", "MainPID").await?;
            Ok(u32::try_from(pid)?)
        })
    }

    /// Every loaded unit with its state, for people to read.
    pub(crate) fn list(&self) -> anyhow::Result<String> {
        type Unit =
            (String, String, String, String, String, String, OwnedObjectPath, u32, String, OwnedObjectPath);
        self.run(async |bus| {
            let units: Vec<Unit> = bus.manager("ListUnits", &()).await?.body().deserialize()?;
            Ok(units.iter().fold(String::new(), |mut text, unit| {
                let _ = writeln!(text, "{}\t{}\t{}\t{}\t{}", unit.0, unit.2, unit.3, unit.4, unit.1);
                text
            }))
        })
    }

    /// Whether the unit runs.
    pub(crate) fn is_active(&self, unit: &str) -> bool {
        self.run(async |bus| bus.is_active(&bus.unit(unit).await?).await).unwrap_or_default()
    }

    /// Ends the unit's process and starts it anew.
    pub(crate) fn restart(&self, unit: &str) -> anyhow::Result<()> {
        self.run(async |bus| {
            bus.stop(unit).await?;
            bus.manager("StartUnit", &(unit, "replace")).await?;
            bus.until(&bus.unit(unit).await?, true).await
        })
    }

    /// Stops the unit and keeps it from starting; answers with what was done to its files.
    pub(crate) fn stop(&self, unit: &str, before: &Before) -> anyhow::Result<Before> {
        self.run(async |bus| {
            let mut done = before.clone();
            // First stopped, since a unit that loses its file while it runs counts as failed.
            bus.stop(unit).await?;
            let masked = bus.manager("MaskUnitFiles", &(vec![unit], false, false)).await;
            match masked {
                Ok(_) => done.masked = true,
                // A unit whose file is an administrator's own can't be masked: its name is taken.
                Err(_) if before.files.starts_with("enabled") => {
                    bus.manager("DisableUnitFiles", &(vec![unit], false)).await?;
                    done.disabled = true;
                }
                Err(_) => {}
            }
            bus.manager("Reload", &()).await?;
            // Something may have started it in between.
            bus.stop(unit).await?;
            Ok(done)
        })
    }

    /// Undoes what [`Systemd::stop`] did to the unit's files, and starts it if it shall run.
    pub(crate) fn start(&self, unit: &str, before: &Before) -> anyhow::Result<()> {
        self.run(async |bus| {
            if before.masked {
                bus.manager("UnmaskUnitFiles", &(vec![unit], false)).await?;
            }
            if before.disabled {
                bus.manager("EnableUnitFiles", &(vec![unit], false, true)).await?;
            }
            if before.masked || before.disabled {
                bus.manager("Reload", &()).await?;
            }
            if before.active {
                bus.manager("StartUnit", &(unit, "replace")).await?;
                bus.until(&bus.unit(unit).await?, true).await?;
            }
            Ok(())
        })
    }
}

struct Bus(Connection);

impl Bus {
    async fn manager<B>(&self, method: &str, body: &B) -> anyhow::Result<zbus::Message>
    where
        B: Serialize + zbus::zvariant::DynamicType,
    {
        let answer = self.0.call_method(Some(SERVICE), MANAGER, Some(MANAGER_INTERFACE), method, body).await;
        answer.with_context(|| format!("systemd refuses {method}"))
    }

    async fn unit(&self, unit: &str) -> anyhow::Result<String> {
        let path: OwnedObjectPath = self.manager("LoadUnit", &(unit,)).await?.body().deserialize()?;
        Ok(path.to_string())
    }

    async fn property(&self, path: &str, interface: &str, name: &str) -> anyhow::Result<OwnedVariant> {
        let properties = Some("org.freedesktop.DBus.Properties");
        let answer = self.0.call_method(Some(SERVICE), path, properties, "Get", &(interface, name)).await;
        Ok(answer.with_context(|| format!("systemd does not tell {name}"))?.body().deserialize()?)
    }

    async fn text(&self, path: &str, name: &str) -> anyhow::Result<String> {
        Ok(String::try_from(self.property(path, UNIT_INTERFACE, name).await?)?)
    }

    async fn stop(&self, unit: &str) -> anyhow::Result<()> {
        let path = self.unit(unit).await?;
        if self.is_active(&path).await? {
            self.manager("StopUnit", &(unit, "replace")).await?;
        }
        self.until(&path, false).await
    }

    async fn is_active(&self, path: &str) -> anyhow::Result<bool> {
        let state = self.text(path, "ActiveState").await?;
        Ok(matches!(state.as_str(), "active" | "activating" | "reloading" | "deactivating"))
    }

    /// Waits until the unit is active or not. A job that was asked for may still run.
    async fn until(&self, path: &str, active: bool) -> anyhow::Result<()> {
        for _ in 0..CHANGES {
            let state = self.text(path, "ActiveState").await?;
            match state.as_str() {
                "active" if active => return Ok(()),
                // One that failed was ended, and systemd says how.
                "inactive" | "failed" if !active => return Ok(()),
                "failed" => anyhow::bail!("the unit failed to start"),
                _ => tokio::time::sleep(LOOK_INTERVAL).await,
            }
        }
        anyhow::bail!("the unit is not {} after 20 seconds", if active { "active" } else { "inactive" })
    }
}
