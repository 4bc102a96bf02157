//! The settings of the sale of plans, as flags and variables.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use url::Url;

use super::{
    secret::Secret,
    stripe::{Price, STRIPE, Stripe},
};
use crate::{outbound::is_safe, plan::Plan};

/// How plans are sold: with a key of Stripe, which comes from its variable or file, as other users
/// see a command line.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Billing")]
pub struct StripeArgs {
    /// A key of Stripe's API; plans are sold where there is one. Better given as variable or file.
    #[arg(long, env = "BOTTRADE_STRIPE_KEY", value_name = "KEY")]
    #[arg(hide_env_values = true, value_parser = secret)]
    stripe_key: Option<Secret>,
    /// File that holds it.
    #[arg(long, env = "BOTTRADE_STRIPE_KEY_FILE", value_name = "FILE")]
    stripe_key_file: Option<PathBuf>,
    /// What Stripe signs its events with, sent to /api/v1/billing/webhook; while one replaces
    /// another both, separated by a comma. Better given as variable or file.
    #[arg(long, env = "BOTTRADE_STRIPE_WEBHOOK_SECRET", value_name = "SECRET")]
    #[arg(hide_env_values = true, value_delimiter = ',', value_parser = secret)]
    stripe_webhook_secret: Vec<Secret>,
    /// File that holds it, or them, one a line.
    #[arg(long, env = "BOTTRADE_STRIPE_WEBHOOK_SECRET_FILE", value_name = "FILE")]
    stripe_webhook_secret_file: Option<PathBuf>,
    /// What Stripe calls the monthly price of a plan, for pro and for max. May be repeated, or
    /// separated by commas.
    #[arg(long, env = "BOTTRADE_STRIPE_PRICE", value_name = "PLAN=PRICE_ID")]
    #[arg(value_delimiter = ',', value_parser = price)]
    stripe_price: Vec<Price>,
    /// Where Stripe is; a stand-in on this machine may be http://.
    #[arg(long, env = "BOTTRADE_STRIPE_URL", value_name = "URL")]
    #[arg(default_value = STRIPE, value_parser = address)]
    stripe_url: String,
}

impl StripeArgs {
    /// Stripe, if it is set up whole; fails, with the flag, where it is half.
    pub fn stripe(&self) -> anyhow::Result<Option<Stripe>> {
        let key = match (&self.stripe_key, &self.stripe_key_file) {
            (Some(_), Some(_)) => {
                bail!("--stripe-key and --stripe-key-file are both given; give one")
            }
            (Some(key), None) => Some(key.clone()),
            (None, Some(file)) => read(file).context("--stripe-key-file")?.pop(),
            (None, None) => None,
        };
        let signers = match (&*self.stripe_webhook_secret, &self.stripe_webhook_secret_file) {
            (given, None) => given.to_vec(),
            ([], Some(file)) => read(file).context("--stripe-webhook-secret-file")?,
            _ => bail!(
                "--stripe-webhook-secret and --stripe-webhook-secret-file are both given; give one"
            ),
        };
        let Some(key) = key else {
            let unused = signers.is_empty() && self.stripe_price.is_empty();
            ensure!(unused, "the other settings of Stripe need --stripe-key-file");
            return Ok(None);
        };
        ensure!(
            !signers.is_empty(),
            "a key of Stripe needs --stripe-webhook-secret-file or the variable \
             BOTTRADE_STRIPE_WEBHOOK_SECRET"
        );
        for plan in Plan::ALL.into_iter().filter(|plan| plan.is_sold()) {
            let prices = self.stripe_price.iter().filter(|it| it.plan == plan).count();
            let name = plan.name();
            ensure!(prices == 1, "a key of Stripe needs one --stripe-price {name}=PRICE_ID");
        }
        let stripe = Stripe::new(&self.stripe_url, key, self.stripe_price.clone(), signers)
            .context("cannot prepare calls to Stripe")?;
        Ok(Some(stripe))
    }

    /// The same for a server at this address: real money is not paid over a line that others read.
    pub fn stripe_at(&self, public_url: &str) -> anyhow::Result<Option<Stripe>> {
        let stripe = self.stripe()?;
        let safe =
            public_url.starts_with("https://") || !stripe.as_ref().is_some_and(Stripe::is_live);
        ensure!(
            safe,
            "a live key of Stripe needs a --public-url that begins with https:// (here it is \
             {public_url}); try things out with a key that begins with sk_test_"
        );
        Ok(stripe)
    }
}

/// The lines of a file that has secrets.
fn read(file: &PathBuf) -> anyhow::Result<Vec<Secret>> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let secrets: Result<Vec<Secret>, _> = lines.map(secret).collect();
    let secrets = secrets.map_err(anyhow::Error::msg)?;
    ensure!(!secrets.is_empty(), "{} is empty", file.display());
    Ok(secrets)
}

/// A secret that fits a header: a message about it would show it.
fn secret(text: &str) -> Result<Secret, &'static str> {
    let text = text.trim();
    let good = !text.is_empty() && text.bytes().all(|it| it.is_ascii_graphic());
    if good { Ok(Secret::new(text)) } else { Err("expected printable characters without blanks") }
}

fn price(text: &str) -> Result<Price, &'static str> {
    let (plan, id) =
        text.split_once('=').ok_or("expected PLAN=PRICE_ID, such as pro=price_1Abc")?;
    let plan = Plan::parse(plan.trim()).filter(|plan| plan.is_sold());
    let plan = plan.ok_or("the plans on sale are pro and max")?;
    let id = id.trim();
    let good = !id.is_empty() && id.bytes().all(|it| it.is_ascii_graphic());
    if good { Ok(Price { plan, id: id.to_owned() }) } else { Err("the id of the price is missing") }
}

/// An address to add paths to.
fn address(text: &str) -> Result<String, &'static str> {
    let good = text
        .parse::<Url>()
        .is_ok_and(|url| is_safe(&url) && url.query().is_none() && url.fragment().is_none());
    let expected = "expected an https:// address (http:// on this machine) without ? and #";
    if good { Ok(text.to_owned()) } else { Err(expected) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        stripe: StripeArgs,
    }

    const WHOLE: &[&str] = &[
        "--stripe-key=sk_test_1",
        "--stripe-webhook-secret=whsec_1,whsec_2",
        "--stripe-price=pro=price_1,max=price_2",
    ];

    fn read(flags: &[&str]) -> anyhow::Result<Option<Stripe>> {
        let line = Line::try_parse_from([&["bottrade"], flags].concat())?;
        line.stripe.stripe_at("http://localhost:8080")
    }

    fn refused(flags: &[&str]) -> String {
        read(flags).err().map(|it| format!("{it:#}")).unwrap_or_default()
    }

    #[test]
    fn it_is_whole_or_not_there() {
        assert!(read(&[]).unwrap().is_none());
        assert_eq!(read(WHOLE).unwrap().unwrap().signers.len(), 2);
        for missing in 0..WHOLE.len() {
            let mut flags = WHOLE.to_vec();
            flags.remove(missing);
            assert!(read(&flags).is_err(), "{flags:?}");
        }
        let mut flags = WHOLE.to_vec();
        flags[2] = "--stripe-price=pro=price_1";
        assert!(refused(&flags).contains("--stripe-price max=PRICE_ID"));
        for wrong in ["free=x", "pro", "pro=", "unlimited=x", "=x"] {
            let price = format!("--stripe-price={wrong}");
            assert!(read(&[WHOLE, &[&price]].concat()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_live_key_is_refused_where_others_can_read_along() {
        for key in ["sk_live_1", "rk_live_1"] {
            let flag = format!("--stripe-key={key}");
            let flags = [&[flag.as_str()], &WHOLE[1..]].concat();
            assert!(refused(&flags).contains("needs a --public-url that begins with https://"));
            let line = Line::try_parse_from([&["bottrade"], &*flags].concat()).unwrap();
            assert!(line.stripe.stripe_at("https://bottrade.example").unwrap().is_some());
        }
    }

    #[test]
    fn what_is_sent_to_stripe_is_sent_where_nobody_reads_along() {
        for (url, good) in [
            ("http://127.0.0.1:8420", true),
            ("http://localhost:8420", true),
            ("https://stripe.example", true),
            ("http://stripe.example", false),
            ("http://10.0.0.1", false),
            ("ftp://localhost", false),
        ] {
            let flag = format!("--stripe-url={url}");
            assert_eq!(read(&[WHOLE, &[&flag]].concat()).is_ok(), good, "{url}");
        }
    }

    #[test]
    fn secrets_come_from_files_and_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let (key, signers) = (folder.path().join("key"), folder.path().join("signers"));
        std::fs::write(&key, "sk_test_file\n").unwrap();
        std::fs::write(&signers, "whsec_a\n\nwhsec_b\n").unwrap();
        let flags = [
            format!("--stripe-key-file={}", key.display()),
            format!("--stripe-webhook-secret-file={}", signers.display()),
            WHOLE[2].to_owned(),
        ];
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        assert_eq!(read(&flags).unwrap().unwrap().signers.len(), 2);
        assert!(refused(&[&flags[..], &[WHOLE[0]]].concat()).contains("both given"));
        std::fs::write(&key, "\n").unwrap();
        assert!(refused(&flags).contains("is empty"));
        let line = Line::try_parse_from([&["bottrade"], WHOLE].concat()).unwrap();
        let shown = format!("{:?}", line.stripe);
        assert!(!shown.contains("sk_test") && !shown.contains("whsec"), "{shown}");
    }
}
