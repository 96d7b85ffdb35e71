//! What enrolled hosts made for people to look at: taken in parts before the report that names it, kept for a while, and
//! downloaded by who may respond on the device, which is recorded.

use std::io::{Seek as _, Write as _};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::actions::contract::{DownloadPackages, PackageFile};
use domain::actions::package::{KeptPackage, MAX_PACKAGE_BYTES, PACKAGE_DAYS};
use domain::responders::contract::{PART_BYTES, PackagePart};
use domain::{Action, ActionId, AuditKind, Authorized, Caller, CommandId, Error, RowScope, SystemAuthority};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::decide::refused;
use super::decision::device_group;
use super::{Service, detached};
use store::{AuditEntry, StoredResponder};

/// How long parts wait for the report that names them.
const PARTS_WAIT: SignedDuration = SignedDuration::from_hours(48);

/// What a report says that its host made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The name of its file.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of its content, in lower case.
    pub sha256: String,
}

#[async_trait]
impl DownloadPackages for Service {
    async fn package(
        &self,
        caller: &Caller,
        id: ActionId,
        command: Option<CommandId>,
    ) -> Result<PackageFile, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.download(&caller, id, command).await }).await
    }
}

impl Service {
    /// Who may respond where an action is may also see what was collected there.
    pub(super) fn check_download(caller: &Caller, action: &Action) -> Result<Authorized, Error> {
        let permission = action.permission();
        Ok(caller.authorize_on(permission, device_group(action))?)
    }

    async fn download(
        &self,
        caller: &Caller,
        id: ActionId,
        command: Option<CommandId>,
    ) -> Result<PackageFile, Error> {
        let scope = RowScope::of(caller)?;
        let action = self.store.action(&scope, id).await?.ok_or_else(|| Error::NotFound(id.into()))?;
        let by = match Self::check_download(caller, &action) {
            Ok(by) => by,
            Err(error) => {
                if let Some(entry) = refused(id, "download", &error, self.clock.now())
                    && self.refusals.may_record(&caller.principal(), id)
                {
                    let mut tx = self.store.begin().await?;
                    tx.append_audit(&caller.recorded(), entry).await?;
                    tx.commit().await?;
                }
                return Err(error);
            }
        };
        let mut kept = self.store.packages_of(id).await?;
        kept.retain(|of| command.is_none_or(|command| of.command_id == command));
        let about = match kept.len() {
            0 => return Err(Error::NotFound(id.into())),
            1 => kept.remove(0),
            _ => return Err(Error::invalid("/command", "must name one of the packages of this action")),
        };
        let file = self.assemble(&about).await?;
        let mut tx = self.store.begin().await?;
        let at = tx.time(self.clock.now()).await?;
        let body = json!({
            "command_id": about.command_id, "name": about.name, "size": about.size, "sha256": about.sha256,
        });
        let entry = AuditEntry { at, kind: AuditKind::PackageDownloaded, subject: Some(id.into()), body };
        tx.append_audit(&by, entry).await?;
        tx.commit().await?;
        Ok(PackageFile { about, file })
    }

    /// One file of its parts, compared with what the host signed.
    async fn assemble(&self, about: &KeptPackage) -> Result<std::fs::File, Error> {
        let broken = |error: std::io::Error| Error::Internal(format!("a package can't be read: {error}"));
        let mut file = tempfile::tempfile().map_err(broken)?;
        let found = self.read_parts(about.command_id, |bytes| file.write_all(bytes)).await?;
        if found != Some((about.size, about.sha256.clone())) {
            return Err(Error::Internal(format!("the package of {} is damaged", about.command_id)));
        }
        file.rewind().map_err(broken)?;
        Ok(file)
    }

    /// Reads all parts of a package: its size and SHA-256; none where there is none.
    async fn read_parts(
        &self,
        command: CommandId,
        mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<Option<(u64, String)>, Error> {
        let (mut hash, mut size, mut part) = (Sha256::new(), 0, 0);
        while let Some(bytes) = self.store.package_part(command, part).await? {
            take(&bytes).map_err(|error| Error::Internal(format!("a package can't be read: {error}")))?;
            hash.update(&bytes);
            size += bytes.len() as u64;
            part += 1;
        }
        Ok((part > 0).then(|| (size, hex::encode(hash.finalize()))))
    }

    /// Takes a part from the host that has the command. After its report nothing more is taken.
    pub(super) async fn take_part(&self, host: &StoredResponder, part: &PackagePart) -> Result<(), Error> {
        let Some(authority) = &self.authority else {
            return Err(Error::Internal("this server takes no packages".to_owned()));
        };
        let id: CommandId =
            part.command_id.parse().map_err(|_| Error::invalid("/command_id", "must be a UUID"))?;
        let handed = self.store.command(id).await?;
        let handed = handed.filter(|of| of.command.executor.as_deref() == Some(host.name.as_str()));
        let Some(handed) = handed else {
            return Err(Error::invalid("/command_id", "is no order for this host"));
        };
        let bytes = STANDARD.decode(&part.data).map_err(|_| Error::invalid("/data", "must be base64"))?;
        if bytes.is_empty() || bytes.len() > PART_BYTES {
            return Err(Error::invalid("/data", format!("must have 1 to {PART_BYTES} bytes")));
        }
        if u64::from(part.part) >= MAX_PACKAGE_BYTES / PART_BYTES as u64 {
            let most = MAX_PACKAGE_BYTES / 1024 / 1024;
            return Err(Error::invalid("/part", format!("is too many: a package has at most {most} MiB")));
        }
        if handed.is_done {
            return Ok(());
        }
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        tx.put_package_part(id, part.part, &bytes, now).await?;
        Ok(tx.commit().await?)
    }

    /// What a host made under a command and named in its signed report, if all of it came before.
    pub(super) async fn whole_package(
        &self,
        host: &StoredResponder,
        command: CommandId,
        made: Option<Made>,
        now: Timestamp,
    ) -> Result<Option<KeptPackage>, Error> {
        let Some(Made { name, size, sha256 }) = made else { return Ok(None) };
        let came = self.read_parts(command, |_| Ok(())).await?;
        if came != Some((size, sha256.clone())) {
            if came.is_some() {
                tracing::warn!(responder = host.name, %command, "a package is not what its host signed");
            }
            return Ok(None);
        }
        let expires_at = now.saturating_add(SignedDuration::from_hours(24 * PACKAGE_DAYS)).unwrap_or(now);
        let responder = host.name.clone();
        let package =
            KeptPackage { command_id: command, name, size, sha256, responder, received_at: now, expires_at };
        Ok(Some(package))
    }

    /// Removes packages whose time is over.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn forget_packages(&self, authority: &SystemAuthority) -> Result<(), Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin_system(authority).await?;
        let gone = tx.forget_packages(now, now.saturating_sub(PARTS_WAIT).unwrap_or(now)).await?;
        tx.commit().await?;
        if gone > 0 {
            tracing::info!(gone, "packages were removed, since their time is over");
        }
        Ok(())
    }
}
