//! What a compliance checker that is not ours says of our `SCIM`: `PyPI` scim2-tester, pinned, against the real binary.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::database::Kind;
use crate::harness::{Estate, countersign};
use crate::python::python;

/// The one version of each package.
const PACKAGES: &str = include_str!("scim/requirements.txt");

#[tokio::test]
async fn a_compliance_checker_finds_nothing() {
    let Some(python) = python("scim", PACKAGES) else { return };
    let estate = Estate::start(Kind::Sqlite).await;
    let create = ["token", "create", "directory", "--scope", "scim", "--database-url", &estate.database.url];
    let token = countersign(&create).output().unwrap();
    let token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scim/check.py");
    let output = Command::new(python).arg(script).arg(estate.url("/scim/v2")).arg(&token).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let bad: Vec<_> = results
        .iter()
        .filter(|result| {
            !matches!(result["status"].as_str(), Some("SUCCESS" | "COMPLIANT" | "ACCEPTABLE" | "SKIPPED"))
        })
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let good = results.iter().filter(|result| result["status"] == "SUCCESS").count();
    assert!(good >= 40, "only {good} of {} checks were done: {results:#?}", results.len());
    estate.verify_audit();
}
