//! Many writers at once: a poller misses nothing, and times grow in the order of commits.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::database::{Kind, on_both};
use crate::harness::{Estate, proposal, until};

on_both!(a_poller_misses_nothing_of_twelve_writers);

/// How long the writers write; `COUNTERSIGN_WRITERS_SECONDS` makes it longer.
fn duration() -> Duration {
    let seconds = std::env::var("COUNTERSIGN_WRITERS_SECONDS").ok();
    Duration::from_secs(seconds.and_then(|text| text.parse().ok()).unwrap_or(3))
}

async fn a_poller_misses_nothing_of_twelve_writers(kind: Kind) {
    let estate = Arc::new(Estate::start(kind).await);
    let (_, start) = estate.get("/api/v1/changes", &estate.scanner).await;
    assert_eq!(start["changes"], json!([]));
    let mut after = start["next"].as_i64().unwrap();

    let started = Instant::now();
    let written = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..12)
        .map(|writer| {
            let (estate, written) = (Arc::clone(&estate), Arc::clone(&written));
            tokio::spawn(async move {
                let size = if writer < 2 { 100 } else { 1 };
                for round in 0.. {
                    if started.elapsed() > duration() {
                        return;
                    }
                    let one = |n| {
                        let name = format!("{writer}-{round}-{n}");
                        proposal(&name, Path::new(&format!("/srv/{name}")), &format!("{writer:064x}"))
                    };
                    let body = json!({ "actions": (0..size).map(one).collect::<Vec<_>>() });
                    let (status, _) = estate.post("/api/v1/actions", &estate.scanner, &body).await.unwrap();
                    if status == 201 {
                        written.fetch_add(size, Ordering::SeqCst);
                    }
                }
            })
        })
        .collect();

    let mut followed = BTreeSet::new();
    let (mut polled, mut newest) = (BTreeSet::new(), None::<String>);
    until("the poller has seen all that was written", async || {
        // Asked before it looks, so that what it misses then is missed.
        let over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        loop {
            let path = format!("/api/v1/changes?after={after}&limit=77");
            let (status, page) = estate.get(&path, &estate.scanner).await;
            assert_eq!(status, 200, "{page}");
            let changes = page["changes"].as_array().unwrap();
            followed
                .extend(changes.iter().map(|change| change["subject"]["id"].as_str().unwrap().to_owned()));
            after = page["next"].as_i64().unwrap();
            if page["more"] == false {
                break;
            }
        }
        // As tools do that know only the list: from the last time that they have seen.
        let from = newest.as_ref().map(|at| format!("&from={at}")).unwrap_or_default();
        let mut next = Some(format!("/api/v1/actions?lane=pending&sort=updated&limit=200{from}"));
        while let Some(path) = next.take() {
            let (status, page) = estate.get(&path, &estate.people[0]).await;
            assert_eq!(status, 200, "{page}");
            for item in page["items"].as_array().unwrap() {
                polled.insert(item["id"].as_str().unwrap().to_owned());
                newest = newest.take().max(item["updated_at"].as_str().map(str::to_owned));
            }
            next = page["next"].as_str().map(|cursor| {
                format!("/api/v1/actions?lane=pending&sort=updated&limit=200{from}&cursor={cursor}")
            });
        }
        over.then_some(())
    })
    .await;
    let written = written.load(Ordering::SeqCst);
    assert!(written > 200, "only {written} were written");
    assert_eq!((followed.len(), polled.len()), (written, written));

    let store = estate.database.open().await;
    let records = store.audit_after(0, u32::MAX >> 1).await.unwrap();
    let earlier = records.windows(2).filter(|pair| pair[1].at < pair[0].at).count();
    assert_eq!(earlier, 0, "records that are earlier than the one before, of {}", records.len());
    store.close().await;
    estate.verify_audit();
}
