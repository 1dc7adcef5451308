//! `require = { clerk = … }`: what Clerk's `has()` asks of a session. All that is asked must hold; what cannot be told does
//! not.

use super::claims::{ORG_ID, ORG_PERMISSIONS, ORG_ROLE, scoped};
use crate::session::Identity;
use serde_json::{Map, Value, json};
use std::fmt;

/// What is asked. At least one part is there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Has {
    /// Numbers of the providers whose claims these are: nobody else's count.
    pub providers: Vec<usize>,
    /// The role in the active organisation, with or without `org:`.
    pub role: Option<String>,
    /// A permission in the active organisation, with or without `org:`.
    pub permission: Option<String>,
    /// A feature.
    pub feature: Option<Entitlement>,
    /// A plan.
    pub plan: Option<Entitlement>,
    /// How recently the visitor must have proven who they are.
    pub reverification: Option<Reverification>,
}

/// A feature or plan, of anybody or of whom is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// Whose; `None`: the organisation's or the user's.
    pub of: Option<Holder>,
    /// Its name.
    pub name: String,
}

/// Who can have a feature or plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The active organisation.
    Organisation,
    /// The user.
    User,
}

impl Entitlement {
    /// `dashboard`, `org:dashboard`, `user:beta`; `None`: anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (of, name) = match text.split_once(':') {
            None => (None, text),
            Some(("o" | "org" | "organization", name)) => (Some(Holder::Organisation), name),
            Some(("u" | "user", name)) => (Some(Holder::User), name),
            Some(_) => return None,
        };
        let good = !name.is_empty() && !name.contains([':', ',']) && !name.contains(char::is_whitespace);
        good.then(|| Self { of, name: name.to_owned() })
    }

    fn among(&self, list: Option<&Value>) -> bool {
        let list = list.and_then(Value::as_str).unwrap_or_default();
        scoped(list).filter(|(_, name)| *name == self.name).any(|(scope, _)| match self.of {
            None => true,
            Some(Holder::Organisation) => scope.organisation,
            Some(Holder::User) => scope.user,
        })
    }
}

impl fmt::Display for Entitlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            None => f.write_str(&self.name),
            Some(Holder::Organisation) => write!(f, "org:{}", self.name),
            Some(Holder::User) => write!(f, "user:{}", self.name),
        }
    }
}

/// A proof of identity, not older than so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reverification {
    /// Which proof.
    pub level: Level,
    /// In minutes; an age of as many is too old.
    pub after_minutes: u32,
}

/// Factors that must have been used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The first one.
    FirstFactor,
    /// The second one; the first for those who have no second.
    SecondFactor,
    /// Both; the first for those who have no second.
    MultiFactor,
}

impl Level {
    /// By its name in Clerk.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "first_factor" => Some(Self::FirstFactor),
            "second_factor" => Some(Self::SecondFactor),
            "multi_factor" => Some(Self::MultiFactor),
            _ => None,
        }
    }
}

impl Reverification {
    /// The presets of Clerk.
    pub fn from_name(name: &str) -> Option<Self> {
        let (level, after_minutes) = match name {
            "strict_mfa" => (Level::MultiFactor, 10),
            "strict" => (Level::SecondFactor, 10),
            "moderate" => (Level::SecondFactor, 60),
            "lax" => (Level::SecondFactor, 1440),
            _ => return None,
        };
        Some(Self { level, after_minutes })
    }

    /// `fva`: minutes since the first and the second factor were used; -1: never.
    fn holds(&self, fva: Option<&Value>) -> bool {
        let Some([first, second]) = fva.and_then(Value::as_array).map(Vec::as_slice) else { return false };
        let age = |value: &Value| value.as_f64().filter(|age| *age == -1.0 || *age >= 0.0);
        let (Some(first), Some(second)) = (age(first), age(second)) else { return false };
        let fresh = |age: f64| age >= 0.0 && age < f64::from(self.after_minutes);
        let never = |age: f64| age < 0.0;
        match self.level {
            Level::FirstFactor => fresh(first),
            Level::SecondFactor => {
                if never(second) {
                    fresh(first)
                } else {
                    fresh(second)
                }
            }
            Level::MultiFactor => fresh(first) && (never(second) || fresh(second)),
        }
    }
}

impl Has {
    /// Does this session have it all?
    pub fn holds(&self, identity: &Identity) -> bool {
        let claims = &identity.claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let of_organisation = self.role.is_some() || self.permission.is_some();
        self.providers.contains(&identity.provider)
            && (!of_organisation || text(ORG_ID).is_some())
            && self
                .role
                .as_deref()
                .is_none_or(|role| text(ORG_ROLE).is_some_and(|held| with_org(held) == with_org(role)))
            && self.permission.as_deref().is_none_or(|permission| {
                let wanted = with_org(permission);
                let held = claims.get(ORG_PERMISSIONS).and_then(Value::as_array);
                held.is_some_and(|held| held.iter().any(|one| one.as_str() == Some(&wanted)))
            })
            && self.feature.as_ref().is_none_or(|feature| feature.among(claims.get("fea")))
            && self.plan.as_ref().is_none_or(|plan| plan.among(claims.get("pla")))
            && self.reverification.is_none_or(|wanted| wanted.holds(claims.get("fva")))
    }

    /// Change made-up claims so that it holds, for personas; what other roles need stays.
    pub fn satisfy(&self, claims: &mut Map<String, Value>) {
        if self.role.is_some() || self.permission.is_some() {
            claims.entry(ORG_ID).or_insert_with(|| "org_test".into());
        }
        if let Some(role) = &self.role {
            claims.insert(ORG_ROLE.to_owned(), with_org(role).into());
        }
        if let Some(permission) = &self.permission {
            let held = claims.entry(ORG_PERMISSIONS).or_insert_with(|| json!([]));
            if let Value::Array(held) = held {
                held.push(with_org(permission).into());
            }
        }
        for (name, wanted) in [("fea", &self.feature), ("pla", &self.plan)] {
            let Some(wanted) = wanted else { continue };
            let scope = match wanted.of {
                None => "ou",
                Some(Holder::Organisation) => "o",
                Some(Holder::User) => "u",
            };
            let held = claims.get(name).and_then(Value::as_str).map_or(String::new(), |held| format!("{held},"));
            claims.insert(name.to_owned(), format!("{held}{scope}:{}", wanted.name).into());
        }
        if self.reverification.is_some() {
            claims.insert("fva".to_owned(), json!([0, 0]));
        }
    }
}

impl fmt::Display for Has {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.role.as_ref().map(|role| format!("role {role}")));
        parts.extend(self.permission.as_ref().map(|permission| format!("permission {permission}")));
        parts.extend(self.feature.as_ref().map(|feature| format!("feature {feature}")));
        parts.extend(self.plan.as_ref().map(|plan| format!("plan {plan}")));
        parts.extend(self.reverification.map(|wanted| format!("reverified within {} min", wanted.after_minutes)));
        write!(f, "clerk {}", parts.join(", "))
    }
}

/// With `org:` in front, once.
fn with_org(text: &str) -> String {
    format!("org:{}", text.trim_start_matches("org:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(claims: Value) -> Identity {
        Identity {
            provider: 3,
            provider_name: "main".to_owned(),
            subject: Some("user_1".to_owned()),
            issuer: "https://clerk.example.com".to_owned(),
            expires: 0,
            claims: claims.as_object().unwrap().clone(),
            app_headers: Vec::new(),
        }
    }

    fn asks() -> Has {
        Has { providers: vec![3], ..Has::default() }
    }

    fn role(role: &str) -> Has {
        Has { role: Some(role.to_owned()), ..asks() }
    }

    fn permission(permission: &str) -> Has {
        Has { permission: Some(permission.to_owned()), ..asks() }
    }

    #[test]
    fn roles_and_permissions() {
        let admin = identity(json!({
            "org_id": "org_1", "org_role": "org:admin", "org_permissions": ["org:teams:read", "org:billing:manage"],
        }));
        for has in [
            role("admin"),
            role("org:admin"),
            role("org:org:admin"),
            permission("teams:read"),
            permission("org:billing:manage"),
        ] {
            assert!(has.holds(&admin), "{has}");
        }
        for has in [role("member"), role("ADMIN"), role("org:"), permission("teams"), permission("org:teams:manage")] {
            assert!(!has.holds(&admin), "{has}");
        }
        let both = |permission: &str| Has { permission: Some(permission.to_owned()), ..role("admin") };
        assert!(both("teams:read").holds(&admin) && !both("teams:manage").holds(&admin));
        // Version 1 tokens may have roles without the prefix.
        assert!(role("org:admin").holds(&identity(json!({"org_id": "o", "org_role": "admin"}))));
        for nobody in [
            json!({}),
            json!({"org_role": "org:admin", "org_permissions": ["org:teams:read"]}),
            json!({"org_id": "", "org_role": "org:admin"}),
            json!({"org_id": "org_1", "org_role": ["org:admin"], "org_permissions": "org:teams:read"}),
        ] {
            let nobody = identity(nobody);
            assert!(!role("admin").holds(&nobody) && !permission("teams:read").holds(&nobody));
        }
        assert!(!Has { providers: vec![0], ..role("admin") }.holds(&admin), "another provider's claims");
    }

    #[test]
    fn features_and_plans() {
        let visitor = identity(json!({"fea": "o:dashboard, u:beta,ou:teams", "pla": "u:free"}));
        let feature = |text: &str| Has { feature: Some(Entitlement::parse(text).unwrap()), ..asks() }.holds(&visitor);
        for held in ["dashboard", "org:dashboard", "o:dashboard", "organization:teams", "user:teams", "u:beta", "beta"]
        {
            assert!(feature(held), "{held}");
        }
        for missing in ["user:dashboard", "org:beta", "dash", "free"] {
            assert!(!feature(missing), "{missing}");
        }
        let plan = |text: &str| Has { plan: Some(Entitlement::parse(text).unwrap()), ..asks() }.holds(&visitor);
        assert!(plan("free") && plan("user:free") && !plan("org:free") && !plan("pro"));
        for bad in ["", "org:", "team:x", "a:b:c", "a,b", "a b", ":x"] {
            assert_eq!(Entitlement::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn reverification() {
        let check = |name: &str, fva: Value| {
            let wanted = Reverification::from_name(name).unwrap();
            Has { reverification: Some(wanted), ..asks() }.holds(&identity(json!({ "fva": fva })))
        };
        assert!(check("strict", json!([9, -1])) && !check("strict", json!([10, -1])));
        assert!(check("strict", json!([90, 9])) && !check("strict", json!([3, 10])));
        assert!(check("strict_mfa", json!([3, 3])) && !check("strict_mfa", json!([3, 30])));
        assert!(!check("strict_mfa", json!([30, 3])) && check("strict_mfa", json!([3, -1])));
        assert!(!check("strict_mfa", json!([-1, 3])) && check("strict", json!([-1, 3])));
        assert!(check("moderate", json!([59, -1])) && check("lax", json!([1439, -1])));
        for bad in
            [json!(null), json!([]), json!([1]), json!([-1, -1]), json!([-2, 1]), json!(["1", 1]), json!([1, 1, 1])]
        {
            assert!(!check("lax", bad.clone()), "{bad}");
        }
        assert!(Reverification::from_name("nonsense").is_none() && Level::from_name("third").is_none());
    }

    #[test]
    fn made_up_claims_satisfy() {
        let all = Has {
            role: Some("admin".to_owned()),
            permission: Some("billing:manage".to_owned()),
            feature: Entitlement::parse("org:dashboard"),
            plan: Entitlement::parse("pro"),
            reverification: Reverification::from_name("strict_mfa"),
            ..asks()
        };
        let more = Has { permission: Some("teams:read".to_owned()), feature: Entitlement::parse("u:beta"), ..asks() };
        let mut claims = Map::new();
        all.satisfy(&mut claims);
        more.satisfy(&mut claims);
        let made_up = identity(claims.into());
        assert!(all.holds(&made_up) && more.holds(&made_up));
        assert_eq!(
            all.to_string(),
            "clerk role admin, permission billing:manage, feature org:dashboard, plan pro, reverified within 10 min"
        );
    }
}
