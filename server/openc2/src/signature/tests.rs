//! The published vector, forgeries, and key files.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &[u8] = br#"{"test": 2432232314}"#;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn signed(signature: &str) -> Signed {
    Signed {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek".into(),
        timestamp: "1614265330".into(),
        signature: signature.into(),
    }
}

#[test]
fn the_published_vector_holds() {
    let key = Key::parse(SECRET).unwrap();
    let ours = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at(1_614_265_330), BODY);
    assert_eq!(ours, signed("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

#[test]
fn t29_only_a_true_and_fresh_signature_is_believed() {
    let key = Key::parse(SECRET).unwrap();
    let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let now = at(1_614_265_330);
    assert_eq!(key.verify(&signed(good), now, BODY), Ok(()));
    for second in [1_614_265_030, 1_614_265_630] {
        assert_eq!(key.verify(&signed(good), at(second), BODY), Ok(()), "{second}");
    }
    for second in [1_614_265_029, 1_614_265_631] {
        assert_eq!(key.verify(&signed(good), at(second), BODY), Err(Forged::Stale), "{second}");
    }
    let rotated = format!("v1a,AAAA v1,AAAA nonsense {good}");
    assert_eq!(key.verify(&signed(&rotated), now, BODY), Ok(()));

    for bad in ["", "v1,", "v1", "v1,AAAA", "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", &good[3..]] {
        assert_eq!(key.verify(&signed(bad), now, BODY), Err(Forged::Mismatch), "{bad}");
    }
    assert_eq!(key.verify(&signed(good), now, b"{}"), Err(Forged::Mismatch));
    let other_id = Signed { id: "msg_other".into(), ..signed(good) };
    assert_eq!(key.verify(&other_id, now, BODY), Err(Forged::Mismatch));
    for timestamp in ["1614265331", "01614265330", "+1614265330"] {
        let other_time = Signed { timestamp: timestamp.into(), ..signed(good) };
        assert_eq!(key.verify(&other_time, now, BODY), Err(Forged::Mismatch), "{timestamp}");
    }
    let no_time = Signed { timestamp: "yesterday".into(), ..signed(good) };
    assert_eq!(key.verify(&no_time, now, BODY), Err(Forged::Stale));
    let other_key = Key(vec![7; 32]);
    assert_eq!(other_key.verify(&signed(good), now, BODY), Err(Forged::Mismatch));
}

#[test]
fn a_header_is_needed_exactly_once() {
    let mut headers = HeaderMap::new();
    for (name, value) in signed("v1,AAAA").pairs() {
        assert_eq!(Signed::from_headers(&headers), Err(Forged::Missing));
        headers.append(name, value.parse().unwrap());
    }
    assert_eq!(Signed::from_headers(&headers), Ok(signed("v1,AAAA")));
    headers.append(TIMESTAMP, "1".parse().unwrap());
    assert_eq!(Signed::from_headers(&headers), Err(Forged::Missing));
}

#[test]
fn a_missing_key_is_made_once_and_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let made: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Key::load_or_create(&path).unwrap().0)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(made.iter().all(|key| key == &made[0] && key.len() == 32));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("whsec_"));

    for mode in [0o640, 0o604, 0o620] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(Key::load_or_create(&path), Err(KeyError::Exposed(_))), "{mode:o}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    for text in ["", "whsec_", "whsec_AAAA", "secret", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
        std::fs::write(&path, text).unwrap();
        assert!(matches!(Key::load_or_create(&path), Err(KeyError::Malformed(_))), "{text}");
    }
    assert!(matches!(Key::load_or_create(&dir.path().join("no/key")), Err(KeyError::Io { .. })));
}
