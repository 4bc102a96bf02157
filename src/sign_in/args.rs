//! The settings of the providers, as flags and variables.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use oauth2::{ClientId, ClientSecret};
use url::Url;

use super::{
    exchange::Credentials,
    github::GitHub,
    open_id::OpenId,
    provider::{Kind, Provider, Providers},
};
use crate::{clock::Clock, outbound::is_safe};

const GITHUB: &str = "https://github.com";
const GITHUB_API: &str = "https://api.github.com";
const GOOGLE: &str = "https://accounts.google.com";

/// Who may say who a person is. Each provider needs the id and the secret that it gave for this
/// server; a secret comes from its variable or file, as other users see a command line.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sign-in")]
pub struct ProviderArgs {
    /// Client id of an OAuth app at GitHub; people can then sign in with GitHub.
    #[arg(long, env = "BOTTRADE_GITHUB_CLIENT_ID", value_name = "ID", value_parser = filled)]
    github_client_id: Option<String>,
    /// Its secret; better given as variable or file.
    #[arg(long, env = "BOTTRADE_GITHUB_CLIENT_SECRET", value_name = "SECRET")]
    #[arg(hide_env_values = true, value_parser = secret)]
    github_client_secret: Option<ClientSecret>,
    /// File that holds its secret.
    #[arg(long, env = "BOTTRADE_GITHUB_CLIENT_SECRET_FILE", value_name = "FILE")]
    github_client_secret_file: Option<PathBuf>,
    /// Where GitHub is, for a GitHub Enterprise server.
    #[arg(long, env = "BOTTRADE_GITHUB_URL", value_name = "URL")]
    #[arg(default_value = GITHUB, value_parser = address)]
    github_url: String,
    /// Where its API is; default: api.github.com, elsewhere /api/v3 below the address.
    #[arg(long, env = "BOTTRADE_GITHUB_API_URL", value_name = "URL", value_parser = address)]
    github_api_url: Option<String>,
    /// Client id of a web application at Google; people can then sign in with Google.
    #[arg(long, env = "BOTTRADE_GOOGLE_CLIENT_ID", value_name = "ID", value_parser = filled)]
    google_client_id: Option<String>,
    /// Its secret; better given as variable or file.
    #[arg(long, env = "BOTTRADE_GOOGLE_CLIENT_SECRET", value_name = "SECRET")]
    #[arg(hide_env_values = true, value_parser = secret)]
    google_client_secret: Option<ClientSecret>,
    /// File that holds its secret.
    #[arg(long, env = "BOTTRADE_GOOGLE_CLIENT_SECRET_FILE", value_name = "FILE")]
    google_client_secret_file: Option<PathBuf>,
    /// Issuer of any OpenID Connect provider, exactly as its discovery document has it.
    #[arg(long, env = "BOTTRADE_OIDC_ISSUER", value_name = "URL", value_parser = issuer)]
    oidc_issuer: Option<String>,
    /// Client id there.
    #[arg(long, env = "BOTTRADE_OIDC_CLIENT_ID", value_name = "ID", value_parser = filled)]
    oidc_client_id: Option<String>,
    /// Its secret; better given as variable or file.
    #[arg(long, env = "BOTTRADE_OIDC_CLIENT_SECRET", value_name = "SECRET")]
    #[arg(hide_env_values = true, value_parser = secret)]
    oidc_client_secret: Option<ClientSecret>,
    /// File that holds its secret.
    #[arg(long, env = "BOTTRADE_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    oidc_client_secret_file: Option<PathBuf>,
    /// What people call it; default: the host of the issuer.
    #[arg(long, env = "BOTTRADE_OIDC_NAME", value_name = "NAME", value_parser = filled)]
    oidc_name: Option<String>,
}

impl ProviderArgs {
    /// The providers that are set up whole; fails, with the flag, where one is half.
    pub fn providers(&self, clock: Arc<dyn Clock>) -> anyhow::Result<Providers> {
        let list = [self.github()?, self.google()?, self.open_id()?];
        Providers::new(list.into_iter().flatten().collect(), clock)
            .context("cannot prepare calls to the sign-in providers")
    }

    fn github(&self) -> anyhow::Result<Option<Provider>> {
        let client = Client {
            prefix: "github",
            id: self.github_client_id.as_ref(),
            secret: self.github_client_secret.as_ref(),
            file: self.github_client_secret_file.as_ref(),
        };
        let Some(who) = client.credentials()? else { return Ok(None) };
        let pages = &self.github_url;
        let api = match &self.github_api_url {
            Some(api) => api.clone(),
            None if pages == GITHUB => GITHUB_API.to_owned(),
            None => format!("{pages}/api/v3"),
        };
        let kind = Kind::GitHub(GitHub::new(pages, &api).context("--github-url")?);
        Ok(Some(Provider { id: "github", name: "GitHub".into(), who, kind }))
    }

    fn google(&self) -> anyhow::Result<Option<Provider>> {
        let client = Client {
            prefix: "google",
            id: self.google_client_id.as_ref(),
            secret: self.google_client_secret.as_ref(),
            file: self.google_client_secret_file.as_ref(),
        };
        let Some(who) = client.credentials()? else { return Ok(None) };
        let kind = Kind::OpenId(OpenId::new(GOOGLE));
        Ok(Some(Provider { id: "google", name: "Google".into(), who, kind }))
    }

    fn open_id(&self) -> anyhow::Result<Option<Provider>> {
        let client = Client {
            prefix: "oidc",
            id: self.oidc_client_id.as_ref(),
            secret: self.oidc_client_secret.as_ref(),
            file: self.oidc_client_secret_file.as_ref(),
        };
        let (who, issuer) = match (client.credentials()?, &self.oidc_issuer) {
            (Some(who), Some(issuer)) => (who, issuer),
            (Some(_), None) => bail!("--oidc-client-id needs --oidc-issuer"),
            (None, Some(_)) => bail!("--oidc-issuer needs --oidc-client-id"),
            (None, None) => {
                ensure!(self.oidc_name.is_none(), "--oidc-name needs --oidc-issuer");
                return Ok(None);
            }
        };
        let host = issuer.parse::<Url>()?.host_str().unwrap_or_default().to_owned();
        let name = self.oidc_name.clone().unwrap_or(host);
        Ok(Some(Provider { id: "oidc", name, who, kind: Kind::OpenId(OpenId::new(issuer)) }))
    }
}

/// What is given of one client.
struct Client<'a> {
    /// What its flags begin with.
    prefix: &'static str,
    id: Option<&'a String>,
    secret: Option<&'a ClientSecret>,
    file: Option<&'a PathBuf>,
}

impl Client<'_> {
    /// Id and secret, or neither.
    fn credentials(&self) -> anyhow::Result<Option<Credentials>> {
        let prefix = self.prefix;
        let secret =
            match (self.secret, self.file) {
                (Some(_), Some(_)) => bail!(
                    "--{prefix}-client-secret and --{prefix}-client-secret-file are both given; \
                 give one"
                ),
                (Some(secret), None) => Some(secret.clone()),
                (None, Some(file)) => Some(read(file).with_context(|| {
                    format!("--{prefix}-client-secret-file: {}", file.display())
                })?),
                (None, None) => None,
            };
        match (self.id, secret) {
            (Some(id), Some(secret)) => {
                Ok(Some(Credentials { id: ClientId::new(id.clone()), secret }))
            }
            (Some(_), None) => bail!(
                "--{prefix}-client-id needs --{prefix}-client-secret-file or the variable \
                 BOTTRADE_{}_CLIENT_SECRET",
                prefix.to_uppercase()
            ),
            (None, Some(_)) => bail!("the secret of --{prefix}-client-id is given without it"),
            (None, None) => Ok(None),
        }
    }
}

fn read(file: &PathBuf) -> anyhow::Result<ClientSecret> {
    secret(std::fs::read_to_string(file)?.trim()).map_err(anyhow::Error::msg)
}

/// A secret of any form: a message about it would show it.
fn secret(text: &str) -> Result<ClientSecret, &'static str> {
    filled(text).map(ClientSecret::new)
}

fn filled(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("it is empty") } else { Ok(text.to_owned()) }
}

/// An address to add paths to.
fn address(text: &str) -> Result<String, &'static str> {
    issuer(text).map(|it| it.trim_end_matches('/').to_owned())
}

/// An address that is compared letter by letter.
fn issuer(text: &str) -> Result<String, &'static str> {
    let good = text
        .parse::<Url>()
        .is_ok_and(|url| is_safe(&url) && url.query().is_none() && url.fragment().is_none());
    let expected = "expected an https:// address (http:// on this machine) without ? and #";
    if good { Ok(text.to_owned()) } else { Err(expected) }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser};

    use super::*;
    use crate::clock::TestClock;

    /// The command itself.
    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        providers: ProviderArgs,
    }

    fn providers(flags: &str) -> Result<Vec<(String, String, String)>, String> {
        let words = ["bottrade"].into_iter().chain(flags.split_whitespace());
        let command = Command::try_parse_from(words).map_err(|error| error.to_string())?;
        let clock = TestClock::at("2030-01-01T00:00:00Z".parse().unwrap());
        let made = command.providers.providers(clock).map_err(|error| format!("{error:#}"))?;
        let told = made.iter().map(|it| (it.id().into(), it.name().into(), it.issuer().into()));
        Ok(told.collect())
    }

    #[test]
    fn providers_are_those_that_are_given_whole() {
        assert_eq!(providers(""), Ok(Vec::new()));
        let told = providers(
            "--oidc-issuer https://id.example.com/ --oidc-client-id a --oidc-client-secret b \
             --google-client-id a --google-client-secret b \
             --github-client-id a --github-client-secret b",
        );
        let row = |id: &str, name: &str, issuer: &str| (id.into(), name.into(), issuer.into());
        let rows = vec![
            row("github", "GitHub", "https://github.com/login/oauth"),
            row("google", "Google", "https://accounts.google.com"),
            row("oidc", "id.example.com", "https://id.example.com/"),
        ];
        assert_eq!(told, Ok(rows));
    }

    #[test]
    fn a_half_given_provider_names_the_flag() {
        for (given, missing) in [
            ("--github-client-id a", "--github-client-secret-file"),
            ("--google-client-secret b", "--google-client-id"),
            ("--oidc-client-id a --oidc-client-secret b", "--oidc-issuer"),
            ("--oidc-issuer https://id.example.com", "--oidc-client-id"),
            ("--oidc-name Acme", "--oidc-issuer"),
            ("--github-client-id a --github-client-secret-file /nowhere", "/nowhere"),
            (
                "--oidc-client-id a --oidc-client-secret b --oidc-client-secret-file c",
                "are both given",
            ),
        ] {
            let told = providers(given).unwrap_err();
            assert!(told.contains(missing), "{given}: {told}");
        }
    }

    #[test]
    fn an_address_that_would_carry_secrets_in_clear_is_refused() {
        for flag in ["--github-url", "--github-api-url", "--oidc-issuer"] {
            for bad in ["http://example.com", "example.com", "https://example.com?a", "https://"] {
                let told = providers(&format!("{flag} {bad}")).unwrap_err();
                assert!(told.contains(flag) && told.contains("expected an https://"), "{told}");
            }
        }
    }

    #[test]
    fn a_secret_is_read_from_a_file_and_shown_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "s3cr3t-of-a-file\n").unwrap();
        let flags = format!(
            "bottrade --github-client-id a --github-client-secret-file {} \
             --google-client-id a --google-client-secret s3cr3t",
            file.display()
        );
        let command = Command::try_parse_from(flags.split_whitespace()).unwrap();
        assert!(!format!("{command:?}").contains("s3cr3t"));
        let provider = command.providers.github().unwrap().unwrap();
        assert_eq!(provider.who.secret.secret(), "s3cr3t-of-a-file");
        assert!(!format!("{:?}", provider.who).contains("s3cr3t"));
        std::fs::write(&file, " \n").unwrap();
        assert!(command.providers.github().is_err());
    }

    #[test]
    fn the_help_is_of_the_command() {
        let help = Command::command().render_long_help().to_string();
        assert!(help.starts_with("The command itself"), "{help}");
        assert!(help.contains("[env: BOTTRADE_GITHUB_CLIENT_SECRET]"), "{help}");
    }
}
