//! The compiled policy: immutable, made by [`crate::config`], read by [`crate::decide`]. No text is parsed after this.

use crate::assertion::AssertionSettings;
use crate::cases::Case;
use crate::next::{self, NextConfig};
use crate::pattern::{Pattern, PatternSet};
use crate::request::{Condition, HostPattern, PathRules};
use crate::session::{Has, ProviderSettings};
use crate::supply::Need;
use crate::template::Template;
use crate::webhook::WebhookSettings;

/// Number of the rule that stands for refusals before any rule is asked.
pub const RULE_REQUEST: u32 = 0;
/// Number of the `default` rule.
pub const RULE_DEFAULT: u32 = 1;
/// Number of the `[sign-in]` rule.
pub const RULE_SIGN_IN: u32 = 2;
/// Number of the rule that stands for what sessions answer by themselves: a handshake with the issuer.
pub const RULE_SESSION: u32 = 3;
/// Number of the first guard; routes follow.
pub const RULE_FIRST: u32 = 4;

/// A checked and compiled policy.
#[derive(Debug, Default)]
pub struct Policy {
    /// Short digest of the config text.
    pub revision: u64,
    /// What happens to a path that no route names.
    pub default: Require,
    /// `[sign-in]`.
    pub sign_in: Option<SignIn>,
    /// `[session.*]`, then `[bearer.*]`, in file order.
    pub providers: Vec<ProviderSettings>,
    /// `[webhook.*]`, in file order.
    pub webhooks: Vec<WebhookSettings>,
    /// `[identity]`.
    pub identity: IdentityRules,
    /// `[tenants] hosts`: custom domain (lower case) to tenant.
    pub tenants: Vec<(String, String)>,
    /// `[[guard]]`, in file order.
    pub guards: Vec<Rule>,
    /// `[[route]]`, in file order.
    pub routes: Vec<Rule>,
    /// All patterns of routes and guards; rules hold numbers into it.
    pub patterns: PatternSet,
    /// Names by rule number: `request`, `default`, `sign-in`, `session`, guards, routes.
    pub rules: Vec<String>,
    /// What must be supplied.
    pub needs: Vec<Need>,
    /// `[roles]`, used by persona tests: name and what must hold.
    pub roles: Vec<(String, Test)>,
    /// `[tests]`.
    pub cases: Vec<Case>,
    /// `[proxy]`.
    pub proxy: ProxySettings,
    /// `[paths]`.
    pub paths: PathRules,
    /// `[next]`, or the preset `nextjs`.
    pub next: Option<NextRules>,
    /// How visitors who may not pass are answered.
    pub refusals: Refusals,
}

/// How visitors who may not pass are answered, where no rule says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Refusals {
    /// By the kind of request: a page is led to the sign-in page, a script gets 401.
    #[default]
    ByKind,
    /// The preset `clerk`: as `protect()` answers.
    Clerk,
    /// The preset `convex`: whatever asks is led to the sign-in page, by 307, as `nextjsMiddlewareRedirect` does.
    Convex,
}

/// A Next.js app is behind.
#[derive(Debug, Default)]
pub struct NextRules {
    /// What changes the meaning of paths.
    pub config: NextConfig,
    /// `config.matcher`: where transforms apply; `None`: everywhere.
    pub matcher: Option<next::Matcher>,
    /// Outside the matcher nothing is protected, because the config says so.
    pub unprotected_outside: bool,
}

/// One guard or route.
#[derive(Debug)]
pub struct Rule {
    /// Number into [`Policy::rules`].
    pub number: u32,
    /// When it applies.
    pub matcher: Matcher,
    /// What it does.
    pub then: Then,
    /// What an anonymous visitor gets instead of the answer by request kind.
    pub on_anonymous: Option<OnRefusal>,
    /// What a signed-in visitor who is not allowed gets.
    pub on_forbidden: Option<OnRefusal>,
    /// Path to send upstream instead.
    pub rewrite: Option<Template>,
    /// Number into [`ProxySettings::upstreams`].
    pub upstream: u16,
    /// Request header edits.
    pub request_headers: Vec<EditTemplate>,
    /// Response header edits, `set-cookie` included.
    pub response_headers: Vec<EditTemplate>,
}

impl Rule {
    /// Does it only change what is served, and keep nobody out?
    pub fn is_transform(&self) -> bool {
        match &self.then {
            Then::Continue | Then::Redirect { .. } => true,
            Then::Respond(respond) => respond.status < 400,
            Then::Require(_) => false,
        }
    }
}

/// When a rule applies. All parts must hold; an empty part holds.
#[derive(Debug, Default)]
pub struct Matcher {
    /// Numbers into [`Policy::patterns`]: any of them.
    pub patterns: Vec<u32>,
    /// None of these.
    pub except: Vec<Pattern>,
    /// Any of these.
    pub hosts: Vec<HostPattern>,
    /// Any of these (upper case); empty: every method.
    pub methods: Vec<String>,
    /// All of these.
    pub has: Vec<Condition>,
    /// None of these.
    pub missing: Vec<Condition>,
    /// A switch: number of a need that must be supplied and be neither empty, `0`, `false`, `off` nor `no`.
    pub when: Option<usize>,
}

/// What a rule does.
#[derive(Debug)]
pub enum Then {
    /// Nothing by itself (a guard that only edits headers).
    Continue,
    /// Lets those through who qualify.
    Require(Require),
    /// Sends everybody elsewhere.
    Redirect {
        /// Where to.
        to: Template,
        /// 301, 302, 303, 307 or 308.
        status: u16,
    },
    /// Answers everybody.
    Respond(Respond),
}

/// A fixed answer.
#[derive(Debug, Clone, Default)]
pub struct Respond {
    /// 200 to 599.
    pub status: u16,
    /// Headers, checked.
    pub headers: Vec<crate::verdict::Header>,
    /// The body.
    pub body: RespondBody,
}

/// Body of a fixed answer.
#[derive(Debug, Clone, Default)]
pub enum RespondBody {
    /// None.
    #[default]
    Empty,
    /// Written in the config; `text/plain` unless a header says otherwise.
    Text(String),
    /// Number of a need; the content type follows the file name.
    File(usize, &'static str),
}

/// Who may pass.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Require {
    /// Everybody.
    Public,
    /// Anybody with a verified session.
    Session,
    /// Only those without a session; others go to `sign-in.after`.
    SignedOut,
    /// Nobody; answered as if there were nothing (404).
    #[default]
    Deny,
    /// A claim of the session (a role is one), or of the bearer token of that provider.
    Claim {
        /// The bearer provider whose token is looked at; `None`: the session.
        bearer: Option<usize>,
        /// As written, for reasons: `role admin`, `claim org.slug`.
        label: String,
        /// What must hold.
        test: Test,
    },
    /// A bearer token of that provider with all of these scopes.
    Bearer {
        /// Number of the provider.
        provider: usize,
        /// All of them.
        scopes: Vec<String>,
    },
    /// A signed message.
    Webhook {
        /// Number into [`Policy::webhooks`].
        number: usize,
        /// Its name, for reasons.
        name: String,
    },
    /// One of these.
    Any(Vec<Require>),
    /// All of these.
    All(Vec<Require>),
}

/// What must hold of a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A claim is what it must be.
    Claim(ClaimTest),
    /// What Clerk's `has()` asks.
    Clerk(Box<Has>),
}

/// What a claim must be.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimTest {
    /// Path of the claim, see [`crate::session::Identity::claim`].
    pub claim: String,
    /// The comparison.
    pub is: ClaimIs,
}

/// Comparison of a claim. Texts compare byte for byte, numbers and booleans by their JSON text.
#[derive(Debug, Clone, PartialEq)]
pub enum ClaimIs {
    /// Present, and neither null, false, empty text nor empty list.
    Present,
    /// Equal to this text.
    Equals(Template),
    /// Equal to one of these.
    In(Vec<String>),
    /// A list, or a text of words, that holds this one.
    Has(String),
}

/// What to do instead of the answer by request kind.
#[derive(Debug, Clone, Default)]
pub struct OnRefusal {
    /// Status.
    pub status: Option<u16>,
    /// Send there instead.
    pub redirect: Option<String>,
    /// Let the upstream answer under this path, with [`Self::status`].
    pub rewrite: Option<String>,
}

/// `[sign-in]`.
#[derive(Debug, Default)]
pub struct SignIn {
    /// Path on this site, or an absolute address elsewhere.
    pub to: String,
    /// Where signed-in visitors of the sign-in page go.
    pub after: String,
    /// Parameter that carries the way back.
    pub return_param: Option<String>,
    /// The way back is an absolute address, where it is known what this site is called.
    pub return_url: bool,
    /// Where it may lead.
    pub rules: crate::request::ReturnRules,
}

/// `[identity]`.
#[derive(Debug, Default)]
pub struct IdentityRules {
    /// Header name and value, set after verification; the names are removed from every incoming request.
    pub headers: Vec<(String, Template)>,
    /// Keep session cookies from the upstream.
    pub strip_session_cookie: bool,
    /// Tell the upstream by a signed token, too.
    pub assertion: Option<AssertionSettings>,
}

/// One header edit with a value to fill in.
#[derive(Debug, Clone)]
pub enum EditTemplate {
    /// Replace.
    Set(String, Template),
    /// Add.
    Append(String, Template),
    /// Remove.
    Remove(String),
}

/// A server behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Name that routes use.
    pub name: String,
    /// `http://host:port` or `https://host:port`.
    pub url: String,
    /// It is another site: it has its own name as Host, and cookies of this site are none of its business.
    pub external: bool,
}

/// `[proxy]`; `None`: the host's default. Units as in the WIT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is documented at `proxy-settings` in wit/gate.wit")]
pub struct ProxySettings {
    pub listen: Option<String>,
    pub admin: Option<String>,
    pub public_origin: Option<String>,
    pub trusted_proxies: Vec<String>,
    /// The first one is `default`.
    pub upstreams: Vec<Upstream>,
    pub connect_timeout: Option<u32>,
    pub response_timeout: Option<u32>,
    pub head_timeout: Option<u32>,
    pub idle_timeout: Option<u32>,
    pub grace: Option<u32>,
    pub max_body: Option<u64>,
    pub max_head: Option<u32>,
    pub workers: Option<u16>,
    pub isolate_requests: bool,
    pub access_log: bool,
}
