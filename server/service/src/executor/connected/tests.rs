//! Limits of an executor, and how it is said to be.

use domain::executors::Settings;

use super::*;

/// It knows by itself how it is, if that is told.
struct Nothing(Option<bool>);

#[async_trait::async_trait]
impl Executor for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Webhook
    }

    fn carries_out(&self, _action_type: ActionType, _action: &Action) -> bool {
        true
    }

    async fn test(&self) -> TestResult {
        TestResult { works: true, says: String::new() }
    }

    fn state(&self) -> Option<TestResult> {
        self.0.map(|works| TestResult { works, says: "as it knows".to_owned() })
    }

    async fn execute(&self, _order: &Order) -> Attempt {
        Attempt::Uncertain(String::new())
    }
}

fn connected(knows: Option<bool>) -> Arc<Connected> {
    let setup = ExecutorSetup {
        name: "nothing".to_owned(),
        kind: ExecutorKind::Webhook,
        settings: Settings::default(),
        serves: Vec::new(),
        concurrency: 2,
        rate: Some(3),
        time_limit: None,
    };
    Arc::new(Connected::set_up(setup, 1, false, Ok(Arc::new(Nothing(knows)))))
}

fn named(name: &str, concurrency: u32) -> Arc<Connected> {
    let setup = ExecutorSetup {
        name: name.to_owned(),
        kind: ExecutorKind::Webhook,
        settings: Settings::default(),
        serves: Vec::new(),
        concurrency,
        rate: None,
        time_limit: None,
    };
    Arc::new(Connected::set_up(setup, 1, false, Ok(Arc::new(Nothing(None)))))
}

#[test]
fn an_executor_has_a_place_whatever_the_others_have_under_way() {
    let (slow, other, idle) = (named("slow", 64), named("other", 64), named("idle", 64));
    let executors = Executors::new(vec![Arc::new(Nothing(None))]);
    executors.replace(vec![slow.clone(), other.clone(), idle]);
    let first = other.begin(at(0));
    let mut taken = Vec::new();
    while executors.ready(at(0)).contains(&"slow".to_owned()) {
        taken.push(slow.begin(at(0)));
        assert!(taken.len() < 64, "there is an end for all together");
    }
    assert_eq!(taken.len(), 33, "one of its own, and all that are shared");
    assert_eq!(executors.ready(at(0)), ["nothing", "idle"]);
    drop(first);
    assert_eq!(executors.ready(at(0)), ["nothing", "other", "idle"]);
    taken.pop();
    assert_eq!(executors.ready(at(0)), ["nothing", "slow", "other", "idle"]);
    // One that comes with the server has its own end.
    let built_in = executors.named("nothing").unwrap();
    let _held: Vec<_> = (0..8).map(|_| built_in.begin(at(0))).collect();
    drop(taken);
    assert_eq!(executors.ready(at(0)), ["slow", "other", "idle"]);
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn no_more_is_taken_at_a_time_and_in_a_minute_than_may_be() {
    let one = connected(None);
    let (first, second) = (one.begin(at(0)), one.begin(at(1)));
    assert!(!one.is_ready(at(2)), "two at a time");
    drop(first);
    assert!(one.is_ready(at(2)));
    drop((second, one.begin(at(2))));
    assert!(!one.is_ready(at(59)), "three a minute");
    assert!(one.is_ready(at(60)), "the first is a minute ago");
}

#[test]
fn how_it_is_follows_from_tests_and_attempts_or_from_what_it_knows() {
    let one = connected(None);
    let health = || one.health().0;
    assert_eq!(health(), Health::Untried);
    let found = |works| TestResult { works, says: "It answered 404.".to_owned() };
    one.tested(&found(false), at(1));
    assert_eq!(
        one.health(),
        (Health::Failing, "It failed at 1970-01-01 00:00:01 UTC: It answered 404.".to_owned())
    );
    for second in 2..=6 {
        one.learn(&Attempt::NotSent("refused".to_owned()), at(second));
    }
    assert!(!one.is_ready(at(7)) && one.health().1.starts_with("Left alone until"));
    one.tested(&found(true), at(8));
    assert!(one.is_ready(at(9)) && health() == Health::Up, "a test that works ends that");

    for (knows, health) in [(true, Health::Up), (false, Health::Failing)] {
        assert_eq!(connected(Some(knows)).health(), (health, "as it knows".to_owned()));
    }
}
