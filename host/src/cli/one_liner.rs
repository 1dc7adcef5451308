//! `serve` without a file: flags to an equivalent config text, so that there is one grammar and one set of messages.

use crate::contract::ConfigFormat;
use crate::gate::ConfigSource;
use clap::Args;
use std::fmt::Write as _;

/// Flags that stand for a config.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct OneLiner {
    /// Who issues the tokens, exactly as in their `iss`
    #[arg(long, value_name = "URL", help_heading = "Without a config file")]
    pub(super) issuer: Option<String>,
    /// For whom the tokens are, as in their `aud`
    #[arg(long, value_name = "TEXT", help_heading = "Without a config file")]
    pub(super) audience: Option<String>,
    /// Paths that need a token: a glob (`/admin/**`) or, with parentheses or `:name`, a route pattern; repeatable
    #[arg(long, value_name = "PATH", help_heading = "Without a config file")]
    pub(super) protect: Vec<String>,
    /// Take the token from this cookie, too
    #[arg(long, value_name = "NAME", help_heading = "Without a config file")]
    pub(super) cookie: Option<String>,
    /// Keys: a JWKS address or file (default: found at the issuer)
    #[arg(long, value_name = "URL|FILE", help_heading = "Without a config file")]
    pub(super) jwks: Option<String>,
    /// Where browsers are sent to sign in; needs --cookie
    #[arg(long, value_name = "PATH", requires = "cookie", help_heading = "Without a config file")]
    pub(super) sign_in: Option<String>,
    /// What happens to all other paths: public, session or deny
    #[arg(long, value_name = "WHO", help_heading = "Without a config file")]
    pub(super) default: Option<String>,
}

impl OneLiner {
    /// Was any of the flags given?
    pub(super) fn given(&self) -> bool {
        self.issuer.is_some() || !self.protect.is_empty() || self.default.is_some() || self.cookie.is_some()
    }

    /// The config they stand for.
    pub(super) fn config(&self, upstream: Option<&str>) -> ConfigSource {
        ConfigSource {
            name: "command line".to_owned(),
            text: self.text(upstream),
            format: ConfigFormat::Toml,
            folder: ".".into(),
        }
    }

    fn text(&self, upstream: Option<&str>) -> String {
        let mut out = String::from("version = 1\n");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "default = {}", quoted(self.default.as_deref().unwrap_or("public")));
        if let Some(upstream) = upstream {
            let _ = writeln!(out, "\n[proxy]\nupstream = {}", quoted(upstream));
        }
        if let Some(path) = &self.sign_in {
            let _ = writeln!(out, "\n[sign-in]\npath = {}\nreturn-param = \"next\"", quoted(path));
        }
        if let Some(cookie) = &self.cookie {
            let _ = writeln!(out, "\n[session.browser]\nkind = \"jwt-cookie\"\ncookie = {}", quoted(cookie));
            self.provider(&mut out);
        }
        if self.issuer.is_some() || self.jwks.is_some() {
            out.push_str("\n[bearer.machine]\n");
            self.provider(&mut out);
        }
        let require = match (&self.cookie, self.issuer.is_some() || self.jwks.is_some()) {
            (Some(_), true) => r#"{ any = ["session", { bearer = "machine" }] }"#,
            (Some(_), false) => r#""session""#,
            (None, _) => r#"{ bearer = "machine" }"#,
        };
        for (number, path) in (1..).zip(&self.protect) {
            let key = if path.contains('(') || path.contains("/:") { "pattern" } else { "glob" };
            let _ =
                writeln!(out, "\n[[route]]\nid = \"protect-{number}\"\n{key} = {}\nrequire = {require}", quoted(path));
        }
        out
    }

    fn provider(&self, out: &mut String) {
        if let Some(issuer) = &self.issuer {
            let _ = writeln!(out, "issuer = {}", quoted(issuer));
        }
        if let Some(audience) = &self.audience {
            let _ = writeln!(out, "audience = {}", quoted(audience));
        }
        match &self.jwks {
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
                let _ = writeln!(out, "keys.jwks-url = {}", quoted(url));
            }
            Some(file) => {
                let _ = writeln!(out, "keys.jwks = {}", quoted(&format!("file:{file}")));
            }
            None => {}
        }
    }
}

/// A TOML basic string (TOML 1.1, section "String"); JSON escapes are a subset of its own.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_values_stay_values() {
        let flags = OneLiner {
            issuer: Some("https://i.test\"\n[proxy]\nlisten = \"0.0.0.0:1".into()),
            audience: Some("a\\b\u{7f}".into()),
            protect: vec!["/admin/**".into(), "/x(.*)".into()],
            ..OneLiner::default()
        };
        let text = flags.text(Some("http://127.0.0.1:3000"));
        assert!(text.contains(r#"issuer = "https://i.test\"\u000A[proxy]\u000Alisten = \"0.0.0.0:1""#), "{text}");
        assert!(text.contains(r#"audience = "a\\b\u007F""#), "{text}");
        assert!(text.contains("glob = \"/admin/**\"") && text.contains("pattern = \"/x(.*)\""), "{text}");
        assert_eq!(text.matches("[proxy]\nupstream").count(), 1);
    }

    #[test]
    fn a_cookie_is_taken_beside_the_header() {
        let flags = OneLiner {
            issuer: Some("https://i.test".into()),
            cookie: Some("s".into()),
            protect: vec!["/a".into()],
            ..OneLiner::default()
        };
        assert!(flags.text(None).contains(r#"require = { any = ["session", { bearer = "machine" }] }"#));
    }
}
