//! Options of single sign-on. Without an issuer there is none; with one, what belongs to it must be there.

use std::path::PathBuf;

use clap::Args;

use crate::oidc::{Issuer, Rule, Settings};

/// People sign in at an identity provider of their organisation: docs/single-sign-on.md.
#[derive(Clone, Debug, Default, Args)]
pub struct OidcOptions {
    /// The identity provider, as it names itself: `https://id.example.org/realms/school`. Without it people sign in with
    /// codes only.
    #[arg(long, env = "WORKSHOP_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<Issuer>,

    /// The panel's name at the identity provider.
    #[arg(long, env = "WORKSHOP_OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,

    /// A file with the panel's secret at the identity provider, if it has one.
    #[arg(long, env = "WORKSHOP_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,

    /// Who gets which place, such as `groups=teachers -> instructor`; the first rule that fits decides. In the environment
    /// a semicolon stands between two.
    #[arg(
        long,
        env = "WORKSHOP_OIDC_RULE",
        value_name = "RULE",
        value_delimiter = ';'
    )]
    pub oidc_rule: Vec<Rule>,

    /// Whom people ask who get no seat: `Ask …` is what they read.
    #[arg(
        long,
        env = "WORKSHOP_OIDC_CONTACT",
        value_name = "TEXT",
        default_value = "your instructor"
    )]
    pub oidc_contact: String,

    /// What is asked for of a person beside `openid`.
    #[arg(
        long,
        env = "WORKSHOP_OIDC_SCOPES",
        value_delimiter = ',',
        default_value = "profile,email"
    )]
    pub oidc_scopes: Vec<String>,

    /// A file with certificate authorities that are trusted for the identity provider beside the system's.
    #[arg(long, env = "WORKSHOP_OIDC_CA_FILE", value_name = "FILE")]
    pub oidc_ca_file: Option<PathBuf>,
}

impl OidcOptions {
    /// What they say together; `None` if there is no single sign-on.
    ///
    /// # Errors
    /// A sentence: something is missing, or the secret's file cannot be used.
    pub fn settings(&self) -> Result<Option<Settings>, String> {
        let Some(issuer) = self.oidc_issuer.clone() else {
            let given = [
                ("--oidc-client-id", self.oidc_client_id.is_some()),
                (
                    "--oidc-client-secret-file",
                    self.oidc_client_secret_file.is_some(),
                ),
                ("--oidc-rule", !self.oidc_rule.is_empty()),
                ("--oidc-ca-file", self.oidc_ca_file.is_some()),
            ];
            return match given.iter().find(|(_, given)| *given) {
                Some((option, _)) => Err(format!(
                    "{option} says nothing without --oidc-issuer, the identity provider's URL."
                )),
                None => Ok(None),
            };
        };
        let Some(client_id) = self.oidc_client_id.clone().filter(|id| !id.is_empty()) else {
            return Err(
                "Single sign-on needs --oidc-client-id, the panel's name at the identity provider."
                    .to_owned(),
            );
        };
        if self.oidc_rule.is_empty() {
            return Err(
                "Single sign-on needs an --oidc-rule, or nobody would get a place. Example: \
                 groups=teachers -> instructor"
                    .to_owned(),
            );
        }
        Ok(Some(Settings {
            issuer,
            client_id,
            client_secret: self.client_secret()?,
            scopes: self.oidc_scopes.clone(),
            rules: self.oidc_rule.clone(),
            contact: self.oidc_contact.clone(),
        }))
    }

    /// White space at the ends is the editor's, not the secret's.
    fn client_secret(&self) -> Result<Option<String>, String> {
        let Some(path) = &self.oidc_client_secret_file else {
            return Ok(None);
        };
        let file = path.display();
        let secret = std::fs::read_to_string(path)
            .map_err(|error| format!("The client secret cannot be read from {file}: {error}."))?;
        match secret.trim() {
            "" => Err(format!("{file} holds no client secret: it is empty.")),
            secret => Ok(Some(secret.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Options {
        #[command(flatten)]
        oidc: OidcOptions,
    }

    /// The options of a command line whose words are lines here.
    fn mk_options(arguments: &[&str]) -> OidcOptions {
        let arguments = ["workshop"].iter().chain(arguments);
        Options::try_parse_from(arguments).unwrap().oidc
    }

    const ISSUER: [&str; 2] = ["--oidc-issuer", "https://id.example.org/realms/school"];
    const CLIENT: [&str; 2] = ["--oidc-client-id", "workshop"];
    const RULE: [&str; 2] = ["--oidc-rule", "groups=a -> free seat"];

    #[test]
    fn all_or_nothing() {
        assert!(mk_options(&[]).settings().unwrap().is_none());
        let whole = mk_options(&[ISSUER, CLIENT, RULE].concat());
        assert!(whole.settings().unwrap().is_some());
        for (given, missing) in [
            ([ISSUER, CLIENT], "--oidc-rule"),
            ([ISSUER, RULE], "--oidc-client-id"),
            ([CLIENT, RULE], "--oidc-issuer"),
        ] {
            let refused = mk_options(&given.concat()).settings().err().unwrap();
            assert!(refused.contains(missing), "{refused}");
        }
    }

    #[test]
    fn rules_keep_their_order() {
        let two = ["--oidc-rule", "a=b -> instructor;c=d,e=f -> seat 2"];
        let options = mk_options(&[ISSUER, CLIENT, two, RULE].concat());
        let rules: Vec<_> = options.oidc_rule.iter().map(ToString::to_string).collect();
        let expected = [
            "a=b -> instructor",
            "c=d,e=f -> seat 2",
            "groups=a -> free seat",
        ];
        assert_eq!(rules, expected);
    }

    #[test]
    fn issuer_is_https_or_on_this_machine() {
        let parse = |issuer: &str| issuer.parse::<Issuer>();
        assert!(parse("https://id.example.org").is_ok());
        assert!(parse("http://127.0.0.1:4000").is_ok());
        for issuer in [
            "http://id.example.org",
            "ftp://127.0.0.1",
            "id",
            "https://id.example.org/?a=b",
        ] {
            assert!(parse(issuer).is_err(), "{issuer}");
        }
    }
}
