//! Lists of people, tokens, sessions, role groups and device groups: in any order, page by page, searched and filtered, for who administers alone.

use std::collections::BTreeSet;
use std::io::Read as _;

use domain::access::Access;
use domain::access::contract::{AccessBackend as _, PersonChange};
use domain::access::device_group::{RemediationLevel, parse_rule};
use domain::access::lists::contract::AdminListsBackend as _;
use domain::access::lists::fields::{AdminQuery, Column, SortKey};
use domain::access::lists::{AdminList, AdminRows};
use domain::list::Sort;
use domain::{Authorized, Caller, DeviceGroup, Error, Permission, Role, UserId};
use service::Service;
use service::testing::system as authority;
use store::admin_lists::{AdminPosition, AdminRow};
use store::{Credential, CredentialKind, SharedStore, User};

use super::investigations::service;
use super::sample::{at, id, person, session, user};
use crate::database::{Database, Kind, on_both};

on_both!(
    every_order_is_paged_without_a_gap,
    people_are_searched_and_filtered,
    tokens_and_sessions_are_listed_while_they_are_alive,
    roles_and_device_groups_are_searched_and_filtered,
    only_who_administers_reads_and_chooses,
    a_changed_name_is_found_and_rows_of_before_are_keyed,
);

const ADMIN: u128 = 0xAD;

struct Setting {
    database: Database,
    store: SharedStore,
    service: Service,
    admin: Caller,
}

/// People whose names differ in case and numbers, tokens of two tools and of a person, and sessions.
async fn start(kind: Kind) -> Setting {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let reader = [Role::SecurityReader];
    let mut people = vec![user(ADMIN, "admin", &[Role::GlobalAdministrator])];
    for (number, name) in [(1, "p10"), (2, "P9"), (3, "bea"), (4, "Bea2"), (5, "=cmd")] {
        people.push(User { display_name: name.to_owned(), ..user(number, &format!("u{number}"), &reader) });
    }
    people.push(User { enabled: false, ..user(6, "gone", &[Role::SecurityOperator]) });
    let mut tx = store.begin_system(&authority()).await.unwrap();
    for (of, somebody) in people.iter().enumerate() {
        tx.insert_user(somebody, at(i64::try_from(of).unwrap())).await.unwrap();
    }
    tx.insert_credential(&session(ADMIN, id(ADMIN))).await.unwrap();
    tx.insert_credential(&Credential { expires_at: at(50), ..session(0x51, id(1)) }).await.unwrap();
    for number in [2, 3] {
        let of = Credential { last_seen_at: at(5), ..session(0x50 + number, id(number)) };
        tx.insert_credential(&of).await.unwrap();
    }
    for (number, name, owner) in
        [(0x71, "Scanner 10", None), (0x72, "scanner 9", None), (0x73, "own", Some(3))]
    {
        let kind = CredentialKind::Token;
        let of =
            Credential { kind, name: name.to_owned(), user: owner.map(id), ..session(number, id(ADMIN)) };
        tx.insert_credential(&of).await.unwrap();
    }
    let by = Authorized::system(&authority(), "test", "Test");
    for (rank, name, level) in
        [(1_u32, "Servers 10", RemediationLevel::Full), (2, "laptops", RemediationLevel::None)]
    {
        let (name, rule) = (name.to_owned(), parse_rule("name starts_with web-").unwrap());
        let group = DeviceGroup { id: id(rank.into()), rank, name, level, rule, version: 1 };
        assert!(tx.put_device_group(&by, &group, at(1)).await.unwrap());
    }
    tx.commit().await.unwrap();
    let roles: BTreeSet<_> = [Role::GlobalAdministrator].into();
    let admin = Caller { access: Access::of_roles(&roles), roles, ..person(ADMIN, ADMIN) };
    Setting { service: service(&store), database, store, admin }
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Setting {
    /// The first cell of each row.
    async fn names(&self, list: AdminList, of: &[(&str, &str)]) -> Vec<String> {
        let page = self.service.admin_page(&self.admin, list, pairs(of)).await.unwrap();
        match page.rows {
            AdminRows::People(rows) => rows.into_iter().map(|row| row.display_name).collect(),
            AdminRows::Tokens(rows) => rows.into_iter().map(|row| row.name).collect(),
            AdminRows::Sessions(rows) => rows.into_iter().filter_map(|row| row.owner_name).collect(),
            AdminRows::Roles(rows) => rows.into_iter().map(|row| row.group.name).collect(),
            AdminRows::DeviceGroups(rows) => rows.into_iter().map(|row| row.group.name).collect(),
        }
    }

    async fn ids(
        &self,
        query: &AdminQuery,
        from: Option<&AdminPosition>,
        limit: u32,
    ) -> Vec<(AdminPosition, String)> {
        let by = self.admin.authorize_overview(Permission::Administer).unwrap();
        rows(&self.store, &by, query, from, limit).await
    }
}

/// Rows of a list as the store has them: the places and the ids.
async fn rows(
    store: &SharedStore,
    by: &Authorized,
    query: &AdminQuery,
    from: Option<&AdminPosition>,
    limit: u32,
) -> Vec<(AdminPosition, String)> {
    let page = store.admin_page(by, query, from, limit, at(100)).await.unwrap();
    let id = |row: AdminRow| match row {
        AdminRow::Person(of) => of.id.to_string(),
        AdminRow::Credential(of) => of.id.to_string(),
        AdminRow::Role(of, _) => of.id.to_string(),
        AdminRow::DeviceGroup(of, _) => of.id.to_string(),
    };
    page.into_iter().map(|(place, row)| (place, id(row))).collect()
}

async fn every_order_is_paged_without_a_gap(kind: Kind) {
    let setting = start(kind).await;
    for &list in AdminList::ALL {
        for key in SortKey::ALL.iter().copied().filter(|key| key.is_of(list)) {
            for descending in [false, true] {
                let query = AdminQuery { sort: Sort { key, descending }, ..AdminQuery::of(list) };
                let all: Vec<_> =
                    setting.ids(&query, None, 100).await.into_iter().map(|(_, id)| id).collect();
                assert!(all.len() >= 3, "{list}");
                let (mut walked, mut from, mut last) = (Vec::new(), None, None);
                loop {
                    let page = setting.ids(&query, from.as_ref(), 2).await;
                    let Some((place, _)) = page.last().cloned() else { break };
                    assert!(place.fits(list, key));
                    last = Some(place.clone());
                    from = Some(place);
                    walked.extend(page.into_iter().map(|(_, id)| id));
                }
                assert_eq!(walked, all, "{list} {key} {descending}");
                // And back from the last row.
                let before = last.map(|place| AdminPosition { before: true, ..place });
                let back = setting.ids(&query, before.as_ref(), 2).await;
                let back: Vec<_> = back.into_iter().map(|(_, id)| id).collect();
                assert_eq!(back, all[all.len() - 3..all.len() - 1], "{list} {key} {descending}");
            }
        }
    }
}

async fn people_are_searched_and_filtered(kind: Kind) {
    let setting = start(kind).await;
    let of = async |of: &[(&str, &str)]| setting.names(AdminList::People, of).await;
    assert_eq!(of(&[]).await, ["=cmd", "ADMIN", "bea", "Bea2", "GONE", "P9", "p10"]);
    assert_eq!(of(&[("sort", "-name"), ("q", "BEA")]).await, ["Bea2", "bea"]);
    assert_eq!(of(&[("q", "u1")]).await, ["p10"], "by the name to sign in with, too");
    assert_eq!(of(&[("q", "100%")]).await, [""; 0]);
    assert_eq!(of(&[("state", "disabled")]).await, ["GONE"]);
    assert_eq!(of(&[("can", "devices")]).await, ["ADMIN", "GONE"]);
    assert_eq!(
        of(&[("can", "devices"), ("can", "view"), ("state", "enabled"), ("q", "a")]).await,
        ["ADMIN", "bea", "Bea2"]
    );
    let Setting { service, admin, .. } = &setting;
    let page = service.admin_page(admin, AdminList::People, pairs(&[("q", "admin")])).await.unwrap();
    let AdminRows::People(rows) = &page.rows else { panic!("{page:?}") };
    assert_eq!((rows[0].sessions, rows[0].tokens), (1, 0));
    assert!(rows[0].can.contains(&Permission::Administer));
    assert_eq!((page.view.search.as_str(), page.view.facets.len(), &page.view.next), ("admin", 2, &None));

    let export = async |list, of: &[(&str, &str)]| {
        let mut file = service.export_admin(admin, list, pairs(of)).await.unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let lines = export(AdminList::People, &[("cols", "name,state"), ("can", "view"), ("q", "c")]).await;
    assert_eq!(lines, ["Name,State", "'=cmd,Enabled"], "no formula");
    assert_eq!(export(AdminList::Tokens, &[("cols", "name,whose")]).await.len(), 4);
    for bad in [("sort", "ends"), ("cols", "ends"), ("whose", "tool"), ("limit", "3"), ("cursor", "x")] {
        let refused = service.admin_page(admin, AdminList::People, pairs(&[bad])).await;
        let pointer = format!("/{}", bad.0);
        assert!(matches!(&refused, Err(Error::Invalid(of)) if of[0].pointer == pointer), "{refused:?}");
    }
}

async fn tokens_and_sessions_are_listed_while_they_are_alive(kind: Kind) {
    let setting = start(kind).await;
    let tokens = async |of: &[(&str, &str)]| setting.names(AdminList::Tokens, of).await;
    assert_eq!(tokens(&[("sort", "name")]).await, ["own", "scanner 9", "Scanner 10"]);
    assert_eq!(tokens(&[("whose", "tool"), ("sort", "-name")]).await, ["Scanner 10", "scanner 9"]);
    assert_eq!(tokens(&[("whose", "person")]).await, ["own"]);
    assert_eq!(tokens(&[("whose", "person"), ("whose", "tool")]).await.len(), 3);
    assert_eq!(tokens(&[("q", "BEA")]).await, ["own"], "by whose it is, too");
    let sessions = async |of: &[(&str, &str)]| setting.names(AdminList::Sessions, of).await;
    assert_eq!(sessions(&[("sort", "person")]).await, ["ADMIN", "bea", "P9"], "one is over");
    assert_eq!(sessions(&[("sort", "-last_used"), ("q", "adm")]).await, ["ADMIN"]);
    let page = setting.service.admin_page(&setting.admin, AdminList::Sessions, Vec::new()).await.unwrap();
    let AdminRows::Sessions(rows) = page.rows else { panic!() };
    let current: Vec<_> = rows.iter().filter(|row| row.current).map(|row| row.id).collect();
    assert_eq!(current, [id(ADMIN)]);
}

async fn roles_and_device_groups_are_searched_and_filtered(kind: Kind) {
    let setting = start(kind).await;
    let roles = async |of: &[(&str, &str)]| setting.names(AdminList::Roles, of).await;
    let all = ["Data Investigator", "Organization Management", "Security Administrator"];
    assert_eq!(roles(&[]).await, all);
    assert_eq!(roles(&[("holds", "search_and_purge"), ("sort", "-name")]).await, [all[1], all[0]]);
    assert_eq!(roles(&[("model", "unified")]).await, [""; 0]);
    assert_eq!(roles(&[("q", "ADMIN")]).await, [all[2]]);
    let groups = async |of: &[(&str, &str)]| setting.names(AdminList::DeviceGroups, of).await;
    assert_eq!(groups(&[]).await, ["Servers 10", "laptops", "Ungrouped devices"]);
    assert_eq!(groups(&[("sort", "name")]).await, ["laptops", "Servers 10", "Ungrouped devices"]);
    assert_eq!(groups(&[("level", "full"), ("level", "none")]).await, ["Servers 10", "laptops"]);
    assert_eq!(groups(&[("q", "UNGROUPED")]).await, ["Ungrouped devices"]);
    let page = setting.service.admin_page(&setting.admin, AdminList::DeviceGroups, Vec::new()).await.unwrap();
    let AdminRows::DeviceGroups(rows) = page.rows else { panic!() };
    assert_eq!(rows.iter().map(|row| row.group.rank).collect::<Vec<_>>(), [1, 2, 3]);
}

async fn only_who_administers_reads_and_chooses(kind: Kind) {
    let setting = start(kind).await;
    let Setting { service, store, admin, .. } = &setting;
    let operator = person(1, 0x51);
    for &list in AdminList::ALL {
        assert!(matches!(service.admin_page(&operator, list, Vec::new()).await, Err(Error::Forbidden(_))));
        assert!(matches!(service.export_admin(&operator, list, Vec::new()).await, Err(Error::Forbidden(_))));
        let chosen = service.choose_admin_columns(&operator, list, Vec::new()).await;
        assert!(matches!(chosen, Err(Error::Forbidden(_))));
        // The statement asks once more.
        let stranger = Caller { credential: id(0xEE), ..admin.clone() };
        let by = stranger.authorize_overview(Permission::Administer).unwrap();
        let query = AdminQuery::of(list);
        assert!(rows(store, &by, &query, None, 10).await.is_empty(), "{list}");
    }
    let names = |page: &domain::access::lists::AdminPage| {
        let shown = page.view.columns.iter().filter(|column| column.shown);
        shown.map(|column| column.name.clone()).collect::<Vec<_>>()
    };
    let chosen = vec!["state".to_owned(), "name".to_owned()];
    service.choose_admin_columns(admin, AdminList::People, chosen.clone()).await.unwrap();
    assert_eq!(store.list_columns(id(ADMIN), "admin:people").await.unwrap(), chosen);
    let page = service.admin_page(admin, AdminList::People, Vec::new()).await.unwrap();
    assert_eq!(
        (names(&page), page.view.columns.len()),
        (chosen.clone(), Column::of_list(AdminList::People).len())
    );
    let page = service.admin_page(admin, AdminList::People, pairs(&[("cols", "added")])).await.unwrap();
    assert_eq!((names(&page), page.view.names_columns), (vec!["added".to_owned()], true));
    let other = service.choose_admin_columns(admin, AdminList::Sessions, chosen).await;
    assert!(matches!(&other, Err(Error::Invalid(of)) if of[0].pointer == "/columns"), "{other:?}");
    service.choose_admin_columns(admin, AdminList::People, Vec::new()).await.unwrap();
    assert!(store.list_columns(id(ADMIN), "admin:people").await.unwrap().is_empty());
}

async fn a_changed_name_is_found_and_rows_of_before_are_keyed(kind: Kind) {
    let setting = start(kind).await;
    let bea: UserId = id(3);
    let change = PersonChange { display_name: Some("Zora".to_owned()), ..PersonChange::default() };
    setting.service.change_person(&setting.admin, bea, change).await.unwrap();
    let found = async |of: &[(&str, &str)]| setting.names(AdminList::People, of).await;
    assert_eq!(found(&[("q", "zora")]).await, ["Zora"]);
    assert_eq!(found(&[("sort", "-name")]).await[0], "Zora");
    // As another program left them.
    for sql in [
        "UPDATE users SET name_key = '', shown_key = '', search_text = ''",
        "UPDATE credentials SET name_key = '', search_text = ''",
        "DELETE FROM markers WHERE name = 'admin_keys'",
    ] {
        setting.database.execute(sql).await.unwrap();
    }
    assert_eq!(found(&[("q", "zora")]).await, [""; 0]);
    let reopened = setting.database.open().await;
    let service = service(&reopened);
    let page = service.admin_page(&setting.admin, AdminList::People, pairs(&[("q", "zora")])).await.unwrap();
    assert!(matches!(&page.rows, AdminRows::People(rows) if rows.len() == 1));
    let page =
        service.admin_page(&setting.admin, AdminList::Tokens, pairs(&[("q", "scanner")])).await.unwrap();
    assert!(matches!(&page.rows, AdminRows::Tokens(rows) if rows.len() == 2));
}
