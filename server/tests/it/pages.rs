//! Pages as the server renders them, many at once.

use serde_json::json;

use crate::database::{Kind, on_both};
use crate::harness::{Estate, proposal};

on_both!(
    a_page_has_its_rows_however_many_are_rendered_at_once,
    a_page_without_counts_follows_what_happens,
    an_address_has_no_empty_fields,
    similar_actions_are_links_to_their_list,
);

/// Rendering and the load of its data run on several threads; whichever is first, the rows are in the page.
async fn a_page_has_its_rows_however_many_are_rendered_at_once(kind: Kind) {
    let estate = Estate::start(kind).await;
    let actions: Vec<_> = (0..30)
        .map(|n| proposal(&format!("file-{n}"), format!("/srv/{n}").as_ref(), &"ab".repeat(32)))
        .collect();
    let (status, answer) =
        estate.post("/api/v1/actions", &estate.scanner, &json!({ "actions": actions })).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let cookie = estate.sign_in("operator-0").await;
    let open = format!("?open={}", answer["actions"][7]["id"].as_str().unwrap());
    let load = async |query: &str| {
        for _ in 0..50 {
            let url = estate.url("/action-center/pending") + query;
            let answer = estate.client.get(url).header("cookie", &cookie).send().await.unwrap();
            let (status, page) = (answer.status().as_u16(), answer.text().await.unwrap());
            let count = |text| page.matches(text).count();
            let parts = [count("<tbody"), count("class=\"detail\"")];
            assert_eq!((status, parts), (200, [1, usize::from(!query.is_empty())]), "{page}");
        }
    };
    let open = || load(&open);
    tokio::join!(load(""), open(), load(""), open(), load(""), open(), load(""), open());
}

/// Counts that can't be right are not shown, and keep nobody from hearing what happens.
async fn a_page_without_counts_follows_what_happens(kind: Kind) {
    let estate = Estate::start(kind).await;
    let actions = [proposal("file", "/srv/evil".as_ref(), &"ab".repeat(32))];
    let (status, answer) =
        estate.post("/api/v1/actions", &estate.scanner, &json!({ "actions": actions })).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let cookie = estate.sign_in("operator-0").await;
    let cursor = async || {
        let page = estate.client.get(estate.url("/action-center/pending")).header("cookie", &cookie);
        let page = page.send().await.unwrap().text().await.unwrap().replace('\\', "");
        let (_, cursor) = page.split_once("\"cursor\":{").unwrap_or_else(|| panic!("{page}"));
        cursor.chars().take(80).collect::<String>()
    };
    let begin = "\"seq\":";
    let counted = cursor().await;
    assert!(counted.starts_with(begin) && counted.contains("{\"pending\":1,"), "{counted}");
    estate.database.execute("UPDATE counts SET n = -1").await.unwrap();
    let uncounted = cursor().await;
    assert!(uncounted.starts_with(begin) && uncounted.contains("\"counts\":null"), "{uncounted}");
}

async fn an_address_has_no_empty_fields(kind: Kind) {
    let estate = Estate::start(kind).await;
    let cookie = estate.sign_in("operator-0").await;
    let list = "/action-center/pending";
    let sent = |query: &str| format!("{list}{query}");
    for (path, to) in [
        (sent("?severity=high&from=&to=&q=a%3D"), Some(sent("?severity=high&q=a%3D"))),
        (sent("?q="), Some(sent(""))),
        (sent("?severity=high"), None),
        (sent(""), None),
        ("//example.com/?q=".to_owned(), None),
    ] {
        let answer =
            estate.client.get(estate.url("") + &path).header("cookie", &cookie).send().await.unwrap();
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        assert_eq!(location, to, "{path}");
    }
}

async fn similar_actions_are_links_to_their_list(kind: Kind) {
    let estate = Estate::start(kind).await;
    let hash = |n| if n < 3 { "ab".repeat(32) } else { format!("{n}").repeat(64) };
    let actions: Vec<_> =
        (0..6).map(|n| proposal(&format!("f{n}"), format!("/srv/evil-{n}").as_ref(), &hash(n))).collect();
    let (status, answer) =
        estate.post("/api/v1/actions", &estate.scanner, &json!({ "actions": actions })).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let cookie = estate.sign_in("operator-0").await;
    let page = async |path: &str| {
        let answer = estate.client.get(estate.url(path)).header("cookie", &cookie).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, panel) = page("/action-center/pending?severity=high&panel=similar").await;
    let count = |text| panel.matches(text).count();
    assert_eq!((status, count("class=\"bucket\""), count("3 actions")), (200, 1, 1), "{panel}");
    let (link, _) = panel.split_once("class=\"bucket\"").unwrap();
    let (_, link) = link.rsplit_once("href=\"").unwrap();
    let (link, _) = link.split_once('"').unwrap();
    let link = link.replace("&amp;", "&");
    assert!(link.starts_with("/action-center/pending?severity=high&similar="), "{link}");
    let (status, list) = page(&link).await;
    assert_eq!((status, list.matches("class=\"entity-link ").count()), (200, 3), "{list}");
    assert!(list.contains("Similar to"), "{list}");

    let (status, history) = page("/action-center/history?panel=similar").await;
    assert!(status == 200 && history.contains("Only what waits for a decision is grouped."), "{history}");
    let (status, empty) = page("/action-center/pending?severity=low&panel=similar").await;
    assert!(status == 200 && empty.contains("No two actions of this list are alike"), "{empty}");
}
