//! What people set for themselves, and the views that they saved.

use domain::actions::query::Column;
use domain::settings::preference::{ColorScheme, ColumnChoice, Density, MAX_VIEWS};
use domain::{Authorized, Caller, Lane, Preference, Preferences, Role, SavedView, TablePreference};
use service::testing::system as authority;
use store::SharedStore;

use super::sample::{ANA, ANAS_SESSION, add_ana, at, id, proposer, session, system, user};
use crate::database::{Database, Kind, on_both};

on_both!(
    what_is_set_reads_back_and_the_later_one_holds,
    views_read_back_by_name,
    a_name_stands_once_and_views_end,
    one_view_is_the_default,
    only_who_is_let_in_sets_anything,
    what_another_version_wrote_is_a_default,
);

const BEN: u128 = 0xB;

async fn start(kind: Kind) -> (Database, SharedStore, Authorized, Authorized) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&user(BEN, "ben", &[Role::SecurityReader]), at(0)).await.unwrap();
    tx.insert_credential(&session(BEN, id(BEN))).await.unwrap();
    tx.commit().await.unwrap();
    let ben = Caller { person: Some(id(BEN)), credential: id(BEN), ..ana.clone() };
    (database, store, ana.authorize_own().unwrap(), ben.authorize_own().unwrap())
}

fn table(column: Column, limit: u16) -> TablePreference {
    let columns = vec![ColumnChoice { column, width: Some(240) }, Column::Comment.into()];
    TablePreference { columns, density: Density::Comfortable, limit }
}

async fn set(store: &SharedStore, by: &Authorized, preference: Preference) -> bool {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let done = tx.set_preference(by, &preference, at(1)).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn what_is_set_reads_back_and_the_later_one_holds(kind: Kind) {
    let (_database, store, ana, ben) = start(kind).await;
    let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let chosen = columns(&["verdict", "entity"]);
    assert!(set(&store, &ana, Preference::Columns("evidence".to_owned(), chosen.clone())).await);
    assert_eq!(store.list_columns(id(ANA), "evidence").await.unwrap(), chosen);
    assert_eq!(store.list_columns(id(ANA), "alerts").await.unwrap(), columns(&[]));
    assert_eq!(store.list_columns(id(BEN), "evidence").await.unwrap(), columns(&[]));
    assert!(set(&store, &ana, Preference::Columns("evidence".to_owned(), Vec::new())).await);
    assert_eq!(store.list_columns(id(ANA), "evidence").await.unwrap(), columns(&[]));
    assert_eq!(store.preferences(id(ANA)).await.unwrap(), Preferences::default());
    let mut expected = Preferences::default();
    for preference in [
        Preference::Table(Lane::History, table(Column::Asset, 25)),
        Preference::Table(Lane::Pending, table(Column::Entity, 200)),
        Preference::PaneCollapsed(true),
        Preference::TimeZone("Europe/Berlin".to_owned()),
        Preference::Table(Lane::History, table(Column::Status, 100)),
        Preference::DefaultTable(Lane::Pending),
        Preference::DefaultTable(Lane::InProgress),
        Preference::TimeZone("Asia/Kathmandu".to_owned()),
        Preference::ColorScheme(ColorScheme::Dark),
    ] {
        assert!(set(&store, &ana, preference.clone()).await);
        expected.set(preference);
        assert_eq!(store.preferences(id(ANA)).await.unwrap(), expected);
    }
    // Nobody else's changed.
    assert!(set(&store, &ben, Preference::PaneCollapsed(true)).await);
    let bens = Preferences { pane_collapsed: true, ..Preferences::default() };
    assert_eq!(store.preferences(id(BEN)).await.unwrap(), bens);
    assert_eq!(store.preferences(id(ANA)).await.unwrap(), expected);
    assert_eq!(store.preferences(id(0xC)).await.unwrap(), Preferences::default());
}

fn view(number: u128, name: &str, is_default: bool) -> SavedView {
    let shows = "severity=high&q=a%20b".to_owned();
    SavedView { id: id(number), name: name.to_owned(), lane: Lane::InProgress, shows, is_default }
}

async fn add(store: &SharedStore, by: &Authorized, view: &SavedView) -> bool {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let done = tx.insert_view(by, view, at(1)).await.unwrap();
    if done {
        tx.commit().await.unwrap();
    }
    done
}

async fn views_read_back_by_name(kind: Kind) {
    let (_database, store, ana, ben) = start(kind).await;
    let (one, two, three) = (view(1, "ürgent", false), view(2, "Mine", true), view(3, "all \"'%", false));
    for view in [&one, &two, &three] {
        assert!(add(&store, &ana, view).await);
    }
    // Names are a person's own.
    let bens = view(4, "mine", true);
    assert!(add(&store, &ben, &bens).await);
    assert_eq!(store.saved_views(id(ANA)).await.unwrap(), [three.clone(), two, one.clone()]);
    assert_eq!(store.saved_views(id(BEN)).await.unwrap(), [bens]);

    let mut tx = store.begin_system(&authority()).await.unwrap();
    // Another's is as good as none.
    assert!(!tx.delete_view(&ana, id(4), at(2)).await.unwrap());
    assert!(tx.delete_view(&ana, id(2), at(2)).await.unwrap());
    assert!(!tx.delete_view(&ana, id(2), at(2)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.saved_views(id(ANA)).await.unwrap(), [three, one]);
    assert_eq!(store.saved_views(id(BEN)).await.unwrap().len(), 1);
}

async fn a_name_stands_once_and_views_end(kind: Kind) {
    let (_database, store, ana, ben) = start(kind).await;
    assert!(add(&store, &ana, &view(1, "Büro", true)).await);
    for same in ["Büro", "BÜRO", "büro"] {
        assert!(!add(&store, &ana, &view(2, same, true)).await, "{same}");
    }
    // What was refused changed nothing.
    assert_eq!(store.saved_views(id(ANA)).await.unwrap(), [view(1, "Büro", true)]);
    for number in 2..=MAX_VIEWS as u128 {
        assert!(add(&store, &ana, &view(number, &format!("view {number}"), false)).await);
    }
    assert!(!add(&store, &ana, &view(1_000, "one more", false)).await);
    assert!(add(&store, &ben, &view(1_000, "one more", false)).await);
    assert_eq!(store.saved_views(id(ANA)).await.unwrap().len(), MAX_VIEWS);
}

async fn one_view_is_the_default(kind: Kind) {
    let (_database, store, ana, ben) = start(kind).await;
    for (number, name) in [(1, "a"), (2, "b")] {
        assert!(add(&store, &ana, &view(number, name, true)).await);
    }
    assert!(add(&store, &ben, &view(3, "c", true)).await);
    let defaults = async |of| {
        let views = store.saved_views(id(of)).await.unwrap();
        views.iter().filter(|view| view.is_default).map(|view| view.id).collect::<Vec<_>>()
    };
    assert_eq!((defaults(ANA).await, defaults(BEN).await), (vec![id(2)], vec![id(3)]));
    for (choice, done, expected) in [
        (Some(id(1)), true, vec![id(1)]),
        (Some(id(3)), false, vec![id(1)]),
        (Some(id(9)), false, vec![id(1)]),
        (None, true, vec![]),
        (Some(id(2)), true, vec![id(2)]),
    ] {
        let mut tx = store.begin_system(&authority()).await.unwrap();
        assert_eq!(tx.set_default_view(&ana, choice, at(2)).await.unwrap(), done, "{choice:?}");
        if done {
            tx.commit().await.unwrap();
        }
        assert_eq!((defaults(ANA).await, defaults(BEN).await), (expected, vec![id(3)]), "{choice:?}");
    }
}

async fn only_who_is_let_in_sets_anything(kind: Kind) {
    let (database, store, ana, _) = start(kind).await;
    let collapsed = Preference::PaneCollapsed(true);
    assert!(!set(&store, &system(), collapsed.clone()).await);
    assert!(!add(&store, &system(), &view(1, "a", false)).await);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.set_preference(&proposer(None), &collapsed, at(1)).await.is_err());
    assert!(tx.insert_view(&proposer(None), &view(1, "a", false), at(1)).await.is_err());
    drop(tx);
    assert!(add(&store, &ana, &view(1, "a", false)).await);
    let (end, back) = (
        [
            format!("UPDATE credentials SET revoked_at = 1 WHERE id = '{}'", id::<uuid::Uuid>(ANAS_SESSION)),
            format!("UPDATE users SET enabled = 0 WHERE id = '{}'", id::<uuid::Uuid>(ANA)),
        ],
        ["UPDATE credentials SET revoked_at = NULL", "UPDATE users SET enabled = 1"],
    );
    for (end, back) in end.iter().zip(back) {
        assert_eq!(database.execute(end).await.unwrap(), 1);
        assert!(!set(&store, &ana, collapsed.clone()).await, "{end}");
        assert!(!add(&store, &ana, &view(2, "b", true)).await, "{end}");
        let mut tx = store.begin_system(&authority()).await.unwrap();
        assert!(!tx.delete_view(&ana, id(1), at(2)).await.unwrap(), "{end}");
        assert!(!tx.set_default_view(&ana, Some(id(1)), at(2)).await.unwrap(), "{end}");
        tx.commit().await.unwrap();
        assert_eq!(store.saved_views(id(ANA)).await.unwrap(), [view(1, "a", false)]);
        assert_eq!(store.preferences(id(ANA)).await.unwrap(), Preferences::default());
        assert!(database.execute(back).await.unwrap() >= 1);
    }
    assert!(set(&store, &ana, collapsed).await);
}

async fn what_another_version_wrote_is_a_default(kind: Kind) {
    let (database, store, ana, _) = start(kind).await;
    assert!(set(&store, &ana, Preference::TimeZone("UTC".to_owned())).await);
    assert!(set(&store, &ana, Preference::Table(Lane::History, table(Column::Asset, 25))).await);
    for (name, value) in [
        ("history", r#"{"columns":["colour"],"density":"compact","limit":50}"#),
        ("history", r#"{"columns":["asset"],"density":"huge","limit":50}"#),
        ("history", r#"{"columns":[],"density":"compact","limit":50}"#),
        ("time_zone", "7"),
        ("time_zone", "not JSON"),
    ] {
        let sql = format!("UPDATE preferences SET value = '{value}' WHERE name = '{name}'");
        assert_eq!(database.execute(&sql).await.unwrap(), 1);
        assert_eq!(store.preferences(id(ANA)).await.unwrap(), Preferences::default(), "{value}");
    }
    let sql = "UPDATE preferences SET name = 'colour' WHERE name = 'time_zone'";
    assert_eq!(database.execute(sql).await.unwrap(), 1);
    assert_eq!(store.preferences(id(ANA)).await.unwrap(), Preferences::default());
}
