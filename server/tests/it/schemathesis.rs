//! The API keeps to its own description, whoever asks: schemathesis, which is not ours, pinned, from `PyPI`.
//!
//! `cargo xtask schemathesis --examples N` tries more of it than the tests do.

use std::process::Command;

use serde_json::Value;

use crate::database::Kind;
use crate::harness::Estate;
use crate::python::python;

const PACKAGES: &str = include_str!("schemathesis/requirements.txt");

/// What an answer must be: none of 500 and above, none that is not described, in the described form, and to nobody without
/// a token.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,ignored_auth";

/// Tokens of one scope each, and whose they are; the tests ask with the first three.
const TOKENS: [(&str, Option<&str>); 7] = [
    ("actions:propose", None),
    ("actions:decide", Some("operator-0")),
    ("access:administer", Some("admin")),
    ("actions:read", None),
    ("actions:record", None),
    ("executors:manage", Some("admin")),
    ("notifications:manage", Some("admin")),
];

/// What has no end, and what would make the server call addresses that somebody made up.
const LEFT_OUT: [&str; 4] = ["follow_changes", "add_executor", "change_executor", "add_notification_rule"];

/// So many cases of each operation, for each token, unless the command asks for more.
const EXAMPLES: &str = "1";

#[tokio::test]
async fn t18_the_api_keeps_to_its_description() {
    let Some(python) = python("schemathesis", PACKAGES) else { return };
    let mut estate = Estate::start(Kind::Sqlite).await;
    estate.administrator();
    estate.serve_with(&["--token-rate", "off", "--address-rate", "off"]);
    let mut document: Value = estate.get("/api/v1/openapi.json", "").await.1;
    let known = document.to_string();
    for operation in LEFT_OUT {
        assert!(
            known.contains(&format!("\"operationId\":\"{operation}\"")),
            "{operation} has another name now"
        );
    }
    // Rules of single types are `if` and `then`, of which it can't make cases; our own tests ask them.
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    let rules = schemas.values_mut().filter(|schema| schema["allOf"][0].get("if").is_some());
    assert!(rules.map(|schema| schema.as_object_mut().unwrap().remove("allOf")).count() > 0);
    let description = estate.at("openapi.json");
    std::fs::write(&description, document.to_string()).unwrap();
    let variable = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let examples = variable("COUNTERSIGN_SCHEMATHESIS_EXAMPLES", EXAMPLES);
    let seed = variable("COUNTERSIGN_SCHEMATHESIS_SEED", "7");
    // All combinations of limits are tens of thousands of cases.
    let phases = variable("COUNTERSIGN_SCHEMATHESIS_PHASES", "examples,fuzzing");
    let mut failed = Vec::new();
    let tokens = if std::env::var_os("COUNTERSIGN_SCHEMATHESIS_EXAMPLES").is_some() { 7 } else { 3 };
    let only = std::env::var("COUNTERSIGN_SCHEMATHESIS_SCOPE").ok();
    assert!(only.iter().all(|scope| TOKENS.iter().any(|(known, _)| known == scope)), "{only:?} is no scope");
    let chosen = |scope: &str| only.as_ref().is_none_or(|only| only == scope);
    for (scope, owner) in TOKENS.into_iter().take(tokens).filter(|(scope, _)| chosen(scope)) {
        let token = estate.token(&format!("{scope} of schemathesis"), owner, &[scope]);
        let mut command = Command::new(&python);
        command.current_dir(estate.at(".")).args(["-m", "schemathesis.cli", "run"]);
        command.arg(&description).args(["--url", &estate.server.url]);
        command.args(["--header", &format!("Authorization: Bearer {token}"), "--checks", CHECKS]);
        command.args(["--phases", &phases, "--max-examples", &examples, "--seed", &seed]);
        command.args([
            "--request-timeout",
            "30",
            "--continue-on-failure",
            "--no-shrink",
            "--warnings",
            "off",
        ]);
        for operation in LEFT_OUT {
            command.args(["--exclude-operation-id", operation]);
        }
        let output = command.env("NO_COLOR", "1").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        println!(
            "{scope}: {}",
            said.lines().rev().find(|line| line.contains("generated")).unwrap_or_default()
        );
        if !output.status.success() {
            failed.push(format!("{scope}:\n{said}\n{}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    estate.verify_audit();
}
