//! One thing under several spellings: found, compared, sorted and grouped as one.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::intake::{host, mailbox, message, of, send, taken};
use super::{ACTIONS, app};
use crate::http::testing::App;
use web::edge::paths::query_value;

/// The ids of what a query of Pending finds.
async fn found(app: &App, person: &str, query: &str) -> Vec<String> {
    let answer = app.api(person, "GET", &format!("{ACTIONS}?lane=pending&{query}"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let items = answer.json()["items"].clone();
    items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn ids(actions: &[Value]) -> Vec<String> {
    let mut ids: Vec<_> = actions.iter().map(|action| action["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

async fn search(app: &App, person: &str, text: &str) -> Vec<String> {
    let mut found = found(app, person, &format!("q={}", query_value(text))).await;
    found.sort();
    found
}

#[tokio::test]
async fn what_is_one_thing_has_one_digest_and_is_found_by_any_spelling() {
    let (app, tool, person) = app().await;
    let ip = |id: &str, ip: &str| {
        of(id, "block_ip_address", &json!({"kind": "ip_address", "address": ip}), &host("fw"))
    };
    let url = |id: &str, url: &str| of(id, "block_url", &json!({"kind": "url", "url": url}), &host("proxy"));
    let file =
        |id: &str, path: &str| of(id, "quarantine_file", &json!({"kind": "file", "path": path}), &host("a"));
    let device = |id: &str, name: &str| of(id, "isolate_device", &host(name), &host(name));
    let user = |id: &str, name: &str| {
        of(
            id,
            "disable_user",
            &json!({"kind": "user", "name": name}),
            &json!({"kind": "account", "name": name}),
        )
    };
    let table: [(Vec<Value>, &str); 8] = [
        (vec![ip("v6-1", "2001:DB8:0:0:0:0:0:53"), ip("v6-2", "2001:db8::53")], "2001:db8::53"),
        (vec![ip("v4-1", "::ffff:198.51.100.5"), ip("v4-2", "198.51.100.5")], "198.51.100.5"),
        (vec![device("hc-1", "WS-0500"), device("hc-2", "ws-0500.")], "Ws-0500"),
        (vec![user("u-1", "Kim@Corp.example"), user("u-2", "kim@corp.EXAMPLE")], "kim@corp.example"),
        (vec![file("f-1", "C:\\Temp\\A.exe"), file("f-2", "c:/temp/./a.EXE")], "C:\\temp\\a.exe"),
        (vec![file("f-3", "/etc/../srv/x/passwd"), file("f-4", "/srv//x/passwd")], "/srv/x/passwd"),
        (
            vec![
                url("l-1", "https://bücher.example/x"),
                url("l-2", "HTTPS://xn--bcher-kva.example:443/x#top"),
            ],
            "https://bücher.example/x",
        ),
        (
            vec![url("l-3", "http://evil.example/a"), url("l-4", "http://EVIL.example./b/../a")],
            "hxxp://evil[.]example/a",
        ),
    ];
    for (items, query) in table {
        let mut actions = Vec::new();
        for item in &items {
            let action = taken(&app, &tool, item).await;
            assert_eq!(action["entity"], item["entity"], "the given spelling is kept");
            actions.push(action);
        }
        assert_eq!(actions[0]["digest"], actions[1]["digest"], "{query}");
        assert_eq!(search(&app, &person, query).await, ids(&actions), "{query}");
        let asset = query_value(items[0]["asset"]["name"].as_str().unwrap());
        let of_asset = found(&app, &person, &format!("asset={asset}")).await;
        assert!(ids(&actions).iter().all(|id| of_asset.contains(id)), "{query}");
        // A repeat under another spelling is a repeat.
        let mut repeat = items[0].clone();
        repeat["entity"] = items[1]["entity"].clone();
        repeat["asset"] = items[1]["asset"].clone();
        let answer = send(&app, &tool, &[repeat]).await.json()["actions"][0].clone();
        assert_eq!((&answer["created"], &answer["version"]), (&json!(false), &json!(1)), "{query}");
    }
}

#[tokio::test]
async fn an_action_is_found_by_whatever_an_indicator_is() {
    let (app, tool, person) = app().await;
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let file = json!({"kind": "file", "path": "C:\\Users\\x\\setup.exe", "sha256": hash, "sha1": "cd".repeat(20), "md5": "ef".repeat(16)});
    let mail = message(
        "<m-1@mail.bad.example>",
        &json!({"network_message_id": "00000000-0000-4000-8000-000000000001"}),
    );
    let process =
        json!({"kind": "process", "pid": 42, "image": "/bin/evil", "command_line": "evil --beacon"});
    let user = json!({"kind": "user", "name": "kim", "sid": "S-1-5-21-7-7-7-500"});
    let made = [
        (
            of("case 4711/f", "quarantine_file", &file, &host("HOST-22")),
            vec![hash, "9F86D081884C7D65", "cdcdcdcdcd", "efefefefef", "setup.exe", "HOST-22", "case 4711/f"],
        ),
        (
            of("e-3", "soft_delete_email", &mail, &mailbox("desk@corp.example")),
            vec![
                "m-1@mail.bad.example",
                "<m-1@mail.bad.example>",
                "billing@bad.example",
                "kim@corp.example",
                "desk@corp",
                "00000000-0000-4000-8000-000000000001",
                "e-3",
            ],
        ),
        (of("p-1", "stop_process", &process, &host("other")), vec!["42", "--beacon", "/bin/evil"]),
        (of("u-1", "disable_user", &user, &json!({"kind": "account", "name": "kim"})), vec!["s-1-5-21-7"]),
    ];
    for (item, queries) in made {
        let action = taken(&app, &tool, &item).await;
        for query in queries {
            assert_eq!(search(&app, &person, query).await, ids(std::slice::from_ref(&action)), "{query}");
        }
    }
    assert_eq!(search(&app, &person, "4").await, Vec::<String>::new(), "a pid is found whole");
}

#[tokio::test]
async fn a_search_finds_what_was_copied_with_its_dress() {
    let (app, tool, person) = app().await;
    let url = |id: &str, url: &str| of(id, "block_url", &json!({"kind": "url", "url": url}), &host("proxy"));
    let ip = json!({"kind": "ip_address", "address": "2001:db8::99"});
    let file = json!({"kind": "file", "path": "C:\\Program Files\\x\\y.exe", "sha1": format!(" {}", "AB".repeat(20))});
    let made = [
        (vec![of("h", "isolate_device", &host("ws-0700"), &host("ws-0700"))], vec!["WS-0700."]),
        (
            vec![of("v6", "block_ip_address", &ip, &host("fw"))],
            vec!["[2001:db8::99]", "[2001:DB8:0::99]:443"],
        ),
        (
            vec![of("f", "quarantine_file", &file, &host("other"))],
            vec![
                "\"C:\\Program Files\\x\\y.exe\"",
                "'c:/program files/x/y.exe'",
                "file:///C:/Program%20Files/x/y.exe",
            ],
        ),
        (
            vec![url("u-1", "https://bücher.example/%61b"), url("u-2", "https://xn--bcher-kva.example/ab")],
            vec!["https://bücher.example/ab", "\"https://xn--bcher-kva.example/%61b\""],
        ),
    ];
    for (items, queries) in made {
        let mut actions = Vec::new();
        for item in &items {
            actions.push(taken(&app, &tool, item).await);
        }
        assert!(actions.iter().all(|action| action["digest"] == actions[0]["digest"]), "{actions:?}");
        for query in queries {
            assert_eq!(search(&app, &person, query).await, ids(&actions), "{query}");
        }
    }
    let hash = search(&app, &person, &"ab".repeat(20)).await;
    let action = app.api(&tool, "GET", &format!("{ACTIONS}/{}", hash[0]), None).await.json();
    assert_eq!(action["entity"]["sha1"], "ab".repeat(20), "without the space");
}

#[tokio::test]
async fn addresses_and_numbers_in_names_sort_as_numbers() {
    let (app, tool, person) = app().await;
    let addresses =
        ["10.0.0.9", "10.0.0.10", "10.0.0.100", "9.9.9.9", "192.168.1.2", "2001:db8::10", "2001:db8::9"];
    for address in addresses {
        let entity = json!({"kind": "ip_address", "address": address});
        taken(&app, &tool, &of(address, "block_ip_address", &entity, &host("ORD-FW"))).await;
    }
    let names = ["web-10", "web-2", "web-1"];
    for name in names {
        taken(&app, &tool, &of(name, "isolate_device", &host(name), &host(name))).await;
    }
    let sorted = async |query: &str, field: &'static str| {
        let answer = app.api(&person, "GET", &format!("{ACTIONS}?lane=pending&{query}"), None).await.json();
        let text = |item: &Value| item.pointer(field).unwrap().as_str().unwrap().to_owned();
        answer["items"].as_array().unwrap().iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(
        sorted("q=ORD-FW&sort=entity", "/entity/address").await,
        ["9.9.9.9", "10.0.0.9", "10.0.0.10", "10.0.0.100", "192.168.1.2", "2001:db8::9", "2001:db8::10"]
    );
    assert_eq!(sorted("q=web-&sort=asset", "/asset/name").await, ["web-1", "web-2", "web-10"]);
    assert_eq!(sorted("q=web-&sort=-entity", "/entity/name").await, ["web-10", "web-2", "web-1"]);
    for begin in ["9.", "we", "1"] {
        assert!(!search(&app, &person, begin).await.is_empty(), "{begin}");
    }
}

#[tokio::test]
async fn what_is_the_same_on_many_assets_is_one_bucket() {
    let (app, tool, person) = app().await;
    let make = |n: usize| {
        let sha1 = json!({"kind": "file", "sha1": "22".repeat(20)});
        let mail = message("<same-1@bad.example>", &json!({}));
        let ip =
            json!({"kind": "ip_address", "address": if n == 0 { "2001:DB8:0::7" } else { "2001:db8::7" }});
        let md5 = json!({"kind": "file", "md5": "33".repeat(16)});
        let url = json!({"kind": "url", "url": "http://evil.example/a"});
        let key = json!({"kind": "registry_key", "path": "HKCU\\Run", "value_name": "Updater"});
        let mut account = json!({"kind": "user", "name": if n == 0 { "CORP\\Kim" } else { "corp\\kim" }});
        if n > 1 {
            account["sid"] = json!("S-1-5-21-1-2-3-500");
        }
        let process = json!({"kind": "process", "pid": 100 + n, "image": "/bin/evil"});
        [
            of(&format!("a{n}"), "contain_user", &account, &host(&format!("h{n}"))),
            of(&format!("p{n}"), "stop_process", &process, &host(&format!("h{n}"))),
            of(&format!("s{n}"), "quarantine_file", &sha1, &host(&format!("h{n}"))),
            of(&format!("m{n}"), "soft_delete_email", &mail, &mailbox(&format!("u{n}@corp.example"))),
            of(&format!("i{n}"), "block_ip_address", &ip, &host(&format!("fw{n}"))),
            of(&format!("5{n}"), "block_file", &md5, &host(&format!("h{n}"))),
            of(&format!("l{n}"), "block_url", &url, &host(&format!("proxy{n}"))),
            of(&format!("r{n}"), "remove_registry_key", &key, &host(&format!("h{n}"))),
        ]
    };
    for n in 0..4 {
        assert_eq!(send(&app, &tool, &make(n)).await.status, StatusCode::CREATED);
    }
    let buckets = app.api(&person, "GET", &format!("{ACTIONS}/buckets?lane=pending"), None).await.json();
    let counts: Vec<_> = buckets["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| (of["count"].clone(), of["assets"].clone()))
        .collect();
    assert_eq!(counts, vec![(json!(4), json!(4)); 8], "{buckets}");
    let names = buckets["buckets"].as_array().unwrap().iter();
    let mut names: Vec<_> = names.filter_map(|of| of["by"]["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["/bin/evil", "corp\\kim", "hkey_current_user\\run\\\\updater"]);
}
