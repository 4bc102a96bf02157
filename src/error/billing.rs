//! What a plan does not have, and what goes wrong with paying for one.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{Code, Error};

/// How an account stands that may start no more runs this month: members of the problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunLimit {
    /// Runs that were started this month.
    pub runs_used: u32,
    /// Runs that the plan has.
    pub runs_limit: u32,
    /// When the next month of UTC begins.
    #[serde(serialize_with = "as_text")]
    pub resets_at: Timestamp,
    /// Where plans are compared and bought.
    pub checkout_url: String,
    /// What a larger plan has, or that there is none.
    pub upgrade_hint: String,
}

fn as_text<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

impl Error {
    /// More runs than the month of a plan has. `payable` says that there is a plan to pay for
    /// instead of this one, which costs nothing: then it is no matter of time alone.
    pub fn run_limit(plan: &str, payable: bool, limit: RunLimit, now: Timestamp) -> Self {
        let code = if payable { Code::PaymentRequired } else { Code::RunLimitReached };
        let error = Self::new(code, "Monthly run limit reached");
        let wait = limit.resets_at.duration_since(now).as_secs().max(1);
        let hint = format!(
            "nothing was started: {} of {} runs of the plan {plan} are used up until {}; {}",
            limit.runs_used, limit.runs_limit, limit.resets_at, limit.upgrade_hint
        );
        let retry_after = (!payable).then(|| u32::try_from(wait).unwrap_or(u32::MAX));
        Self { retry_after, run_limit: Some(Box::new(limit)), ..error }.hint(hint)
    }

    /// A program that was allowed to trade, or a bot, where somebody pays.
    pub fn payer_required() -> Self {
        Self::new(Code::NotYours, "what the account pays is seen and changed by its owner alone")
            .hint("use an API key of the account, or a browser that is signed in")
    }

    /// Nobody, where somebody pays.
    pub fn payer_unknown() -> Self {
        Self::new(Code::KeyRequired, "sign in to BotTrade to see or change your plan")
            .hint("sign in at /login, or send an API key of the account as `X-API-Key: <key>`")
    }

    /// A plan where none is sold.
    pub fn nothing_sold() -> Self {
        Self::new(Code::NotSetUp, "this server sells no plans").hint(
            "whoever runs it changes the plan of an account with `bottrade account set-plan`, or \
             sells plans with a key of Stripe: --stripe-key-file",
        )
    }

    /// A second plan beside the one that is paid for.
    pub fn already_subscribed(plan: &str, portal: &str) -> Self {
        let message = format!("the account pays for {plan} already: change or end it at {portal}");
        Self::new(Code::Conflict, message).hint("nothing was done; nobody pays twice")
    }

    /// A plan for an account that has everything.
    pub fn nothing_to_buy() -> Self {
        Self::new(Code::Conflict, "the account has no limit of runs")
            .hint("nothing was done; there is no plan that has more")
    }

    /// Something to change, where nothing is paid for.
    pub fn no_subscription() -> Self {
        Self::new(Code::PaymentRequired, "the account pays for no plan")
            .hint("`POST /api/v1/billing/checkout?plan=pro` begins to buy one, or /pricing")
    }

    /// A checkout that is not there, or is not this account's, or is not paid.
    pub fn no_such_checkout() -> Self {
        Self::new(Code::NotFound, "no such checkout, or it is not paid yet")
            .hint("what was just paid may take a moment; then look again")
    }

    /// The second key for one payment.
    pub fn checkout_key_shown() -> Self {
        Self::new(Code::Conflict, "the key that comes with this plan was shown before")
            .hint("no key is shown twice; the account page makes others")
    }

    /// Stripe does not answer, for now.
    pub fn payments_unavailable(problem: impl std::fmt::Display) -> Self {
        tracing::warn!(%problem, "Stripe cannot be asked");
        let error = Self::new(Code::Unavailable, "the payment service cannot be asked now");
        Self { retry_after: Some(10), ..error }
            .hint("what was paid is not lost; try again in a moment")
    }

    /// An event that Stripe did not send, or not now.
    pub fn event_refused(why: impl std::fmt::Display) -> Self {
        tracing::warn!(%why, "an event was refused");
        Self::new(Code::Rejected, format!("this is no event of Stripe: {why}"))
            .hint("nothing was done; see that the secret of the webhook is the one of this server")
    }

    /// A handle for an account that pays nothing.
    pub fn handle_needs_plan(larger: &str) -> Self {
        Self::new(Code::PaymentRequired, "a handle comes with a paid plan")
            .hint(format!("nothing was changed; /pricing sells one: {larger}"))
    }

    /// A handle that somebody else has.
    pub fn handle_taken() -> Self {
        Self::new(Code::Conflict, "this handle is taken")
            .hint("nothing was changed; choose another, small and capital letters are the same")
            .at("handle")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(payable: bool) -> Error {
        let limit = RunLimit {
            runs_used: 25,
            runs_limit: 25,
            resets_at: "2030-02-01T00:00:00Z".parse().unwrap(),
            checkout_url: "http://localhost/pricing".into(),
            upgrade_hint: "pro has more".into(),
        };
        Error::run_limit("free", payable, limit, "2030-01-31T23:59:59.5Z".parse().unwrap())
    }

    #[test]
    fn one_body_serves_every_client() {
        let body = refused(true).problem();
        let expected = serde_json::json!({
            "type": "urn:bottrade:error:payment_required",
            "title": "Payment Required",
            "status": 402,
            "detail": "Monthly run limit reached",
            "error": "Monthly run limit reached",
            "message": "Monthly run limit reached",
            "code": "payment_required",
            "hint": "nothing was started: 25 of 25 runs of the plan free are used up until \
                2030-02-01T00:00:00Z; pro has more",
            "runs_used": 25,
            "runs_limit": 25,
            "resets_at": "2030-02-01T00:00:00Z",
            "checkout_url": "http://localhost/pricing",
            "upgrade_hint": "pro has more",
        });
        assert_eq!(body, expected);
        assert_eq!(refused(true).header(), None, "time alone is no remedy");
        let (paid, header) = (refused(false).problem(), refused(false).header().unwrap());
        assert_eq!((&paid["status"], &paid["code"]), (&429.into(), &"run_limit_reached".into()));
        assert_eq!((header.0.as_str(), header.1.to_str().unwrap()), ("retry-after", "1"));
    }
}
