//! Addresses that more than one module names, and how a value is written into one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// The root of the REST API.
pub(crate) const API: &str = "/api/v1";

/// Where server functions live. The REST API lives below it, too.
pub const SERVER_FUNCTIONS: &str = "/api/";

/// Where browsers report what the policy of a page kept them from.
pub const CSP_REPORTS: &str = "/csp-reports";

/// The page to go to where nothing else is asked for.
pub(crate) const HOME: &str = "/action-center";

/// The sign-in page.
pub const SIGN_IN: &str = "/sign-in";

/// Where the first administrator sets name and password, by the link that the server prints.
pub const FIRST_ADMINISTRATOR: &str = "/first-administrator";

/// Where somebody whose password was right shows a second factor.
pub const SECOND_STEP: &str = "/sign-in/second-step";

/// Where somebody who must have a second factor sets one up, before anything else.
pub const ENROL: &str = "/second-factor";

/// Whether a page is for who is not signed in, and for nobody else.
#[must_use]
pub fn is_before_sign_in(path: &str) -> bool {
    [SIGN_IN, SECOND_STEP, FIRST_ADMINISTRATOR].contains(&path)
}

/// Everything that would end a value in a query; a slash does not, and reads better as it is.
const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A value as it may stand in a query.
pub fn query_value(value: &str) -> PercentEncode<'_> {
    utf8_percent_encode(value, QUERY_VALUE)
}
