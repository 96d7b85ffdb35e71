//! What a provider says of itself.

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreSubjectIdentifierType, CoreTokenIntrospectionResponse,
};
use openidconnect::{
    AdditionalProviderMetadata, DiscoveryError, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl,
    ProviderMetadata, StandardErrorResponse,
};
use serde::{Deserialize, Serialize};
use service::identity::provider::ProviderFailure;

use super::claims::{Answer, Claims};
use super::wire::Wire;

/// What a provider says of itself, and its keys.
pub(crate) type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Us, as a client of such a provider.
pub(crate) type Client = openidconnect::Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Answer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What other specifications add.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct More {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

impl More {
    /// Whether each answer says whose it is (RFC 9207).
    pub(crate) const fn names_itself(&self) -> bool {
        self.authorization_response_iss_parameter_supported
    }
}

/// Asks a provider.
pub(crate) async fn discover(wire: &Wire, issuer: &str) -> Result<Metadata, ProviderFailure> {
    let url = IssuerUrl::new(issuer.to_owned());
    let url = url.map_err(|error| ProviderFailure::Unreachable(error.to_string()))?;
    Metadata::discover_async(url, &wire.client()).await.map_err(|error| {
        ProviderFailure::Unreachable(match error {
            DiscoveryError::Request(error) => error.to_string(),
            other => other.to_string(),
        })
    })
}
