//! Pages as the server renders them, many at once.

use serde_json::json;

use crate::database::{Kind, on_both};
use crate::harness::{Estate, proposal};

on_both!(a_page_has_its_rows_however_many_are_rendered_at_once);

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
