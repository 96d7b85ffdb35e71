//! Mutual TLS: a responder that knows its peers by certificates, and a consumer that we are known to by ours.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::certificates::{Authority, Pem};
use crate::database::Kind;
use crate::harness::{Estate, EvilFile, countersign};

/// A responder that takes certificates of the authority, for the name `countersign` alone.
async fn certified(authority: &Authority) -> Estate {
    let mut estate = Estate::start(Kind::Sqlite).await;
    let (key, certificate) = authority.issue(&["localhost", "127.0.0.1"]).write(&estate.at("."));
    let clients = estate.secret("clients.pem", &authority.pem());
    let args = [&certificate, &key, &clients].map(|file| file.to_str().unwrap().to_owned());
    let [certificate, key, clients] = args.each_ref().map(String::as_str);
    let options =
        ["--tls-cert", certificate, "--tls-key", key, "--client-ca", clients, "--client", "countersign"];
    estate.respond_with(&options);
    assert!(estate.responder.url.starts_with("https://127.0.0.1:"), "{}", estate.responder.url);
    estate
}

fn identity(pem: &Pem) -> String {
    format!("{}{}", pem.certificate, pem.key)
}

/// Adds a consumer by the command line; what it says.
fn add(
    estate: &Estate,
    name: &str,
    url: &str,
    secret: &str,
    authority: Option<&str>,
) -> Result<String, String> {
    let secret = estate.secret(&format!("{name}.secret"), secret);
    let options =
        authority.map(|pem| estate.secret(&format!("{name}.json"), &json!({ "authority": pem }).to_string()));
    let mut args = vec![
        "executor",
        "add",
        name,
        "--kind",
        "openc2",
        "--url",
        url,
        "--internal",
        "--serves",
        "name=none",
    ];
    args.extend(["--profile", "x-countersign", "--secret", secret.to_str().unwrap()]);
    args.extend(options.iter().flat_map(|file| ["--options", file.to_str().unwrap()]));
    run(estate, &args)
}

fn run(estate: &Estate, args: &[&str]) -> Result<String, String> {
    let (database, key) = (estate.database_url(), estate.at("secrets.key"));
    let mut command = countersign(args);
    command.args(["--database-url", &database, "--secrets-key", key.to_str().unwrap()]);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

#[tokio::test]
async fn a_consumer_and_we_know_each_other_by_certificates() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let estate = certified(&authority).await;
    let url = estate.responder.url.clone();
    let (ours, own) = (identity(&authority.issue(&["countersign"])), authority.pem());
    let test = |name: &str| run(&estate, &["executor", "test", name]);

    add(&estate, "known", &url, &ours, Some(&own)).unwrap();
    let says = test("known").unwrap();
    assert!(says.starts_with("It can "), "{says}");

    // (name, what we show, whom we believe, the one sentence)
    let token = "0123456789abcdef01234567";
    let foreign = identity(&stranger.issue(&["countersign"]));
    let other_name = identity(&authority.issue(&["somebody.else"]));
    let table = [
        (
            "foreign",
            foreign.as_str(),
            Some(own.as_str()),
            "it does not know the authority of our certificate",
        ),
        ("other-name", &other_name, Some(&own), "other-name refused our certificate"),
        ("absent", token, Some(&own), "absent refused our token"),
        ("unbelieved", &ours, None, "its certificate is of no authority that we believe"),
        ("misbelieved", &ours, Some(&stranger.pem()), "its certificate is of no authority that we believe"),
    ];
    for (name, secret, believed, sentence) in table {
        add(&estate, name, &url, secret, believed).unwrap();
        let says = test(name).unwrap_err();
        assert!(says.contains("It does not work: ") && says.contains(sentence), "{name}: {says}");
        let sentences = says.lines().filter(|line| line.starts_with("countersign: ")).count();
        assert_eq!((sentences, says.ends_with('.')), (1, true), "{name}: {says}");
    }

    // What can't be used is refused when it is set up, by the name of its field.
    let mixed = format!("{}{}", authority.issue(&["a"]).certificate, authority.issue(&["a"]).key);
    for (secret, believed, sentence) in [
        (mixed.as_str(), Some(own.as_str()), "secret holds a key that is not that of its certificate"),
        (&own, Some(&own), "secret holds no key"),
        (&ours, Some("nonsense"), "settings/options/authority holds no certificate"),
        ("short", None, "secret must be 24 or more visible ASCII characters, or a certificate"),
    ] {
        let says = add(&estate, "refused", &url, secret, believed).unwrap_err();
        assert!(says.contains(sentence), "{says}");
    }
    let plain = url.replace("https://", "http://");
    assert!(add(&estate, "plain", &plain, &ours, Some(&own)).unwrap_err().contains("must be https"));

    // The key lies nowhere but sealed.
    let key_line = ours.lines().find(|line| line.len() == 64).unwrap().to_owned();
    for entry in std::fs::read_dir(estate.at(".")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().contains(".db") {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(64).any(|part| part == key_line.as_bytes()), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn a_responder_acts_for_who_shows_a_certificate_and_for_who_signs() {
    let authority = Authority::new();
    let mut estate = certified(&authority).await;
    let ours = estate.secret("identity.pem", &identity(&authority.issue(&["countersign"])));
    let believed = estate.secret("authority.pem", &authority.pem());
    let at = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let responder =
        format!("certified host={},identity={},authority={}", estate.responder.url, at(&ours), at(&believed));
    estate.serve_with(&["--responder", &responder]);
    let file = EvilFile::new(&estate, "mutual.bin");
    let mut item = crate::harness::proposal(&file.name, &file.path, &file.sha256);
    item["asset"]["name"] = json!("certified host");
    let body = json!({ "actions": [item] });
    let (status, answer) = estate.post("/api/v1/actions", &estate.scanner, &body).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let action = answer["actions"][0].clone();
    let (status, answer) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let settled = estate.settled(action["id"].as_str().unwrap()).await;
    assert_eq!(settled["status"], "Completed", "{settled}");
    file.assert_exists_once(&estate, true);

    // Without a certificate: only who signs.
    let message = json!({ "headers": { "request_id": "r" }, "body": { "openc2": { "request":
        { "action": "query", "target": { "features": [] } } } } });
    let ask = async |client: reqwest::ClientBuilder| -> (u16, String) {
        let request = client.build().unwrap().post(format!("{}/.well-known/openc2", estate.responder.url));
        let request = request.header("content-type", "application/openc2+json;version=1.0");
        let answer = request.body(message.to_string()).send().await.unwrap();
        let status = answer.status().as_u16();
        let said: Value = answer.json().await.unwrap();
        (status, said["body"]["openc2"]["response"]["status_text"].as_str().unwrap_or_default().to_owned())
    };
    let (status, said) = ask(authority.client()).await;
    assert_eq!(status, 401);
    assert!(said.contains("no client certificate was shown, and the request is not signed"), "{said}");
    let shows = |names: &[&str]| {
        let identity = reqwest::Identity::from_pem(identity(&authority.issue(names)).as_bytes()).unwrap();
        authority.client().identity(identity)
    };
    let (status, said) = ask(shows(&["somebody.else"])).await;
    assert_eq!(status, 401);
    assert!(said.contains("the client certificate is for somebody.else, which may not send"), "{said}");
    assert_eq!(ask(shows(&["countersign"])).await.0, 200);
}
