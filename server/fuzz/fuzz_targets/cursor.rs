//! The cursor of a page: what is read fits the order of the list, and is written as it came.
#![no_main]

use domain::actions::query::SortKey;
use libfuzzer_sys::fuzz_target;
use service::testing::{parse_cursor, write_cursor};

fuzz_target!(|text: &str| {
    for sort in SortKey::ALL {
        if let Ok(position) = parse_cursor(text, *sort) {
            assert!(position.fits(*sort));
            assert_eq!(parse_cursor(&write_cursor(&position), *sort).expect("its own cursor"), position);
        }
    }
});
