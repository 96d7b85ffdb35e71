//! Orders as the worker gives them.

use std::sync::Arc;

use domain::{Action, Outcome};
use serde_json::{Value, json};
use service::executor::{Attempt, Connected, Executor, Order};
use store::Leased;
use uuid::Uuid;

/// An action of a type on an entity and an asset.
pub(crate) fn action(of: &str, entity: Value, asset: Value, more: Value) -> Action {
    let mut action = json!({
        "id": Uuid::new_v4(), "version": 1, "digest": "", "type": of, "entity": entity, "asset": asset,
        "parameters": {}, "comment": "seen by a test", "severity": "high", "source": "manual_user_action",
        "evidence": [], "proposed_by": { "kind": "user", "id": "1", "name": "tester" },
        "proposed_at": "2026-11-01T00:00:00Z", "expires_at": "2026-12-01T00:00:00Z",
        "updated_at": "2026-11-01T00:00:00Z", "decision": "Approved", "status": "InProgress", "undo": "None",
    });
    action.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(action).unwrap()
}

/// One attempt; `repeats` if an earlier one may have arrived.
pub(crate) async fn attempt<E: Executor + 'static>(
    executor: &Arc<E>,
    action: &Action,
    repeats: bool,
) -> Attempt {
    assert!(executor.serves(&action.asset) && executor.carries_out(action.action_type, action), "{action:?}");
    let leased = Leased {
        id: Uuid::new_v4().into(),
        action_id: action.id,
        target: 0,
        generation: 1,
        created_at: action.proposed_at,
        possibly_sent: i64::from(repeats),
        not_sent: 0,
        executor: None,
    };
    let connected = Arc::new(Connected::built_in(executor.clone()));
    let order = Order {
        leased,
        executor: connected,
        busy: None,
        action: action.clone(),
        sent: std::sync::Mutex::default(),
    };
    executor.execute(&order).await
}

/// One attempt that ends like that; answers with what it says.
pub(crate) async fn ends<E: Executor + 'static>(
    executor: &Arc<E>,
    action: &Action,
    outcome: Outcome,
) -> String {
    match attempt(executor, action, false).await {
        Attempt::Ended(ended, detail) => {
            assert_eq!(ended, outcome, "{}: {detail}", action.action_type);
            assert!(detail.ends_with('.'), "{detail}");
            detail
        }
        other => panic!("{}: {other:?}", action.action_type),
    }
}
