//! What a session token says about the active organisation, in one form whichever version it has: `org_id`, `org_role`,
//! `org_slug` and `org_permissions`, beside the claims as they are.
//!
//! Version 1 has them so. Version 2 (`v: 2`) packs them: `o` holds id, slug, role and the names of permissions; `fpm` has, for
//! each feature of the organisation in `fea`, a number whose bits say which of them hold.

use serde_json::{Map, Value};

/// Names in the common form.
pub(super) const ORG_ID: &str = "org_id";
pub(super) const ORG_ROLE: &str = "org_role";
pub(super) const ORG_SLUG: &str = "org_slug";
pub(super) const ORG_PERMISSIONS: &str = "org_permissions";

/// Permissions of one organisation; a dashboard has a few dozen.
const MAX_PERMISSIONS: usize = 512;

/// Add the common form. A token of version 2 that holds such names itself (they are the user's to give there) loses them:
/// they must not pass for what the issuer says in `o`.
pub(super) fn normalise(claims: &mut Map<String, Value>) {
    if claims.get("v").and_then(Value::as_f64) != Some(2.0) {
        return;
    }
    for name in [ORG_ID, ORG_ROLE, ORG_SLUG, ORG_PERMISSIONS] {
        claims.remove(name);
    }
    let Some(Value::Object(o)) = claims.get("o") else { return };
    let text = |name: &str| o.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut found: Vec<(&str, Value)> = Vec::new();
    found.extend(text("id").map(|id| (ORG_ID, id.into())));
    found.extend(text("slg").map(|slug| (ORG_SLUG, slug.into())));
    found.extend(text("rol").map(|role| (ORG_ROLE, format!("org:{role}").into())));
    let features = claims.get("fea").and_then(Value::as_str).unwrap_or_default();
    let permissions = permissions(features, text("per").unwrap_or_default(), text("fpm").unwrap_or_default());
    found.push((ORG_PERMISSIONS, permissions.into_iter().map(Value::from).collect()));
    claims.extend(found.into_iter().map(|(name, value)| (name.to_owned(), value)));
}

/// `org:FEATURE:PERMISSION` for each bit that is set.
fn permissions(features: &str, names: &str, maps: &str) -> Vec<String> {
    let names: Vec<&str> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let organisation = scoped(features).filter(|(scope, _)| scope.organisation).map(|(_, feature)| feature);
    let mut all = Vec::new();
    for (feature, map) in organisation.zip(maps.split(',')) {
        let bits = bits(map.trim(), names.len());
        let held = names.iter().zip(bits).filter(|(_, bit)| *bit);
        all.extend(held.map(|(name, _)| format!("org:{feature}:{name}")).take(MAX_PERMISSIONS - all.len()));
    }
    all
}

/// For whom a feature or plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) organisation: bool,
    pub(super) user: bool,
}

/// `o:dashboard,ou:teams,u:beta`: what stands behind each scope. What has none, or another one, is nobody's.
pub(super) fn scoped(list: &str) -> impl Iterator<Item = (Scope, &str)> {
    list.split(',').filter_map(|part| {
        let (scope, name) = part.trim().split_once(':')?;
        let (organisation, user) = match scope {
            "o" => (true, false),
            "u" => (false, true),
            "ou" | "uo" => (true, true),
            _ => return None,
        };
        Some((Scope { organisation, user }, name))
    })
}

/// The lowest `count` bits of a decimal number of any length, the lowest first. No number: no bit is set.
fn bits(decimal: &str, count: usize) -> Vec<bool> {
    if decimal.is_empty() || decimal.len() > MAX_PERMISSIONS || !decimal.bytes().all(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    let mut digits: Vec<u8> = decimal.bytes().map(|b| b - b'0').collect();
    let mut bits = Vec::new();
    while bits.len() < count.min(MAX_PERMISSIONS) {
        // Halve: what is left over at the end is the next bit.
        let mut rest = 0;
        for digit in &mut digits {
            let value = rest * 10 + *digit;
            (*digit, rest) = (value / 2, value % 2);
        }
        bits.push(rest == 1);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn normal(claims: Value) -> Value {
        let mut claims = claims.as_object().unwrap().clone();
        normalise(&mut claims);
        claims.into()
    }

    #[test]
    fn version_2_is_unpacked() {
        let claims = normal(json!({
            "v": 2, "fea": "o:dashboard,u:beta,ou:teams", "org_role": "org:owner",
            "o": {"id": "org_1", "slg": "acme", "rol": "admin", "per": "read, manage", "fpm": "3,1"},
        }));
        assert_eq!(claims["org_id"], "org_1");
        assert_eq!(claims["org_slug"], "acme");
        assert_eq!(claims["org_role"], "org:admin");
        assert_eq!(claims["org_permissions"], json!(["org:dashboard:read", "org:dashboard:manage", "org:teams:read"]));
        assert_eq!(claims["o"]["rol"], "admin");
    }

    #[test]
    fn version_1_stays_as_it_is() {
        let claims = json!({"org_id": "org_9", "org_role": "org:member", "org_permissions": ["org:teams:read"]});
        assert_eq!(normal(claims.clone()), claims);
    }

    #[test]
    fn what_the_user_writes_is_no_organisation() {
        let claims =
            normal(json!({"v": 2, "org_id": "org_1", "org_role": "org:admin", "org_permissions": ["org:a:b"]}));
        assert_eq!(claims, json!({"v": 2}));
        let claims = normal(json!({"v": 2, "o": {"id": "org_1"}, "fea": "dashboard,x:y"}));
        assert_eq!(claims["org_permissions"], json!([]));
        assert!(claims.get("org_role").is_none());
    }

    #[test]
    fn long_numbers() {
        // 2^100 + 1
        let map = bits("1267650600228229401496703205377", 101);
        assert_eq!(map.iter().filter(|bit| **bit).count(), 2);
        assert!(map[0] && map[100]);
        assert_eq!(bits("-1", 2), Vec::<bool>::new());
        assert_eq!(bits("", 2), Vec::<bool>::new());
        assert_eq!(bits("007", 2), [true, true]);
    }

    proptest! {
        #[test]
        fn bits_are_those_of_the_number(number in any::<u64>()) {
            let expected: Vec<bool> = (0..70).map(|at| at < 64 && number >> at & 1 == 1).collect();
            prop_assert_eq!(bits(&number.to_string(), 70), expected);
        }

        #[test]
        fn never_panics(fea in "\\PC{0,40}", per in "\\PC{0,40}", fpm in "[0-9,]{0,60}") {
            normal(json!({"v": 2, "fea": fea, "o": {"per": per, "fpm": fpm}}));
        }
    }
}
