//! The query of a list: what is read is written and read again as the same.
#![no_main]

use domain::ActionQuery;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let pairs = form_urlencoded::parse(text.as_bytes()).into_owned();
    let Ok(query) = ActionQuery::from_pairs(pairs) else { return };
    let written = query.pairs();
    let again = ActionQuery::from_pairs(written).expect("what was written is read");
    assert_eq!(again, query);
});
