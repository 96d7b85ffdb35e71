//! Second factors: whose they are, when they count, and that a code is taken once.

use domain::access::FactorStanding;
use domain::access::factors::{FactorKind, FactorPolicy};
use domain::{FactorId, Role, RoleGroupId, UserId};
use store::{SharedStore, StoredFactor};

use super::sample::{add_ana, at, id, person, system};
use crate::database::{Database, Kind, on_both};

on_both!(factors_belong_to_a_person, who_must_have_one_follows_what_they_hold,);

fn app(number: u128, owner: UserId) -> StoredFactor {
    StoredFactor {
        id: id::<FactorId>(number),
        person: owner,
        kind: FactorKind::Totp,
        name: "ana".to_owned(),
        secret: "sealed".to_owned(),
        confirmed_at: None,
        last_step: 0,
        last_used_at: None,
        created_at: at(1),
    }
}

async fn standing(store: &SharedStore, owner: UserId) -> FactorStanding {
    store.factor_standing(owner, None).await.unwrap()
}

async fn factors_belong_to_a_person(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    let owner = ana.person.unwrap();
    let (own, used) = (ana.authorize_own().unwrap(), ana.recorded());
    assert_eq!(standing(&store, owner).await, FactorStanding::default());

    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_factor(&own, &app(1, owner), at(1)).await.unwrap());
    assert!(tx.insert_factor(&own, &app(2, owner), at(1)).await.unwrap(), "in place of the first");
    assert!(!tx.use_totp(&used, id(2), 7, at(2)).await.unwrap(), "it is being set up");
    assert!(!tx.confirm_factor(&own, id(1), 7, at(2)).await.unwrap(), "it is gone");
    assert!(tx.confirm_factor(&own, id(2), 7, at(2)).await.unwrap());
    assert!(tx.set_recovery_codes(&own, &["x".to_owned(), "y".to_owned()], at(2)).await.unwrap());
    tx.commit().await.unwrap();
    let found = store.factors(owner).await.unwrap();
    assert_eq!(
        found,
        [StoredFactor {
            confirmed_at: Some(at(2)),
            last_used_at: Some(at(2)),
            last_step: 7,
            ..app(2, owner)
        }]
    );
    assert!(standing(&store, owner).await.has);
    assert_eq!(store.count_recovery_codes(owner).await.unwrap(), 2);

    let mut tx = store.begin().await.unwrap();
    for (step, taken) in [(7, false), (6, false), (8, true), (8, false)] {
        assert_eq!(tx.use_totp(&used, id(2), step, at(3)).await.unwrap(), taken, "{step}");
    }
    for taken in [true, false] {
        assert_eq!(tx.use_recovery_code(&used, owner, "x").await.unwrap(), taken);
    }
    tx.note_factor(&used, ana.credential, at(4)).await.unwrap();
    let key = StoredFactor { kind: FactorKind::Passkey, confirmed_at: Some(at(4)), ..app(3, owner) };
    assert!(tx.insert_factor(&own, &key, at(4)).await.unwrap());
    assert!(tx.use_passkey(&used, id(3), "newer", at(5)).await.unwrap());
    assert!(!tx.use_passkey(&used, id(2), "newer", at(5)).await.unwrap(), "an app is none");
    tx.commit().await.unwrap();
    assert_eq!(standing(&store, owner).await.used_at, Some(at(4)));
    let of_session = store.factor_standing(owner, Some(ana.credential)).await.unwrap();
    assert_eq!(of_session.used_at, Some(at(4)));
    assert_eq!(store.factor_standing(owner, Some(id(99))).await.unwrap().used_at, None, "another session");
    assert_eq!(store.people_factors().await.unwrap()[0].factors, 2);

    // Somebody else reaches none of it.
    let ben = person(77, 78);
    let mut tx = store.begin().await.unwrap();
    let theirs = ben.authorize_own().unwrap();
    assert!(!tx.insert_factor(&theirs, &app(4, owner), at(6)).await.unwrap());
    assert!(!tx.delete_factor(&theirs, id(2), at(6)).await.unwrap());
    assert!(tx.delete_factor(&own, id(2), at(6)).await.unwrap());
    assert_eq!(tx.delete_factors(&system(), owner, at(6)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.count_recovery_codes(owner).await.unwrap(), 0);
    assert!(!standing(&store, owner).await.has);
}

async fn who_must_have_one_follows_what_they_hold(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let owner = add_ana(&store).await.person.unwrap();
    let set = async |roles: &[Role], groups: &[u128]| {
        let role_groups = groups.iter().map(|number| id::<RoleGroupId>(*number)).collect();
        let policy = FactorPolicy { roles: roles.iter().copied().collect(), role_groups };
        let mut tx = store.begin().await.unwrap();
        assert!(tx.set_factor_policy(&system(), &policy, at(1)).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(store.factor_policy().await.unwrap(), policy);
        standing(&store, owner).await.required
    };
    assert!(!set(&[Role::GlobalAdministrator], &[5]).await);
    assert!(set(&[Role::SecurityOperator, Role::GlobalAdministrator], &[]).await);
    assert!(store.people_factors().await.unwrap()[0].required);
    assert!(!set(&[], &[]).await);
}
