//! slapd with the overlay ppolicy, and with the attributes of Active Directory.

use std::sync::Arc;

use domain::{Action, Outcome};
use executors::ldap::{Directory, Ldap};
use executors::secret::Secret;
use serde_json::json;
use service::executor::Attempt;

use crate::order::{action, attempt, ends};
use crate::servers::port;
use crate::servers::slapd::{POLICY, Slapd, WE};

fn on(of: &str, user: &str) -> Action {
    action(of, json!({ "kind": "user", "name": user }), json!({ "kind": "account", "name": user }), json!({}))
}

#[tokio::test]
async fn a_user_is_disabled_and_enabled_again() {
    let Some(slapd) = Slapd::start() else { return };
    let ldap = slapd.executor(|_| {});
    assert!(ldap.test().await.unwrap().contains(POLICY));
    assert!(slapd.lets_in("kim", "old-kim") && slapd.attribute("kim", "pwdAccountLockedTime").is_none());

    let said = ends(&ldap, &on("disable_user", "kim@corp.example"), Outcome::Completed).await;
    assert!(said.starts_with("uid=kim,ou=people,dc=corp,dc=example is disabled"), "{said}");
    assert!(!slapd.lets_in("kim", "old-kim"));
    assert_eq!(slapd.attribute("kim", "pwdAccountLockedTime").as_deref(), Some("000001010000Z"));
    ends(&ldap, &on("disable_user", "kim"), Outcome::Skipped).await;
    let repeat = attempt(&ldap, &on("disable_user", "kim"), true).await;
    assert!(matches!(repeat, Attempt::Ended(Outcome::Completed, _)), "{repeat:?}");

    ends(&ldap, &on("enable_user", "kim"), Outcome::Completed).await;
    assert!(slapd.lets_in("kim", "old-kim") && slapd.attribute("kim", "pwdAccountLockedTime").is_none());
    ends(&ldap, &on("enable_user", "kim"), Outcome::Skipped).await;
}

#[tokio::test]
async fn a_lock_that_would_not_count_is_not_set() {
    let Some(slapd) = Slapd::start() else { return };
    let ldap = slapd.executor(|_| {});
    for (user, why) in [("lee", "pwdLockout is not TRUE"), ("max", "does not exist")] {
        let said = ends(&ldap, &on("disable_user", user), Outcome::Failed).await;
        assert!(said.contains(why), "{said}");
        assert!(slapd.lets_in(user, &format!("old-{user}")));
        assert_eq!(slapd.attribute(user, "pwdAccountLockedTime"), None, "{user}");
    }
    let unknown = slapd.executor(|settings| settings.policy = None);
    let said = ends(&unknown, &on("disable_user", "kim"), Outcome::Failed).await;
    assert!(said.contains("name the default policy"), "{said}");
    assert!(unknown.test().await.unwrap().contains("policy of their own"));
    let said = ends(&ldap, &on("disable_user", "nobody"), Outcome::Failed).await;
    assert_eq!(said, "There is no user nobody below dc=corp,dc=example.");
    let said = ends(&ldap, &on("disable_user", "both@corp.example"), Outcome::Failed).await;
    assert!(said.starts_with("2 users"), "{said}");
}

#[tokio::test]
async fn a_password_is_reset_and_a_lock_outlives_it() {
    let Some(slapd) = Slapd::start() else { return };
    let ldap = slapd.executor(|_| {});
    ends(&ldap, &on("reset_password", "kim"), Outcome::Completed).await;
    assert!(!slapd.lets_in("kim", "old-kim"));
    assert_eq!(slapd.attribute("kim", "pwdReset").as_deref(), Some("TRUE"));

    ends(&ldap, &on("disable_user", "sam"), Outcome::Completed).await;
    let said = ends(&ldap, &on("reset_password", "sam"), Outcome::Completed).await;
    assert!(said.contains("stays disabled"), "{said}");
    assert_eq!(slapd.attribute("sam", "pwdAccountLockedTime").as_deref(), Some("000001010000Z"));
}

#[tokio::test]
async fn an_account_of_active_directory_is_disabled_by_one_bit() {
    let Some(slapd) = Slapd::start() else { return };
    let ldap = slapd.executor(|settings| {
        settings.directory = Some(Directory::ActiveDirectory);
        // slapd's twin of the schema compares no names that Active Directory compares.
        settings.name_attributes = vec!["cn".to_owned()];
    });
    assert_eq!(slapd.attribute("ada", "userAccountControl").as_deref(), Some("512"));
    ends(&ldap, &on("disable_user", "ada"), Outcome::Completed).await;
    assert_eq!(slapd.attribute("ada", "userAccountControl").as_deref(), Some("514"));
    ends(&ldap, &on("disable_user", "CORP\\ADA"), Outcome::Skipped).await;
    ends(&ldap, &on("enable_user", "ada"), Outcome::Completed).await;
    assert_eq!(slapd.attribute("ada", "userAccountControl").as_deref(), Some("512"));
    ends(&ldap, &on("reset_password", "ada"), Outcome::Completed).await;
    assert_eq!(slapd.attribute("ada", "pwdLastSet").as_deref(), Some("0"));
}

#[tokio::test]
async fn what_is_wrong_with_the_settings_is_one_sentence() {
    let Some(slapd) = Slapd::start() else { return };
    let host_port = format!("127.0.0.1:{}", slapd.port);
    let says = async |ldap: Arc<Ldap>| ldap.test().await.unwrap_err();
    let said = says(slapd.executor(|settings| settings.base_dn = "dc=other,dc=example".to_owned())).await;
    assert!(said.starts_with("The base DN dc=other,dc=example does not exist on 127.0.0.1"), "{said}");
    let wrong = Ldap::new("directory".to_owned(), slapd.settings(), Secret::new("wrong".to_owned())).unwrap();
    assert_eq!(
        says(Arc::new(wrong)).await,
        format!("{host_port} does not let {WE} in: the name or the password is wrong.")
    );
    let nowhere = format!("ldaps://{}.invalid", "x".repeat(64));
    let said = says(slapd.executor(|settings| settings.url = nowhere)).await;
    assert!(said.starts_with("The host x") && said.ends_with(".invalid is unknown."), "{said}");
    let closed = port();
    let said = says(slapd.executor(|settings| settings.url = format!("ldap://127.0.0.1:{closed}"))).await;
    assert_eq!(said, format!("127.0.0.1:{closed} refuses the connection: nothing listens there."));
    // What could not be sent is tried again.
    let down = slapd.executor(|settings| settings.url = format!("ldap://127.0.0.1:{closed}"));
    assert!(matches!(attempt(&down, &on("disable_user", "kim"), false).await, Attempt::NotSent(_)));

    let tls = |host: &str, authority: Option<String>| {
        let url = format!("ldaps://{host}:{}", slapd.tls_port);
        slapd.executor(|settings| (settings.url, settings.authority) = (url, authority))
    };
    let said = says(tls("localhost", None)).await;
    assert!(said.contains("is not trusted: it is of an unknown authority"), "{said}");
    let said = says(tls("127.0.0.1", Some(slapd.authority.clone()))).await;
    assert!(said.contains("is not trusted: it was made for another name"), "{said}");
    tls("localhost", Some(slapd.authority.clone())).test().await.unwrap();
    let start_tls = slapd.executor(|settings| {
        settings.url = format!("ldap://localhost:{}", slapd.port);
        (settings.start_tls, settings.authority) = (true, Some(slapd.authority.clone()));
    });
    start_tls.test().await.unwrap();
    ends(&start_tls, &on("disable_user", "kim"), Outcome::Completed).await;
    assert!(slapd.server.folder().exists() && !slapd.lets_in("kim", "old-kim"));
}
