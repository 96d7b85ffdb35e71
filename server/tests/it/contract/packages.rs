//! What hosts made: kept in parts until it is whole, found by its action, and gone when its time is over.

use domain::actions::package::KeptPackage;
use service::testing::system as authority;

use super::sample::{action, add, at, id};
use crate::database::{Database, Kind, on_both};

on_both!(a_package_is_kept_in_parts_until_its_time_is_over,);

async fn a_package_is_kept_in_parts_until_its_time_is_over(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    add(&store, &action(1)).await;
    let package = KeptPackage {
        command_id: id(101),
        name: "package-1.tar.gz".to_owned(),
        size: 5,
        sha256: "ab".repeat(32),
        responder: "responder-web-1".to_owned(),
        received_at: at(2),
        expires_at: at(100),
    };
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.put_package_part(id(101), 0, b"one", at(1)).await.unwrap();
    tx.put_package_part(id(101), 1, b"no", at(1)).await.unwrap();
    tx.put_package_part(id(101), 1, b"\x00\xff", at(2)).await.unwrap();
    // Of another one only this came.
    tx.put_package_part(id(102), 0, b"lost", at(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.packages_of(id(1)).await.unwrap(), [], "not whole");
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.put_package(id(1), &package).await.unwrap();
    tx.put_package(id(1), &KeptPackage { size: 6, ..package.clone() }).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.packages_of(id(1)).await.unwrap(), [package], "the first counts");
    assert_eq!(store.packages_of(id(2)).await.unwrap(), []);
    let part = async |command: u128, part| store.package_part(id(command), part).await.unwrap();
    assert_eq!(part(101, 0).await.as_deref(), Some(&b"one"[..]));
    assert_eq!(part(101, 1).await.as_deref(), Some(&b"\x00\xff"[..]));
    assert_eq!(part(101, 2).await, None);

    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert_eq!(tx.forget_packages(at(99), at(50)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert!(part(101, 0).await.is_some() && part(102, 0).await.is_none(), "what never became whole is gone");
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert_eq!(tx.forget_packages(at(100), at(50)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.packages_of(id(1)).await.unwrap(), []);
    assert_eq!(part(101, 0).await, None);
}
