//! The first start of the real binary over an empty database: the link that it prints makes the first administrator.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use serde_json::json;

use crate::database::{Database, Kind, on_both};
use crate::harness::countersign;

on_both!(the_first_administrator_is_made_by_the_link_that_is_printed,);

/// A server that ends with the test.
struct Server {
    child: Child,
    url: String,
    link: Option<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only what this test started.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(database: &Database, site: &Path, more: &[&str]) -> Server {
    let site = site.to_str().unwrap();
    let args = ["serve", "--listen", "127.0.0.1:0", "--site", site, "--database-url", &database.url];
    let mut command = countersign(&[&args[..], more].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut server = Server { child, url: String::new(), link: None };
    for line in lines {
        if let Some((_, found)) = line.split_once(", once, at ") {
            server.link = Some(found.to_owned());
        }
        if let Some(url) = line.strip_prefix("listening on ") {
            url.clone_into(&mut server.url);
            return server;
        }
    }
    panic!("the server never listened");
}

async fn the_first_administrator_is_made_by_the_link_that_is_printed(kind: Kind) {
    let database = Database::migrated(kind).await;
    let site = tempfile::tempdir().unwrap();
    let bundle = json!({ "js": "/pkg/a.js", "wasm": "/pkg/a.wasm" });
    let manifest = json!({ "app": bundle, "css": "/pkg/a.css" }).to_string();
    std::fs::write(site.path().join("manifest.json"), manifest).unwrap();
    let server = start(&database, site.path(), &["--session-idle", "5", "--session-max", "1"]);
    let link = server.link.clone().unwrap();
    let (page, key) = link.split_once("?key=").unwrap();
    assert_eq!(page, format!("{}/first-administrator", server.url));

    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let shown = client.get(&link).send().await.unwrap();
    assert_eq!(shown.status(), 200);
    assert!(shown.text().await.unwrap().contains("Become the first administrator"));
    let make = async |key: &str, name: &str, password: &str| {
        let form = format!("key={key}&name={name}&display_name=Root&password={password}");
        let request = client.post(page).header("sec-fetch-site", "same-origin").body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 303);
        let header = |name| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        (header(LOCATION), header(SET_COOKIE))
    };
    let (to, cookie) = make("guessed", "root", "correct-horse-battery").await;
    assert_eq!((to.as_str(), cookie.as_str()), ("/first-administrator?error=key&key=guessed", ""));
    let (to, _) = make(key, "root", "short").await;
    assert!(to.starts_with("/first-administrator?error=password&key="), "{to}");
    let (to, cookie) = make(key, "root", "correct-horse-battery").await;
    assert_eq!(to, "/action-center");
    assert!(cookie.contains("Max-Age=3600"), "as long as --session-max says: {cookie}");
    let session = cookie.split(';').next().unwrap();
    let people = client.get(format!("{}/settings/people", server.url)).header(COOKIE, session).send().await;
    assert!(people.unwrap().text().await.unwrap().contains("Root"), "they administer");
    let (to, _) = make(key, "evil", "correct-horse-battery").await;
    assert!(to.contains("error=key"), "the link is used up: {to}");
    drop(server);
    assert_eq!(start(&database, site.path(), &[]).link, None, "somebody is there");
}

#[test]
fn session_times_out_of_bounds_are_refused_with_a_sentence() {
    let output = countersign(&["serve", "--session-idle", "0"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("must be 1 to 1440 minutes, not 0"), "{said}");
}
