//! Who is connected, and who makes room when there is none.
//!
//! A connection is [`Phase::New`] until its first request, then by turns [`Phase::Busy`] with a
//! call and [`Phase::Idle`]. When the server is full, or one address has all it may have, the
//! connection that has waited longest leaves: new ones before idle ones, never one with a call
//! under way. So whoever opens connections and says nothing only drives out himself.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use axum::http::HeaderMap;

use super::limits::{Limits, SWEEP_EVERY};
use crate::traffic::{ClientAddress, TrustedProxies};

/// What a connection does; those that compare less leave first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// It has not sent a whole request yet.
    New,
    /// It takes an answer or rests between two calls.
    Idle,
    /// A call is under way.
    Busy,
}

struct Guest {
    address: ClientAddress,
    phase: Phase,
    /// The sweep after which the phase began.
    since: u64,
    /// The number of the phase among all phases of all connections: smaller is older.
    turn: u64,
    leave: Arc<Notify>,
}

#[derive(Default)]
struct Room {
    guests: BTreeMap<u64, Guest>,
    of_address: HashMap<ClientAddress, usize>,
    sweeps: u64,
    turns: u64,
}

/// The connections of a server.
pub(super) struct Places {
    total: usize,
    per_address: usize,
    trusted_proxies: TrustedProxies,
    first_head: u64,
    next_head: u64,
    room: Mutex<Room>,
    /// Wakes the one who waits for the last to leave.
    left: Notify,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            total: limits.connections,
            per_address: limits.connections_per_address,
            trusted_proxies: limits.trusted_proxies.clone(),
            first_head: sweeps(limits.first_head),
            next_head: sweeps(limits.next_head),
            room: Mutex::default(),
            left: Notify::new(),
        })
    }

    /// A place for a connection from this address, if need be that of another one; `None` when
    /// all are busy. A trusted proxy stands for many and may have all.
    pub(super) fn enter(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let address = ClientAddress::of(from);
        let mut room = self.room();
        let of_address = room.of_address.get(&address).copied().unwrap_or(0);
        let full = of_address >= self.per_address && !self.trusted_proxies.trusts(from);
        if full && !room.dismiss(|guest| guest.address == address) {
            return None;
        }
        if room.guests.len() >= self.total && !room.dismiss(|_| true) {
            return None;
        }
        let leave = Arc::new(Notify::new());
        let id = room.enter(address, Arc::clone(&leave));
        Some(Place { id, from, leave, places: Arc::clone(self) })
    }

    /// Lets the connection go that has waited longest, if one waits.
    pub(super) fn make_room(&self) {
        self.room().dismiss(|_| true);
    }

    /// Lets every connection go that has waited too long.
    pub(super) fn sweep(&self) {
        let mut room = self.room();
        room.sweeps += 1;
        let now = room.sweeps;
        let overdue = |guest: &Guest| match guest.phase {
            Phase::New => now - guest.since > self.first_head,
            Phase::Idle => now - guest.since > self.next_head,
            // A call has its own time-outs, which answer.
            Phase::Busy => false,
        };
        let ids: Vec<u64> =
            room.guests.iter().filter(|it| overdue(it.1)).map(|(id, _)| *id).collect();
        for id in ids {
            room.leave(id);
        }
    }

    /// Waits until nobody is connected.
    pub(super) async fn all_left(&self) {
        while self.taken() > 0 {
            self.left.notified().await;
        }
    }

    /// How many connections there are.
    pub(super) fn taken(&self) -> usize {
        self.room().guests.len()
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        // Nothing in here panics, and a count that is off by one would be no reason to stop.
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn enter(&mut self, address: ClientAddress, leave: Arc<Notify>) -> u64 {
        self.turns += 1;
        let (id, since) = (self.turns, self.sweeps);
        self.guests.insert(id, Guest { address, phase: Phase::New, since, turn: id, leave });
        *self.of_address.entry(address).or_default() += 1;
        id
    }

    /// Lets the one of these go that has waited longest; says whether there was one.
    fn dismiss(&mut self, these: impl Fn(&Guest) -> bool) -> bool {
        let waiting = self.guests.iter().filter(|it| it.1.phase != Phase::Busy && these(it.1));
        let first = waiting.min_by_key(|it| (it.1.phase, it.1.turn)).map(|(id, _)| *id);
        first.is_some_and(|id| {
            self.leave(id);
            true
        })
    }

    fn leave(&mut self, id: u64) {
        let Some(guest) = self.guests.remove(&id) else { return };
        guest.leave.notify_one();
        if let Some(count) = self.of_address.get_mut(&guest.address) {
            *count -= 1;
            if *count == 0 {
                self.of_address.remove(&guest.address);
            }
        }
    }

    /// Moves a connection on to a phase; `false` when it had to leave.
    fn enter_phase(&mut self, id: u64, phase: Phase) -> bool {
        self.turns += 1;
        let (since, turn) = (self.sweeps, self.turns);
        let guest = self.guests.get_mut(&id);
        guest.is_some_and(|guest| {
            (guest.phase, guest.since, guest.turn) = (phase, since, turn);
            true
        })
    }
}

/// The place of one connection, free again when it is dropped.
pub(super) struct Place {
    id: u64,
    from: IpAddr,
    leave: Arc<Notify>,
    places: Arc<Places>,
}

impl Place {
    /// A call begins; `false` when the connection had to leave before.
    pub(super) fn begin(&self) -> bool {
        self.places.room().enter_phase(self.id, Phase::Busy)
    }

    /// Who calls, by the head of a call on this connection.
    pub(super) fn client(&self, headers: &HeaderMap) -> ClientAddress {
        self.places.trusted_proxies.client(self.from, headers)
    }

    /// The call has its answer.
    pub(super) fn end(&self) {
        self.places.room().enter_phase(self.id, Phase::Idle);
    }

    /// Whether no call has come yet.
    pub(super) fn is_new(&self) -> bool {
        self.places.room().guests.get(&self.id).is_some_and(|it| it.phase == Phase::New)
    }

    /// Waits until the connection has to leave.
    pub(super) async fn dismissed(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.room().leave(self.id);
        self.places.left.notify_one();
    }
}

/// A time in sweeps, rounded up.
fn sweeps(time: Duration) -> u64 {
    time.as_millis().div_ceil(SWEEP_EVERY.as_millis()).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::client_address::range;

    fn places(total: usize, per_address: usize) -> Arc<Places> {
        let trusted_proxies = TrustedProxies::new(&[range("10.9.0.0/16").unwrap()]);
        let limits = Limits {
            trusted_proxies,
            connections: total,
            connections_per_address: per_address,
            first_head: 2 * SWEEP_EVERY,
            next_head: 4 * SWEEP_EVERY,
            ..Limits::default()
        };
        Places::new(&limits)
    }

    fn from(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn stays(place: &Place) -> bool {
        place.places.room().guests.contains_key(&place.id)
    }

    #[test]
    fn an_address_that_is_full_drives_out_its_own_oldest_newcomer() {
        let places = places(10, 3);
        let known = places.enter(from(1)).unwrap();
        assert!(known.begin());
        known.end();
        let first = places.enter(from(1)).unwrap();
        let second = places.enter(from(1)).unwrap();
        let other = places.enter(from(2)).unwrap();
        let third = places.enter(from(1)).unwrap();
        assert!(!stays(&first) && !first.begin(), "the oldest newcomer leaves");
        assert!(stays(&known) && stays(&second) && stays(&third) && stays(&other));
        assert_eq!(places.taken(), 4);
        drop(first);
        assert_eq!(places.taken(), 4, "who has left frees no second place");
    }

    #[test]
    fn a_trusted_proxy_may_have_all_places() {
        let places = places(4, 1);
        let proxy = IpAddr::from([10, 9, 0, 1]);
        let all: Vec<Place> = (0..4).map(|_| places.enter(proxy).unwrap()).collect();
        assert!(all.iter().all(stays));
        let _next = places.enter(from(1)).unwrap();
        assert!(!stays(&all[0]), "and makes room like everybody when there is none");
    }

    #[test]
    fn the_longest_idle_one_leaves_when_nobody_is_new() {
        let places = places(3, 3);
        let all: Vec<Place> = (1..=3).map(|n| places.enter(from(n)).unwrap()).collect();
        assert!(all.iter().all(Place::begin));
        all[1].end();
        all[0].end();
        let next = places.enter(from(4)).unwrap();
        assert!(!stays(&all[1]) && stays(&all[0]) && stays(&all[2]) && next.is_new());
    }

    #[test]
    fn nobody_leaves_a_call() {
        let places = places(2, 1);
        let (one, two) = (places.enter(from(1)).unwrap(), places.enter(from(2)).unwrap());
        assert!(one.begin() && two.begin());
        assert!(places.enter(from(1)).is_none(), "its address is full");
        assert!(places.enter(from(3)).is_none(), "the server is full");
        places.make_room();
        (0..100).for_each(|_| places.sweep());
        assert!(stays(&one) && stays(&two));
        drop(one);
        assert!(places.enter(from(1)).is_some());
    }

    #[test]
    fn who_waits_too_long_leaves() {
        let places = places(9, 9);
        let (new, known) = (places.enter(from(1)).unwrap(), places.enter(from(1)).unwrap());
        assert!(known.begin());
        known.end();
        (0..2).for_each(|_| places.sweep());
        assert!(stays(&new) && stays(&known));
        places.sweep();
        assert!(!stays(&new) && stays(&known));
        (0..2).for_each(|_| places.sweep());
        assert!(!stays(&known));
        assert!(places.room().of_address.is_empty());
    }

    #[tokio::test]
    async fn who_has_to_leave_hears_it() {
        let places = places(1, 1);
        let first = places.enter(from(1)).unwrap();
        let _second = places.enter(from(2)).unwrap();
        first.dismissed().await;
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let places = places(9, 2);
        let from = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        let first = places.enter(from(1)).unwrap();
        let _others = (places.enter(from(2)).unwrap(), places.enter(from(3)).unwrap());
        assert!(!stays(&first));
    }

    #[test]
    fn times_are_rounded_up_to_sweeps() {
        assert_eq!(sweeps(Duration::from_millis(251)), 2);
    }
}
