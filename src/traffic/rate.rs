//! How often one client, or one account, may do something.
//!
//! A bucket holds as many calls as may come at once and fills evenly. Of each, only the moment is
//! kept when it is full again, so an idle one is as good as none and costs no memory. What is
//! counted is this process's; a restart forgets it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::ClientAddress;
use crate::{clock::Clock, error::Error};

/// Buckets of one rate. When there are more, the fuller half is forgotten: who has called least
/// gains least by it.
const BUCKETS_MAX: usize = 1 << 16;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// What is limited. Of one address there may be many people, whole schools and services of agents:
/// what costs little is limited loosely there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Beginning to sign in, by address.
    SignIn,
    /// Coming back from where one signed in, by address: asks the provider.
    SignInCallback,
    /// `/oauth/token` and `/oauth/revoke`, by address: also that of a service whose users connect
    /// from it.
    Token,
    /// `/oauth/register`, by address: leaves a row each.
    Registration,
    /// Every call about keys, by address.
    KeysFromAddress,
    /// The same, by account.
    KeysOfAccount,
    /// Making keys, by account: leaves a row each.
    KeyCreation,
    /// MCP sessions for clients without a credential, by address: each takes memory.
    McpSession,
    /// Calls with a credential, by account: see [`RateLimits::check_call`].
    AccountCalls,
}

/// So many per period, and so many at once.
struct Limit {
    count: u32,
    period: Duration,
    burst: u32,
    /// What there is too much of beyond.
    what: &'static str,
}

impl Rate {
    /// In the order of their declaration.
    const ALL: [Self; 9] = [
        Self::SignIn,
        Self::SignInCallback,
        Self::Token,
        Self::Registration,
        Self::KeysFromAddress,
        Self::KeysOfAccount,
        Self::KeyCreation,
        Self::McpSession,
        Self::AccountCalls,
    ];

    const fn limit(self) -> Limit {
        let (count, period, burst, what) = match self {
            Self::SignIn => (60, MINUTE, 60, "sign-ins from this address"),
            Self::SignInCallback => (60, MINUTE, 60, "returns to sign-in from this address"),
            Self::Token => (600, MINUTE, 300, "calls for tokens from this address"),
            Self::Registration => (60, MINUTE, 60, "registrations from this address"),
            Self::KeysFromAddress => (240, MINUTE, 120, "calls about keys from this address"),
            Self::KeysOfAccount => (60, MINUTE, 60, "calls about keys of this account"),
            Self::KeyCreation => (10, HOUR, 10, "new keys of this account"),
            Self::McpSession => (60, MINUTE, 300, "new MCP sessions from this address"),
            // More than a client far away can ask one after the other on a hundred connections.
            Self::AccountCalls => (1000, SECOND, 5000, "calls of this account"),
        };
        Limit { count, period, burst, what }
    }
}

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// A client.
    Address(ClientAddress),
    /// The id of an account.
    Account(Box<str>),
}

impl From<ClientAddress> for Who {
    fn from(address: ClientAddress) -> Self {
        Self::Address(address)
    }
}

impl From<&str> for Who {
    fn from(account: &str) -> Self {
        Self::Account(account.into())
    }
}

/// All limits of rate, and what was taken of them.
pub struct RateLimits {
    clock: Arc<dyn Clock>,
    buckets: [Mutex<Buckets>; Rate::ALL.len()],
}

impl RateLimits {
    /// Nobody has called yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, buckets: Rate::ALL.map(|rate| Mutex::new(Buckets::new(&rate.limit()))) }
    }

    /// Counts one; the error says how long to wait. What was refused is not counted.
    pub fn check(&self, rate: Rate, who: impl Into<Who>) -> Result<(), Error> {
        let now = self.clock.now().as_microsecond();
        let buckets = &self.buckets[rate as usize];
        // A panic elsewhere leaves at worst a call that was counted.
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        match buckets.take(who.into(), now) {
            Ok(()) => Ok(()),
            Err(wait) => Err(Error::too_many(rate.limit().what, wait)),
        }
    }

    /// Counts a call of an account, unless it comes from this machine or its own network: a local
    /// server is its owner's, and nobody else waits there for what one account takes.
    pub fn check_call(&self, account: &str, from: ClientAddress) -> Result<(), Error> {
        if from.is_local() { Ok(()) } else { self.check(Rate::AccountCalls, account) }
    }
}

/// The buckets of one rate; all times are in microseconds.
struct Buckets {
    /// In which one call's worth flows in.
    refill: i64,
    /// In which an empty bucket is full again.
    whole: i64,
    /// When a bucket is full again; those that are already need not be here.
    full_at: HashMap<Who, i64>,
}

impl Buckets {
    fn new(limit: &Limit) -> Self {
        let period = i64::try_from(limit.period.as_micros()).unwrap_or(i64::MAX);
        let refill = period / i64::from(limit.count);
        Self { refill, whole: refill * i64::from(limit.burst), full_at: HashMap::new() }
    }

    /// Takes one; or how long to wait until there is one.
    fn take(&mut self, who: Who, now: i64) -> Result<(), Duration> {
        let full_at = self.full_at.get(&who).copied().unwrap_or(now);
        // It cannot be empty for longer: the clock was set back.
        let full_at = if full_at > now + self.whole { now } else { full_at.max(now) };
        let after = full_at + self.refill;
        let wait = after - (now + self.whole);
        if wait > 0 {
            return Err(Duration::from_micros(wait.unsigned_abs()));
        }
        if self.full_at.len() >= BUCKETS_MAX && !self.full_at.contains_key(&who) {
            self.forget(now);
        }
        self.full_at.insert(who, after);
        Ok(())
    }

    /// Makes room: for so many that it need not be done again soon.
    fn forget(&mut self, now: i64) {
        self.full_at.retain(|_, full_at| *full_at > now);
        let mut excess = self.full_at.len().saturating_sub(BUCKETS_MAX / 2);
        if excess > 0 {
            let mut times: Vec<i64> = self.full_at.values().copied().collect();
            let (_, &mut last, _) = times.select_nth_unstable(excess - 1);
            self.full_at.retain(|_, full_at| {
                let goes = *full_at <= last && excess > 0;
                excess -= usize::from(goes);
                !goes
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use http::HeaderValue;
    use jiff::Timestamp;

    use super::*;
    use crate::{clock::TestClock, error::Code};

    fn limits() -> (RateLimits, Arc<TestClock>) {
        let clock = TestClock::at(Timestamp::from_second(1_800_000_000).unwrap());
        (RateLimits::new(clock.clone()), clock)
    }

    fn client(number: u32) -> ClientAddress {
        ClientAddress::of(IpAddr::V4(Ipv4Addr::from_bits(0x0800_0000 + number)))
    }

    /// How many of these are let through.
    fn passed(
        limits: &RateLimits,
        rate: Rate,
        whose: impl IntoIterator<Item = impl Into<Who>>,
    ) -> usize {
        whose.into_iter().filter_map(|who| limits.check(rate, who).ok()).count()
    }

    #[test]
    fn the_order_is_that_of_the_declaration() {
        for (at, rate) in Rate::ALL.into_iter().enumerate() {
            assert_eq!(rate as usize, at);
        }
    }

    #[test]
    fn a_burst_then_as_many_as_flow_in() {
        for rate in Rate::ALL {
            let (limits, clock) = limits();
            let Limit { count, period, burst, .. } = rate.limit();
            let (count, burst) = (count as usize, burst as usize);
            let many = || std::iter::repeat_n("an-account", 2 * burst.max(count));
            assert_eq!(passed(&limits, rate, many()), burst, "{rate:?}");
            assert_eq!(passed(&limits, rate, many()), 0, "what is refused is not counted");
            clock.advance(period.as_secs().try_into().unwrap());
            assert_eq!(passed(&limits, rate, many()), count.min(burst), "{rate:?}");
            clock.advance(1_000_000);
            assert_eq!(passed(&limits, rate, many()), burst, "no more than a whole bucket");
        }
    }

    #[test]
    fn the_wait_that_is_told_is_enough_and_no_more() {
        let (limits, clock) = limits();
        let make = || limits.check(Rate::KeyCreation, "an-account");
        for _ in 0..10 {
            make().unwrap();
        }
        clock.advance(100);
        let error = make().unwrap_err();
        assert_eq!(error.code, Code::TooManyCalls);
        assert_eq!(error.status().as_u16(), 429);
        let (name, wait) = error.header().unwrap();
        assert_eq!((name.as_str(), wait), ("retry-after", HeaderValue::from(260)));
        assert!(error.hint.as_ref().unwrap().contains("260 s"), "{error:?}");
        clock.advance(259);
        assert_eq!(make().unwrap_err().header().unwrap().1, HeaderValue::from(1));
        clock.advance(1);
        assert!(make().is_ok() && make().is_err());
    }

    #[test]
    fn everybody_has_a_bucket_of_their_own() {
        let (limits, _) = limits();
        let flood = std::iter::repeat_n(client(0), 1000);
        assert_eq!(passed(&limits, Rate::Registration, flood), 60);
        assert!(limits.check(Rate::SignIn, client(0)).is_ok(), "another rate");
        assert_eq!(passed(&limits, Rate::Registration, (1..=1000).map(client)), 1000);
        assert!(limits.check(Rate::Registration, client(0)).is_err());
        let network = |host| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 0, 0, 0, host));
        let one_network = (1..=1000).map(|host| ClientAddress::of(network(host)));
        assert_eq!(passed(&limits, Rate::Registration, one_network), 60);
    }

    #[test]
    fn calls_from_here_are_not_counted() {
        let (limits, _) = limits();
        let local = ClientAddress::of(Ipv4Addr::LOCALHOST.into());
        for _ in 0..10_000 {
            limits.check_call("an-account", local).unwrap();
        }
        let through = (0..10_000).filter(|_| limits.check_call("an-account", client(0)).is_ok());
        assert_eq!(through.count(), 5000);
        assert!(limits.check_call("another", client(0)).is_ok());
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let (limits, clock) = limits();
        let flood = || std::iter::repeat_n(client(0), 100);
        assert_eq!(passed(&limits, Rate::SignIn, flood()), 60);
        clock.advance(-3600);
        assert_eq!(passed(&limits, Rate::SignIn, flood()), 60);
        clock.advance(1);
        assert_eq!(passed(&limits, Rate::SignIn, flood()), 1);
    }

    #[test]
    fn a_crowd_takes_bounded_memory_and_frees_no_offender() {
        let (limits, clock) = limits();
        let held = || limits.buckets[Rate::SignIn as usize].lock().unwrap().full_at.len();
        let crowd = u32::try_from(3 * BUCKETS_MAX).unwrap();
        assert_eq!(passed(&limits, Rate::SignIn, std::iter::repeat_n(client(0), 100)), 60);
        for number in 1..=crowd {
            limits.check(Rate::SignIn, client(number)).unwrap();
        }
        assert!((BUCKETS_MAX / 2..=BUCKETS_MAX).contains(&held()), "{}", held());
        assert!(limits.check(Rate::SignIn, client(0)).is_err(), "the emptiest is not forgotten");
        clock.advance(60);
        limits.buckets[Rate::SignIn as usize].lock().unwrap().forget(clock.now().as_microsecond());
        assert_eq!(held(), 0, "a full bucket is as good as none");
    }
}
