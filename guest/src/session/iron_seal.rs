//! Cookies that iron-session seals: cookie text → the sealed object and its end. For `iron-session` and `workos`.
//!
//! Behind the seal proper stands iron-session's own version, `~2`. No MAC covers it, so it decides nothing but the form of
//! the data: the major before the second wrote no version and kept the data one level down, in `persistent`.

use super::codes;
use super::crypto::iron::{Passwords, Seal};
use super::json;
use super::jwt::{Times, Window};
use super::prepare::Prepare;
use super::refused::Refused;
use crate::supply::Text;
use serde_json::{Map, Value};

/// Bytes of a password: iron counts characters, of which each has at least one byte.
const MIN_PASSWORD: usize = 32;
/// Seconds by which a clock may be off: iron's own.
const LEEWAY: i64 = 60;
/// What iron-session writes behind a seal.
const VERSION: &str = "2";

/// The passwords of a cookie, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealPasswords {
    /// One; its id in a seal is `1`.
    Single(Text),
    /// Several, each with its id.
    ById(Vec<(String, Text)>),
}

impl SealPasswords {
    /// Resolve the names and prepare the keys.
    pub(super) fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Passwords> {
        let mut one = |text: &Text| prepare.passwords(std::slice::from_ref(text), MIN_PASSWORD)?.pop();
        let made = match self {
            Self::Single(text) => Passwords::single(&one(text)?),
            Self::ById(all) => {
                // All are looked at before any is given up, so that every mistake is reported.
                let found: Vec<_> = all.iter().map(|(id, text)| (id, one(text))).collect();
                let good: Vec<_> =
                    found.iter().filter_map(|(id, text)| Some((id.as_str(), text.as_deref()?))).collect();
                if good.is_empty() || good.len() < all.len() {
                    return None;
                }
                Passwords::by_id(good)
            }
        };
        made.map_err(|why| prepare.error(codes::SHORT_SECRET, why, "use the very password of the app")).ok()
    }
}

/// What a seal holds.
pub(super) struct Opened {
    /// The data.
    pub(super) data: Map<String, Value>,
    /// When the seal ends, Unix time; `None`: never, by its maker's will.
    pub(super) ends: Option<f64>,
}

/// Is the seal in time, as iron judges where nobody says otherwise?
pub(super) fn in_time(opened: &Opened, now: i64) -> Result<(), Refused> {
    Times::until(opened.ends).check(&Window { leeway: LEEWAY, ..Window::default() }, now)
}

/// Open a seal. Whether it is in time is not judged here.
pub(super) fn open(text: &str, passwords: &Passwords) -> Result<Opened, Refused> {
    let (sealed, version) = match text.split_once('~') {
        Some((sealed, version)) => (sealed, Some(version)),
        None => (text, None),
    };
    if version.is_some_and(|version| version != VERSION) {
        return Err(Refused::Sealed("sealed by an unknown version of iron-session"));
    }
    let seal = Seal::parse(sealed).map_err(Refused::Sealed)?;
    let plain = passwords.open(&seal).map_err(Refused::Sealed)?;
    let mut data = json::object(&plain).map_err(Refused::Sealed)?;
    if version.is_none() {
        let Some(Value::Object(inner)) = data.remove("persistent") else {
            return Err(Refused::Sealed("sealed by an old version of iron-session, without data"));
        };
        data = inner;
    }
    // Milliseconds since 1970 stay exact in a double for 285,000 years.
    Ok(Opened { data, ends: seal.expires.map(|at| at as f64 / 1000.0) })
}
