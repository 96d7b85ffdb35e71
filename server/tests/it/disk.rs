//! A moment in which the database can't be written to, and the moment after.

use serde_json::Value;

use crate::database::Kind;
use crate::harness::{Estate, EvilFile, until};

/// Nothing is changed while the disk takes no byte, which is said with words; once it does, all goes on by itself.
async fn recovers(kind: Kind, breaks: impl AsyncFn(&Estate), mends: impl AsyncFn(&Estate)) {
    let estate = Estate::start(kind).await;
    let file = EvilFile::new(&estate, "evil.bin");
    let action = estate.propose(&file).await;
    let ready = async || estate.client.get(estate.url("/readyz")).send().await.unwrap();
    assert_eq!(ready().await.status(), 200);

    breaks(&estate).await;
    for _ in 0..5 {
        let (status, problem) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
        assert_eq!((status, &problem["type"]), (503, &Value::from("/problems/unwritable")), "{problem}");
        assert!(problem["title"].as_str().unwrap().contains("Nothing was changed"), "{problem}");
    }
    let answer = ready().await;
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(estate.action(action["id"].as_str().unwrap()).await["decision"], "Pending", "reading goes on");

    mends(&estate).await;
    let (status, answer) = estate.decide("approve", &action, &estate.people[0]).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    assert_eq!(estate.settled(action["id"].as_str().unwrap()).await["status"], "Completed");
    assert_eq!(ready().await.status(), 200);
    file.assert_exists_once(&estate, true);
    estate.verify_audit();
}

#[tokio::test]
async fn t37_writing_comes_back_with_space_on_the_disk_on_sqlite() {
    let breaks = async |estate: &Estate| estate.server.limit_files(Some(4096));
    recovers(Kind::Sqlite, breaks, async |estate| estate.server.limit_files(None)).await;
}

#[tokio::test]
async fn t37_writing_comes_back_when_the_database_may_be_written_on_postgres() {
    let set = async |estate: &Estate, read_only: bool| {
        estate.database.set_read_only(read_only).await;
        // The pools notice one by one that their connections are gone.
        until("reading goes on", async || {
            let (status, _) = estate.get("/api/v1/actions?limit=25", &estate.people[0]).await;
            (status == 200).then_some(())
        })
        .await;
    };
    recovers(Kind::Postgres, async |estate| set(estate, true).await, async |estate| set(estate, false).await)
        .await;
}
