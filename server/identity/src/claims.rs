//! What a provider says of a person: in the token, and beside it.

use std::collections::BTreeSet;

use domain::identity::ProviderSettings;
use openidconnect::core::{
    CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, EmptyExtraTokenFields, IdToken, IdTokenClaims, IdTokenFields, StandardTokenResponse,
    UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::identity::provider::Proven;

/// Claims that the standard does not name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Claims(Map<String, Value>);

impl AdditionalClaims for Claims {}

/// What the code is had for.
pub(crate) type Answer = StandardTokenResponse<
    IdTokenFields<
        Claims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// The token that proves who somebody is.
pub(crate) type Token =
    IdToken<Claims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// What a provider says of a person beside the token.
pub(crate) type UserInfo = UserInfoClaims<Claims, CoreGenderClaim>;

/// Who somebody proved to be. What a provider says beside the token goes before what it says in it: there it says all.
pub(crate) fn proven(
    settings: &ProviderSettings,
    token: &IdTokenClaims<Claims, CoreGenderClaim>,
    info: Option<&UserInfo>,
) -> Proven {
    let subject = token.subject().as_str().to_owned();
    let claim = |name: &str| {
        let beside = info.and_then(|info| info.additional_claims().0.get(name));
        beside.or_else(|| token.additional_claims().0.get(name))
    };
    let text = |name: &str| claim(name).and_then(Value::as_str).map(str::to_owned);
    let preferred = info.and_then(UserInfo::preferred_username).or_else(|| token.preferred_username());
    let email = info.and_then(UserInfo::email).or_else(|| token.email());
    let names = [preferred.map(|name| name.as_str()), email.map(|email| email.as_str()), Some(&*subject)];
    let name = info.and_then(UserInfo::name).or_else(|| token.name());
    let display_name =
        name.and_then(|name| name.get(None).or_else(|| name.iter().next().map(|(_, name)| name)));
    let methods = token.auth_method_refs().into_iter().flatten().map(|method| method.as_str().to_owned());
    Proven {
        sid: token.additional_claims().0.get("sid").and_then(Value::as_str).map(str::to_owned),
        names: names.into_iter().flatten().map(str::to_owned).collect(),
        display_name: display_name.map(|name| name.as_str().to_owned()),
        directory_id: match settings.directory_claim.as_str() {
            "sub" => Some(subject.clone()),
            other => text(other),
        },
        groups: groups(claim(&settings.groups_claim)),
        // Of the token alone, which is of this sign-in.
        methods: methods.chain(token.auth_context_ref().map(|context| context.as_str().to_owned())).collect(),
        subject,
    }
}

/// A list of names, or one.
fn groups(claim: Option<&Value>) -> BTreeSet<String> {
    match claim {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => [one.clone()].into(),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_a_list_of_names_or_one() {
        let table = [
            (serde_json::json!(["a", "b", "a", 7, null]), vec!["a", "b"]),
            (serde_json::json!("a b"), vec!["a b"]),
            (serde_json::json!({ "a": 1 }), vec![]),
            (serde_json::json!(null), vec![]),
        ];
        for (claim, want) in table {
            assert_eq!(groups(Some(&claim)), want.into_iter().map(str::to_owned).collect(), "{claim}");
        }
    }
}
