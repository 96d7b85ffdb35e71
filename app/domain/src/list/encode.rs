//! Names and values as the text of a URL's query.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is not unreserved in RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Adds a name and a value to an encoded query.
pub fn push_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    push_encoded(query, name);
    query.push('=');
    push_encoded(query, value);
}

/// Percent-encodes what is not unreserved in RFC 3986.
pub fn push_encoded(into: &mut String, value: &str) {
    into.extend(utf8_percent_encode(value, RESERVED));
}
