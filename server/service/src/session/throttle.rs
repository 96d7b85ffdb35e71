//! The growing pause after many failed sign-ins, kept in the database for all instances.
//!
//! An attempt is counted before its password is checked, in the one transaction that asks for the pause, so that a
//! thousand at the same time are a thousand; a sign-in that succeeds takes its count back. Failures count for the account
//! from an address, for the account from anywhere, and for the address. None of that concerns a device from which this
//! account signed in before: it is known by a cookie, and only its own failures count for it. So nobody can lock out a
//! colleague by failing in their name.

use std::net::IpAddr;

use domain::{Authorized, Error};
use jiff::{SignedDuration, Timestamp};
use store::{Attempts, SharedStore};

use super::digest;

/// Failures that are free, of an account from one place.
const FREE: i64 = 10;
/// Of an account from anywhere: what NIST SP 800-63B allows.
const FREE_ACCOUNT: i64 = 90;
/// From one address, for whichever account.
const FREE_ADDRESS: i64 = 200;
/// Failures before it count no more.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
const MAX_PAUSE: SignedDuration = SignedDuration::from_mins(15);
/// How long a device is known.
pub(super) const DEVICE_KNOWN: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Who tries to sign in, and from where.
#[derive(Debug, Clone, Copy)]
pub struct SignInTry<'a> {
    /// The name that was typed.
    pub name: &'a str,
    /// The password that was typed.
    pub password: &'a str,
    /// The address of the client; none where a proxy hides it.
    pub address: Option<IpAddr>,
    /// The secret of the device, which it was given when somebody signed in.
    pub device: Option<&'a str>,
}

/// An attempt that was counted.
pub(crate) struct Counted {
    keys: Vec<String>,
    known: String,
}

/// Names are as long as a form allows, and may be a password typed too early: keys are digests.
fn key(parts: &[&str]) -> String {
    digest(&parts.join("\0"))
}

/// Those of one network are one: whoever has an IPv6 address has all of its /64.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x?}", &address.segments()[..4]),
    }
}

fn pause(failures: i64, free: i64) -> SignedDuration {
    match u32::try_from(failures - free) {
        Ok(beyond) => SignedDuration::from_secs(1_i64 << beyond.min(20)).min(MAX_PAUSE),
        Err(_) => SignedDuration::ZERO,
    }
}

/// Counts an attempt as one that failed. None if it must wait; it is not counted then, so that a pause ends.
pub(crate) async fn count(
    store: &SharedStore,
    attempt: &SignInTry<'_>,
    now: Timestamp,
) -> Result<Option<Counted>, Error> {
    let by = Authorized::sign_in();
    let mut tx = store.begin().await?;
    tx.forget_sign_ins(&by, now - WINDOW, now - DEVICE_KNOWN).await?;
    let known = key(&["known", attempt.name, attempt.device.unwrap_or_default()]);
    let is_known = attempt.device.is_some() && tx.sign_in_attempts(&known).await?.is_some();
    let mut limits = Vec::new();
    if is_known {
        let device = attempt.device.unwrap_or_default();
        limits.push((key(&["device", attempt.name, device]), FREE));
    } else {
        let address = attempt.address.map(network).unwrap_or_default();
        limits.push((key(&["pair", attempt.name, &address]), FREE));
        limits.push((key(&["account", attempt.name]), FREE_ACCOUNT));
        if attempt.address.is_some() {
            limits.push((key(&["address", &address]), FREE_ADDRESS));
        }
    }
    for (key, free) in &limits {
        let before = tx.sign_in_attempts(key).await?.filter(|of| now.duration_since(of.last) < WINDOW);
        let Attempts { failures, last } = before.unwrap_or(Attempts { failures: 0, last: now });
        if before.is_some() && now.duration_since(last) < pause(failures, *free) {
            return Ok(None);
        }
        let failures = failures.saturating_add(1);
        tx.note_sign_in(&by, key, Some(Attempts { failures, last: now })).await?;
    }
    tx.commit().await?;
    Ok(Some(Counted { keys: limits.into_iter().map(|(key, _)| key).collect(), known }))
}

/// Takes the count of an attempt back that succeeded: that of the account from this place is over, the others are one less.
/// With a device, the account knows it from here on.
pub(crate) async fn succeeded(
    store: &SharedStore,
    counted: Counted,
    name: &str,
    device: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    let by = Authorized::sign_in();
    let mut tx = store.begin().await?;
    for (place, key) in counted.keys.iter().enumerate() {
        let before = tx.sign_in_attempts(key).await?.filter(|of| place > 0 && of.failures > 1);
        let less = before.map(|of| Attempts { failures: of.failures - 1, ..of });
        tx.note_sign_in(&by, key, less).await?;
    }
    if let Some(device) = device {
        tx.note_sign_in(&by, &counted.known, None).await?;
        let known = key(&["known", name, device]);
        tx.note_sign_in(&by, &known, Some(Attempts { failures: 0, last: now })).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// From here on, the account knows the device.
pub(crate) async fn know(store: &SharedStore, name: &str, device: &str, now: Timestamp) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    let known = Some(Attempts { failures: 0, last: now });
    tx.note_sign_in(&Authorized::sign_in(), &key(&["known", name, device]), known).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_starts_at_ten_failures_and_doubles() {
        let seconds = |failures| pause(failures, FREE).as_secs();
        assert_eq!([0, 9, 10, 11, 12, 13].map(seconds), [0, 0, 1, 2, 4, 8]);
        assert_eq!(pause(1_000, FREE), MAX_PAUSE);
    }

    #[test]
    fn an_ipv6_network_is_one_place() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[tokio::test]
    async fn t24_failures_in_a_colleagues_name_keep_nobody_out_who_was_in_before() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("t.db").display());
        let (store, other) = (store::connect(&url).await.unwrap(), store::connect(&url).await.unwrap());
        let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let attempt = |last: u8, device| SignInTry {
            name: "ana",
            password: "",
            address: Some(IpAddr::from([192, 0, 2, last])),
            device,
        };
        let counts = async |store: &SharedStore, attempt: SignInTry<'static>, now| {
            count(store, &attempt, now).await.unwrap()
        };
        let first = counts(&store, attempt(1, None), now).await.unwrap();
        succeeded(&store, first, "ana", Some("laptop"), now).await.unwrap();

        // Many at the same time, on two instances, are as many.
        let tries = (0..40).map(|n| {
            let store = if n % 2 == 0 { store.clone() } else { other.clone() };
            tokio::spawn(async move { count(&store, &attempt(9, None), now).await.unwrap().is_some() })
        });
        let mut allowed = 0;
        for one in tries.collect::<Vec<_>>() {
            allowed += usize::from(one.await.unwrap());
        }
        assert_eq!(allowed, 10);
        let device = Some("laptop");
        assert!(counts(&other, attempt(9, device), now).await.is_some(), "the own device is let in");
        assert!(counts(&store, attempt(8, None), now).await.is_some(), "as is another address");
        assert!(counts(&store, attempt(9, Some("guessed")), now).await.is_none());
        for n in 0..250 {
            counts(&store, attempt(n, None), now).await;
        }
        assert!(
            counts(&store, attempt(251, None), now).await.is_none(),
            "an account has a limit from anywhere"
        );
        assert!(counts(&store, attempt(251, device), now).await.is_some());
        let later = now + WINDOW;
        assert!(counts(&store, attempt(251, None), later).await.is_some(), "old failures don't count");
    }
}
