//! Everything at once: clients that decide, hang, hang up and repeat themselves, while servers are killed and frozen, the
//! database fails and comes back, clocks are set, rights end, copies become databases of their own, and the way to the
//! responder loses, doubles, delays and garbles what passes.
//!
//! `cargo xtask torture --seed N --minutes M` runs it for long; a short form is part of the tests. The seed chooses all
//! faults. Afterwards `checker` reads what the clients wrote down and what there is, and knows nothing but the rules. A
//! fault that never happened fails the run: it would have shown nothing.

mod checker;
mod client;
mod faults;
mod restored;
mod revoked;
mod way;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use self::client::Seen;
use self::revoked::{Cast, Revocation};
use self::way::Way;
use crate::database::{Database, Kind};
use crate::harness::{Estate, Process};

/// Clients that decide.
const CLIENTS: usize = 4;
/// What each client works on in the short form, and how long that lasts at least.
const SHORT: Duration = Duration::from_secs(20);

/// Random numbers of a seed (SplitMix64): the same for the same seed, everywhere.
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}

/// What all parts of a run share.
struct Run {
    kind: Kind,
    estate: Estate,
    servers: Vec<Mutex<Process>>,
    responder: Mutex<Process>,
    way: Way,
    over: AtomicBool,
    hits: Mutex<BTreeMap<&'static str, u64>>,
    seen: Mutex<Vec<Seen>>,
    cast: Cast,
    revocations: Mutex<Vec<Revocation>>,
    /// Databases that were made of copies, to be resumed at the end.
    restored: Mutex<Vec<Database>>,
}

impl Run {
    /// Counts a fault that happened.
    fn hit(&self, fault: &'static str) {
        *self.hits.lock().unwrap().entry(fault).or_default() += 1;
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Where one of the servers listens.
    fn url(&self, random: &mut Random) -> String {
        let server = usize::try_from(random.below(self.servers.len() as u64)).unwrap();
        self.servers[server].lock().unwrap().url.clone()
    }
}

async fn torture(kind: Kind) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("COUNTERSIGN_TORTURE_SEED").unwrap_or(7);
    let minutes = number("COUNTERSIGN_TORTURE_MINUTES");
    let lasts = minutes.map_or(SHORT, |minutes| Duration::from_secs(minutes * 60));
    println!("torture on {kind:?}: seed {seed}, {} s", lasts.as_secs());

    let mut estate = Estate::start(kind).await;
    let way = Way::start(&estate.responder.url, Random(seed ^ 1)).await;
    let responder = estate.put_between(&way.url);
    estate.stop_server().await;
    let servers = if kind == Kind::Sqlite { 1 } else { 3 };
    let servers = (0..servers).map(|n| Mutex::new(estate.another_server_by(&format!("clock-{n}")))).collect();
    let cast = Cast::new(&estate).known(&estate).await;
    let run = Arc::new(Run {
        kind,
        estate,
        servers,
        responder: Mutex::new(responder),
        way,
        over: AtomicBool::new(false),
        hits: Mutex::default(),
        seen: Mutex::default(),
        cast,
        revocations: Mutex::default(),
        restored: Mutex::default(),
    });
    let mut tasks: Vec<_> = (0..CLIENTS)
        .map(|index| tokio::spawn(client::work(Arc::clone(&run), index, Random(seed ^ (100 + index as u64)))))
        .collect();
    tasks.push(tokio::spawn(client::hang(Arc::clone(&run), Random(seed ^ 0x32))));
    let began = Instant::now();
    let mut random = Random(seed);
    let mut faults = Vec::new();
    while began.elapsed() < lasts || !faults::all_hit(&run) {
        assert!(began.elapsed() < lasts + Duration::from_mins(2), "never hit: {:?}", faults::missing(&run));
        if faults.is_empty() {
            faults = faults::round(kind, &mut random);
        }
        let fault = faults.pop().unwrap();
        faults::strike(&run, fault, &mut random).await;
        tokio::time::sleep(random.millis(100, 600)).await;
    }
    run.over.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    checker::check(run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_or_doubled_on_sqlite() {
    torture(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_or_doubled_on_postgres() {
    torture(Kind::Postgres).await;
}
