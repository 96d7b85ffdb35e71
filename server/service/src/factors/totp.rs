//! Codes of authenticator apps (RFC 6238): six digits, SHA-1, 30 seconds, one step of skew, as all apps have them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Error;
use jiff::Timestamp;
use qrcode::QrCode;
use qrcode::render::svg;
use totp_rs::{Builder, Secret, Totp};

const ISSUER: &str = "Countersign";
/// The smallest width of the picture, in pixels.
const QR_SIZE: u32 = 200;

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("an authenticator app: {error}"))
}

/// A new secret, in base 32.
pub(super) fn new_secret() -> String {
    Secret::from(rand::random::<[u8; 20]>()).to_base32()
}

fn totp(secret: &str, account: &str) -> Result<Totp, Error> {
    let secret = Secret::try_from_base32(secret).map_err(internal)?;
    let builder = Builder::new().with_secret(secret).with_account_name(account).with_issuer(Some(ISSUER));
    builder.build().map_err(internal)
}

/// The step of time to which a code belongs: now, or one step before or after.
pub(super) fn step(secret: &str, code: &str, now: Timestamp) -> Result<Option<i64>, Error> {
    let Ok(seconds) = u64::try_from(now.as_second()) else { return Ok(None) };
    let step = totp(secret, "")?.check(code, seconds);
    step.map(i64::try_from).transpose().map_err(internal)
}

/// The code of a time.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn code(secret: &str, at: Timestamp) -> Option<String> {
    let seconds = u64::try_from(at.as_second()).ok()?;
    Some(totp(&secret.replace(' ', ""), "").ok()?.generate(seconds).to_string())
}

/// The secret as apps read it, and a picture of that as a data URL of an SVG document.
pub(super) fn enrolment(secret: &str, account: &str) -> Result<(String, String), Error> {
    let uri = totp(secret, account)?.to_url().map_err(internal)?;
    let code = QrCode::new(uri.as_bytes()).map_err(internal)?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(QR_SIZE, QR_SIZE).build();
    Ok((uri, format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture))))
}

/// In groups of four, to be read by people.
pub(super) fn grouped(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six digits.
        let secret = Secret::from(*b"12345678901234567890").to_base32();
        for (at, want) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let at = Timestamp::from_second(at).unwrap();
            assert_eq!(code(&secret, at).as_deref(), Some(want));
            assert_eq!(step(&secret, want, at).unwrap(), Some(at.as_second() / 30));
        }
    }

    #[test]
    fn a_code_is_good_for_a_step_before_and_after() {
        let secret = new_secret();
        assert_eq!(secret.len(), 32);
        let now: Timestamp = "2026-03-01T08:00:10Z".parse().unwrap();
        for (seconds, good) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let at = now + jiff::SignedDuration::from_secs(seconds);
            let code = code(&secret, at).unwrap();
            assert_eq!(step(&secret, &code, now).unwrap().is_some(), good, "{seconds}");
        }
        for bad in ["", "12345", "1234567", "abcdef", "+12345", "１２３４５６"] {
            assert_eq!(step(&secret, bad, now).unwrap(), None, "{bad}");
        }
        assert!(step("not base 32!", "123456", now).is_err());
    }

    #[test]
    fn an_app_reads_the_picture() {
        let (uri, qr) = enrolment("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "ana.b@example.org").unwrap();
        assert!(uri.starts_with("otpauth://totp/Countersign:ana.b%40example.org?secret=JBSWY3DP"), "{uri}");
        assert!(uri.contains("issuer=Countersign"));
        assert!(qr.starts_with("data:image/svg+xml;base64,"));
        assert_eq!(grouped("JBSWY3DPEH"), "JBSW Y3DP EH");
    }
}
