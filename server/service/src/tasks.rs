//! What is to be done by hand: the list of it, and who has it in hand.

use async_trait::async_trait;
use domain::actions::tasks::{ListTasks, MAX_TASKS, Task, TaskHolder, TaskList};
use domain::executors::ExecutorKind;
use domain::{Caller, Error, RowScope};

use super::Service;
use super::access::as_caller;
use super::decision::device_group;

#[async_trait]
impl ListTasks for Service {
    async fn tasks(&self, caller: &Caller, of: TaskHolder) -> Result<TaskList, Error> {
        let scope = RowScope::of(caller)?;
        let hands = self.executors.of_kind(ExecutorKind::Manual);
        let found = self.store.handed_tasks(&scope, &hands, MAX_TASKS).await?;
        let me = caller.actor.label();
        let wanted = |holder: Option<&str>| match of {
            TaskHolder::Anybody => true,
            TaskHolder::Nobody => holder.is_none(),
            TaskHolder::Me => holder == Some(&me),
        };
        let tasks = found.into_iter().filter(|task| wanted(task.assigned_to.as_deref()));
        let task = |task: store::HandedTask| {
            let place = usize::try_from(task.target).unwrap_or_default();
            Task {
                action: task.action.aimed_at(place).unwrap_or(task.action).brief(),
                steps: task.steps,
                assigned_to: task.assigned_to,
                due_at: task.due_at,
            }
        };
        Ok(TaskList { tasks: tasks.map(task).collect(), rendered_at: self.clock.now() })
    }
}

impl Service {
    /// Who is to have a task in hand, as tasks name them: the caller, or another person.
    ///
    /// # Errors
    /// If there is no such person, or they may not do it.
    pub(super) async fn assignee(
        &self,
        caller: &Caller,
        action: &domain::Action,
        to: Option<&str>,
    ) -> Result<String, Error> {
        let Some(name) = to.map(str::trim).filter(|name| !name.is_empty()) else {
            return Ok(caller.actor.label());
        };
        let nobody = || Error::invalid("/to", "is the user name of nobody here");
        let person = self.store.user(name).await?.filter(|person| person.enabled).ok_or_else(nobody)?;
        let holder = self.store.holdings().await?.into_iter().find(|holder| holder.id == person.id);
        let holder = as_caller(&holder.ok_or_else(nobody)?);
        if let Err(denied) = holder.authorize_on(action.permission(), device_group(action)) {
            let detail = format!("may not carry this out; name somebody who may: {denied}");
            return Err(Error::invalid("/to", detail));
        }
        Ok(person.display_name)
    }
}
