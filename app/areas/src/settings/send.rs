//! Sending a form in the background.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{FormData, HtmlFormElement, UrlSearchParams};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

use api::ApiError;
use api::codec::read;
use domain::ErrorCode;

/// What marks a form that waits for a second factor.
pub(super) const WAITS: &str = "data-waits";

/// Sends a form as the browser would, but for leaving the page.
pub(super) async fn post(form: &HtmlFormElement) -> Result<(), ApiError> {
    let answer = async {
        let data = FormData::new_with_form(form).ok()?;
        let pairs = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
        let headers = js_sys::Object::new();
        js_sys::Reflect::set(&headers, &"accept".into(), &"application/json".into()).ok()?;
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_headers(&headers);
        request.set_body(&pairs);
        let action = form.get_attribute("action")?;
        let answer = JsFuture::from(window().fetch_with_str_and_init(&action, &request)).await.ok()?;
        let answer = answer.dyn_into::<Response>().ok()?;
        let text = JsFuture::from(answer.text().ok()?).await.ok()?.as_string()?;
        Some((answer.ok(), text))
    };
    let lost = || ApiError { code: ErrorCode::NoAnswer, detail: ErrorCode::NoAnswer.label().to_owned() };
    match answer.await {
        Some((true, _)) => Ok(()),
        Some((false, text)) => Err(read(&text).unwrap_or_else(|_| lost())),
        None => Err(lost()),
    }
}
