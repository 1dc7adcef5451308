//! All codes of findings about a config. A code never changes its meaning; one that is retired is never given again.

/// Makes a constant for each code of this room, and the table of all of them; a row without a name belongs to another
/// room.
macro_rules! codes {
    ($($($name:ident)? $code:literal $title:literal $advice:literal;)*) => {
        $($(#[doc = $title] pub(crate) const $name: &str = $code;)?)*

        /// Code, title, what to do. `docs/diagnostics.md` is made from it.
        pub const CODES: &[(&str, &str, &str)] = &[$(($code, $title, $advice)),*];
    };
}

codes! {
    TOO_LARGE "P001" "the config is too large" "A config has at most 1 MiB. Match with patterns instead of listing addresses.";
    SYNTAX "P002" "the text is not TOML, or not JSON" "Correct it at the place shown. What stands after a mistake may not have been read, so look again after correcting it.";
    EMPTY "P003" "the config is empty" "Write at least `version = 1` and `default = \"deny\"`, then routes.";
    TOO_DEEP "P004" "nested too deep" "At most 32 levels of brackets and dotted keys. Split `any` and `all` into roles or routes.";
    DUPLICATE_KEY "P005" "a key is written twice" "Keep one of them. A list of routes is written with `[[route]]`.";
    NOT_A_TABLE "P006" "the document is not a table" "A JSON config is one object: `{ \"version\": 1, … }`.";
    TOO_MANY "P007" "too many findings" "Correct those that are shown and look again.";
    "P008" "no config is loaded" "Give a config file, or use a baked component.";

    UNKNOWN_KEY "P101" "unknown key" "Correct the name. Keys that are not known are never ignored, since a mistyped key could leave a door open.";
    WRONG_TYPE "P102" "wrong kind of value" "Write the kind of value that the message names.";
    MISSING_KEY "P103" "a key is missing" "Write it.";
    NO_DEFAULT "P104" "no `default`" "Write `default = \"session\"`, `\"deny\"` or `\"public\"`. There is no implied default, so that nothing is open by accident.";
    VERSION "P105" "unknown version" "This release reads `version = 1`.";
    UNKNOWN_WORD "P106" "unknown word" "Use one of the words that the message lists.";
    DURATION "P107" "not a duration" "Write an integer and a unit: `500ms`, `5s`, `2m`, `8h`, `7d`.";
    SIZE "P108" "not a size" "Write an integer of bytes, or a text with a unit: `64KiB`, `10MiB`, `1GiB`.";
    OUT_OF_RANGE "P109" "a number is out of range" "Stay within the limits that the message names.";
    NAME "P110" "not a name" "Names are made of letters, digits, `-`, `_` and `.`, and have 1 to 64 characters.";
    EMPTY_VALUE "P111" "nothing is written here" "Write at least one entry, or leave the key out.";

    DIALECT "P202" "this looks like another dialect" "Move it to the key that names its dialect (`glob`, `pattern`, `regex`), or escape the character that is meant literally.";
    PATTERN "P203" "a route pattern cannot be read" "See the routes page for what `pattern` may hold.";
    GLOB "P204" "a glob cannot be read" "See the routes page for what `glob` may hold.";
    REGEX "P205" "a regular expression cannot be read" "Look-around and back-references are not supported: matching takes linear time always. Use `except` for what must not match.";
    TEMPLATE "P206" "a template cannot be read" "Braces must close; `{{` and `}}` stand for braces.";
    HOST "P207" "not a host" "Write `example.com`, `*.example.com`, `{tenant}.example.com` or `tenants`.";
    CONDITION "P208" "a condition is not complete" "`header`, `cookie` and `query` need a `key`; `host` has none.";
    TOO_MANY_RULES "P209" "too many rules" "At most 5,000 rules. Put several patterns into one rule.";
    NOT_A_PATH "P210" "not a path" "A path starts with `/`, is not `//…`, and holds neither white space, `?`, `#` nor `\\`.";
    METHOD "P211" "not a method" "Methods are tokens in upper case: `GET`, `POST`.";
    UNKNOWN_PARAM "P212" "a template names a capture that is not there" "Use a parameter of the route's own patterns or hosts.";
    NO_IDENTITY "P214" "a template needs a session that the rule does not ask for" "Add `require = \"session\"`, or leave the claim out.";
    REGEXP "P215" "a JavaScript `RegExp` cannot be taken" "Flags: `i` and `s`. Look-behind and back-references are not supported: matching takes linear time always.";
    MATCHER "P216" "an entry of `next.matcher` cannot be built" "See the message: Next.js refuses to build with it, too, unless it is a look-behind or a back-reference.";
    LOCALE "P217" "not a locale" "Write a language tag: `en`, `fr-CA`.";
    TOO_HEAVY "P218" "rules and patterns take too much memory" "A policy has 12 MiB for them: about 5,700 plain routes, 11,000 plain patterns in few rules, or 3,000 with automata. Put patterns that differ in one place into one.";
    NOT_LINTED "P219" "too many patterns to look at one by one" "Nothing is wrong; `check` has not looked at what the routes open or leave open. Fewer, wider patterns are easier to check for people, too.";

    DUPLICATE_ID "P301" "two rules have the same name" "Give each rule its own `id`; `request`, `default` and `sign-in` are taken.";
    UNKNOWN_ROLE "P302" "unknown role" "Define it in `[roles]`.";
    UNKNOWN_BEARER "P303" "unknown bearer provider" "Define it as `[bearer.NAME]`.";
    UNKNOWN_UPSTREAM "P304" "unknown upstream" "Define it in `[proxy.upstreams]`.";
    NO_SESSION "P305" "a session is asked for, but none is configured" "Add a `[session.NAME]` table.";
    NO_CONDITION "P306" "a route without any condition" "Use `default` for what no route names.";
    NO_ANSWER "P307" "a route that does not say what to do" "Write one of `require`, `redirect` and `respond`.";
    TWO_ANSWERS "P308" "a rule that says two things to do" "Keep one of `require`, `redirect` and `respond`.";
    REWRITE_ALONE "P309" "a rewrite that does not say who may pass" "Write `require`, too; `require = \"public\"` if everybody may.";
    LOOP "P313" "a redirect that leads back to itself" "Send visitors to a path that the rule does not match, or add `except`.";
    REQUIRE_FORM "P314" "a `require` table that says too much or too little" "Exactly one of `role`, `claim`, `bearer`, `webhook`, `any` and `all`; `equals`, `in` and `has` go with `claim`, `scope` goes with `bearer`.";
    TWO_BEARERS "P315" "two bearer tokens asked for at once" "A request carries one bearer token. Use `any`.";
    HEADER_NAME "P316" "not a header that may be changed" "Headers that frame or route the message are the proxy's own.";
    HEADER_VALUE "P317" "not a header value" "No control characters, no white space at the ends, at most 8 KiB.";
    AUTHORIZATION "P318" "the `authorization` header is changed" "Nothing, if the server behind expects it so.";
    COOKIE "P319" "a cookie that browsers would refuse" "See the message; the rules are those of RFC 6265 section 4.1 and the cookie prefixes.";
    STATUS "P321" "not a status for this" "Redirects: 301, 302, 303, 307, 308. Answers: 200 to 599.";
    ADDRESS "P322" "not an address to send somebody to" "A path of this site, or an absolute `http` or `https` address.";
    DUPLICATE_TENANT "P323" "a domain that is written twice" "Keep one of them; case does not count.";
    NO_TENANTS "P324" "`tenants` is used, but no domain is configured" "Add `[tenants]` with `hosts`.";
    REFUSAL_FORM "P325" "`on-anonymous` or `on-forbidden` does not fit together" "A status, or a redirect, or a rewrite with an optional status.";
    NO_EFFECT "P326" "this has no effect" "Remove it, or correct the rule.";
    SWITCH "P327" "not a switch" "Write `env:NAME`.";
    BODY_TWICE "P328" "a body written twice" "Keep `body` or `file`.";
    TENANT "P329" "not a tenant" "Letters, digits, `-`, `_` and `.`; tenants become part of paths.";
    PARAM_NAME "P330" "not a parameter name" "Letters, digits, `-`, `_` and `.`.";
    PRESETS "P331" "presets that do not go together" "Keep one of them.";

    "P401" "a supplied value is not text" "Store it as UTF-8.";
    "P402" "an issuer or audience is empty or holds control characters" "Correct the variable or file that the config names.";
    "P403" "keys from an address, but no issuer" "Write `issuer`: whose tokens the keys are for.";
    "P404" "an address of keys that is not safe" "Use `https`, or `http` on loopback.";
    "P405" "a key set cannot be read, or holds no usable key" "Supply a JWK set with at least one public signature key.";
    "P406" "a PEM file cannot be read, or holds a key that is not taken" "Supply public keys: `-----BEGIN PUBLIC KEY-----`.";
    "P407" "a private key where a public one belongs" "Supply the public key, and replace the private one if others could read it.";
    "P408" "a secret is missing, or not what its prefix says" "After `base64:` and `hex:` only characters of that encoding may follow.";
    "P409" "a secret is too short" "Use at least as many bytes as the hash has: 32, 48 or 64 (RFC 7518 section 3.2).";
    "P410" "algorithms that do not go with the keys" "HS* needs a shared secret; all others need public keys.";
    "P411" "too many providers or secrets" "Keep those that are in use.";
    "P412" "not a publishable key" "Copy it from the dashboard of the instance: `pk_live_…` or `pk_test_…`.";
    "P413" "not a secret key" "Copy it from the dashboard of the instance: `sk_live_…` or `sk_test_…`.";
    "P418" "a client id or project address that cannot be one" "Copy it from the dashboard of the provider.";
    "P422" "a webhook secret cannot be read" "Paste the signing secret of the endpoint as the sender shows it: `whsec_` and base64.";
    "P423" "a webhook secret is too short" "At least 16 bytes; let the sender make a new one.";
    "P424" "the name of a team, project, deployment or domain has not the form of one" "Correct the variable or file that the config names.";
    "P426" "a key that the gate should sign with cannot be used" "Make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.";
    "P430" "a named value is not there" "Set the variable, or create the file, that the config names.";
    COOKIE_NAME "P431" "not a cookie name" "Letters, digits and ``!#$%&'*+-.^_`|~``; see RFC 6265 section 4.1.1.";
    TWO_KEYS "P432" "keys from two places" "Keep one of `jwks-url`, `jwks`, `pem` and `secret`.";
    MIXED_ALGORITHMS "P433" "shared-secret and public-key algorithms mixed" "HS256, HS384 and HS512 need `keys.secret`, and a secret allows nothing else: a public key must never be taken for a secret.";
    NO_ISSUER "P434" "no issuer" "Write `issuer`; only keys that are given in the config can do without.";
    ISSUER_ADDRESS "P435" "an issuer where keys cannot be found" "Discovery needs an `https` address (or `http` on loopback). Otherwise say where the keys are: `keys`.";
    ALGORITHM "P436" "unknown algorithm" "Use one of those that the message lists; `none` is none.";
    NAMED "P437" "not the name of a variable or file" "Write `env:NAME` (letters, digits, `_`) or `file:PATH`.";
    PEM_PLACE "P438" "keys that are not named" "Write `file:PATH` or `env:NAME`.";
    KEYS_ADDRESS "P439" "not an address where keys can be fetched" "Use `https`, or `http` on loopback.";
    JWKS "P440" "not a JWK set" "A JWK set is an object with a list `keys`.";
    PRIVATE_KEY "P441" "a private key or secret in the config" "Write the public key only; shared secrets go to `keys.secret`.";
    NO_AUDIENCE "P442" "the audience is not checked" "Write `audience`: without it a token that the same issuer made for another app is taken.";
    LITERAL_SECRET "P443" "a secret that is written out" "Write `env:NAME` or `file:PATH`: secrets do not belong into files that are checked in.";
    CLERK "P444" "what a session of Clerk must have cannot be read" "Features and plans are names, maybe with `org:` or `user:` in front.";
    PUBLISHABLE_KEY "P445" "not a publishable key" "Copy it from the dashboard of the instance: `pk_live_…` or `pk_test_…`.";
    NO_RETURN "P446" "sessions cannot be renewed" "Write `public-origin` in `[proxy]`, or `authorized-parties`: without them nothing safe says where a browser is to come back to.";
    NO_SIGNATURE "P447" "the app behind cannot believe the session" "Write `secret-key`, with which the token is signed for the app behind, or `app-headers = false`.";
    NO_CLERK "P448" "a session of Clerk is asked for, but none is configured" "Add a `[session.NAME]` table with `kind = \"clerk\"`.";
    ANYBODY "P456" "a sealed session that a stranger may have, too" "Write `subject` or `required-claims`: what the seal of somebody who signed in holds.";
    WHOSE_KEYS "P457" "nothing says whose keys verify the tokens" "Write `client-id` or `project-url`, or say where the keys are: `keys`.";
    UNKNOWN_WEBHOOK "P463" "unknown webhook" "Define it as `[webhook.NAME]`.";
    CONVEX_ISSUER "P464" "which deployment of Convex it is, is said twice or not at all" "Write one of `site-url`, `deployment` and `issuer`.";
    CONVEX_TYPE "P465" "a key of the other type of Convex provider" "`domain` goes with `oidc`; `issuer`, `jwks` and `algorithm` go with `custom-jwt`.";
    KNOWN_NAME "P466" "not the name of a team, project, deployment or domain" "Write the name alone, as the dashboard shows it.";
    CONVEX_URL "P467" "sessions of Convex Auth cannot be renewed" "Write `convex-url`, the address of the deployment (`https`, or `http` on loopback), or `renew = false` if the app renews sessions itself.";
    EXPERIMENTAL "P468" "this is experimental" "What it stands for is not released yet and may change; nothing else is wrong.";
    TWO_RENEWALS "P469" "two functions renew sessions" "Keep `refresh-action` or `refresh-mutation`.";
    FUNCTION "P470" "not the name of a Convex function" "Write module and function: `auth:signIn`.";

    LISTEN "P501" "not an address to listen on" "Write address and port: `127.0.0.1:8080`, `0.0.0.0:8080`, `[::1]:8080`.";
    ORIGIN "P502" "not an origin" "Write scheme and host only: `http://127.0.0.1:3000`, `https://app.example.com`.";
    NO_UPSTREAM "P503" "no default upstream" "Write `upstream`, or name one of `upstreams` `default`.";
    NETWORK "P504" "not a network" "Write an address or a CIDR network: `10.0.0.0/8`, `::1`.";
    TRUST_ALL "P505" "everybody's forwarded headers are believed" "Name the networks of your own proxies: anybody else can write any client address.";
    SAME_ADDRESS "P506" "two listeners on one address" "Give `admin` its own port.";

    CASE "P601" "a test case cannot be read" "Write `WHO METHOD TARGET [kind] => ANSWER by RULE`.";
    CASE_RULE "P602" "a test case names a rule that does not exist" "Use the `id` of a rule, or `request`, `default`, `sign-in`.";
    CASE_ROLE "P603" "a test case names a role that does not exist" "Define it in `[roles]`.";
}

/// Codes that can be wrong about a document of which a part could not be read: they miss something.
pub(super) fn needs_whole_document(code: &str) -> bool {
    [
        EMPTY,
        MISSING_KEY,
        NO_DEFAULT,
        EMPTY_VALUE,
        CONDITION,
        UNKNOWN_PARAM,
        NO_IDENTITY,
        UNKNOWN_ROLE,
        UNKNOWN_BEARER,
        UNKNOWN_WEBHOOK,
        CONVEX_ISSUER,
        UNKNOWN_UPSTREAM,
        NO_SESSION,
        NO_CONDITION,
        NO_ANSWER,
        REWRITE_ALONE,
        LOOP,
        REQUIRE_FORM,
        NO_TENANTS,
        REFUSAL_FORM,
        NO_EFFECT,
        MIXED_ALGORITHMS,
        NO_ISSUER,
        ISSUER_ADDRESS,
        NO_AUDIENCE,
        NO_UPSTREAM,
        CASE_RULE,
        CASE_ROLE,
    ]
    .contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_ascending() {
        for pair in CODES.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} {}", pair[0].0, pair[1].0);
        }
        for (code, title, advice) in CODES {
            assert!(code.len() == 4 && code.starts_with('P'), "{code}");
            assert!(!title.ends_with('.') && advice.ends_with('.'), "{code}");
        }
    }

    /// Codes are written out in tests and in other rooms; each must be in the table.
    #[test]
    fn every_code_in_the_source_is_in_the_table() {
        let mut files = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        let mut seen = 0;
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for (at, _) in text.match_indices("\"P") {
                let code: String = text[at + 1..].chars().take_while(|c| *c != '"').collect();
                if code.len() == 4 && code[1..].bytes().all(|b| b.is_ascii_digit()) {
                    seen += 1;
                    assert!(CODES.iter().any(|row| row.0 == code), "{code} of {} is not in the table", path.display());
                }
            }
        }
        assert!(seen > CODES.len());
    }
}
