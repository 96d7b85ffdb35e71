//! A message in OpenC2: what is read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openc2::Message;

fuzz_target!(|body: &[u8]| {
    let Ok(message) = serde_json::from_slice::<Message>(body) else { return };
    let Ok(written) = openc2::encode(&message) else { return };
    let again: Message = serde_json::from_slice(&written).expect("what was written is read");
    let twice = openc2::encode(&again).expect("what was read is written");
    assert_eq!(written, twice);
});
