//! What each server function does before and after its call.

use axum::http::header::{COOKIE, REFERER, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use domain::access::device_group::{DeviceCondition, parse_rule};
use domain::access::factors::{Enrolling, SecondStepSecret};
use domain::core::path::{KEPT, is_own_path};
use domain::{ActionQuery, Caller, Error, ErrorCode, Lane, SharedBackend};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;

use super::error::ApiError;
use super::status::{is_form, set_status};

/// The backend, and who is calling; a failure where nobody is signed in.
pub(super) async fn enter() -> Result<(SharedBackend, Caller), ApiError> {
    let axum::Extension(caller) =
        leptos_axum::extract::<axum::Extension<Caller>>().await.map_err(|_| fail(&Error::NotSignedIn))?;
    Ok((expect_context::<SharedBackend>(), caller))
}

/// The same for what a person does with their second factors, also before they may do anything else.
pub(super) async fn enter_own() -> Result<(SharedBackend, Caller), ApiError> {
    let enrolling = use_context::<Parts>().and_then(|request| request.extensions.get::<Enrolling>().cloned());
    match enrolling {
        Some(Enrolling(caller)) => Ok((expect_context::<SharedBackend>(), caller)),
        None => enter().await,
    }
}

/// The same for who showed a password, and no second factor yet: the secret that the browser holds meanwhile.
pub(super) fn enter_second_step() -> Result<(SharedBackend, String), ApiError> {
    let secret =
        use_context::<Parts>().and_then(|request| request.extensions.get::<SecondStepSecret>().cloned());
    let SecondStepSecret(secret) = secret.ok_or_else(|| fail(&Error::NotSignedIn))?;
    Ok((expect_context::<SharedBackend>(), secret))
}

/// Answers with what stood against the call, under the status of its kind.
pub(super) fn fail(error: &Error) -> ApiError {
    let code = error.code();
    set_status(code);
    if code == ErrorCode::StepUpRequired {
        ask_step_up(&[]);
    }
    let detail = match error {
        Error::Invalid(fields) => fields
            .iter()
            .map(|field| {
                let place = field.pointer.trim_start_matches('/');
                format!("{place} {}", field.detail).trim_start().to_owned()
            })
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    };
    ApiError::new(code, detail)
}

/// The same for a plain form, whose page gets back what was typed if a second factor is asked for first. Secrets are never
/// among `typed`, since it stands in an address.
pub(super) fn fail_keeping(error: &Error, typed: &[(&str, String)]) -> ApiError {
    let failure = fail(error);
    if failure.code == ErrorCode::StepUpRequired {
        ask_step_up(typed);
    }
    failure
}

/// For errors whose details are sentences by themselves.
pub(super) fn fail_in_words(error: &Error) -> ApiError {
    let mut failure = fail(error);
    if let Error::Invalid(fields) = error {
        failure.detail = fields.iter().map(|field| field.detail.as_str()).collect::<Vec<_>>().join("; ");
    }
    failure
}

/// The names and values of an encoded query.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, Error> {
    let read = |uri| axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri).ok();
    let pairs = format!("/?{query}").parse().ok().and_then(read);
    pairs.map(|pairs| pairs.0).ok_or_else(|| Error::invalid("/", "the address can't be read"))
}

/// Columns with one of them moved: `up:NAME` or `down:NAME`.
pub(super) fn shifted(mut columns: Vec<String>, shift: &str) -> Vec<String> {
    if let Some((way, name)) = shift.split_once(':')
        && let Some(at) = columns.iter().position(|column| column == name)
    {
        let to = if way == "up" { at.saturating_sub(1) } else { at + 1 };
        if to < columns.len() {
            columns.swap(at, to);
        }
    }
    columns
}

/// The query of a list, from the parts that the page gives.
pub(super) fn query(lane: Lane, shows: &str, cursor: Option<String>) -> Result<ActionQuery, Error> {
    let mut pairs = pairs(shows)?;
    pairs.push(("lane".to_owned(), lane.to_string()));
    pairs.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor)));
    ActionQuery::from_pairs(pairs).map_err(|error| Error::invalid(format!("/{}", error.field), error.problem))
}

/// Sends a form that was posted without wasm back to where it stood; wherever else it says, to the page that
/// it names itself as where it came from.
pub(super) fn go_back(back: Option<&str>) {
    if let Some(back) = back.filter(|back| is_own_path(back))
        && use_context::<Parts>().is_some_and(|request| is_form(&request))
    {
        leptos_axum::redirect(back);
    }
}

/// Leads a form that was posted without wasm to the page where a second factor is shown, and from there back to where
/// the form stands, with what was typed.
fn ask_step_up(typed: &[(&str, String)]) {
    let Some(request) = use_context::<Parts>().filter(is_form) else { return };
    let from = request.headers.get(REFERER).and_then(|from| from.to_str().ok()).unwrap_or_default();
    let path = from.splitn(4, '/').nth(3).map(|rest| format!("/{rest}"));
    let back = path.filter(|path| is_own_path(path)).unwrap_or_else(|| "/settings".to_owned());
    let back = with_typed(&back, typed);
    let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    leptos_axum::redirect(&format!("/settings/step-up?back={back}"));
}

/// An own address with what was typed, in place of what stood there of it. What would make it too long is left out.
fn with_typed(address: &str, typed: &[(&str, String)]) -> String {
    if typed.is_empty() {
        return address.to_owned();
    }
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let is_new = |name: &str| name == KEPT || typed.iter().any(|(typed, _)| *typed == name);
    let mut query: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_new(pair.split('=').next().unwrap_or_default()))
        .map(str::to_owned)
        .collect();
    let pair = |name: &str, value: &str| {
        form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
    };
    query.push(pair(KEPT, "1"));
    for (name, value) in typed {
        query.push(pair(name, value));
        if !is_own_path(&format!("{path}?{}", query.join("&"))) {
            query.pop();
        }
    }
    format!("{path}?{}", query.join("&"))
}

/// What locks people out, or takes something from them, is confirmed.
pub(super) fn confirmed(confirm: bool, what: &str) -> Result<(), ApiError> {
    if confirm {
        return Ok(());
    }
    Err(fail(&Error::invalid("/confirm", format!("must be checked: this {what}"))))
}

/// A rule of a device group, from the lines of a form.
pub(super) fn rule(text: &str) -> Result<Vec<DeviceCondition>, ApiError> {
    parse_rule(text).map_err(|error| fail(&Error::Invalid(vec![error])))
}

/// The cookies that carry a new secret to the page that shows it. They live for a minute, scripts can't read them, and the
/// page that shows one takes it away.
#[derive(Clone, Copy)]
pub(super) enum ShownOnce {
    /// The secret of a token.
    Token,
    /// Recovery codes.
    RecoveryCodes,
}

/// Whether the request has new recovery codes in a cookie, which no page has shown yet.
#[must_use]
pub fn has_recovery_codes(headers: &HeaderMap) -> bool {
    ShownOnce::RecoveryCodes.kept(headers).is_some()
}

impl ShownOnce {
    const fn cookie(self) -> &'static str {
        match self {
            Self::Token => "countersign-made-token",
            Self::RecoveryCodes => "countersign-recovery-codes",
        }
    }

    /// Has the next page of settings show it.
    pub(super) fn keep(self, secret: &str) {
        self.set(secret, 60);
    }

    /// What is to be shown, which no other page shows again.
    pub(super) fn take(self) -> Option<String> {
        let secret = self.kept(&use_context::<Parts>()?.headers)?;
        self.set("", 0);
        Some(secret)
    }

    fn kept(self, headers: &HeaderMap) -> Option<String> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, secret) = pairs.find(|(name, value)| *name == self.cookie() && !value.is_empty())?;
        Some(secret.to_owned())
    }

    fn set(self, value: &str, seconds: u32) {
        let name = self.cookie();
        let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict");
        if let (Some(response), Ok(cookie)) =
            (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie))
        {
            response.append_header(SET_COOKIE, cookie);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_goes_along_once_and_as_far_as_there_is_room() {
        let typed = [("name", "soar".to_owned()), ("serves", "kind=device; name=web-*\n*".to_owned())];
        let once = with_typed("/settings/executors/new?kind=webhook", &typed);
        assert_eq!(
            once,
            "/settings/executors/new?kind=webhook&kept=1&name=soar&serves=kind%3Ddevice%3B+name%3Dweb-*%0A*"
        );
        assert_eq!(with_typed(&once, &typed), once, "in place of what stood there");
        let long = "x".repeat(10_000);
        let cut = with_typed("/settings/notifications", &[("to", long), ("name", "chat".to_owned())]);
        assert_eq!(cut, "/settings/notifications?kept=1&name=chat");
        assert_eq!(with_typed("/settings", &[]), "/settings");
    }
}
