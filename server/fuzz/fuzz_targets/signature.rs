//! The headers of a signature: no text but the one that the key made is believed.
#![no_main]

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use openc2::signature::{Key, Signed};

fuzz_target!(|parts: (&[u8], &[u8], &[u8], &[u8])| {
    let (id, at, signature, body) = parts;
    let key = Key::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("a key");
    let now = Timestamp::from_second(1_790_000_000).expect("a time");
    let mut headers = HeaderMap::new();
    for (name, value) in [("webhook-id", id), ("webhook-timestamp", at), ("webhook-signature", signature)] {
        let Ok(value) = HeaderValue::from_bytes(value) else { return };
        headers.insert(name, value);
    }
    if let Ok(signed) = Signed::from_headers(&headers) {
        assert!(key.verify(&signed, now, body).is_err(), "nobody made that signature");
    }
    // The one that it made is believed, and for nothing else.
    let own = key.sign("id", now, body);
    assert!(key.verify(&own, now, body).is_ok());
    let other = Signed { id: "other".to_owned(), ..own };
    assert!(key.verify(&other, now, body).is_err());
});
