//! Addresses that more than one module names, and how a value is written into one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// The root of the REST API.
pub(in crate::http) const API: &str = "/api/v1";

/// Where server functions live. The REST API lives below it, too.
pub(in crate::http) const SERVER_FUNCTIONS: &str = "/api/";

/// The page to go to where nothing else is asked for.
pub(in crate::http) const HOME: &str = "/action-center";

/// The sign-in page.
pub(in crate::http) const SIGN_IN: &str = "/sign-in";

/// Everything that would end a value in a query; a slash does not, and reads better as it is.
const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A value as it may stand in a query.
pub(in crate::http) fn query_value(value: &str) -> PercentEncode<'_> {
    utf8_percent_encode(value, QUERY_VALUE)
}
