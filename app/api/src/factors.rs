//! Server functions of second factors: one's own, the second step of a sign-in, and who must have one.
//!
//! Where a code is asked for, the answer of a passkey does as well; `public/passkey.js` puts it into the form.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;
use domain::access::factors::{FactorPolicyView, FactorsView, OwnFactors, SecondStepView};
use domain::{FactorId, Role, RoleGroupId, UserId};

#[cfg(feature = "ssr")]
fn proof(code: String, passkey: String) -> domain::access::factors::FactorProof {
    use domain::access::factors::FactorProof;
    if passkey.is_empty() { FactorProof::Code(code) } else { FactorProof::Passkey(passkey) }
}

/// Has the page to which the form leads show recovery codes, if there are new ones.
#[cfg(feature = "ssr")]
fn show(codes: &[String]) {
    if !codes.is_empty() {
        request::ShownOnce::RecoveryCodes.keep(&codes.join("."));
    }
}

/// One's own second factors.
#[server(endpoint = "load_factors", prefix = "/api", output = Answer)]
pub async fn load_factors() -> Result<OwnFactors, ApiError> {
    let (backend, caller) = request::enter_own().await?;
    backend.own_factors(&caller).await.map_err(|error| request::fail(&error))
}

/// Begins to set up an authenticator app.
#[server(endpoint = "begin_totp", prefix = "/api", output = Answer)]
pub async fn begin_totp(back: Option<String>) -> Result<(), ApiError> {
    let (backend, caller) = request::enter_own().await?;
    backend.begin_totp(&caller).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Shows by a code that the app works. The page to which it leads shows recovery codes, once.
#[server(endpoint = "confirm_totp", prefix = "/api", output = Answer)]
pub async fn confirm_totp(code: String, back: Option<String>) -> Result<(), ApiError> {
    let (backend, caller) = request::enter_own().await?;
    let codes = backend.confirm_totp(&caller, &code).await.map_err(|error| request::fail(&error))?;
    show(&codes);
    request::go_back(back.as_deref());
    Ok(())
}

/// What the browser is to be asked for a passkey, as JSON.
#[server(endpoint = "begin_passkey", prefix = "/api", output = Answer)]
pub async fn begin_passkey() -> Result<String, ApiError> {
    let (backend, caller) = request::enter_own().await?;
    backend.begin_passkey(&caller).await.map_err(|error| request::fail(&error))
}

/// Adds the passkey that the browser made. The page to which it leads shows recovery codes, once.
#[server(endpoint = "add_passkey", prefix = "/api", output = Answer)]
pub async fn add_passkey(
    #[server(default)] name: String,
    passkey: String,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter_own().await?;
    let codes = backend.add_passkey(&caller, &name, &passkey).await.map_err(|error| request::fail(&error))?;
    show(&codes);
    request::go_back(back.as_deref());
    Ok(())
}

/// Removes a second factor of one's own.
#[server(endpoint = "remove_factor", prefix = "/api", output = Answer)]
pub async fn remove_factor(
    id: FactorId,
    #[server(default)] code: String,
    #[server(default)] passkey: String,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    let proof = proof(code, passkey);
    backend.remove_factor(&caller, id, proof).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Makes new recovery codes. The page to which it leads shows them, once.
#[server(endpoint = "renew_recovery_codes", prefix = "/api", output = Answer)]
pub async fn renew_recovery_codes(
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "takes the old codes away")?;
    let codes = backend.renew_recovery_codes(&caller).await.map_err(|error| request::fail(&error))?;
    show(&codes);
    request::go_back(back.as_deref());
    Ok(())
}

/// The recovery codes that were just made, if they were not shown yet.
#[server(endpoint = "take_recovery_codes", prefix = "/api", output = Answer)]
pub async fn take_recovery_codes() -> Result<Option<Vec<String>>, ApiError> {
    request::enter_own().await?;
    let codes = request::ShownOnce::RecoveryCodes.take();
    Ok(codes.map(|codes| codes.split('.').map(str::to_owned).collect()))
}

/// Shows a second factor once more, for the next five minutes.
#[server(endpoint = "step_up", prefix = "/api", output = Answer)]
pub async fn step_up(
    #[server(default)] code: String,
    #[server(default)] passkey: String,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.step_up(&caller, proof(code, passkey)).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// What a passkey is to be asked for that, as JSON.
#[server(endpoint = "begin_step_up", prefix = "/api", output = Answer)]
pub async fn begin_step_up() -> Result<String, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.begin_step_up(&caller).await.map_err(|error| request::fail(&error))
}

/// What a sign-in asks for whose password was right.
#[server(endpoint = "load_second_step", prefix = "/api", output = Answer)]
pub async fn load_second_step() -> Result<SecondStepView, ApiError> {
    let (backend, secret) = request::enter_second_step()?;
    backend.second_step(&secret).await.map_err(|error| request::fail(&error))
}

/// What a passkey is to be asked for that sign-in, as JSON.
#[server(endpoint = "begin_second_step", prefix = "/api", output = Answer)]
pub async fn begin_second_step() -> Result<String, ApiError> {
    let (backend, secret) = request::enter_second_step()?;
    backend.begin_second_step(&secret).await.map_err(|error| request::fail(&error))
}

/// The second factors of a person.
#[server(endpoint = "load_person_factors", prefix = "/api", output = Answer)]
pub async fn load_person_factors(id: UserId) -> Result<FactorsView, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.factors_of(&caller, id).await.map_err(|error| request::fail(&error))
}

/// Takes all second factors of a person away.
#[server(endpoint = "reset_factors", prefix = "/api", output = Answer)]
pub async fn reset_factors(
    id: UserId,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<FactorsView, ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "ends the person's sessions and tokens")?;
    let view = backend.reset_factors(&caller, id).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(view)
}

/// Who must have a second factor, and who has one.
#[server(endpoint = "load_factor_policy", prefix = "/api", output = Answer)]
pub async fn load_factor_policy() -> Result<FactorPolicyView, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.factor_policy(&caller).await.map_err(|error| request::fail(&error))
}

/// Sets who must have one.
#[server(endpoint = "save_factor_policy", prefix = "/api", output = Answer)]
pub async fn save_factor_policy(
    #[server(default)] roles: BTreeSet<Role>,
    #[server(default)] role_groups: BTreeSet<RoleGroupId>,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::access::factors::FactorPolicy;
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "lets who has none do nothing else until they set one up")?;
    let policy = FactorPolicy { roles, role_groups };
    backend.set_factor_policy(&caller, policy).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}
