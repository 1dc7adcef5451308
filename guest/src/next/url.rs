//! `req.nextUrl`: the path as middleware sees it.

use super::{NextConfig, segment};

/// What Next.js makes of the path of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextUrl<'a> {
    /// `pathname`: without base path, data form and locale.
    pub path: String,
    /// Was it below the base path?
    pub below_base: bool,
    /// Locale of the path, else the default one.
    pub locale: Option<&'a str>,
    /// Build id of a data path.
    pub build_id: Option<String>,
}

impl NextConfig {
    /// Take a path apart as `NextURL` does. `path` is that of a WHATWG URL: escapes as they came, dot segments resolved.
    pub fn url<'a>(&'a self, path: &str) -> NextUrl<'a> {
        let inside = self.below_base(path);
        let below_base = inside.is_some();
        let mut path = inside.unwrap_or(path).to_owned();
        let mut build_id = None;
        if let Some((id, page)) = data_path(&path) {
            build_id = Some(id.to_owned());
            path = page;
        }
        let mut locale = self.default_locale.as_deref();
        if let Some((found, rest)) = self.locale(&path) {
            locale = Some(found);
            path = rest.to_owned();
        }
        NextUrl { path, below_base, locale, build_id }
    }
}

/// `/_next/data/BUILD/a/b.json`: the build id and `/a/b`; `index` is the root.
pub(super) fn data_path(path: &str) -> Option<(&str, String)> {
    let inside = path.strip_prefix("/_next/data/")?.strip_suffix(".json")?;
    let (id, page) = inside.split_once('/').unwrap_or((inside, ""));
    // Only the first segment is looked at: `index/x` is the root, too.
    let root = segment(&format!("/{page}")).is_some_and(|(first, _)| first == "index");
    Some((id, if root { "/".to_owned() } else { format!("/{page}") }))
}
