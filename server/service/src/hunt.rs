//! Where one hunts further: a link of the organisation's own tool, filled in for an action.

use std::str::FromStr;

use domain::Action;
use domain::actions::proposal::is_web_url;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const ENTITY: &str = "{entity}";
const ASSET: &str = "{asset}";

/// Everything but the unreserved characters of RFC 3986.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A link with places for the entity and the asset of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuntLink(String);

impl HuntLink {
    /// The link for an action. What an action holds is percent-encoded: it is a value in the link, and nothing else.
    #[must_use]
    pub fn of(&self, action: &Action) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, VALUE).to_string();
        let link = self.0.replace(ENTITY, &encoded(&action.entity.title()));
        link.replace(ASSET, &encoded(&action.asset.name))
    }
}

impl FromStr for HuntLink {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (_, rest) = text
            .split_once("://")
            .filter(|_| is_web_url(text))
            .ok_or("must begin with https:// or http://")?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.is_empty() || host.contains(['{', '}', '@', '\\']) {
            return Err("must name a host, without a placeholder or a user in it".to_owned());
        }
        let plain = text.replace(ENTITY, "").replace(ASSET, "");
        if plain.contains(['{', '}']) {
            return Err(format!("knows no other placeholders than {ENTITY} and {ASSET}"));
        }
        if text.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
            return Err("must be a link without spaces".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{proposal, tester};
    use domain::Proposal;
    use jiff::Timestamp;

    fn link(template: &str, entity: &str, asset: &str) -> String {
        let mut of = proposal("1");
        of["entity"] = serde_json::json!({ "kind": "device", "name": entity });
        of["asset"]["name"] = asset.into();
        let proposal: Proposal = serde_json::from_value(of).unwrap();
        let action =
            proposal.into_action(uuid::Uuid::nil().into(), String::new(), tester(), Timestamp::UNIX_EPOCH);
        template.parse::<HuntLink>().unwrap().of(&action)
    }

    #[test]
    fn what_an_action_holds_is_a_value_and_nothing_else() {
        let template = "https://siem.example/hunt?q={entity}&host={asset}#{asset}";
        let table = [
            ("a.exe", "web-1", "https://siem.example/hunt?q=a.exe&host=web-1#web-1"),
            (
                "C:\\a b",
                "ü&x=1",
                "https://siem.example/hunt?q=C%3A%5Ca%20b&host=%C3%BC%26x%3D1#%C3%BC%26x%3D1",
            ),
            (
                "{asset}",
                "\"><script>",
                "https://siem.example/hunt?q=%7Basset%7D&host=%22%3E%3Cscript%3E#%22%3E%3Cscript%3E",
            ),
        ];
        for (entity, asset, want) in table {
            assert_eq!(link(template, entity, asset), want);
        }
        assert_eq!(
            link("HTTP://siem.example", "a", "b"),
            "HTTP://siem.example",
            "a link without places is one, too"
        );
    }

    #[test]
    fn what_is_no_link_of_the_web_is_refused_with_a_sentence() {
        for (template, why) in [
            ("", "https://"),
            ("siem.example/{entity}", "https://"),
            ("javascript:alert('{entity}')", "https://"),
            ("javascript://%0aalert(1)", "https://"),
            ("https://", "host"),
            ("https:///{entity}", "host"),
            ("https://{asset}/a", "host"),
            ("https://{asset}.example", "host"),
            ("https://a@b.example/", "host"),
            ("https://a.example/{file}", "placeholders"),
            ("https://a.example/{entity", "placeholders"),
            ("https://a.example/a b", "spaces"),
        ] {
            let refused = template.parse::<HuntLink>().unwrap_err();
            assert!(refused.contains(why), "{template}: {refused}");
        }
    }
}
