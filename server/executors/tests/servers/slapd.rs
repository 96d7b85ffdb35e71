//! slapd with the overlay ppolicy, and with the attributes of Active Directory.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use executors::ldap::{Ldap, LdapSettings};
use executors::secret::Secret;

use super::{Server, certificate, folder, output, port, programs};

const BASE: &str = "dc=corp,dc=example";
pub(crate) const WE: &str = "cn=countersign,dc=corp,dc=example";
pub(crate) const POLICY: &str = "cn=default,ou=policies,dc=corp,dc=example";

/// A directory with some users.
pub(crate) struct Slapd {
    pub(crate) server: Server,
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    pub(crate) authority: String,
    pub(crate) search: PathBuf,
    pub(crate) whoami: PathBuf,
}

const CONFIGURATION: &str = r#"
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/msuser.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile FOLDER/pid
TLSCACertificateFile FOLDER/ca.pem
TLSCertificateFile FOLDER/server.pem
TLSCertificateKeyFile FOLDER/server.key
database mdb
suffix "dc=corp,dc=example"
rootdn "cn=root,dc=corp,dc=example"
rootpw root
directory FOLDER/db
access to attrs=userPassword by dn.exact="cn=countersign,dc=corp,dc=example" write by anonymous auth by * none
access to * by dn.exact="cn=countersign,dc=corp,dc=example" write by * none
overlay ppolicy
ppolicy_default "cn=default,ou=policies,dc=corp,dc=example"
"#;

const ENTRIES: &str = "
dn: dc=corp,dc=example
objectClass: domain
dc: corp

dn: cn=countersign,dc=corp,dc=example
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: countersign
userPassword: secret

dn: ou=policies,dc=corp,dc=example
objectClass: organizationalUnit
ou: policies

dn: cn=default,ou=policies,dc=corp,dc=example
objectClass: organizationalRole
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE

dn: cn=lax,ou=policies,dc=corp,dc=example
objectClass: organizationalRole
objectClass: pwdPolicy
cn: lax
pwdAttribute: userPassword
pwdLockout: FALSE

dn: ou=people,dc=corp,dc=example
objectClass: organizationalUnit
ou: people
";

/// An entry of a person, with more lines of its own.
fn person(name: &str, more: &str) -> String {
    format!(
        "\ndn: uid={name},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\n\
         mail: {name}@corp.example\nuserPassword: old-{name}\n{more}"
    )
}

impl Slapd {
    pub(crate) fn start() -> Option<Self> {
        let [slapd] = programs("slapd", ["slapd"])?;
        let [search, whoami] = programs("ldap-utils", ["ldapsearch", "ldapwhoami"])?;
        let folder = folder();
        let path = folder.path().to_owned();
        let at = path.to_str().unwrap();
        let [authority, ..] = certificate(&path);
        std::fs::create_dir(path.join("db")).unwrap();
        std::fs::write(path.join("slapd.conf"), CONFIGURATION.replace("FOLDER", at)).unwrap();
        let people = [
            person("kim", ""),
            person("lee", "pwdPolicySubentry: cn=lax,ou=policies,dc=corp,dc=example\n"),
            person("max", "pwdPolicySubentry: cn=gone,ou=policies,dc=corp,dc=example\n"),
            person("sam", "mail: both@corp.example\n"),
            person("tom", "mail: both@corp.example\n"),
        ];
        let computer = format!(
            "\ndn: cn=ada,ou=people,{BASE}\nobjectClass: user\ncn: ada\nsn: ada\nuserPrincipalName: ada@corp.example\n\
             instanceType: 4\nnTSecurityDescriptor: x\nobjectCategory: cn=person,{BASE}\n\
             userAccountControl: 512\npwdLastSet: 133000000000000000\n"
        );
        let ldif = [ENTRIES.to_owned(), people.concat(), computer].concat();
        std::fs::write(path.join("entries.ldif"), ldif).unwrap();
        // A copy, since AppArmor keeps Debian's from other folders by its path.
        let program = path.join("slapd");
        std::fs::copy(slapd, &program).unwrap();
        output(
            Command::new(&program)
                .args(["-T", "add", "-f", "slapd.conf", "-l", "entries.ldif"])
                .current_dir(&path),
        );
        let (port, tls_port) = (port(), port());
        let mut command = Command::new(&program);
        command.args(["-d", "0", "-f", "slapd.conf", "-h"]).current_dir(&path);
        command.arg(format!("ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"));
        let authority = std::fs::read_to_string(authority).unwrap();
        let server = Server::start(folder, &mut command, port);
        Some(Self { server, port, tls_port, authority, search, whoami })
    }

    pub(crate) fn settings(&self) -> LdapSettings {
        LdapSettings {
            url: format!("ldap://127.0.0.1:{}", self.port),
            start_tls: false,
            bind_dn: WE.to_owned(),
            base_dn: BASE.to_owned(),
            name_attributes: Vec::new(),
            policy: Some(POLICY.to_owned()),
            directory: None,
            authority: None,
        }
    }

    pub(crate) fn executor(&self, change: impl FnOnce(&mut LdapSettings)) -> Arc<Ldap> {
        let mut settings = self.settings();
        change(&mut settings);
        Arc::new(Ldap::new("directory".to_owned(), settings, Secret::new("secret".to_owned())).unwrap())
    }

    /// An attribute as ldapsearch shows it.
    pub(crate) fn attribute(&self, user: &str, attribute: &str) -> Option<String> {
        let mut search = Command::new(&self.search);
        search.args(["-LLL", "-x", "-o", "ldif-wrap=no", "-H", &format!("ldap://127.0.0.1:{}", self.port)]);
        search.args(["-D", "cn=root,dc=corp,dc=example", "-w", "root", "-b", BASE]);
        let found = output(search.arg(format!("(|(uid={user})(cn={user}))")).arg(attribute));
        let line = found.lines().find_map(|line| line.strip_prefix(&format!("{attribute}: ")))?;
        Some(line.to_owned())
    }

    /// Whether the user gets in with that password.
    pub(crate) fn lets_in(&self, user: &str, password: &str) -> bool {
        let mut whoami = Command::new(&self.whoami);
        whoami.args(["-x", "-H", &format!("ldap://127.0.0.1:{}", self.port)]);
        whoami.args(["-D", &format!("uid={user},ou=people,{BASE}"), "-w", password]);
        whoami.output().unwrap().status.success()
    }
}
