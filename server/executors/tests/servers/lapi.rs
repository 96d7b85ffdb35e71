//! `CrowdSec`'s local API alone, without its parsers.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use executors::crowdsec::{CrowdSec, CrowdSecSecrets, CrowdSecSettings};
use serde_json::Value;
use service::clock::SystemClock;

use super::{Server, folder, output, port, programs};

const CONFIGURATION: &str = "
common: { daemonize: false, log_media: stdout, log_level: error }
config_paths:
  config_dir: FOLDER
  data_dir: FOLDER/data
  hub_dir: FOLDER/hub
  index_path: FOLDER/hub/.index.json
  notification_dir: FOLDER/data
  plugin_dir: FOLDER/data
crowdsec_service: { enable: false }
cscli: { output: raw }
db_config: { type: sqlite, db_path: FOLDER/data/crowdsec.db, use_wal: true }
api:
  client: { credentials_path: FOLDER/credentials.yaml }
  server: { log_level: error, listen_uri: '127.0.0.1:PORT', profiles_path: FOLDER/profiles.yaml }
prometheus: { enabled: false }
";

const PROFILES: &str = "
name: default
filters: [ 'Alert.Remediation == true' ]
decisions: [ { type: ban, duration: 4h } ]
on_success: break
";

/// The local API.
pub(crate) struct Lapi {
    pub(crate) server: Server,
    pub(crate) port: u16,
    pub(crate) cscli: PathBuf,
}

impl Lapi {
    pub(crate) fn start() -> Option<Self> {
        let [crowdsec, cscli] = programs("crowdsec", ["crowdsec", "cscli"])?;
        let folder = folder();
        let (path, port) = (folder.path().to_owned(), port());
        for name in ["data", "hub"] {
            std::fs::create_dir(path.join(name)).unwrap();
        }
        let configuration =
            CONFIGURATION.replace("FOLDER", path.to_str().unwrap()).replace("PORT", &port.to_string());
        std::fs::write(path.join("config.yaml"), configuration).unwrap();
        std::fs::write(path.join("profiles.yaml"), PROFILES).unwrap();
        std::fs::write(path.join("hub/.index.json"), "{}").unwrap();
        let credentials = format!("url: http://127.0.0.1:{port}\nlogin: countersign\npassword: password\n");
        std::fs::write(path.join("credentials.yaml"), credentials).unwrap();
        let run = |arguments: &[&str]| {
            output(Command::new(&cscli).args(["-c", "config.yaml"]).args(arguments).current_dir(&path))
        };
        run(&["machines", "add", "countersign", "--password", "password", "-f", "other.yaml"]);
        run(&["bouncers", "add", "countersign", "-k", "bouncerkey"]);
        let mut command = Command::new(crowdsec);
        command.args(["-c", "config.yaml", "-no-cs"]).current_dir(&path);
        let server = Server::start(folder, &mut command, port);
        Some(Self { server, port, cscli })
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.cscli);
        output(command.args(["-c", "config.yaml"]).args(arguments).current_dir(self.server.folder()))
    }

    /// What is banned, as cscli shows it.
    pub(crate) fn banned(&self) -> Vec<String> {
        let listed: Value = serde_json::from_str(&self.run(&["decisions", "list", "-o", "json"])).unwrap();
        let alerts = listed.as_array().cloned().unwrap_or_default();
        let decisions =
            alerts.iter().flat_map(|alert| alert["decisions"].as_array().cloned().unwrap_or_default());
        let mut values: Vec<String> =
            decisions.map(|decision| decision["value"].as_str().unwrap().to_owned()).collect();
        values.sort();
        values
    }

    pub(crate) fn executor(&self, secret: &str) -> Arc<CrowdSec> {
        let settings = CrowdSecSettings {
            url: format!("http://127.0.0.1:{}", self.port),
            machine: "countersign".to_owned(),
            authority: None,
        };
        let secrets = CrowdSecSecrets::parse(secret).unwrap();
        Arc::new(CrowdSec::new("crowdsec".to_owned(), settings, secrets, Arc::new(SystemClock)).unwrap())
    }
}
