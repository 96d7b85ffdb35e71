//! The body of `POST /api/v1/actions`: what is taken is a proposal that keeps all rules, and reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Ok(proposals) = web::fuzzing::intake(body) else { return };
    for proposal in proposals {
        let json = serde_json::to_value(&proposal).expect("a proposal is JSON");
        let again = serde_json::json!({ "actions": [json] }).to_string();
        let same = web::fuzzing::intake(again.as_bytes()).expect("what was taken is taken again");
        assert_eq!(same, [proposal]);
    }
});
