//! A directory that is set up as an administrator does it, without the demo: an account is disabled and enabled again by a
//! real slapd, which the test asks itself.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::database::{Kind, on_both};
use crate::harness::{Estate, countersign, until};

on_both!(a_user_is_disabled_in_the_directory_and_enabled_again,);

const CONFIGURATION: &str = r#"
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
database mdb
suffix "dc=corp,dc=example"
rootdn "cn=root,dc=corp,dc=example"
rootpw secret-of-the-directory
directory FOLDER/db
overlay ppolicy
ppolicy_default "cn=default,dc=corp,dc=example"
"#;

const ENTRIES: &str = "dn: dc=corp,dc=example
objectClass: domain
dc: corp

dn: cn=default,dc=corp,dc=example
objectClass: organizationalRole
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE

dn: uid=kim,dc=corp,dc=example
objectClass: inetOrgPerson
uid: kim
cn: kim
sn: kim
userPassword: old-kim
";

/// A directory of the test.
struct Slapd {
    child: Child,
    port: u16,
}

impl Drop for Slapd {
    fn drop(&mut self) {
        // Only what this test started; it may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn slapd() -> Option<PathBuf> {
    let found = ["/usr/sbin/slapd", "/usr/bin/ldapwhoami"].map(PathBuf::from);
    if found.iter().all(|program| program.is_file()) {
        return Some(found[0].clone());
    }
    let excused = std::env::var("COUNTERSIGN_TEST_WITHOUT").unwrap_or_default().contains("slapd");
    assert!(std::env::var("CI").is_err() || excused, "CI needs slapd and ldap-utils");
    eprintln!("skipped: slapd and ldap-utils are needed");
    None
}

impl Slapd {
    async fn start(program: &Path, folder: &Path) -> Self {
        std::fs::create_dir_all(folder.join("db")).unwrap();
        let text = CONFIGURATION.replace("FOLDER", folder.to_str().unwrap());
        std::fs::write(folder.join("slapd.conf"), text).unwrap();
        std::fs::write(folder.join("entries.ldif"), ENTRIES).unwrap();
        // A copy, since AppArmor keeps Debian's from other folders by its path.
        let copy = folder.join("slapd");
        std::fs::copy(program, &copy).unwrap();
        let added = Command::new(&copy)
            .args(["-T", "add", "-f", "slapd.conf", "-l", "entries.ldif"])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("ldap://127.0.0.1:{port}");
        let mut command = Command::new(&copy);
        command.args(["-d", "0", "-f", "slapd.conf", "-h", &url]).current_dir(folder);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let slapd = Self { child, port };
        until("slapd listens", async || TcpStream::connect(("127.0.0.1", port)).ok()).await;
        slapd
    }

    /// Whether kim gets in with their password.
    fn lets_in(&self) -> bool {
        let mut whoami = Command::new("ldapwhoami");
        whoami.args(["-x", "-H", &format!("ldap://127.0.0.1:{}", self.port)]);
        whoami.args(["-D", "uid=kim,dc=corp,dc=example", "-w", "old-kim"]);
        whoami.output().unwrap().status.success()
    }
}

async fn a_user_is_disabled_in_the_directory_and_enabled_again(kind: Kind) {
    let Some(program) = slapd() else { return };
    let mut estate = Estate::start(kind).await;
    let slapd = Slapd::start(&program, &estate.at("directory")).await;
    let secrets = estate.at("secrets.key").to_str().unwrap().to_owned();
    estate.serve_with(&["--secrets-key", &secrets]);
    let options = estate.at("directory.json");
    let settings = json!({
        "url": format!("ldap://127.0.0.1:{}", slapd.port), "bind_dn": "cn=root,dc=corp,dc=example",
        "base_dn": "dc=corp,dc=example", "policy": "cn=default,dc=corp,dc=example",
    });
    std::fs::write(&options, settings.to_string()).unwrap();
    let secret = estate.secret("directory password", "secret-of-the-directory");
    let kept = ["--database-url", &estate.database.url, "--secrets-key", &secrets];
    let add = [
        "executor",
        "add",
        "directory",
        "--kind",
        "ldap",
        "--serves",
        "kind=account",
        "--options",
        options.to_str().unwrap(),
        "--secret",
        secret.to_str().unwrap(),
    ];
    let output = countersign(&[&add[..], &kept].concat()).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && !said.contains("secret-of-the-directory"), "{said}");
    let tested = countersign(&[&["executor", "test", "directory"][..], &kept].concat()).output().unwrap();
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));

    assert!(slapd.lets_in());
    let proposal = json!({
        "external_id": "kim", "type": "disable_user", "severity": "high", "source": "automated_user_action",
        "entity": { "kind": "user", "name": "kim" }, "asset": { "kind": "account", "name": "kim" },
        "comment": "the password is known to others",
    });
    let (status, answer) =
        estate.post("/api/v1/actions", &estate.scanner, &json!({ "actions": [proposal] })).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let action = answer["actions"][0].clone();
    assert!(slapd.lets_in(), "nothing happens before it is approved");
    until("the server has the executor", async || {
        let (status, answer) = estate.decide("approve", &action, &estate.people[0]).await?;
        assert!(status == 200 || answer["type"] == "/problems/no_executor", "{answer}");
        (status == 200).then_some(())
    })
    .await;
    let done = estate.settled(action["id"].as_str().unwrap()).await;
    assert_eq!((&done["status"], &done["executor"]), (&json!("Completed"), &json!("directory")), "{done}");
    assert!(!slapd.lets_in());
    let (status, answer) = estate.decide("undo", &done, &estate.people[0]).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    assert_eq!(estate.settled(done["id"].as_str().unwrap()).await["undo"], "Undone");
    assert!(slapd.lets_in());
    estate.verify_audit();
}
