//! The executor of the demo estate: it pretends, and the screen says so. It is connected only in demo mode.

use std::time::Duration;

use async_trait::async_trait;
use domain::executors::ExecutorKind;
use domain::executors::contract::TestResult;
use domain::{Action, ActionType, Outcome};
use uuid::Uuid;

use service::executor::{Attempt, Executor, Order};

/// Pretends to carry out everything on every asset.
#[derive(Debug, Clone, Copy, Default)]
pub struct Simulated;

#[async_trait]
impl Executor for Simulated {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Simulated
    }

    fn carries_out(&self, _action_type: ActionType, _action: &Action) -> bool {
        true
    }

    fn can(&self) -> Vec<String> {
        vec!["Pretends to carry out everything".to_owned()]
    }

    async fn test(&self) -> TestResult {
        TestResult { works: true, says: "It only pretends.".to_owned() }
    }

    async fn execute(&self, order: &Order) -> Attempt {
        // The command's id decides, so that a repeat ends as the first attempt did.
        let dice = Uuid::from(order.leased.id).as_bytes()[15];
        tokio::time::sleep(Duration::from_millis(400 + u64::from(dice) * 6)).await;
        let name = &order.action.asset.name;
        match dice % 25 {
            0 => Attempt::Ended(Outcome::Failed, format!("{name} refused the command (simulated)")),
            1 => Attempt::Ended(Outcome::PartiallyCompleted, format!("{name} did part of it (simulated)")),
            _ => Attempt::Ended(Outcome::Completed, format!("Done on {name} (simulated)")),
        }
    }
}
