//! An `OpenC2` consumer that is not ours: asked what it can do, offered nothing else, and followed up while it is at it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::actions::contract::{DecideActions as _, ShowAction as _};
use domain::executors::contract::Health;
use domain::executors::{ExecutorKind, ExecutorSetup};
use domain::{Action, ActionType, ErrorCode, Status};
use serde_json::{Value, json};
use service::testing::system as authority;

use super::hands::{Setting, seen, setup};
use super::sample::{action, add};
use crate::database::Kind;
use crate::harness::until;

const TOKEN: &str = "0123456789abcdef01234567";

/// What a consumer was told, and what it answers to a command of each address.
#[derive(Clone, Default)]
struct Consumer(Arc<Mutex<Vec<Value>>>);

fn answer(Consumer(told): Consumer, headers: &HeaderMap, message: &Value) -> Response {
    if headers.get("authorization").is_none_or(|given| *given != format!("Bearer {TOKEN}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let request = message["body"]["openc2"]["request"].clone();
    let mut told = told.lock().unwrap();
    told.push(request.clone());
    let same = told.iter().filter(|of| of["command_id"] == request["command_id"]).count();
    let response = match (request["action"].as_str().unwrap(), request["target"]["ipv4_net"].as_str()) {
        ("query", _) => {
            json!({ "status": 200, "results": { "pairs": { "query": ["features"], "deny": ["ipv4_net"] } } })
        }
        ("deny", Some("198.51.100.1")) if same < 3 => {
            json!({ "status": 102, "status_text": "working on it" })
        }
        ("deny", Some("198.51.100.1")) => json!({ "status": 200, "status_text": "denied" }),
        ("deny", Some("198.51.100.2")) => json!({ "status": 403, "status_text": "not by you" }),
        _ => json!({ "status": 501, "status_text": "unknown" }),
    };
    let answer = json!({
        "headers": { "request_id": message["headers"]["request_id"], "created": message["headers"]["created"], "from": "fw" },
        "body": { "openc2": { "response": response } },
    });
    ([("content-type", openc2::MEDIA_TYPE)], answer.to_string()).into_response()
}

async fn start(consumer: Consumer) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new()
        .route(
            openc2::PATH,
            post(async |State(consumer), headers: HeaderMap, body: axum::body::Bytes| {
                answer(consumer, &headers, &serde_json::from_slice(&body).unwrap())
            }),
        )
        .with_state(consumer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn propose(setting: &Setting, number: u128, address: &str, action_type: ActionType) -> Action {
    let mut proposed = action(number);
    proposed.action_type = action_type;
    proposed.entity = serde_json::from_value(json!({ "kind": "ip_address", "address": address })).unwrap();
    let Action { entity, asset, parameters, .. } = &proposed;
    proposed.digest = service::digest(action_type, entity, asset, &[], parameters).unwrap();
    add(&setting.store, &proposed).await;
    proposed
}

#[tokio::test]
async fn a_consumer_is_offered_what_it_can_do_and_is_followed_up_until_it_ends() {
    let setting = Setting::start(Kind::Sqlite).await;
    let consumer = Consumer::default();
    let address = start(consumer.clone()).await;
    let mut one: ExecutorSetup = setup("fw", ExecutorKind::OpenC2);
    one.settings.url = Some(format!("http://{address}"));
    one.settings.internal = true;
    one.settings.options = json!({ "specifiers": { "hostname": "fw-1" } }).as_object().unwrap().clone();
    setting.add(one, Some(TOKEN.to_owned())).await;
    let block = propose(&setting, 1, "198.51.100.1", ActionType::BlockIpAddress).await;
    let early = setting.service.approve(&setting.ana, block.id, seen(&block), None).await;
    assert_eq!(early.unwrap_err().code(), ErrorCode::NoExecutor, "it was not asked yet what it can do");
    let tested = setting.service.test("fw").await.unwrap();
    assert!(tested.works && tested.says.contains("deny: ipv4_net"), "{}", tested.says);
    assert!(setting.service.executor_detail("fw").await.unwrap().can.contains(&"deny: ipv4_net".to_owned()));

    let other = propose(&setting, 2, "198.51.100.9", ActionType::UnblockIpAddress).await;
    let refused = setting.service.approve(&setting.ana, other.id, seen(&other), None).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NoExecutor, "allow is none of its pairs");
    setting.service.approve(&setting.ana, block.id, seen(&block), None).await.unwrap();
    let forbidden = propose(&setting, 3, "198.51.100.2", ActionType::BlockIpAddress).await;
    setting.service.approve(&setting.ana, forbidden.id, seen(&forbidden), None).await.unwrap();

    let stop = tokio_util::sync::CancellationToken::new();
    let worker = tokio::spawn(service::worker::run(setting.service.clone(), authority(), stop.child_token()));
    let mut was_working = false;
    let done = until("it ended", async || {
        let now = setting.now(block.id).await;
        let detail = now.status_detail.clone().unwrap_or_default();
        if detail.contains("in progress: working on it") {
            was_working = true;
            assert_eq!(now.status, Status::InProgress, "102 is no end");
            setting.clock.forward(jiff::SignedDuration::from_secs(5));
        }
        (now.status != Status::InProgress && now.status != Status::Queued).then_some(now)
    })
    .await;
    assert!(was_working);
    assert_eq!((done.status, done.status_detail.as_deref()), (Status::Completed, Some("denied")));
    let failed = until("the other ended", async || {
        let now = setting.now(forbidden.id).await;
        (now.status == Status::Failed).then_some(now)
    })
    .await;
    assert_eq!(failed.status_detail.as_deref(), Some("not by you"));
    stop.cancel();
    worker.await.unwrap();
    let told = consumer.0.lock().unwrap().clone();
    let ids: Vec<_> = told.iter().filter(|of| of["target"]["ipv4_net"] == "198.51.100.1").collect();
    assert!(
        ids.len() == 3 && ids.iter().all(|of| of["command_id"] == ids[0]["command_id"]),
        "one command id"
    );
    assert_eq!(ids[0]["actuator"], json!({ "slpf": { "hostname": "fw-1" } }), "the actuator that is meant");
    let health = setting.service.detail(&setting.ana, block.id).await.unwrap().executor.unwrap().health;
    assert_eq!(health, Health::Up);
}

#[tokio::test]
async fn bad_settings_give_one_clear_sentence_each() {
    let setting = Setting::start(Kind::Sqlite).await;
    let address = start(Consumer::default()).await;
    let add = async |name: &str, url: String, token: &str| {
        let mut one = setup(name, ExecutorKind::OpenC2);
        (one.settings.url, one.settings.internal) = (Some(url), true);
        setting.add(one, Some(token.to_owned())).await;
        let tested = setting.service.test(name).await.unwrap();
        assert!(!tested.works);
        tested.says
    };
    let says = add("wrong-token", format!("http://{address}"), "another-token-of-24-letters").await;
    assert!(says.contains("refused our token"), "{says}");
    let says = add("nobody", "http://127.0.0.1:9".to_owned(), TOKEN).await;
    assert!(says.contains("no connection"), "{says}");
    let says = add("no-such-host", "https://nowhere.invalid".to_owned(), TOKEN).await;
    assert!(says.contains("no connection"), "{says}");
    let says = add("no-tls", format!("https://{address}"), TOKEN).await;
    assert!(says.contains("does not work"), "{says}");
}
