//! What one credential may have under way at a time: however much a tool sends, others come between.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::response::{IntoResponse as _, Response};
use domain::{Caller, CredentialId, Error};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

/// Changes of a person's credential that are under way side by side: one that waits for an executor holds up no others.
const MAX_OF_PERSON: usize = 4;
/// Those of a tool. Databases write one after the other anyway: with more of one tool in their queue, a colleague's decision
/// stands behind each of them.
const MAX_OF_TOOL: usize = 1;
/// Changes that have arrived, those under way included.
const MAX_ARRIVED: usize = 72;
/// Credentials after which those that have nothing under way are forgotten.
const MANY: usize = 1_000;

/// The places of all credentials.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fairness(Arc<Mutex<HashMap<CredentialId, Weak<Places>>>>);

#[derive(Debug)]
struct Places {
    arrived: Arc<Semaphore>,
    under_way: Arc<Semaphore>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _places: Arc<Places>,
    _arrived: OwnedSemaphorePermit,
    _under_way: OwnedSemaphorePermit,
}

impl Fairness {
    /// Waits for a place; none if too many wait already.
    pub(crate) async fn place(&self, caller: &Caller) -> Option<Place> {
        self.place_among(caller.credential, if caller.person.is_some() { MAX_OF_PERSON } else { MAX_OF_TOOL })
            .await
    }

    async fn place_among(&self, of: CredentialId, most: usize) -> Option<Place> {
        let places = self.places(of, most);
        let arrived = Arc::clone(&places.arrived).try_acquire_owned().ok()?;
        let under_way = Arc::clone(&places.under_way).acquire_owned().await.ok()?;
        Some(Place { _places: places, _arrived: arrived, _under_way: under_way })
    }

    fn places(&self, of: CredentialId, most: usize) -> Arc<Places> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = all.get(&of).and_then(Weak::upgrade) {
            return places;
        }
        if all.len() >= MANY {
            all.retain(|_, places| places.strong_count() > 0);
        }
        let places = Arc::new(Places {
            arrived: Arc::new(Semaphore::new(MAX_ARRIVED)),
            under_way: Arc::new(Semaphore::new(most)),
        });
        all.insert(of, Arc::downgrade(&places));
        places
    }
}

/// Answers in a place. That runs to its end also without its client: what it began goes on, and whoever hangs up and comes
/// again would begin ever more of it.
pub(crate) async fn answer_in(
    place: Option<Place>,
    answer: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let Some(place) = place else { return answer.await };
    let held = async move {
        let answer = answer.await;
        drop(place);
        answer
    };
    match service::to_its_end(held).await {
        Ok(answer) => answer,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Problem::from(Error::Busy).into_response(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_of_one_leaves_room_for_others() {
        let id = |n| CredentialId::from(uuid::Uuid::from_u128(n));
        for (flooder, most) in [(id(1), MAX_OF_TOOL), (id(2), MAX_OF_PERSON)] {
            let fairness = Fairness::default();
            let mut held = Vec::new();
            for _ in 0..most {
                held.push(fairness.place_among(flooder, most).await.unwrap());
            }
            let waiting: Vec<_> = (most..MAX_ARRIVED)
                .map(|_| {
                    let fairness = fairness.clone();
                    tokio::spawn(async move { fairness.place_among(flooder, most).await.is_some() })
                })
                .collect();
            while fairness.places(flooder, most).arrived.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            assert!(fairness.place_among(flooder, most).await.is_none(), "too many wait");
            assert!(waiting.iter().all(|one| !one.is_finished()), "more than {most} are under way");
            assert!(fairness.place_among(id(3), MAX_OF_PERSON).await.is_some());
            drop(held);
            for one in waiting {
                assert!(one.await.unwrap());
            }
            assert!(fairness.place_among(flooder, most).await.is_some());
        }
    }
}
